//! What names people who were erased, as keyed hashes: by them it is taken out of texts that are kept.

use std::{borrow::Cow, collections::BTreeSet, ops::Range};

use marque_events::ErasedWord;
use marque_quality::{identifiers::hide, text::half_width};
use marque_vault::{Purpose, Vault};

/// Fewer characters than these name nobody: too many words of a workshop hold them.
const LEAST_CHARS: usize = 2;
/// The same for words of Latin letters and digits alone.
const LEAST_ASCII: usize = 4;

/// The hashes of what names somebody, each word once. They are salted with his erasure: those of two erasures tell nothing of each other.
pub fn erased_words(
    vault: &Vault,
    erasure: &str,
    words: impl IntoIterator<Item = String>,
) -> Vec<ErasedWord> {
    let folded: BTreeSet<Vec<char>> = words
        .into_iter()
        .map(|word| word.trim().chars().map(fold).collect())
        .filter(|word: &Vec<char>| names_somebody(word))
        .collect();
    folded
        .iter()
        .map(|word| ErasedWord {
            chars: word.len(),
            token: token(vault, erasure, word),
        })
        .collect()
}

/// The text with a mark for each of the words of an erasure, in whatever case and width they are written.
pub fn hide_erased<'t>(
    vault: &Vault,
    erasure: &str,
    words: &[ErasedWord],
    text: &'t str,
) -> Cow<'t, str> {
    let (starts, folded): (Vec<usize>, Vec<char>) =
        text.char_indices().map(|(at, c)| (at, fold(c))).unzip();
    let byte_of = |at: usize| starts.get(at).copied().unwrap_or(text.len());
    let lengths: BTreeSet<usize> = words.iter().map(|word| word.chars).collect();
    let mut ranges: Vec<Range<usize>> = Vec::new();
    let mut at = 0;
    while at < folded.len() {
        let names = |length: &usize| {
            folded.get(at..at + length).is_some_and(|part| {
                let found = token(vault, erasure, part);
                words.iter().any(|word| word.token == found)
            })
        };
        let longest = lengths.iter().rev().copied().find(names);
        if let Some(length) = longest {
            ranges.push(byte_of(at)..byte_of(at + length));
        }
        at += longest.unwrap_or(1).max(1);
    }
    hide(text, &ranges)
}

fn names_somebody(word: &[char]) -> bool {
    let is_ascii = word.iter().all(char::is_ascii);
    word.len() >= if is_ascii { LEAST_ASCII } else { LEAST_CHARS }
}

fn fold(character: char) -> char {
    half_width(character).to_ascii_lowercase()
}

fn token(vault: &Vault, erasure: &str, word: &[char]) -> Vec<u8> {
    let salted: String = erasure
        .chars()
        .chain(['\u{1f}'])
        .chain(word.iter().copied())
        .collect();
    vault.hq_index(Purpose::Erased, salted).to_vec()
}

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    #[test]
    fn what_names_an_erased_person_is_hidden_and_nothing_else() {
        let vault = Vault::new(&Keyring::generate().unwrap());
        let named = ["慕容彼得", " Peter.M@Example.com ", "京A12345", "王", "Li"];
        let words = erased_words(&vault, "ers_1", named.map(str::to_owned));
        assert_eq!(words.len(), 3, "a surname is many people's");
        for (text, shown) in [
            ("车主慕容彼得要求", "车主***要求"),
            ("写信 peter.m@example.COM。", "写信 ***。"),
            ("京Ａ１２３４５慕容彼得", "******"),
            ("慕容彼德，王师傅，Lifter", "慕容彼德，王师傅，Lifter"),
            ("", ""),
        ] {
            assert_eq!(hide_erased(&vault, "ers_1", &words, text), shown);
        }
        let other = hide_erased(&vault, "ers_2", &words, "慕容彼得");
        assert_eq!(other, "慕容彼得", "hashes are of one erasure");
    }
}
