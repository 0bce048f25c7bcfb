#![doc = include_str!("../README.md")]

pub mod benefit;
pub mod churn;
pub mod file;
pub mod law;
pub mod loyalty;
pub mod mileage;
pub mod rank;
pub mod value;
