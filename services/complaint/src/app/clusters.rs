//! Looking for clusters: every now and then, where cases have changed. What is out of the ordinary is told to headquarters
//! once; as long as it stays so its numbers are brought up to date.

use std::time::Duration;

use marque_auth::{CallContext, Scope};
use marque_core::{ComplaintId, PageRequest, Timestamp, new_uuid};
use marque_db::{Conn, StoreError, lock_key};
use tokio_util::sync::CancellationToken;

use super::{CaseApp, publish};
use crate::{
    domain::{Alert, Finding, count, find_clusters},
    error::{Error, Result},
    storage,
};

/// How many spans long the past is that a cluster is compared with where no other cars have the part.
const PAST_SPANS: i64 = 4;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Held by whoever tells of clusters, so that no two instances tell of the same.
const LOCK: &[u8] = b"complaint.clusters";
/// Longest and shortest wait between two looks.
const WAITS: (Duration, Duration) = (Duration::from_millis(50), Duration::from_hours(24));

/// An alert with the cases behind it.
pub(crate) type Shown = (Alert, Vec<ComplaintId>);

/// Looks for clusters until told to stop.
pub(crate) async fn watch(app: CaseApp, stop: CancellationToken) {
    let pause = app.rules.clusters.every.clamp(WAITS.0, WAITS.1);
    let mut seen = storage::LastChange::default();
    loop {
        match app.look_if_changed(seen).await {
            Ok(last) => seen = last,
            Err(error) => tracing::warn!(%error, "looking for clusters has to wait"),
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

impl CaseApp {
    /// Looks where a case has changed since; answers when the last did.
    async fn look_if_changed(&self, seen: storage::LastChange) -> Result<storage::LastChange> {
        let last = self.db.scan(storage::last_change).await?;
        if last != seen {
            self.look_for_clusters().await?;
        }
        Ok(last)
    }

    /// Counts, compares and tells of what is new; answers how many that were.
    pub(crate) async fn look_for_clusters(&self) -> Result<usize> {
        let now = self.clock.now();
        let span = self.rules.clusters.days * DAY;
        let from = Timestamp::from_micros(now.as_micros() - span);
        let past_from = Timestamp::from_micros(from.as_micros() - span * PAST_SPANS);
        let (complained, fleets) = self
            .db
            .scan(move |conn| {
                let complained = storage::count_complaining_cars(conn, past_from, (from, now))?;
                Ok::<_, Error>((complained, storage::count_cars(conn)?))
            })
            .await?;
        let counts = count(&complained, &fleets);
        let found = find_clusters(&counts, PAST_SPANS as f64, &self.rules.clusters);
        if found.is_empty() {
            return Ok(0);
        }
        let app = self.clone();
        self.db
            .write(move |conn| app.tell_clusters(conn, &found, (from, now)))
            .await
    }

    fn tell_clusters(
        &self,
        conn: &mut Conn<'_>,
        found: &[Finding],
        span: (Timestamp, Timestamp),
    ) -> Result<usize> {
        conn.lock_keys(&mut vec![lock_key(LOCK)])?;
        let (since, now) = span;
        let mut new = Vec::new();
        for finding in found {
            // One that was still so within the span is the same cluster.
            let known = storage::find_alert(conn, &finding.cluster, since)?;
            let is_new = known.is_none();
            let alert = Alert {
                id: known
                    .as_ref()
                    .map_or_else(|| new_uuid(&*self.clock), |alert| alert.id),
                raised_at: known.as_ref().map_or(now, |alert| alert.raised_at),
                finding: finding.clone(),
                span,
                seen_at: now,
            };
            storage::put_alert(conn, &alert)?;
            if is_new {
                new.push(alert);
            }
        }
        let raised = with_cases(conn, &Scope::Headquarters, new)?;
        publish::clusters(conn, &*self.clock, &raised)?;
        Ok(raised.len())
    }

    /// A page of the alerts with the cases behind them, newest first, for headquarters.
    pub(crate) async fn list_alerts(
        &self,
        ctx: CallContext,
        page: PageRequest,
    ) -> Result<(Vec<Shown>, Option<String>)> {
        if !matches!(ctx.scope(), Scope::Headquarters) {
            return Err(Error::HeadquartersOnly);
        }
        self.db
            .scan(move |conn| {
                let alerts = storage::list_alerts(conn, ctx.scope(), &page)?;
                let is_full = alerts.len() == page.size as usize;
                let next = alerts.last().filter(|_| is_full).map(Alert::page_key);
                Ok((with_cases(conn, ctx.scope(), alerts)?, next))
            })
            .await
    }
}

/// Alerts with the cases behind each.
fn with_cases(
    conn: &mut Conn<'_>,
    scope: &Scope,
    alerts: Vec<Alert>,
) -> std::result::Result<Vec<Shown>, StoreError> {
    if alerts.is_empty() {
        return Ok(Vec::new());
    }
    let spellings = storage::spellings(conn)?;
    let mut shown = Vec::with_capacity(alerts.len());
    for alert in alerts {
        let cases = storage::cases_of_alert(conn, scope, (&alert, &spellings))?;
        shown.push((alert, cases));
    }
    Ok(shown)
}
