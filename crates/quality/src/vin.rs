//! Vehicle identification numbers: GB 16735-2019 (ISO 3779), check digit and model year.

use crate::{inline::Inline, text::fold_code};

/// Why a text is not a VIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VinFlaw {
    /// Not 17 characters; the number found.
    Length(usize),
    /// A character that no VIN contains. `correction` is the VIN that results when I is read as 1 and O, Q as 0, if that
    /// one passes the check digit: to be suggested, never taken silently.
    Character {
        /// What was probably meant.
        correction: Option<Vin>,
    },
    /// A Chinese VIN (it begins with L) whose ninth character is not its check digit, which GB 16735 makes mandatory.
    CheckDigit,
}

/// A well-formed VIN: 17 characters of `A-H J-N P R-Z 0-9`; those of Chinese makers also pass the check digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Vin(Inline<17>);

/// Position weights of the check digit (position 9 itself weighs nothing).
const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
/// Model-year codes in order from 1980; the cycle is 30 years.
const YEAR_CODES: &[u8; 30] = b"ABCDEFGHJKLMNPRSTVWXY123456789";
const BAD: u8 = u8::MAX;
/// Value of each byte in the check sum; [`BAD`] for what cannot stand in a VIN.
const VALUES: [u8; 256] = values();

const fn values() -> [u8; 256] {
    let mut table = [BAD; 256];
    let letters = b"ABCDEFGHJKLMNPRSTUVWXYZ";
    let numbers = b"12345678123457923456789";
    let mut i = 0;
    while i < letters.len() {
        table[letters[i] as usize] = numbers[i] - b'0';
        i += 1;
    }
    let mut digit = 0;
    while digit < 10 {
        table[(b'0' + digit) as usize] = digit;
        digit += 1;
    }
    table
}

impl Vin {
    /// Reads a VIN as people type it: any case, full-width, with spaces.
    ///
    /// # Errors
    /// The [`VinFlaw`]. A foreign VIN whose check digit fails is accepted; see [`Vin::check_digit_matches`].
    pub fn parse(typed: &str) -> Result<Self, VinFlaw> {
        let code = fold_code::<64>(typed).ok_or(VinFlaw::Length(typed.chars().count()))?;
        let characters = if code.as_bytes().len() == 17 && code.is_ascii() {
            17
        } else {
            code.chars().count()
        };
        if characters != 17 {
            return Err(VinFlaw::Length(characters));
        }
        let text = Inline::of(&code).ok_or(VinFlaw::Character { correction: None })?;
        if text.as_bytes().iter().any(|&b| VALUES[b as usize] == BAD) {
            return Err(VinFlaw::Character {
                correction: correct(&text),
            });
        }
        let vin = Self(text);
        if vin.is_chinese() && !vin.check_digit_matches() {
            return Err(VinFlaw::CheckDigit);
        }
        Ok(vin)
    }

    /// The 17 characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// World manufacturer identifier, the first three characters.
    pub fn wmi(&self) -> &str {
        &self.as_str()[..3]
    }

    /// Whether the maker is registered in China (region letter L).
    pub fn is_chinese(&self) -> bool {
        self.0.as_bytes()[0] == b'L'
    }

    /// Whether the ninth character is the check digit. Passing proves little: A and J, for one, have the same value.
    pub fn check_digit_matches(&self) -> bool {
        let bytes = self.0.as_bytes();
        let sum: u32 = bytes
            .iter()
            .zip(WEIGHTS)
            .map(|(&b, w)| u32::from(VALUES[b as usize]) * w)
            .sum();
        bytes[8] == b"0123456789X"[(sum % 11) as usize]
    }

    /// Model year: the latest year of the 30-year cycle that is not after `latest` (next year's models are on sale this
    /// year, so callers pass this year + 1). `None` where the tenth character is no year code, as on many imports.
    pub fn model_year(&self, latest: i32) -> Option<i32> {
        let index = YEAR_CODES
            .iter()
            .position(|&code| code == self.0.as_bytes()[9])? as i32;
        let year = 1980 + index;
        (year <= latest).then(|| year + (latest - year) / 30 * 30)
    }
}

/// The VIN meant where I, O or Q was typed, if reading them as 1 and 0 gives one that passes its check digit.
fn correct(text: &Inline<17>) -> Option<Vin> {
    let mut corrected = Inline::new();
    for character in text.chars() {
        corrected.push(match character {
            'I' => '1',
            'O' | 'Q' => '0',
            other => other,
        });
    }
    let vin = Vin(corrected);
    let is_clean = corrected
        .as_bytes()
        .iter()
        .all(|&b| VALUES[b as usize] != BAD);
    (is_clean && vin.check_digit_matches()).then_some(vin)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_the_standard_pass_or_fail_as_stated() {
        for valid in [
            "LATPAB071W1005301",
            "UU6JA69691D713820",
            "1M8GDM9AXKP042788",
            "11111111111111111",
            "LJ1EEKRN7R4000001",
            "LJTPAB071W1005301",
        ] {
            assert!(
                Vin::parse(valid).is_ok_and(|vin| vin.check_digit_matches()),
                "{valid}"
            );
        }
        assert_eq!(Vin::parse("LATPAB071W1005310"), Err(VinFlaw::CheckDigit));
        assert_eq!(Vin::parse("LATPAB071W100530"), Err(VinFlaw::Length(16)));
        assert!(matches!(
            Vin::parse("LATPABO71W1005301"),
            Err(VinFlaw::Character {
                correction: Some(_)
            })
        ));
        assert!(matches!(
            Vin::parse("LATPAB071W100530中"),
            Err(VinFlaw::Character { correction: None })
        ));
    }

    #[test]
    fn a_foreign_vin_with_a_wrong_check_digit_is_kept() {
        let vin =
            Vin::parse("1M8GDM9A1KP042788").expect("the check digit is optional outside China");
        assert!(!vin.check_digit_matches());
    }

    #[test]
    fn typed_forms_are_folded() {
        assert_eq!(
            Vin::parse(" lj1eekrn 7r4000001 ").map(|v| v.as_str().to_owned()),
            Ok("LJ1EEKRN7R4000001".to_owned())
        );
        assert!(Vin::parse("ＬＪ１ＥＥＫＲＮ７Ｒ４０００００１").is_ok());
    }

    #[test]
    fn model_year_takes_the_latest_cycle() {
        let vin = Vin::parse("LJ1EEKRN7R4000001").expect("valid");
        assert_eq!(vin.model_year(2027), Some(2024));
        assert_eq!(vin.model_year(2023), Some(1994));
        assert_eq!(
            Vin::parse("11111111111111111")
                .expect("valid")
                .model_year(2027),
            Some(2001)
        );
    }

    proptest! {
        #[test]
        fn one_changed_digit_in_a_chinese_vin_is_caught(position in 11usize..17, shift in 1u8..10) {
            let mut bytes = *b"LJ1EEKRN7R4000001";
            bytes[position] = b'0' + (bytes[position] - b'0' + shift) % 10;
            let typed = std::str::from_utf8(&bytes).expect("ascii");
            prop_assert_eq!(Vin::parse(typed), Err(VinFlaw::CheckDigit));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,30}") {
            let _ = Vin::parse(&text);
        }
    }
}
