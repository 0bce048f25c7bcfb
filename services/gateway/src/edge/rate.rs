//! How much one caller may ask, by REST and gRPC together: a bucket for each (actor, dealer), told in `RateLimit` headers.

use std::{fmt, sync::Arc, time::Duration};

use governor::{
    Quota, RateLimiter,
    clock::{Clock as _, DefaultClock},
    middleware::StateInformationMiddleware,
    state::keyed::HashMapStateStore,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use marque_auth::Scope;
use marque_core::DealerCode;
use marque_errors::{ErrorCode, ServiceError};
use tonic::Status;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");

/// Whose bucket it is: the same account at two dealers is two callers.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Caller {
    actor: Arc<str>,
    dealer: Option<DealerCode>,
}

type Buckets =
    RateLimiter<Caller, HashMapStateStore<Caller>, DefaultClock, StateInformationMiddleware>;

/// The buckets of all callers.
pub(crate) struct RateLimits {
    /// By which callers tell one limit from another.
    name: &'static str,
    buckets: Buckets,
    clock: DefaultClock,
    policy: HeaderValue,
    quota: Quota,
}

/// What is left of a caller's bucket; becomes headers.
#[derive(Debug, Clone)]
pub(crate) struct Quotum {
    name: &'static str,
    policy: HeaderValue,
    remaining: u32,
    /// Until the bucket is full again; until there is one more in an empty one.
    refill: Duration,
}

/// The caller's bucket is empty.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("too many requests of this caller: wait as long as Retry-After says")]
pub(crate) struct RateLimited {
    wait: Duration,
}

impl RateLimits {
    pub(crate) fn new(name: &'static str, quota: Quota) -> Self {
        let (burst, window) = (quota.burst_size(), quota.burst_size_replenished_in());
        let policy = format!("\"{name}\";q={burst};w={}", window.as_secs_f64().ceil());
        Self {
            name,
            buckets: RateLimiter::hashmap(quota).with_middleware(),
            clock: DefaultClock::default(),
            policy: HeaderValue::try_from(policy).expect("text and digits are a header value"),
            quota,
        }
    }

    /// Takes one request out of the caller's bucket.
    pub(crate) fn take(
        &self,
        actor: &Arc<str>,
        scope: &Scope,
    ) -> (Quotum, Result<(), RateLimited>) {
        let caller = Caller {
            actor: Arc::clone(actor),
            dealer: scope.dealer().cloned(),
        };
        match self.buckets.check_key(&caller) {
            Ok(state) => {
                let remaining = state.remaining_burst_capacity();
                let missing = self.quota.burst_size().get().saturating_sub(remaining);
                let refill = self.quota.replenish_interval() * missing;
                (self.quotum(remaining, refill), Ok(()))
            }
            Err(until) => {
                let wait = until.wait_time_from(self.clock.now());
                (self.quotum(0, wait), Err(RateLimited { wait }))
            }
        }
    }

    fn quotum(&self, remaining: u32, refill: Duration) -> Quotum {
        Quotum {
            name: self.name,
            policy: self.policy.clone(),
            remaining,
            refill,
        }
    }

    /// Forgets callers whose buckets are full again.
    pub(crate) fn forget_idle(&self) {
        self.buckets.retain_recent();
        self.buckets.shrink_to_fit();
    }
}

impl Quotum {
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        let seconds = self.refill.as_secs_f64().ceil() as u64;
        let limit = format!("\"{}\";r={};t={seconds}", self.name, self.remaining);
        headers.insert(POLICY, self.policy);
        if let Ok(limit) = HeaderValue::try_from(limit) {
            headers.insert(LIMIT, limit);
        }
    }
}

impl RateLimited {
    /// As gRPC says it, and REST makes its problem of.
    pub(crate) fn status(self) -> Status {
        marque_errors::status(&self)
    }
}

impl ServiceError for RateLimited {
    fn code(&self) -> ErrorCode {
        ErrorCode::ResourceExhausted
    }

    fn reason(&self) -> &'static str {
        "RATE_LIMITED"
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(self.wait)
    }
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RateLimits")
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}
