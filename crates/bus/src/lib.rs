#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod broker;
mod envelope;
mod error;
mod held;
mod line;
mod relay;
mod replay;
mod settings;
mod source;

pub use broker::Broker;
pub use error::BusError;
pub use line::{End, Line};
pub use relay::Relay;
pub use settings::Settings;
pub use source::JetStreamSource;
