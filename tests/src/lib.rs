#![doc = include_str!("../README.md")]

mod api;
mod sandbox;

pub use api::{Answer, Api};
pub use sandbox::{Sandbox, Topology};
