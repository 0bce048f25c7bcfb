//! Comparing values of one kind.

use super::levels::FieldKind;
use super::lexicon::{Lexicon, Value};
use crate::dates::Date;
use crate::text::similarity::{dice, edits, jaro_winkler};

/// How a level by frequency gets its share.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Share {
    /// The level's own u.
    None,
    /// Records that hold this value.
    Value(u32),
    /// So many records.
    Count(u32),
}

/// The level of two values, by number, and its share. Value 0 is missing.
pub(super) fn values(kind: FieldKind, lexicon: &Lexicon, left: u32, right: u32) -> (u8, Share) {
    if left == 0 || right == 0 {
        return (0, Share::None);
    }
    if left == right && kind != FieldKind::Age {
        return (1, Share::Value(left));
    }
    let (a, b) = (
        &lexicon.values[left as usize],
        &lexicon.values[right as usize],
    );
    match kind {
        FieldKind::Age => age(lexicon, left, right),
        FieldKind::Given | FieldKind::Family => {
            (super::names::straight(lexicon, left, right).0, Share::None)
        }
        FieldKind::Text => (text(lexicon, a, b), Share::None),
        FieldKind::Date => (date(a.date, b.date), Share::None),
        FieldKind::Code => (code(&a.chars, &b.chars), Share::None),
        FieldKind::Phone => phone(a, b),
        FieldKind::Email => (email(a, b), Share::None),
        FieldKind::Address => (address(lexicon, a, b), Share::None),
        FieldKind::Number => (number(&a.chars, &b.chars), Share::None),
        FieldKind::Place => (place(&a.chars, &b.chars), Share::None),
        FieldKind::Postcode => postcode(lexicon, a, b),
        FieldKind::Category => (category(&a.chars, &b.chars), Share::None),
    }
}

fn text(lexicon: &Lexicon, a: &Value, b: &Value) -> u8 {
    let (both, smaller) = lexicon.words.overlap(&a.words, &b.words);
    let grams = dice(&a.grams, &b.grams);
    let likeness = both.max(if grams >= 0.7 { grams } else { 0.0 });
    match () {
        () if likeness >= 0.85 => 2,
        () if likeness >= 0.6 || smaller >= 0.95 => 3,
        () if likeness >= 0.35 || smaller >= 0.6 => 4,
        () if likeness > 0.12 => 5,
        () => 6,
    }
}

fn date(left: u32, right: u32) -> u8 {
    let (Some(a), Some(b)) = (Date::from_packed(left), Date::from_packed(right)) else {
        return 8;
    };
    let years_apart = a.year().abs_diff(b.year());
    if a.month() == 0 || b.month() == 0 {
        return match years_apart {
            0 => 5,
            1 | 2 => 6,
            3..=10 => 7,
            _ => 8,
        };
    }
    let is_swapped = a.year() == b.year() && a.month() == b.day() && a.day() == b.month();
    if is_swapped || edits(&a.digits(), &b.digits(), 1) <= 1 {
        return 2;
    }
    // What is not known of one of them is no agreement.
    let same = [
        a.year() == b.year(),
        a.month() == b.month() && a.month() != 0,
        a.day() == b.day() && a.day() != 0,
    ];
    match () {
        () if same.iter().filter(|same| **same).count() == 2 => 3,
        () if same[0] => 4,
        () if years_apart <= 10 => 7,
        () => 8,
    }
}

/// Ages are rounded, guessed and told before or after the birthday. Where both birthdays are known they say it all.
fn age(lexicon: &Lexicon, left: u32, right: u32) -> (u8, Share) {
    let (a, b) = (
        &lexicon.values[left as usize],
        &lexicon.values[right as usize],
    );
    if a.is_dated && b.is_dated {
        return (0, Share::None);
    }
    match a.date.abs_diff(b.date) {
        0 => (1, Share::Count(a.count.max(b.count))),
        1 => (2, Share::None),
        2 => (3, Share::None),
        3..=5 => (4, Share::None),
        _ => (5, Share::None),
    }
}

