//! Tasks of which nobody said until when they are to be done. One that its case needs is given a due time by the configuration, for without one
//! it would not climb, and its case could not end.

use marque_auth::{CallContext, Scope};
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, StoreError};

use super::CaseApp;
use crate::{
    domain::{Case, Task, TaskState},
    error::Result,
    storage::{self, CaseStore},
};

/// Cases a transaction.
const BATCH: u32 = 100;
/// Who gives due times to tasks that are there without.
const JOB: &str = "complaint.task-dates";

impl CaseApp {
    /// Gives a task that its case needs a due time if it has none: so much of the dealer's working time from now on as the
    /// configuration says.
    pub(super) fn date_task(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        case: &Case,
        task: &mut Task,
        now: Timestamp,
    ) -> std::result::Result<(), StoreError> {
        if task.is_needed && task.due_at.is_none() {
            let calendar = self.calendar(conn, scope, &case.dealer)?;
            task.due_at = Some(calendar.add(now, self.rules.times.task(case.terms())));
        }
        Ok(())
    }

    /// Dates some of the tasks that an older binary gave; answers how many.
    pub(super) async fn date_tasks(&self) -> Result<usize> {
        let cases = self
            .db
            .read(|conn| storage::cases_with_undated_tasks(conn, BATCH))
            .await?;
        if cases.is_empty() {
            return Ok(0);
        }
        let app = self.clone();
        self.db
            .write(move |conn| app.date_tasks_of(conn, &cases))
            .await
    }

    fn date_tasks_of(&self, conn: &mut Conn<'_>, cases: &[ComplaintId]) -> Result<usize> {
        storage::lock_cases(conn, cases.iter().copied())?;
        let (ctx, now) = (CallContext::job(JOB), self.clock.now());
        let mut dated = 0;
        for mut case in self.store.find_many(conn, ctx.scope(), cases)? {
            let mut changes = Vec::new();
            for before in self.store.list_tasks(conn, ctx.scope(), case.id)? {
                let mut task = before.clone();
                if task.state == TaskState::Open {
                    self.date_task(conn, ctx.scope(), &case, &mut task, now)?;
                }
                let changed = task.changes_since(&before);
                if !changed.is_empty() {
                    CaseStore::amend_task(conn, case.id, &task)?;
                    changes.extend(changed);
                }
            }
            if !changes.is_empty() {
                dated += changes.len();
                self.write_tasked(conn, &ctx, &mut case, (&changes, ""), now)?;
            }
        }
        Ok(dated)
    }
}
