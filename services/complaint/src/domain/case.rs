//! A case, its tasks and its course; and how its clocks follow its moves.

use marque_core::{ComplaintId, CustomerId, SourceRecordId, Timestamp};
use marque_quality::Finding;
use uuid::Uuid;

use super::{
    calendar::Calendar,
    clock::{Clock, ClockKind, Standing, Terms, Tier, kinds_of},
    code::folded_code,
    number::CaseSerial,
    state::{REOPEN_DAYS, State},
    words::Severity,
};

/// A case as it stands.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) id: ComplaintId,
    pub(crate) serial: CaseSerial,
    pub(crate) dealer: String,
    pub(crate) source: String,
    /// Key in the source; empty if it came from none.
    pub(crate) complaint_key: String,
    pub(crate) record: Option<SourceRecordId>,
    /// The projection of the links.
    pub(crate) customer: Option<CustomerId>,
    pub(crate) vin: String,
    pub(crate) visit: String,
    pub(crate) channel: String,
    pub(crate) category: String,
    pub(crate) severity: Severity,
    /// What the customer is to us; `None` while nobody has said or told.
    pub(crate) tier: Option<Tier>,
    pub(crate) department: String,
    pub(crate) part: String,
    pub(crate) fault: String,
    pub(crate) state: State,
    /// Highest step of the escalation so far, 0 before the first.
    pub(crate) level: i64,
    pub(crate) opened_at: Timestamp,
    pub(crate) recorded_at: Timestamp,
    pub(crate) acknowledged_at: Option<Timestamp>,
    pub(crate) resolved_at: Option<Timestamp>,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) updated_at: Timestamp,
    pub(crate) reopened: i64,
    pub(crate) repeat_of: Option<ComplaintId>,
    /// With the resolution and with the handling, 1 to 5; 0 while not asked.
    pub(crate) satisfaction: [i64; 2],
    pub(crate) version: i64,
    pub(crate) words: Words,
}

/// What a case is about, by which it is known what repeats it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Matter<'a> {
    pub(crate) fault: &'a str,
    pub(crate) category: &'a str,
}

impl Matter<'_> {
    /// Whether another of the same vehicle is the same: its fault, or its category where one of the two names no fault.
    pub(crate) fn is_same_as(self, other: Matter<'_>) -> bool {
        if self.fault.is_empty() || other.fault.is_empty() {
            self.category == other.category
        } else {
            folded_code(self.fault) == folded_code(other.fault)
        }
    }
}

/// What is sealed: the words of people.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Words {
    pub(crate) text: String,
    pub(crate) wish: String,
    /// Words that no code stands for, and columns nobody knows: name and value.
    pub(crate) extra: Vec<(String, String)>,
    /// What was wrong with the columns as they were typed and is not put right yet. They lie with the words, for what was
    /// typed is not kept otherwise.
    pub(crate) findings: Vec<Finding>,
}

impl std::fmt::Debug for Words {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Words").finish_non_exhaustive()
    }
}

/// How a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TaskState {
    Open,
    Done,
    Cancelled,
}

impl TaskState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
        }
    }

    pub(crate) fn parse(code: &str) -> Self {
        match code {
            "done" => Self::Done,
            "cancelled" => Self::Cancelled,
            _ => Self::Open,
        }
    }
}

/// How the id of a task begins on the wire.
pub(crate) const TASK_ID: &str = "tsk_";

/// A task of a department on a case.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) id: Uuid,
    pub(crate) department: String,
    pub(crate) text: String,
    pub(crate) owner: String,
    pub(crate) due_at: Option<Timestamp>,
    pub(crate) is_needed: bool,
    pub(crate) state: TaskState,
    pub(crate) outcome: String,
    pub(crate) created_at: Timestamp,
    pub(crate) finished_at: Option<Timestamp>,
    pub(crate) kind: TaskKind,
    /// Highest step of the escalation since it was given its due time, 0 before the first.
    pub(crate) level: i64,
}

/// Where a task comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum TaskKind {
    /// Somebody gave it.
    #[default]
    Given,
    /// Made by itself when a case is resolved or closed: ask the customer whether he is satisfied.
    SatisfactionCall,
    /// Made by itself when the customer writes or sends something to a case that is over: read it.
    CustomerWord,
    /// Made by itself when the customer says that what was done does not satisfy him: see to it before the case is closed.
    Discontent,
    /// Made by itself when a compensation is asked for that others have to decide.
    Compensation,
}

