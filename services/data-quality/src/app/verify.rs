//! Verification: outcomes come in, work lists go out, and a dealer's accuracy follows from both.

use std::collections::{HashMap, HashSet};

use marque_api::quality::v1 as pb;
use marque_auth::{CallContext, Role, Scope};
use marque_core::{
    Clock, DealerCode, PageRequest, SourceRecordId, Timestamp, WorkListId, source_record_id,
};
use marque_db::Conn;
use marque_errors::Violation;
use marque_events::{NewEvent, publish, to_proto_time};
use marque_ledger::{Entry, Keyed, record};
use marque_quality::{Field, RecordKind};
use marque_vault::Vault;
use prost::Message;
use uuid::Uuid;

use super::{QualityApp, cards::check_period, words::may_name_somebody};
use crate::{
    domain::{Accuracy, Check, CheckOutcome, PointsTable, accuracy, draw},
    error::{Error, Result},
    storage::{self, Progress, WorkItem, WorkList},
};

/// Event type of what was found out about records.
const CHECKED: &str = "marque.quality.records.checked";
/// Most outcomes in one call; more come as a file.
const MOST: usize = 1000;
/// Seconds of the longest call that is believed: a day.
const LONGEST_CALL_S: i64 = 86_400;
/// Most records of a work list.
const LONGEST: usize = 20_000;

/// An outcome as it comes in.
#[derive(Debug, Clone)]
pub(crate) struct NewCheck {
    pub(crate) record: Option<Uuid>,
    /// Column that was checked; empty for the record as a whole.
    pub(crate) field: String,
    pub(crate) outcome: String,
    pub(crate) method: String,
    pub(crate) checked_at: Option<Timestamp>,
    pub(crate) duration_s: Option<i64>,
    /// The call centre's own number of the check, by which it is known again.
    pub(crate) key: String,
}

/// An outcome as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(super) check: Check,
    /// Whether it says when it was checked; else it came when it did, and the same again is no news.
    is_dated: bool,
}

impl Told {
    /// Whether it says what is known.
    fn repeats(&self, known: &Check) -> bool {
        let checked_at = if self.is_dated {
            self.check.checked_at
        } else {
            known.checked_at
        };
        let said = Check {
            checked_at,
            ..self.check.clone()
        };
        said == *known
    }
}

/// What a work list is drawn from.
#[derive(Debug, Clone)]
pub(crate) struct Drawing {
    pub(crate) size: usize,
    pub(crate) seed: i64,
    pub(crate) kind: RecordKind,
    pub(crate) dealer: String,
    pub(crate) region: String,
    pub(crate) period: String,
}

