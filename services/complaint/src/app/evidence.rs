//! What the data-quality service may know of a case: which columns are filled, what is wrong, whether it was entered twice.
//! No word of it.

use std::borrow::Cow;

use marque_auth::{CallContext, Role};
use marque_core::{ComplaintId, Timestamp, business_date};
use marque_intake::{RecordEvidence, Witness, evidence_key};
use marque_quality::{Field, RecordKind, Severity, standard::Measured};
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
                let evidence = cases.iter().map(|case| evidence_of(case, &cases, &store));
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

fn evidence_of(case: &Case, all: &[Case], store: &CaseStore) -> RecordEvidence {
    let is_twin = |other: &Case| other.id != case.id && is_entered_twice(case, other);
    let mut evidence = RecordEvidence {
        id: case.id.to_string(),
        kind: RecordKind::Complaints,
        dealer: case.dealer.clone(),
        source: case.source.clone(),
        clerk: String::new(),
        version: case.version,
        entered_at: case.recorded_at,
        event_date: Some(business_date(case.opened_at)),
        party: None,
        is_repeated: None,
        filled: filled(case),
        findings: case.words.findings.clone(),
        entry: Vec::new(),
        measures: days(case).collect(),
        values: Vec::new(),
        repeats: None,
    };
    if !case.vin.is_empty() {
        let twin = all.iter().find(|other| is_twin(other));
        let repeats = twin.map(|twin| twin.id.to_string());
        evidence = evidence.beside(repeats, Field::ComplaintComplaintKey);
    }
    evidence.with_values(
        |bytes| evidence_key(store.vault(), bytes),
        |field| value(case, field),
    )
}

/// What a case holds in a column: as it was typed where it could not be understood.
fn value(case: &Case, field: Field) -> Option<Cow<'_, str>> {
    let mut unread = case.words.extra.iter();
    if let Some((_, typed)) = unread.find(|(column, _)| column == field.column()) {
        return Some(Cow::Borrowed(typed));
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let value = match field {
        Field::ComplaintVin => text(&case.vin),
        Field::ComplaintOpenedAt => Some(case.opened_at.as_micros().to_string()),
        Field::ComplaintChannel => text(&case.channel),
        Field::ComplaintCategory => text(&case.category),
        Field::ComplaintText => text(&case.words.text),
        Field::ComplaintDepartment => text(&case.department),
        Field::ComplaintClosedAt => ended_at(case).map(|at| at.as_micros().to_string()),
        _ => None,
    };
    value.map(Cow::Owned)
}

/// The day a complaint was made and the one it came to its end, unless what was said of it could not be used; where none was said, the day
/// it came in, which a case keeps as its own.
fn days(case: &Case) -> impl Iterator<Item = Measured> {
    let days = [
        (Field::ComplaintOpenedAt, Some(case.opened_at)),
        (Field::ComplaintClosedAt, ended_at(case)),
    ];
    let kept = days
        .into_iter()
        .filter(move |(field, _)| is_kept(case, *field));
    kept.filter_map(|(field, at)| Some(Measured::day(field, business_date(at?))))
}

/// When a case that is over ended.
fn ended_at(case: &Case) -> Option<Timestamp> {
    case.closed_at.or(case.resolved_at)
}

/// Whether what a case has of a field was not put in the place of what could not be used.
fn is_kept(case: &Case, field: Field) -> bool {
    let mut flaws = case.words.findings.iter();
    flaws.all(|flaw| flaw.field != field || flaw.severity < Severity::Error)
}

/// The same vehicle, category and day at the same dealer: one complaint under two numbers. Where nobody knows the category, the same words
/// too.
fn is_entered_twice(one: &Case, other: &Case) -> bool {
    (&one.dealer, &one.vin, &one.category) == (&other.dealer, &other.vin, &other.category)
        && business_date(one.opened_at) == business_date(other.opened_at)
        && (one.category != OTHER || one.words.text == other.words.text)
}

/// The columns of a case that hold something. A severity or a state that was not understood was taken for an ordinary one, which its
/// finding tells; a category of which nothing is known says nothing.
fn filled(case: &Case) -> Vec<Field> {
    let unread = |field| case.words.findings.iter().any(|flaw| flaw.field == field);
    [
        (Field::ComplaintComplaintKey, true),
        (
            Field::ComplaintCustomerKey,
            case.record.is_some() || case.customer.is_some(),
        ),
        (Field::ComplaintVin, !case.vin.is_empty()),
        (
            Field::ComplaintOpenedAt,
            is_kept(case, Field::ComplaintOpenedAt),
        ),
        (Field::ComplaintChannel, case.channel != "other"),
        (Field::ComplaintCategory, case.category != OTHER),
        (Field::ComplaintSeverity, !unread(Field::ComplaintSeverity)),
        (Field::ComplaintText, !case.words.text.is_empty()),
        (Field::ComplaintDepartment, !case.department.is_empty()),
        (Field::ComplaintState, !unread(Field::ComplaintState)),
        (Field::ComplaintClosedAt, ended_at(case).is_some()),
    ]
    .into_iter()
    .filter_map(|(field, is_filled)| is_filled.then_some(field))
    .collect()
}
