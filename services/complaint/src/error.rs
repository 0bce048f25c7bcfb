//! What can go wrong in the complaint service.

use marque_auth::AuthError;
use marque_core::InvalidPage;
use marque_db::{AsStoreError, StoreError};
use marque_errors::{ErrorCode, ServiceError, Violation};
use marque_intake::IntakeError;
use marque_ledger::IdempotencyError;

use crate::domain::{MOST_ATTACHMENTS, REOPEN_DAYS, Refusal, State};

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
    #[error("no such complaint")]
    ComplaintUnknown,
    #[error("no such solution")]
    SolutionUnknown,
    #[error("no such task on this complaint")]
    TaskUnknown,
    #[error("no such customer")]
    CustomerUnknown,
    #[error("no such visit to this dealer")]
    VisitUnknown,
    #[error("a complaint that is {from} {}", told(*.to, .allowed))]
    MoveRefused {
        from: &'static str,
        to: State,
        allowed: Vec<State>,
    },
    #[error("{0} tasks that the case needs are open: finish or cancel them first")]
    TasksOpen(usize),
    #[error("more than {REOPEN_DAYS} days have passed since it ended: open a new complaint")]
    TooLate,
    #[error("whose case it was is erased: there is nobody for whom it could be opened again")]
    Erased,
    #[error("this task has ended already")]
    TaskEnded,
    #[error("no such file on this complaint")]
    AttachmentUnknown,
    #[error(
        "files are pictures, recordings or PDF, told by their bytes: send JPEG, PNG, WebP, HEIF, GIF, BMP, PDF, MP4, MOV, \
         MP3, M4A, AMR, WAV or OGG"
    )]
    FileType,
    #[error("a file has at most {0} bytes")]
    FileTooLarge(usize),
    #[error("a complaint has at most {MOST_ATTACHMENTS} files")]
    FilesFull,
    #[error("a file begins with start, followed by chunks only")]
    FileOutOfOrder,
    #[error("the file broke off before its end: nothing was taken in, send it again")]
    FileBroken,
    #[error("the store of files failed")]
    Files(#[source] object_store::Error),
    #[error("no such compensation on this complaint")]
    CompensationUnknown,
    #[error("this compensation is {0} already")]
    CompensationDecided(&'static str),
    #[error(
        "with it the case would have been given {worth}, your limit is {limit}: it is for {}",
        whom(.may)
    )]
    CompensationLimit {
        worth: String,
        limit: String,
        may: Vec<&'static str>,
    },
    #[error("this is of the whole network: it is for headquarters")]
    HeadquartersOnly,
    #[error("somebody changed it first: read it again")]
    Changed,
    #[error(
        "{0} is open for the same customer, vehicle and category: add to it, or say another_matter = true to open a second"
    )]
    MayRepeat(String),
    #[error(
        "the person of this key was erased on request: nothing comes in under it any more, a new contract comes under a new key"
    )]
    RecordErased,
    #[error("{0} has this complaint_key already")]
    Exists(String),
    #[error("it is there already")]
    ThereAlready,
    #[error(transparent)]
    Dealer(#[from] IntakeError),
    #[error("the customer cannot be checked now")]
    Customers(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the visit cannot be checked now: leave it out and add it later, or try again")]
    Visits(#[source] Box<dyn std::error::Error + Send + Sync>),
    #[error("the complaint store failed")]
    Store(#[from] StoreError),
    #[error("what was said cannot be sealed")]
    Vault(#[from] marque_vault::VaultError),
}

/// What a refused move could have been instead.
fn told(to: State, allowed: &[State]) -> String {
    let codes: Vec<&str> = allowed.iter().map(|state| state.code()).collect();
    if codes.is_empty() {
        format!(
            "cannot be moved to {} by you, nor to any other state",
            to.code()
        )
    } else {
        format!(
            "cannot be moved to {}: allowed are {}",
            to.code(),
            codes.join(", ")
        )
    }
}

/// Whose limit covers a compensation.
fn whom(may: &[&'static str]) -> String {
    if may.is_empty() {
        "nobody: ask for less, or have complaint.compensation set higher".to_owned()
    } else {
        may.join(" or ")
    }
}

impl Error {
    /// One wrong field.
    pub(crate) fn field(field: &str, reason: &str, message: impl Into<String>) -> Self {
        Self::Invalid(vec![Violation::new(field, reason, message.into())])
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotAllowed { from, to, allowed } => Self::MoveRefused {
                from: from.code(),
                to,
                allowed,
            },
            Refusal::NoteMissing => Self::field(
                "note",
                "REQUIRED",
                "this move needs a note: say why, or what was done",
            ),
            Refusal::TasksOpen(count) => Self::TasksOpen(count),
            Refusal::TooLate => Self::TooLate,
            Refusal::Erased => Self::Erased,
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
            Self::Dealer(error) => error.code(),
            Self::Page(_) | Self::Invalid(_) => ErrorCode::InvalidArgument,
            Self::ComplaintUnknown
            | Self::SolutionUnknown
            | Self::TaskUnknown
            | Self::AttachmentUnknown
            | Self::CompensationUnknown
            | Self::CustomerUnknown
            | Self::VisitUnknown => ErrorCode::NotFound,
            Self::FileType | Self::FileTooLarge(_) | Self::FileOutOfOrder | Self::FileBroken => {
                ErrorCode::InvalidArgument
            }
            Self::FilesFull | Self::CompensationDecided(_) | Self::RecordErased => {
                ErrorCode::FailedPrecondition
            }
            Self::CompensationLimit { .. } | Self::HeadquartersOnly => ErrorCode::PermissionDenied,
            Self::Files(_) => ErrorCode::Unavailable,
            Self::MoveRefused { .. }
            | Self::TasksOpen(_)
            | Self::TooLate
            | Self::Erased
            | Self::TaskEnded => ErrorCode::FailedPrecondition,
            Self::Changed => ErrorCode::Conflict,
            Self::MayRepeat(_) | Self::Exists(_) | Self::ThereAlready => ErrorCode::AlreadyExists,
            Self::Customers(_) | Self::Visits(_) => ErrorCode::Unavailable,
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
            Self::ComplaintUnknown => "COMPLAINT_UNKNOWN",
            Self::SolutionUnknown => "SOLUTION_UNKNOWN",
            Self::TaskUnknown => "TASK_UNKNOWN",
            Self::CustomerUnknown => "CUSTOMER_UNKNOWN",
            Self::VisitUnknown => "VISIT_UNKNOWN",
            Self::MoveRefused { .. } => "COMPLAINT_MOVE_REFUSED",
            Self::TasksOpen(_) => "COMPLAINT_TASKS_OPEN",
            Self::TooLate => "COMPLAINT_REOPEN_LATE",
            Self::Erased => "COMPLAINT_ERASED",
            Self::TaskEnded => "TASK_ENDED",
            Self::AttachmentUnknown => "ATTACHMENT_UNKNOWN",
            Self::FileType => "ATTACHMENT_TYPE",
            Self::FileTooLarge(_) => "ATTACHMENT_TOO_LARGE",
            Self::FilesFull => "ATTACHMENTS_FULL",
            Self::FileOutOfOrder => "ATTACHMENT_OUT_OF_ORDER",
            Self::FileBroken => "BODY_BROKEN",
            Self::Files(_) => "ATTACHMENTS_UNAVAILABLE",
            Self::CompensationUnknown => "COMPENSATION_UNKNOWN",
            Self::CompensationDecided(_) => "COMPENSATION_DECIDED",
            Self::CompensationLimit { .. } => "COMPENSATION_LIMIT",
            Self::HeadquartersOnly => "HEADQUARTERS_ONLY",
            Self::Changed => "COMPLAINT_CHANGED",
            Self::MayRepeat(_) => "COMPLAINT_MAY_REPEAT",
            Self::Exists(_) => "COMPLAINT_EXISTS",
            Self::RecordErased => "RECORD_ERASED",
            Self::Invalid(_)
            | Self::ThereAlready
            | Self::Customers(_)
            | Self::Visits(_)
            | Self::Store(_)
            | Self::Vault(_) => self.code().default_reason(),
        }
    }

    fn violations(&self) -> Vec<Violation> {
        match self {
            Self::Invalid(violations) => violations.clone(),
            Self::MoveRefused { to, allowed, .. } => {
                vec![Violation::new("to", "NOT_ALLOWED", told(*to, allowed))]
            }
            Self::Dealer(error) => error.violations(),
            _ => Vec::new(),
        }
    }
}
