#![doc = include_str!("../README.md")]

pub mod commands;
mod housekeeping;
pub mod roles;
mod stores;
pub mod wiring;

pub use wiring::Node;
