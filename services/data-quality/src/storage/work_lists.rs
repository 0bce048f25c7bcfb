//! Work lists: records to be checked, and how far the checking has come.

use marque_auth::Scope;
use marque_core::{PageRequest, Timestamp, WorkListId};
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::RecordKind;
use uuid::Uuid;

use super::{
    broken,
    newest::{older_than, place_of},
};
use crate::domain::{Candidate, CheckOutcome};

/// Records that may be drawn for a work list.
pub(crate) fn candidates(
    conn: &mut Conn<'_>,
    scope: &Scope,
    kind: RecordKind,
    (dealer, region, period): (&str, &str, &str),
) -> Result<Vec<Candidate>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 5);
    let sql = format!(
        "SELECT id, dealer, department FROM records
         WHERE kind = ?1 AND (?2 = '' OR dealer = ?2) AND (?4 = '' OR period = ?4)
           AND (?3 = '' OR dealer IN (SELECT dealer FROM dealer_regions WHERE region = ?3)) AND {clause}"
    );
    let values = [
        kind.code().into(),
        dealer.into(),
        region.into(),
        period.into(),
        key,
    ];
    conn.query(&sql, &values, |row| {
        Ok(Candidate {
            id: row.get(0)?,
            dealer: row.get(1)?,
            department: row.get(2)?,
        })
    })
}

/// A work list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct WorkList {
    pub(crate) id: WorkListId,
    /// Decides, with the records there are, what is drawn.
    pub(crate) seed: i64,
    /// What it was drawn from: dealer, region, month.
    pub(crate) dealer: String,
    pub(crate) region: String,
    pub(crate) period: String,
    pub(crate) created_at: Timestamp,
    pub(crate) created_by: String,
}

/// One record of a work list, and what came of it.
#[derive(Debug, Clone)]
pub(crate) struct WorkItem {
    pub(crate) position: i64,
    pub(crate) record: Uuid,
    pub(crate) dealer: String,
    pub(crate) department: String,
    /// The outcome last heard since the list was drawn, of others than the dealer.
    pub(crate) outcome: Option<CheckOutcome>,
}

/// Keeps a list with its records, in their order.
pub(crate) fn insert_work_list(
    conn: &mut Conn<'_>,
    list: &WorkList,
    drawn: &[Candidate],
) -> Result<(), StoreError> {
    let values = [
        list.id.uuid().into(),
        list.seed.into(),
        (&list.dealer).into(),
        (&list.region).into(),
        (&list.period).into(),
        list.created_at.into(),
        (&list.created_by).into(),
    ];
    let columns = [
        "id",
        "seed",
        "dealer",
        "region",
        "period",
        "created_at",
        "created_by",
    ];
    conn.insert_many("work_lists", &columns, "", &values)?;
    let items: Vec<Value<'_>> = (1_i64..)
        .zip(drawn)
        .flat_map(|(position, drawn)| {
            [
                list.id.uuid().into(),
                position.into(),
                drawn.id.into(),
                (&drawn.dealer).into(),
                (&drawn.department).into(),
            ]
        })
        .collect();
    let columns = ["list", "position", "record", "dealer", "department"];
    conn.insert_many("work_items", &columns, "", &items)
}

const LIST: &str = "id, seed, dealer, region, period, created_at, created_by";

fn read(row: &Row<'_>) -> Result<WorkList, StoreError> {
    Ok(WorkList {
        id: WorkListId::from(row.get::<Uuid>(0)?),
        seed: row.get(1)?,
        dealer: row.get(2)?,
        region: row.get(3)?,
        period: row.get(4)?,
        created_at: row.get(5)?,
        created_by: row.get(6)?,
    })
}

/// Lists that are in a scope, or of which a record is, with the value of that number.
fn seen_by(scope: &Scope, number: usize) -> (String, Value<'_>) {
    let (of_list, key) = dealer_clause(scope, "work_lists.dealer", number);
    let (of_item, _) = dealer_clause(scope, "work_items.dealer", number);
    let clause = format!(
        "({of_list} OR EXISTS (SELECT 1 FROM work_items WHERE list = work_lists.id AND {of_item}))"
    );
    (clause, key)
}

