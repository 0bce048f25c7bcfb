//! Alerts: something a manager should look at, and what came of it.

use marque_core::{AlertId, Timestamp};
use uuid::Uuid;

use super::Figures;

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum AlertKind {
    /// A dealer's score fell from one month to the next.
    ScoreFell,
    /// Records came in a burst.
    BurstStarted,
    /// Entries look made up.
    EntriesLookInvented,
}

impl AlertKind {
    pub(crate) const ALL: [Self; 3] = [
        Self::ScoreFell,
        Self::BurstStarted,
        Self::EntriesLookInvented,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::ScoreFell => "score_fell",
            Self::BurstStarted => "burst_started",
            Self::EntriesLookInvented => "entries_look_invented",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }

    /// What happened, in Chinese and English; no accusation.
    pub(crate) const fn text(self) -> (&'static str, &'static str) {
        match self {
            Self::ScoreFell => (
                "本月数据质量得分比上月明显下降，请查看评分卡",
                "the month's score is well below that of the month before: see the scorecard",
            ),
            Self::BurstStarted => (
                "录入时间集中，请核实这些记录",
                "many records were entered at one time: please look at them",
            ),
            Self::EntriesLookInvented => (
                "部分录入内容像是编造的，请先核实再判断",
                "some entries look made up: verify before you judge",
            ),
        }
    }
}

/// What has become of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AlertState {
    Open,
    Acknowledged,
    Snoozed,
    Closed,
}

impl AlertState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Snoozed => "snoozed",
            Self::Closed => "closed",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Open, Self::Acknowledged, Self::Snoozed, Self::Closed]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// What may have come of a closed alert.
pub(crate) const OUTCOMES: [&str; 4] = ["mended", "explained", "disciplined", "not_confirmed"];

/// Namespace of the coded ids of clerks: fixed for ever, since receivers of events may have kept some.
const CLERKS: Uuid = Uuid::from_u128(0x1d0c_51f4_63aa_5c1e_8c35_0b6e_9a27_d4f3);

/// The coded id of a clerk: UUIDv5 of dealer and staff number. Events carry it in the place of the number, which is the
/// dealer's own and may be a name or a phone; whoever may read the number computes the same id. Empty if it is about none.
pub(crate) fn clerk_code(dealer: &str, clerk: &str) -> String {
    if clerk.is_empty() {
        return String::new();
    }
    let name = format!("{dealer}\u{1f}{clerk}");
    format!("stf_{}", Uuid::new_v5(&CLERKS, name.as_bytes()).as_simple())
}

/// An alert about to be raised.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct NewAlert {
    pub(crate) kind: AlertKind,
    pub(crate) dealer: String,
    /// Empty if it is about the dealer as a whole.
    pub(crate) clerk: String,
    /// The kind of sign, or the month.
    pub(crate) detail: String,
    /// Since when there is a cause; one that is older than the last word on it raises nothing.
    pub(crate) since: Timestamp,
    pub(crate) figures: Figures,
}

/// An alert as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Alert {
    pub(crate) id: AlertId,
    pub(crate) kind: AlertKind,
    pub(crate) dealer: String,
    pub(crate) clerk: String,
    pub(crate) detail: String,
    pub(crate) state: AlertState,
    pub(crate) snoozed_until: Option<Timestamp>,
    pub(crate) outcome: String,
    pub(crate) remark: String,
    pub(crate) raised_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    pub(crate) changed_by: String,
    /// As they were when it was raised.
    pub(crate) figures: Figures,
}

impl Alert {
    /// The alert as it stands at an instant: one that has slept long enough is open again.
    pub(crate) fn at(self, now: Timestamp) -> Self {
        let woke = self.snoozed_until.is_some_and(|until| until <= now);
        if self.state != AlertState::Snoozed || !woke {
            return self;
        }
        Self {
            state: AlertState::Open,
            snoozed_until: None,
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clerk_has_one_code_at_each_dealer_that_does_not_show_his_number() {
        let code = clerk_code("D001", "S17");
        assert_eq!(code, clerk_code("D001", "S17"));
        assert_ne!(code, clerk_code("D002", "S17"));
        assert!(code.starts_with("stf_") && code.len() == 36 && !code.contains("S17"));
        assert_eq!(clerk_code("D001", ""), "");
    }
}