impl QualityApp {
    /// Takes outcomes in, all or none; the answer is made of how many were new or changed.
    pub(crate) async fn take_checks<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        new: Vec<NewCheck>,
        answer: impl Fn(i64) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require([Role::Agent, Role::Steward, Role::HqAdmin])?;
        let now = self.clock.now();
        if new.is_empty() || new.len() > MOST {
            let message =
                format!("send 1 to {MOST} outcomes; more come as a file of verifications");
            return Err(Error::Invalid(vec![Violation::new(
                "verifications",
                "COUNT",
                message,
            )]));
        }
        let (clock, vault) = (self.clock.clone(), self.vault.clone());
        let answered = self
            .db
            .write(move |conn| {
                keyed.once(conn, &ctx, now, "RecordVerifications", |conn| {
                    let checks = read_checks(conn, &ctx, now, &new)?;
                    let changed = keep(conn, &vault, &*clock, checks)?.changed.len() as i64;
                    let detail = changed.to_string();
                    let entry = Entry {
                        act: "verifications_recorded",
                        subject: "verifications",
                        dealer: "",
                        detail: &detail,
                    };
                    record(conn, &ctx, now, &entry)?;
                    Ok::<_, Error>(answer(changed))
                })
            })
            .await?;
        self.counted.notify_one();
        Ok(answered)
    }

    /// Draws a list of records to be verified.
    pub(crate) async fn create_work_list<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        drawing: Drawing,
        answer: impl Fn(WorkList, Progress) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require([Role::Agent, Role::Steward, Role::HqAdmin])?;
        check_period(&drawing.period)?;
        if !(1..=LONGEST).contains(&drawing.size) {
            let message = format!("how many records to draw: 1 to {LONGEST}");
            return Err(Error::Invalid(vec![Violation::new(
                "size", "RANGE", message,
            )]));
        }
        let (id, now) = (WorkListId::new(&*self.clock), self.clock.now());
        // A list is of several dealers' records, or of nobody's in particular.
        self.db
            .across()
            .bulk(move |conn| {
                keyed.once(conn, &ctx, now, "CreateWorkList", |conn| {
                    let (list, progress) = draw_list(conn, &ctx, now, (id, &drawing))?;
                    Ok::<_, Error>(answer(list, progress))
                })
            })
            .await
    }

    /// Work lists of which the caller sees something, newest first, and how far each has come.
    pub(crate) async fn list_work_lists(
        &self,
        ctx: CallContext,
        page: PageRequest,
    ) -> Result<Vec<(WorkList, Progress)>> {
        ctx.require([Role::Agent, Role::Steward, Role::HqAdmin])?;
        self.db
            .across()
            .scan(move |conn| {
                let mut lists = Vec::new();
                for list in storage::list_work_lists(conn, ctx.scope(), &page)? {
                    let progress = storage::progress(conn, ctx.scope(), &list)?;
                    lists.push((list, progress));
                }
                Ok(lists)
            })
            .await
    }

    /// A work list, how far it has come, and a page of its records with what came of them.
    pub(crate) async fn get_work_list(
        &self,
        ctx: CallContext,
        id: WorkListId,
        page: PageRequest,
    ) -> Result<(WorkList, Progress, Vec<WorkItem>)> {
        ctx.require([Role::Agent, Role::Steward, Role::HqAdmin])?;
        self.db
            .across()
            .scan(move |conn| {
                let list = storage::find_work_list(conn, ctx.scope(), id)?
                    .ok_or(Error::WorkListUnknown)?;
                let after = page.after.as_ref().and_then(|token| token.key.parse().ok());
                let after = after.unwrap_or(0);
                let items = storage::work_items(conn, ctx.scope(), &list, after, page.size)?;
                let progress = storage::progress(conn, ctx.scope(), &list)?;
                Ok((list, progress, items))
            })
            .await
    }

    /// Dealers' accuracy by what was checked between two instants, and the table by which it gives points.
    pub(crate) async fn list_accuracy(
        &self,
        ctx: CallContext,
        between: (Timestamp, Timestamp),
        dealer: String,
        region: String,
    ) -> Result<(Vec<Accuracy>, PointsTable)> {
        let roles = [
            Role::Manager,
            Role::Agent,
            Role::Steward,
            Role::Analyst,
            Role::HqAdmin,
        ];
        ctx.require(roles)?;
        if between.0 >= between.1 {
            let message = "the last day of those asked for, on or after the first";
            return Err(Error::Invalid(vec![Violation::new("to", "RANGE", message)]));
        }
        self.db
            .scan(move |conn| {
                let table = points(conn)?;
                let of = (dealer.as_str(), region.as_str());
                let checks = storage::checks_between(conn, ctx.scope(), between, of)?;
                Ok((accuracy(checks, &table), table))
            })
            .await
    }

    /// Puts the table of points.
    pub(crate) async fn put_points(
        &self,
        ctx: CallContext,
        mut table: PointsTable,
    ) -> Result<PointsTable> {
        ctx.require(Role::HqAdmin)?;
        table.rows.sort_by(|a, b| b.0.total_cmp(&a.0));
        check_table(&table)?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                storage::replace_points(conn, table.least_checked, &table.rows)?;
                let entry = Entry {
                    act: "accuracy_points_put",
                    subject: "accuracy_points",
                    dealer: "",
                    detail: "",
                };
                record(conn, &ctx, now, &entry)?;
                Ok(table.clone())
            })
            .await
    }
}

/// The outcomes as they are kept; what is wrong with any of them refuses all.
fn read_checks(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    new: &[NewCheck],
) -> Result<Vec<Told>> {
    let ids: Vec<Uuid> = new.iter().filter_map(|check| check.record).collect();
    let known = storage::dealers_of(conn, ctx.scope(), &ids)?;
    let is_own = matches!(ctx.scope(), Scope::Dealer(_));
    let (mut checks, mut violations) = (Vec::new(), Vec::new());
    for (at, one) in new.iter().enumerate() {
        let dealer = known.iter().find(|(id, _)| Some(*id) == one.record);
        let dealer = dealer.map(|(_, dealer)| dealer.as_str());
        // Who calls tells what has just been found out; a file may come twice.
        let is_now = one.checked_at.is_none() && one.key.trim().is_empty();
        let one = NewCheck {
            checked_at: one.checked_at.or(is_now.then_some(now)),
            ..one.clone()
        };
        match check_of(&one, dealer, is_own, now) {
            Ok(check) => checks.push(check),
            Err(problem) => violations.push(problem.at(at)),
        }
    }
    if violations.is_empty() {
        Ok(checks)
    } else {
        Err(Error::Invalid(violations))
    }
}

