//! The numbers that identify people, organisations and cars in China: shape, check digit, one written form.
//!
//! Sources: GB 11643 (resident ID), GB 32100 (unified social credit code), GA 36 (plates), ISO 3779 (VIN).

use crate::dates::Date;
use crate::text::fold::{digits, fold_code, half_width};

/// A resident ID number, whole or masked in the middle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResidentId {
    /// All 18 characters; `sound` says whether the check character fits and the birth date exists.
    Whole { text: [u8; 18], sound: bool },
    /// Only the six characters of the division and the last four are known.
    Masked { division: [u8; 6], tail: [u8; 4] },
}

/// Reads a resident ID: 18 characters, the 15-digit form of before 1999, or with the birth date masked by `*`.
pub fn resident_id(raw: &str) -> Option<ResidentId> {
    let code = fold_code(raw);
    let bytes = code.as_bytes();
    match bytes.len() {
        18 if bytes.contains(&b'*') => masked(bytes),
        18 if is_id_shape(bytes) => {
            let text: [u8; 18] = bytes.try_into().ok()?;
            Some(ResidentId::Whole {
                text,
                sound: check_character(&text[..17]) == text[17] && birth_of(&text).is_some(),
            })
        }
        15 if bytes.iter().all(u8::is_ascii_digit) => {
            let mut text = [0_u8; 18];
            text[..6].copy_from_slice(&bytes[..6]);
            text[6..8].copy_from_slice(b"19");
            text[8..17].copy_from_slice(&bytes[6..]);
            text[17] = check_character(&text[..17]);
            birth_of(&text).map(|_| ResidentId::Whole { text, sound: true })
        }
        _ => None,
    }
}

fn masked(bytes: &[u8]) -> Option<ResidentId> {
    let known = |b: &u8| b.is_ascii_digit() || *b == b'X';
    let (division, tail) = (bytes[..6].try_into().ok()?, bytes[14..].try_into().ok()?);
    (bytes[..6].iter().all(known) && bytes[14..].iter().all(known))
        .then_some(ResidentId::Masked { division, tail })
}

fn is_id_shape(bytes: &[u8]) -> bool {
    bytes[..17].iter().all(u8::is_ascii_digit)
        && (bytes[17].is_ascii_digit() || bytes[17] == b'X')
        && bytes[0] != b'0'
}

/// ISO 7064 MOD 11-2 over the first 17 digits.
fn check_character(first_17: &[u8]) -> u8 {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = first_17
        .iter()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    b"10X98765432"[(sum % 11) as usize]
}

/// The birth date inside a whole resident ID, if the calendar has it.
pub fn birth_of(text: &[u8; 18]) -> Option<Date> {
    let number = |from: usize, to: usize| {
        text[from..to].iter().try_fold(0_u32, |n, b| {
            b.is_ascii_digit().then(|| n * 10 + u32::from(b - b'0'))
        })
    };
    let date = Date::new(
        number(6, 10)? as u16,
        number(10, 12)? as u8,
        number(12, 14)? as u8,
    )?;
    (1850..=2100).contains(&date.year()).then_some(date)
}

/// True if the sequence digit of the ID says male.
pub fn is_male(text: &[u8; 18]) -> bool {
    text[16] % 2 == 1
}

/// Reads a unified social credit code: 18 characters of which the second half holds a letter or the first is 5 or 9;
/// the check character is not demanded, for dealers mistype it.
pub fn credit_code(raw: &str) -> Option<[u8; 18]> {
    let code = fold_code(raw);
    let bytes: [u8; 18] = code.as_bytes().try_into().ok()?;
    let is_shape = bytes
        .iter()
        .all(|b| b.is_ascii_digit() || b.is_ascii_uppercase())
        && matches!(bytes[0], b'1' | b'5' | b'9' | b'N' | b'Y')
        && bytes[2..8].iter().all(u8::is_ascii_digit);
    (is_shape && (!is_id_shape(&bytes) || birth_of(&bytes).is_none())).then_some(bytes)
}

/// Whether the check character of a credit code is right (GB 32100-2015).
pub fn is_sound_credit_code(code: &[u8; 18]) -> bool {
    const ALPHABET: &[u8; 31] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    const WEIGHTS: [usize; 17] = [
        1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28,
    ];
    let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte);
    let mut sum = 0;
    for (byte, weight) in code.iter().zip(WEIGHTS) {
        let Some(value) = value(byte) else {
            return false;
        };
        sum += value * weight;
    }
    ALPHABET[(31 - sum % 31) % 31] == code[17]
}

