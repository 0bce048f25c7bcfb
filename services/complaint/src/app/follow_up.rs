//! What happens after the case: a call is made by itself when it is resolved, and once more when it is closed with nobody asked; and
//! what the customer says by himself, or when he is asked, reaches somebody.

use marque_auth::CallContext;
use marque_core::{Timestamp, new_uuid};
use marque_db::{Conn, StoreError};

use super::{CaseApp, moves::entry, read::is_customer};
use crate::{
    domain::{CARE, Case, CompensationState, Facts, State, Task, TaskKind, TaskState, check},
    error::Result,
};

/// What ends a call that nobody made.
const OVERTAKEN: &str = "the case was moved on before";
/// What ends a task to have compensations decided.
const DECIDED: &str = "what was asked for is decided";
/// What ends a task of a case that is nobody's matter any more.
const WITHDRAWN: &str = "the case was withdrawn";

impl CaseApp {
    /// Makes or ends the calls of a case that was moved: `tasks` are those it had before. Of one that was withdrawn nothing is left to
    /// be done.
    pub(super) fn follow_up(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        (tasks, note): (&[Task], &str),
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let is_call = |task: &Task| task.is_open_of(TaskKind::SatisfactionCall);
        let calls = tasks.iter().filter(|task| is_call(task));
        let overtaken = (TaskState::Cancelled, OVERTAKEN);
        match case.state {
            State::Resolved => {
                self.end_tasks(conn, ctx, (case, calls), overtaken, now)?;
                self.plan(conn, ctx, case, TaskKind::SatisfactionCall, now)
            }
            // The note of this move is what the customer said.
            State::FollowedUp => {
                self.end_tasks(conn, ctx, (case, calls), (TaskState::Done, note), now)
            }
            State::Closed if case.satisfaction == [0, 0] && !tasks.iter().any(is_call) => {
                self.plan(conn, ctx, case, TaskKind::SatisfactionCall, now)
            }
            State::Reopened => {
                let is_seen_to =
                    |task: &&Task| is_call(task) || task.is_open_of(TaskKind::Discontent);
                let seen_to = tasks.iter().filter(is_seen_to);
                self.end_tasks(conn, ctx, (case, seen_to), overtaken, now)
            }
            State::Withdrawn => {
                let open = tasks.iter().filter(|task| task.state == TaskState::Open);
                let withdrawn = (TaskState::Cancelled, WITHDRAWN);
                self.end_tasks(conn, ctx, (case, open), withdrawn, now)
            }
            _ => Ok(()),
        }
    }

    /// What the customer himself wrote or sent reaches somebody: a case that waits for him goes on, and of one that is over customer
    /// care has a task to read it, unless one is open already.
    pub(super) fn hear_customer(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        now: Timestamp,
    ) -> Result<()> {
        if !is_customer(ctx) {
            return Ok(());
        }
        let from = case.state;
        if from == State::WaitingCustomer {
            case.enter(State::InProgress, now);
            return self.write_moved(conn, ctx, case, (from, "answered", ""), &[]);
        }
        if from.is_open() {
            return Ok(());
        }
        let tasks = self.store.list_tasks(conn, ctx.scope(), case.id)?;
        let is_told = |task: &Task| task.is_open_of(TaskKind::CustomerWord);
        if tasks.iter().any(is_told) {
            return Ok(());
        }
        Ok(self.plan(conn, ctx, case, TaskKind::CustomerWord, now)?)
    }

    /// What the customer said when he was called: with that his case is followed up, if it is resolved and whoever called him may move it.
    pub(super) fn hear_call(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        (grades, words): ([i64; 2], &str),
        now: Timestamp,
    ) -> Result<()> {
        let from = case.state;
        let said = Facts {
            has_note: true,
            open_tasks: 0,
            may_reopen: false,
            is_erased: false,
        };
        if grades != [0, 0] && check(from, State::FollowedUp, ctx.roles(), said).is_ok() {
            case.enter(State::FollowedUp, now);
            self.write_moved(conn, ctx, case, (from, "moved", words), &[])?;
        }
        Ok(self.hear_grades(conn, ctx, case, grades, now)?)
    }

    /// Who says of a case that is over that he is not satisfied with what was done is not left at that: customer care has a task to see
    /// to it, unless one is open already.
    pub(super) fn hear_grades(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        [resolution, _]: [i64; 2],
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        if case.state.is_open() || !Case::is_discontent(resolution) {
            return Ok(());
        }
        let tasks = self.store.list_tasks(conn, ctx.scope(), case.id)?;
        let is_told = |task: &Task| task.is_open_of(TaskKind::Discontent);
        if tasks.iter().any(is_told) {
            return Ok(());
        }
        self.plan(conn, ctx, case, TaskKind::Discontent, now)
    }

    /// While a compensation of a case waits for its decision, customer care has a task to have it decided.
    pub(super) fn follow_compensations(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let given = self.store.list_compensations(conn, ctx.scope(), case.id)?;
        let is_waiting = given
            .iter()
            .any(|each| each.state == CompensationState::Asked);
        let tasks = self.store.list_tasks(conn, ctx.scope(), case.id)?;
        let mut open = tasks
            .iter()
            .filter(|task| task.is_open_of(TaskKind::Compensation))
            .peekable();
        match (is_waiting, open.peek().is_some()) {
            (true, false) => self.plan(conn, ctx, case, TaskKind::Compensation, now),
            (false, true) => {
                self.end_tasks(conn, ctx, (case, open), (TaskState::Done, DECIDED), now)
            }
            _ => Ok(()),
        }
    }

    /// Gives customer care a task that is made by itself.
    fn plan(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        kind: TaskKind,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        let calendar = self.calendar(conn, ctx.scope(), &case.dealer)?;
        let due_at = kind
            .working_days(case.state)
            .map(|days| calendar.end_of_working_day(now, days));
        let task = Task {
            id: new_uuid(&*self.clock),
            department: CARE.to_owned(),
            text: kind.errand().to_owned(),
            owner: String::new(),
            due_at,
            is_needed: kind.is_needed(),
            state: TaskState::Open,
            outcome: String::new(),
            created_at: now,
            finished_at: None,
            kind,
            level: 0,
        };
        self.store.add_task(conn, case.id, &task)?;
        let words = ("task_added", CARE, TaskState::Open.code());
        self.note(conn, case.id, &entry(ctx, now, words, ""))
    }

    fn end_tasks<'a>(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        (case, tasks): (&Case, impl Iterator<Item = &'a Task>),
        (state, outcome): (TaskState, &str),
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        for task in tasks {
            let ended = Task {
                state,
                outcome: outcome.trim().to_owned(),
                finished_at: Some(now),
                ..task.clone()
            };
            self.store.finish_task(conn, case.id, &ended)?;
            let words = ("task_finished", task.department.as_str(), state.code());
            self.note(conn, case.id, &entry(ctx, now, words, ""))?;
        }
        Ok(())
    }
}
