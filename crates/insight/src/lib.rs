#![doc = include_str!("../README.md")]

pub mod rank;
pub mod value;
