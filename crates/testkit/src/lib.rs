#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

#[cfg(feature = "collector")]
mod collector;
#[cfg(feature = "feed")]
mod feed;
mod nats;
mod people;
#[cfg(feature = "rig")]
mod rig;
mod stores;
mod suite;

#[cfg(feature = "collector")]
pub use collector::Collector;
#[cfg(feature = "feed")]
pub use feed::Feed;
pub use nats::TestNats;
pub use people::{ACustomer, a_customer, id_number, phone, vin};
#[cfg(feature = "rig")]
pub use rig::{FeedSource, ImportFile, Process, Rig};
pub use stores::{TestDb, postgres_database};
pub use suite::{as_system, block_on};
