//! Identity documents: resident ID (GB 11643-1999, ISO 7064 MOD 11-2), residence permits, passports and the rest.

use chrono::NaiveDate;

use crate::{date, division, gender::Gender, inline::Inline, text::fold_code};

/// Which document a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum IdKind {
    /// 居民身份证.
    ResidentId,
    /// 港澳台居民居住证: 18 digits, area 810000, 820000 or 830000.
    ResidencePermit,
    /// 外国人永久居留身份证: 18 digits beginning with 9 (2023 form), or three letters and 12 digits (older form).
    PermanentResidence,
    /// 港澳居民来往内地通行证: H or M and 8 or 10 digits.
    HongKongMacaoPermit,
    /// Passport, Chinese or foreign.
    Passport,
    /// 台湾居民来往大陆通行证: eight digits.
    TaiwanPermit,
}

/// Why a text is not the number of an identity document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IdFlaw {
    /// Some digits are masked (`*` or `X` in the middle): somebody exported a display form.
    Masked,
    /// Digits only, but not as many as any document has; the number found.
    Length(usize),
    /// A character no document number contains.
    Character,
    /// Eighteen characters whose last is not the check character.
    CheckCharacter,
    /// The same, and the last three are zeros: a spreadsheet has taken the number for an amount, of which it keeps fifteen digits.
    Cut,
    /// The date of birth within does not exist or lies in the future.
    BirthDate,
    /// No kind of document has this form.
    UnknownForm,
}

/// A document number that keeps the rules of its kind, in the form in which it is stored (18 characters, upper-case).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct IdDocument {
    kind: IdKind,
    number: Inline<24>,
    was_15_digits: bool,
}

const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

impl IdDocument {
    /// Reads a number as people type it. `today` bounds the date of birth.
    ///
    /// # Errors
    /// The [`IdFlaw`].
    pub fn parse(typed: &str, today: NaiveDate) -> Result<Self, IdFlaw> {
        let code = fold_code::<48>(typed).ok_or(IdFlaw::UnknownForm)?;
        Self::from_folded(&code, today)
    }

    /// The same for a text that is already half-width, upper-case and free of spaces.
    pub(crate) fn from_folded(code: &str, today: NaiveDate) -> Result<Self, IdFlaw> {
        let bytes = code.as_bytes();
        if bytes.contains(&b'*') {
            return Err(IdFlaw::Masked);
        }
        let digits = bytes.iter().take_while(|b| b.is_ascii_digit()).count();
        match (bytes.len(), digits) {
            (18, 17..) => Self::eighteen(bytes, today),
            (15, 15) => Self::fifteen(bytes, today),
            (18, 6..)
                if bytes[digits..]
                    .iter()
                    .all(|b| b.is_ascii_digit() || *b == b'X') =>
            {
                Err(IdFlaw::Masked)
            }
            (8, 8) => Ok(Self::of(IdKind::TaiwanPermit, code)),
            (length, found) if found == length => Err(IdFlaw::Length(length)),
            _ => Self::lettered(code),
        }
    }

    fn of(kind: IdKind, code: &str) -> Self {
        Self {
            kind,
            number: Inline::of(code).expect("callers pass at most 18 characters"),
            was_15_digits: false,
        }
    }

    fn eighteen(bytes: &[u8], today: NaiveDate) -> Result<Self, IdFlaw> {
        if !bytes[17].is_ascii_digit() && bytes[17] != b'X' {
            return Err(IdFlaw::Character);
        }
        if !has_check_character(bytes) {
            let is_cut = bytes.first_chunk().is_some_and(is_cut);
            return Err(if is_cut {
                IdFlaw::Cut
            } else {
                IdFlaw::CheckCharacter
            });
        }
        birth_date(&bytes[6..14])
            .filter(|born| *born <= today)
            .ok_or(IdFlaw::BirthDate)?;
        let kind = match &bytes[..6] {
            b"810000" | b"820000" | b"830000" => IdKind::ResidencePermit,
            [b'9', ..] => IdKind::PermanentResidence,
            _ => IdKind::ResidentId,
        };
        Ok(Self::of(
            kind,
            std::str::from_utf8(bytes).expect("digits and X"),
        ))
    }

    /// The old form: two-digit year, no check character. All of its holders were born in the 1900s.
    fn fifteen(bytes: &[u8], today: NaiveDate) -> Result<Self, IdFlaw> {
        let mut long = [0; 18];
        long[..6].copy_from_slice(&bytes[..6]);
        long[6..8].copy_from_slice(b"19");
        long[8..17].copy_from_slice(&bytes[6..]);
        long[17] = check_character(&long);
        Self::eighteen(&long, today).map(|document| Self {
            was_15_digits: true,
            ..document
        })
    }