/// One letter stands for the word that it begins: m for male, w for weiblich.
fn category(a: &[char], b: &[char]) -> u8 {
    let is_letter_of = |short: &[char], long: &[char]| short.len() == 1 && long.starts_with(short);
    let is_same = is_letter_of(a, b) || is_letter_of(b, a) || jaro_winkler(a, b) >= 0.88;
    if is_same { 2 } else { 3 }
}

fn code(a: &[char], b: &[char]) -> u8 {
    match edits(a, b, 2) {
        0 | 1 => 2,
        2 if a.len().min(b.len()) >= 6 => 3,
        _ => 4,
    }
}

fn phone(a: &Value, b: &Value) -> (u8, Share) {
    let tail = |value: &Value| value.chars.len().saturating_sub(7);
    if a.chars.len() != b.chars.len() && a.chars[tail(a)..] == b.chars[tail(b)..] {
        return (1, Share::Count(a.count.max(b.count)));
    }
    (
        if edits(&a.chars, &b.chars, 1) <= 1 {
            2
        } else {
            3
        },
        Share::None,
    )
}

fn email(a: &Value, b: &Value) -> u8 {
    let local = |value: &Value| {
        value
            .chars
            .iter()
            .position(|c| *c == '@')
            .unwrap_or(value.chars.len())
    };
    let (a_local, b_local) = (&a.chars[..local(a)], &b.chars[..local(b)]);
    match () {
        () if edits(&a.chars, &b.chars, 2) <= 2 || jaro_winkler(&a.chars, &b.chars) >= 0.96 => 2,
        () if a_local == b_local
            || (a_local.len() >= 5 && jaro_winkler(a_local, b_local) >= 0.93) =>
        {
            3
        }
        () => 4,
    }
}

fn address(lexicon: &Lexicon, a: &Value, b: &Value) -> u8 {
    let (both, smaller) = lexicon.words.overlap(&a.words, &b.words);
    let grams = dice(&a.grams, &b.grams);
    let is_similar = both >= 0.5 || smaller >= 0.8 || grams >= 0.6;
    match (
        a.number != 0 && b.number != 0,
        a.number == b.number,
        is_similar,
    ) {
        (true, true, true) => 2,
        (true, true, false) => 3,
        (false, _, true) => 4,
        (true, false, true) => 5,
        (_, _, false) => 7,
    }
}

/// True if two address lines are alike enough to be the same line in another column.
pub(super) fn is_swapped_line(lexicon: &Lexicon, left: u32, right: u32) -> bool {
    left != 0
        && right != 0
        && (left == right
            || dice(
                &lexicon.values[left as usize].grams,
                &lexicon.values[right as usize].grams,
            ) >= 0.75)
}

fn number(a: &[char], b: &[char]) -> u8 {
    if a.len().max(b.len()) >= 2 && edits(a, b, 1) <= 1 {
        2
    } else {
        3
    }
}

fn place(a: &[char], b: &[char]) -> u8 {
    let (similarity, shorter) = (jaro_winkler(a, b), a.len().min(b.len()));
    match () {
        () if similarity >= 0.92 || (edits(a, b, 1) <= 1 && shorter >= 4) => 2,
        () if similarity >= 0.82 || (edits(a, b, 2) <= 2 && shorter >= 5) => 3,
        () => 4,
    }
}

fn postcode(lexicon: &Lexicon, a: &Value, b: &Value) -> (u8, Share) {
    let same_area = a.part == b.part;
    match () {
        () if same_area => (
            3,
            Share::Count(lexicon.parts.get(&a.part).copied().unwrap_or(1)),
        ),
        () if edits(&a.chars, &b.chars, 1) <= 1 => (2, Share::None),
        () => (4, Share::None),
    }
}

#[cfg(test)]
mod tests {
    use super::date;

    #[test]
    fn a_bare_year_is_compared_as_a_year() {
        let full = 18_500_302;
        for (other, level) in [
            (18_500_302, 1 + 1),
            (18_500_000, 5),
            (18_520_000, 6),
            (18_570_000, 7),
            (19_500_000, 8),
            (18_500_714, 4),
        ] {
            assert_eq!(date(full, other), level, "{other}");
            assert_eq!(date(other, full), level, "{other}");
        }
    }
}
