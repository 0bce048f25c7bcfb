//! An error as HTTP callers see it: `application/problem+json` (RFC 9457).

use std::time::Duration;

use serde::Serialize;
use tonic::Status;
use tonic_types::StatusExt as _;

use crate::ErrorCode;

/// One field of the request that is wrong, and how to fill it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// Path of the field, such as `phone` or `rows[3].vin`.
    pub field: String,
    /// Stable reason, `SCREAMING_SNAKE`.
    pub reason: String,
    /// What is wrong and how to fill the field. Never the value itself.
    pub message: String,
}

impl Violation {
    /// A violation of one field.
    pub fn new(
        field: impl Into<String>,
        reason: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
            message: message.into(),
        }
    }
}

/// The problem document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Problem {
    /// URI of the page that explains the reason.
    #[serde(rename = "type")]
    pub kind: String,
    /// The code in words.
    pub title: String,
    /// HTTP status.
    pub status: u16,
    /// What happened, for people.
    pub detail: String,
    /// Stable reason, `SCREAMING_SNAKE`, with a page in `docs/errors/`.
    pub reason: String,
    /// The request's id, to be quoted to support.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub request_id: String,
    /// Wrong fields.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub violations: Vec<Violation>,
    /// Seconds to wait before trying again; becomes the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<Duration>,
    /// The code, for the gateway.
    #[serde(skip)]
    pub code: ErrorCode,
}

impl Problem {
    /// A problem made at the gateway itself.
    pub fn new(code: ErrorCode, reason: &str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/docs/errors/{reason}"),
            title: code.default_reason().to_lowercase().replace('_', " "),
            status: code.http().as_u16(),
            detail: detail.into(),
            reason: reason.to_owned(),
            request_id: String::new(),
            violations: Vec::new(),
            retry_after: None,
            code,
        }
    }

    /// The problem with the given violations.
    pub fn with_violations(mut self, violations: Vec<Violation>) -> Self {
        self.violations = violations;
        self
    }

    /// The problem with the time after which a retry may succeed.
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }
}

impl From<Status> for Problem {
    fn from(status: Status) -> Self {
        let code = ErrorCode::from_grpc(status.code());
        let details = status.get_error_details();
        let reason = details
            .error_info()
            .map_or(code.default_reason(), |info| info.reason.as_str());
        let detail = if code == ErrorCode::Internal {
            "internal error"
        } else {
            status.message()
        };
        let mut problem = Self::new(code, reason, detail);
        if let Some(request) = details.bad_request() {
            problem.violations = request
                .field_violations
                .iter()
                .map(read_violation)
                .collect();
        }
        problem.retry_after = details.retry_info().and_then(|info| info.retry_delay);
        problem
    }
}

/// `BadRequest` has no reason of its own: it travels as `REASON: message`.
fn read_violation(violation: &tonic_types::FieldViolation) -> Violation {
    let (reason, message) = violation
        .description
        .split_once(": ")
        .unwrap_or(("INVALID", &violation.description));
    Violation::new(&violation.field, reason, message)
}
