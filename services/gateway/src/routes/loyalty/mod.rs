//! Loyalty, due dates, counters of the three guarantees, and maintenance plans.

mod due;
mod guarantees;
mod list;
mod plans;
mod views;

pub(crate) use due::*;
pub(crate) use guarantees::*;
pub(crate) use list::*;
pub(crate) use plans::*;
pub(crate) use views::LoyaltyView;
