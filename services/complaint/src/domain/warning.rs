//! How near a car is to a threshold of the three guarantees, as the scoring service counts it.

use marque_core::Timestamp;

/// A threshold that is near, or reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Warning {
    /// As the counters name it: `repair_days`, `same_defect` and so on.
    pub(crate) rule: String,
    /// What the rule counts: an assembly, a part or a defect; empty where it needs none.
    pub(crate) subject: String,
    /// warning or reached.
    pub(crate) level: String,
    pub(crate) count: i64,
    /// The count at which the threshold is reached.
    pub(crate) reached_at: i64,
    pub(crate) told_at: Timestamp,
}
