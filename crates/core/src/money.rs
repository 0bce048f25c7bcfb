//! Money in minor units.

use std::fmt;

/// An amount in minor units (fen, cents) of a currency with two decimals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Money {
    /// Minor units; negative for a refund.
    pub minor: i64,
    /// ISO 4217 code.
    pub currency: [u8; 3],
}

/// The text is not an amount.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an amount is a number with at most two decimals, such as 129.00")]
pub struct InvalidMoney;

impl Money {
    /// Chinese yuan.
    pub const fn cny(minor: i64) -> Self {
        Self {
            minor,
            currency: *b"CNY",
        }
    }

    /// Reads `129`, `129.5`, `129.00` or `-3.10` exactly; never through a float.
    pub fn parse_minor(text: &str) -> Result<i64, InvalidMoney> {
        let (sign, digits) = match text.strip_prefix('-') {
            Some(rest) => (-1, rest),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let is_number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !is_number(whole) || !is_number(fraction) || fraction.len() > 2 {
            return Err(InvalidMoney);
        }
        let whole: i64 = whole.parse().map_err(|_| InvalidMoney)?;
        let cents: i64 = format!("{fraction:0<2}")
            .parse()
            .map_err(|_| InvalidMoney)?;
        whole
            .checked_mul(100)
            .and_then(|minor| minor.checked_add(cents))
            .map(|minor| sign * minor)
            .ok_or(InvalidMoney)
    }

    /// The amount as decimal text, always with two decimals.
    pub fn amount(&self) -> String {
        let sign = if self.minor < 0 { "-" } else { "" };
        let minor = self.minor.unsigned_abs();
        format!("{sign}{}.{:02}", minor / 100, minor % 100)
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let currency = std::str::from_utf8(&self.currency).unwrap_or("???");
        write!(f, "{} {currency}", self.amount())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_exact() {
        let cases = [
            ("129", 12_900),
            ("129.5", 12_950),
            ("129.05", 12_905),
            ("-3.10", -310),
            ("0.01", 1),
        ];
        for (text, minor) in cases {
            assert_eq!(Money::parse_minor(text), Ok(minor), "{text}");
        }
        for bad in [
            "",
            ".",
            "1.234",
            "1,000",
            "abc",
            "1e3",
            "--1",
            "99999999999999999999",
        ] {
            assert!(Money::parse_minor(bad).is_err(), "{bad}");
        }
        assert_eq!(Money::cny(-310).to_string(), "-3.10 CNY");
    }
}
