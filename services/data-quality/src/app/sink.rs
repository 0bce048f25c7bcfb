//! Files of verifications.

use marque_core::{SourceRecordId, Timestamp, business_date, source_record_id};
use marque_db::{Conn, StoreError};
use marque_intake::{Entry, Job, Outcome, Refusal, RowView, Sink, Written};
use marque_quality::{
    Field, Finding, Rule, Severity, date,
    text::{present, tidy},
};
use marque_tabular::{Schema, VERIFICATIONS};
use uuid::Uuid;

use super::{
    QualityApp,
    verify::{Kept, NewCheck, Problem, Told, check_of, keep},
};
use crate::error::Error;

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
    type Payload = Told;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == VERIFICATIONS.kind).then_some(&VERIFICATIONS)
    }

    fn record_id(&self, record: Uuid) -> String {
        SourceRecordId::from(record).to_string()
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<Told> {
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
            of_rows: Vec::new(),
            refusals: Vec::new(),
            payload: None,
        };
        if get("source_key").is_empty() {
            return rejected(Field::CustomerSourceKey, Rule::SourceKeyMissing);
        }
        // Work lists name records by their ids, systems of dealers by their own keys.
        let record = get("source_key").parse().unwrap_or_else(|_| {
            source_record_id(&job.dealer, &job.source, &tidy(get("source_key")))
        });
        let checked_at = instant(get("checked_at"), job.now);
        let mut refusals = Vec::new();
        if checked_at.is_none() && !get("checked_at").is_empty() {
            refusals.push(Refusal {
                field: "checked_at",
                rule: "date_unreadable",
                zh: "核实时间读不出来：请写成 2026-11-21 16:00，且不晚于现在，或留空".to_owned(),
                en: "write when it was checked as 2026-11-21 16:00, not in the future, or leave it out"
                    .to_owned(),
            });
        }
        let dealer = get("dealer");
        if !dealer.is_empty() && !dealer.eq_ignore_ascii_case(job.dealer.as_str()) {
            refusals.push(Refusal {
                field: "dealer",
                rule: "dealer_differs",
                zh: "这一行是另一家经销商的：请按经销商分文件导入".to_owned(),
                en: "the row is of another dealer than the import: send a file for each dealer"
                    .to_owned(),
            });
        }
        let new = NewCheck {
            record: Some(record.uuid()),
            field: get("field").to_owned(),
            outcome: get("outcome").to_owned(),
            method: get("method").to_owned(),
            checked_at,
            duration_s: seconds(get("duration_s")),
            key: get("verification_key").to_owned(),
        };
        let checked = check_of(&new, Some(job.dealer.as_str()), job.by_dealer, job.now);
        let payload = checked.map_err(|problem| refusals.push(refusal(problem)));
        Entry {
            findings: Vec::new(),
            of_rows: Vec::new(),
            refusals,
            payload: payload.ok(),
        }
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        _: &Job,
        batch: &[&Told],
    ) -> std::result::Result<Vec<Written>, StoreError> {
        let told = batch.iter().map(|told| (*told).clone()).collect();
        let Kept { changed, erased } =
            keep(conn, &self.app.vault, &*self.app.clock, told).map_err(into_store_error)?;
        self.app.counted().notify_one();
        let written = |told: &&Told| {
            let is_erased = erased.contains(&SourceRecordId::from(told.check.record));
            Written {
                outcome: if is_erased {
                    Outcome::Erased
                } else if changed.contains(&told.check.id) {
                    Outcome::Stored
                } else {
                    Outcome::Unchanged
                },
                record: (!is_erased).then_some(told.check.record),
                findings: Vec::new(),
            }
        };
        Ok(batch.iter().map(written).collect())
    }
}

/// An instant or a day in any usual form; a day begins in China.
fn instant(text: &str, now: Timestamp) -> Option<Timestamp> {
    let typed = date::parse(text, business_date(now)).ok()?;
    Some(Timestamp::from_micros(typed.instant().timestamp_micros()))
}

/// Seconds of `35`, `35.5`, `35秒`, `1:05` or `1分5秒`; `None` of anything else.
fn seconds(text: &str) -> Option<i64> {
    let text = text.trim().trim_end_matches(['秒', 's', 'S', ' ']);
    let number = |text: &str| {
        text.trim()
            .parse::<i64>()
            .ok()
            .filter(|number| *number >= 0)
    };
    if let Some((minutes, rest)) = text.split_once([':', '：', '分']) {
        let seconds = if rest.is_empty() { 0 } else { number(rest)? };
        return number(minutes)?.checked_mul(60)?.checked_add(seconds);
    }
    let whole = text.split_once('.').map_or(text, |(whole, _)| whole);
    text.parse::<f64>().ok().and_then(|_| number(whole))
}

fn refusal(problem: Problem) -> Refusal {
    let (rule, zh) = match problem.field {
        "outcome" => (
            "choice_unknown",
            "核实结果不认识：请写 confirmed、wrong_number、not_owner、moved、unreachable 或 refused",
        ),
        "field" => (
            "choice_unknown",
            "核实字段不是客户的列：请写列名，或留空表示整条记录",
        ),
        "checked_at" => ("date_in_future", "核实时间不能晚于现在"),
        "duration_s" => ("number_out_of_range", "通话时长应为0秒至86400秒（一天）"),
        "method" => (
            "text_personal",
            "核实方式请只写“电话”“信函”等，不要填写电话或证件号码",
        ),
        _ => (
            "record_unknown",
            "没有这条记录：请用客户编号，或任务清单里的编号",
        ),
    };
    Refusal {
        field: problem.field,
        rule,
        zh: zh.to_owned(),
        en: problem.message,
    }
}

fn into_store_error(error: Error) -> StoreError {
    match error {
        Error::Store(error) => error,
        other => StoreError::Other(other.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::seconds;

    #[test]
    fn lengths_of_calls_are_read_as_they_are_typed() {
        for (text, length) in [
            ("35", Some(35)),
            ("35秒", Some(35)),
            ("1:05", Some(65)),
            ("1分5秒", Some(65)),
            ("2分", Some(120)),
            ("35.5", Some(35)),
            ("1,200", None),
            ("1小时", None),
            ("1.5分", None),
            ("", None),
            ("很久", None),
        ] {
            assert_eq!(seconds(text), length, "{text}");
        }
    }
}
