//! Complaints that are not closed: no role of this version knows it, so the part is absent.

use std::future::{Ready, ready};

use serde::Serialize;
use utoipa::ToSchema;

use super::part::Part;
use crate::{edge::Call, state::App};

/// Complaints that are not closed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenComplaints {}

/// What is known of it for a customer: nothing yet.
pub(super) fn of(_: &App, _: &Call, _customer: &str) -> Ready<Part<OpenComplaints>> {
    ready(Part::Absent)
}
