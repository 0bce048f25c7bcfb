//! Trials: what is done to a system, and what must be true afterwards.

mod bear;
mod counter;
mod matrix;
mod merges;
mod rolling;
mod same_key;
mod soak;
mod traffic;

pub use bear::{Borne, bear};
pub use counter::{Sum, count_up};
pub use matrix::{Fault, Survived, TOXICS, run_matrix};
pub use merges::{Moves, merge_and_undo};
pub use rolling::{Rolling, fill, restart_all};
pub use same_key::same_key;
pub use soak::{Soaked, soak};
pub use traffic::{Traffic, Verdict};
