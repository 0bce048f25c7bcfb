//! Telephone numbers of the mainland in E.164, and foreign ones as given.

use std::borrow::Cow;

use crate::inline::Inline;
use crate::text::{half_width, unquoted};

/// Kind of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PhoneKind {
    /// Mainland mobile: `+86`, then 1[3-9] and nine digits.
    Mobile,
    /// Mainland landline with its area code.
    Landline,
    /// 400 and 800 service numbers.
    Service,
    /// A number of another country.
    Foreign,
}

/// Why a text is not a telephone number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PhoneFlaw {
    /// A mobile number with too few or too many digits; the number found.
    MobileLength(usize),
    /// Seven or eight digits: a landline without area code, which nobody can dial from elsewhere.
    NoAreaCode,
    /// Some digits are masked with `*`.
    Masked,
    /// Begins like a mobile number, but with 10, 11 or 12, which no operator gives.
    Prefix,
    /// No digits, or a form no number has.
    Form,
}

/// A telephone number in E.164 with its extension.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Phone {
    e164: Inline<17>,
    extension: Inline<6>,
    kind: PhoneKind,
}

/// Digits of a typed number; 15 is E.164's limit, the rest are prefixes and extensions.
struct Typed {
    digits: Inline<28>,
    extension: Inline<6>,
    has_plus: bool,
}

impl Phone {
    /// Reads a number as people type it: full-width, spaces, dashes, brackets, `+86`, `0086`, `86`, `转`/`ext`/`-` extension, a remark
    /// in brackets; and as programs write it: `="…"`, with an apostrophe before it, or as a number with `.0` behind it.
    /// Where several numbers stand in one cell, the first is read (see [`split_several`]).
    ///
    /// # Errors
    /// The [`PhoneFlaw`].
    pub fn parse(typed: &str) -> Result<Self, PhoneFlaw> {
        let typed = without_remarks(unquoted(typed));
        let typed = without_fraction(&typed)?;
        with_dashed_extension(typed).map_or_else(|| Self::dialled(typed), Ok)
    }

    /// Reads a number of which every digit is dialled, but for a named extension.
    fn dialled(typed: &str) -> Result<Self, PhoneFlaw> {
        let typed = read(typed)?;
        let all = typed.digits.as_str();
        let (number, is_foreign) = strip_country(all, typed.has_plus);
        if is_foreign {
            // No country's code begins with 0.
            return if (7..=15).contains(&number.len()) && !number.starts_with('0') {
                Ok(Self::of(PhoneKind::Foreign, "", number, typed.extension))
            } else {
                Err(PhoneFlaw::Form)
            };
        }
        mainland(number, typed.extension).or_else(|flaw| {
            // Behind the country's code an area code stands without its trunk zero.
            let has_country = typed.has_plus || all.starts_with("00");
            if has_country && flaw == PhoneFlaw::Form {
                landline(number, number.as_bytes(), typed.extension)
            } else {
                Err(flaw)
            }
        })
    }

    fn of(kind: PhoneKind, country: &str, number: &str, extension: Inline<6>) -> Self {
        let mut e164 = Inline::new();
        let fits = e164.push('+') && e164.push_str(country) && e164.push_str(number);
        debug_assert!(fits, "E.164 has at most 15 digits");
        Self {
            e164,
            extension,
            kind,
        }
    }

    /// The number with `+` and country code.
    pub fn e164(&self) -> &str {
        self.e164.as_str()
    }

    /// Its kind.
    pub const fn kind(&self) -> PhoneKind {
        self.kind
    }

    /// Extension behind a switchboard.
    pub fn extension(&self) -> Option<&str> {
        (!self.extension.is_empty()).then(|| self.extension.as_str())
    }

    /// The number as dialled at home: 11 digits of a mobile, area code with 0 and number of a landline.
    pub fn national(&self) -> &str {
        self.e164
            .as_str()
            .strip_prefix("+86")
            .unwrap_or(self.e164.as_str())
    }

    /// Whether the digits were put there to fill the field: one or two distinct digits after the prefix, a run up or down
    /// of eight, or one of the numbers that stand in every template.
    pub fn is_placeholder(&self) -> bool {
        if self.kind != PhoneKind::Mobile {
            return false;
        }
        is_placeholder_digits(self.national().as_bytes())
    }

