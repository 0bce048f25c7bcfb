//! The end of what nobody ends: a case that was followed up is closed by itself when nothing has happened on it for a while, and a task that
//! its case needs has a due time.
//!
//! When that is, their rows say: nothing of it lives in memory, and of several instances the first sees to it.

use std::{future::Future, time::Duration};

use marque_auth::CallContext;
use marque_core::{ComplaintId, Timestamp};
use marque_db::Conn;
use tokio_util::sync::CancellationToken;

use super::CaseApp;
use crate::{domain::BY_ITSELF, error::Result, storage};

/// How often it is looked for such cases and tasks.
const WATCH: Duration = Duration::from_mins(1);
/// Cases a transaction.
const BATCH: u32 = 100;
/// Who closes them.
const JOB: &str = "complaint.closing";

/// Closes cases that nobody closes, until told to stop.
pub(crate) async fn keep_closing(app: CaseApp, stop: CancellationToken) {
    let close_some = move || {
        let app = app.clone();
        async move { app.close_lapsed().await }
    };
    keep_ending("cases that nobody closes", close_some, stop).await;
}

/// Gives due times to tasks that their cases need and that have none, until told to stop.
pub(crate) async fn keep_dated(app: CaseApp, stop: CancellationToken) {
    let date_some = move || {
        let app = app.clone();
        async move { app.date_tasks().await }
    };
    keep_ending("tasks without a due time", date_some, stop).await;
}

/// Sees to some of what is there until nothing is left, and looks again after a while.
async fn keep_ending<F>(what: &'static str, see_to_some: impl Fn() -> F, stop: CancellationToken)
where
    F: Future<Output = Result<usize>>,
{
    loop {
        match see_to_some().await {
            Ok(0) => {}
            Ok(_) if !stop.is_cancelled() => continue,
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "{what} have to wait"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(WATCH) => {}
        }
    }
}

impl CaseApp {
    /// Closes some of the cases that nobody closes; answers how many.
    async fn close_lapsed(&self) -> Result<usize> {
        let now = self.clock.now();
        let patience = self.rules.close_after.as_micros() as i64;
        let since = Timestamp::from_micros(now.as_micros() - patience);
        let lapsed = self
            .db
            .read(move |conn| storage::lapsed_cases(conn, since, BATCH))
            .await?;
        if lapsed.is_empty() {
            return Ok(0);
        }
        let app = self.clone();
        self.db
            .write(move |conn| app.close_in(conn, &lapsed, (since, now)))
            .await
    }

    fn close_in(
        &self,
        conn: &mut Conn<'_>,
        found: &[ComplaintId],
        (since, now): (Timestamp, Timestamp),
    ) -> Result<usize> {
        storage::lock_cases(conn, found.iter().copied())?;
        // Asked again now that they are held: somebody may have come first.
        let mut lapsed = storage::lapsed_cases(conn, since, BATCH)?;
        lapsed.retain(|id| found.contains(id));
        let ctx = CallContext::job(JOB);
        let (from, to) = BY_ITSELF;
        for mut case in self.store.find_many(conn, ctx.scope(), &lapsed)? {
            case.enter(to, now);
            self.write_moved(conn, &ctx, &mut case, (from, "lapsed", ""), &[])?;
        }
        Ok(lapsed.len())
    }
}