impl TaskKind {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Given => "",
            Self::SatisfactionCall => "satisfaction_call",
            Self::CustomerWord => "customer_word",
            Self::Discontent => "discontent",
            Self::Compensation => "compensation",
        }
    }

    pub(crate) fn parse(code: &str) -> Self {
        match code {
            "satisfaction_call" => Self::SatisfactionCall,
            "customer_word" => Self::CustomerWord,
            "discontent" => Self::Discontent,
            "compensation" => Self::Compensation,
            _ => Self::Given,
        }
    }

    /// Working days within which a task that is made by itself is to be done, by the state of its case; `None` of one that somebody
    /// gave.
    pub(crate) const fn working_days(self, state: State) -> Option<u32> {
        match (self, state) {
            (Self::Given, _) => None,
            (Self::SatisfactionCall, State::Closed) => Some(CALL_WITHIN[1]),
            (Self::SatisfactionCall, _) => Some(CALL_WITHIN[0]),
            (Self::CustomerWord | Self::Discontent | Self::Compensation, _) => Some(SEEN_TO_WITHIN),
        }
    }

    /// Whether a case is not over before it is done, of a task that is made by itself.
    pub(crate) const fn is_needed(self) -> bool {
        matches!(self, Self::Discontent)
    }

    /// What is to be done, of a task that is made by itself.
    pub(crate) const fn errand(self) -> &'static str {
        match self {
            Self::Given => "",
            Self::SatisfactionCall => {
                "满意度回访：对解决结果、处理过程各打几分（1—5），为什么？ Ask for the grades of resolution and handling, and why."
            }
            Self::CustomerWord => {
                "客户在处理结束后又留言或发来文件：请阅读、答复，必要时重新打开。 The customer wrote or sent something after the end: \
                 read it, answer him, and re-open the case if it is not over."
            }
            Self::Discontent => {
                "客户对解决结果不满意：请联系客户，问清原因，必要时重新打开。 The customer is not satisfied with what was done: ask him why, \
                 and re-open the case if it is not over."
            }
            Self::Compensation => {
                "补偿申请等待审批：请有权限的人批准或驳回。 A compensation waits: have it approved or refused by whose limit covers it."
            }
        }
    }
}

/// The department that does what is made by itself.
pub(crate) const CARE: &str = "customer_care";
/// Working days within which the customer is called after his case was resolved, and after it was closed unasked.
const CALL_WITHIN: [u32; 2] = [3, 7];
/// Working days within which somebody sees to what he wrote or said after the end, or to what he is to be given.
const SEEN_TO_WITHIN: u32 = 1;
/// The best grade of a resolution that says it is none.
const DISCONTENT: i64 = 2;

impl Task {
    /// Whether it is of a kind and still to be done.
    pub(crate) fn is_open_of(&self, kind: TaskKind) -> bool {
        self.kind == kind && self.state == TaskState::Open
    }

    /// Whether the case can neither be resolved nor closed because of it.
    pub(crate) fn is_in_the_way(&self) -> bool {
        self.is_needed && self.state == TaskState::Open
    }
}

/// One entry of a case's course.
#[derive(Clone)]
pub(crate) struct Entry {
    pub(crate) act: &'static str,
    pub(crate) at: Timestamp,
    pub(crate) actor: String,
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) note: String,
}

impl Entry {
    /// The act by which a case lost its customer, who is erased; an open one ended by it.
    pub(crate) const ERASED: &'static str = "erased";
}

/// What decides whether and from when a clock begins anew.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Anew<'a> {
    pub(crate) category: &'a str,
    pub(crate) demanded_at: Timestamp,
    /// From when the customer of a case that is resolved is to be asked how it is: since we know of it; `None` if it is too late
    /// to ask.
    pub(crate) asked_from: Option<Timestamp>,
}

