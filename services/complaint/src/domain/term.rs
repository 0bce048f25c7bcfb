//! What escalates: clocks of cases, and the terms of their tasks.

use marque_core::Timestamp;
use uuid::Uuid;

use super::{
    calendar::Calendar,
    clock::{Clock, Step},
};

/// The term of an open task: who hears next that it was not done in time, and when. The manager hears at its end, then a level with
/// every working day of the dealer, however long his days are.
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
            .map(|_| calendar.opening_from(calendar.add(at, calendar.working_day())));
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

    /// Moves a step that is due to working time. Those of clocks fall due in it.
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

    /// When which level hears of a task, on the clocks of a dealer with these hours.
    fn climbed(hours: Hours, due_at: &str) -> Vec<(&'static str, String)> {
        let calendar = Calendar::new(hours, Arc::new(WorkCalendar::shipped()));
        let mut ladder = Ladder::Task(Term {
            task: Uuid::nil(),
            department: "parts".to_owned(),
            round: 1,
            next_step: Some(Step::Manager),
            next_at: Some(at(due_at)),
        });
        ladder.wait_for_opening(&calendar);
        let mut taken = Vec::new();
        while let Some((step, due_at)) = ladder.take_step(&calendar) {
            taken.push((step.code(), calendar.local(due_at)));
        }
        assert_eq!(ladder.next_at(), None);
        taken
    }

    fn told(step: &'static str, local: &str) -> (&'static str, String) {
        (step, local.to_owned())
    }

    #[test]
    fn a_task_climbs_a_level_with_every_working_day_and_only_while_the_dealer_is_open() {
        let end_of_friday = "2026-03-07T00:00:00+08:00";
        assert_eq!(
            climbed(Hours::default(), end_of_friday),
            [
                told("manager", "2026-03-09T09:00:00+08:00"),
                told("region", "2026-03-10T09:00:00+08:00"),
                told("headquarters", "2026-03-11T09:00:00+08:00"),
            ]
        );
    }

    #[test]
    fn a_working_day_of_the_ladder_is_the_dealers_own() {
        // Twelve hours, every day of the week.
        let long = Hours {
            opens: 8 * 60,
            closes: 20 * 60,
            every_day: true,
            ..Hours::default()
        };
        assert_eq!(
            climbed(long, "2026-03-06T19:00:00+08:00"),
            [
                told("manager", "2026-03-06T19:00:00+08:00"),
                told("region", "2026-03-07T19:00:00+08:00"),
                told("headquarters", "2026-03-08T19:00:00+08:00"),
            ]
        );
        let mornings = Hours {
            opens: 9 * 60,
            closes: 13 * 60,
            ..Hours::default()
        };
        assert_eq!(
            climbed(mornings, "2026-03-06T13:00:00+08:00"),
            [
                told("manager", "2026-03-09T09:00:00+08:00"),
                told("region", "2026-03-10T09:00:00+08:00"),
                told("headquarters", "2026-03-11T09:00:00+08:00"),
            ]
        );
    }
}
