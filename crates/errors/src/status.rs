//! From a service's error to the gRPC status that leaves it.

use std::{collections::HashMap, error::Error, time::Duration};

use tonic::Status;
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::{ERROR_DOMAIN, ErrorCode, Violation};

/// When to try again what is not available just now, unless the error knows better.
const A_WHILE: Duration = Duration::from_secs(1);

/// What a service's one error enum says of each of its variants.
pub trait ServiceError: Error {
    /// The kind of error.
    fn code(&self) -> ErrorCode;

    /// Stable reason, `SCREAMING_SNAKE`, with a page in `docs/errors/`.
    fn reason(&self) -> &'static str {
        self.code().default_reason()
    }

    /// What the caller is told. Never a value of a record, a name, a query or a source's text.
    fn public_message(&self) -> String {
        self.to_string()
    }

    /// Wrong fields of the request.
    fn violations(&self) -> Vec<Violation> {
        Vec::new()
    }

    /// When a retry may succeed.
    fn retry_after(&self) -> Option<Duration> {
        None
    }
}

/// The status of an error, with its details; logs the chain of sources once if it is our fault.
pub fn status(error: &impl ServiceError) -> Status {
    let code = error.code();
    if code.is_our_fault() {
        tracing::error!(error.reason = error.reason(), error.chain = %chain(error), "request failed");
    }
    let mut details = ErrorDetails::with_error_info(error.reason(), ERROR_DOMAIN, HashMap::new());
    for violation in error.violations() {
        let description = format!("{}: {}", violation.reason, violation.message);
        details.add_bad_request_violation(violation.field, description);
    }
    let may_pass = (code == ErrorCode::Unavailable).then_some(A_WHILE);
    if let Some(wait) = error.retry_after().or(may_pass) {
        details.set_retry_info(Some(wait));
    }
    let message = match code {
        ErrorCode::Internal => "internal error".to_owned(),
        _ => error.public_message(),
    };
    Status::with_error_details(code.grpc(), message, details)
}

fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        text.push_str(": ");
        text.push_str(&source.to_string());
        next = source.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Problem;

    #[derive(Debug, thiserror::Error)]
    enum Sample {
        #[error("the phone is not a phone")]
        Phone,
        #[error("disk on fire at /var/lib/x")]
        Broken,
    }

    impl ServiceError for Sample {
        fn code(&self) -> ErrorCode {
            match self {
                Self::Phone => ErrorCode::InvalidArgument,
                Self::Broken => ErrorCode::Internal,
            }
        }

        fn reason(&self) -> &'static str {
            "PHONE_INVALID"
        }

        fn violations(&self) -> Vec<Violation> {
            vec![Violation::new("phone", "FORMAT", "eleven digits: 138…")]
        }
    }

    #[test]
    fn the_gateway_reads_what_the_service_said() {
        let problem = Problem::from(status(&Sample::Phone));
        assert_eq!(problem.status, 400);
        assert_eq!(problem.reason, "PHONE_INVALID");
        assert_eq!(problem.violations[0].reason, "FORMAT");
        assert_eq!(problem.violations[0].message, "eleven digits: 138…");
    }

    #[test]
    fn an_internal_error_tells_nothing() {
        let problem = Problem::from(status(&Sample::Broken));
        assert_eq!(problem.detail, "internal error");
    }
}
