#![doc = include_str!("../README.md")]

mod dice;
mod mix;
mod pace;
mod report;
mod steps;
mod stock;
mod system;
mod tally;
mod wire;

pub use dice::Dice;
pub use mix::{Kind, Mix, Wanted};
pub use pace::{Load, Pace};
pub use report::{Report, Step};
pub use steps::{Plan, run_steps};
pub use stock::{Dealer, Host, Stock, StockSize, Tokens};
pub use system::{Marque, MemoryProbe, Pin, System, free_addresses};
pub use tally::{Ending, Tally};
pub use wire::{Exchanged, Wire};
