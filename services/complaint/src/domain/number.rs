//! The number of a case: short, digits only, made to be said aloud on the phone.

use std::{fmt, str::FromStr};

use marque_core::Digits;

/// A case's place in one running count over all dealers, by which the store orders cases. It is neither shown nor read, for who
/// opens a case each evening could tell from his own how many the others had: people are told a [`CaseNumber`] (ADR 39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CaseSerial(i64);

impl CaseSerial {
    /// The serial that storage keeps.
    pub(crate) const fn new(serial: i64) -> Self {
        Self(serial)
    }

    /// The serial as storage keeps it.
    pub(crate) const fn get(self) -> i64 {
        self.0
    }
}

/// A case's number as people say it: `T`, at least seven digits, which tell neither order nor count, and an ISO 7064 MOD 11,10 check
/// digit, which finds every single wrong digit and nearly every swap of neighbours without ever being a letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaseNumber(Digits);

/// The text is not a case's number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct InvalidCaseNumber;

impl CaseNumber {
    /// Digits of the shortest numbers, without the check digit.
    pub(crate) const LEAST: u32 = 7;

    /// The number of these digits, to which the check digit is added.
    pub(crate) const fn of(digits: Digits) -> Self {
        Self(digits)
    }

    /// The digits without the check digit.
    pub(crate) const fn digits(self) -> Digits {
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
        let digits = self.0.to_string();
        write!(f, "T{digits}{}", check_digit(&digits))
    }
}

impl FromStr for CaseNumber {
    type Err = InvalidCaseNumber;

    /// Reads a number as people write it: spaces, hyphens and the `T` may be there or not.
    fn from_str(text: &str) -> Result<Self, InvalidCaseNumber> {
        let text: String = text.chars().filter(|c| !matches!(c, ' ' | '-')).collect();
        let digits = text.strip_prefix(['T', 't']).unwrap_or(&text);
        let (digits, check) = digits
            .split_at_checked(digits.len().saturating_sub(1))
            .ok_or(InvalidCaseNumber)?;
        let number = Digits::read(digits).filter(|number| number.length() >= Self::LEAST);
        match number {
            Some(number) if check.parse() == Ok(check_digit(digits)) => Ok(Self(number)),
            _ => Err(InvalidCaseNumber),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_digit_is_found() {
        for digits in ["0000001", "1234567", "90817263", "01234567"] {
            let number = CaseNumber::of(Digits::read(digits).unwrap());
            let good = number.to_string();
            assert_eq!(good.parse(), Ok(number));
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
        let number = CaseNumber::of(Digits::new(42, 7).unwrap());
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