/// A list by its id, if it or one of its records is in the caller's scope.
pub(crate) fn find_work_list(
    conn: &mut Conn<'_>,
    scope: &Scope,
    id: WorkListId,
) -> Result<Option<WorkList>, StoreError> {
    let (clause, key) = seen_by(scope, 2);
    let sql = format!("SELECT {LIST} FROM work_lists WHERE id = ?1 AND {clause}");
    conn.query_opt(&sql, &[id.uuid().into(), key], read)
}

/// Lists of which the caller sees something, newest first.
pub(crate) fn list_work_lists(
    conn: &mut Conn<'_>,
    scope: &Scope,
    page: &PageRequest,
) -> Result<Vec<WorkList>, StoreError> {
    let (clause, key) = seen_by(scope, 3);
    let sql = format!(
        "SELECT {LIST} FROM work_lists WHERE (created_at < ?1 OR created_at = ?1 AND id < ?2) AND {clause}
         ORDER BY created_at DESC, id DESC LIMIT ?4"
    );
    let (at, id) = older_than(page);
    conn.query(&sql, &[at.into(), id.into(), key, page.size.into()], read)
}

/// How far a list has come, as the caller sees it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Progress {
    /// Records of the list.
    pub(crate) records: i64,
    /// How many of them have each outcome for their last one; those of which nothing was heard are in none.
    pub(crate) outcomes: Vec<(CheckOutcome, i64)>,
}

impl Progress {
    /// Records of which something was heard.
    pub(crate) fn heard(&self) -> i64 {
        self.outcomes.iter().map(|(_, records)| records).sum()
    }
}

/// How far a list has come, in the scope.
pub(crate) fn progress(
    conn: &mut Conn<'_>,
    scope: &Scope,
    list: &WorkList,
) -> Result<Progress, StoreError> {
    let (clause, key) = dealer_clause(scope, "work_items.dealer", 2);
    let sql = format!(
        "SELECT coalesce(outcome, ''), count(*) FROM (SELECT {} AS outcome FROM work_items WHERE list = ?1 AND {clause}) AS items
         GROUP BY outcome ORDER BY outcome",
        last_heard(3)
    );
    let values = [list.id.uuid().into(), key, list.created_at.into()];
    let counts = conn.query(&sql, &values, |row| {
        Ok((row.get::<String>(0)?, row.get::<i64>(1)?))
    })?;
    let mut progress = Progress::default();
    for (outcome, records) in counts {
        progress.records += records;
        if !outcome.is_empty() {
            let outcome =
                CheckOutcome::read(&outcome).ok_or_else(|| broken("outcome of a check"))?;
            progress.outcomes.push((outcome, records));
        }
    }
    Ok(progress)
}

/// The outcome last heard of a record since an instant, the value of that number. What a dealer says of his own record measures nothing: it
/// is still to be checked.
fn last_heard(number: usize) -> String {
    format!(
        "(SELECT outcome FROM verifications WHERE verifications.record = work_items.record
            AND checked_at >= ?{number} AND NOT is_own ORDER BY checked_at DESC, id LIMIT 1)"
    )
}

/// Records of a list in the caller's scope, after a position.
pub(crate) fn work_items(
    conn: &mut Conn<'_>,
    scope: &Scope,
    list: &WorkList,
    after: i64,
    limit: u32,
) -> Result<Vec<WorkItem>, StoreError> {
    let (clause, key) = dealer_clause(scope, "work_items.dealer", 3);
    let sql = format!(
        "SELECT position, record, dealer, department, {}
         FROM work_items WHERE list = ?1 AND position > ?2 AND {clause} ORDER BY position LIMIT ?5",
        last_heard(4)
    );
    let values = [
        list.id.uuid().into(),
        after.into(),
        key,
        list.created_at.into(),
        limit.into(),
    ];
    conn.query(&sql, &values, |row| {
        let outcome: Option<String> = row.get(4)?;
        Ok(WorkItem {
            position: row.get(0)?,
            record: row.get(1)?,
            dealer: row.get(2)?,
            department: row.get(3)?,
            outcome: outcome.as_deref().and_then(CheckOutcome::read),
        })
    })
}

impl WorkList {
    /// The list's place among others.
    pub(crate) fn position(&self) -> String {
        place_of(self.created_at, self.id.uuid())
    }
}