fn draw_list(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    (id, drawing): (WorkListId, &Drawing),
) -> Result<(WorkList, Progress)> {
    let from = (
        drawing.dealer.as_str(),
        drawing.region.as_str(),
        drawing.period.as_str(),
    );
    let candidates = storage::candidates(conn, ctx.scope(), drawing.kind, from)?;
    let drawn = draw(candidates, drawing.size, drawing.seed.cast_unsigned());
    if drawn.is_empty() {
        return Err(Error::NothingToDraw);
    }
    let list = WorkList {
        id,
        seed: drawing.seed,
        dealer: drawing.dealer.clone(),
        region: drawing.region.clone(),
        period: drawing.period.clone(),
        created_at: now,
        created_by: ctx.actor().to_string(),
    };
    storage::insert_work_list(conn, &list, &drawn)?;
    let (subject, detail) = (id.to_string(), drawn.len().to_string());
    let entry = Entry {
        act: "work_list_drawn",
        subject: &subject,
        dealer: &drawing.dealer,
        detail: &detail,
    };
    record(conn, ctx, now, &entry)?;
    let progress = Progress {
        records: drawn.len() as i64,
        ..Progress::default()
    };
    Ok((list, progress))
}

/// What became of checks.
pub(super) struct Kept {
    /// Ids of those that are new or changed.
    pub(super) changed: HashSet<Uuid>,
    /// Records of people who were erased: nothing is kept of them.
    pub(super) erased: HashSet<SourceRecordId>,
}

/// Keeps checks and tells what they found out.
pub(super) fn keep(
    conn: &mut Conn<'_>,
    vault: &Vault,
    clock: &dyn Clock,
    mut told: Vec<Told>,
) -> Result<Kept> {
    let records = told
        .iter()
        .map(|one| SourceRecordId::from(one.check.record));
    let erased = marque_intake::entombed(conn, vault, records.collect::<Vec<_>>())?;
    told.retain(|one| !erased.contains(&SourceRecordId::from(one.check.record)));
    // The same key twice: the last row stands, also where it says what is known.
    told.reverse();
    told.sort_by_key(|one| one.check.id);
    told.dedup_by_key(|one| one.check.id);
    let ids: Vec<Uuid> = told.iter().map(|one| one.check.id).collect();
    let known = storage::known_checks(conn, &ids)?.into_iter();
    let known: HashMap<Uuid, Check> = known.map(|check| (check.id, check)).collect();
    told.retain(|one| {
        let known = known.get(&one.check.id);
        !known.is_some_and(|known| one.repeats(known))
    });
    let checks: Vec<Check> = told.into_iter().map(|one| one.check).collect();
    storage::put_checks(conn, &checks)?;
    tell(conn, clock, &checks)?;
    let changed = checks.into_iter().map(|check| check.id).collect();
    Ok(Kept { changed, erased })
}

/// Tells what checks found out about records, one event for all; what a dealer says of his own tells nothing.
fn tell(conn: &mut Conn<'_>, clock: &dyn Clock, checks: &[Check]) -> Result<()> {
    let found = checks.iter().filter(|check| !check.is_own);
    let columns: Vec<pb::CheckedColumn> = found
        .filter_map(|check| {
            Some(pb::CheckedColumn {
                record_id: SourceRecordId::from(check.record).to_string(),
                right: check.outcome.is_right()?,
                column: check.column().to_owned(),
                checked_at: Some(to_proto_time(check.checked_at)),
            })
        })
        .collect();
    let Some(first) = columns.first() else {
        return Ok(());
    };
    let subject = first.record_id.clone();
    let event = NewEvent {
        kind: CHECKED,
        subject,
        dealer: None,
        data: pb::RecordsChecked { columns }.encode_to_vec(),
        traceparent: "",
    };
    Ok(publish(conn, clock, &event)?)
}

/// What is wrong with one outcome.
pub(super) struct Problem {
    pub(super) field: &'static str,
    pub(super) reason: &'static str,
    pub(super) message: String,
}

impl Problem {
    fn at(self, at: usize) -> Violation {
        let field = format!("verifications[{at}].{}", self.field);
        Violation::new(field, self.reason, self.message)
    }
}

