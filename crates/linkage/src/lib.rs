#![doc = include_str!("../README.md")]

pub mod batch;
pub mod blocking;
pub mod cluster;
pub mod codes;
pub mod dates;
pub mod dealer;
pub mod general;
pub mod schema;
pub mod score;
pub mod table;
pub mod text;