/// The digits of a phone number; 13912345678.0 is what programs make of one that they take for a quantity.
pub(crate) fn phone_digits(raw: &str) -> String {
    let raw = raw.trim();
    let is_number = |whole: &&str| whole.bytes().all(|byte| byte.is_ascii_digit());
    digits(raw.strip_suffix(".0").filter(is_number).unwrap_or(raw))
}

/// Reads a Chinese mobile number, country code and punctuation dropped. Placeholders (too few different digits, runs such as
/// 12345678901, eight same digits) are no number.
pub fn mobile(raw: &str) -> Option<u64> {
    let all = phone_digits(raw);
    let national = all
        .strip_prefix("0086")
        .or_else(|| all.strip_prefix("86").filter(|rest| rest.len() >= 10))
        .unwrap_or(&all);
    let bytes = national.as_bytes();
    let is_mobile = bytes.len() == 11 && bytes[0] == b'1' && bytes[1] >= b'3';
    (is_mobile && !is_placeholder(bytes))
        .then(|| national.parse().ok())
        .flatten()
}

/// Reads a mobile number of which one digit was lost (10 digits beginning 13 to 19): only good for comparison.
pub fn short_mobile(raw: &str) -> Option<u64> {
    let all = phone_digits(raw);
    let bytes = all.as_bytes();
    let is_short = bytes.len() == 10 && bytes[0] == b'1' && bytes[1] >= b'3';
    (is_short && !is_placeholder(bytes))
        .then(|| all.parse().ok())
        .flatten()
}

/// Reads a Chinese land line, trunk zero, country code and extension dropped. Without an area code it is no number: the same
/// digits belong to somebody in every town.
pub fn land_line(raw: &str) -> Option<u64> {
    let first = raw.chars().map(half_width).find(char::is_ascii_digit)?;
    if !matches!(first, '0' | '8') {
        return None;
    }
    let all = digits(without_extension(raw));
    let abroad = all.strip_prefix("0086").or_else(|| all.strip_prefix("86"));
    let national = match abroad {
        Some(rest) => rest.strip_prefix('0').unwrap_or(rest),
        None => all.strip_prefix('0')?,
    };
    let area = match national.as_bytes() {
        [b'1', b'0', ..] | [b'2', ..] => 2,
        [b'3'..=b'9', ..] => 3,
        _ => return None,
    };
    let local = national.as_bytes().get(area..)?;
    let is_line = matches!((area, local.len()), (2 | 3, 8) | (3, 7)) && local[0] >= b'2';
    (is_line && !is_placeholder(local))
        .then(|| national.parse().ok())
        .flatten()
}

/// 021-61234567-801 and 021-61234567转801 without the last three digits.
fn without_extension(raw: &str) -> &str {
    let line = raw.split(['转', '#', '分']).next().unwrap_or(raw);
    match line.rsplit_once('-') {
        Some((number, _)) if digits(number.rsplit('-').next().unwrap_or("")).len() >= 7 => number,
        _ => line,
    }
}

/// Whether a number read by [`mobile`], [`short_mobile`] or [`land_line`] is a mobile's.
pub fn is_mobile(number: u64) -> bool {
    matches!(number, 1_300_000_000..2_000_000_000 | 13_000_000_000..20_000_000_000)
}

fn is_placeholder(number: &[u8]) -> bool {
    let (mut seen, mut climbs) = (0_u16, 0);
    let (mut run, mut longest_run) = (0, 0);
    let mut before = 0;
    for digit in number {
        seen |= 1 << (digit.wrapping_sub(b'0') & 15);
        run = if *digit == before { run + 1 } else { 1 };
        longest_run = longest_run.max(run);
        climbs += usize::from(*digit == before.wrapping_add(1));
        before = *digit;
    }
    let different = seen.count_ones();
    different <= 2 || longest_run >= 7 || climbs + 3 >= number.len()
}

const PROVINCES: &str = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼";

/// Reads a plate: province character, letter, five or six more characters; `None` for anything else.
pub fn plate(raw: &str) -> Option<String> {
    let code = fold_code(raw);
    let mut characters = code.chars();
    let province = characters.next()?;
    let rest: Vec<char> = characters.collect();
    let is_plate = PROVINCES.contains(province)
        && (6..=7).contains(&rest.len())
        && rest[0].is_ascii_uppercase()
        && rest[1..]
            .iter()
            .all(|c| c.is_ascii_alphanumeric() || "挂学警港澳".contains(*c));
    is_plate.then_some(code)
}

