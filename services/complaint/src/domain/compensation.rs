//! What is done for a customer beyond the repair: asked for, then approved or refused by whose limit covers it.

use marque_core::Timestamp;
use uuid::Uuid;

/// What a compensation can be.
pub(crate) const KINDS: [&str; 5] = ["money", "voucher", "goods", "service", "other"];
/// The largest that can be asked for, in minor units of CNY: ten million yuan.
pub(crate) const MOST_MINOR: i64 = 1_000_000_000;

/// How one stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CompensationState {
    Asked,
    Approved,
    Refused,
}

impl CompensationState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Approved => "approved",
            Self::Refused => "refused",
        }
    }

    /// The state of a code; what a later release wrote is not approved.
    pub(crate) fn parse(code: &str) -> Self {
        match code {
            "approved" => Self::Approved,
            "refused" => Self::Refused,
            _ => Self::Asked,
        }
    }
}

/// A compensation of a case.
#[derive(Clone)]
pub(crate) struct Compensation {
    pub(crate) id: Uuid,
    /// One of [`KINDS`].
    pub(crate) kind: String,
    /// Minor units of CNY.
    pub(crate) amount: i64,
    pub(crate) state: CompensationState,
    pub(crate) reason: String,
    pub(crate) asked_by: String,
    pub(crate) asked_at: Timestamp,
    /// Empty while it is asked for; so are the next two.
    pub(crate) decided_by: String,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) decision: String,
}

/// What whoever decides must be allowed: everything the case was given, this one included. Many small ones are a large
/// one.
pub(crate) fn worth_with(all: &[Compensation], asked: i64) -> i64 {
    let approved = all
        .iter()
        .filter(|each| each.state == CompensationState::Approved);
    approved
        .map(|each| each.amount)
        .fold(asked, i64::saturating_add)
}
