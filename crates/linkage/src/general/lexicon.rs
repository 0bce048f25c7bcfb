//! The different values of a field, each folded and taken apart once.

use rustc_hash::FxHashMap;

use super::address;
use super::columns::DATED;
use super::levels::FieldKind;
use super::tokens::{Words, split};
use crate::codes::phone_digits;
use crate::text::fold::{fold, fold_code, is_han};
use crate::text::hash::stable_hash;
use crate::text::nickname::groups_of;
use crate::text::roman::romanised;
use crate::text::similarity::bigrams;
use crate::text::sound::soundex;

/// A value, taken apart as its kind needs.
#[derive(Default)]
pub(super) struct Value {
    pub(super) chars: Box<[char]>,
    /// Records that hold it.
    pub(super) count: u32,
    /// Numbers of its words in [`Lexicon::words`], as they come.
    pub(super) words: Box<[u32]>,
    /// Pairs of neighbouring characters.
    pub(super) grams: Box<[u32]>,
    /// House number, or 0.
    pub(super) number: u64,
    /// yyyymmdd of a date; the year of birth by age.
    pub(super) date: u32,
    /// True for a year of birth that a birthday tells, not an age.
    pub(super) is_dated: bool,
    /// Hash of the part that a wider group shares: postal area, part before the @.
    pub(super) part: u64,
    /// Code of the sound.
    pub(super) sound: u32,
    /// Groups of nicknames that the name belongs to.
    pub(super) nicknames: &'static [u16],
    /// True for a name of several words.
    pub(super) has_several_words: bool,
}

/// Values and the records that hold them; value 0 is "missing".
pub(super) struct Lexicon {
    pub(super) values: Vec<Value>,
    /// By record and column of the field.
    pub(super) ids: Vec<Vec<u32>>,
    pub(super) words: Words,
    /// Records that hold a postal area or the like.
    pub(super) parts: FxHashMap<u64, u32>,
}

impl Lexicon {
    /// Builds from the columns of a field; `text(row, column)` gives the cell, empty where missing.
    pub(super) fn build(
        kind: FieldKind,
        rows: usize,
        columns: usize,
        text: impl Fn(usize, usize) -> String,
    ) -> Self {
        let mut lexicon = Self {
            values: vec![Value::default()],
            ids: vec![vec![0; rows]; columns],
            words: Words::default(),
            parts: FxHashMap::default(),
        };
        let mut known: FxHashMap<String, u32> = FxHashMap::default();
        for column in 0..columns {
            for row in 0..rows {
                let raw = text(row, column);
                if raw.is_empty() {
                    continue;
                }
                let Some(folded) = folded(kind, &raw) else {
                    continue;
                };
                let id = if let Some(id) = known.get(&folded) {
                    *id
                } else {
                    let id = lexicon.values.len() as u32;
                    let value = lexicon.value(kind, &folded);
                    lexicon.values.push(value);
                    known.insert(folded, id);
                    id
                };
                lexicon.values[id as usize].count += 1;
                lexicon.ids[column][row] = id;
            }
        }
        let values = lexicon.values.len();
        lexicon.words.finish(values);
        for value in &lexicon.values {
            if value.part != 0 {
                *lexicon.parts.entry(value.part).or_default() += value.count;
            }
        }
        lexicon
    }

    pub(super) fn id(&self, record: u32, column: usize) -> u32 {
        self.ids[column][record as usize]
    }

    pub(super) fn value(&mut self, kind: FieldKind, folded: &str) -> Value {
        let chars: Box<[char]> = folded.chars().collect();
        let mut value = Value {
            chars,
            ..Value::default()
        };
        match kind {
            FieldKind::Given | FieldKind::Family => {
                value.sound = sound_of(&value.chars);
                value.nicknames = groups_of(folded);
                value.has_several_words = folded.contains(|c: char| !c.is_alphanumeric());
            }
            FieldKind::Text => {
                value.words = self.add_words(split(folded));
                value.grams = bigrams(&value.chars).into();
            }
            FieldKind::Address => {
                let (number, words) = address::parse(split(folded));
                value.number = number.map_or(0, |number| stable_hash(&[number.as_bytes()]));
                value.grams = bigrams(&words.concat().chars().collect::<Vec<_>>()).into();
                value.words = self.add_words(words);
            }
            FieldKind::Date => value.date = folded.parse().unwrap_or(0),
            FieldKind::Age => {
                let year: u32 = folded.parse().unwrap_or(0);
                value.is_dated = year >= DATED;
                value.date = if value.is_dated { year / DATED } else { year };
            }
            FieldKind::Postcode => value.part = stable_hash(&[postal_area(folded).as_bytes()]),
            FieldKind::Email => {
                value.part = stable_hash(&[folded.split('@').next().unwrap_or("").as_bytes()]);
            }
            FieldKind::Place
            | FieldKind::Category
            | FieldKind::Code
            | FieldKind::Phone
            | FieldKind::Number => {}
        }
        value
    }

