//! The call after the case: made by itself when a case is resolved, and once more when it is closed with nobody asked.

use marque_auth::CallContext;
use marque_core::{Timestamp, new_uuid};
use marque_db::Conn;

use super::{CaseApp, moves::entry};
use crate::{
    domain::{CALL_WITHIN, CALLER, Case, State, Task, TaskKind, TaskState},
    error::Result,
};

/// What ends a call that nobody made.
const OVERTAKEN: &str = "the case was moved on before";

impl CaseApp {
    /// Makes or ends the calls of a case that was moved: `tasks` are those it had before.
    pub(super) fn follow_up(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        (tasks, note): (&[Task], &str),
        now: Timestamp,
    ) -> Result<()> {
        let waiting = tasks.iter().filter(|task| task.is_open_call());
        match case.state {
            State::Resolved => {
                for task in waiting {
                    self.end_call(
                        conn,
                        ctx,
                        case,
                        (task, TaskState::Cancelled, OVERTAKEN),
                        now,
                    )?;
                }
                self.plan_call(conn, ctx, case, CALL_WITHIN[0], now)
            }
            // The note of this move is what the customer said.
            State::FollowedUp => {
                for task in waiting {
                    self.end_call(conn, ctx, case, (task, TaskState::Done, note), now)?;
                }
                Ok(())
            }
            State::Closed if case.satisfaction == [0, 0] => {
                self.plan_call(conn, ctx, case, CALL_WITHIN[1], now)
            }
            State::Reopened | State::Withdrawn => {
                for task in waiting {
                    self.end_call(
                        conn,
                        ctx,
                        case,
                        (task, TaskState::Cancelled, OVERTAKEN),
                        now,
                    )?;
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn plan_call(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        working_days: u32,
        now: Timestamp,
    ) -> Result<()> {
        let calendar = self.calendar(conn, ctx.scope(), &case.dealer)?;
        let (department, text) = CALLER;
        let task = Task {
            id: new_uuid(&*self.clock),
            department: department.to_owned(),
            text: text.to_owned(),
            owner: String::new(),
            due_at: Some(calendar.end_of_working_day(now, working_days)),
            is_needed: false,
            state: TaskState::Open,
            outcome: String::new(),
            created_at: now,
            finished_at: None,
            kind: TaskKind::SatisfactionCall,
        };
        self.store.add_task(conn, case.id, &task)?;
        let words = ("task_added", department, TaskState::Open.code());
        self.note(conn, case.id, &entry(ctx, now, words, ""))
    }

    fn end_call(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        (task, state, outcome): (&Task, TaskState, &str),
        now: Timestamp,
    ) -> Result<()> {
        let ended = Task {
            state,
            outcome: outcome.trim().to_owned(),
            finished_at: Some(now),
            ..task.clone()
        };
        self.store.finish_task(conn, case.id, &ended)?;
        let words = ("task_finished", task.department.as_str(), state.code());
        self.note(conn, case.id, &entry(ctx, now, words, ""))
    }
}
