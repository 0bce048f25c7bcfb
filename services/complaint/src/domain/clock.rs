//! The clocks of a case: how long each thing may take, how it is paused, and when which step of the escalation is due.

use marque_core::Timestamp;

use super::{
    calendar::{Calendar, MINUTE},
    state::State,
    words::{Severity, THREE_GUARANTEES},
};

/// What a clock waits for; the number is the one in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum ClockKind {
    /// The first answer to the customer.
    FirstResponse = 1,
    /// The next word to the customer; of a resolved case the question how it is.
    NextUpdate = 2,
    /// The resolution.
    Resolution = 3,
    /// The reasoned answer to a demand under the three guarantees: 10 working days (SAMR Order 43, article 28).
    LawAnswer = 4,
    /// Its fulfilment: 20 working days.
    LawRemedy = 5,
}

/// A step of the escalation; the number is the one in the store. Each comes once a round of a clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// Before the clock runs out: whoever has the case.
    Warning = 1,
    /// It ran out: the agent.
    Agent = 2,
    /// The dealer's manager.
    Manager = 3,
    /// The region.
    Region = 4,
    /// Headquarters.
    Headquarters = 5,
}

impl ClockKind {
    pub(crate) const ALL: [Self; 5] = [
        Self::FirstResponse,
        Self::NextUpdate,
        Self::Resolution,
        Self::LawAnswer,
        Self::LawRemedy,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::FirstResponse => "first_response",
            Self::NextUpdate => "next_update",
            Self::Resolution => "resolution",
            Self::LawAnswer => "law_answer",
            Self::LawRemedy => "law_remedy",
        }
    }

    pub(crate) const fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.number() == number)
    }

    /// Working days the law gives; `None` for the clocks of the house.
    pub(super) const fn law_days(self) -> Option<u32> {
        match self {
            Self::LawAnswer => Some(10),
            Self::LawRemedy => Some(20),
            _ => None,
        }
    }

    /// Whether the clock is one of the law.
    pub(crate) const fn is_of_law(self) -> bool {
        self.law_days().is_some()
    }

    /// Whether the clock stands still in a state. The law knows no pause. Whoever is waited for, the customer is owed a word:
    /// when the part comes, or whether he has still to answer. So no case lies for ever in a state of waiting.
    pub(crate) const fn is_paused_in(self, state: State) -> bool {
        matches!(self, Self::Resolution) && state.is_waiting()
    }

    /// Whether what the clock waits for has come when a case reaches a state.
    pub(crate) const fn is_met_in(self, state: State) -> bool {
        match self {
            Self::FirstResponse => !matches!(state, State::Received),
            Self::NextUpdate | Self::Resolution | Self::LawAnswer | Self::LawRemedy => {
                matches!(state, State::Resolved | State::FollowedUp | State::Closed)
            }
        }
    }
}

impl Step {
    pub(crate) const ALL: [Self; 5] = [
        Self::Warning,
        Self::Agent,
        Self::Manager,
        Self::Region,
        Self::Headquarters,
    ];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Warning => "warning",
            Self::Agent => "agent",
            Self::Manager => "manager",
            Self::Region => "region",
            Self::Headquarters => "headquarters",
        }
    }

    pub(crate) const fn number(self) -> i64 {
        self as i64
    }

    pub(crate) fn of_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.number() == number)
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.code() == code)
    }

    pub(super) const fn next(self) -> Option<Self> {
        match self {
            Self::Warning => Some(Self::Agent),
            Self::Agent => Some(Self::Manager),
            Self::Manager => Some(Self::Region),
            Self::Region => Some(Self::Headquarters),
            Self::Headquarters => None,
        }
    }
}

/// The code of a highest step so far, `none` before the first.
pub(crate) fn step_code(number: i64) -> &'static str {
    Step::of_number(number).map_or("none", Step::code)
}

/// What sets the times of a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Terms<'a> {
    pub(crate) severity: Severity,
    pub(crate) category: &'a str,
    pub(crate) tier: Tier,
}

/// What the customer is to us. Of whom it is not known has the times of an ordinary one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tier {
    Vip,
    Major,
    #[default]
    Ordinary,
    Small,
}

