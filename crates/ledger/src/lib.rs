#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod audit;
mod idempotency;

pub use audit::{Entry, Recorded, history, record};
pub use idempotency::{IdempotencyError, IdempotencyKey, once, prune};
