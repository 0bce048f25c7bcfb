//! What can go wrong in the network service.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_ledger::IdempotencyError;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Page(#[from] InvalidPage),
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    #[error("the request has wrong fields")]
    Invalid(Vec<Violation>),
    #[error("no such dealer")]
    DealerUnknown,
    #[error("somebody changed this dealer first: read it again")]
    DealerChanged,
    #[error("this member of staff is there already")]
    StaffExists,
    #[error("the network's store failed")]
    Store(#[from] StoreError),
    #[error("a phone cannot be sealed or opened")]
    Vault(#[from] marque_vault::VaultError),
}

impl AsStoreError for Error {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl ServiceError for Error {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Auth(error) => error.code(),
            Self::Idempotency(error) => error.code(),
            Self::Page(_) | Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::DealerUnknown => ErrorCode::NotFound,
            Self::DealerChanged => ErrorCode::Conflict,
            Self::StaffExists => ErrorCode::AlreadyExists,
            Self::Store(error) if error.is_transient() => ErrorCode::Unavailable,
            Self::Store(_) | Self::Vault(_) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.reason(),
            Self::Idempotency(error) => error.reason(),
            Self::Page(_) => "PAGE_INVALID",
            Self::DealerUnknown => "DEALER_UNKNOWN",
            Self::DealerChanged => "DEALER_CHANGED",
            Self::Invalid(_) | Self::StaffExists | Self::Store(_) | Self::Vault(_) => {
                self.code().default_reason()
            }
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            _ => Vec::new(),
        }
    }
}
