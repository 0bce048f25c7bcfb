//! Tasks of departments on a case: all see all, and a needed one keeps the case from being resolved.

use chrono::NaiveDate;
use marque_auth::{CallContext, Scope};
use marque_core::{PageRequest, Timestamp, new_uuid};
use marque_db::Conn;
use marque_ledger::IdempotencyKey;
use prost::Message;
use uuid::Uuid;

use super::{
    AsRead, CaseApp, Shown,
    amend::expect_unsaid,
    draft,
    moves::{check_note, entry},
    publish::{self, Change},
    veil::Veil,
};
use crate::{
    domain::{Case, State, Task, TaskKind, TaskState},
    error::{Error, Result},
    storage::{self, CaseStore, CaseTask, TaskFilter},
};

/// A task to be given.
#[derive(Debug, Clone)]
pub(crate) struct NewTask {
    pub(crate) department: String,
    pub(crate) text: String,
    pub(crate) owner: String,
    /// RFC 3339, or a date in the dealer's zone, which means its end; may be empty. One that is needed is then due when the configuration
    /// says.
    pub(crate) due_at: String,
    pub(crate) is_needed: bool,
}

/// What of a task is to be other than it is; what is empty stays.
#[derive(Debug, Clone)]
pub(crate) struct TaskAmendment {
    pub(crate) department: String,
    pub(crate) owner: String,
    /// As of a new one.
    pub(crate) due_at: String,
    /// What is to be empty: owner or due_at.
    pub(crate) clear: Vec<String>,
    /// Why.
    pub(crate) note: String,
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
        read: AsRead,
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
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.task", key.as_ref()),
                    &wire,
                    |conn| {
                        let mut case = app.hold_as_read(conn, ctx.scope(), read)?;
                        new.check_for(&case)?;
                        let due_at = app.due_of(conn, ctx.scope(), &case, &new.due_at)?;
                        expect_ahead(due_at, now)?;
                        let mut task = Task {
                            id: new_uuid(&*app.clock),
                            department: department(&new.department)?,
                            text: new.text.trim().to_owned(),
                            owner: new.owner.trim().to_owned(),
                            due_at,
                            is_needed: new.is_needed,
                            state: TaskState::Open,
                            outcome: String::new(),
                            created_at: now,
                            finished_at: None,
                            kind: TaskKind::Given,
                            level: 0,
                        };
                        app.date_task(conn, ctx.scope(), &case, &mut task, now)?;
                        app.store.add_task(conn, case.id, &task)?;
                        let given = task.stands_as("task_added");
                        app.write_tasked(conn, &ctx, &mut case, (&[given], ""), now)?;
                        let shown = app.show(conn, &ctx, case)?;
                        Ok((vec![shown.case.id], answer(task, shown)))
                    },
                )
            })
            .await
    }

    /// Gives an open task to another department or owner, or another due time.
    pub(crate) async fn amend_task<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        (read, id): (AsRead, Uuid),
        (amendment, wire): (TaskAmendment, R),
        answer: impl Fn(Task, Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        amendment.check()?;
        let app = self.clone();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.task_amend", key.as_ref()),
                    &wire,
                    |conn| {
                        let mut case = app.hold_as_read(conn, ctx.scope(), read)?;
                        let before = app.open_task(conn, ctx.scope(), (&case, id))?;
                        let due_at = app.due_of(conn, ctx.scope(), &case, &amendment.due_at)?;
                        if due_at != before.due_at {
                            expect_ahead(due_at, now)?;
                        }
                        let mut task = amendment.applied(&before, due_at)?;
                        app.date_task(conn, ctx.scope(), &case, &mut task, now)?;
                        let changes = task.changes_since(&before);
                        if !changes.is_empty() {
                            CaseStore::amend_task(conn, case.id, &task)?;
                            let told = (changes.as_slice(), amendment.note.as_str());
                            app.write_tasked(conn, &ctx, &mut case, told, now)?;
                        }
                        if let Some(veil) = Veil::of(&ctx) {
                            veil.over_task(&mut task);
                        }
                        let shown = app.show(conn, &ctx, case)?;
                        Ok((vec![shown.case.id], answer(task, shown)))
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
        (read, id): (AsRead, Uuid),
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
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.task_end", key.as_ref()),
                    &wire,
                    |conn| {
                        let mut case = app.hold_as_read(conn, ctx.scope(), read)?;
                        let mut task = app.open_task(conn, ctx.scope(), (&case, id))?;
                        ending.satisfy(&task, &mut case)?;
                        task.state = ending.state;
                        ending.outcome.trim().clone_into(&mut task.outcome);
                        task.finished_at = Some(now);
                        app.store.finish_task(conn, case.id, &task)?;
                        let ended = task.stands_as("task_finished");
                        app.write_tasked(conn, &ctx, &mut case, (&[ended], ""), now)?;
                        let said = (ending.satisfaction, ending.outcome.as_str());
                        app.hear_call(conn, &ctx, &mut case, said, now)?;
                        let shown = app.show(conn, &ctx, case)?;
                        Ok((vec![shown.case.id], answer(shown)))
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
                let mut tasks = app
                    .store
                    .list_case_tasks(conn, ctx.scope(), &filter, &page)?;
                if let Some(veil) = Veil::of(&ctx) {
                    for found in &mut tasks {
                        veil.over_task(&mut found.task);
                    }
                }
                let is_full = tasks.len() == page.size as usize;
                Ok(TaskPage {
                    next: tasks.last().filter(|_| is_full).map(CaseTask::page_key),
                    tasks,
                    now,
                })
            })
            .await
    }

    /// A task of a case that is still to be done.
    fn open_task(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        (case, id): (&Case, Uuid),
    ) -> Result<Task> {
        let tasks = self.store.list_tasks(conn, scope, case.id)?;
        let found = tasks.into_iter().find(|task| task.id == id);
        match found {
            None => Err(Error::TaskUnknown),
            Some(task) if task.state == TaskState::Open => Ok(task),
            Some(_) => Err(Error::TaskEnded),
        }
    }

    /// Writes what became of a case's tasks into its course, and tells of it.
    pub(super) fn write_tasked(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        (changes, note): (&[TaskChange], &str),
        now: Timestamp,
    ) -> Result<()> {
        case.version += 1;
        case.updated_at = now;
        storage::update_case(conn, case)?;
        for (act, from, to) in changes {
            self.note(conn, case.id, &entry(ctx, now, (*act, from, to), note))?;
        }
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

/// What became of a task: the act, and what it is about before and after.
pub(super) type TaskChange = (&'static str, String, String);

impl Task {
    /// An act with the task's department and how it stands now.
    fn stands_as(&self, act: &'static str) -> TaskChange {
        (act, self.department.clone(), self.state.code().to_owned())
    }

    /// What is other than it was: the department whose task it was, field and value.
    pub(super) fn changes_since(&self, before: &Self) -> Vec<TaskChange> {
        let fields = |task: &Self| {
            let due_at = task.due_at.map_or_else(String::new, Timestamp::to_rfc3339);
            [
                format!("department={}", task.department),
                format!("owner={}", task.owner),
                format!("due_at={due_at}"),
            ]
        };
        let of = &before.department;
        let pairs = fields(before).into_iter().zip(fields(self));
        pairs
            .filter(|(was, is)| was != is)
            .map(|(was, is)| {
                (
                    "task_amended",
                    format!("{of}: {was}"),
                    format!("{of}: {is}"),
                )
            })
            .collect()
    }
}

impl TaskAmendment {
    fn check(&self) -> Result<()> {
        check_note(&self.note)?;
        check_owner(&self.owner)?;
        for field in &self.clear {
            let said = match field.as_str() {
                "owner" => &self.owner,
                "due_at" => &self.due_at,
                _ => return Err(Error::field("clear", "FORMAT", "write owner or due_at")),
            };
            expect_unsaid(field, said)?;
        }
        Ok(())
    }

    /// The task as it is to be; `due_at` is what was typed of it.
    fn applied(&self, task: &Task, due_at: Option<Timestamp>) -> Result<Task> {
        let is_cleared = |name: &str| self.clear.iter().any(|field| field == name);
        let mut amended = task.clone();
        if !self.department.trim().is_empty() {
            amended.department = department(&self.department)?;
        }
        if is_cleared("owner") {
            amended.owner.clear();
        } else if !self.owner.trim().is_empty() {
            self.owner.trim().clone_into(&mut amended.owner);
        }
        if is_cleared("due_at") {
            // One that is needed has the time of the configuration anew.
            amended.due_at = None;
        } else {
            amended.due_at = due_at.or(task.due_at);
        }
        if amended.due_at != task.due_at {
            amended.level = 0;
        }
        Ok(amended)
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
        check_owner(&self.owner)
    }

    /// Passes if a case can need it: whose case was withdrawn needs nothing any more.
    fn check_for(&self, case: &Case) -> Result<()> {
        if !self.is_needed || case.state != State::Withdrawn {
            return Ok(());
        }
        let message = "the case is withdrawn and needs nothing: say optional = true, or re-open it";
        Err(Error::field("optional", "REQUIRED", message))
    }
}

/// Passes if there is still time until a task is due: one that is overdue when it is given goes up to headquarters at once.
fn expect_ahead(due_at: Option<Timestamp>, now: Timestamp) -> Result<()> {
    if due_at.is_none_or(|due| due > now) {
        return Ok(());
    }
    let message = "say a time that is still to come, or leave it out";
    Err(Error::field("due_at", "NOT_ALLOWED", message))
}

/// Passes if somebody can have such a code: names of people do not belong here.
fn check_owner(owner: &str) -> Result<()> {
    let code = owner.trim();
    let is_code = code.chars().count() <= 64
        && !code.contains(|letter: char| letter.is_control() || letter.is_whitespace())
        && code.contains(|letter: char| letter.is_ascii_alphanumeric());
    if code.is_empty() || is_code {
        return Ok(());
    }
    let message = "name who does it by his code at the dealer, such as S17: at most 64 characters without blanks, with a letter or digit among them";
    Err(Error::field("owner", "FORMAT", message))
}

/// The department that a word means.
fn department(word: &str) -> Result<String> {
    let found = draft::department(word).map_err(|violation| Error::Invalid(vec![violation]))?;
    Ok(found.to_owned())
}
