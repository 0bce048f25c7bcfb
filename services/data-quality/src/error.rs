//! What can go wrong in the data-quality service.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_ledger::IdempotencyError;
use marque_quality::standard::StandardError;

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
    #[error("the text is no standard: {0}")]
    StandardInvalid(StandardError),
    #[error("this version is or was in force and stays as it is: write version {next}")]
    StandardFixed { next: u32 },
    #[error("no such dealer")]
    DealerUnknown,
    #[error("no such clerk or department of the dealer")]
    StaffUnknown,
    #[error("no such region")]
    RegionUnknown,
    #[error("no such finding")]
    FindingUnknown,
    #[error("the finding is mended: there is nothing to decide")]
    FindingMended,
    #[error("no such alert")]
    AlertUnknown,
    #[error("the alert is closed: if the cause comes again, there will be a new one")]
    AlertClosed,
    #[error("no such work list")]
    WorkListUnknown,
    #[error("there is no record to draw: nothing fits dealer, region and month")]
    NothingToDraw,
    #[error("the entries could not be compared")]
    Compare,
    #[error("the quality store failed")]
    Store(#[from] StoreError),
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
            Self::Page(_) | Self::Invalid(_) | Self::StandardInvalid(_) => {
                ErrorCode::InvalidArgument
            }
            Self::DealerUnknown
            | Self::StaffUnknown
            | Self::RegionUnknown
            | Self::FindingUnknown
            | Self::AlertUnknown
            | Self::WorkListUnknown => ErrorCode::NotFound,
            Self::StandardFixed { .. }
            | Self::FindingMended
            | Self::AlertClosed
            | Self::NothingToDraw => ErrorCode::FailedPrecondition,
            Self::Store(error) if error.is_transient() => ErrorCode::Unavailable,
            Self::Store(_) | Self::Compare => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.reason(),
            Self::Idempotency(error) => error.reason(),
            Self::Page(_) => "PAGE_INVALID",
            Self::StandardInvalid(_) => "STANDARD_INVALID",
            Self::StandardFixed { .. } => "STANDARD_FIXED",
            Self::DealerUnknown => "DEALER_UNKNOWN",
            Self::StaffUnknown => "STAFF_UNKNOWN",
            Self::RegionUnknown => "REGION_UNKNOWN",
            Self::FindingUnknown => "FINDING_UNKNOWN",
            Self::FindingMended => "FINDING_MENDED",
            Self::AlertUnknown => "ALERT_UNKNOWN",
            Self::AlertClosed => "ALERT_CLOSED",
            Self::WorkListUnknown => "WORK_LIST_UNKNOWN",
            Self::NothingToDraw => "NOTHING_TO_DRAW",
            Self::Invalid(_) | Self::Store(_) | Self::Compare => self.code().default_reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::StandardInvalid(error) => {
                vec![Violation::new(
                    "text",
                    "STANDARD_INVALID",
                    error.to_string(),
                )]
            }
            _ => Vec::new(),
        }
    }
}
