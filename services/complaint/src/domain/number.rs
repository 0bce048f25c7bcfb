//! The number of a case: short, digits only, made to be said aloud on the phone.

use std::{fmt, str::FromStr};

/// A case's number: `T`, a serial of at least seven digits and an ISO 7064 MOD 11,10 check digit, which finds every single
/// wrong digit and nearly every swap of neighbours without ever being a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CaseNumber(i64);

/// The text is not a case's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidCaseNumber;

impl CaseNumber {
    /// The number of a serial.
    pub(crate) const fn from_serial(serial: i64) -> Self {
        Self(serial)
    }

    /// The serial without its check digit, as storage keeps it.
    pub(crate) const fn serial(self) -> i64 {
        self.0
    }
}

/// ISO 7064 MOD 11,10 over a string of digits.
fn check_digit(digits: &str) -> u32 {
    let product = digits.bytes().fold(10, |product, digit| {
        let sum = (product + u32::from(digit - b'0')) % 10;
        if sum == 0 { 9 } else { sum * 2 % 11 }
    });
    (11 - product) % 10
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = format!("{:07}", self.0);
        write!(f, "T{digits}{}", check_digit(&digits))
    }
}

impl FromStr for CaseNumber {
    type Err = InvalidCaseNumber;

    /// Reads a number as people write it: spaces, hyphens and the `T` may be there or not.
    fn from_str(text: &str) -> Result<Self, InvalidCaseNumber> {
        let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let digits = text.strip_prefix(['T', 't']).unwrap_or(&text);
        let is_plain =
            (8..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        let (serial, check) = digits
            .split_at_checked(digits.len().saturating_sub(1))
            .filter(|_| is_plain)
            .ok_or(InvalidCaseNumber)?;
        if check.parse() == Ok(check_digit(serial)) {
            serial.parse().map(Self).map_err(|_| InvalidCaseNumber)
        } else {
            Err(InvalidCaseNumber)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_digit_is_found() {
        for serial in [1, 1_234_567, 90_817_263] {
            let good = CaseNumber::from_serial(serial).to_string();
            assert_eq!(good.parse(), Ok(CaseNumber::from_serial(serial)));
            for at in 1..good.len() {
                for digit in b'0'..=b'9' {
                    let mut wrong = good.clone().into_bytes();
                    wrong[at] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(
                        wrong.parse::<CaseNumber>().is_ok(),
                        wrong == good,
                        "{wrong}"
                    );
                }
            }
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        // 0794 is the worked example of ISO 7064: its check digit is 5.
        assert_eq!(check_digit("0794"), 5);
        let number = CaseNumber::from_serial(42);
        let text = number.to_string();
        for spoken in [
            text[1..].to_owned(),
            format!("t {} - {}", &text[1..5], &text[5..]),
        ] {
            assert_eq!(spoken.parse(), Ok(number));
        }
        for wrong in ["", "T", "T12", "cmp_1", "T00000１23"] {
            assert_eq!(
                wrong.parse::<CaseNumber>(),
                Err(InvalidCaseNumber),
                "{wrong}"
            );
        }
    }
}
