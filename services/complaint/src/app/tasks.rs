//! Tasks of departments on a case: all see all, and a needed one keeps the case from being resolved.

use chrono::NaiveDate;
use marque_auth::{CallContext, Scope};
use marque_core::{PageRequest, Timestamp, new_uuid};
use marque_db::Conn;
use marque_ledger::{IdempotencyKey, once};
use prost::Message;
use uuid::Uuid;

use super::{
    CaseApp, Shown, Wanted, draft,
    moves::entry,
    publish::{self, Change},
};
use crate::{
    domain::{Case, Task, TaskKind, TaskState},
    error::{Error, Result},
    storage::{self, CaseTask, TaskFilter},
};

/// A task to be given.
#[derive(Debug, Clone)]
pub(crate) struct NewTask {
    pub(crate) department: String,
    pub(crate) text: String,
    pub(crate) owner: String,
    /// RFC 3339, or a date in the dealer's zone, which means its end; may be empty.
    pub(crate) due_at: String,
    pub(crate) is_needed: bool,
}

/// How a task ends.
#[derive(Debug, Clone)]
pub(crate) struct Ending {
    pub(crate) outcome: String,
    pub(crate) state: TaskState,
    /// Grades of a satisfaction call; 0 if none was given.
    pub(crate) satisfaction: [i64; 2],
}

/// One page of a list of tasks, as of an instant, and the key of the next.
pub(crate) struct TaskPage {
    pub(crate) tasks: Vec<CaseTask>,
    pub(crate) next: Option<String>,
    pub(crate) now: Timestamp,
}

