//! Follow-up calls that all took the same time: whoever never called writes one length for all.

use std::collections::BTreeMap;

use super::{
    Kind, Settings, Suspect,
    stats::{binomial_tail, wilson_lower},
    trial::{Facet, Trial, decide},
};

/// How long the calls of one dealer or clerk took. Adding and merging commute.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CallState {
    by_seconds: BTreeMap<u32, u64>,
    calls: u64,
}

/// One length among honest calls is at most so frequent where the network says nothing.
const USUAL: f64 = 0.03;

impl CallState {
    /// Counts one call.
    pub fn add(&mut self, seconds: u32) {
        self.add_many(seconds, 1);
    }

    /// Counts calls that all took the same time.
    pub fn add_many(&mut self, seconds: u32, calls: u64) {
        if calls > 0 {
            self.calls += calls;
            *self.by_seconds.entry(seconds).or_default() += calls;
        }
    }

    /// Adds the counts of another state of the same dealer or clerk.
    pub fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        for (seconds, calls) in &other.by_seconds {
            *self.by_seconds.entry(*seconds).or_default() += calls;
        }
    }

    /// The calls in which somebody spoke: those that took so long at least.
    fn spoken(&self, least_seconds: u64) -> Self {
        let mut spoken = Self::default();
        let lengths = self.by_seconds.iter();
        for (seconds, calls) in lengths.filter(|(seconds, _)| u64::from(**seconds) >= least_seconds)
        {
            spoken.add_many(*seconds, *calls);
        }
        spoken
    }

    /// The most frequent length and its calls.
    fn commonest(&self) -> (u32, u64) {
        let lengths = self.by_seconds.iter();
        let (calls, seconds) = lengths
            .map(|(seconds, calls)| (*calls, *seconds))
            .max()
            .unwrap_or_default();
        (seconds, calls)
    }
}

/// Names the units whose calls took the same time too often. A length that is frequent elsewhere too (a system that counts
/// in minutes) is no sign.
pub fn assess_calls(units: &BTreeMap<String, CallState>, settings: Settings) -> Vec<Suspect> {
    let spoken = units
        .values()
        .map(|state| state.spoken(settings.call_seconds));
    let spoken: Vec<CallState> = spoken.collect();
    let mut all = CallState::default();
    for state in &spoken {
        all.merge(state);
    }
    let trials = spoken
        .iter()
        .map(|state| vec![trial(state, &all, &settings)]);
    let trials: Vec<Vec<Trial>> = trials.collect();
    decide(units.keys(), &trials, settings).suspects
}

fn trial(state: &CallState, all: &CallState, settings: &Settings) -> Trial {
    let (seconds, count) = state.commonest();
    let elsewhere = all.by_seconds.get(&seconds).copied().unwrap_or(0) - count;
    let others = (all.calls - state.calls).max(1);
    let usual = (elsewhere as f64 / others as f64).max(USUAL);
    // Any length could have been the commonest.
    let p = binomial_tail(count, state.calls, usual) * state.by_seconds.len() as f64;
    Trial {
        kind: Kind::EqualCalls,
        facet: Facet::All,
        count,
        of: state.calls,
        usual,
        expected: usual * state.calls as f64,
        p: p.min(1.0),
        is_large: count >= settings.equal_calls
            && wilson_lower(count, state.calls) > settings.equal_calls_share.max(usual),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn calls(lengths: impl IntoIterator<Item = u32>) -> CallState {
        let mut state = CallState::default();
        for seconds in lengths {
            state.add(seconds);
        }
        state
    }

    fn suspects(odd: CallState, honest: fn(u32) -> u32) -> Vec<String> {
        suspects_by(Settings::default(), odd, honest)
    }

    fn suspects_by(settings: Settings, odd: CallState, honest: fn(u32) -> u32) -> Vec<String> {
        let dealers = (0..10).map(|dealer| {
            let lengths = (0..60).map(|n| honest(dealer * 991 + n * 37));
            (format!("D{dealer}"), calls(lengths))
        });
        let units = dealers.chain([("D99".to_owned(), odd)]).collect();
        let found = assess_calls(&units, settings);
        found.into_iter().map(|suspect| suspect.unit).collect()
    }

    #[test]
    fn the_same_length_again_and_again_is_found() {
        let odd = calls((0..40).map(|n| if n % 2 == 0 { 61 } else { 30 + n * 7 }));
        assert_eq!(suspects(odd, |n| 20 + n % 211), ["D99"]);
    }

    #[test]
    fn different_lengths_few_calls_and_calls_nobody_took_are_no_sign() {
        for odd in [
            calls((0..40).map(|n| 25 + n * 11 % 173)),
            calls([60, 60, 60]),
            calls((0..40).map(|_| 3)),
        ] {
            assert!(suspects(odd, |n| 20 + n % 211).is_empty());
        }
    }

    #[test]
    fn from_which_length_on_somebody_spoke_is_a_setting() {
        let settings = Settings {
            call_seconds: 2,
            ..Settings::default()
        };
        let odd = || calls((0..40).map(|_| 3));
        assert_eq!(suspects_by(settings, odd(), |n| 20 + n % 211), ["D99"]);
        assert!(suspects(odd(), |n| 20 + n % 211).is_empty());
    }

    #[test]
    fn a_system_that_counts_in_minutes_is_no_sign() {
        let odd = calls((0..40).map(|n| (1 + n % 3) * 60));
        assert!(suspects(odd, |n| (1 + n % 3) * 60).is_empty());
    }

    proptest! {
        #[test]
        fn the_order_of_adding_and_of_merging_does_not_matter(lengths in proptest::collection::vec(0u32..90, 0..60), cut in 0usize..60) {
            let forwards = calls(lengths.iter().copied());
            let cut = cut.min(lengths.len());
            let mut merged = calls(lengths[cut..].iter().rev().copied());
            merged.merge(&calls(lengths[..cut].iter().copied()));
            prop_assert_eq!(forwards, merged);
        }
    }
}
