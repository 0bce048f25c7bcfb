//! Comparing given and family names, swapped ones included.

use super::lexicon::{Lexicon, Value};
use crate::text::nickname::share_group;
use crate::text::similarity::{edits, jaro_winkler};

pub(super) const SAME: u8 = 1;
const SHORT_FORM: u8 = 2;
const CLOSE: u8 = 3;
const SIMILAR: u8 = 4;
pub(super) const CROSSED: u8 = 5;
const CROSSED_CLOSE: u8 = 6;
const DIFFERENT: u8 = 7;

/// A level and, for levels by frequency, the value whose frequency counts.
pub(super) type Found = (u8, u32);

/// The level of two names of one column; 0 if one is missing.
pub(super) fn straight(lexicon: &Lexicon, left: u32, right: u32) -> Found {
    match (left, right) {
        (0, _) | (_, 0) => (0, 0),
        _ if left == right => (SAME, left),
        _ => (
            level(
                &lexicon.values[left as usize],
                &lexicon.values[right as usize],
            ),
            0,
        ),
    }
}

fn level(left: &Value, right: &Value) -> u8 {
    let (short, long) = if left.chars.len() <= right.chars.len() {
        (left, right)
    } else {
        (right, left)
    };
    if is_short_form(short, long) {
        return SHORT_FORM;
    }
    let (a, b) = (&short.chars[..], &long.chars[..]);
    let distance = edits(a, b, 2);
    if distance == 1 && a.len() >= 3 {
        return CLOSE;
    }
    let similarity = jaro_winkler(a, b);
    match () {
        () if similarity >= 0.92 && a.len() >= 4 => CLOSE,
        () if similarity >= 0.84 || (distance == 2 && a.len() >= 5) => SIMILAR,
        () => DIFFERENT,
    }
}

/// An initial, one word of several, a nickname, or the beginning of the long form.
fn is_short_form(short: &Value, long: &Value) -> bool {
    let (a, b) = (&short.chars[..], &long.chars[..]);
    let is_initial = a.len() == 1 && b[0] == a[0];
    let is_beginning = a.len() >= 3 && b.len() - a.len() >= 2 && b.starts_with(a);
    let has_words = short.has_several_words || long.has_several_words;
    is_initial
        || is_beginning
        || (has_words && are_words_of(a, b))
        || share_group(short.nicknames, long.nicknames)
}

/// Most words of a name that are looked at.
const WORDS: usize = 8;

/// Whether each word of the name with fewer words stands in the other one, itself or by its initial, in any order: "j r" of
/// "john robert", "johann wilhelm" of "wilhelm johann".
fn are_words_of(a: &[char], b: &[char]) -> bool {
    let (few, many) = if words(a).count() <= words(b).count() {
        (a, b)
    } else {
        (b, a)
    };
    if words(many).count() > WORDS {
        return false;
    }
    let mut is_taken = [false; WORDS];
    let stands_for = |one: &[char], other: &[char]| {
        one == other
            || (one.len() == 1 && other.starts_with(one))
            || (other.len() == 1 && one.starts_with(other))
    };
    words(few).all(|word| {
        let free = words(many)
            .enumerate()
            .filter(|(at, other)| !is_taken[*at] && stands_for(word, other))
            // A whole word before an initial that would do as well.
            .max_by_key(|(_, other)| other.len().min(word.len()))
            .map(|(at, _)| at);
        free.inspect(|at| is_taken[*at] = true).is_some()
    })
}

fn words(name: &[char]) -> impl Iterator<Item = &[char]> {
    name.split(|c| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
}

/// Missing or different: what stands in another column may say more.
pub(super) fn is_poor(level: u8) -> bool {
    matches!(level, 0 | DIFFERENT)
}

/// The level of the names that are left where one record's name stands in the place of another of the other record.
pub(super) fn beside_crossed(lexicon: &Lexicon, left: u32, right: u32) -> Found {
    match straight(lexicon, left, right) {
        (SAME, value) => (CROSSED, value),
        (CLOSE | SHORT_FORM | SIMILAR, _) => (CROSSED_CLOSE, 0),
        other => other,
    }
}

/// Levels of (given, family) for two records that each have a given and a family name from one lexicon.
pub(super) fn pair(lexicon: &Lexicon, left: (u32, u32), right: (u32, u32)) -> (Found, Found) {
    let given = straight(lexicon, left.0, right.0);
    let family = straight(lexicon, left.1, right.1);
    if !is_poor(given.0) || !is_poor(family.0) {
        return (given, family);
    }
    crossed(lexicon, left, right).unwrap_or((given, family))
}

fn crossed(lexicon: &Lexicon, left: (u32, u32), right: (u32, u32)) -> Option<(Found, Found)> {
    let one = straight(lexicon, left.0, right.1);
    let other = straight(lexicon, left.1, right.0);
    let as_crossed = |found: Found| match found.0 {
        SAME => (CROSSED, found.1),
        CLOSE | SHORT_FORM | SIMILAR => (CROSSED_CLOSE, 0),
        _ => (0, 0),
    };
    let (one, other) = (as_crossed(one), as_crossed(other));
    match (one.0, other.0) {
        (0, 0) => None,
        // Only one of the two is there: it is reported in the first place, so that the order of records does not matter.
        (0, CROSSED) => Some((other, (0, 0))),
        (CROSSED, 0) => Some((one, (0, 0))),
        (0, _) | (_, 0) => None,
        _ if one.0 <= other.0 => Some((one, other)),
        _ => Some((other, one)),
    }
}