impl Tier {
    /// Share of the ordinary time, in per cent; small customers have the time of ordinary ones.
    pub(super) const fn time_percent(self) -> i64 {
        match self {
            Self::Vip => 50,
            Self::Major => 75,
            Self::Ordinary | Self::Small => 100,
        }
    }

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Vip => "vip",
            Self::Major => "major",
            Self::Ordinary => "ordinary",
            Self::Small => "small",
        }
    }

    /// The tier of a code, as the scoring service writes it.
    pub(crate) fn parse(code: &str) -> Option<Self> {
        match code {
            "vip" => Some(Self::Vip),
            "major" => Some(Self::Major),
            "ordinary" => Some(Self::Ordinary),
            "small" => Some(Self::Small),
            _ => None,
        }
    }
}

/// No clock has less than this, in minutes.
pub(super) const LEAST: i64 = 15;
/// Minutes of a working day as the times of clocks are given in it: that of the ordinary hours, whatever a dealer's day is.
const WORKING_DAY: i64 = 540;

/// The clocks that start when a case is opened.
pub(crate) fn kinds_of(category: &str) -> &'static [ClockKind] {
    if category == THREE_GUARANTEES {
        &ClockKind::ALL
    } else {
        &[
            ClockKind::FirstResponse,
            ClockKind::NextUpdate,
            ClockKind::Resolution,
        ]
    }
}

/// How a clock stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Standing {
    Running,
    Paused,
    /// What it waited for came.
    Met,
    /// Nothing is waited for any more: the case was withdrawn.
    Stopped,
}

/// One clock of one case. `due_at` and `next` follow from the rest: [`Clock::schedule`] sets them. When one ran out before `since` is
/// remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Clock {
    pub(crate) kind: ClockKind,
    /// Counts how often it began anew: each round escalates for itself.
    pub(crate) round: i64,
    pub(crate) standing: Standing,
    /// Begin of this round; the law counts from it.
    pub(crate) begun_at: Timestamp,
    /// Working time allowed and used before `since`, in microseconds.
    pub(crate) budget: i64,
    pub(crate) used: i64,
    /// Since when it has run without a pause.
    pub(crate) since: Timestamp,
    /// When it runs out; of one that stands still only if it had run out before, and not once it has ended.
    pub(crate) due_at: Option<Timestamp>,
    /// The step that comes next.
    pub(crate) next_step: Option<Step>,
    /// And when, while the clock runs.
    pub(crate) next_at: Option<Timestamp>,
    /// Whether it ran out before what it waited for.
    pub(crate) is_overdue: bool,
}

impl Clock {
    /// A clock that begins to run.
    pub(crate) fn start(kind: ClockKind, budget: i64, at: Timestamp, calendar: &Calendar) -> Self {
        let mut clock = Self {
            kind,
            round: 1,
            standing: Standing::Running,
            begun_at: at,
            budget,
            used: 0,
            since: at,
            due_at: None,
            next_step: Some(Step::Warning),
            next_at: None,
            is_overdue: false,
        };
        clock.schedule(calendar);
        clock
    }

    /// Begins another round at once, whatever it stood at.
    pub(crate) fn restart(&mut self, budget: i64, at: Timestamp, calendar: &Calendar) {
        let round = self.round + 1;
        *self = Self {
            round,
            ..Self::start(self.kind, budget, at, calendar)
        };
    }

    /// Stands still; true if it ran.
    pub(crate) fn pause(&mut self, at: Timestamp, calendar: &Calendar) -> bool {
        if self.standing != Standing::Running {
            return false;
        }
        self.settle(at, calendar);
        self.standing = Standing::Paused;
        self.schedule(calendar);
        true
    }

    /// Goes on; true if it stood still.
    pub(crate) fn resume(&mut self, at: Timestamp, calendar: &Calendar) -> bool {
        if self.standing != Standing::Paused {
            return false;
        }
        self.standing = Standing::Running;
        self.since = at;
        self.schedule(calendar);
        true
    }

    /// Ends, with what it waited for or without.
    pub(crate) fn end(&mut self, standing: Standing, at: Timestamp, calendar: &Calendar) {
        if matches!(self.standing, Standing::Met | Standing::Stopped) {
            return;
        }
        self.is_overdue |= self.due_at.is_some_and(|due| due < at);
        if self.standing == Standing::Running {
            self.settle(at, calendar);
        }
        self.standing = standing;
        self.schedule(calendar);
    }

    /// Counts from another day: the demand was made then.
    pub(crate) fn count_from(&mut self, begun_at: Timestamp) {
        self.begun_at = begun_at;
    }

