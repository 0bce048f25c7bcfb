//! Visits to workshops.

mod get;
mod put;
mod strangers;
mod views;

pub(crate) use get::*;
pub(crate) use put::*;
pub(crate) use strangers::{visits_of, without_strangers};
pub(crate) use views::{VisitPage, VisitView};
