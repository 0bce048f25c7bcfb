#![doc = include_str!("../README.md")]

pub mod commands;
pub mod roles;
pub mod wiring;

pub use wiring::Node;
