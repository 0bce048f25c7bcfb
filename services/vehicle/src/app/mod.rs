//! Use cases of the vehicle service.

mod evidence;
mod garage;
mod plates;
mod publish;
mod read;
mod readings;
mod record;
mod rows;
mod sink;

pub(crate) use garage::Naming;
pub(crate) use publish::definition_to_pb;
pub(crate) use read::{Shown, VehicleApp};
pub(crate) use record::Recorder;
pub(crate) use rows::{RawRow, Rows};
pub(crate) use sink::VehicleSink;
