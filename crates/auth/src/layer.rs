//! The layer before every gRPC service: token, role, context, in this order and before the request is read.

use std::{
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::{BoxFuture, Either};
use http::{HeaderMap, Request, Response, header::AUTHORIZATION};
use marque_core::{ReplayMark, SharedClock, new_uuid};
use tower::{Layer, Service};

use crate::{AuthError, CallContext, Identity, Verifier, authorize};

/// Puts an [`AuthService`] before a service.
#[derive(Debug, Clone)]
pub struct AuthLayer {
    verifier: Verifier,
    clock: SharedClock,
}

/// Verifies the token, checks the method's declared roles, and leaves a [`CallContext`] in the request's extensions.
/// Works on any body, so that it stands in the in-memory transport as it does before a socket.
#[derive(Debug, Clone)]
pub struct AuthService<S> {
    inner: S,
    auth: AuthLayer,
}

/// The answer: at once from the service or the refusal, boxed only when an issuer has to be asked.
pub type AuthFuture<F, R, E> =
    Either<Either<F, Ready<Result<Response<R>, E>>>, BoxFuture<'static, Result<Response<R>, E>>>;

impl AuthLayer {
    /// A layer that lets nobody through without a token.
    pub fn new(verifier: Verifier, clock: SharedClock) -> Self {
        Self { verifier, clock }
    }

    /// `Ok(None)` if an issuer has to be asked first.
    fn check<B>(&self, request: &Request<B>) -> Result<Option<Arc<Identity>>, AuthError> {
        let token = bearer(request.headers())?;
        self.verifier
            .verify_at_once(token, self.clock.now())
            .transpose()
    }

    fn admit<B>(&self, request: &mut Request<B>, identity: &Identity) -> Result<(), AuthError> {
        authorize(request.uri().path(), identity.roles)?;
        let id = request_id(request.headers()).map_or_else(|| self.new_request_id(), Into::into);
        let mut context = CallContext::request(identity, id);
        if let Some(mark) = request.extensions().get::<ReplayMark>() {
            context = context.with_replay_mark(mark.clone());
        }
        request.extensions_mut().insert(context);
        Ok(())
    }

    fn new_request_id(&self) -> Arc<str> {
        new_uuid(&*self.clock).simple().to_string().into()
    }
}

impl<S> Layer<S> for AuthLayer {
    type Service = AuthService<S>;

    fn layer(&self, inner: S) -> AuthService<S> {
        AuthService {
            inner,
            auth: self.clone(),
        }
    }
}

impl<S, B, R> Service<Request<B>> for AuthService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
    B: Send + 'static,
    R: Default + Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AuthFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> Self::Future {
        // Whatever the transport carried along, a context is made here or there is none.
        request.extensions_mut().remove::<CallContext>();
        let checked = self.auth.check(&request).and_then(|found| match found {
            Some(identity) => self.auth.admit(&mut request, &identity).map(|()| true),
            None => Ok(false),
        });
        match checked {
            Ok(true) => Either::Left(Either::Left(self.inner.call(request))),
            Ok(false) => self.call_later(request),
            Err(error) => Either::Left(Either::Right(ready(Ok(refusal(error))))),
        }
    }
}

impl<S> AuthService<S> {
    /// Asks the issuer for its keys, then goes on.
    fn call_later<B, R>(&mut self, mut request: Request<B>) -> AuthFuture<S::Future, R, S::Error>
    where
        S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
        S::Future: Send,
        S::Error: Send,
        B: Send + 'static,
        R: Default + Send + 'static,
    {
        // The service that was polled ready is the one to be called; the clone stays behind.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let auth = self.auth.clone();
        Either::Right(Box::pin(async move {
            let token = bearer(request.headers()).map(ToOwned::to_owned);
            let verified = match token {
                Ok(token) => auth.verifier.verify(&token, auth.clock.now()).await,
                Err(error) => Err(error),
            };
            match verified.and_then(|identity| auth.admit(&mut request, &identity)) {
                Ok(()) => inner.call(request).await,
                Err(error) => Ok(refusal(error)),
            }
        }))
    }
}

fn refusal<R: Default>(error: AuthError) -> Response<R> {
    tonic::Status::from(error).into_http()
}

/// The token of `authorization: Bearer …`.
///
/// # Errors
/// [`AuthError::TokenMissing`] without the header, [`AuthError::TokenInvalid`] if it is another scheme or given twice.
pub fn bearer(headers: &HeaderMap) -> Result<&str, AuthError> {
    let mut values = headers.get_all(AUTHORIZATION).iter();
    let value = values.next().ok_or(AuthError::TokenMissing)?;
    if values.next().is_some() {
        return Err(AuthError::TokenInvalid);
    }
    let text = value.to_str().map_err(|_| AuthError::TokenInvalid)?;
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") && !token.is_empty() => {
            Ok(token)
        }
        _ => Err(AuthError::TokenInvalid),
    }
}

/// The caller's `x-request-id`, if it is fit for a log: 1 to 128 letters, digits, `-`, `_` or `.`.
pub fn request_id(headers: &HeaderMap) -> Option<&str> {
    let id = headers.get("x-request-id")?.to_str().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    ((1..=128).contains(&id.len()) && id.bytes().all(plain)).then_some(id)
}
