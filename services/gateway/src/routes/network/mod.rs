//! Dealers and their staff.

mod apply;
mod dealers;
mod staff;
mod views;

pub(crate) use apply::*;
pub(crate) use dealers::*;
pub(crate) use staff::*;
