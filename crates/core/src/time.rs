//! Instants, the clock that hands them out, and business dates.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};

/// An instant in UTC with microsecond precision: what both databases can keep without loss.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From microseconds since 1970-01-01T00:00:00Z.
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Reads RFC 3339, any offset.
    pub fn parse_rfc3339(text: &str) -> Option<Self> {
        DateTime::parse_from_rfc3339(text)
            .ok()
            .map(|instant| Self(instant.timestamp_micros()))
    }

    /// Prints RFC 3339 in UTC with microseconds where there are any.
    pub fn to_rfc3339(self) -> String {
        DateTime::<Utc>::from_timestamp_micros(self.0)
            .unwrap_or_default()
            .to_rfc3339_opts(SecondsFormat::AutoSi, true)
    }

    /// This instant later by `duration`, saturating at the end of time.
    pub fn plus(self, duration: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)),
        )
    }

    /// Time passed since `earlier`; zero if `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(self.0.saturating_sub(earlier.0).max(0).cast_unsigned())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_rfc3339())
    }
}

/// Offset of Asia/Shanghai in microseconds. China has had no daylight saving time since 1991.
const SHANGHAI_OFFSET_MICROS: i64 = 8 * 3600 * 1_000_000;

/// The business date of an instant: the calendar date in Asia/Shanghai.
pub fn business_date(instant: Timestamp) -> NaiveDate {
    DateTime::<Utc>::from_timestamp_micros(instant.0.saturating_add(SHANGHAI_OFFSET_MICROS))
        .unwrap_or_default()
        .date_naive()
}

/// Where the time comes from. Passed in everywhere, so that tests can set it.
pub trait Clock: Send + Sync + fmt::Debug {
    /// The current instant.
    fn now(&self) -> Timestamp;
}

/// A clock shared by all parts of a process.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    fn now(&self) -> Timestamp {
        Timestamp(Utc::now().timestamp_micros())
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock at the given instant.
    pub fn at(instant: Timestamp) -> Self {
        Self(AtomicI64::new(instant.0))
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        let micros = i64::try_from(duration.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(micros, Ordering::SeqCst);
    }
}

impl Default for ManualClock {
    /// 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp(1_767_225_600_000_000))
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::SeqCst))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_business_day_begins_at_midnight_in_shanghai() {
        let evening = Timestamp::parse_rfc3339("2026-03-01T15:59:59Z").unwrap();
        let midnight = Timestamp::parse_rfc3339("2026-03-01T16:00:00Z").unwrap();
        assert_eq!(business_date(evening).to_string(), "2026-03-01");
        assert_eq!(business_date(midnight).to_string(), "2026-03-02");
    }

    #[test]
    fn an_instant_prints_and_reads_without_loss() {
        let instant = Timestamp::from_micros(1_767_225_600_123_456);
        assert_eq!(
            Timestamp::parse_rfc3339(&instant.to_rfc3339()),
            Some(instant)
        );
    }
}
