//! What is due next: no role of this version knows it, so the part is absent.

use std::future::{Ready, ready};

use serde::Serialize;
use utoipa::ToSchema;

use super::part::Part;
use crate::{edge::Call, state::App};

/// What is due next.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DueDates {}

/// What is known of it for a customer: nothing yet.
pub(super) fn of(_: &App, _: &Call, _customer: &str) -> Ready<Part<DueDates>> {
    ready(Part::Absent)
}
