//! Whether the process should be sent requests: roles well and not draining.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::{BoxFuture, join_all};
use marque_rpc::{RoleName, RpcTransport};
use tokio::{sync::Mutex, time::timeout};
use tonic::{Code, Request};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};

use crate::peers::Peers;

/// How long one check may take: then it has failed.
const CHECK_TIMEOUT: Duration = Duration::from_secs(1);
/// How long an answer is good: probes cannot be used to hammer the roles.
const FRESH_FOR: Duration = Duration::from_secs(1);

/// One thing that must be well.
pub type Check = Arc<dyn Fn() -> BoxFuture<'static, bool> + Send + Sync>;

/// What a check found.
#[derive(Debug, Clone)]
pub(crate) struct Verdict {
    pub(crate) name: String,
    pub(crate) is_well: bool,
    /// Whether the process cannot serve anybody without it.
    pub(crate) is_needed: bool,
}

struct Watched {
    name: String,
    check: Check,
    is_needed: bool,
}

/// What must be well for requests to be welcome. Clones share it.
#[derive(Clone)]
pub struct Readiness(Arc<Inner>);

struct Inner {
    draining: AtomicBool,
    checks: Vec<Watched>,
    last: Mutex<Option<(Instant, Vec<Verdict>)>>,
}

impl Readiness {
    /// Ready when all `needed` checks pass. Of `others` it is only told: a role in another process that is down takes its part
    /// of answers away, and no more; were every gateway to leave its balancer for that, nobody would be answered at all.
    pub fn new(needed: Vec<(String, Check)>, others: Vec<(String, Check)>) -> Self {
        let watched = |is_needed| {
            move |(name, check)| Watched {
                name,
                check,
                is_needed,
            }
        };
        let needed = needed.into_iter().map(watched(true));
        Self(Arc::new(Inner {
            draining: AtomicBool::new(false),
            checks: needed
                .chain(others.into_iter().map(watched(false)))
                .collect(),
            last: Mutex::default(),
        }))
    }

    /// Of a gateway: the roles for which `is_here` says so run in its own process and are needed.
    pub fn of_peers(peers: &Peers, is_here: impl Fn(RoleName) -> bool) -> Self {
        let (here, elsewhere): (Vec<_>, Vec<_>) = peers
            .all()
            .into_iter()
            .partition(|peer| is_here(peer.role()));
        let checks = |peers: Vec<_>| peers.into_iter().map(peer_check).collect();
        Self::new(checks(here), checks(elsewhere))
    }

    /// Says from now on that no requests are welcome: the first act of a drain.
    pub fn drain(&self) {
        self.0.draining.store(true, Ordering::SeqCst);
    }

    /// Whether draining has begun.
    pub fn is_draining(&self) -> bool {
        self.0.draining.load(Ordering::SeqCst)
    }

    /// The verdict of every check, at most a second old.
    pub(crate) async fn verdicts(&self) -> Vec<Verdict> {
        let mut last = self.0.last.lock().await;
        if let Some((at, verdicts)) = &*last
            && at.elapsed() < FRESH_FOR
        {
            return verdicts.clone();
        }
        let asked = self.0.checks.iter().map(|watched| async move {
            let checked = timeout(CHECK_TIMEOUT, (watched.check)()).await;
            Verdict {
                name: watched.name.clone(),
                is_well: checked.unwrap_or(false),
                is_needed: watched.is_needed,
            }
        });
        let verdicts = join_all(asked).await;
        *last = Some((Instant::now(), verdicts.clone()));
        verdicts
    }
}

/// The health of a role over its transport (`grpc.health.v1`): whether it runs, reaches its database and finds the
/// schema there that it knows. A role alone behind its own transport has no health beside it: there, one that asks for
/// a token is one that runs.
pub fn peer_check(transport: &RpcTransport) -> (String, Check) {
    let role = transport.role();
    let transport = transport.clone();
    let check: Check = Arc::new(move || Box::pin(is_serving(transport.clone(), role)));
    (role.as_str().to_owned(), check)
}

async fn is_serving(transport: RpcTransport, role: RoleName) -> bool {
    let mut request = Request::new(HealthCheckRequest {
        service: role.as_str().to_owned(),
    });
    request.set_timeout(CHECK_TIMEOUT);
    match HealthClient::new(transport).check(request).await {
        Ok(answer) => answer.into_inner().status() == ServingStatus::Serving,
        Err(status) => status.code() == Code::Unauthenticated,
    }
}

impl fmt::Debug for Readiness {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let checks: Vec<&str> = self
            .0
            .checks
            .iter()
            .map(|watched| watched.name.as_str())
            .collect();
        f.debug_struct("Readiness")
            .field("draining", &self.is_draining())
            .field("checks", &checks)
            .finish_non_exhaustive()
    }
}