    /// Passports and travel permits: letters in front of digits.
    fn lettered(code: &str) -> Result<Self, IdFlaw> {
        let bytes = code.as_bytes();
        if !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return Err(IdFlaw::Character);
        }
        let letters = bytes.iter().take_while(|b| b.is_ascii_uppercase()).count();
        let rest_is_digits = bytes[letters..].iter().all(u8::is_ascii_digit);
        let kind = match (letters, bytes.len() - letters) {
            (1, 8 | 10) if rest_is_digits && matches!(bytes[0], b'H' | b'M') => {
                IdKind::HongKongMacaoPermit
            }
            (3, 12) if rest_is_digits => IdKind::PermanentResidence,
            (0..=3, 5..=9) if (6..=10).contains(&bytes.len()) => IdKind::Passport,
            _ => return Err(IdFlaw::UnknownForm),
        };
        Ok(Self::of(kind, code))
    }

    /// Which document it is.
    pub const fn kind(&self) -> IdKind {
        self.kind
    }

    /// The number as it is stored and compared.
    pub fn number(&self) -> &str {
        self.number.as_str()
    }

    /// Whether it was given in the 15-digit form and lengthened.
    pub const fn was_15_digits(&self) -> bool {
        self.was_15_digits
    }

    /// Date of birth, where the number holds one.
    pub fn birth_date(&self) -> Option<NaiveDate> {
        self.carries_person()
            .then(|| birth_date(&self.number.as_bytes()[6..14]))
            .flatten()
    }

    /// Gender by the seventeenth digit, where the number holds one.
    pub fn gender(&self) -> Option<Gender> {
        self.carries_person().then(|| {
            if self.number.as_bytes()[16] % 2 == 1 {
                Gender::Male
            } else {
                Gender::Female
            }
        })
    }

    /// Code of the area of first registration (resident ID only). Whether it is known: [`division::find`].
    pub fn division_code(&self) -> Option<u32> {
        (self.kind == IdKind::ResidentId)
            .then(|| division::code_of(&self.number.as_bytes()[..6]))
            .flatten()
    }

    /// Age in whole years on a day, where the number holds a date of birth.
    pub fn age_on(&self, day: NaiveDate) -> Option<i32> {
        Some(date::age_on(self.birth_date()?, day))
    }

    const fn carries_person(&self) -> bool {
        matches!(self.kind, IdKind::ResidentId | IdKind::ResidencePermit)
    }
}

impl IdKind {
    /// Stable code for storage and the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::ResidentId => "resident_id",
            Self::ResidencePermit => "residence_permit",
            Self::PermanentResidence => "permanent_residence",
            Self::HongKongMacaoPermit => "hk_macao_permit",
            Self::Passport => "passport",
            Self::TaiwanPermit => "taiwan_permit",
        }
    }
}

/// What is wrong with an 18-digit number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// Nothing: check character, area and date of birth are right.
    #[default]
    None,
    /// The check character, or it and one of the others: a slip of the pen leaves it so. Or no more than a county that stands in no list of
    /// its prefecture: published examples have such, so that it proves nothing of one number.
    Slip,
    /// An area or a date that never was with the right check character, or both: no slip does that.
    Invented,
}

/// What is wrong with 17 digits and a check character, as far as they show it.
pub(crate) fn doubt_of(number: &[u8; 18]) -> Doubt {
    let is_checked = has_check_character(number);
    let is_dated = matches!(&number[6..8], b"19" | b"20") && birth_date(&number[6..14]).is_some();
    let area = &number[..6];
    match (is_checked, is_dated, area_is_known(area)) {
        (true, true, true) => Doubt::None,
        (true, true, false) if prefecture_is_known(area) => Doubt::Slip,
        (true, ..) | (_, false, false) => Doubt::Invented,
        (false, ..) => Doubt::Slip,
    }
}

/// Whether a spreadsheet has taken the number for an amount: it keeps fifteen digits and writes zeros for the others.
pub(crate) fn is_cut(number: &[u8; 18]) -> bool {
    number.ends_with(b"000") && doubt_of(number) == Doubt::Slip
}

/// A county there was, Hong Kong, Macao or Taiwan, or the province behind the 9 of a permanent resident.
fn area_is_known(area: &[u8]) -> bool {
    match area {
        b"810000" | b"820000" | b"830000" => true,
        [b'9', tens, ones, ..] => is_listed(&[*tens, *ones, b'0', b'0', b'0', b'0']),
        _ => is_listed(area),
    }
}

fn prefecture_is_known(area: &[u8]) -> bool {
    division::code_of(area).is_some_and(division::prefecture_is_known)
}

fn is_listed(area: &[u8]) -> bool {
    division::code_of(area).is_some_and(|code| division::find(code).is_some())
}

/// Whether the last of 18 characters is the check character of the 17 digits before it.
pub(crate) fn has_check_character(number: &[u8]) -> bool {
    check_character(number) == number[17]
}

/// The check character of the first 17 digits.
fn check_character(bytes: &[u8]) -> u8 {
    let sum: u32 = bytes
        .iter()
        .zip(WEIGHTS)
        .map(|(&b, w)| u32::from(b - b'0') * w)
        .sum();
    b"10X98765432"[(sum % 11) as usize]
}

