//! Sums over records, by dealer and clerk, for all time and for each month. Those of a department are the sums of its clerks'.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use marque_quality::RecordKind;

use super::Scored;

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

/// Which sums.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CounterKey {
    pub(crate) kind: RecordKind,
    pub(crate) dealer: String,
    /// Month; empty for all time.
    pub(crate) period: String,
    /// Empty for the dealer as a whole.
    pub(crate) clerk: String,
}

impl CounterKey {
    /// The dealer's month that these sums and those of his other clerks are of.
    pub(crate) fn month(&self) -> (RecordKind, &str, &str) {
        (self.kind, &self.dealer, &self.period)
    }
}

/// Records, and the points they have together in hundredths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Mean {
    pub(crate) records: i64,
    pub(crate) total: i64,
}

impl Mean {
    /// Adds other records.
    pub(crate) fn add(&mut self, other: Self) {
        self.records += other.records;
        self.total += other.total;
    }

    /// 0 to 100.
    pub(crate) fn value(self) -> f64 {
        if self.records == 0 {
            0.0
        } else {
            self.total as f64 / self.records as f64 / 100.0
        }
    }
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

    /// All records and their points.
    pub(crate) fn all(&self) -> Mean {
        Mean {
            records: self.records,
            total: self.total,
        }
    }

    /// Mean total, 0 to 100.
    pub(crate) fn mean(&self) -> f64 {
        self.all().value()
    }

    /// Mean of a dimension, 0 to 100, if it applied to any record.
    pub(crate) fn dimension(&self, at: usize) -> Option<f64> {
        (self.counts[at] > 0).then(|| self.sums[at] as f64 / self.counts[at] as f64 / 100.0)
    }
}

/// The sums of each purpose, in the order of their names; those that count nothing are left out.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Sums(pub(crate) Vec<(String, Counter)>);

impl Sums {
    /// Adds to the sums of a purpose.
    pub(crate) fn add(&mut self, purpose: &str, counter: &Counter) {
        let place = self
            .0
            .binary_search_by(|(known, _)| known.as_str().cmp(purpose));
        match place {
            Ok(at) => {
                self.0[at].1.add(counter);
                if self.0[at].1 == Counter::default() {
                    self.0.remove(at);
                }
            }
            Err(_) if *counter == Counter::default() => {}
            Err(at) => self.0.insert(at, (purpose.to_owned(), *counter)),
        }
    }

    /// The mean of a purpose; of no records if nothing was counted for it.
    pub(crate) fn mean_of(&self, purpose: &str) -> Mean {
        let found = self.0.iter().find(|(known, _)| known == purpose);
        found.map_or_else(Mean::default, |(_, counter)| counter.all())
    }

    /// Adds all sums of another.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (purpose, counter) in &other.0 {
            self.add(purpose, counter);
        }
    }
}

/// Changes of sums, gathered before they are written: by dealer, month and clerk.
#[derive(Debug, Default)]
pub(crate) struct Counters(BTreeMap<CounterKey, Sums>);

impl Counters {
    /// Counts a record in.
    pub(crate) fn enter(&mut self, place: &Place, scored: &Scored) {
        self.count(place, scored, 1);
    }

    /// Counts a record out.
    pub(crate) fn leave(&mut self, place: &Place, scored: &Scored) {
        self.count(place, scored, -1);
    }

    /// All sums that these changes are part of: of the clerk and of the dealer, of the month and of all time.
    pub(crate) fn rolled_up(self) -> BTreeMap<CounterKey, Sums> {
        let mut all: BTreeMap<CounterKey, Sums> = BTreeMap::new();
        for (key, sums) in self.0 {
            let of_dealer = CounterKey {
                clerk: String::new(),
                ..key.clone()
            };
            let both = [Some(of_dealer), (!key.clerk.is_empty()).then_some(key)];
            for key in both.into_iter().flatten() {
                let of_all_time = CounterKey {
                    period: String::new(),
                    ..key.clone()
                };
                all.entry(of_all_time).or_default().merge(&sums);
                all.entry(key).or_default().merge(&sums);
            }
        }
        all.retain(|_, sums| !sums.0.is_empty());
        all
    }

    fn count(&mut self, place: &Place, scored: &Scored, sign: i64) {
        let key = CounterKey {
            kind: place.kind,
            dealer: place.dealer.clone(),
            period: place.period.clone(),
            clerk: place.clerk.clone(),
        };
        let sums = self.0.entry(key).or_default();
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
            sums.add(&points.purpose, &counter);
        }
    }
}

/// Four digits behind the point: more are noise.
pub(crate) fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
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
        let place = |clerk: &str| Place {
            kind: RecordKind::Customers,
            dealer: "D1".into(),
            department: "sales".into(),
            clerk: clerk.into(),
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
        let counted = |clerks: &[&str]| {
            let mut counters = Counters::default();
            for clerk in clerks {
                counters.enter(&place(clerk), &scored);
            }
            counters
        };
        // Dealer and clerk, each for all time and for the month; nobody's records are the dealer's alone.
        assert_eq!(counted(&["S1"]).rolled_up().len(), 4);
        assert_eq!(counted(&[""]).rolled_up().len(), 2);
        let both = counted(&["S1", ""]).rolled_up();
        let dealer = both.values().next().unwrap().0[0].1;
        assert_eq!(
            (
                dealer.records,
                dealer.mean(),
                dealer.dimension(2),
                dealer.dimension(1)
            ),
            (2, 87.25, Some(75.0), None)
        );
        let mut counters = counted(&["S1"]);
        counters.leave(&place("S1"), &scored);
        assert!(counters.rolled_up().is_empty());
    }
}