    /// Whether the last eight digits are four pairs or one half twice: 13611223344, 13566667777, 13512121212, 13812341234. One such
    /// number is a lucky one; two in ten thousand are by chance.
    pub fn is_patterned(&self) -> bool {
        let digits = self.national().as_bytes();
        self.kind == PhoneKind::Mobile
            && digits.last_chunk::<8>().is_some_and(|tail| {
                tail[..4] == tail[4..] || tail.chunks(2).all(|pair| pair[0] == pair[1])
            })
    }
}

/// So many digits are no number, but two: a mobile and a landline without its area have no fewer.
const TWO_NUMBERS: usize = 18;

/// The first of several numbers in one cell, and the rest: `13812345678/13912345678`, also with a blank between.
pub fn split_several(typed: &str) -> (&str, Option<&str>) {
    let separator = |c: char| matches!(c, '/' | ',' | ';' | '、' | '，' | '；' | '|' | '\n' | '或');
    match typed.split_once(separator) {
        Some((first, rest)) if digits_in(first) >= 7 && digits_in(rest) >= 7 => {
            (first.trim(), Some(rest.trim()))
        }
        _ => split_at_blank(typed).map_or((typed, None), |(first, rest)| (first, Some(rest))),
    }
}

/// Numbers with a blank between: as there are blanks within numbers too, the first is one by itself and the rest long enough to be one.
fn split_at_blank(typed: &str) -> Option<(&str, &str)> {
    if typed.len() < TWO_NUMBERS || digits_in(typed) < TWO_NUMBERS {
        return None;
    }
    let mut blanks = typed.match_indices(char::is_whitespace);
    blanks.find_map(|(at, _)| {
        let (first, rest) = (typed[..at].trim(), typed[at..].trim());
        // Of foreign numbers nobody knows where they end.
        let is_whole = Phone::parse(first).is_ok_and(|phone| phone.kind != PhoneKind::Foreign);
        (is_whole && digits_in(rest) >= 7).then_some((first, rest))
    })
}

/// How many digits stand in a text.
pub(crate) fn digits_in(text: &str) -> usize {
    text.chars()
        .filter(|c| half_width(*c).is_ascii_digit())
        .count()
}

/// Whether 11 digits look made up; shared with cells that are not numbers at all, such as 11111111111.
pub(crate) fn is_placeholder_digits(digits: &[u8]) -> bool {
    if digits.len() != 11 {
        return false;
    }
    let seen = digits.iter().fold(0u32, |seen, b| seen | 1 << (b & 15));
    let tail = &digits[3..];
    let runs = |step: i16| {
        tail.windows(2)
            .all(|w| i16::from(w[1]) - i16::from(w[0]) == step)
    };
    let one_digit = |range: &[u8]| range.iter().all(|b| *b == range[0]);
    seen.count_ones() <= 2
        || runs(1)
        || runs(-1)
        || one_digit(tail)
        || one_digit(&digits[2..10])
        || matches!(
            digits,
            b"13800138000" | b"13812345678" | b"12345678901" | b"13912345678"
        )
}

/// Whether a cell that is no number was filled with digits for show, such as 11111111111 or 12345678901.
pub(crate) fn is_placeholder_cell(typed: &str) -> bool {
    let digits: Inline<11> = typed
        .chars()
        .map(half_width)
        .filter(char::is_ascii_digit)
        .take(12)
        .fold(Inline::new(), |mut digits, digit| {
            digits.push(digit);
            digits
        });
    digits_in(typed) == 11 && is_placeholder_digits(digits.as_bytes())
}

