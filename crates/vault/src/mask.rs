//! What people without the right to a value see of it. Works on characters, for Chinese as for Latin text.

use std::{fmt, ops::Range};

/// What is left of a personal value after masking: for answers to people, not for logs, so `Debug` hides even this.
#[derive(Clone, PartialEq, Eq)]
pub struct Masked(String);

impl Masked {
    /// The masked text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The masked text.
    pub fn into_string(self) -> String {
        self.0
    }
}

impl fmt::Debug for Masked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Masked(***)")
    }
}

/// A phone number: the first three and the last four digits, `138****5678`; of a shorter one the last two. What has more digits than
/// a phone is probably an ID number in the wrong column, and hidden as one.
pub fn mask_phone(phone: &str) -> Masked {
    if is_longer_than_phones(phone) {
        mask_id_number(phone)
    } else if phone.chars().count() >= 11 {
        keep(phone, 3, 4)
    } else {
        keep(phone, 0, 2)
    }
}

/// Whether it has fifteen digits or more. A phone with the prefix of its country has no more than that, and then begins with 0.
fn is_longer_than_phones(text: &str) -> bool {
    let digits = text.chars().filter(|each| each.is_numeric()).count();
    digits > 15 || digits == 15 && !text.trim_start().starts_with('0')
}

/// A certificate number: the first and the last character, so that neither area nor birthday can be read.
pub fn mask_id_number(number: &str) -> Masked {
    keep(number, 1, 1)
}

/// A name is kept: whoever sees the record at all must be able to greet its owner.
pub fn mask_name(name: &str) -> Masked {
    Masked(name.to_owned())
}

/// An address: up to the district (province, city, district or county), the rest hidden whatever its length.
pub fn mask_address(address: &str) -> Masked {
    /// Characters in which districts end; searched within the usual length of "province city district".
    const DISTRICT_ENDS: [char; 3] = ['区', '县', '旗'];
    const CITY_ENDS: [char; 2] = ['市', '州'];
    const REACH: usize = 18;
    let head = || address.char_indices().take(REACH);
    let after = |(at, last): (usize, char)| at + last.len_utf8();
    let end = head()
        .find(|(_, character)| DISTRICT_ENDS.contains(character))
        .or_else(|| head().find(|(_, character)| CITY_ENDS.contains(character)))
        .map_or(0, after);
    Masked(format!("{}***", &address[..end]))
}

/// Anything else of which the last characters help people to recognise it: `****` and the last `shown`,
/// but of a value so short that this would show most of it, nothing.
pub fn mask_tail(value: &str, shown: usize) -> Masked {
    keep(value, 0, shown)
}

/// A text of which nobody knows what it says: whatever in it looks like a phone or a certificate number is masked as that, also with
/// blanks or dashes between the digits, and each of several by itself. Dates, amounts and shorter numbers stay.
pub fn mask_inside(text: &str) -> Masked {
    mask_numbers(text, Look::mask)
}

/// The same of certificate numbers alone, for those who serve the person and call him by the phones that stand in the text.
pub fn mask_id_numbers_inside(text: &str) -> Masked {
    mask_numbers(text, |look, number| match look {
        Look::Phone => Masked(number.to_owned()),
        Look::IdNumber => look.mask(number),
    })
}

/// What a number in a text looks like.
#[derive(Clone, Copy)]
enum Look {
    Phone,
    IdNumber,
}

impl Look {
    fn mask(self, number: &str) -> Masked {
        match self {
            Self::Phone => mask_phone(number),
            Self::IdNumber => mask_id_number(number),
        }
    }
}

/// A text with every number in it that looks like a person's as `mask` leaves it.
fn mask_numbers(text: &str, mask: impl Fn(Look, &str) -> Masked) -> Masked {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(is_digit) {
        let (before, run) = rest.split_at(start);
        let (numbers, behind) = run.split_at(run_end(run));
        masked.push_str(before);
        push_masked(&mut masked, numbers, &mask);
        rest = behind;
    }
    masked.push_str(rest);
    Masked(masked)
}

const fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | '０'..='９')
}

/// Marks that people write between the digits of one number.
const fn is_joiner(character: char) -> bool {
    matches!(
        character,
        ' ' | '\u{3000}' | '-' | '－' | '–' | '—' | '_' | '.' | '(' | ')' | '（' | '）'
    )
}

/// Where the digits end that a text begins with: up to two joiners may stand between two of them, and an X behind seventeen.
fn run_end(text: &str) -> usize {
    let (mut end, mut digits, mut in_group, mut joiners) = (0, 0, 0, 0);
    for (at, character) in text.char_indices() {
        let is_check =
            (digits == 17 || in_group == 17) && matches!(character, 'x' | 'X' | 'ｘ' | 'Ｘ');
        if is_digit(character) || is_check {
            digits += 1;
            in_group += 1;
            joiners = 0;
            end = at + character.len_utf8();
        } else if is_joiner(character) && joiners < 2 {
            joiners += 1;
            in_group = 0;
        } else {
            break;
        }
    }
    end
}

/// The groups of digits with joiners between.
fn groups(digits: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let start = at + digits[at..].find(is_digit)?;
        at = digits[start..]
            .find(is_joiner)
            .map_or(digits.len(), |length| start + length);
        Some(start..at)
    })
}

/// Digits with joiners between, one number after the other.
fn push_masked(masked: &mut String, mut digits: &str, mask: &impl Fn(Look, &str) -> Masked) {
    while !digits.is_empty() {
        let (end, look) = first_number(digits);
        let (number, behind) = digits.split_at(end);
        match look {
            Some(look) => masked.push_str(mask(look, number).as_str()),
            None => masked.push_str(number),
        }
        let (joiners, next) = behind.split_at(behind.find(is_digit).unwrap_or(behind.len()));
        masked.push_str(joiners);
        digits = next;
    }
}

/// Most groups that a phone has: a digit each, with the prefix of its country.
const PHONE_GROUPS: usize = 15;

/// Where the first number ends in digits with joiners between, and what it looks like, if it is a person's: a group that is a number by itself, the
/// groups of a mobile, or else all groups before the next number. What is none of it is the first group, or a date, and stays.
fn first_number(digits: &str) -> (usize, Option<Look>) {
    if let Some(end) = date_end(digits) {
        return (end, None);
    }
    if let Some(end) = id_end(digits) {
        return (end, Some(Look::IdNumber));
    }
    let (mut first, mut last) = (0, 0);
    for (count, group) in (1_usize..).zip(groups(digits)) {
        let alone = look_of(&digits[group.clone()]);
        if alone.is_some() && count > 1 {
            break;
        }
        last = group.end;
        if count == 1 {
            first = last;
        }
        if alone.is_some() {
            return (last, alone);
        }
        if count <= PHONE_GROUPS && is_mobile_number(&plain_digits(&digits[..last])) {
            return (last, Some(Look::Phone));
        }
        // So many groups are a number by their length alone, or none however many follow.
        if count == PHONE_GROUPS && look_of(&digits[..last]).is_none() {
            break;
        }
    }
    look_of(&digits[..last]).map_or((first, None), |look| (last, Some(look)))
}

/// Where a date ends that digits begin with, such as 2024-05-06.
fn date_end(digits: &str) -> Option<usize> {
    let mut groups = groups(digits);
    let [year, month, day] = [groups.next()?, groups.next()?, groups.next()?];
    let is_date = digits.starts_with("20") && year.len() == 4 && month.len() <= 2 && day.len() <= 2;
    is_date.then_some(day.end)
}

/// Where an ID number ends that digits begin with, whatever its groups: the first of them may look like a mobile.
fn id_end(digits: &str) -> Option<usize> {
    let mut plain = String::with_capacity(ID_LENGTH);
    for group in groups(digits) {
        plain.push_str(&plain_digits(&digits[group.clone()]));
        if plain.len() >= ID_LENGTH {
            let is_id = plain.len() == ID_LENGTH && has_birth_date(plain.as_bytes());
            return is_id.then_some(group.end);
        }
    }
    None
}

