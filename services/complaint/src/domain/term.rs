//! What escalates: clocks of cases, and the terms of their tasks.

use marque_core::Timestamp;
use uuid::Uuid;

use super::{
    calendar::{Calendar, MINUTE},
    clock::{Clock, Step, WORKING_DAY},
};

/// The term of an open task: who hears next that it was not done in time, and when. The manager hears at its end, then a level with
/// every working day.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Term {
    pub(crate) task: Uuid,
    /// Whose task it is.
    pub(crate) department: String,
    /// Counts the due times it was given: each escalates for itself.
    pub(crate) round: i64,
    /// The step that comes next.
    pub(crate) next_step: Option<Step>,
    /// And when.
    pub(crate) next_at: Option<Timestamp>,
}

impl Term {
    /// Puts a step that would fall due while the dealer is closed off until he opens: a day that a task is due on ends at midnight.
    fn wait_for_opening(&mut self, calendar: &Calendar) {
        self.next_at = self.next_at.map(|at| calendar.opening_from(at));
    }

    fn take_step(&mut self, calendar: &Calendar) -> Option<(Step, Timestamp)> {
        let (step, at) = self.next_step.zip(self.next_at)?;
        self.next_step = step.next();
        self.next_at = self
            .next_step
            .map(|_| calendar.opening_from(calendar.add(at, WORKING_DAY * MINUTE)));
        Some((step, at))
    }
}

/// What climbs the levels of the escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ladder {
    /// A clock of the case.
    Clock(Clock),
    /// The term of one of its tasks.
    Task(Term),
}

impl Ladder {
    /// The code on the wire: that of the clock, or `task`.
    pub(crate) const fn code(&self) -> &'static str {
        match self {
            Self::Clock(clock) => clock.kind.code(),
            Self::Task(_) => "task",
        }
    }

    /// When its next step is due.
    pub(crate) const fn next_at(&self) -> Option<Timestamp> {
        match self {
            Self::Clock(clock) => clock.next_at,
            Self::Task(term) => term.next_at,
        }
    }

    /// Moves a step that is due to working time. Those of clocks fall due in it, or at the end of a day of the law.
    pub(crate) fn wait_for_opening(&mut self, calendar: &Calendar) {
        if let Self::Task(term) = self {
            term.wait_for_opening(calendar);
        }
    }

    /// Takes the step that is due; the next is scheduled.
    pub(crate) fn take_step(&mut self, calendar: &Calendar) -> Option<(Step, Timestamp)> {
        match self {
            Self::Clock(clock) => clock.take_step(calendar),
            Self::Task(term) => term.take_step(calendar),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use marque_insight::law::WorkCalendar;

    use super::*;
    use crate::domain::calendar::Hours;

    fn at(text: &str) -> Timestamp {
        Timestamp::parse_rfc3339(text).unwrap()
    }

    #[test]
    fn a_task_climbs_a_level_with_every_working_day_and_only_while_the_dealer_is_open() {
        let calendar = Calendar::new(Hours::default(), Arc::new(WorkCalendar::shipped()));
        // The end of a Friday.
        let mut ladder = Ladder::Task(Term {
            task: Uuid::nil(),
            department: "parts".to_owned(),
            round: 1,
            next_step: Some(Step::Manager),
            next_at: Some(at("2026-03-07T00:00:00+08:00")),
        });
        ladder.wait_for_opening(&calendar);
        let mut taken = Vec::new();
        while let Some((step, due_at)) = ladder.take_step(&calendar) {
            taken.push((step.code(), calendar.local(due_at)));
        }
        let told = |step: &'static str, local: &str| (step, local.to_owned());
        assert_eq!(
            taken,
            [
                told("manager", "2026-03-09T09:00:00+08:00"),
                told("region", "2026-03-10T09:00:00+08:00"),
                told("headquarters", "2026-03-11T09:00:00+08:00"),
            ]
        );
        assert_eq!(ladder.next_at(), None);
    }
}
