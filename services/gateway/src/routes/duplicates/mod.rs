//! Pairs that may be one customer, and the steward's word on them.

mod decide;
mod list;
mod views;

pub(crate) use decide::*;
pub(crate) use list::*;
