//! Working time: a dealer's opening hours on working days, as the State Council announces them.

use std::{collections::BTreeSet, ops::RangeInclusive, sync::Arc};

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveTime, Timelike as _};
use marque_core::Timestamp;
use marque_insight::law::WorkCalendar;

/// Microseconds of a minute: hours are kept in minutes, instants in microseconds.
pub(crate) const MINUTE: i64 = 60 * SECOND;
/// Microseconds of a second.
pub(crate) const SECOND: i64 = 1_000_000;
const DAY_MINUTES: i64 = 24 * 60;
/// No clock looks further ahead than this: a dealer who never opens has a due time at the end of it.
const HORIZON_DAYS: i64 = 3_660;

/// When a dealer is open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Hours {
    /// Minute of the day he opens.
    pub(crate) opens: i64,
    /// Minute of the day he closes, after `opens` and at most 1440.
    pub(crate) closes: i64,
    /// His zone, in minutes east of UTC.
    pub(crate) offset_minutes: i64,
    /// Open on every day of the week; otherwise on working days by the State Council's calendar.
    pub(crate) every_day: bool,
    /// Days closed besides.
    pub(crate) closed: BTreeSet<NaiveDate>,
    /// Days open besides.
    pub(crate) open: BTreeSet<NaiveDate>,
}

impl Default for Hours {
    /// 09:00 to 18:00 on working days, in China.
    fn default() -> Self {
        Self {
            opens: 9 * 60,
            closes: 18 * 60,
            offset_minutes: 8 * 60,
            every_day: false,
            closed: BTreeSet::new(),
            open: BTreeSet::new(),
        }
    }
}

impl Hours {
    /// These hours with the days that newer ones tell besides, for the time that has passed: a day that is told afterwards counts, and
    /// one that is left out because it is past stays what it was.
    pub(crate) fn with_days_of(&self, newer: &Self) -> Self {
        Self {
            closed: join(&self.closed, &newer.open, &newer.closed),
            open: join(&self.open, &newer.closed, &newer.open),
            ..*self
        }
    }
}

/// Days that are kept unless they are denied, and those that are told.
fn join(
    kept: &BTreeSet<NaiveDate>,
    denied: &BTreeSet<NaiveDate>,
    told: &BTreeSet<NaiveDate>,
) -> BTreeSet<NaiveDate> {
    kept.difference(denied).chain(told).copied().collect()
}

/// A dealer's hours laid over the days of the State Council.
#[derive(Debug, Clone)]
pub(crate) struct Calendar {
    hours: Hours,
    days: Arc<WorkCalendar>,
}

impl Calendar {
    pub(crate) fn new(hours: Hours, days: Arc<WorkCalendar>) -> Self {
        Self { hours, days }
    }

    /// Whether the dealer opens on a day.
    pub(crate) fn is_open_on(&self, day: NaiveDate) -> bool {
        if self.hours.open.contains(&day) {
            return true;
        }
        !self.hours.closed.contains(&day) && (self.hours.every_day || self.days.is_working_day(day))
    }

    /// The instant at which so much working time (in microseconds) has passed since `from`. It lies inside opening hours;
    /// no time at all has passed at `from` itself.
    pub(crate) fn add(&self, from: Timestamp, work: i64) -> Timestamp {
        if work <= 0 {
            return from;
        }
        let mut rest = work;
        let mut day = self.day_of(from);
        for _ in 0..HORIZON_DAYS {
            if let Some((opens, closes)) = self.span(day) {
                let start = opens.max(from.as_micros());
                if start < closes {
                    if rest <= closes - start {
                        return Timestamp::from_micros(start + rest);
                    }
                    rest -= closes - start;
                }
            }
            day = match day.succ_opt() {
                Some(next) => next,
                None => break,
            };
        }
        self.midnight(day)
    }

    /// The first instant from one on at which the dealer is open.
    pub(crate) fn opening_from(&self, from: Timestamp) -> Timestamp {
        // So is whatever lies a moment of working time before another.
        Timestamp::from_micros(self.add(from, 1).as_micros() - 1)
    }

