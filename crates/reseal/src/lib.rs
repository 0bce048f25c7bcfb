#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod column;
mod notes;
mod rounds;
mod walk;

pub use column::{KeyPart, Part, Reseal, SealedColumn};
pub use notes::{KeyPrints, forget_key, note_keys, noted_keys};
pub use rounds::{Rounds, resealing};
pub use walk::{Survey, opens_any, survey};
