//! Loyalty, due dates, counters of the three guarantees, and maintenance plans.

mod due;
mod due_list;
mod guarantees;
mod list;
mod plans;
mod views;

pub(crate) use due::*;
pub(crate) use due_list::*;
pub(crate) use guarantees::*;
pub(crate) use list::*;
pub(crate) use plans::*;
pub(crate) use views::LoyaltyView;
