//! How customers are ranked.

use serde::Deserialize;

/// The pyramid. Every process of the role needs the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScoringConfig {
    /// How far behind a tier's border, in per mille of its rank, a customer may fall before he loses the tier he began the
    /// day with; 0, the default, is not at all.
    pub tier_margin_permille: u64,
}
