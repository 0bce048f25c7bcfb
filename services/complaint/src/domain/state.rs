//! The states of a case and the one table that says who may move it where, and what a move needs.

use marque_auth::{Role, RoleSet};

/// Where a case stands. The codes are those of the contract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum State {
    Received,
    Acknowledged,
    InProgress,
    WaitingCustomer,
    WaitingParts,
    WaitingOem,
    Resolved,
    FollowedUp,
    Closed,
    Reopened,
    Withdrawn,
}

/// What a move cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// Words: why, or what was done.
    Note,
    /// No task that the case needs is open.
    TasksDone,
    /// It is not longer than [`REOPEN_DAYS`] since the case was resolved or closed.
    InTime,
}

/// How long after its resolution or end a case can be re-opened, in days.
pub(crate) const REOPEN_DAYS: i64 = 30;

/// One allowed move.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Move {
    pub(crate) from: State,
    pub(crate) to: State,
    pub(crate) who: &'static [Role],
    pub(crate) needs: &'static [Need],
}

impl State {
    /// Every state, in the order of a case's course.
    pub(crate) const ALL: [Self; 11] = [
        Self::Received,
        Self::Acknowledged,
        Self::InProgress,
        Self::WaitingCustomer,
        Self::WaitingParts,
        Self::WaitingOem,
        Self::Resolved,
        Self::FollowedUp,
        Self::Closed,
        Self::Reopened,
        Self::Withdrawn,
    ];

    /// The code on the wire and in the store.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Acknowledged => "acknowledged",
            Self::InProgress => "in_progress",
            Self::WaitingCustomer => "waiting_customer",
            Self::WaitingParts => "waiting_parts",
            Self::WaitingOem => "waiting_oem",
            Self::Resolved => "resolved",
            Self::FollowedUp => "followed_up",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a code.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }

    /// Whether work remains to be done.
    pub(crate) const fn is_open(self) -> bool {
        !matches!(
            self,
            Self::Resolved | Self::FollowedUp | Self::Closed | Self::Withdrawn
        )
    }

    /// Whether somebody else is waited for.
    pub(crate) const fn is_waiting(self) -> bool {
        matches!(
            self,
            Self::WaitingCustomer | Self::WaitingParts | Self::WaitingOem
        )
    }

    /// Whether a move from here waits for tasks that the case needs.
    pub(crate) fn waits_for_tasks(self) -> bool {
        let waits = |step: &Move| step.from == self && step.needs.contains(&TasksDone);
        MOVES.iter().any(waits)
    }
}

use Need::{InTime, Note, TasksDone};
use State::{
    Acknowledged, Closed, FollowedUp, InProgress, Received, Reopened, Resolved, WaitingCustomer,
    WaitingOem, WaitingParts, Withdrawn,
};

/// Whoever works on cases; a dealer's own system reports what its desk did.
const DESK: &[Role] = &[
    Role::Dms,
    Role::Sales,
    Role::Service,
    Role::Manager,
    Role::Agent,
    Role::HqAdmin,
];
/// The desk, and the customer himself: what was said in his name, such as that he withdraws it, he can take back.
const ANYONE: &[Role] = &[
    Role::Dms,
    Role::Sales,
    Role::Service,
    Role::Manager,
    Role::Agent,
    Role::HqAdmin,
    Role::Customer,
];

const fn to(from: State, to: State, who: &'static [Role], needs: &'static [Need]) -> Move {
    Move {
        from,
        to,
        who,
        needs,
    }
}

