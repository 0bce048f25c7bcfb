//! Files of verifications.

use marque_core::{SourceRecordId, Timestamp, business_date, source_record_id};
use marque_db::{Conn, StoreError};
use marque_intake::{Entry, Job, Outcome, RowView, Sink, Written};
use marque_quality::{Field, Finding, Rule, Severity, date, text::present};
use marque_tabular::{Schema, VERIFICATIONS};
use uuid::Uuid;

use super::{
    QualityApp,
    verify::{NewCheck, check_of, keep},
};
use crate::{domain::Check, error::Error};

/// Takes files of what came of calls and letters: rows name records by the key of the dealer's system.
#[derive(Debug, Clone)]
pub(crate) struct VerificationSink {
    app: QualityApp,
}

impl VerificationSink {
    pub(crate) fn new(app: QualityApp) -> Self {
        Self { app }
    }
}

impl Sink for VerificationSink {
    type Payload = Check;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == VERIFICATIONS.kind).then_some(&VERIFICATIONS)
    }

    fn record_id(&self, record: Uuid) -> String {
        SourceRecordId::from(record).to_string()
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<Check> {
        let row = rows.first().expect("a group has a row");
        let get = |column: &str| {
            let place = VERIFICATIONS
                .column(column)
                .expect("a column of the schema");
            present(row.get(place)).unwrap_or_default()
        };
        let rejected = |field, rule| Entry {
            findings: vec![Finding {
                severity: Severity::Reject,
                ..Finding::new(field, rule)
            }],
            refusals: Vec::new(),
            payload: None,
        };
        if get("source_key").is_empty() {
            return rejected(Field::CustomerSourceKey, Rule::SourceKeyMissing);
        }
        let record = source_record_id(&job.dealer, &job.source, get("source_key"));
        let new = NewCheck {
            record: Some(record.uuid()),
            field: get("field").to_owned(),
            outcome: get("outcome").to_owned(),
            method: get("method").to_owned(),
            checked_at: instant(get("checked_at"), job.now),
            duration_s: get("duration_s").parse().ok(),
            key: get("verification_key").to_owned(),
        };
        match check_of(&new, Some(job.dealer.as_str()), &job.ctx, job.now) {
            Ok(check) => Entry {
                findings: Vec::new(),
                refusals: Vec::new(),
                payload: Some(check),
            },
            Err(_) => rejected(Field::CustomerSourceKey, Rule::ChoiceUnknown),
        }
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        _: &Job,
        batch: &[&Check],
    ) -> std::result::Result<Vec<Written>, StoreError> {
        let mut written = Vec::with_capacity(batch.len());
        for check in batch {
            let changed = keep(conn, vec![(*check).clone()]).map_err(into_store_error)?;
            written.push(Written {
                outcome: if changed > 0 {
                    Outcome::Stored
                } else {
                    Outcome::Unchanged
                },
                record: Some(check.record),
                findings: Vec::new(),
            });
        }
        self.app.counted().notify_one();
        Ok(written)
    }
}

/// An instant or a day in any usual form; a day begins in China.
fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    let typed = date::parse(text, business_date(now)).ok()?;
    Some(Timestamp::from_micros(typed.instant().timestamp_micros()))
}

fn into_store_error(error: Error) -> StoreError {
    match error {
        Error::Store(error) => error,
        other => StoreError::Other(other.into()),
    }
}