fn birth_date(digits: &[u8]) -> Option<NaiveDate> {
    let number = |range: &[u8]| range.iter().fold(0, |n, &b| n * 10 + u32::from(b - b'0'));
    NaiveDate::from_ymd_opt(
        number(&digits[..4]) as i32,
        number(&digits[4..6]),
        number(&digits[6..]),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    #[test]
    fn vectors_of_the_standard_pass_or_fail_as_stated() {
        for valid in [
            "11010519491231002X",
            "440524188001010014",
            "34052419800101001X",
            "110103188001010014",
        ] {
            let document = IdDocument::parse(valid, today()).expect(valid);
            assert_eq!(
                (document.kind(), document.number()),
                (IdKind::ResidentId, valid)
            );
        }
        for (invalid, flaw) in [
            ("110105194912310021", IdFlaw::CheckCharacter),
            ("11010519491231020X", IdFlaw::CheckCharacter),
            ("440524188001010041", IdFlaw::CheckCharacter),
            ("110105194912310000", IdFlaw::Cut),
            ("999999194912310000", IdFlaw::Cut),
            ("110105194913310000", IdFlaw::Cut),
            ("1101051949123100", IdFlaw::Length(16)),
            ("110105********002X", IdFlaw::Masked),
            ("110105XXXXXXXX002X", IdFlaw::Masked),
            ("110105299912310020", IdFlaw::BirthDate),
            ("中文", IdFlaw::Character),
        ] {
            assert_eq!(IdDocument::parse(invalid, today()), Err(flaw), "{invalid}");
        }
    }

    #[test]
    fn the_old_form_is_lengthened() {
        let document = IdDocument::parse("110105491231002", today()).expect("valid");
        assert_eq!(document.number(), "11010519491231002X");
        assert!(document.was_15_digits());
    }

    #[test]
    fn birth_date_gender_division_and_age_are_read_from_the_number() {
        let document =
            IdDocument::parse("11010519491231002x", today()).expect("lower case is folded");
        assert_eq!(document.birth_date(), NaiveDate::from_ymd_opt(1949, 12, 31));
        assert_eq!(document.gender(), Some(Gender::Female));
        assert_eq!(document.division_code(), Some(110_105));
        assert_eq!(document.age_on(today()), Some(76));
    }

    #[test]
    fn other_documents_are_told_apart() {
        for (typed, kind) in [
            ("E12345678", IdKind::Passport),
            ("EA1234567", IdKind::Passport),
            ("H12345678", IdKind::HongKongMacaoPermit),
            ("M1234567890", IdKind::HongKongMacaoPermit),
            ("12345678", IdKind::TaiwanPermit),
            ("USA123456789012", IdKind::PermanentResidence),
        ] {
            assert_eq!(
                IdDocument::parse(typed, today()).map(|d| d.kind()),
                Ok(kind),
                "{typed}"
            );
        }
        assert_eq!(
            IdDocument::parse("E12345678", today())
                .ok()
                .and_then(|d| d.birth_date()),
            None
        );
    }

    #[test]
    fn a_slip_is_told_from_a_number_that_nobody_has() {
        for (number, doubt) in [
            (b"11010519491231002X", Doubt::None),
            (b"810000199408230021", Doubt::None),
            // The last digit, a digit of the day, two neighbours.
            (b"110105194912310021", Doubt::Slip),
            (b"11010519491234002X", Doubt::Slip),
            (b"11010519491213002X", Doubt::Slip),
            // The example that everybody prints: its county is in no list, its prefecture is.
            (b"34052419800101001X", Doubt::Slip),
            // An area and a date that never were, with and without their check character.
            (b"881197198009168404", Doubt::Invented),
            (b"340202197799997108", Doubt::Invented),
            (b"163137637271349023", Doubt::Invented),
            (b"110101198514609063", Doubt::Slip),
            (b"999999195502301234", Doubt::Invented),
        ] {
            let shown = std::str::from_utf8(number).expect("digits and X");
            assert_eq!(doubt_of(number), doubt, "{shown}");
        }
    }

    proptest! {
        #[test]
        fn one_changed_digit_is_caught(position in 0usize..17, shift in 1u8..10) {
            let mut bytes = *b"11010519491231002X";
            bytes[position] = b'0' + (bytes[position] - b'0' + shift) % 10;
            prop_assert!(IdDocument::parse(std::str::from_utf8(&bytes).expect("ascii"), today()).is_err());
        }

        #[test]
        fn one_changed_digit_is_a_slip(position in 0usize..17, shift in 1u8..10) {
            let mut bytes = *b"11010519491231002X";
            bytes[position] = b'0' + (bytes[position] - b'0' + shift) % 10;
            prop_assert_eq!(doubt_of(&bytes), Doubt::Slip);
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,30}") {
            let _ = IdDocument::parse(&text, today());
        }

        #[test]
        fn any_digits_are_read_without_panic(text in "[0-9X*]{0,20}") {
            let _ = IdDocument::parse(&text, today());
        }
    }
}
