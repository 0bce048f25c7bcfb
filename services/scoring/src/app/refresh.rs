//! Time passes for everybody: whoever was not scored today, or not by what was learnt since, is scored again.

use std::time::Duration;

use marque_db::StoreError;
use tokio_util::sync::CancellationToken;

use super::ScoreApp;
use crate::storage;

/// Customers a transaction.
const BATCH: usize = 200;
/// How often it is looked whether a new day has begun or something was learnt.
const INTERVAL: Duration = Duration::from_mins(1);

/// Runs until told to stop.
pub(crate) async fn refresh(app: ScoreApp, stop: CancellationToken) {
    loop {
        match app.refresh_some().await {
            Ok(0) => {}
            Ok(_) if !stop.is_cancelled() => continue,
            Ok(_) => return,
            Err(error) => tracing::warn!(%error, "scores of a past day have to wait"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = app.learnt.notified() => {}
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

impl ScoreApp {
    /// Scores some of those for whom time was last reckoned on an earlier day; answers how many.
    pub(crate) async fn refresh_some(&self) -> Result<usize, StoreError> {
        let assessor = self.assessor.clone();
        let due = self
            .db
            .read(move |conn| {
                let as_of = assessor.as_of(conn)?;
                storage::due_for_time(conn, as_of, 1)
            })
            .await?;
        if due.is_empty() {
            return Ok(0);
        }
        let assessor = self.assessor.clone();
        self.db
            .bulk(move |conn| {
                storage::lock(conn)?;
                let as_of = assessor.as_of(conn)?;
                let due = storage::due_for_time(conn, as_of, BATCH)?;
                assessor.assess(conn, due.iter().copied())?;
                storage::pass_over(conn, &due, as_of)?;
                Ok(due.len())
            })
            .await
    }
}
