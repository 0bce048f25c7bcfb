//! Reading what people wrote on repair orders: widths and cases folded, clauses apart, words of Latin letters by their borders.

use std::ops::Range;

use marque_quality::text::half_width;

/// What ends a clause, once widths are folded.
const ENDS: [char; 9] = [',', ';', '.', '!', '?', ':', '\n', '。', '、'];

/// A text by which words are looked for: half-width, lower-case.
pub(super) fn folded(text: &str) -> String {
    text.chars()
        .map(half_width)
        .flat_map(char::to_lowercase)
        .collect()
}

/// The clauses of a folded text.
pub(super) fn clauses(text: &str) -> impl Iterator<Item = &str> {
    text.split(ENDS)
}

/// Where a word begins in a folded text. One of Latin letters begins where none stands before it: there is no "light" in "slight".
pub(super) fn places<'t>(text: &'t str, word: &'t str) -> impl Iterator<Item = Range<usize>> {
    let is_latin = word.starts_with(|first: char| first.is_ascii_alphanumeric());
    text.match_indices(word)
        .map(|(at, found)| at..at + found.len())
        .filter(move |place| !(is_latin && ends_latin(&text[..place.start])))
}

/// Whether a text has a word, which of Latin letters may be a plural.
pub(super) fn has(text: &str, word: &str) -> bool {
    places(text, word).any(|place| is_whole(word, &text[place.end..]))
}

/// Whether a text has one of some words.
pub(super) fn has_any(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| has(text, word))
}

/// Whether a word ends where `after` begins: one of Latin letters may have the `s` of the plural there, and no other letter.
pub(super) fn is_whole(word: &str, after: &str) -> bool {
    let is_latin = word.ends_with(|last: char| last.is_ascii_alphanumeric());
    !(is_latin && begins_latin(without_plural(after)))
}

/// What comes after a word, without the `s` of its plural.
pub(super) fn without_plural(after: &str) -> &str {
    let rest = after.strip_prefix('s').unwrap_or(after);
    if begins_latin(rest) { after } else { rest }
}

/// Whether a character is between words.
pub(super) fn is_separator(each: char) -> bool {
    !each.is_alphanumeric()
}

fn ends_latin(text: &str) -> bool {
    text.ends_with(|last: char| last.is_ascii_alphanumeric())
}

fn begins_latin(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_and_cases_are_one() {
        assert_eq!(folded("Ｂｒａｋｅ　ＡＢＳ泵（左），"), "brake abs泵(左),");
    }

    #[test]
    fn latin_words_have_borders_and_others_have_none() {
        for (text, word, expected) in [
            ("slight leak", "light", false),
            ("brake lights", "light", true),
            ("lighting", "light", false),
            ("brake light", "light", true),
            ("转向灯不亮", "灯", true),
            ("abs泵", "abs", true),
            ("制动abs", "abs", true),
            ("gps", "ps", false),
        ] {
            assert_eq!(has(text, word), expected, "{text}: {word}");
        }
        let begun = places("leaking, no oilleak", "leak").map(|place| place.start);
        assert_eq!(begun.collect::<Vec<_>>(), [0], "whatever its end");
    }
}