    fn add_words(&mut self, words: Vec<String>) -> Box<[u32]> {
        let mut distinct: Vec<String> = Vec::with_capacity(words.len());
        for word in words.into_iter().take(40) {
            if !distinct.contains(&word) {
                distinct.push(word);
            }
        }
        distinct.iter().map(|word| self.words.add(word)).collect()
    }
}

/// The code of a Latin name's sound; in other scripts the name's beginning stands for it.
fn sound_of(name: &[char]) -> u32 {
    match soundex(name) {
        [0, ..] => {
            let start: String = name.iter().take(3).collect();
            stable_hash(&[start.as_bytes()]) as u32
        }
        code => u32::from_le_bytes(code),
    }
}

/// The written form under which values of a kind are the same; `None` if nothing is left.
fn folded(kind: FieldKind, raw: &str) -> Option<String> {
    let text = match kind {
        FieldKind::Date | FieldKind::Age => raw.to_owned(),
        FieldKind::Code | FieldKind::Postcode if kind == FieldKind::Code => {
            fold_code(raw).to_lowercase()
        }
        FieldKind::Phone => {
            let digits = phone_digits(raw);
            // The country code or the 0 before the area code is given or not; what remains is told apart by seven digits.
            if digits.len() < 6 {
                String::new()
            } else {
                digits[digits.len().saturating_sub(9)..].to_owned()
            }
        }
        FieldKind::Number => fold_code(raw).to_lowercase(),
        FieldKind::Given | FieldKind::Family => name(&romanised(fold(raw))),
        FieldKind::Email => fold(raw),
        FieldKind::Text => romanised(unspaced(&fold(raw))),
        _ => romanised(fold(raw)),
    };
    (!text.is_empty()).then_some(text)
}

/// Without spaces between Chinese characters or Korean syllables: 青木 裕太 is 青木裕太.
fn unspaced(folded: &str) -> String {
    let is_unspaced = |c: Option<char>| {
        c.is_some_and(|c| {
            is_han(c) || matches!(c, '\u{1100}'..='\u{11ff}' | '\u{ac00}'..='\u{d7a3}')
        })
    };
    let mut before = None;
    let mut rest = folded.chars().peekable();
    let mut text = String::with_capacity(folded.len());
    while let Some(character) = rest.next() {
        let is_between = is_unspaced(before) && is_unspaced(rest.peek().copied());
        if character != ' ' || !is_between {
            text.push(character);
        }
        before = Some(character);
    }
    text
}

/// A folded name without what is written or left out at will: dots behind initials, hyphens, apostrophes.
fn name(folded: &str) -> String {
    let plain: String = folded
        .chars()
        .filter(|c| !matches!(c, '\'' | '’' | '`' | '´'))
        .map(|c| if matches!(c, '.' | '-' | ',') { ' ' } else { c })
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// TQ13 of "tq13 8df"; all but the last two characters of codes without a space.
fn postal_area(folded: &str) -> String {
    match folded.split_once(' ') {
        Some((area, _)) => area.to_owned(),
        None => folded
            .chars()
            .take(folded.chars().count().saturating_sub(2).max(1))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_with_and_without_a_space() {
        for (spaced, whole) in [
            ("青木　裕太", "青木裕太"),
            ("이 현숙", "이현숙"),
            ("Щербаков", "shcherbakov"),
        ] {
            let folded = |raw: &str| folded(FieldKind::Text, raw);
            assert_eq!(folded(spaced), folded(whole));
        }
        assert_eq!(unspaced("anna 王 芳 lee"), "anna 王芳 lee");
    }
}
