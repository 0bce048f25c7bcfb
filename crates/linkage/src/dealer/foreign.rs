//! Names in letters: read into their words, and compared whatever their order, initials, nicknames and script.

use super::names::NameLevel;
use crate::text::fold::is_han;
use crate::text::han::surname_len;
use crate::text::nickname::are_nicknames;
use crate::text::similarity::edits;
use crate::text::sound::spoken;

/// Forms of address and additions that are no part of a name.
const TITLES: &[&str] = &[
    "mr", "mrs", "ms", "miss", "mister", "madam", "sir", "dr", "prof", "jr", "sr",
];

/// The words of a folded name without any Chinese character, titles dropped: `smithson john` of `Smithson, Mr. John`.
pub(super) fn words_of(folded: &str) -> String {
    let text: String = folded.chars().filter(|c| *c != '\'').collect();
    let words: Vec<&str> = text
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .collect();
    let without: Vec<&str> = words
        .iter()
        .copied()
        .filter(|word| !TITLES.contains(word))
        .collect();
    if without.is_empty() { words } else { without }.join(" ")
}

/// True for a name in Latin letters, and for one of several words in any others but Chinese.
pub(super) fn is_foreign(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic()) || name.contains(' ')
}

/// Compares two names of which one is foreign and which do not sound the same from beginning to end.
pub(super) fn compare(left: &str, right: &str) -> NameLevel {
    let (a, b) = (Words::of(left), Words::of(right));
    if is_typing_error(a.letters().as_bytes(), b.letters().as_bytes()) {
        return NameLevel::OneChanged;
    }
    if a.is_turned(&b) || b.is_turned(&a) {
        return NameLevel::Reordered;
    }
    let (short, long) = if a.words.len() <= b.words.len() {
        (&a, &b)
    } else {
        (&b, &a)
    };
    if short.is_version_of(long) {
        NameLevel::Resembling
    } else {
        NameLevel::Different
    }
}

fn is_typing_error(a: &[u8], b: &[u8]) -> bool {
    match edits(a, b, 3) {
        0 => true,
        1 => a.len() >= 5,
        2 => a.len() >= 7 && a[0] == b[0],
        _ => false,
    }
}

/// A name as words in letters; of a Chinese one the readings of surname and given name.
struct Words {
    words: Vec<String>,
    is_han: bool,
}

impl Words {
    fn of(name: &str) -> Self {
        let is_han = name.starts_with(is_han);
        let words = if is_han {
            let characters: Vec<char> = name.chars().collect();
            let whole = spoken(&characters);
            let surname = spoken(&characters[..surname_len(&characters)]);
            let given = whole.strip_prefix(&surname).unwrap_or("").to_owned();
            vec![surname, given]
        } else {
            name.split(' ').map(str::to_owned).collect()
        };
        Self { words, is_han }
    }

    fn letters(&self) -> String {
        self.words.concat()
    }

    /// The same words in another order, or the last word of the one before the others.
    fn is_turned(&self, other: &Self) -> bool {
        let sorted = |words: &[String]| {
            let mut sorted = words.to_vec();
            sorted.sort_unstable();
            sorted
        };
        let last_first = self
            .words
            .split_last()
            .map(|(last, rest)| last.clone() + &rest.concat());
        last_first.is_some_and(|letters| letters == other.letters())
            || sorted(&self.words) == sorted(&other.words)
    }

    /// Every word of this one stands in the other in some form, at least one of them in full; of a word that comes twice, such
    /// as Li Li, each needs its own. One word of a Chinese name is too little.
    fn is_version_of(&self, longer: &Self) -> bool {
        if self.words.len() == 1 && (self.is_han || longer.is_han) {
            return false;
        }
        let mut left: Vec<&String> = longer.words.iter().collect();
        let mut rest = Vec::new();
        for word in &self.words {
            let in_full = left.iter().position(|other| *other == word);
            if let Some(at) = in_full.filter(|_| word.len() > 1) {
                left.swap_remove(at);
            } else {
                rest.push(word);
            }
        }
        rest.len() < self.words.len()
            && rest.into_iter().all(|word| {
                let form = left.iter().position(|other| is_form_of(word, other));
                form.map(|at| left.swap_remove(at)).is_some()
            })
    }
}

/// An initial, a nickname, or a slip in a long word.
fn is_form_of(one: &str, other: &str) -> bool {
    let is_initial = one.chars().count().min(other.chars().count()) == 1
        && one.chars().next() == other.chars().next();
    is_initial
        || are_nicknames(one, other)
        || (one.len().max(other.len()) >= 5 && edits(one.as_bytes(), other.as_bytes(), 1) <= 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::fold::fold;

    fn compared(one: &str, other: &str) -> NameLevel {
        let read = |name: &str| {
            if name.starts_with(is_han) {
                name.to_owned()
            } else {
                words_of(&fold(name))
            }
        };
        compare(&read(one), &read(other))
    }

    #[test]
    fn words_in_another_order_are_found_in_any_script() {
        for (one, other) in [
            ("John Smithson", "Smithson John"),
            ("John Smithson", "SMITHSON, Mr. John"),
            ("Иван Петров", "Петров Иван"),
            ("Wei Zhang", "张伟"),
            ("Wei-Ming Zhang", "张伟明"),
            ("Nana Ouyang", "欧阳娜娜"),
            ("Zhang Wei Ming", "WEIMING/ZHANG"),
        ] {
            assert_eq!(compared(one, other), NameLevel::Reordered, "{one} {other}");
            assert_eq!(compared(other, one), NameLevel::Reordered, "{other} {one}");
        }
    }

    #[test]
    fn initials_nicknames_and_further_words_resemble() {
        for (one, other) in [
            ("John Smithson", "J. Smithson"),
            ("John Smithson", "Smithson, J. A."),
            ("John Albert Smithson", "John Smithson"),
            ("Bob Smithson", "Robert Smithson"),
            ("José Pérez García", "Jose Perez"),
            ("Mr Smithson", "John Smithson"),
            ("W. Zhang", "张伟"),
            ("A. Smith Jones", "Anna Smit Jones"),
        ] {
            assert_eq!(compared(one, other), NameLevel::Resembling, "{one} {other}");
            assert_eq!(compared(other, one), NameLevel::Resembling, "{other} {one}");
        }
        for slip in ["Jon Smithson", "John A. Smithson"] {
            assert_eq!(compared("John Smithson", slip), NameLevel::OneChanged);
        }
    }

    #[test]
    fn other_names_differ() {
        for (one, other) in [
            ("John Smithson", "Mary Smithson"),
            ("Wei Zhang", "张强"),
            ("Zhang", "张伟"),
            ("Zhang Wei", "Zhang Weiming"),
            ("J. S.", "John Smithson"),
            ("Li Li", "Li Wei"),
            ("Li Li", "李伟"),
        ] {
            assert_eq!(compared(one, other), NameLevel::Different, "{one} {other}");
            assert_eq!(compared(other, one), NameLevel::Different, "{other} {one}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(one in ".{0,30}", other in "[a-z张伟 ]{0,20}") {
            let _ = compared(&one, &other);
            let _ = compare(&other, &one);
        }
    }
}
