//! Requests to be forgotten: what they say, and which decision may follow which.

use chrono::NaiveDate;
use marque_core::{CustomerId, ErasureId, Timestamp};

use super::retention::Running;

/// Why somebody asks to be forgotten (PIPL Art. 47).
pub(crate) const GROUNDS: [&str; 5] = [
    "purpose_ended",
    "service_ended",
    "consent_withdrawn",
    "unlawful",
    "other",
];

/// Days within which a request is decided: ten working days (Provisions on automotive data security, Art. 9), as two weeks.
pub(crate) const DAYS_TO_DECIDE: u64 = 14;

/// Where a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ErasureState {
    Requested,
    /// The person is locked away until the law lets go of him.
    Restricted,
    Erased,
    Refused,
}

impl ErasureState {
    const ALL: [Self; 4] = [
        Self::Requested,
        Self::Restricted,
        Self::Erased,
        Self::Refused,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Restricted => "restricted",
            Self::Erased => "erased",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What headquarters decides.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ruling {
    Erase,
    /// To keep under lock for these duties.
    Restrict(Vec<Running>),
    Refuse,
}

impl Ruling {
    /// The state that follows.
    pub(crate) const fn state(&self) -> ErasureState {
        match self {
            Self::Erase => ErasureState::Erased,
            Self::Restrict(_) => ErasureState::Restricted,
            Self::Refuse => ErasureState::Refused,
        }
    }

    /// The duties for which somebody is locked away.
    pub(crate) fn duties(&self) -> &[Running] {
        match self {
            Self::Restrict(duties) => duties,
            Self::Erase | Self::Refuse => &[],
        }
    }

    /// The day on which the last duty ends.
    pub(crate) fn kept_until(&self) -> Option<NaiveDate> {
        self.duties().iter().map(Running::ends).max()
    }

    /// Whether it may follow a state; `None` if it says what is so already.
    pub(crate) fn follows(&self, state: ErasureState) -> Option<bool> {
        if self.state() == state {
            return None;
        }
        // Who is locked away may be erased early, when a duty falls away.
        Some(match state {
            ErasureState::Requested => true,
            ErasureState::Restricted => *self == Self::Erase,
            ErasureState::Erased | ErasureState::Refused => false,
        })
    }
}

/// A request to be forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Erasure {
    pub(crate) id: ErasureId,
    /// The id that was asked for, whomever it stands for now.
    pub(crate) customer: CustomerId,
    pub(crate) state: ErasureState,
    pub(crate) ground: String,
    /// `self`, or who asked for him.
    pub(crate) requested_by: String,
    pub(crate) requested_at: Timestamp,
    pub(crate) due_at: Timestamp,
    pub(crate) decided_by: String,
    pub(crate) decided_at: Option<Timestamp>,
    pub(crate) reason: String,
    pub(crate) duties: Vec<Running>,
    pub(crate) kept_until: Option<NaiveDate>,
}

impl Erasure {
    /// Whether a decision that leads to its state is the one that led there: for the same duties, and the same reason.
    pub(crate) fn was_decided_as(&self, ruling: &Ruling, reason: &str) -> bool {
        let said = ruling.duties();
        let is_same = match ruling {
            Ruling::Restrict(_) => {
                said.iter().all(|duty| self.duties.contains(duty))
                    && self.duties.iter().all(|duty| said.contains(duty))
            }
            // Who was locked away first keeps the duties that were.
            Ruling::Erase | Ruling::Refuse => true,
        };
        is_same && self.reason == reason
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_stands_but_who_is_locked_away_may_be_erased() {
        let (erase, restrict, refuse) =
            (Ruling::Erase, Ruling::Restrict(Vec::new()), Ruling::Refuse);
        for ruling in [&erase, &restrict, &refuse] {
            assert_eq!(ruling.follows(ErasureState::Requested), Some(true));
            assert_eq!(ruling.follows(ruling.state()), None);
        }
        assert_eq!(erase.follows(ErasureState::Restricted), Some(true));
        assert_eq!(refuse.follows(ErasureState::Restricted), Some(false));
        assert_eq!(restrict.follows(ErasureState::Erased), Some(false));
        assert_eq!(erase.follows(ErasureState::Refused), Some(false));
    }
}
