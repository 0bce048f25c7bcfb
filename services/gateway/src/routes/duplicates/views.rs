//! A pair as JSON.

use marque_api::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    routes::customers::CustomerView,
    values::{Instant, instant},
};

/// A pair that may be one customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicate)]
pub(crate) struct DuplicateView {
    /// Id.
    #[schema(example = "dup_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// One.
    left: CustomerView,
    /// The other.
    right: CustomerView,
    /// Probability that they are one, 0 to 1.
    #[schema(example = 0.87)]
    probability: f64,
    /// What speaks for and against.
    reasons: Vec<String>,
    /// open, same or different.
    #[schema(example = "open")]
    state: String,
    /// When it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_at: Option<Instant>,
}

impl From<pb::Duplicate> for DuplicateView {
    fn from(duplicate: pb::Duplicate) -> Self {
        let pb::Duplicate {
            id,
            left,
            right,
            probability,
            reasons,
            state,
            found_at,
        } = duplicate;
        Self {
            id,
            left: left.unwrap_or_default().into(),
            right: right.unwrap_or_default().into(),
            probability,
            reasons,
            state,
            found_at: instant(found_at),
        }
    }
}
