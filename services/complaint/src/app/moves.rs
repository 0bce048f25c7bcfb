//! Moving a case: the state table decides, the clocks follow, everybody is told.

use marque_auth::{CallContext, Scope};
use marque_core::{ComplaintId, Timestamp, new_uuid};
use marque_db::{Conn, StoreError};
use marque_ledger::{Entry as Act, IdempotencyKey, record};
use prost::Message;

use super::{
    CaseApp, Shown, Wanted,
    publish::{self, Change},
    read::is_customer,
};
use crate::{
    domain::{Anew, Case, Clock, ClockKind, Entry, Facts, State, Task, Turn, check, follow},
    error::{Error, Result},
    storage,
};

/// Where a case is to go.
#[derive(Debug, Clone)]
pub(crate) struct MoveRequest {
    pub(crate) wanted: Wanted,
    pub(crate) to: State,
    pub(crate) note: String,
    /// With the resolution and with the handling, 1 to 5; 0 if not asked.
    pub(crate) satisfaction: [i64; 2],
    /// The note was said to the customer.
    pub(crate) told_customer: bool,
    /// 0 if any.
    pub(crate) expected_version: i64,
}

impl MoveRequest {
    /// Passes if the customer can have been asked by then: what he grades is how his case was resolved.
    fn check_grades(&self) -> Result<()> {
        let is_over = matches!(self.to, State::FollowedUp | State::Closed | State::Reopened);
        if is_over || self.satisfaction == [0, 0] {
            return Ok(());
        }
        let message = "he is asked when his case is resolved: give his grades with followed_up, closed or reopened";
        Err(Error::field(
            "satisfaction_resolution",
            "NOT_ALLOWED",
            message,
        ))
    }

    /// Passes if what was said to the customer is there.
    fn check_told(&self) -> Result<()> {
        if self.told_customer && self.note.trim().is_empty() {
            let message = "write into the note what the customer was told";
            return Err(Error::field("note", "REQUIRED", message));
        }
        Ok(())
    }
}

/// Longest note, in characters.
const NOTE_CHARS: usize = 5_000;

