//! The customer number: short, digits only but for the check, made to be said aloud.

use std::{fmt, str::FromStr};

use crate::Digits;

/// A customer's place in one running count over all dealers: the key he has in the store. It is neither shown nor read, for of
/// two that he knows somebody could tell how many customers others had in between: people are told a [`CustomerNumber`], which
/// only the keys of the installation turn into a serial and back (ADR 39).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerSerial(u64);

impl CustomerSerial {
    /// The serial that storage keeps.
    pub const fn new(serial: u64) -> Self {
        Self(serial)
    }

    /// The serial as storage keeps it.
    pub const fn get(self) -> u64 {
        self.0
    }
}

/// A customer number as people say it: at least eight digits, which tell neither order nor count, and an ISO 7064 MOD 11-2 check
/// character (`0`–`9` or `X`), which finds every single wrong digit and every swap of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CustomerNumber(Digits);

/// The text is not a customer number, or its check character is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a customer number: the check character does not fit, ask for it again")]
pub struct InvalidCustomerNumber;

impl CustomerNumber {
    /// Digits of the shortest numbers, without the check character.
    pub const LEAST: u32 = 8;

    /// The number of these digits, to which the check character is added.
    pub const fn of(digits: Digits) -> Self {
        Self(digits)
    }

    /// The digits without the check character.
    pub const fn digits(self) -> Digits {
        self.0
    }
}

/// ISO 7064 MOD 11-2 check character of a string of digits.
fn check_character(digits: &str) -> char {
    let remainder = digits.bytes().fold(0u32, |product, digit| {
        (product + u32::from(digit - b'0')) * 2 % 11
    });
    match (12 - remainder) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).expect("below ten"),
    }
}

impl fmt::Display for CustomerNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = self.0.to_string();
        write!(f, "{digits}{}", check_character(&digits))
    }
}

impl FromStr for CustomerNumber {
    type Err = InvalidCustomerNumber;

    /// Reads a number as people write it: spaces and hyphens are ignored, `x` is `X`.
    fn from_str(text: &str) -> Result<Self, InvalidCustomerNumber> {
        let compact: String = text
            .chars()
            .filter(|c| !matches!(c, ' ' | '-'))
            .map(|c| c.to_ascii_uppercase())
            .collect();
        let (last, digits) = compact
            .char_indices()
            .last()
            .map(|(at, last)| (last, &compact[..at]))
            .ok_or(InvalidCustomerNumber)?;
        let number = Digits::read(digits).filter(|number| number.length() >= Self::LEAST);
        match number {
            Some(number) if check_character(digits) == last => Ok(Self(number)),
            _ => Err(InvalidCustomerNumber),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_digit_and_every_swap_is_found() {
        for digits in ["00000001", "12345678", "123456789", "012345678"] {
            let number = CustomerNumber::of(Digits::read(digits).unwrap());
            let good = number.to_string();
            assert_eq!(good.parse(), Ok(number));
            let bytes = good.as_bytes();
            for at in 0..bytes.len() - 1 {
                for digit in b'0'..=b'9' {
                    let mut wrong = bytes.to_vec();
                    wrong[at] = digit;
                    let wrong = String::from_utf8(wrong).unwrap();
                    assert_eq!(
                        wrong.parse::<CustomerNumber>().is_ok(),
                        wrong == good,
                        "{wrong}"
                    );
                }
            }
            for at in 0..bytes.len() - 2 {
                let mut swapped = bytes.to_vec();
                swapped.swap(at, at + 1);
                let swapped = String::from_utf8(swapped).unwrap();
                assert_eq!(
                    swapped.parse::<CustomerNumber>().is_ok(),
                    swapped == good,
                    "{swapped}"
                );
            }
        }
    }

    #[test]
    fn a_number_is_read_as_people_write_it() {
        let number = CustomerNumber::of(Digits::new(42, 8).unwrap());
        let text = number.to_string();
        let spoken = format!("{} {}", &text[..4], text[4..].to_lowercase());
        assert_eq!(spoken.parse(), Ok(number));
    }
}