/// Reads a VIN or its last six to eight characters. O and Q become 0, I becomes 1, as they may not occur.
pub fn vin(raw: &str) -> Option<String> {
    let code: String = fold_code(raw)
        .chars()
        .map(|c| match c {
            'O' | 'Q' => '0',
            'I' => '1',
            other => other,
        })
        .collect();
    let is_vin = matches!(code.len(), 6..=8 | 17)
        && code.bytes().all(|b| b.is_ascii_alphanumeric())
        && code.bytes().rev().take(4).all(|b| b.is_ascii_digit())
        && code.bytes().any(|b| b != code.as_bytes()[0]);
    is_vin.then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn resident_ids_of_the_standard() {
        let sound = |raw: &str| {
            matches!(
                resident_id(raw),
                Some(ResidentId::Whole { sound: true, .. })
            )
        };
        assert!(
            sound("11010519491231002x")
                && sound("440524188001010014")
                && sound("３４０５２４19800101001X")
        );
        assert!(!sound("110105194912310021"));
        assert_eq!(
            resident_id("110105491231002"),
            resident_id("11010519491231002X")
        );
        assert!(matches!(
            resident_id("110105********002X"),
            Some(ResidentId::Masked { .. })
        ));
        assert_eq!(resident_id("13800138000"), None);
    }

    #[test]
    fn credit_codes_are_told_from_ids() {
        assert!(credit_code("91350100M000100Y43").is_some());
        assert!(credit_code("91310101ma00000078").is_some());
        assert!(credit_code("110105194912310021").is_none());
    }

    #[test]
    fn a_credit_code_is_sound_by_its_check_character() {
        // GB 32100-2015, annex: the example of the standard.
        let code = credit_code("91350100M000100Y43").unwrap();
        assert!(is_sound_credit_code(&code));
        let mut mistyped = code;
        mistyped[10] = b'7';
        assert!(!is_sound_credit_code(&mistyped));
    }

    #[test]
    fn phones_lose_prefixes_and_placeholders() {
        assert_eq!(mobile("0086 15899964418"), Some(15_899_964_418));
        assert_eq!(mobile("86-18712326915"), mobile("+8618712326915"));
        assert_eq!(mobile("１５９６０７２８８４２"), Some(15_960_728_842));
        for placeholder in [
            "13000000000",
            "12345678901",
            "18888888888",
            "1370000000",
            "10086",
        ] {
            assert_eq!(mobile(placeholder), None, "{placeholder}");
        }
        assert_eq!(short_mobile("1858386751"), Some(1_858_386_751));
    }

    #[test]
    fn land_lines_take_one_form_and_need_their_area() {
        for spelling in [
            "021-62837415",
            "(021) 6283 7415",
            "+86 21 62837415",
            "0086-021-62837415",
            "０２１６２８３７４１５",
            "021-62837415-801",
            "021-62837415转801",
            "021-6283-7415",
            "+86-21-62837415-801",
        ] {
            assert_eq!(land_line(spelling), Some(2_162_837_415), "{spelling}");
        }
        assert_eq!(land_line("0755-83216549"), Some(75_583_216_549));
        assert_eq!(land_line("0819-3216549"), Some(8_193_216_549));
        for other in [
            "62837415",
            "021-00000000",
            "08190401175",
            "013912345678",
            "13912345678",
            "8613912345678",
            "4008208820",
            "",
        ] {
            assert_eq!(land_line(other), None, "{other}");
        }
        assert!(is_mobile(13_912_345_678) && is_mobile(1_858_386_751));
        assert!(
            !is_mobile(2_162_837_415) && !is_mobile(1_062_837_415) && !is_mobile(75_583_216_549)
        );
    }

    #[test]
    fn plates_and_vins_take_one_form() {
        assert_eq!(plate("冀A·D86698"), plate("冀ad86698"));
        assert_eq!(plate("LSVAF4C36K2572657"), None);
        assert_eq!(
            vin("lfvah8d28lno09164").as_deref(),
            Some("LFVAH8D28LN009164")
        );
        assert_eq!(vin("376549").as_deref(), Some("376549"));
        assert_eq!(vin("鲁G1168V"), None);
    }
}
