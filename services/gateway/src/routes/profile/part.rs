//! One part of a profile: there, out of reach, or not there at all.

use marque_errors::ErrorCode;
use serde::Serialize;
use utoipa::ToSchema;

use crate::problem::{Answer, Failure};

/// One part of a profile.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(crate) enum Part<T> {
    /// Here it is.
    Ok(T),
    /// The role that knows it is down or late: try again later.
    Unavailable,
    /// There is none, or it is not for the caller.
    Absent,
}

impl<T> Part<T> {
    /// What a role answered, as a part of the profile.
    pub(super) fn of<M>(answer: Answer<M>, view: impl FnOnce(M) -> T) -> Self {
        match answer {
            Ok(message) => Self::Ok(view(message)),
            Err(failure) => Self::missing(&failure),
        }
    }

    /// What may be there, of an answer that holds several parts.
    pub(super) fn of_some<M>(message: Option<M>) -> Self
    where
        T: From<M>,
    {
        message.map_or(Self::Absent, |message| Self::Ok(T::from(message)))
    }

    /// A part that could not be had.
    pub(super) fn missing(failure: &Failure) -> Self {
        if is_outage(failure) {
            Self::Unavailable
        } else {
            Self::Absent
        }
    }

    /// Whether there is something to show.
    pub(super) fn is_here(&self) -> bool {
        matches!(self, Self::Ok(_))
    }
}

/// Whether the peer failed, and not the request.
pub(crate) fn is_outage(failure: &Failure) -> bool {
    matches!(
        failure.code(),
        ErrorCode::Unavailable
            | ErrorCode::Timeout
            | ErrorCode::Internal
            | ErrorCode::ResourceExhausted
    )
}