/// Characters of an ID number.
const ID_LENGTH: usize = 18;

/// Whether a date stands where an ID number has its holder's birth.
fn has_birth_date(number: &[u8]) -> bool {
    matches!(&number[6..8], b"19" | b"20")
        && matches!(number[10..12], [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2'])
        && matches!(
            number[12..14],
            [b'0', b'1'..=b'9'] | [b'1' | b'2', _] | [b'3', b'0' | b'1']
        )
}

/// Whether a number looks like a phone or a certificate number; nothing if like neither.
fn look_of(number: &str) -> Option<Look> {
    let digits = plain_digits(number);
    if is_mobile_number(&digits) || is_landline(number, &digits) {
        return Some(Look::Phone);
    }
    // No division and no bank begins with 20: that is the year of a time or of an order.
    if digits.len() >= 15 && !digits.starts_with("20") {
        return Some(Look::IdNumber);
    }
    None
}

/// The digits of a number, without joiners and of half width.
fn plain_digits(number: &str) -> String {
    let kept = number.chars().filter(|each| !is_joiner(*each));
    let ascii = |each: char| match each {
        '０'..='９' => char::from_u32(u32::from(each) - 0xFEE0).unwrap_or(each),
        _ => each,
    };
    kept.map(ascii).collect()
}

/// A mobile, also with the prefix of its country.
fn is_mobile_number(digits: &str) -> bool {
    let prefixes = ["0086", "86"].into_iter();
    let mut national = prefixes.filter_map(|prefix| digits.strip_prefix(prefix));
    is_mobile(digits) || national.any(is_mobile)
}

fn is_mobile(digits: &str) -> bool {
    digits.len() == 11 && matches!(digits.as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// An area code with its zero and a number, perhaps with an extension. A date that begins with its day has two digits before its first joiner.
fn is_landline(number: &str, digits: &str) -> bool {
    (10..=14).contains(&digits.len())
        && matches!(digits.as_bytes(), [b'0', b'1'..=b'9', ..])
        && number.chars().take(3).all(is_digit)
}

/// Keeps the first and last characters, hides the others one by one. Too short a value is hidden whole.
fn keep(value: &str, first: usize, last: usize) -> Masked {
    let count = value.chars().count();
    if (first + last) * 3 > count * 2 {
        return Masked("*".repeat(count));
    }
    let shown = |(at, character)| {
        if at < first || at >= count - last {
            character
        } else {
            '*'
        }
    };
    Masked(value.chars().enumerate().map(shown).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_serves_reads_phones_in_a_text_and_no_id_number() {
        let text = "电话13967201874，身份证11010519491231002X，里程 12000";
        assert_eq!(
            mask_id_numbers_inside(text).as_str(),
            "电话13967201874，身份证1****************X，里程 12000"
        );
        assert_eq!(
            mask_inside(text).as_str(),
            "电话139****1874，身份证1****************X，里程 12000"
        );
    }

    #[test]
    fn an_id_number_whose_first_groups_look_like_a_mobile_is_none() {
        let text = "证件 130 1081 9900 1012 34X，电话 138 0013 8000 8765432";
        let hidden = "*".repeat(20);
        assert_eq!(
            mask_id_numbers_inside(text).as_str(),
            format!("证件 1{hidden}X，电话 138 0013 8000 8765432")
        );
        assert_eq!(
            mask_inside(text).as_str(),
            format!("证件 1{hidden}X，电话 138******8000 8765432")
        );
    }

    #[test]
    fn enough_is_hidden_of_every_kind_of_value() {
        for (masked, expected) in [
            (mask_phone("13812345678"), "138****5678"),
            (mask_phone("62345678"), "******78"),
            (mask_phone("12"), "**"),
            (mask_phone("008613812345678"), "008********5678"),
            (mask_phone("11010519491231002X"), "1****************X"),
            (mask_phone("110105491231002"), "1*************2"),
            (mask_id_number("11010519491231002X"), "1****************X"),
            (mask_id_number("1"), "*"),
            (
                mask_address("广东省深圳市南山区科技园1号"),
                "广东省深圳市南山区***",
            ),
            (mask_address("深圳市科技园1号"), "深圳市***"),
            (mask_address("科技园1号"), "***"),
            (mask_address(""), "***"),
            (mask_name("欧阳修"), "欧阳修"),
            (mask_tail("LSVAA49J132047371", 4), "*************7371"),
            (mask_tail("ab", 4), "**"),
            (mask_tail("abcde", 4), "*****"),
            (mask_tail("abcdef", 4), "**cdef"),
        ] {
            assert_eq!(masked.as_str(), expected);
            assert_eq!(masked.into_string(), expected);
        }
    }

    #[test]
    fn phones_and_numbers_inside_a_text_are_masked_and_nothing_else() {
        for (text, expected) in [
            (
                "他的电话是13572514222，晚上打",
                "他的电话是135****4222，晚上打",
            ),
            ("138 1234 5678", "138******5678"),
            ("138 1234  5678", "138*******5678"),
            ("138 1234   5678", "138 1234   5678"),
            ("１３８１２３４５６７８", "１３８****５６７８"),
            ("+8613812345678", "+861******5678"),
            ("13812345678/13912345678", "138****5678/139****5678"),
            ("13812345678 13912345678", "138****5678 139****5678"),
            ("2024-05-06 13812345678", "2024-05-06 138****5678"),
            ("办 (021) 58881234-801", "办 (021**********-801"),
            ("0311-87654321", "031******4321"),
            ("身份证11010519491231002X。", "身份证1****************X。"),
            ("110105 19491231 002x", "1******************x"),
            ("卡6222021234567890123", "卡6*****************3"),
            ("2024-05-06 10:20:30", "2024-05-06 10:20:30"),
            ("05-06-2024 10:20", "05-06-2024 10:20"),
            ("20240506102030123", "20240506102030123"),
            ("RO20260305001", "RO20260305001"),
            ("LSVAA49J132047371", "LSVAA49J132047371"),
            ("1,234,567.89 元", "1,234,567.89 元"),
            ("87654321", "87654321"),
            ("", ""),
        ] {
            assert_eq!(mask_inside(text).as_str(), expected, "{text}");
        }
    }

    #[test]
    fn a_number_in_groups_is_masked_whatever_stands_beside_it() {
        for (text, expected) in [
            ("13912345678 138 0013 8000", "139****5678 138******8000"),
            ("138 0013 8000 13912345678", "138******8000 139****5678"),
            ("13912345678 138-0013-8000", "139****5678 138******8000"),
            ("138-0013-8000  13912345678", "138******8000  139****5678"),
            (
                "13912345678 138 0013 8000 13712345678",
                "139****5678 138******8000 137****5678",
            ),
            ("139 1234 5678 138 0013 8000", "139******5678 138******8000"),
            ("2024-05-06 138 0013 8000", "2024-05-06 138******8000"),
            ("20240506 138 0013 8000", "20240506 138******8000"),
            ("3 138 0013 8000", "3 138******8000"),
            (
                "13912345678 +86 138 0013 8000",
                "139****5678 +86 *********8000",
            ),
            ("0311-87654321 13912345678", "031******4321 139****5678"),
            ("13912345678 0311-87654321", "139****5678 031******4321"),
            (
                "13912345678 110105 19491231 0021",
                "139****5678 1******************1",
            ),
            (
                "13912345678 11010519491231002X",
                "139****5678 1****************X",
            ),
            // A number of a bank in whose groups a phone could be seen is one number.
            ("6222 1381 2345 678", "6****************8"),
            (
                "13912345678 2024-05-06 680.00",
                "139****5678 2024-05-06 680.00",
            ),
            ("20 20 20 20 20 20 20 20 20", "20 20 20 20 20 20 20 20 20"),
        ] {
            assert_eq!(mask_inside(text).as_str(), expected, "{text}");
        }
    }

    #[test]
    fn debug_output_hides_even_what_masking_left() {
        assert!(!format!("{:?}", mask_name("canary")).contains("canary"));
    }
}
