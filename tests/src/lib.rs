#![doc = include_str!("../README.md")]

mod api;
mod sandbox;

pub use api::{Answer, Api, Event, Events};
pub use sandbox::{Sandbox, Topology};
