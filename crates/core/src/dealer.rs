//! The code of a dealer, used everywhere from the URL to the key of a row.

use std::{fmt, str::FromStr, sync::Arc};

/// A dealer's code: 1 to 32 letters, digits, `-` or `_`, upper and lower case apart.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DealerCode(Arc<str>);

/// The text cannot be a dealer's code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a dealer code has 1 to 32 letters, digits, hyphens or underscores")]
pub struct InvalidDealerCode;

impl DealerCode {
    /// The code as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DealerCode {
    type Err = InvalidDealerCode;

    fn from_str(text: &str) -> Result<Self, InvalidDealerCode> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        if (1..=32).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidDealerCode)
        }
    }
}

impl fmt::Display for DealerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for DealerCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_short_codes_are_dealers() {
        for good in ["D0001", "bj-01", "A_b"] {
            assert!(good.parse::<DealerCode>().is_ok(), "{good}");
        }
        for bad in ["", "a b", "北京", "a/b", &"x".repeat(33)] {
            assert!(bad.parse::<DealerCode>().is_err(), "{bad}");
        }
    }
}
