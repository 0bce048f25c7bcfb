//! Requests to be forgotten: what they say, and which decision may follow which.

use chrono::{Datelike as _, NaiveDate};
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

    /// The day on which the last duty ends.
    pub(crate) fn kept_until(&self) -> Option<NaiveDate> {
        match self {
            Self::Restrict(duties) => duties.iter().map(Running::ends).max(),
            Self::Erase | Self::Refuse => None,
        }
    }

    /// The first day of a duty that begins after the end of this year; `None` if none does. Terms of records of business begin at the
    /// end of a year.
    pub(crate) fn begins_too_late(&self, today: NaiveDate) -> Option<NaiveDate> {
        let Self::Restrict(duties) = self else {
            return None;
        };
        let mut first_days = duties.iter().map(|running| running.since);
        first_days.find(|since| since.year() > today.year())
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
    /// Whether a ruling of the state it is in says what was decided, so that nothing is lost by not deciding again. Who is erased stays
    /// so whatever the reason.
    pub(crate) fn is_decided_so(&self, ruling: &Ruling, reason: &str) -> bool {
        match ruling {
            Ruling::Erase => true,
            Ruling::Restrict(duties) => self.duties == *duties && self.reason == reason,
            Ruling::Refuse => self.reason == reason,
        }
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
