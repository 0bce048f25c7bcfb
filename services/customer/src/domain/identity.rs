//! Who is who: what follows from the evidence that `marque_linkage` weighs.
//!
//! | band | what happens |
//! |---|---|
//! | sure | the record is linked |
//! | likely | the pair goes to the steward; the record founds a customer of its own |
//! | else | the record founds a customer of its own |
//!
//! A record that is surely two customers' joins them, unless something between the two speaks against it: then it is
//! for the steward, never done in silence.

use std::{fmt, sync::Arc};

use marque_core::CustomerSerial;
use marque_linkage::{
    dealer::{Between, Candidate, Decider, Frequencies, Prepared, Ranked, default_model},
    score::{Outcome, Reason, StewardDecision},
};

/// Weighs records. Cheap to clone.
#[derive(Clone)]
pub(crate) struct Matcher {
    decider: Arc<Decider>,
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matcher").finish_non_exhaustive()
    }
}

impl Matcher {
    /// The shipped model, moved by what stewards said since.
    pub(crate) fn taught(lessons: &[(Outcome, StewardDecision)]) -> Self {
        let mut model = default_model();
        model.learn(lessons);
        let mut decider = Decider::new(model);
        decider.sure = SURE;
        Self {
            decider: Arc::new(decider),
        }
    }
}

/// A customer who may be the record's, best first.
#[derive(Debug, Clone)]
pub(crate) struct Match {
    pub(crate) customer: CustomerSerial,
    pub(crate) probability: f32,
    /// log2 odds.
    pub(crate) bits: f32,
    pub(crate) is_contradicted: bool,
    pub(crate) reasons: Vec<String>,
}

/// Linked from this probability on. On dealers' files what is this sure is right in more than 999 of 1,000 pairs, for most of
/// it is far surer; the wrong one can be parted again.
const SURE: f32 = 0.95;
/// By so many bits the best must lead another that is sure as well; closer ones are for the steward.
pub(crate) const LEAD: f32 = 3.0;
/// Told to the steward of two who have nothing but an identity number in common: which of the two was mistyped only people can tell.
const SAME_NUMBER: f32 = 0.3;
/// So many reasons are told of a pair.
const REASONS: usize = 6;

impl Matcher {
    pub(crate) fn decider(&self) -> &Decider {
        &self.decider
    }

    /// All customers that are at least likely, or would be but for a contradiction.
    pub(crate) fn rank(
        &self,
        record: &Prepared,
        frequencies: &Frequencies,
        candidates: &[(CustomerSerial, &[Prepared])],
    ) -> Vec<Match> {
        let candidates: Vec<Candidate<'_, CustomerSerial>> = candidates
            .iter()
            .map(|(customer, members)| Candidate {
                customer: *customer,
                members,
            })
            .collect();
        let resolution = self.decider.decide(record, frequencies, &candidates);
        resolution.ranked.into_iter().map(Match::from).collect()
    }

    /// Whether it is sure, contradictions aside.
    pub(crate) fn is_sure(&self, probability: f32) -> bool {
        probability >= self.decider.sure
    }

    /// Whether it is worth a steward's look.
    pub(crate) fn is_likely(&self, probability: f32) -> bool {
        probability >= self.decider.likely
    }

    /// Whether a record may be linked to this match in silence.
    pub(crate) fn links(&self, found: &Match) -> bool {
        !found.is_contradicted && self.is_sure(found.probability)
    }

    /// Whether two matches are too close to choose between.
    pub(crate) fn is_close(best: &Match, other: &Match) -> bool {
        best.bits - other.bits < LEAD
    }
}

impl Match {
    /// Another customer, as all records of both compare.
    pub(crate) fn of(customer: CustomerSerial, between: &Between) -> Self {
        Self {
            customer,
            probability: between.probability,
            bits: between.bits,
            is_contradicted: between.veto.is_some(),
            reasons: told(&between.reasons),
        }
    }

    /// Somebody who has the same identity number or credit code, and is otherwise somebody else.
    pub(crate) fn same_number(customer: CustomerSerial) -> Self {
        Self {
            customer,
            probability: SAME_NUMBER,
            bits: f32::NEG_INFINITY,
            is_contradicted: true,
            reasons: vec!["same identity number, everything else differs".to_owned()],
        }
    }

    /// How probable it is, and the strongest reasons: no value of anybody's.
    pub(crate) fn in_words(&self) -> String {
        let reasons = self.reasons.join(", ");
        format!("probability {:.3}: {reasons}", self.probability)
    }
}

impl From<Ranked<CustomerSerial>> for Match {
    fn from(ranked: Ranked<CustomerSerial>) -> Self {
        Self {
            customer: ranked.customer,
            probability: ranked.probability,
            bits: ranked.bits,
            is_contradicted: ranked.veto.is_some(),
            reasons: told(&ranked.reasons),
        }
    }
}

/// The strongest reasons, each with its weight.
fn told(reasons: &[Reason]) -> Vec<String> {
    reasons.iter().take(REASONS).map(in_words).collect()
}

fn in_words(reason: &Reason) -> String {
    format!("{} {:+.1}", reason.finding, tenths(reason.bits))
}

/// What speaks for and against a pair, with the weights it has now; what was found of it and bears no weight stands first.
pub(crate) fn told_now(found: &[String], evidence: &[Reason]) -> Vec<String> {
    let is_weighed = |reason: &&String| {
        let weight = reason.rsplit_once(' ').map_or("", |(_, weight)| weight);
        weight.starts_with(['+', '-']) && weight.parse::<f32>().is_ok()
    };
    let unweighed = found.iter().filter(|reason| !is_weighed(reason)).cloned();
    unweighed.chain(evidence.iter().map(in_words)).collect()
}

/// A weight in tenths of a bit: more is not known.
pub(crate) fn tenths(bits: f32) -> f64 {
    (f64::from(finite(bits)) * 10.0).round() / 10.0
}

/// A contradiction weighs more than any evidence; -99.9 stands for it where a number is wanted.
pub(crate) fn finite(bits: f32) -> f32 {
    bits.max(-99.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_is_told_with_the_weights_of_now_and_what_none_has() {
        let found = [
            "same identity number, everything else differs",
            "same name +12.8",
        ];
        let evidence = [("same name", 14.26), ("two phones", -3.0)].map(|(finding, bits)| Reason {
            field: String::new(),
            finding: finding.to_owned(),
            bits,
        });
        let told = told_now(&found.map(str::to_owned), &evidence);
        assert_eq!(told, [found[0], "same name +14.3", "two phones -3.0"]);
    }
}
