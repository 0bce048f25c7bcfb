//! Phones and ID numbers that stand within free text: whoever may not know whose a text is must not read them there.

use std::{borrow::Cow, ops::Range};

use crate::{
    phone::{Phone, PhoneKind},
    text::half_width,
};

/// What stands in the place of what is hidden.
pub const HIDDEN: &str = "***";

/// Digits of the longest identifier: an ID number without a check letter.
const MOST_DIGITS: usize = 18;

/// Digits that follow each other.
struct Group {
    digits: String,
    range: Range<usize>,
    /// Whether one space or dash stands between it and the group before.
    is_joined: bool,
}

/// The text with [`HIDDEN`] for each mobile or landline number and each ID number, also if a check digit is wrong; their digits may be
/// full-width and stand in groups. Service numbers (400) and seven digits of a landline stay.
///
/// Allocates only if something is hidden.
///
/// ```
/// use marque_quality::identifiers::without_identifiers;
///
/// assert_eq!(without_identifiers("车主13566661111要求保留旧件"), "车主***要求保留旧件");
/// assert_eq!(without_identifiers("机油 5W-30, 45000 公里"), "机油 5W-30, 45000 公里");
/// ```
pub fn without_identifiers(text: &str) -> Cow<'_, str> {
    let groups = groups(text);
    let mut ranges = Vec::new();
    let mut rest = &groups[..];
    while !rest.is_empty() {
        let taken = match identifier(text, rest) {
            Some((taken, range)) => {
                ranges.push(range);
                taken
            }
            None => 1,
        };
        rest = &rest[taken..];
    }
    hide(text, &ranges)
}

/// The text with [`HIDDEN`] for each of the ranges of bytes, which follow each other and do not overlap.
///
/// # Panics
/// If a range does not lie between characters of the text.
pub fn hide<'t>(text: &'t str, ranges: &[Range<usize>]) -> Cow<'t, str> {
    if ranges.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for range in ranges {
        shown.push_str(&text[end..range.start]);
        shown.push_str(HIDDEN);
        end = range.end;
    }
    shown.push_str(&text[end..]);
    Cow::Owned(shown)
}

fn groups(text: &str) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (start, character) in text.char_indices() {
        let digit = half_width(character);
        if !digit.is_ascii_digit() {
            continue;
        }
        let end = start + character.len_utf8();
        let gap = groups.last().map(|before| &text[before.range.end..start]);
        if let (Some(""), Some(group)) = (gap, groups.last_mut()) {
            group.digits.push(digit);
            group.range.end = end;
            continue;
        }
        groups.push(Group {
            digits: digit.into(),
            range: start..end,
            is_joined: gap.is_some_and(is_joint),
        });
    }
    groups
}

fn is_joint(gap: &str) -> bool {
    let mut characters = gap.chars().map(half_width);
    matches!(characters.next(), Some(' ' | '-')) && characters.next().is_none()
}

/// The longest identifier that begins with the first group: how many groups it has and where it stands.
fn identifier(text: &str, groups: &[Group]) -> Option<(usize, Range<usize>)> {
    let mut digits = String::new();
    let mut found = None;
    for (at, group) in groups.iter().enumerate() {
        if at > 0 && !group.is_joined {
            break;
        }
        digits.push_str(&group.digits);
        if digits.len() > MOST_DIGITS {
            break;
        }
        let (start, end) = (groups[0].range.start, group.range.end);
        if digits.len() == 17
            && let Some(letter) = check_letter(&text[end..])
            && is_born(&digits[6..14])
        {
            found = Some((at + 1, start..end + letter));
        } else if is_phone(&digits) || is_id_number(&digits) {
            found = Some((at + 1, start..end));
        }
    }
    found
}

/// The bytes of the X that ends an ID number, if the text begins with it.
fn check_letter(text: &str) -> Option<usize> {
    let letter = text.chars().next()?;
    matches!(half_width(letter), 'x' | 'X').then(|| letter.len_utf8())
}

/// Whether the digits are a mobile or a landline with its area code. Fewer than eleven are none: ten are the number of many a part.
fn is_phone(digits: &str) -> bool {
    digits.len() >= 11
        && Phone::parse(digits)
            .is_ok_and(|phone| matches!(phone.kind(), PhoneKind::Mobile | PhoneKind::Landline))
}

fn is_id_number(digits: &str) -> bool {
    match digits.len() {
        18 => is_born(&digits[6..14]),
        15 => !digits.starts_with('0') && is_day(&digits[8..12]),
        _ => false,
    }
}

/// Whether eight digits may be a day of birth.
fn is_born(digits: &str) -> bool {
    matches!(&digits[..2], "19" | "20") && is_day(&digits[4..])
}

/// Whether four digits may be a month and a day.
fn is_day(digits: &str) -> bool {
    ("01".."13").contains(&&digits[..2]) && ("01".."32").contains(&&digits[2..])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn phones_and_id_numbers_are_hidden_wherever_they_stand() {
        for (text, shown) in [
            (
                "车主慕容彼得13566661111要求保留旧件",
                "车主慕容彼得***要求保留旧件",
            ),
            ("tel 135-6666-1111", "tel ***"),
            ("更换 3 135 6666 1111 接", "更换 3 *** 接"),
            ("１３５６６６６１１１１", "***"),
            ("+8613566661111/0086 13566661112", "+***/***"),
            ("宅电 021-55556666", "宅电 ***"),
            ("身份证110101198704079516。", "身份证***。"),
            ("11010119870407951X", "***"),
            ("110101198704079510", "***"),
            ("旧证110101870407951", "旧证***"),
            ("13566661111 13566662222", "*** ***"),
        ] {
            assert_eq!(without_identifiers(text), shown);
        }
    }

    #[test]
    fn what_a_workshop_writes_stays() {
        for text in [
            "机油滤清器 04152-YZZA1 x 2",
            "博世 0986424797",
            "保养 2023-01-05 09:00, 45000km, 680.00",
            "刹车片 5W-30 12345678",
            "客服 400-820-8888",
            "000000000012345678",
            "LMVCA1A60R1000001",
            "",
        ] {
            assert!(
                matches!(without_identifiers(text), Cow::Borrowed(_)),
                "{text}"
            );
        }
    }

    proptest! {
        #[test]
        fn hiding_twice_is_hiding_once(text in "[0-9 x车＋１-]{0,40}") {
            let once = without_identifiers(&text).into_owned();
            prop_assert_eq!(without_identifiers(&once).into_owned(), once);
        }
    }
}