impl CaseApp {
    /// Moves a case; `answer` makes what the idempotency key remembers.
    pub(crate) async fn move_case<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        (request, wire): (MoveRequest, R),
        answer: impl Fn(Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        check_note(&request.note)?;
        request.check_grades()?;
        request.check_told()?;
        let app = self.clone();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.move", key.as_ref()),
                    &wire,
                    |conn| {
                        let shown = app.move_in(conn, &ctx, &request, now)?;
                        Ok((vec![shown.case.id], answer(shown)))
                    },
                )
            })
            .await
    }

    fn move_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        request: &MoveRequest,
        now: Timestamp,
    ) -> Result<Shown> {
        let scope = ctx.scope();
        let mut case = self.hold(conn, scope, request.wanted)?;
        expect_version(&case, request.expected_version)?;
        let tasks = self.store.list_tasks(conn, scope, case.id)?;
        let facts = Facts {
            has_note: !request.note.trim().is_empty(),
            open_tasks: tasks
                .iter()
                .filter(|task| Task::is_in_the_way(task))
                .count(),
            may_reopen: case.may_reopen(now),
            is_erased: case.is_nobodys() && !storage::erased_cases(conn, &[case.id])?.is_empty(),
        };
        let from = case.state;
        check(from, request.to, ctx.roles(), facts)?;
        case.enter(request.to, now);
        self.rank_again(conn, &mut case)?;
        for (kept, told) in case.satisfaction.iter_mut().zip(request.satisfaction) {
            if told > 0 {
                *kept = told;
            }
        }
        self.write_moved(conn, ctx, &mut case, (from, "moved", &request.note), &tasks)?;
        // What the customer says himself is no word of ours to him.
        if request.told_customer && !is_customer(ctx) {
            self.tell_customer(conn, ctx, &case, (&request.note, false), now)?;
        }
        self.hear_grades(conn, ctx, &case, request.satisfaction, now)?;
        self.show(conn, ctx, case)
    }

    /// Writes a case that has just entered another state by an act: its course, its clocks, its calls, the audit, and who follows.
    /// `tasks` are those it had before.
    pub(super) fn write_moved(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        (from, act, note): (State, &'static str, &str),
        tasks: &[Task],
    ) -> Result<()> {
        let now = case.updated_at;
        storage::update_case(conn, case)?;
        let words = (act, from.code(), case.state.code());
        self.note(conn, case.id, &entry(ctx, now, words, note))?;
        self.turn_clocks(conn, ctx, case, now)?;
        self.follow_up(conn, ctx, case, (tasks, note), now)?;
        let subject = case.id.to_string();
        let act = Act {
            act: "complaint_moved",
            subject: &subject,
            dealer: &case.dealer,
            detail: case.state.code(),
        };
        record(conn, ctx, now, &act)?;
        let change = Change::of(case, now).from(from.code());
        Ok(publish::one(conn, &*self.clock, publish::MOVED, change)?)
    }

    /// Lets the clocks follow a move; pauses go into the course.
    fn turn_clocks(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        now: Timestamp,
    ) -> Result<()> {
        for (kind, act) in self.turn(conn, ctx.scope(), case, now)? {
            self.note(conn, case.id, &entry(ctx, now, (act, kind.code(), ""), ""))?;
        }
        Ok(())
    }

    /// Lets the clocks follow a move that was made at an instant; answers which of them stopped or went on.
    pub(super) fn turn(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        case: &Case,
        now: Timestamp,
    ) -> std::result::Result<Vec<Turn>, StoreError> {
        let calendar = self.calendar(conn, scope, &case.dealer)?;
        let mut clocks = storage::clocks_of(conn, scope, case.id)?;
        let budget = |kind| self.budget(kind, case);
        let anew = Anew {
            category: &case.category,
            demanded_at: case.opened_at,
            asked_from: case.may_reopen(case.updated_at).then_some(case.updated_at),
        };
        let before = clocks.clone();
        let turns = follow(&mut clocks, case.state, (budget, anew), now, &calendar);
        if case.state == State::Reopened {
            storage::keep_rounds(conn, case.id, ended_rounds(&before, &clocks))?;
            // Its category may have become one of the law meanwhile, or it was history and had no clocks.
            clocks.extend(self.missing_clocks(case, &clocks, &calendar));
        }
        let owned = clocks
            .iter()
            .map(|clock| (case.id, case.dealer.as_str(), clock));
        storage::save_clocks(conn, owned)?;
        Ok(turns)
    }

    /// Writes an entry into the course of a case.
    pub(super) fn note(
        &self,
        conn: &mut Conn<'_>,
        case: ComplaintId,
        entry: &Entry,
    ) -> std::result::Result<(), StoreError> {
        self.store
            .add_entry(conn, case, new_uuid(&*self.clock), entry)
    }
}

/// Clocks as they were before they began another round, of those whose rounds the reports count.
fn ended_rounds<'a>(before: &'a [Clock], after: &'a [Clock]) -> impl Iterator<Item = &'a Clock> {
    let is_counted = |clock: &&Clock| clock.kind != ClockKind::NextUpdate;
    before.iter().filter(is_counted).filter(|clock| {
        let same = after.iter().find(|other| other.kind == clock.kind);
        same.is_some_and(|other| other.round > clock.round)
    })
}

/// An entry of somebody's, now.
pub(super) fn entry(
    ctx: &CallContext,
    at: Timestamp,
    (act, from, to): (&'static str, &str, &str),
    note: &str,
) -> Entry {
    Entry {
        act,
        at,
        actor: ctx.actor().to_string(),
        from: from.to_owned(),
        to: to.to_owned(),
        note: note.trim().to_owned(),
    }
}

/// Passes if the case is what the caller read.
pub(super) fn expect_version(case: &Case, expected: i64) -> Result<()> {
    if expected == 0 || expected == case.version {
        Ok(())
    } else {
        Err(Error::Changed)
    }
}

/// Passes if a note can be kept.
pub(super) fn check_note(note: &str) -> Result<()> {
    if note.chars().count() <= NOTE_CHARS {
        Ok(())
    } else {
        Err(Error::field(
            "note",
            "TOO_LONG",
            "a note has at most 5000 characters",
        ))
    }
}
