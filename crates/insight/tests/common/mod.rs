//! Invented worlds with known truth, from a seed.

pub(crate) mod dice;
pub(crate) mod fleet;
