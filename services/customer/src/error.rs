//! What can go wrong in the customer service.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_intake::IntakeError;
use marque_ledger::IdempotencyError;
use marque_vault::VaultError;

pub(crate) type Result<T> = std::result::Result<T, Error>;

#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error(transparent)]
    Auth(#[from] AuthError),
    #[error(transparent)]
    Page(#[from] InvalidPage),
    #[error(transparent)]
    Idempotency(#[from] IdempotencyError),
    /// The dealer is checked as imports check it.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    #[error("the request has wrong fields")]
    Invalid(Vec<Violation>),
    #[error("the record cannot be taken in")]
    Rejected(Vec<Violation>),
    #[error("no such customer")]
    CustomerUnknown,
    #[error("somebody changed this customer first: read him again")]
    CustomerChanged,
    #[error("the customer has said his word on this purpose already")]
    ConsentExists,
    #[error("no such source record")]
    RecordUnknown,
    #[error("somebody changed this record first: read it again")]
    RecordChanged,
    #[error("no such merge or split")]
    MoveUnknown,
    #[error("no such pair")]
    DuplicateUnknown,
    #[error("no such request to be forgotten")]
    ErasureUnknown,
    #[error("the request is {0}: that stands")]
    ErasureDecided(&'static str),
    #[error(
        "records left this customer since the request: refuse it, and ask anew for the right one"
    )]
    CustomerParted,
    #[error("the person of this key was erased; a new contract comes under a new key")]
    RecordErased,
    #[error("these are one customer already")]
    SameCustomer,
    #[error("a person and an organization cannot be one customer")]
    KindsDiffer,
    #[error("this was undone already")]
    UndoneAlready,
    #[error("the pair was called {0} already; what was merged is taken back by undoing the merge")]
    DecidedAlready(&'static str),
    #[error("a later merge or split stands on this one: undo {0} first")]
    Superseded(String),
    #[error("nobody would leave, or nobody stay: name some of the customer's records, not all")]
    NothingToSplit,
    /// Never leaves the service: the write is done again alone.
    #[error("customers must be joined, which waits for others who link")]
    JoinsWait,
    #[error("the customers' store failed")]
    Store(#[from] StoreError),
    #[error("a record cannot be sealed or opened")]
    Vault(#[from] VaultError),
}

impl Error {
    /// Whether it would be the same again, however often it is tried.
    pub(crate) fn is_lasting(&self) -> bool {
        match self {
            Self::Store(error) => error.is_of_the_data(),
            _ => true,
        }
    }
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
            Self::Intake(error) => error.code(),
            Self::Page(_) | Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::CustomerUnknown
            | Self::MoveUnknown
            | Self::DuplicateUnknown
            | Self::RecordUnknown
            | Self::ErasureUnknown => ErrorCode::NotFound,
            Self::Rejected(_)
            | Self::ErasureDecided(_)
            | Self::CustomerParted
            | Self::RecordErased
            | Self::SameCustomer
            | Self::KindsDiffer
            | Self::UndoneAlready
            | Self::DecidedAlready(_)
            | Self::Superseded(_)
            | Self::NothingToSplit => ErrorCode::FailedPrecondition,
            Self::CustomerChanged | Self::RecordChanged => ErrorCode::Conflict,
            Self::ConsentExists => ErrorCode::AlreadyExists,
            Self::Store(error) if error.is_transient() => ErrorCode::Unavailable,
            Self::JoinsWait => ErrorCode::Unavailable,
            Self::Store(_) | Self::Vault(_) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.reason(),
            Self::Idempotency(error) => error.reason(),
            Self::Intake(error) => error.reason(),
            Self::Page(_) => "PAGE_INVALID",
            Self::Rejected(_) => "RECORD_REJECTED",
            Self::CustomerUnknown => "CUSTOMER_UNKNOWN",
            Self::CustomerChanged => "CUSTOMER_CHANGED",
            Self::RecordChanged => "RECORD_CHANGED",
            Self::RecordUnknown => "RECORD_UNKNOWN",
            Self::MoveUnknown => "MERGE_UNKNOWN",
            Self::DuplicateUnknown => "DUPLICATE_UNKNOWN",
            Self::ErasureUnknown => "ERASURE_UNKNOWN",
            Self::ErasureDecided(_) => "ERASURE_DECIDED",
            Self::CustomerParted => "CUSTOMER_PARTED",
            Self::RecordErased => "RECORD_ERASED",
            Self::SameCustomer => "SAME_CUSTOMER",
            Self::KindsDiffer => "KINDS_DIFFER",
            Self::UndoneAlready => "UNDONE_ALREADY",
            Self::DecidedAlready(_) => "DECIDED_ALREADY",
            Self::Superseded(_) => "SUPERSEDED",
            Self::NothingToSplit => "NOTHING_TO_SPLIT",
            Self::Invalid(_)
            | Self::ConsentExists
            | Self::JoinsWait
            | Self::Store(_)
            | Self::Vault(_) => self.code().default_reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) | Self::Rejected(violations) => violations.clone(),
            Self::Intake(error) => error.violations(),
            _ => Vec::new(),
        }
    }
}
