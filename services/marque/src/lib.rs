#![doc = include_str!("../README.md")]

mod audit;
pub mod backup;
pub mod commands;
mod housekeeping;
pub mod roles;
mod stores;
pub mod wiring;

pub use wiring::Node;
