//! Vehicles: putting a row, reading, and what hangs on a vehicle.

mod get;
mod lists;
mod lookup;
mod put;
mod views;

pub(crate) use get::*;
pub(crate) use lists::*;
pub(crate) use lookup::*;
pub(crate) use put::*;
pub(crate) use views::{CustomerVehicleView, VehicleView, is_zero};
