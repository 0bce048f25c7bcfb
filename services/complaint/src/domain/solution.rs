//! An entry of the knowledge base.

use marque_core::Timestamp;
use uuid::Uuid;

use super::code::searched_code;

/// A solution as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Solution {
    pub(crate) id: Uuid,
    pub(crate) version: i64,
    pub(crate) state: SolutionState,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Empty where it fits many; so are part and fault.
    pub(crate) category: String,
    pub(crate) part: String,
    pub(crate) fault: String,
    pub(crate) author: String,
    /// Empty for drafts.
    pub(crate) approved_by: String,
    pub(crate) updated_at: Timestamp,
}

/// Whether others are to follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SolutionState {
    Draft,
    Approved,
    /// A draft that headquarters does not want: what was approved before it stays in force.
    Rejected,
    Retired,
}

/// Among which solutions some are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Among {
    /// All that are not retired.
    All,
    /// What is approved, also where a newer draft waits.
    InForce,
    /// What waits for approval.
    Drafts,
}

/// How often it was used, and what came of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Uses {
    pub(crate) used: i64,
    /// The case ended and was not re-opened.
    pub(crate) succeeded: i64,
    /// The case was re-opened.
    pub(crate) failed: i64,
}

impl SolutionState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Retired => "retired",
        }
    }

    /// The state of a code; what a later release wrote is not to be followed.
    pub(crate) fn parse(code: &str) -> Self {
        match code {
            "draft" => Self::Draft,
            "approved" => Self::Approved,
            "rejected" => Self::Rejected,
            _ => Self::Retired,
        }
    }

    /// Whether a solution that stands so can be decided to stand otherwise: there is nothing to reject but a draft.
    pub(crate) const fn may_become(self, decided: Self) -> bool {
        !matches!(decided, Self::Rejected) || matches!(self, Self::Draft)
    }
}

impl Solution {
    /// What is searched.
    pub(crate) fn words(&self) -> String {
        let [part, fault] = [&self.part, &self.fault].map(|code| searched_code(code));
        format!("{} {} {part} {fault}", self.title, self.text)
    }
}

/// How much a case and a solution, or two cases, have in common beside their words, as a factor of their likeness.
pub(crate) fn kinship(pairs: [(&str, &str); 4]) -> f32 {
    /// Category, part, fault, vehicle: the more exact, the more it says.
    const WEIGHTS: [f32; 4] = [0.2, 0.5, 0.8, 0.5];
    let same = |(left, right): &(&str, &str)| !left.is_empty() && left == right;
    let bonus: f32 = pairs
        .iter()
        .zip(WEIGHTS)
        .filter(|(pair, _)| same(pair))
        .map(|(_, weight)| weight)
        .sum();
    1.0 + bonus
}

impl Uses {
    /// What its history says for it: the share of cases that stayed solved, as if it had solved one of two before it was
    /// ever used (Laplace), from half to three halves.
    pub(crate) fn weight(self) -> f32 {
        let ended = (self.succeeded + self.failed) as f32;
        0.5 + (self.succeeded as f32 + 1.0) / (ended + 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stayed_solved_weighs_more_than_what_came_back() {
        let uses = |succeeded, failed| Uses {
            used: succeeded + failed,
            succeeded,
            failed,
        };
        assert!((uses(0, 0).weight() - 1.0).abs() < 1e-6);
        assert!(uses(9, 1).weight() > uses(1, 0).weight());
        assert!(uses(0, 3).weight() < uses(0, 1).weight());
    }

    #[test]
    fn what_is_unknown_has_nothing_in_common() {
        let none = kinship([("", ""), ("", ""), ("", ""), ("", "")]);
        assert!((none - 1.0).abs() < 1e-6);
        assert!(kinship([("a", "a"), ("b", "b"), ("c", "d"), ("", "")]) > 1.5);
    }
}
