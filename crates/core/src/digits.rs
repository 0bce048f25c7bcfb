//! Numbers with their leading zeros.

use std::fmt;

/// A number as it is written, with its leading zeros: `0042` is not `42`. At most [`Digits::MOST`] digits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digits {
    value: u64,
    length: u32,
}

impl Digits {
    /// Most digits there are: what fits the integers of every store.
    pub const MOST: u32 = 18;

    /// A value in so many digits; `None` if it needs more, or nobody may have so many.
    pub const fn new(value: u64, length: u32) -> Option<Self> {
        if length == 0 || length > Self::MOST || value >= 10_u64.pow(length) {
            return None;
        }
        Some(Self { value, length })
    }

    /// Reads text of ASCII digits and nothing else.
    pub fn read(text: &str) -> Option<Self> {
        if !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Self::new(text.parse().ok()?, u32::try_from(text.len()).ok()?)
    }

    /// What the digits say, without leading zeros.
    pub const fn value(self) -> u64 {
        self.value
    }

    /// How many they are.
    pub const fn length(self) -> u32 {
        self.length
    }
}

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0width$}", self.value, width = self.length as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_count() {
        let digits = Digits::new(42, 4).unwrap();
        assert_eq!(digits.to_string(), "0042");
        assert_eq!(Digits::read("0042"), Some(digits));
        assert_eq!((digits.value(), digits.length()), (42, 4));
        assert_ne!(Digits::read("42"), Some(digits));
    }

    #[test]
    fn what_is_too_long_or_no_digits_is_refused() {
        for (value, length) in [(0, 0), (100, 2), (1, 19)] {
            assert_eq!(Digits::new(value, length), None, "{value} in {length}");
        }
        for text in ["", "+1", "1 ", "１", "1234567890123456789"] {
            assert_eq!(Digits::read(text), None, "{text:?}");
        }
        let most = "9".repeat(18);
        assert_eq!(Digits::read(&most).unwrap().to_string(), most);
    }
}
