//! What can go wrong with an import before a role has it.

use std::time::Duration;

use marque_errors::{ErrorCode, ServiceError, status};
use marque_rpc::MAX_MESSAGE_BYTES;
use tonic::Status;

/// Why an import goes no further than the gateway.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum ImportError {
    #[error(
        "there are no rows of this kind: it is customers, vehicles, visits, complaints, verifications, purchases, \
         payments or assessments"
    )]
    KindUnknown,
    #[error("no role of this version takes rows of this kind")]
    KindUnavailable,
    #[error("an import begins with start, followed by chunks only")]
    OutOfOrder,
    #[error("the file broke off before its end: nothing was taken in, send it again")]
    Broken,
    #[error(
        "a chunk with what is around it has at most {} bytes: send the file in smaller ones; nothing was taken in",
        MAX_MESSAGE_BYTES
    )]
    ChunkTooLarge,
    #[error("no byte of the file came for {} seconds: nothing was taken in, send it again", .0.as_secs())]
    Stalled(Duration),
    #[error("page_token is not from this list, or page_size is negative: start again without them")]
    Page,
    #[error("no role that takes files can be reached: try again after the given time")]
    Unreachable,
}

impl ServiceError for ImportError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::KindUnavailable => ErrorCode::FailedPrecondition,
            Self::Unreachable => ErrorCode::Unavailable,
            Self::KindUnknown
            | Self::OutOfOrder
            | Self::Broken
            | Self::ChunkTooLarge
            | Self::Stalled(_)
            | Self::Page => ErrorCode::InvalidArgument,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::KindUnknown => "IMPORT_KIND_UNKNOWN",
            Self::KindUnavailable => "IMPORT_KIND_UNAVAILABLE",
            Self::OutOfOrder => "IMPORT_OUT_OF_ORDER",
            Self::Broken => "BODY_BROKEN",
            Self::ChunkTooLarge => "IMPORT_CHUNK_TOO_LARGE",
            Self::Stalled(_) => "BODY_STALLED",
            Self::Page => "PAGE_INVALID",
            Self::Unreachable => "PEER_UNREACHABLE",
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        matches!(self, Self::Unreachable).then_some(Duration::from_secs(1))
    }
}

impl From<ImportError> for Status {
    fn from(error: ImportError) -> Self {
        status(&error)
    }
}