/// Every allowed move; what does not stand here is refused.
pub(crate) const MOVES: &[Move] = &[
    to(Received, Acknowledged, DESK, &[]),
    to(Acknowledged, InProgress, DESK, &[]),
    to(InProgress, WaitingCustomer, DESK, &[Note]),
    to(InProgress, WaitingParts, DESK, &[Note]),
    to(InProgress, WaitingOem, DESK, &[Note]),
    to(WaitingCustomer, InProgress, ANYONE, &[]),
    to(WaitingParts, InProgress, DESK, &[]),
    to(WaitingOem, InProgress, DESK, &[]),
    to(InProgress, Resolved, DESK, &[Note, TasksDone]),
    to(Resolved, FollowedUp, ANYONE, &[Note]),
    to(FollowedUp, Closed, DESK, &[TasksDone]),
    to(Resolved, Reopened, ANYONE, &[Note, InTime]),
    to(FollowedUp, Reopened, ANYONE, &[Note, InTime]),
    to(Closed, Reopened, ANYONE, &[Note, InTime]),
    to(Withdrawn, Reopened, ANYONE, &[Note, InTime]),
    to(Reopened, InProgress, DESK, &[]),
    to(Received, Withdrawn, ANYONE, &[Note]),
    to(Acknowledged, Withdrawn, ANYONE, &[Note]),
    to(InProgress, Withdrawn, ANYONE, &[Note]),
    to(WaitingCustomer, Withdrawn, ANYONE, &[Note]),
    to(WaitingParts, Withdrawn, ANYONE, &[Note]),
    to(WaitingOem, Withdrawn, ANYONE, &[Note]),
    to(Reopened, Withdrawn, ANYONE, &[Note]),
];

/// The one of them that a case makes by itself, when nobody makes it and nothing else happens on it for a while
/// ([`super::Rules`] say how long).
pub(crate) const BY_ITSELF: (State, State) = (FollowedUp, Closed);

/// Why a case cannot be moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// The table has no such move for these roles; these it has.
    NotAllowed {
        from: State,
        to: State,
        allowed: Vec<State>,
    },
    /// The note is missing.
    NoteMissing,
    /// So many needed tasks are open.
    TasksOpen(usize),
    /// The time to re-open it is over.
    TooLate,
    /// It was the case of somebody who is erased: nobody is there for whom it could be opened again.
    Erased,
}

/// What is known of a case when it is to be moved.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Facts {
    pub(crate) has_note: bool,
    pub(crate) open_tasks: usize,
    pub(crate) may_reopen: bool,
    /// Whether its customer was erased.
    pub(crate) is_erased: bool,
}

/// The states somebody can move a case to as it is. The words that some moves need go along with them.
pub(crate) fn allowed(from: State, roles: RoleSet, facts: Facts) -> Vec<State> {
    let with_words = Facts {
        has_note: true,
        ..facts
    };
    MOVES
        .iter()
        .filter(|step| step.from == from && is_for(step, roles))
        .filter(|step| missing(step, with_words).is_none())
        .map(|step| step.to)
        .collect()
}

fn is_for(step: &Move, roles: RoleSet) -> bool {
    step.who.iter().any(|role| roles.contains(*role))
}

/// Passes if the table has the move for one of the roles and it has what it needs.
pub(crate) fn check(from: State, to: State, roles: RoleSet, facts: Facts) -> Result<(), Refusal> {
    let step = MOVES
        .iter()
        .find(|step| step.from == from && step.to == to && is_for(step, roles))
        .ok_or_else(|| Refusal::NotAllowed {
            from,
            to,
            allowed: allowed(from, roles, facts),
        })?;
    missing(step, facts).map_or(Ok(()), Err)
}

/// Why a move that the table has cannot be made yet, or any more.
fn missing(step: &Move, facts: Facts) -> Option<Refusal> {
    step.needs.iter().find_map(|need| match need {
        Note if !facts.has_note => Some(Refusal::NoteMissing),
        TasksDone if facts.open_tasks > 0 => Some(Refusal::TasksOpen(facts.open_tasks)),
        InTime if facts.is_erased => Some(Refusal::Erased),
        InTime if !facts.may_reopen => Some(Refusal::TooLate),
        Note | TasksDone | InTime => None,
    })
}

#[cfg(test)]
#[path = "state_tests.rs"]
mod tests;
