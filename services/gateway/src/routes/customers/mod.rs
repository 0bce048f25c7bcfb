//! Customers: reading, explaining, unmasking, consents, merging and splitting.

mod cohesion;
mod count;
mod get;
mod identity;
mod lists;
mod views;
mod writes;

pub(crate) use cohesion::*;
pub(crate) use count::*;
pub(crate) use get::*;
pub(crate) use identity::*;
pub(crate) use lists::*;
pub(crate) use views::{ConsentView, CustomerView};
pub(crate) use writes::*;
