//! A pair as JSON.

use marque_api::customer::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    routes::customers::CustomerView,
    values::{Instant, instant, views},
};

/// One line of the waterfall.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Evidence)]
pub(crate) struct EvidenceView {
    /// The field.
    #[schema(example = "phone")]
    field: String,
    /// What comparing it found.
    #[schema(example = "same phone")]
    finding: String,
    /// Weight in bits: positive for one customer, negative against; -99.9 is a contradiction.
    #[schema(example = 12.3)]
    bits: f64,
}

impl From<pb::Evidence> for EvidenceView {
    fn from(evidence: pb::Evidence) -> Self {
        let pb::Evidence {
            field,
            finding,
            bits,
        } = evidence;
        Self {
            field,
            finding,
            bits,
        }
    }
}

/// A steward's word on a pair.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = PairDecision)]
pub(crate) struct PairDecisionView {
    /// same, different or later.
    #[schema(example = "same")]
    decision: String,
    /// Who said it.
    actor: String,
    /// Why.
    reason: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    decided_at: Option<Instant>,
}

impl From<pb::PairDecision> for PairDecisionView {
    fn from(word: pb::PairDecision) -> Self {
        let pb::PairDecision {
            decision,
            actor,
            reason,
            decided_at,
        } = word;
        Self {
            decision,
            actor,
            reason,
            decided_at: instant(decided_at),
        }
    }
}

/// A pair that may be one customer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Duplicate)]
pub(crate) struct DuplicateView {
    /// Id.
    #[schema(example = "dup_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// One.
    left: CustomerView,
    /// The other.
    right: CustomerView,
    /// Probability that they are one, 0 to 1.
    #[schema(example = 0.87)]
    probability: f64,
    /// What deciding it is worth: the probability times the records that would find their owner.
    #[schema(example = 1.74)]
    gain: f64,
    /// What speaks for and against, the evidence in words; of a pair that was merged what spoke for it when it was found.
    reasons: Vec<String>,
    /// The weights of the two records that resemble each other most, strongest first.
    evidence: Vec<EvidenceView>,
    /// Every word a steward said on it, the first one first.
    decisions: Vec<PairDecisionView>,
    /// open, later, same, different, disputed or closed.
    #[schema(example = "open")]
    state: String,
    /// Why it left the queue without a steward's word, if it is closed.
    #[serde(skip_serializing_if = "String::is_empty")]
    closed_because: String,
    /// When it was found.
    #[serde(skip_serializing_if = "Option::is_none")]
    found_at: Option<Instant>,
}

impl From<pb::Duplicate> for DuplicateView {
    fn from(duplicate: pb::Duplicate) -> Self {
        let pb::Duplicate {
            id,
            left,
            right,
            probability,
            reasons,
            state,
            found_at,
            gain,
            evidence,
            decisions,
            closed_because,
        } = duplicate;
        Self {
            id,
            left: left.unwrap_or_default().into(),
            right: right.unwrap_or_default().into(),
            probability,
            gain,
            reasons,
            evidence: views(evidence),
            decisions: views(decisions),
            state,
            closed_because,
            found_at: instant(found_at),
        }
    }
}
