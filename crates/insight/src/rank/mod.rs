//! Ranks and tiers: exact under live change, and what-if questions over the whole population.

mod live;
mod order;
mod pyramid;
mod tier;
mod whatif;

pub use live::{LiveRanks, Standing};
pub use pyramid::{Kind, Pyramid};
pub use tier::{Hysteresis, Tier};
pub use whatif::{Member, Mover, Place, WhatIf, rank_population, what_if};