/// An outcome as it is kept. `dealer` is that of the record; what he says himself (`is_own`) is kept and not counted.
pub(super) fn check_of(
    new: &NewCheck,
    dealer: Option<&str>,
    is_own: bool,
    now: Timestamp,
) -> std::result::Result<Told, Problem> {
    let problem = |field, reason, message: &str| Problem {
        field,
        reason,
        message: message.to_owned(),
    };
    let (Some(record), Some(dealer)) = (new.record, dealer) else {
        let message = "no such record: take the id from a work list or a finding";
        return Err(problem("record_id", "UNKNOWN", message));
    };
    let Some(outcome) = CheckOutcome::read(&new.outcome) else {
        let known = CheckOutcome::ALL.map(CheckOutcome::code).join(", ");
        return Err(problem(
            "outcome",
            "UNKNOWN",
            &format!("use one of {known}"),
        ));
    };
    let field = new.field.trim();
    let is_column = |known: Field| known.column() == field;
    if !field.is_empty() && !Field::of(RecordKind::Customers).any(is_column) {
        let message = "a column of customers, or nothing for the record as a whole";
        return Err(problem("field", "UNKNOWN", message));
    }
    let checked_at = new.checked_at.unwrap_or(now);
    if checked_at > now {
        return Err(problem(
            "checked_at",
            "IN_THE_FUTURE",
            "when it was checked",
        ));
    }
    let calls = 0..=LONGEST_CALL_S;
    if new
        .duration_s
        .is_some_and(|seconds| !calls.contains(&seconds))
    {
        let message = format!("how long the call took, in seconds: 0 to {LONGEST_CALL_S}");
        return Err(problem("duration_s", "RANGE", &message));
    }
    if may_name_somebody(&new.method) {
        let message = "how it was checked, in a word such as call or letter: leave out phones and other numbers of people";
        return Err(problem("method", "PERSONAL", message));
    }
    let check = Check {
        id: Uuid::nil(),
        record,
        dealer: dealer.to_owned(),
        field: field.to_owned(),
        outcome,
        method: new.method.chars().take(40).collect(),
        checked_at,
        duration_s: new.duration_s,
        is_own,
    };
    Ok(Told {
        check: Check {
            id: id_of(new, &check),
            ..check
        },
        is_dated: new.checked_at.is_some(),
    })
}

/// The same check again has the same id: by its key, by what was checked when, or, if neither is told, by all that is. A dealer's own check is
/// never one of headquarters', whatever number it is given.
fn id_of(new: &NewCheck, check: &Check) -> Uuid {
    let by = match (new.key.trim(), new.checked_at) {
        ("", Some(checked_at)) => checked_at.as_micros().to_string(),
        ("", None) => {
            let seconds = check.duration_s.map_or_else(String::new, |s| s.to_string());
            let (outcome, method) = (check.outcome.code(), check.method.trim());
            format!("\u{1f}{outcome}\u{1f}{method}\u{1f}{seconds}")
        }
        (key, _) => key.to_owned(),
    };
    let key = format!("{}\u{1f}{}\u{1f}{by}", check.record, new.field);
    let (dealer, is_own) = (&check.dealer, check.is_own);
    let dealer: DealerCode = dealer.parse().expect("records are of dealers with a code");
    let by = if is_own {
        "verification by the dealer"
    } else {
        "verification"
    };
    source_record_id(&dealer, by, &key).uuid()
}

fn points(conn: &mut Conn<'_>) -> Result<PointsTable> {
    let rows = storage::points_rows(conn)?;
    let Some((least_checked, ..)) = rows.first().copied() else {
        return Ok(PointsTable::default());
    };
    Ok(PointsTable {
        least_checked,
        rows: rows
            .into_iter()
            .map(|(_, from, points)| (from, points))
            .collect(),
    })
}

fn check_table(table: &PointsTable) -> Result<()> {
    let is_row =
        |(from, points): &(f64, f64)| (0.0..=1.0).contains(from) && (0.0..=1000.0).contains(points);
    let falls = table.rows.is_sorted_by(|a, b| a.0 > b.0 && a.1 >= b.1);
    if !table.rows.is_empty()
        && table.rows.iter().all(is_row)
        && falls
        && (1..=100_000).contains(&table.least_checked)
    {
        return Ok(());
    }
    let message = "rows of from (0 to 1) and points (0 to 1000), each threshold once and no fewer points for a higher one; \
                   least_checked from 1 to 100000";
    Err(Error::Invalid(vec![Violation::new(
        "rows", "TABLE", message,
    )]))
}
