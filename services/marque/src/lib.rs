#![doc = include_str!("../README.md")]

mod audit;
pub mod backup;
mod bus;
pub mod commands;
mod housekeeping;
mod keys;
pub mod roles;
mod sealing;
mod stores;
mod wanted;
pub mod wiring;

pub use wiring::Node;
