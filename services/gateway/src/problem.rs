//! How a request fails: one form for everything, `application/problem+json`.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use marque_auth::AuthError;
use marque_errors::{ErrorCode, Problem, Violation};
use tonic::Status;

/// The media type of problems (RFC 9457).
pub(crate) const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request gets no answer. Boxed, for it travels in every `Result`.
#[derive(Debug, Clone)]
pub(crate) struct Failure(Box<Problem>);

/// What handlers return.
pub(crate) type Answer<T = Response> = Result<T, Failure>;

impl Failure {
    /// A failure found at the gateway itself.
    pub(crate) fn new(code: ErrorCode, reason: &str, detail: impl Into<String>) -> Self {
        Self(Box::new(Problem::new(code, reason, detail)))
    }

    /// Wrong input.
    pub(crate) fn invalid(reason: &str, detail: impl Into<String>) -> Self {
        Self::new(ErrorCode::InvalidArgument, reason, detail)
    }

    /// One wrong field.
    pub(crate) fn field(
        field: impl Into<String>,
        reason: &str,
        message: impl Into<String>,
    ) -> Self {
        Self::fields(vec![Violation::new(field, reason, message)])
    }

    /// Wrong fields.
    pub(crate) fn fields(violations: Vec<Violation>) -> Self {
        let mut failure = Self::invalid("INVALID_ARGUMENT", "the request has wrong fields");
        failure.0.violations = violations;
        failure
    }

    /// With the wrong fields under other names.
    pub(crate) fn map_fields(mut self, rename: impl Fn(&str) -> String) -> Self {
        for violation in &mut self.0.violations {
            violation.field = rename(&violation.field);
        }
        self
    }

    /// With wrong fields named as the request has them, where a role knows them by other names: (the role's, the request's).
    pub(crate) fn rename(self, names: &[(&str, &str)]) -> Self {
        self.map_fields(|field| {
            let renamed = names.iter().find(|(role, _)| *role == field);
            renamed.map_or(field, |(_, own)| *own).to_owned()
        })
    }

    /// Answered with a status of HTTP that the list of codes does not have.
    pub(crate) fn with_status(mut self, status: StatusCode) -> Self {
        self.0.status = status.as_u16();
        if let Some(words) = status.canonical_reason() {
            self.0.title = words.to_lowercase();
        }
        self
    }

    /// With the time after which a retry may succeed.
    pub(crate) fn with_retry_after(mut self, wait: Duration) -> Self {
        self.0.retry_after = Some(wait);
        self
    }

    /// The code.
    pub(crate) fn code(&self) -> ErrorCode {
        self.0.code
    }

    /// Its reason.
    pub(crate) fn reason(&self) -> &str {
        &self.0.reason
    }

    /// The problem, for tests of what is in it.
    #[cfg(test)]
    pub(crate) fn problem(&self) -> &Problem {
        &self.0
    }

    /// The whole answer, with the id of the request.
    pub(crate) fn render(mut self, request_id: &str) -> Response {
        request_id.clone_into(&mut self.0.request_id);
        let body = serde_json::to_vec(&self.0).expect("a problem is text and numbers");
        let mut response = Response::new(Body::from(body));
        *response.status_mut() =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
        if let Some(wait) = self.0.retry_after {
            let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds.max(1)));
        }
        if self.0.status == StatusCode::UNAUTHORIZED.as_u16() {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<Status> for Failure {
    fn from(status: Status) -> Self {
        Self(Box::new(Problem::from(status)))
    }
}

impl From<AuthError> for Failure {
    fn from(error: AuthError) -> Self {
        Self::from(Status::from(error))
    }
}

/// Only the edge knows the request's id: it finds the failure in the extensions and renders it.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let mut response = Response::new(Body::empty());
        *response.status_mut() =
            StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        response.extensions_mut().insert(self);
        response
    }
}
