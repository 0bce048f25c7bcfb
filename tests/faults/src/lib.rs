#![doc = include_str!("../README.md")]

pub mod books;
mod caller;
mod clock;
mod cluster;
mod disk;
mod island;
mod people;
mod power;
mod preload;
mod proxy;
pub mod trials;

pub use books::Books;
pub use caller::{Caller, Told};
pub use cluster::{Cluster, Member, Place, SERVICES, Setting};
pub use disk::{Fate, SmallDisk, broken_disk, full_disk};
pub use island::{Island, Outage, Served};
pub use power::power_cuts;
pub use proxy::{Proxy, Toxic};
