//! The instant by which a call must have its answer, and its form on the wire (`grpc-timeout`).

use std::time::Duration;

use http::{HeaderMap, HeaderName, HeaderValue};
use tokio::time::Instant;

/// The header by which gRPC sends the time that is left.
pub(crate) const GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// The instant by which a call must have its answer; in the extensions of every request that passed the stack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// A deadline `budget` from now.
    pub fn after(budget: Duration) -> Self {
        Self(Instant::now() + budget)
    }

    /// Time left; zero once it has passed.
    pub fn remaining(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }

    /// Whether it has passed.
    pub fn is_past(self) -> bool {
        self.remaining().is_zero()
    }

    /// The instant on tokio's clock.
    pub fn instant(self) -> Instant {
        self.0
    }

    /// The earlier of this and the deadline `budget` from now.
    pub fn at_most(self, budget: Duration) -> Self {
        self.min(Self::after(budget))
    }
}

/// Reads `grpc-timeout`; `None` if it is absent or malformed.
pub(crate) fn read(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get(GRPC_TIMEOUT)?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.len() > 8 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let value: u64 = digits.parse().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(value * 3600)),
        "M" => Some(Duration::from_secs(value * 60)),
        "S" => Some(Duration::from_secs(value)),
        "m" => Some(Duration::from_millis(value)),
        "u" => Some(Duration::from_micros(value)),
        "n" => Some(Duration::from_nanos(value)),
        _ => None,
    }
}

/// Writes `grpc-timeout` in the finest unit whose value has at most eight digits, as the protocol asks.
pub(crate) fn write(budget: Duration, headers: &mut HeaderMap) {
    const MOST: u128 = 99_999_999;
    let (value, unit) = if budget.as_micros() <= MOST {
        (budget.as_micros(), 'u')
    } else if budget.as_millis() <= MOST {
        (budget.as_millis(), 'm')
    } else {
        (u128::from(budget.as_secs()).min(MOST), 'S')
    };
    let text = format!("{value}{unit}");
    let value = HeaderValue::try_from(text).expect("digits and a letter are a header value");
    headers.insert(GRPC_TIMEOUT, value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_budget_survives_the_wire_within_its_unit() {
        for (budget, read_back) in [
            (Duration::ZERO, Duration::ZERO),
            (Duration::from_nanos(1_500), Duration::from_micros(1)),
            (Duration::from_millis(50), Duration::from_millis(50)),
            (Duration::from_hours(1), Duration::from_hours(1)),
            (
                Duration::from_secs(1_000_000),
                Duration::from_secs(1_000_000),
            ),
        ] {
            let mut headers = HeaderMap::new();
            write(budget, &mut headers);
            assert_eq!(read(&headers), Some(read_back));
        }
    }

    #[test]
    fn a_malformed_timeout_is_no_timeout() {
        for text in ["", "S", "12", "123456789S", "-1S", "+1S", "1X", "1秒"] {
            let mut headers = HeaderMap::new();
            headers.insert(
                GRPC_TIMEOUT,
                HeaderValue::from_bytes(text.as_bytes()).unwrap(),
            );
            assert_eq!(read(&headers), None, "{text}");
        }
    }
}
