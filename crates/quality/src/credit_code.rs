//! Unified social credit codes of organisations (GB 32100-2015) and the organisation code within (GB 11714-1997).

use crate::{division, id_document::has_check_character, inline::Inline, text::fold_code};

/// Why a text is not a unified social credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CreditCodeFlaw {
    /// Not 18 characters; the number found.
    Length(usize),
    /// Contains a character outside `0-9 A-H J-N P-R T U W X Y`.
    Character,
    /// The last character is not the check character.
    CheckCharacter,
}

/// A unified social credit code whose check character is right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CreditCode(Inline<18>);

const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
/// 3^(i−1) mod 31.
const WEIGHTS: [u32; 17] = [
    1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
];
const INNER_WEIGHTS: [u32; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
/// The area of whoever is registered with the central government.
const NATIONWIDE: u32 = 100_000;
const BAD: u8 = u8::MAX;
const VALUES: [u8; 256] = {
    let mut table = [BAD; 256];
    let mut i = 0;
    while i < ALPHABET.len() {
        table[ALPHABET[i] as usize] = i as u8;
        i += 1;
    }
    table
};

impl CreditCode {
    /// Reads a code as people type it: any case, full-width, with spaces.
    ///
    /// # Errors
    /// The [`CreditCodeFlaw`].
    pub fn parse(typed: &str) -> Result<Self, CreditCodeFlaw> {
        let code = fold_code::<72>(typed).ok_or(CreditCodeFlaw::Length(typed.chars().count()))?;
        let characters = code.chars().count();
        if characters != 18 {
            return Err(CreditCodeFlaw::Length(characters));
        }
        let text: Inline<18> = Inline::of(&code).ok_or(CreditCodeFlaw::Character)?;
        let bytes = text.as_bytes();
        if bytes.iter().any(|&b| VALUES[b as usize] == BAD) {
            return Err(CreditCodeFlaw::Character);
        }
        let sum: u32 = bytes
            .iter()
            .zip(WEIGHTS)
            .map(|(&b, w)| u32::from(VALUES[b as usize]) * w)
            .sum();
        let check = ALPHABET[((31 - sum % 31) % 31) as usize];
        if bytes[17] == check {
            Ok(Self(text))
        } else {
            Err(CreditCodeFlaw::CheckCharacter)
        }
    }

    /// The 18 characters.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The GB/T 2260 code of the registering authority's area, if the six characters are digits.
    pub fn division_code(&self) -> Option<u32> {
        division::code_of(&self.0.as_bytes()[2..8])
    }

    /// Whether the organisation code within keeps its own check (GB 11714). Older and special registries break it, so a
    /// failure is a warning at most.
    pub fn inner_check_matches(&self) -> bool {
        let inner = &self.0.as_bytes()[8..17];
        let value = |b: u8| {
            u32::from(if b.is_ascii_digit() {
                b - b'0'
            } else {
                b - b'A' + 10
            })
        };
        let sum: u32 = inner
            .iter()
            .zip(INNER_WEIGHTS)
            .map(|(&b, w)| value(b) * w)
            .sum();
        let expected = match 11 - sum % 11 {
            10 => b'X',
            11 => b'0',
            digit => b'0' + digit as u8,
        };
        inner[8] == expected
    }
}

/// Whether a text has the look of a credit code rather than of an ID number: 18 code characters, and either a letter among the
/// first 17 or the registry digit 9 and an area that there is (or the right check character). Of other registries, such as of schools and
/// associations, both must be right, and the check character of an ID number wrong.
pub(crate) fn looks_like_credit_code(code: &str) -> bool {
    let bytes = code.as_bytes();
    let is_of_area = || {
        division::code_of(&bytes[2..8])
            .is_some_and(|area| area == NATIONWIDE || division::find(area).is_some())
    };
    let is_checked = || CreditCode::parse(code).is_ok();
    bytes.len() == 18
        && bytes.iter().all(|&b| VALUES[b as usize] != BAD)
        && (bytes[..17].iter().any(u8::is_ascii_uppercase)
            || bytes[0] == b'9' && (is_of_area() || is_checked())
            || !has_check_character(bytes) && is_of_area() && is_checked())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn vectors_of_the_standard_pass_or_fail_as_stated() {
        for valid in [
            "91350100M000100Y43",
            "91420000737944946L",
            "91310101MA00000078",
            "52100000500000007R",
        ] {
            let code = CreditCode::parse(valid).expect(valid);
            assert!(code.inner_check_matches(), "{valid}");
        }
        assert_eq!(
            CreditCode::parse("91350100M000100Y34"),
            Err(CreditCodeFlaw::CheckCharacter)
        );
        assert_eq!(
            CreditCode::parse("91350100M000100YI3"),
            Err(CreditCodeFlaw::Character)
        );
        assert_eq!(CreditCode::parse("9135010"), Err(CreditCodeFlaw::Length(7)));
    }

    #[test]
    fn lower_case_and_full_width_are_folded() {
        assert!(CreditCode::parse(" 91420000737944946l ").is_ok());
        assert!(CreditCode::parse("９１４２００００７３７９４４９４６Ｌ").is_ok());
        assert_eq!(
            CreditCode::parse("91420000737944946L")
                .ok()
                .and_then(|c| c.division_code()),
            Some(420_000)
        );
    }

    #[test]
    fn codes_are_told_from_id_numbers_by_more_than_their_first_digit() {
        for code in [
            "91350100M000100Y43",
            "911101081020168903",
            "52100000500000007R",
            "121301004012600498",
        ] {
            assert!(looks_like_credit_code(code), "{code}");
        }
        for number in [
            "11010519491231002X",
            "110105194912310021",
            "513401199003078888",
            "999999195502301234",
            "52100000500000007",
        ] {
            assert!(!looks_like_credit_code(number), "{number}");
        }
    }

    proptest! {
        #[test]
        fn one_changed_character_is_caught(position in 0usize..17, shift in 1usize..31) {
            let mut bytes = *b"91420000737944946L";
            let value = VALUES[bytes[position] as usize] as usize;
            bytes[position] = ALPHABET[(value + shift) % 31];
            prop_assert_eq!(CreditCode::parse(std::str::from_utf8(&bytes).expect("ascii")), Err(CreditCodeFlaw::CheckCharacter));
        }
    }
}