/// A clock that stopped or went on by a move.
pub(crate) type Turn = (ClockKind, &'static str);

/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

impl Case {
    /// What sets its times.
    pub(crate) fn terms(&self) -> Terms<'_> {
        Terms {
            severity: self.severity,
            category: &self.category,
            tier: self.tier.unwrap_or_default(),
        }
    }

    /// When a clock of it begins. The house can only answer from when the complaint came to us; the law counts from the
    /// day of the demand.
    pub(crate) const fn begins(&self, kind: ClockKind) -> Timestamp {
        match kind {
            ClockKind::LawAnswer | ClockKind::LawRemedy => self.opened_at,
            _ => self.recorded_at,
        }
    }

    /// Whether a grade of its resolution, 0 while none was given, says that it is none.
    pub(crate) const fn is_discontent(grade: i64) -> bool {
        matches!(grade, 1..=DISCONTENT)
    }

    /// Whether another case is of the same customer, vehicle and category.
    pub(crate) fn is_twin_of(&self, other: &Self) -> bool {
        let is_same_person = (self.record.is_some() && self.record == other.record)
            || (self.customer.is_some() && self.customer == other.customer);
        is_same_person && self.vin == other.vin && self.category == other.category
    }

    /// Whether nobody is known who complains: he was never named, or he is erased.
    pub(crate) const fn is_nobodys(&self) -> bool {
        self.record.is_none() && self.customer.is_none()
    }

    /// What it is about.
    pub(crate) fn matter(&self) -> Matter<'_> {
        Matter {
            fault: &self.fault,
            category: &self.category,
        }
    }

    /// Whether the time to re-open it is not over. Of a case that came in as history it begins when it came.
    pub(crate) fn may_reopen(&self, now: Timestamp) -> bool {
        let ended = self.closed_at.max(self.resolved_at).unwrap_or(now);
        let ended = ended.max(self.recorded_at);
        now.as_micros() - ended.as_micros() <= REOPEN_DAYS * DAY
    }

    /// Notes a move in the case itself.
    pub(crate) fn enter(&mut self, state: State, at: Timestamp) {
        self.state = state;
        self.updated_at = at;
        self.version += 1;
        match state {
            State::Acknowledged => self.acknowledged_at = self.acknowledged_at.or(Some(at)),
            State::Resolved => self.resolved_at = Some(at),
            State::Closed | State::Withdrawn => self.closed_at = Some(at),
            State::Reopened => {
                self.reopened += 1;
                self.resolved_at = None;
                self.closed_at = None;
            }
            _ => {}
        }
    }
}