    /// Has another budget from now on; what was used stays used. Steps that were taken are not taken back.
    pub(crate) fn rebudget(&mut self, budget: i64, at: Timestamp, calendar: &Calendar) {
        self.budget = budget;
        self.reschedule(at, calendar);
    }

    /// Runs by another calendar from now on; until now it ran by `past`.
    pub(crate) fn run_on(&mut self, at: Timestamp, past: &Calendar, ahead: &Calendar) {
        if self.standing != Standing::Running {
            return;
        }
        self.schedule(past);
        self.settle(at, past);
        self.reschedule(at, ahead);
    }

    /// Computes anew, of a clock that has not ended, when it runs out and whether it has.
    pub(crate) fn reschedule(&mut self, at: Timestamp, calendar: &Calendar) {
        self.schedule(calendar);
        self.is_overdue = self.due_at.is_some_and(|due| due <= at);
    }

    /// What is seen of it at an instant: when it runs out, and whether it ran out before what it waited for.
    pub(crate) fn outlook(&self, at: Timestamp) -> (Option<Timestamp>, bool) {
        let has_run_out = self.due_at.is_some_and(|due| due < at);
        (self.due_at, self.is_overdue || has_run_out)
    }

    /// Takes the step that is due; the next is scheduled.
    pub(crate) fn take_step(&mut self, calendar: &Calendar) -> Option<(Step, Timestamp)> {
        let (step, at) = self.next_step.zip(self.next_at)?;
        self.is_overdue |= self.due_at.is_some_and(|due| due <= at);
        self.next_step = step.next();
        self.schedule(calendar);
        Some((step, at))
    }

    /// Working time used until an instant.
    pub(crate) fn used_at(&self, at: Timestamp, calendar: &Calendar) -> i64 {
        match self.standing {
            Standing::Running => self.used + calendar.between(self.since, at),
            _ => self.used,
        }
    }

    fn settle(&mut self, at: Timestamp, calendar: &Calendar) {
        self.used += calendar.between(self.since, at);
        self.since = at;
    }

    /// Computes when the clock runs out and when its next step is due.
    fn schedule(&mut self, calendar: &Calendar) {
        let is_running = self.standing == Standing::Running;
        self.due_at = self.end_of_term(calendar);
        self.next_at = self
            .next_step
            .filter(|_| is_running)
            .map(|step| self.moment(step, calendar));
    }

    fn end_of_term(&self, calendar: &Calendar) -> Option<Timestamp> {
        match (self.standing, self.kind.law_days()) {
            (Standing::Running, Some(days)) => {
                Some(calendar.end_of_working_day(self.begun_at, days))
            }
            (Standing::Running | Standing::Paused, None) if self.used >= self.budget => {
                // It ran out before it last began to run or stood still, and no calendar moves what is past.
                Some(self.due_at.map_or(self.since, |due| due.min(self.since)))
            }
            (Standing::Running, None) => Some(self.when_used(self.budget, calendar)),
            _ => None,
        }
    }

    /// When a step is due. House clocks warn at three quarters of the budget and climb a level with every further half of
    /// it (a quarter of an hour at least, a working day at most). The ladder of the law ends where its term does, for then
    /// it is too late: a level each working day before, the warning first of all, each when the dealer closes for that day.
    fn moment(&self, step: Step, calendar: &Calendar) -> Timestamp {
        if let Some(days) = self.kind.law_days() {
            let left = (Step::Headquarters.number() - step.number()) as u32;
            let end = calendar.end_of_working_day(self.begun_at, days - left);
            return calendar.last_open(self.begun_at, end);
        }
        let gap = (self.budget / 2).clamp(LEAST * MINUTE, WORKING_DAY * MINUTE);
        let share = match step {
            Step::Warning => self.budget / 4 * 3,
            _ => self.budget + gap * (step.number() - Step::Agent.number()),
        };
        let at = self.when_used(share, calendar);
        match step {
            // Neither comes later than it ran out, however late it is noticed.
            Step::Warning | Step::Agent => self.due_at.map_or(at, |due| due.min(at)),
            _ => at,
        }
    }

    /// When so much working time is used; since when it runs, if that was before.
    fn when_used(&self, share: i64, calendar: &Calendar) -> Timestamp {
        calendar.add(self.since, share - self.used)
    }
}

#[cfg(test)]
#[path = "clock_tests.rs"]
mod tests;
