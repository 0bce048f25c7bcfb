//! What the data-quality service may know of a case: which columns are filled, what is wrong, whether it was entered twice.
//! No word of it.

use marque_auth::{CallContext, Role};
use marque_core::{ComplaintId, business_date};
use marque_intake::{RecordEvidence, Witness};
use marque_quality::{Field, Finding, RecordKind, Severity, standard::Measured};
use uuid::Uuid;

use super::CaseApp;
use crate::{
    domain::{Case, OTHER},
    error::{Error, Result},
    storage::CaseStore,
};

impl Witness for CaseApp {
    type Error = Error;

    async fn list_evidence(
        &self,
        ctx: CallContext,
        ids: Vec<String>,
    ) -> Result<Vec<RecordEvidence>> {
        ctx.require(Role::Peer)?;
        // An id that cannot be is as unknown as one that is not.
        let ids: Vec<ComplaintId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let store = self.store.clone();
        self.db
            .scan(move |conn| {
                let cases = store.with_siblings(conn, &ids)?;
                let evidence = cases.iter().map(|case| evidence_of(case, &cases));
                Ok(evidence.collect())
            })
            .await
    }

    async fn list_ids(&self, ctx: CallContext, after: String, limit: u32) -> Result<Vec<String>> {
        ctx.require(Role::Peer)?;
        let after = after
            .parse()
            .map_or(Uuid::nil(), |id: ComplaintId| id.uuid());
        let ids = self
            .db
            .scan(move |conn| Ok::<_, Error>(CaseStore::ids(conn, after, limit)?))
            .await?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }
}

fn evidence_of(case: &Case, all: &[Case]) -> RecordEvidence {
    let is_twin = |other: &Case| other.id != case.id && is_entered_twice(case, other);
    RecordEvidence {
        id: case.id.to_string(),
        kind: RecordKind::Complaints,
        dealer: case.dealer.clone(),
        source: case.source.clone(),
        clerk: String::new(),
        version: case.version,
        entered_at: case.recorded_at,
        event_date: Some(business_date(case.opened_at)),
        party: None,
        is_repeated: (!case.vin.is_empty()).then(|| all.iter().any(is_twin)),
        filled: filled(case),
        findings: case.words.findings.clone(),
        entry: Vec::new(),
        measures: opened_on(case).into_iter().collect(),
    }
}

/// The day a complaint was made, unless what was said of it could not be used; where none was said, the day it came in, which a
/// case keeps as its own.
fn opened_on(case: &Case) -> Option<Measured> {
    let day = || Measured::day(Field::ComplaintOpenedAt, business_date(case.opened_at));
    is_day_kept(case).then(day)
}

/// Whether the day of a case is not one that was put in the place of one that could not be used.
fn is_day_kept(case: &Case) -> bool {
    let is_of_day = |flaw: &&Finding| flaw.field == Field::ComplaintOpenedAt;
    let mut flaws = case.words.findings.iter().filter(is_of_day);
    flaws.all(|flaw| flaw.severity < Severity::Error)
}

/// The same vehicle, category and day at the same dealer: one complaint under two numbers.
fn is_entered_twice(one: &Case, other: &Case) -> bool {
    (&one.dealer, &one.vin, &one.category) == (&other.dealer, &other.vin, &other.category)
        && business_date(one.opened_at) == business_date(other.opened_at)
}

/// The columns of a case that hold something. A severity that was not said was taken for an ordinary one, which its finding
/// tells; a category of which nothing is known says nothing.
fn filled(case: &Case) -> Vec<Field> {
    let unread = |field| case.words.findings.iter().any(|flaw| flaw.field == field);
    [
        (Field::ComplaintComplaintKey, true),
        (
            Field::ComplaintCustomerKey,
            case.record.is_some() || case.customer.is_some(),
        ),
        (Field::ComplaintVin, !case.vin.is_empty()),
        (Field::ComplaintOpenedAt, is_day_kept(case)),
        (Field::ComplaintChannel, case.channel != "other"),
        (Field::ComplaintCategory, case.category != OTHER),
        (Field::ComplaintSeverity, !unread(Field::ComplaintSeverity)),
        (Field::ComplaintText, !case.words.text.is_empty()),
        (Field::ComplaintDepartment, !case.department.is_empty()),
    ]
    .into_iter()
    .filter_map(|(field, is_filled)| is_filled.then_some(field))
    .collect()
}