/// Lets the clocks of a case follow a move; answers which of them stopped or went on. `budget` is the time of one that
/// begins anew: now, or on the day of the demand where the law counts from it. Clocks that are not the category's stay as they are.
pub(crate) fn follow(
    clocks: &mut [Clock],
    to: State,
    (budget, terms): (impl Fn(ClockKind) -> i64, Anew<'_>),
    at: Timestamp,
    calendar: &Calendar,
) -> Vec<Turn> {
    let mut turns = Vec::new();
    for clock in clocks {
        let kind = clock.kind;
        if to == State::Withdrawn {
            clock.end(Standing::Stopped, at, calendar);
        } else if begins_anew(clock, to, terms) && kinds_of(terms.category).contains(&kind) {
            let from = match to {
                _ if kind.is_of_law() => terms.demanded_at,
                State::Resolved => terms.asked_from.unwrap_or(at),
                _ => at,
            };
            clock.restart(budget(kind), from, calendar);
        } else if kind.is_met_in(to) {
            clock.end(Standing::Met, at, calendar);
        } else if kind.is_paused_in(to) {
            if clock.pause(at, calendar) {
                turns.push((kind, "paused"));
            }
        } else if clock.resume(at, calendar) {
            turns.push((kind, "resumed"));
        }
    }
    turns
}

/// The customer was answered or asked, so the next word to him is due anew; once his case is resolved that is the follow-up. A
/// re-opened case is resolved anew, and what was no remedy did not end the law's watch for one. The answers that he was given stay
/// given; those that a withdrawal cut off are owed again.
const fn begins_anew(clock: &Clock, to: State, terms: Anew<'_>) -> bool {
    match clock.kind {
        ClockKind::NextUpdate => match to {
            State::Acknowledged | State::WaitingCustomer | State::Reopened => true,
            State::Resolved => terms.asked_from.is_some(),
            _ => false,
        },
        ClockKind::Resolution | ClockKind::LawRemedy => matches!(to, State::Reopened),
        ClockKind::FirstResponse | ClockKind::LawAnswer => {
            matches!(to, State::Reopened) && matches!(clock.standing, Standing::Stopped)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use marque_insight::law::WorkCalendar;

    use super::*;
    use crate::domain::{calendar::Hours, rules::Times};

    #[test]
    fn clocks_follow_a_case_through_its_course() {
        let calendar = Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()));
        let terms = Terms {
            severity: Severity::High,
            category: "service.repair",
            tier: Tier::Ordinary,
        };
        let times = Times::default();
        let budget = |kind| times.budget(kind, terms);
        let hour = |n: i64| Timestamp::from_micros(1_780_300_800_000_000 + n * 3_600_000_000);
        let mut clocks: Vec<Clock> = kinds_of(terms.category)
            .iter()
            .map(|kind| Clock::start(*kind, budget(*kind), hour(0), &calendar))
            .collect();
        let standings = |clocks: &[Clock]| {
            clocks
                .iter()
                .map(|clock| clock.standing)
                .collect::<Vec<_>>()
        };
        use Standing::{Met, Paused, Running, Stopped};
        let course = [
            (State::Acknowledged, vec![Met, Running, Running], vec![]),
            (State::InProgress, vec![Met, Running, Running], vec![]),
            (
                State::WaitingParts,
                vec![Met, Running, Paused],
                vec![(ClockKind::Resolution, "paused")],
            ),
            (
                State::InProgress,
                vec![Met, Running, Running],
                vec![(ClockKind::Resolution, "resumed")],
            ),
            (
                State::WaitingCustomer,
                vec![Met, Running, Paused],
                vec![(ClockKind::Resolution, "paused")],
            ),
            (
                State::InProgress,
                vec![Met, Running, Running],
                vec![(ClockKind::Resolution, "resumed")],
            ),
            (State::Resolved, vec![Met, Running, Met], vec![]),
            (State::FollowedUp, vec![Met, Met, Met], vec![]),
            (State::Reopened, vec![Met, Running, Running], vec![]),
            (State::Withdrawn, vec![Met, Stopped, Stopped], vec![]),
            (State::Reopened, vec![Met, Running, Running], vec![]),
        ];
        for (step, (state, expected, turns)) in course.into_iter().enumerate() {
            let at = hour(step as i64 + 1);
            let anew = Anew {
                category: terms.category,
                demanded_at: hour(0),
                asked_from: Some(at),
            };
            let turned = follow(&mut clocks, state, (budget, anew), at, &calendar);
            assert_eq!(standings(&clocks), expected, "{state:?}");
            assert_eq!(turned, turns, "{state:?}");
        }
        assert_eq!(
            clocks[2].round, 3,
            "each time it was re-opened it was given a round of its own"
        );
    }

    #[test]
    fn who_was_never_answered_is_owed_an_answer_when_his_case_comes_back() {
        let calendar = Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()));
        let at =
            |minutes: i64| Timestamp::from_micros(1_780_300_800_000_000 + minutes * 60_000_000);
        let hour = 3_600_000_000;
        let first = Clock::start(ClockKind::FirstResponse, hour, at(0), &calendar);
        let mut clocks = [first];
        for (to, standing) in [
            (State::Withdrawn, Standing::Stopped),
            (State::Reopened, Standing::Running),
            (State::InProgress, Standing::Met),
            (State::Resolved, Standing::Met),
            (State::Reopened, Standing::Met),
        ] {
            let anew = Anew {
                category: "service.repair",
                demanded_at: at(0),
                asked_from: None,
            };
            follow(&mut clocks, to, (|_| hour, anew), at(30), &calendar);
            assert_eq!(clocks[0].standing, standing, "{to:?}");
        }
    }

    #[test]
    fn whom_it_is_too_late_to_ask_nobody_has_to_ask() {
        let calendar = Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()));
        let monday = Timestamp::from_micros(1_780_300_800_000_000);
        let hour = 3_600_000_000;
        let heard = Timestamp::from_micros(monday.as_micros() + 2 * hour);
        for (asked_from, standing) in [(Some(heard), Standing::Running), (None, Standing::Met)] {
            let next = Clock::start(ClockKind::NextUpdate, hour, monday, &calendar);
            let mut clocks = [next];
            let anew = Anew {
                category: "service.repair",
                demanded_at: monday,
                asked_from,
            };
            let to = State::Resolved;
            follow(&mut clocks, to, (|_| hour, anew), monday, &calendar);
            assert_eq!(clocks[0].standing, standing);
            assert!(asked_from.is_none_or(|from| clocks[0].begun_at == from));
        }
    }
}
