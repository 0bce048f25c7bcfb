//! Points of an indicator as exact fixed-point numbers.
//!
//! A score decides a rank and a rank decides what a customer is entitled to, so no rounding may creep in between: points
//! are whole billionths, never floats, and two customers tie only if their facts do.

use std::fmt;

use super::Finer;

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
    /// Finer than [`Points`] are, or for a file finer than any float.
    #[error("has more decimals than are kept exactly; round it")]
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

    /// Reads a decimal number exactly: `73.5`, or `7.35e+01` as programs write it.
    ///
    /// # Errors
    /// When the text is no decimal number, is outside 1 to 100, or is finer than nine decimals.
    pub fn parse(text: &[u8]) -> Result<Self, PointsError> {
        match Self::read(text)? {
            (points, None) => Ok(points),
            (_, Some(_)) => Err(PointsError::TooManyDecimals),
        }
    }

    /// Reads a decimal number exactly, as whole billionths and what is finer.
    pub(crate) fn read(text: &[u8]) -> Result<(Self, Option<Finer>), PointsError> {
        // Hardly a file has exponents: none is looked for in what reads well without.
        Self::read_plain(text).or_else(|error| {
            let mark = memchr::memchr2(b'e', b'E', text).ok_or(error)?;
            Self::read_plain(&without_exponent(&text[..mark], &text[mark + 1..])?)
        })
    }

    fn read_plain(text: &[u8]) -> Result<(Self, Option<Finer>), PointsError> {
        let (whole, decimals) = cut_at_point(text)?;
        let (decimals, finer) = decimals.split_at(decimals.len().min(Self::DECIMALS));
        let (whole, part) = (digits(whole)?, digits(decimals)?);
        let finer = Finer::read(finer)?;
        let nanos = whole
            .saturating_mul(Self::ONE)
            .saturating_add(part * TEN_TO[Self::DECIMALS - decimals.len()]);
        let is_above = nanos == Self::MAX.0 && finer.is_some();
        if is_above || !(Self::MIN.0..=Self::MAX.0).contains(&nanos) {
            return Err(PointsError::OutOfRange);
        }
        Ok((Self(nanos), finer))
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

/// The digits before the decimal point and those behind it.
fn cut_at_point(number: &[u8]) -> Result<(&[u8], &[u8]), PointsError> {
    let (whole, decimals) = match memchr::memchr(b'.', number) {
        Some(point) => (&number[..point], &number[point + 1..]),
        None => (number, &[][..]),
    };
    if whole.is_empty() && decimals.is_empty() {
        return Err(PointsError::NotANumber);
    }
    Ok((whole, decimals))
}

/// `1.43` and `+01` as `14.3`: the same digits, and the point where the exponent puts it.
fn without_exponent(mantissa: &[u8], exponent: &[u8]) -> Result<Vec<u8>, PointsError> {
    let exponent = std::str::from_utf8(exponent)
        .ok()
        .and_then(|text| text.parse::<i16>().ok())
        .ok_or(PointsError::NotANumber)?;
    let (whole, decimals) = cut_at_point(mantissa)?;
    let mut plain = [whole, decimals].concat();
    if !plain.iter().all(u8::is_ascii_digit) {
        return Err(PointsError::NotANumber);
    }
    // Without a digit before the point it is below 1.
    let point = whole
        .len()
        .checked_add_signed(isize::from(exponent))
        .filter(|&point| point > 0)
        .ok_or(PointsError::OutOfRange)?;
    if plain.len() < point {
        plain.resize(point, b'0');
    }
    plain.insert(point, b'.');
    Ok(plain)
}

/// Value of a run of ASCII digits; a longer run than any valid points saturates and is refused by the range check.
pub(super) fn digits(text: &[u8]) -> Result<i64, PointsError> {
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
            ("8e1", 80_000_000_000),
            ("1E2", 100_000_000_000),
            ("7.350000000000000000e+01", 73_500_000_000),
            ("7350.0e-2", 73_500_000_000),
            (".8e1", 8_000_000_000),
            ("0.008e+3", 8_000_000_000),
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
            ("e2", NotANumber),
            ("8e", NotANumber),
            ("8e1e1", NotANumber),
            ("8e1.0", NotANumber),
            ("x.5e1", NotANumber),
            ("-5", NotANumber),
            ("1.2.3", NotANumber),
            ("5.1234567890x", NotANumber),
            ("NaN", NotANumber),
            ("0", OutOfRange),
            ("0.999999999", OutOfRange),
            ("100.000000001", OutOfRange),
            ("100.00000000000001", OutOfRange),
            ("0.99999999999999999", OutOfRange),
            ("1.1e2", OutOfRange),
            ("8e-1", OutOfRange),
            ("8e-300", OutOfRange),
            ("8e300", OutOfRange),
            ("99999999999999999999999999", OutOfRange),
            ("50.1234567891", TooManyDecimals),
        ] {
            assert_eq!(Points::parse(text.as_bytes()), Err(error), "{text}");
        }
    }

    #[test]
    fn what_is_finer_than_a_billionth_is_kept_beside_it() {
        for (text, nanos, finer) in [
            ("14.30206016712772", 14_302_060_167, "12772"),
            ("66.66666666666667", 66_666_666_666, "66667"),
            ("1.430206016712771985e+01", 14_302_060_167, "12771985"),
            ("99.99999999999999", 99_999_999_999, "99999"),
        ] {
            let finer = Finer::read(finer.as_bytes()).unwrap();
            assert_eq!(
                Points::read(text.as_bytes()),
                Ok((Points(nanos), finer)),
                "{text}"
            );
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
