//! Why a call is refused.

use std::io;

use marque_config::secret_file::SecretFileError;
use marque_errors::{ErrorCode, ServiceError};

pub use crate::oidc::FetchError;

/// Why a call is refused. Deliberately few: a bad token is never told apart from another bad token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    /// The call carries no token.
    #[error("a token is needed: send it as `authorization: Bearer …`")]
    TokenMissing,
    /// The token is not good; the log of the service says why, the caller is not told.
    #[error("the token is not valid: get a new one")]
    TokenInvalid,
    /// The token is good, but none of its roles may do this.
    #[error("none of the caller's roles may do this")]
    RoleMissing,
    /// No key of the issuer has been read since the start, so that no token can be judged.
    #[error("the token issuer cannot be reached: try again shortly")]
    IssuerUnavailable,
}

impl ServiceError for AuthError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::TokenMissing | Self::TokenInvalid => ErrorCode::Unauthenticated,
            Self::RoleMissing => ErrorCode::PermissionDenied,
            Self::IssuerUnavailable => ErrorCode::Unavailable,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::TokenMissing => "TOKEN_MISSING",
            Self::TokenInvalid => "TOKEN_INVALID",
            Self::RoleMissing => "ROLE_MISSING",
            Self::IssuerUnavailable => "ISSUER_UNAVAILABLE",
        }
    }
}

impl From<AuthError> for tonic::Status {
    fn from(error: AuthError) -> Self {
        marque_errors::status(&error)
    }
}

/// Keys or trust cannot be set up at the start.
#[derive(Debug, thiserror::Error)]
pub enum AuthSetupError {
    /// A file of public keys cannot be read or written.
    #[error("the key file {path} cannot be read or written")]
    File {
        /// Path of the file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of secrets cannot be read, written or trusted.
    #[error("a key cannot be used")]
    Secret(#[from] SecretFileError),
    /// A key file holds no key of the expected kind. What stands in it is not quoted.
    #[error("{path} holds no usable key: {expected}")]
    BadKey {
        /// Path of the file.
        path: String,
        /// What should stand there.
        expected: &'static str,
    },
    /// The issuer's address would let anybody on the way exchange its keys.
    #[error(
        "the issuer {issuer} is not an https:// URL (http:// is for 127.0.0.1 and localhost only)"
    )]
    InsecureIssuer {
        /// The address as given.
        issuer: String,
    },
    /// The HTTP client for the issuer's keys cannot be made.
    #[error("the client for the issuer's keys cannot be made")]
    Client(#[source] reqwest::Error),
    /// The issuer's keys cannot be read: until they can, every token is refused.
    #[error("the keys of {issuer} cannot be read")]
    IssuerKeys {
        /// The address as given.
        issuer: String,
        /// Why; nothing that the issuer sent.
        #[source]
        source: FetchError,
    },
    /// The system gave no random bytes.
    #[error("the system gave no random bytes for a key")]
    NoRandomness,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_caller_learns_whether_to_log_in_to_give_up_or_to_wait() {
        for (error, code, reason) in [
            (
                AuthError::TokenMissing,
                ErrorCode::Unauthenticated,
                "TOKEN_MISSING",
            ),
            (
                AuthError::TokenInvalid,
                ErrorCode::Unauthenticated,
                "TOKEN_INVALID",
            ),
            (
                AuthError::RoleMissing,
                ErrorCode::PermissionDenied,
                "ROLE_MISSING",
            ),
            (
                AuthError::IssuerUnavailable,
                ErrorCode::Unavailable,
                "ISSUER_UNAVAILABLE",
            ),
        ] {
            assert_eq!((error.code(), error.reason()), (code, reason));
        }
    }
}
