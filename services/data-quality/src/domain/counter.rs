//! Sums over records, by dealer, department and clerk, for all time and for each month.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use marque_quality::RecordKind;

use super::Scored;

/// Whose sums they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Level {
    Dealer,
    Department,
    Clerk,
}

impl Level {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Dealer => "dealer",
            Self::Department => "department",
            Self::Clerk => "clerk",
        }
    }
}

/// Where and when a record was entered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Place {
    pub(crate) kind: RecordKind,
    pub(crate) dealer: String,
    pub(crate) department: String,
    pub(crate) clerk: String,
    /// Month, YYYY-MM.
    pub(crate) period: String,
}

/// Which sum.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CounterKey {
    pub(crate) kind: RecordKind,
    pub(crate) purpose: String,
    pub(crate) level: Level,
    /// Month; empty for all time.
    pub(crate) period: String,
    pub(crate) dealer: String,
    pub(crate) department: String,
    pub(crate) clerk: String,
}

/// Sums of records, in hundredths of points.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Counter {
    pub(crate) records: i64,
    pub(crate) qualified: i64,
    pub(crate) suspicious: i64,
    pub(crate) total: i64,
    pub(crate) sums: [i64; 6],
    pub(crate) counts: [i64; 6],
}

impl Counter {
    /// Adds another sum.
    pub(crate) fn add(&mut self, other: &Self) {
        self.records += other.records;
        self.qualified += other.qualified;
        self.suspicious += other.suspicious;
        self.total += other.total;
        for at in 0..6 {
            self.sums[at] += other.sums[at];
            self.counts[at] += other.counts[at];
        }
    }

    /// Mean total, 0 to 100.
    pub(crate) fn mean(&self) -> f64 {
        if self.records == 0 {
            0.0
        } else {
            self.total as f64 / self.records as f64 / 100.0
        }
    }

    /// Mean of a dimension, 0 to 100, if it applied to any record.
    pub(crate) fn dimension(&self, at: usize) -> Option<f64> {
        (self.counts[at] > 0).then(|| self.sums[at] as f64 / self.counts[at] as f64 / 100.0)
    }
}

/// Changes of sums, gathered before they are written.
#[derive(Debug, Default)]
pub(crate) struct Counters(pub(crate) BTreeMap<CounterKey, Counter>);

impl Counters {
    /// Counts a record in.
    pub(crate) fn enter(&mut self, place: &Place, scored: &Scored) {
        self.count(place, scored, 1);
    }

    /// Counts a record out.
    pub(crate) fn leave(&mut self, place: &Place, scored: &Scored) {
        self.count(place, scored, -1);
    }

    /// Leaves out what has not changed.
    pub(crate) fn changed(mut self) -> Self {
        self.0.retain(|_, counter| *counter != Counter::default());
        self
    }

    fn count(&mut self, place: &Place, scored: &Scored, sign: i64) {
        for points in &scored.points {
            let counter = Counter {
                records: sign,
                qualified: sign * i64::from(points.is_qualified),
                suspicious: sign * i64::from(scored.is_suspicious),
                total: sign * points.total,
                sums: points.dimensions.map(|score| sign * score.unwrap_or(0)),
                counts: points
                    .dimensions
                    .map(|score| sign * i64::from(score.is_some())),
            };
            for key in keys(place, &points.purpose) {
                self.0.entry(key).or_default().add(&counter);
            }
        }
    }
}

/// The sums a record is part of.
fn keys(place: &Place, purpose: &str) -> impl Iterator<Item = CounterKey> {
    let key = |level: Level, period: &str| CounterKey {
        kind: place.kind,
        purpose: purpose.to_owned(),
        level,
        period: period.to_owned(),
        dealer: place.dealer.clone(),
        department: if level == Level::Dealer {
            String::new()
        } else {
            place.department.clone()
        },
        clerk: if level == Level::Clerk {
            place.clerk.clone()
        } else {
            String::new()
        },
    };
    let levels = [
        Some(Level::Dealer),
        (!place.department.is_empty()).then_some(Level::Department),
        (!place.clerk.is_empty()).then_some(Level::Clerk),
    ];
    let keys: Vec<CounterKey> = levels
        .into_iter()
        .flatten()
        .flat_map(|level| [key(level, ""), key(level, &place.period)])
        .collect();
    keys.into_iter()
}

/// The month of a day, YYYY-MM.
pub(crate) fn month_of(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Points;

    #[test]
    fn a_record_that_comes_and_goes_leaves_nothing() {
        let place = Place {
            kind: RecordKind::Customers,
            dealer: "D1".into(),
            department: "sales".into(),
            clerk: "S1".into(),
            period: "2026-11".into(),
        };
        let scored = Scored {
            points: vec![Points {
                purpose: "sale".into(),
                is_qualified: true,
                total: 8725,
                dimensions: [Some(10_000), None, Some(7_500), None, None, Some(0)],
            }],
            is_suspicious: true,
        };
        let mut counters = Counters::default();
        counters.enter(&place, &scored);
        // Dealer, department and clerk, each for all time and for the month.
        assert_eq!(counters.0.len(), 6);
        let dealer = counters.0.values().next().unwrap();
        assert_eq!(
            (dealer.mean(), dealer.dimension(2), dealer.dimension(1)),
            (87.25, Some(75.0), None)
        );
        counters.leave(&place, &scored);
        assert!(counters.changed().0.is_empty());
    }
}
