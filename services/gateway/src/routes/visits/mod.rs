//! Visits to workshops.

mod get;
mod put;
mod views;

pub(crate) use get::*;
pub(crate) use put::*;
pub(crate) use views::{VisitPage, VisitView};