impl CaseApp {
    /// Gives a department a task.
    pub(crate) async fn add_task<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        wanted: Wanted,
        (new, wire): (NewTask, R),
        answer: impl Fn(Task, Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        new.check()?;
        let app = self.clone();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                once(
                    conn,
                    &ctx,
                    now,
                    "complaint.task",
                    key.as_ref(),
                    &wire,
                    |conn| {
                        let mut case = app.hold(conn, ctx.scope(), wanted)?;
                        let task = Task {
                            id: new_uuid(&*app.clock),
                            department: draft::department(&new.department)
                                .map_err(|violation| Error::Invalid(vec![violation]))?
                                .to_owned(),
                            text: new.text.trim().to_owned(),
                            owner: new.owner.trim().to_owned(),
                            due_at: app.due_of(conn, ctx.scope(), &case, &new.due_at)?,
                            is_needed: new.is_needed,
                            state: TaskState::Open,
                            outcome: String::new(),
                            created_at: now,
                            finished_at: None,
                            kind: TaskKind::Given,
                        };
                        app.store.add_task(conn, case.id, &task)?;
                        app.write_tasked(conn, &ctx, &mut case, ("task_added", &task), now)?;
                        let shown = app.show(conn, &ctx, case)?;
                        Ok(answer(task, shown))
                    },
                )
            })
            .await
    }

    /// Ends a task.
    pub(crate) async fn finish_task<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        (wanted, id): (Wanted, Uuid),
        (ending, wire): (Ending, R),
        answer: impl Fn(Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        ending.check()?;
        let app = self.clone();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                once(
                    conn,
                    &ctx,
                    now,
                    "complaint.task_end",
                    key.as_ref(),
                    &wire,
                    |conn| {
                        let mut case = app.hold(conn, ctx.scope(), wanted)?;
                        let tasks = app.store.list_tasks(conn, ctx.scope(), case.id)?;
                        let mut task = tasks
                            .into_iter()
                            .find(|task| task.id == id)
                            .ok_or(Error::TaskUnknown)?;
                        if task.state != TaskState::Open {
                            return Err(Error::TaskEnded);
                        }
                        ending.satisfy(&task, &mut case)?;
                        task.state = ending.state;
                        ending.outcome.trim().clone_into(&mut task.outcome);
                        task.finished_at = Some(now);
                        app.store.finish_task(conn, case.id, &task)?;
                        app.write_tasked(conn, &ctx, &mut case, ("task_finished", &task), now)?;
                        Ok(answer(app.show(conn, &ctx, case)?))
                    },
                )
            })
            .await
    }

    /// A page of the tasks of all cases in the scope, the soonest due first; also the key of the next. `is_overdue` asks only for
    /// those whose due time has passed.
    pub(crate) async fn list_tasks(
        &self,
        ctx: CallContext,
        mut filter: TaskFilter,
        is_overdue: bool,
        page: PageRequest,
    ) -> Result<TaskPage> {
        let now = self.clock.now();
        if is_overdue {
            let passed = Timestamp::from_micros(now.as_micros() - 1);
            filter.due_until = Some(filter.due_until.map_or(passed, |until| until.min(passed)));
        }
        let app = self.clone();
        self.db
            .scan(move |conn| {
                let tasks = app
                    .store
                    .list_case_tasks(conn, ctx.scope(), &filter, &page)?;
                let is_full = tasks.len() == page.size as usize;
                Ok(TaskPage {
                    next: tasks.last().filter(|_| is_full).map(CaseTask::page_key),
                    tasks,
                    now,
                })
            })
            .await
    }

    fn write_tasked(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        (act, task): (&'static str, &Task),
        now: Timestamp,
    ) -> Result<()> {
        case.version += 1;
        case.updated_at = now;
        storage::update_case(conn, case)?;
        let words = (act, task.department.as_str(), task.state.code());
        self.note(conn, case.id, &entry(ctx, now, words, ""))?;
        Ok(publish::one(
            conn,
            &*self.clock,
            publish::TASKED,
            Change::of(case, now),
        )?)
    }

    fn due_of(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        case: &Case,
        typed: &str,
    ) -> Result<Option<Timestamp>> {
        let typed = typed.trim();
        if typed.is_empty() {
            return Ok(None);
        }
        if let Some(instant) = Timestamp::parse_rfc3339(typed) {
            return Ok(Some(instant));
        }
        let day: Option<NaiveDate> = typed.parse().ok();
        let Some(next) = day.and_then(|day| day.succ_opt()) else {
            let message =
                "write RFC 3339 such as 2026-11-21T18:00:00+08:00, or a date such as 2026-11-21";
            return Err(Error::field("due_at", "FORMAT", message));
        };
        Ok(Some(
            self.calendar(conn, scope, &case.dealer)?.midnight(next),
        ))
    }
}

impl Ending {
    fn check(&self) -> Result<()> {
        if self.outcome.trim().is_empty() || self.outcome.chars().count() > 5_000 {
            let message = "say what came of it, in at most 5000 characters";
            return Err(Error::field("outcome", "REQUIRED", message));
        }
        Ok(())
    }

    /// Notes in the case what the customer said in a satisfaction call.
    fn satisfy(&self, task: &Task, case: &mut Case) -> Result<()> {
        if self.satisfaction != [0, 0] && task.kind != TaskKind::SatisfactionCall {
            let message = "only a satisfaction call asks for grades: leave them out";
            return Err(Error::field(
                "satisfaction_resolution",
                "NOT_ALLOWED",
                message,
            ));
        }
        for (kept, told) in case.satisfaction.iter_mut().zip(self.satisfaction) {
            if told > 0 {
                *kept = told;
            }
        }
        Ok(())
    }
}

impl NewTask {
    fn check(&self) -> Result<()> {
        if self.text.trim().is_empty() || self.text.chars().count() > 5_000 {
            let message = "say what is to be done, in at most 5000 characters";
            return Err(Error::field("text", "REQUIRED", message));
        }
        if self.owner.chars().count() > 64 || self.owner.contains(char::is_control) {
            let message = "name who does it by his code at the dealer, in at most 64 characters";
            return Err(Error::field("owner", "FORMAT", message));
        }
        Ok(())
    }
}
