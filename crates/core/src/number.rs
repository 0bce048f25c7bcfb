//! The customer number: short, digits only but for the check, made to be said aloud.

use std::{fmt, str::FromStr};

/// A customer number: a serial of at least eight digits and an ISO 7064 MOD 11-2 check character
/// (`0`–`9` or `X`), which finds every single wrong digit and every swap of neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CustomerNumber(u64);

/// The text is not a customer number, or its check character is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a customer number: the check character does not fit, ask for it again")]
pub struct InvalidCustomerNumber;

impl CustomerNumber {
    /// The number of a serial.
    pub const fn from_serial(serial: u64) -> Self {
        Self(serial)
    }

    /// The serial without its check character, as storage keeps it.
    pub const fn serial(self) -> u64 {
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
        let digits = format!("{:08}", self.0);
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
        let plain = (8..=18).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        if !plain || check_character(digits) != last {
            return Err(InvalidCustomerNumber);
        }
        digits.parse().map(Self).map_err(|_| InvalidCustomerNumber)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_wrong_digit_and_every_swap_is_found() {
        for serial in [1u64, 12_345_678, 90_817_263, 123_456_789] {
            let good = CustomerNumber::from_serial(serial).to_string();
            assert_eq!(good.parse(), Ok(CustomerNumber::from_serial(serial)));
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
        let number = CustomerNumber::from_serial(42);
        let text = number.to_string();
        let spoken = format!("{} {}", &text[..4], text[4..].to_lowercase());
        assert_eq!(spoken.parse(), Ok(number));
    }
}
