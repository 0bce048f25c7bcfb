#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod column;
mod rounds;
mod walk;

pub use column::{KeyPart, Part, Reseal, SealedColumn};
pub use rounds::{Rounds, resealing};
pub use walk::{Survey, survey};
