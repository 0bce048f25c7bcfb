//! What a call hands on to the calls it makes: who asks, under which id, until when.

use std::{fmt, sync::Arc, time::Duration};

use http::{Extensions, HeaderMap, HeaderName, HeaderValue, header::AUTHORIZATION};
use tonic::{Request, metadata::MetadataMap};
use uuid::Uuid;

use crate::{Deadline, deadline};

/// The header of the request id, on HTTP and gRPC.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// W3C trace context.
const TRACEPARENT: HeaderName = HeaderName::from_static("traceparent");

/// Longest request id that we take from a caller.
const REQUEST_ID_MAX: usize = 64;

/// The id of one request from the outside and all calls made for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RequestId(Arc<str>);

impl RequestId {
    /// A new random id.
    pub fn random() -> Self {
        Self(Uuid::new_v4().as_simple().to_string().into())
    }

    /// Takes a caller's id if it is 1 to 64 letters, digits, `-`, `_` or `.`: nothing that could forge a log line.
    pub fn parse(text: &str) -> Option<Self> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        let fits = (1..=REQUEST_ID_MAX).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.into()))
    }

    /// The caller's id, or a new one if he sent none or not a good one.
    pub fn of(headers: &HeaderMap) -> Self {
        headers
            .get(REQUEST_ID)
            .and_then(|value| value.to_str().ok())
            .and_then(Self::parse)
            .unwrap_or_else(Self::random)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a call hands on to the calls it makes. Cheap to clone.
///
/// In a handler it comes from the request ([`CallMeta::of`]); the gateway and jobs make one ([`CallMeta::new`]).
#[derive(Clone)]
pub struct CallMeta {
    request_id: RequestId,
    authorization: Option<HeaderValue>,
    deadline: Option<Deadline>,
    traceparent: Option<HeaderValue>,
}

impl CallMeta {
    /// The beginning of a chain of calls, without a token and with the transport's default deadline.
    pub fn new(request_id: RequestId) -> Self {
        Self {
            request_id,
            authorization: None,
            deadline: None,
            traceparent: None,
        }
    }

    /// What the request being handled hands on. A request that did not pass the stack begins a chain.
    pub fn of<T>(request: &Request<T>) -> Self {
        Self::in_extensions(request.extensions()).unwrap_or_else(|| Self::new(RequestId::random()))
    }

    /// The same from an HTTP request's extensions, where the stack left it.
    pub fn in_extensions(extensions: &Extensions) -> Option<Self> {
        extensions.get::<Self>().cloned()
    }

    /// What an HTTP request's headers hand on; the deadline is set apart.
    pub fn from_headers(headers: &HeaderMap) -> Self {
        let mut authorization = headers.get(AUTHORIZATION).cloned();
        if let Some(value) = &mut authorization {
            value.set_sensitive(true);
        }
        Self {
            request_id: RequestId::of(headers),
            authorization,
            deadline: None,
            traceparent: headers.get(TRACEPARENT).cloned(),
        }
    }

    /// With a bearer token to send along. A token that cannot be a header value is left out and so refused by the callee.
    pub fn with_token(mut self, token: &str) -> Self {
        self.authorization = HeaderValue::try_from(format!("Bearer {token}")).ok();
        if let Some(value) = &mut self.authorization {
            value.set_sensitive(true);
        }
        self
    }

    /// With the deadline that every call made from here shares.
    pub fn with_deadline(mut self, deadline: Deadline) -> Self {
        self.deadline = Some(deadline);
        self
    }

    /// With a deadline `budget` from now, or the one it has if that is earlier.
    pub fn within(self, budget: Duration) -> Self {
        let deadline = self.deadline.map_or_else(
            || Deadline::after(budget),
            |deadline| deadline.at_most(budget),
        );
        self.with_deadline(deadline)
    }

    /// The request's id.
    pub fn request_id(&self) -> &RequestId {
        &self.request_id
    }

    /// The deadline that the calls share.
    pub fn deadline(&self) -> Option<Deadline> {
        self.deadline
    }

    /// The bearer token, without `Bearer `.
    pub fn token(&self) -> Option<&str> {
        self.authorization
            .as_ref()?
            .to_str()
            .ok()?
            .strip_prefix("Bearer ")
    }

    /// The request for a peer: the message with this token, request id, trace and what is left of the deadline.
    pub fn outgoing<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        let mut headers = std::mem::take(request.metadata_mut()).into_headers();
        self.write(&mut headers);
        *request.metadata_mut() = MetadataMap::from_headers(headers);
        request
    }

    fn write(&self, headers: &mut HeaderMap) {
        let id =
            HeaderValue::from_str(self.request_id.as_str()).expect("a request id is plain ASCII");
        headers.insert(REQUEST_ID, id);
        if let Some(value) = &self.authorization {
            headers.insert(AUTHORIZATION, value.clone());
        }
        if let Some(value) = &self.traceparent {
            headers.insert(TRACEPARENT, value.clone());
        }
        if let Some(deadline) = self.deadline {
            deadline::write(deadline.remaining(), headers);
        }
    }
}

impl fmt::Debug for CallMeta {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallMeta")
            .field("request_id", &self.request_id.as_str())
            .field("has_token", &self.authorization.is_some())
            .field("deadline", &self.deadline)
            .finish_non_exhaustive()
    }
}
