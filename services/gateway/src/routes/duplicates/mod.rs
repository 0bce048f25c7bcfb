//! Pairs that may be one customer, and the steward's word on them.

mod check;
mod decide;
mod list;
mod views;

pub(crate) use check::*;
pub(crate) use decide::*;
pub(crate) use list::*;
pub(crate) use views::EvidenceView;
