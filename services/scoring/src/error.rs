//! What can go wrong in the scoring service.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_intake::IntakeError;
use marque_ledger::IdempotencyError;

pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;

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
    #[error("no such customer")]
    CustomerUnknown,
    #[error("no such vehicle")]
    VehicleUnknown,
    #[error("the service-history service cannot be asked now")]
    History(#[source] Box<tonic::Status>),
    #[error("the vehicle service cannot be asked now who may see the car")]
    Cars(#[source] Box<tonic::Status>),
    #[error("the customer service cannot be asked now who withdrew consent")]
    Consents(#[source] Box<tonic::Status>),
    #[error("there is no model of this version")]
    ModelUnknown,
    #[error("this version is another model already: give the changed model a new version")]
    ModelTaken,
    #[error("no such terms are promised to these cars from this day on")]
    TermsUnknown,
    #[error(
        "the person of this key was erased on request: nothing comes in under it any more, a new contract comes under a new key"
    )]
    RecordErased,
    #[error("it is there already")]
    Exists,
    #[error("too few customers to fit the model to")]
    TooFew,
    #[error(transparent)]
    Dealer(#[from] IntakeError),
    #[error("the scoring store failed")]
    Store(#[from] StoreError),
    #[error("a computation was cut off")]
    CutOff(#[from] tokio::task::JoinError),
}

impl Error {
    /// One wrong field and how to fill it.
    pub(crate) fn field(field: &str, reason: &'static str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, reason, message)])
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
            Self::Dealer(error) => error.code(),
            Self::Page(_) | Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::CustomerUnknown
            | Self::VehicleUnknown
            | Self::ModelUnknown
            | Self::TermsUnknown => ErrorCode::NotFound,
            Self::Cars(status) => ErrorCode::from_grpc(status.code()),
            // This service asked as itself: that it may not is no fault of its caller.
            Self::History(status) | Self::Consents(status) => {
                match ErrorCode::from_grpc(status.code()) {
                    ErrorCode::Timeout => ErrorCode::Timeout,
                    _ => ErrorCode::Unavailable,
                }
            }
            Self::ModelTaken | Self::Exists => ErrorCode::AlreadyExists,
            Self::RecordErased | Self::TooFew => ErrorCode::FailedPrecondition,
            Self::Store(error) if error.is_transient() => ErrorCode::Unavailable,
            Self::Store(_) | Self::CutOff(_) => ErrorCode::Internal,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Auth(error) => error.reason(),
            Self::Idempotency(error) => error.reason(),
            Self::Dealer(error) => error.reason(),
            Self::Page(_) => "PAGE_INVALID",
            Self::CustomerUnknown => "CUSTOMER_UNKNOWN",
            Self::VehicleUnknown => "VEHICLE_UNKNOWN",
            Self::ModelUnknown => "MODEL_UNKNOWN",
            Self::ModelTaken => "MODEL_VERSION_TAKEN",
            Self::TermsUnknown => "GUARANTEE_TERMS_UNKNOWN",
            Self::RecordErased => "RECORD_ERASED",
            Self::TooFew => "TOO_FEW_CUSTOMERS",
            Self::Invalid(_)
            | Self::Exists
            | Self::Store(_)
            | Self::CutOff(_)
            | Self::History(_)
            | Self::Cars(_)
            | Self::Consents(_) => self.code().default_reason(),
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
