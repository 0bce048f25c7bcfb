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

impl Warning {
    /// Leaves out which order it is about unless it is one of these dealers: an order is named by its dealer and its number there.
    pub(crate) fn keep_orders_of(&mut self, dealers: &[String]) {
        let is_own = |(dealer, _): (&str, &str)| dealers.iter().any(|own| own == dealer);
        if self.rule == "spare_car" && !self.subject.split_once('/').is_some_and(is_own) {
            self.subject.clear();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_is_named_to_its_dealer_alone() {
        for (rule, subject, left) in [
            ("spare_car", "D1/RO4", "D1/RO4"),
            ("spare_car", "D2/RO4", ""),
            ("same_defect", "A/C", "A/C"),
        ] {
            let mut warning = Warning {
                rule: rule.into(),
                subject: subject.into(),
                level: "reached".into(),
                count: 8,
                reached_at: 6,
                told_at: Timestamp::from_micros(0),
            };
            warning.keep_orders_of(&["D1".to_owned()]);
            assert_eq!(warning.subject, left);
        }
    }
}
