#![doc = include_str!("../README.md")]

mod complaint;
mod config;
mod customer;
mod dirt;
mod entity;
mod files;
mod generator;
mod ids;
mod network;
mod quota;
mod rng;
mod rows;
mod tables;
mod vehicle;
mod visit;

pub use config::{Config, Falsification};
pub use dirt::Dirt;
pub use files::{Written, write_files};
pub use generator::{DealerRows, Generator};
pub use network::{Dealer, Network, Staff};
pub use rows::{Bundle, ComplaintRow, CustomerRow, VehicleRow, VisitRow};
