//! Points of an indicator as exact fixed-point numbers.
//!
//! A score decides a rank and a rank decides what a customer is entitled to, so no rounding may creep in between: points
//! are whole billionths, never floats, and two customers tie only if their facts do.

use std::fmt;

/// Points of one indicator: 1 to 100, exact to nine decimals.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Points(i64);

/// Why a text is not points.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PointsError {
    /// Something other than digits with at most one decimal point.
    #[error("is not a number; write digits such as 73 or 73.5")]
    NotANumber,
    /// A number, but below 1 or above 100.
    #[error("is outside 1 to 100")]
    OutOfRange,
    /// Finer than a billionth of a point.
    #[error("has more than nine decimals; round it")]
    TooManyDecimals,
}

impl Points {
    /// Billionths in one point.
    pub const ONE: i64 = 1_000_000_000;
    /// The lowest points an indicator can have.
    pub const MIN: Self = Self(Self::ONE);
    /// The highest points an indicator can have.
    pub const MAX: Self = Self(100 * Self::ONE);
    const DECIMALS: usize = 9;

    /// Reads decimal digits, exactly.
    ///
    /// # Errors
    /// When the text is no plain decimal number, is outside 1 to 100, or is finer than nine decimals.
    pub fn parse(text: &[u8]) -> Result<Self, PointsError> {
        let (whole, decimals) = match memchr::memchr(b'.', text) {
            Some(dot) => (&text[..dot], &text[dot + 1..]),
            None => (text, &[][..]),
        };
        if whole.is_empty() && decimals.is_empty() {
            return Err(PointsError::NotANumber);
        }
        let trailing_zeros = decimals
            .iter()
            .rev()
            .take_while(|&&digit| digit == b'0')
            .count();
        let decimals = &decimals[..decimals.len() - trailing_zeros];
        let (whole, part) = (digits(whole)?, digits(decimals)?);
        if decimals.len() > Self::DECIMALS {
            return Err(PointsError::TooManyDecimals);
        }
        let nanos = whole
            .saturating_mul(Self::ONE)
            .saturating_add(part * TEN_TO[Self::DECIMALS - decimals.len()]);
        if (Self::MIN.0..=Self::MAX.0).contains(&nanos) {
            Ok(Self(nanos))
        } else {
            Err(PointsError::OutOfRange)
        }
    }

    /// The nearest hundredth of a point, held between 1 and 100.
    ///
    /// Curves compute in floats; the hundredth swallows the last bits in which two machines' logarithms may differ, so a
    /// replay elsewhere gives the same points.
    pub fn from_curve(value: f64) -> Self {
        let hundredths = (value * 100.0).round().clamp(100.0, 10_000.0) as i64;
        Self(hundredths * (Self::ONE / 100))
    }

    /// The points of so many billionths; `None` outside the scale.
    pub fn from_nanos(nanos: i64) -> Option<Self> {
        (Self::MIN.0..=Self::MAX.0)
            .contains(&nanos)
            .then_some(Self(nanos))
    }

    /// The points in billionths.
    pub fn nanos(self) -> i64 {
        self.0
    }

    /// The points as a float, for display and statistics only.
    pub fn as_f64(self) -> f64 {
        self.0 as f64 / Self::ONE as f64
    }
}

const TEN_TO: [i64; 10] = [
    1,
    10,
    100,
    1_000,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
];

/// Value of a run of ASCII digits; a longer run than any valid points saturates and is refused by the range check.
fn digits(text: &[u8]) -> Result<i64, PointsError> {
    let mut value = 0_i64;
    for &byte in text {
        if !byte.is_ascii_digit() {
            return Err(PointsError::NotANumber);
        }
        value = value
            .saturating_mul(10)
            .saturating_add(i64::from(byte - b'0'));
    }
    Ok(value)
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, part) = (self.0 / Self::ONE, self.0 % Self::ONE);
        if part == 0 {
            return write!(f, "{whole}");
        }
        let decimals = format!("{part:09}");
        write!(f, "{whole}.{}", decimals.trim_end_matches('0'))
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_becomes_exact_points() {
        for (text, nanos) in [
            ("1", 1_000_000_000),
            ("100", 100_000_000_000),
            ("73.5", 73_500_000_000),
            ("73.500000000000000", 73_500_000_000),
            ("99.999999999", 99_999_999_999),
            ("007", 7_000_000_000),
            ("5.", 5_000_000_000),
        ] {
            assert_eq!(
                Points::parse(text.as_bytes()).map(Points::nanos),
                Ok(nanos),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_points_is_told_apart() {
        use PointsError::{NotANumber, OutOfRange, TooManyDecimals};
        for (text, error) in [
            ("", NotANumber),
            (".", NotANumber),
            ("abc", NotANumber),
            ("1e2", NotANumber),
            ("-5", NotANumber),
            ("1.2.3", NotANumber),
            ("5.1234567890x", NotANumber),
            ("NaN", NotANumber),
            ("0", OutOfRange),
            ("0.999999999", OutOfRange),
            ("100.000000001", OutOfRange),
            ("99999999999999999999999999", OutOfRange),
            ("50.1234567891", TooManyDecimals),
        ] {
            assert_eq!(Points::parse(text.as_bytes()), Err(error), "{text}");
        }
    }

    proptest! {
        #[test]
        fn shown_points_read_back_the_same(nanos in Points::MIN.0..=Points::MAX.0) {
            let points = Points(nanos);
            prop_assert_eq!(Points::parse(points.to_string().as_bytes()), Ok(points));
        }

        #[test]
        fn no_bytes_make_the_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = Points::parse(&bytes);
        }
    }
}
