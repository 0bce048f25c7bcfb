//! What can go wrong with an import as a whole.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_ledger::IdempotencyError;
use tonic::Status;

/// An import's failure.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// Who calls may not.
    #[error(transparent)]
    Auth(#[from] AuthError),
    /// The Idempotency-Key.
    #[error(transparent)]
    Key(#[from] IdempotencyError),
    /// The page asked for.
    #[error(transparent)]
    Page(#[from] InvalidPage),
    /// The start message of an import, or the dealer of another request, is wrong.
    #[error("the request has wrong fields")]
    Invalid(Vec<Violation>),
    /// The first message must be `start`, all others `chunk`.
    #[error("an import begins with start, followed by chunks only")]
    OutOfOrder,
    /// No dealer of that code in the caller's scope.
    #[error("no such dealer: create it with PUT /v1/dealers/{{dealer}} first, or correct the code")]
    DealerUnknown,
    /// No import of that id in the caller's scope.
    #[error("no such import")]
    ImportUnknown,
    /// Its rows are kept for [`crate::ROWS_KEPT`] after its end.
    #[error("the rows of this import are no longer kept: send the file again")]
    RowsForgotten,
    /// The file is larger than is allowed.
    #[error("the file is larger than {limit} bytes: split it")]
    TooLarge {
        /// Most bytes.
        limit: u64,
    },
    /// The spool cannot be written.
    #[error("the file cannot be stored")]
    Spool(#[from] std::io::Error),
    /// The store failed.
    #[error("the import's store failed")]
    Store(#[from] StoreError),
    /// A file cannot be sealed, or a row that is held back cannot be sealed or opened.
    #[error("a file or row cannot be sealed or opened")]
    Vault(#[from] marque_vault::VaultError),
    /// The caller's stream ended with an error.
    #[error("the file broke off before its end: nothing was taken in, send it again")]
    Broken(#[source] Box<Status>),
    /// The network service did not answer.
    #[error("the dealer cannot be checked now")]
    Network(#[source] Box<Status>),
}

impl AsStoreError for IntakeError {
    fn as_store_error(&self) -> Option<&StoreError> {
        match self {
            Self::Store(error) => Some(error),
            _ => None,
        }
    }
}

impl ServiceError for IntakeError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Auth(error) => error.code(),
            Self::Key(error) => error.code(),
            Self::Page(_) | Self::Invalid(_) | Self::OutOfOrder | Self::TooLarge { .. } => {
                ErrorCode::InvalidArgument
            }
            Self::DealerUnknown | Self::ImportUnknown | Self::RowsForgotten => ErrorCode::NotFound,
            Self::Store(error) if error.is_transient() => ErrorCode::Unavailable,
            Self::Spool(_) => ErrorCode::Unavailable,
            Self::Store(_) | Self::Vault(_) => ErrorCode::Internal,
            Self::Broken(status) | Self::Network(status) => ErrorCode::from_grpc(status.code()),
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.reason(),
            Self::Key(error) => error.reason(),
            Self::Page(_) => "PAGE_INVALID",
            Self::OutOfOrder => "IMPORT_OUT_OF_ORDER",
            Self::TooLarge { .. } => "IMPORT_TOO_LARGE",
            Self::DealerUnknown => "DEALER_UNKNOWN",
            Self::ImportUnknown => "IMPORT_UNKNOWN",
            Self::RowsForgotten => "IMPORT_ROWS_FORGOTTEN",
            Self::Broken(_) => "BODY_BROKEN",
            _ => self.code().default_reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            _ => Vec::new(),
        }
    }
}
