//! Cutting texts into what an index is made of: characters and pairs of Chinese, words of everything else.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::search::SYNONYMS;

/// A piece of text in one kind of writing.
#[derive(Debug, PartialEq, Eq)]
enum Run {
    Han(Vec<char>),
    Word(String),
}

/// The tokens of a text to be found, as hashes; repeats stay.
pub(super) fn tokens(text: &str) -> Vec<u64> {
    let mut found = Vec::new();
    for run in runs(text) {
        match run {
            Run::Word(word) => found.push(hash(&[stem(&word)])),
            Run::Han(chars) => {
                found.extend(chars.iter().map(|char| hash(&[char])));
                found.extend(chars.windows(2).map(hash));
            }
        }
    }
    found
}

/// The tokens of a query, each with those that mean the same and its weight. A single character counts only where it
/// stands alone: inside a word the pairs say more.
pub(super) fn query_tokens(query: &str) -> Vec<(Vec<u64>, f32)> {
    let mut wanted: Vec<(Vec<u64>, f32)> = Vec::new();
    let mut add = |alternatives: Vec<u64>, weight: f32| {
        if wanted.iter().all(|(known, _)| known[0] != alternatives[0]) {
            wanted.push((alternatives, weight));
        }
    };
    for run in runs(query) {
        match run {
            Run::Word(word) => add(vec![hash(&[stem(&word)])], 1.0),
            Run::Han(chars) if chars.len() == 1 => add(vec![hash(&[&chars[0]])], 1.0),
            Run::Han(chars) => {
                for pair in chars.windows(2) {
                    add(vec![hash(pair)], 1.0);
                }
            }
        }
    }
    for group in synonyms_in(query) {
        let alternatives: Vec<u64> = group.iter().map(|word| token_of(word)).collect();
        add(alternatives, 1.0);
    }
    wanted
}

/// The one token that stands for a word of the synonyms: of a longer one its last pair or word, which is its head.
fn token_of(word: &str) -> u64 {
    match runs(word).pop() {
        Some(Run::Word(word)) => hash(&[stem(&word)]),
        Some(Run::Han(chars)) if chars.len() > 1 => hash(&chars[chars.len() - 2..]),
        Some(Run::Han(chars)) => hash(&[&chars[0]]),
        None => 0,
    }
}

/// The groups of synonyms of which a word stands in a query; the word itself is left out, it is looked up anyway.
fn synonyms_in(query: &str) -> Vec<Vec<&'static str>> {
    let query = query.to_lowercase();
    let mut groups: Vec<Vec<&'static str>> = Vec::new();
    for (word, group) in SYNONYMS.iter() {
        let stands_there = if word.is_ascii() {
            contains_word(&query, word)
        } else {
            query.contains(word)
        };
        if stands_there && !groups.iter().any(|known| known.contains(word)) {
            groups.push(
                group
                    .iter()
                    .copied()
                    .filter(|other| other != word)
                    .collect(),
            );
        }
    }
    groups.retain(|group| !group.is_empty());
    // The map has no order of its own; the same query must be the same search.
    groups.sort_unstable();
    groups
}

fn contains_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_edge = |char: Option<char>| char.is_none_or(|char| !char.is_ascii_alphanumeric());
        is_edge(text[..at].chars().next_back()) && is_edge(text[at + word.len()..].chars().next())
    })
}

fn hash<T: Hash>(parts: &[T]) -> u64 {
    let mut hasher = FxHasher::default();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// A text as runs of Chinese characters and of words; what is neither parts them. Full-width letters are read as plain.
fn runs(text: &str) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut is_open = false;
    for char in text.chars().map(narrow) {
        let is_han = is_han(char);
        if !is_han && !char.is_alphanumeric() {
            is_open = false;
            continue;
        }
        match runs.last_mut() {
            Some(Run::Han(chars)) if is_open && is_han => chars.push(char),
            Some(Run::Word(word)) if is_open && !is_han => word.extend(char.to_lowercase()),
            _ if is_han => runs.push(Run::Han(vec![char])),
            _ => runs.push(Run::Word(char.to_lowercase().collect())),
        }
        is_open = true;
    }
    runs
}

const fn is_han(char: char) -> bool {
    matches!(char, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

fn narrow(char: char) -> char {
    match char {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(char as u32 - 0xfee0).unwrap_or(char),
        other => other,
    }
}

/// A word without the English endings that make no other word of it: brakes, braking, brake are one.
fn stem(word: &str) -> &str {
    if !word.is_ascii() || word.len() < 5 || word.bytes().any(|byte| byte.is_ascii_digit()) {
        return word
            .strip_suffix('s')
            .filter(|stem| stem.len() > 2 && !stem.ends_with('s'))
            .unwrap_or(word);
    }
    for ending in ["ings", "ing", "ies", "ied", "es", "ed", "s", "e", "y"] {
        if let Some(stem) = word.strip_suffix(ending).filter(|stem| stem.len() > 2) {
            return stem;
        }
    }
    word
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writing_is_cut_into_characters_pairs_and_words() {
        let cut = runs("刹车片 BRK-12，ＡＢＳ灯亮！");
        let expected = [
            Run::Han(vec!['刹', '车', '片']),
            Run::Word("brk".into()),
            Run::Word("12".into()),
            Run::Word("abs".into()),
            Run::Han(vec!['灯', '亮']),
        ];
        assert_eq!(cut, expected);
        assert_eq!(tokens("刹车片").len(), 5);
    }

    #[test]
    fn endings_make_no_other_word() {
        for (left, right) in [
            ("brake", "brakes"),
            ("brake", "braking"),
            ("batteries", "battery"),
            ("noise", "noises"),
            ("part", "parts"),
        ] {
            assert_eq!(stem(left), stem(right), "{left} {right}");
        }
        assert_ne!(stem("gas"), stem("gap"));
        assert_eq!(stem("p0301"), "p0301");
    }

    #[test]
    fn a_word_finds_what_means_the_same() {
        let groups = synonyms_in("brake noise");
        assert!(groups.iter().any(|group| group.contains(&"制动")));
        assert!(groups.iter().any(|group| group.contains(&"异响")));
        assert!(
            synonyms_in("outbrake").is_empty(),
            "inside another word it is another word"
        );
    }
}
