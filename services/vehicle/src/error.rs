//! What can go wrong in the vehicle service.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_intake::IntakeError;
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
    #[error("no such vehicle")]
    VehicleUnknown,
    #[error("somebody changed this vehicle first: read it again")]
    VehicleChanged,
    #[error(transparent)]
    Dealer(#[from] IntakeError),
    #[error("the vehicle store failed")]
    Store(#[from] StoreError),
    #[error("a row cannot be sealed")]
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
            Self::Dealer(error) => error.code(),
            Self::Page(_) | Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::VehicleUnknown => ErrorCode::NotFound,
            Self::VehicleChanged => ErrorCode::Conflict,
            Self::Store(error) if error.is_transient() => ErrorCode::Unavailable,
            Self::Store(_) | Self::Vault(_) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.reason(),
            Self::Idempotency(error) => error.reason(),
            Self::Dealer(error) => error.reason(),
            Self::Page(_) => "PAGE_INVALID",
            Self::VehicleUnknown => "VEHICLE_UNKNOWN",
            Self::VehicleChanged => "VEHICLE_CHANGED",
            Self::Invalid(_) | Self::Store(_) | Self::Vault(_) => self.code().default_reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::Dealer(error) => error.violations(),
            _ => Vec::new(),
        }
    }
}
