//! How the golden customer is made.

use std::collections::BTreeMap;

use serde::Deserialize;

/// Which value survives where a customer's records disagree. What is wrong in it is found at the start of the service.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomerConfig {
    /// By field a chain of `verified`, `documented`, `trusted`, `most_frequent`, `newest`, `oldest`: `address = ["trusted", "newest"]`.
    pub survivorship: BTreeMap<String, Vec<String>>,
    /// How far a source is trusted, 0 to 1, by dealer (`D001`), source system (`dms`) or both (`"D001/dms"`). Of the others
    /// data quality says it by their dealer's score; 1 before it has.
    pub trust: BTreeMap<String, f64>,
}
