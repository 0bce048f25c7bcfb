#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod audit;
mod chain;
mod heads;
mod idempotency;
mod verify;

pub use audit::{Entry, Recorded, history, record};
pub use chain::ChainHash;
pub use heads::{Head, HeadError, HeadSigner, Signers, heads};
pub use idempotency::{
    Asked, IdempotencyError, IdempotencyKey, Keyed, forget_answers, once, prune,
};
pub use verify::{Fault, Verdict, Verification};
