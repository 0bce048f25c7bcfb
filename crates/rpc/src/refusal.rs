//! What the stack and the transport themselves answer, in the same form as the services' errors.

use std::{collections::HashMap, time::Duration};

use http::Response;
use marque_errors::{ERROR_DOMAIN, ErrorCode, ServiceError};
use tonic::{Status, body::Body};
use tonic_types::{ErrorDetails, StatusExt as _};

use crate::RoleName;

/// Why a call got no answer of its service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refusal {
    #[error("the deadline of the call passed before the answer was ready")]
    DeadlineExceeded,
    #[error("too many calls are in progress; try again after the given time")]
    Overloaded,
    #[error("a handler panicked")]
    Panicked,
    #[error("the role {0} cannot be reached; try again after the given time")]
    Unreachable(RoleName),
    #[error(
        "the role {role} could not be reached lately and is left alone; try again after the given time"
    )]
    LeftAlone { role: RoleName, rest: Duration },
    #[error("the calling role may not call this method")]
    NotAllowed,
}

/// Long enough to let a burst pass, short enough for a person who waits.
const RETRY_AFTER: Duration = Duration::from_secs(1);

impl ServiceError for Refusal {
    fn code(&self) -> ErrorCode {
        match self {
            Self::DeadlineExceeded => ErrorCode::Timeout,
            Self::Overloaded | Self::Unreachable(_) | Self::LeftAlone { .. } => {
                ErrorCode::Unavailable
            }
            Self::NotAllowed => ErrorCode::PermissionDenied,
            Self::Panicked => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::Overloaded => "OVERLOADED",
            Self::Panicked => "INTERNAL",
            Self::Unreachable(_) | Self::LeftAlone { .. } => "PEER_UNREACHABLE",
            Self::NotAllowed => "PEER_NOT_ALLOWED",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::LeftAlone { rest, .. } => Some(*rest),
            _ => (self.code() == ErrorCode::Unavailable).then_some(RETRY_AFTER),
        }
    }
}

impl Refusal {
    /// The refusal as a status. Logs nothing: shedding must cost nothing, and all refusals are counted by code.
    pub(crate) fn status(self) -> Status {
        let mut details =
            ErrorDetails::with_error_info(self.reason(), ERROR_DOMAIN, HashMap::new());
        if let Some(wait) = self.retry_after() {
            details.set_retry_info(Some(wait));
        }
        let message = match self {
            Self::Panicked => "internal error".to_owned(),
            _ => self.to_string(),
        };
        Status::with_error_details(self.code().grpc(), message, details)
    }

    /// The refusal as a whole response.
    pub(crate) fn response(self) -> Response<Body> {
        self.status().into_http()
    }
}
