//! Dealers and their staff.

mod apply;
mod csv;
mod dealers;
mod staff;
mod views;

pub(crate) use apply::*;
pub(crate) use dealers::*;
pub(crate) use staff::*;