    /// The last moment of working time from one instant until another; the first of them if the dealer is not open between.
    pub(crate) fn last_open(&self, from: Timestamp, until: Timestamp) -> Timestamp {
        let first = self.day_of(from);
        let mut day = self.day_of(until);
        while day >= first {
            if let Some((opens, closes)) = self.span(day) {
                let end = closes.min(until.as_micros());
                if end > opens.max(from.as_micros()) {
                    return Timestamp::from_micros(end);
                }
            }
            day = match day.pred_opt() {
                Some(before) => before,
                None => break,
            };
        }
        from
    }

    /// How long the dealer's own working day is, in microseconds.
    pub(crate) fn working_day(&self) -> i64 {
        (self.hours.closes.min(DAY_MINUTES) - self.hours.opens) * MINUTE
    }

    /// Working time between two instants, in microseconds; none if the second is earlier.
    pub(crate) fn between(&self, from: Timestamp, until: Timestamp) -> i64 {
        let mut total = 0;
        let mut day = self.day_of(from);
        let last = self.day_of(until);
        while day <= last {
            if let Some((opens, closes)) = self.span(day) {
                total += (closes.min(until.as_micros()) - opens.max(from.as_micros())).max(0);
            }
            day = match day.succ_opt() {
                Some(next) => next,
                None => break,
            };
        }
        total
    }

    /// The end of the `days`-th working day (of the State Council, whatever the dealer's hours) after the day of an
    /// instant, which is not counted (Civil Code 201).
    pub(crate) fn end_of_working_day(&self, from: Timestamp, days: u32) -> Timestamp {
        let last = self.days.working_days_after(self.day_of(from), days).date;
        self.midnight(last.succ_opt().unwrap_or(last))
    }

    /// Whether working time between two instants is counted by a year whose holidays are not known yet. The law's days are the
    /// State Council's, whatever the dealer's hours.
    pub(crate) fn is_provisional(
        &self,
        from: Timestamp,
        until: Timestamp,
        is_of_law: bool,
    ) -> bool {
        let mut years = self.years(from, until);
        (is_of_law || !self.hours.every_day) && years.any(|year| !self.days.covers(year))
    }

    /// The years through which the way from one instant to another leads.
    pub(crate) fn years(&self, from: Timestamp, until: Timestamp) -> RangeInclusive<i32> {
        self.day_of(from).year()..=self.day_of(until).year()
    }

    /// The start of a day in the dealer's zone.
    pub(crate) fn midnight(&self, day: NaiveDate) -> Timestamp {
        let local = day.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        Timestamp::from_micros(local - self.hours.offset_minutes * MINUTE)
    }

    /// The instant as the dealer's wall clock shows it, RFC 3339 with his offset.
    pub(crate) fn local(&self, at: Timestamp) -> String {
        let offset = self.hours.offset_minutes;
        let local = self
            .shifted(at)
            .naive_utc()
            .with_nanosecond(0)
            .unwrap_or_default();
        let sign = if offset < 0 { '-' } else { '+' };
        let (hours, minutes) = (offset.abs() / 60, offset.abs() % 60);
        format!(
            "{}{sign}{hours:02}:{minutes:02}",
            local.format("%Y-%m-%dT%H:%M:%S")
        )
    }

    fn shifted(&self, at: Timestamp) -> DateTime<chrono::Utc> {
        let local = at
            .as_micros()
            .saturating_add(self.hours.offset_minutes * MINUTE);
        DateTime::from_timestamp_micros(local).unwrap_or_default()
    }

    fn day_of(&self, at: Timestamp) -> NaiveDate {
        self.shifted(at).date_naive()
    }

    /// Opening and closing of a day in microseconds, if the dealer opens.
    fn span(&self, day: NaiveDate) -> Option<(i64, i64)> {
        if !self.is_open_on(day) {
            return None;
        }
        let midnight = self.midnight(day).as_micros();
        let closes = self.hours.closes.min(DAY_MINUTES);
        Some((
            midnight + self.hours.opens * MINUTE,
            midnight + closes * MINUTE,
        ))
    }
}

#[cfg(test)]
#[path = "calendar_tests.rs"]
mod tests;
