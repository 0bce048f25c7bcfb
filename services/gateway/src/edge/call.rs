//! One admitted request: who asks, and what goes along with every call made for him.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use http::{HeaderMap, HeaderName, HeaderValue, request::Parts};
use marque_auth::{AuthError, Identity, Scope};
use marque_core::ReplayMark;
use marque_errors::ErrorCode;
use marque_rpc::{CallMeta, REPLAYED};
use tonic::{Request, Response, metadata::MetadataMap};

use crate::problem::{Answer, Failure};

/// The header by which a write that is sent twice happens once.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// The header that says that an answer was given before.
pub(super) const REPLAY: HeaderName = HeaderName::from_static("idempotent-replayed");

/// An admitted request. The guard makes it; a handler that takes it cannot run for nobody.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// Token, request id, trace and deadline for the calls to peers.
    pub(crate) meta: CallMeta,
    /// Who asks.
    pub(crate) identity: Arc<Identity>,
    /// His key for this write.
    pub(crate) idempotency_key: Option<HeaderValue>,
    /// Where it is noted that the write was answered before.
    pub(crate) replay: ReplayMark,
}

impl Call {
    /// The request for a peer that changes something.
    pub(crate) fn outgoing_write<T>(&self, message: T) -> Request<T> {
        let mut request = self.meta.outgoing(message);
        if let Some(key) = &self.idempotency_key {
            let mut headers = std::mem::take(request.metadata_mut()).into_headers();
            headers.insert(IDEMPOTENCY_KEY, key.clone());
            *request.metadata_mut() = MetadataMap::from_headers(headers);
        }
        request
    }

    /// What a peer answered to a write; that it had done so before is passed on to the caller.
    pub(crate) fn answered<T>(&self, response: Response<T>) -> T {
        if response.metadata().contains_key(REPLAYED.as_str()) {
            self.replay.set();
        }
        response.into_inner()
    }

    /// The customer that the caller himself is.
    pub(crate) fn own_customer(&self) -> Answer<String> {
        match &self.identity.scope {
            Scope::Customer(id) => Ok(id.to_string()),
            _ => Err(Failure::new(
                ErrorCode::PermissionDenied,
                "NOT_A_CUSTOMER",
                "/v1/me is for tokens of customers: use /v1/customers/{id}",
            )),
        }
    }
}

/// The idempotency key of a request, if it has one. What it may look like is the services' to say.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Answer<Option<HeaderValue>> {
    let mut keys = headers.get_all(IDEMPOTENCY_KEY).iter();
    let key = keys.next();
    if keys.next().is_some() {
        return Err(Failure::invalid(
            "IDEMPOTENCY_KEY_INVALID",
            "send one Idempotency-Key",
        ));
    }
    Ok(key.cloned())
}

impl<S: Send + Sync> FromRequestParts<S> for Call {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        parts
            .extensions
            .remove::<Self>()
            .ok_or_else(|| AuthError::TokenMissing.into())
    }
}