/// The text without remarks in brackets, such as `（妻）`; brackets with digits hold an area code or an extension.
fn without_remarks(typed: &str) -> Cow<'_, str> {
    const OPEN: [char; 2] = ['(', '（'];
    const CLOSE: [char; 2] = [')', '）'];
    if !typed.contains(OPEN) {
        return Cow::Borrowed(typed);
    }
    let (mut kept, mut rest) = (String::with_capacity(typed.len()), typed);
    while let Some((front, behind)) = rest.split_once(OPEN) {
        let (inside, behind) = behind.split_once(CLOSE).unwrap_or((behind, ""));
        kept.push_str(front);
        if digits_in(inside) > 0 || inside.contains('*') {
            kept.push_str(inside);
        }
        rest = behind;
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// A number that a program kept as a fraction, `13812345670.0`, without its point: its zeros are no digits of the phone. People who
/// write points between groups of digits have none of one or two digits behind an unbroken rest.
fn without_fraction(typed: &str) -> Result<&str, PhoneFlaw> {
    let Some((whole, fraction)) = typed.split_once(['.', '．']) else {
        return Ok(typed);
    };
    let is_number = digits_in(whole) == whole.trim_start_matches('+').chars().count()
        && (1..=2).contains(&digits_in(fraction))
        && digits_in(fraction) == fraction.chars().count();
    match fraction.trim_matches(['0', '０']) {
        _ if !is_number => Ok(typed),
        "" => Ok(whole),
        _ => Err(PhoneFlaw::Form),
    }
}

/// A number with its extension behind a dash, `021-58881234-801`: what stands before it is a number by itself. Of foreign numbers
/// nobody knows where they end.
fn with_dashed_extension(typed: &str) -> Option<Phone> {
    let (front, behind) = typed.rsplit_once(['-', '—', '–', '－'])?;
    let mut extension = Inline::<6>::new();
    for character in behind.trim().chars().map(half_width) {
        if !character.is_ascii_digit() || !extension.push(character) {
            return None;
        }
    }
    let phone = Phone::dialled(front).ok()?;
    let takes_one = phone.kind != PhoneKind::Foreign && phone.extension.is_empty();
    (takes_one && !extension.is_empty()).then_some(Phone { extension, ..phone })
}

fn read(typed: &str) -> Result<Typed, PhoneFlaw> {
    let mut out = Typed {
        digits: Inline::new(),
        extension: Inline::new(),
        has_plus: false,
    };
    let mut in_extension = false;
    for character in typed.trim().chars() {
        match half_width(character) {
            digit @ '0'..='9' => {
                let fits = if in_extension {
                    out.extension.push(digit)
                } else {
                    out.digits.push(digit)
                };
                if !fits {
                    return Err(if in_extension {
                        PhoneFlaw::Form
                    } else {
                        PhoneFlaw::MobileLength(digits_in(typed))
                    });
                }
            }
            '+' if out.digits.is_empty() => out.has_plus = true,
            '*' | 'x' | 'X' if !in_extension && typed.matches(character).count() >= 3 => {
                return Err(PhoneFlaw::Masked);
            }
            '转' | '#' | 'x' | 'X' | 'e' | 'E' if out.digits.len() >= 7 => in_extension = true,
            't' | 'T' | '.' if in_extension => {}
            '-'
            | '—'
            | '–'
            | '_'
            | ' '
            | '('
            | ')'
            | '.'
            | '\u{200B}'..='\u{200F}'
            | '\u{202A}'..='\u{202E}'
            | '\u{FEFF}' => {}
            _ => return Err(PhoneFlaw::Form),
        }
    }
    if out.digits.is_empty() {
        Err(PhoneFlaw::Form)
    } else {
        Ok(out)
    }
}

/// The digits without China's country code, and whether they are foreign.
fn strip_country(digits: &str, has_plus: bool) -> (&str, bool) {
    if has_plus {
        return digits
            .strip_prefix("86")
            .map_or((digits, true), |rest| (rest, false));
    }
    if let Some(rest) = digits.strip_prefix("00") {
        return rest
            .strip_prefix("86")
            .map_or((rest, true), |number| (number, false));
    }
    let stripped = digits
        .strip_prefix("86")
        .filter(|rest| rest.len() >= 10 && (rest.starts_with('1') || rest.starts_with('0')));
    (stripped.unwrap_or(digits), false)
}

fn mainland(number: &str, extension: Inline<6>) -> Result<Phone, PhoneFlaw> {
    let bytes = number.as_bytes();
    // 0138…: the trunk zero people put before a mobile of another city.
    if let Some(mobile) = number
        .strip_prefix('0')
        .filter(|rest| rest.len() == 11 && is_mobile_prefix(rest.as_bytes()))
    {
        return mainland(mobile, extension);
    }
    match bytes {
        [b'1', b'3'..=b'9', ..] if bytes.len() == 11 => {
            Ok(Phone::of(PhoneKind::Mobile, "86", number, extension))
        }
        [b'4' | b'8', b'0', b'0', ..] if bytes.len() == 10 => {
            Ok(Phone::of(PhoneKind::Service, "86", number, extension))
        }
        [b'0', rest @ ..] => landline(&number[1..], rest, extension),
        [b'1', b'0', ..] if bytes.len() == 10 => {
            Ok(Phone::of(PhoneKind::Landline, "86", number, extension))
        }
        [b'1', b'0'..=b'2', ..] if bytes.len() == 11 => Err(PhoneFlaw::Prefix),
        [b'1', ..] if bytes.len() >= 9 => Err(PhoneFlaw::MobileLength(bytes.len())),
        [b'2'..=b'8', ..] if matches!(bytes.len(), 7 | 8) => Err(PhoneFlaw::NoAreaCode),
        [b'2', b'0'..=b'9', ..] if bytes.len() == 10 => {
            Ok(Phone::of(PhoneKind::Landline, "86", number, extension))
        }
        _ => Err(PhoneFlaw::Form),
    }
}

const fn is_mobile_prefix(bytes: &[u8]) -> bool {
    matches!(bytes, [b'1', b'3'..=b'9', ..])
}

/// Area code and number, without the trunk zero: 10 and 2x have eight digits after, the others seven or eight.
fn landline(number: &str, bytes: &[u8], extension: Inline<6>) -> Result<Phone, PhoneFlaw> {
    let (area_length, lengths) = match bytes {
        [b'1', b'0', ..] | [b'2', b'0'..=b'9', ..] => (2, 8..=8),
        [b'3'..=b'9', ..] => (3, 7..=8),
        _ => return Err(PhoneFlaw::Form),
    };
    let local = bytes.get(area_length..).unwrap_or_default();
    if !lengths.contains(&local.len()) || !matches!(local[0], b'2'..=b'9') {
        return Err(PhoneFlaw::Form);
    }
    Ok(Phone::of(PhoneKind::Landline, "86", number, extension))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn typed_forms_become_e164() {
        for (typed, expected) in [
            ("13812345670", "+8613812345670"),
            ("138-1234-5670", "+8613812345670"),
            ("138 1234 5670", "+8613812345670"),
            ("+86 138 1234 5670", "+8613812345670"),
            ("0086 13812345670", "+8613812345670"),
            ("86-13812345670", "+8613812345670"),
            ("013812345670", "+8613812345670"),
            ("１３８１２３４５６７０", "+8613812345670"),
            ("010-62345678", "+861062345678"),
            ("(0311) 8765432", "+863118765432"),
            ("0311-87654321", "+8631187654321"),
            ("021 6234 5678", "+862162345678"),
            ("+86 311 8765 432", "+863118765432"),
            ("0086-932-51064852", "+8693251064852"),
            ("400-810-1234", "+864008101234"),
            ("+852 2345 6789", "+85223456789"),
            ("0044 20 7946 0958", "+442079460958"),
        ] {
            assert_eq!(
                Phone::parse(typed).map(|p| p.e164().to_owned()),
                Ok(expected.to_owned()),
                "{typed}"
            );
            assert_eq!(
                Phone::parse(expected).map(|p| p.e164().to_owned()),
                Ok(expected.to_owned()),
                "what was cleaned stays as it is"
            );
        }
    }

    #[test]
    fn extensions_are_kept_apart() {
        for typed in [
            "0311-87654321转802",
            "031187654321 ext.802",
            "0311-87654321#802",
            "0311-87654321x802",
        ] {
            let phone = Phone::parse(typed).expect(typed);
            assert_eq!(
                (phone.national(), phone.extension()),
                ("31187654321", Some("802")),
                "{typed}"
            );
        }
    }

    #[test]
    fn an_extension_may_stand_behind_a_dash() {
        for (typed, expected) in [
            ("021-58881234-801", ("2158881234", Some("801"))),
            ("0311-8765432-1", ("3118765432", Some("1"))),
            ("(0311)87654321－８０２", ("31187654321", Some("802"))),
            ("400-8101234-5", ("4008101234", Some("5"))),
            ("13812345670-0021", ("13812345670", Some("0021"))),
            ("021-6234-5678", ("2162345678", None)),
            ("0311-8765-4321", ("31187654321", None)),
            ("400-810-1234", ("4008101234", None)),
            ("+852-2345-6789", ("+85223456789", None)),
            ("010-62345678-", ("1062345678", None)),
        ] {
            let phone = Phone::parse(typed).expect(typed);
            assert_eq!((phone.national(), phone.extension()), expected, "{typed}");
        }
        assert_eq!(
            Phone::parse("13812345670-13912345670"),
            Err(PhoneFlaw::MobileLength(22))
        );
    }

    #[test]
    fn what_programs_and_people_put_round_a_number_is_no_part_of_it() {
        for typed in [
            "13812345670.0",
            "13812345670.00",
            "１３８１２３４５６７０．０",
            "+8613812345670.0",
            "=\"13812345670\"",
            "'13812345670",
            "’13812345670",
            "13812345670（妻）",
            "13812345670 (王先生)",
            "（本人）13812345670",
            "13812345670（妻",
            "138.1234.5670",
        ] {
            let phone = Phone::parse(typed).map(|phone| phone.e164().to_owned());
            assert_eq!(phone.as_deref(), Ok("+8613812345670"), "{typed}");
        }
    }

    #[test]
    fn no_number_is_made_longer_by_its_fraction() {
        for (typed, flaw) in [
            ("1326740478.0", PhoneFlaw::MobileLength(10)),
            ("132674047.80", PhoneFlaw::Form),
            ("1326740478.5", PhoneFlaw::Form),
            ("0.0", PhoneFlaw::Form),
        ] {
            assert_eq!(Phone::parse(typed), Err(flaw), "{typed}");
        }
    }

    #[test]
    fn what_is_no_number_says_why() {
        for (typed, flaw) in [
            ("1381234567", PhoneFlaw::MobileLength(10)),
            ("138123456789", PhoneFlaw::MobileLength(12)),
            ("138****5678", PhoneFlaw::Masked),
            ("87654321", PhoneFlaw::NoAreaCode),
            ("11111111111", PhoneFlaw::Prefix),
            ("12345678901", PhoneFlaw::Prefix),
            ("没有", PhoneFlaw::Form),
            ("+", PhoneFlaw::Form),
            ("00000000000", PhoneFlaw::Form),
            ("0", PhoneFlaw::Form),
        ] {
            assert_eq!(Phone::parse(typed), Err(flaw), "{typed}");
        }
    }

    #[test]
    fn placeholders_are_recognised() {
        for typed in [
            "13000000000",
            "13333333333",
            "13812345678",
            "18888888888",
            "13800138000",
        ] {
            assert!(
                Phone::parse(typed).is_ok_and(|p| p.is_placeholder()),
                "{typed}"
            );
        }
        for typed in ["13812344670", "15000000010", "13987654310"] {
            assert!(
                Phone::parse(typed).is_ok_and(|p| !p.is_placeholder()),
                "{typed}"
            );
        }
    }

    #[test]
    fn patterns_are_recognised() {
        for typed in ["13611223344", "13512121212", "13812341234", "13566667777"] {
            assert!(
                Phone::parse(typed).is_ok_and(|p| p.is_patterned()),
                "{typed}"
            );
        }
        for typed in ["13611223345", "13812351234", "13800138000", "010-62626262"] {
            assert!(
                Phone::parse(typed).is_ok_and(|p| !p.is_patterned()),
                "{typed}"
            );
        }
    }

    #[test]
    fn several_numbers_in_one_cell_are_split() {
        assert_eq!(
            split_several("13812345670/13912345670"),
            ("13812345670", Some("13912345670"))
        );
        assert_eq!(split_several("0311-87654321"), ("0311-87654321", None));
        for (typed, first, rest) in [
            ("13812345670 13912345670", "13812345670", "13912345670"),
            (
                "138 1234 5670  139 1234 5670",
                "138 1234 5670",
                "139 1234 5670",
            ),
            ("+86 13812345670 8765432", "+86 13812345670", "8765432"),
            ("021 6234 5678 13912345670", "021 6234 5678", "13912345670"),
        ] {
            assert_eq!(split_several(typed), (first, Some(rest)));
        }
        for one in [
            "+86 138 1234 5670",
            "0044 20 7946 0958 13912345670",
            "8765432 1234567 8765",
        ] {
            assert_eq!(split_several(one), (one, None));
        }
    }

    proptest! {
        #[test]
        fn every_mobile_survives_decoration(number in "1[3-9][0-9]{9}") {
            let decorated = format!("+86 {}-{} {}", &number[..3], &number[3..7], &number[7..]);
            let expected = format!("+86{number}");
            prop_assert_eq!(Phone::parse(&decorated).map(|p| p.e164().to_owned()), Ok(expected));
        }

        #[test]
        fn any_text_is_read_without_panic(text in ".{0,40}") {
            let _ = Phone::parse(&text);
        }

        #[test]
        fn any_digits_are_read_without_panic(text in "[+0-9x转-]{0,32}") {
            let _ = Phone::parse(&text);
        }
    }
}
