//! What became of requests, and how long it took.

use std::{collections::BTreeMap, time::Duration};

use crate::Kind;

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Ending {
    /// Served within the caller's patience.
    Good,
    /// Refused at once, with the advice to come again later: 503 or 429.
    Refused,
    /// No answer within the caller's patience.
    Late,
    /// Any other status: a fault of the server or of this generator.
    Wrong(u16),
    /// The connection failed.
    Broken,
}

/// Requests of a span of time. Latencies are kept one by one, so that quantiles are exact.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    endings: BTreeMap<(Kind, Ending), u64>,
    /// Of good ones, in microseconds from the moment they were due.
    good: Vec<u32>,
    refused: Vec<u32>,
    by_kind: BTreeMap<Kind, Vec<u32>>,
    /// How late the generator itself sent.
    own_lateness: Vec<u32>,
}

impl Tally {
    /// Notes a request.
    pub fn note(&mut self, kind: Kind, ending: Ending, latency: Duration) {
        *self.endings.entry((kind, ending)).or_default() += 1;
        match ending {
            Ending::Good => {
                self.good.push(micros(latency));
                self.by_kind.entry(kind).or_default().push(micros(latency));
            }
            Ending::Refused => self.refused.push(micros(latency)),
            Ending::Late | Ending::Wrong(_) | Ending::Broken => {}
        }
    }

    /// Notes how long after its moment a request was handed to the callers.
    pub fn note_lateness(&mut self, late: Duration) {
        self.own_lateness.push(micros(late));
    }

    /// Requests that ended so.
    pub fn count(&self, is_meant: impl Fn(Ending) -> bool) -> u64 {
        let of_meant = self
            .endings
            .iter()
            .filter(|((_, ending), _)| is_meant(*ending));
        of_meant.map(|(_, count)| count).sum()
    }

    /// Good ones.
    pub fn good(&self) -> u64 {
        self.good.len() as u64
    }

    /// All.
    pub fn all(&self) -> u64 {
        self.count(|_| true)
    }

    /// Neither good nor refused nor merely late.
    pub fn failed(&self) -> u64 {
        self.count(|ending| matches!(ending, Ending::Wrong(_) | Ending::Broken))
    }

    /// How requests failed, in words.
    pub fn failures(&self) -> Vec<String> {
        self.endings
            .iter()
            .filter(|((_, ending), _)| {
                matches!(ending, Ending::Wrong(_) | Ending::Broken | Ending::Late)
            })
            .map(|((kind, ending), count)| format!("{} {ending:?}: {count}", kind.name()))
            .collect()
    }

    /// Quantile of the latency of good ones in milliseconds; 0 if there is none.
    pub fn good_ms(&self, share: f64) -> f64 {
        quantile(&self.good, share)
    }

    /// The same of refusals.
    pub fn refused_ms(&self, share: f64) -> f64 {
        quantile(&self.refused, share)
    }

    /// The same of the generator's own lateness.
    pub fn own_lateness_ms(&self, share: f64) -> f64 {
        quantile(&self.own_lateness, share)
    }

    /// Good ones of each kind, with the quantile of their latency in milliseconds.
    pub fn kinds(&self, share: f64) -> Vec<(Kind, usize, f64)> {
        let of = |(kind, all): (&Kind, &Vec<u32>)| (*kind, all.len(), quantile(all, share));
        self.by_kind.iter().map(of).collect()
    }

    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        for (key, count) in other.endings {
            *self.endings.entry(key).or_default() += count;
        }
        for (kind, all) in other.by_kind {
            self.by_kind.entry(kind).or_default().extend(all);
        }
        self.good.extend(other.good);
        self.refused.extend(other.refused);
        self.own_lateness.extend(other.own_lateness);
    }
}

fn micros(time: Duration) -> u32 {
    u32::try_from(time.as_micros()).unwrap_or(u32::MAX)
}

fn quantile(all: &[u32], share: f64) -> f64 {
    if all.is_empty() {
        return 0.0;
    }
    let mut sorted = all.to_vec();
    let at = ((sorted.len() - 1) as f64 * share).round() as usize;
    let (_, value, _) = sorted.select_nth_unstable(at);
    f64::from(*value) / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_exact_and_failures_are_named() {
        let mut tally = Tally::default();
        for ms in (1..=100).rev() {
            tally.note(Kind::Profile, Ending::Good, Duration::from_millis(ms));
        }
        tally.note(Kind::Lookup, Ending::Refused, Duration::from_millis(3));
        tally.note(Kind::Lookup, Ending::Wrong(500), Duration::ZERO);
        assert_eq!((tally.good_ms(0.99), tally.good_ms(0.0)), (99.0, 1.0));
        assert_eq!((tally.good(), tally.all(), tally.failed()), (100, 102, 1));
        assert_eq!(tally.refused_ms(0.99), 3.0);
        assert_eq!(tally.failures(), ["lookup Wrong(500): 1"]);
    }
}
