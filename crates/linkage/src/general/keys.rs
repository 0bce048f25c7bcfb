//! Blocking keys made from the fields at hand: single telling values, and pairs of less telling ones.

use super::levels::FieldKind;
use super::records::{Field, GeneralRecords};
use crate::text::hash::{join, stable_hash};

/// A piece of a field that goes into keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Atom {
    /// The value.
    Whole,
    /// First letters of the name.
    Start(usize),
    /// The name's sound.
    Sound,
    /// Year of a date.
    Year,
    /// One of the two spans of four years that a year of birth lies in: years two apart share one of them.
    Span(u32),
    /// Month and day of a date.
    MonthDay,
    /// Postal area, part before the @.
    Part,
    /// House number.
    Number,
    /// The rarest word, or the one after it.
    RareWord(usize),
    /// Last seven digits.
    Tail,
    /// First or second half of a code.
    Half(usize),
}

/// Atoms that together make one kind of key.
#[derive(Clone, Debug)]
pub(super) struct KeyRecipe {
    pub(super) name: String,
    pub(super) atoms: Vec<(usize, Atom)>,
    /// Two atoms whose order does not matter: given and family name, swapped or not.
    pub(super) unordered: bool,
}

/// All recipes for these fields.
pub(super) fn recipes(fields: &[Field]) -> Vec<KeyRecipe> {
    let mut recipes = Recipes {
        fields,
        made: Vec::new(),
    };
    recipes.singles();
    recipes.names();
    recipes.dates();
    recipes.places();
    recipes.made
}

struct Recipes<'a> {
    fields: &'a [Field],
    made: Vec<KeyRecipe>,
}

impl Recipes<'_> {
    fn of(&self, kind: FieldKind) -> Vec<usize> {
        self.fields
            .iter()
            .enumerate()
            .filter(|(_, field)| field.kind == kind)
            .map(|(at, _)| at)
            .collect()
    }

    fn add(&mut self, atoms: &[(usize, Atom)]) {
        let name = atoms
            .iter()
            .map(|(field, atom)| format!("{} ({atom:?})", self.fields[*field].name))
            .collect::<Vec<_>>()
            .join(" + ");
        self.made.push(KeyRecipe {
            name: name.to_lowercase(),
            atoms: atoms.to_vec(),
            unordered: false,
        });
    }

    fn cross(&mut self, left: &[(usize, Atom)], right: &[(usize, Atom)]) {
        for a in left {
            for b in right {
                if a.0 != b.0 {
                    self.add(&[*a, *b]);
                }
            }
        }
    }

    fn atoms(&self, kind: FieldKind, atom: Atom) -> Vec<(usize, Atom)> {
        self.of(kind)
            .into_iter()
            .map(|field| (field, atom))
            .collect()
    }

    fn singles(&mut self) {
        for atom in [
            self.atoms(FieldKind::Code, Atom::Whole),
            self.atoms(FieldKind::Phone, Atom::Tail),
            self.atoms(FieldKind::Email, Atom::Whole),
            self.atoms(FieldKind::Email, Atom::Part),
            self.atoms(FieldKind::Date, Atom::Whole),
            self.atoms(FieldKind::Text, Atom::RareWord(0)),
            self.atoms(FieldKind::Text, Atom::RareWord(1)),
            self.atoms(FieldKind::Address, Atom::Whole),
        ]
        .concat()
        {
            self.add(&[atom]);
        }
    }

    fn names(&mut self) {
        let (given, family) = (self.of(FieldKind::Given), self.of(FieldKind::Family));
        if let (Some(given), Some(family)) = (given.first(), family.first()) {
            for atom in [Atom::Whole, Atom::Sound] {
                self.add(&[(*given, atom), (*family, atom)]);
                if let Some(last) = self.made.last_mut() {
                    last.unordered = true;
                }
            }
            self.add(&[(*given, Atom::Start(2)), (*family, Atom::Start(3))]);
        }
        let text = self.atoms(FieldKind::Text, Atom::RareWord(0));
        let places = [
            self.atoms(FieldKind::Place, Atom::Whole),
            self.atoms(FieldKind::Postcode, Atom::Part),
        ]
        .concat();
        self.cross(&text, &places);
    }

    /// Names, or where none were recognised the columns of words, of which some may be names.
    fn name_atoms(&self) -> Vec<(usize, Atom)> {
        let names = self.known_name_atoms();
        if names.is_empty() && self.of(FieldKind::Text).is_empty() {
            return self.atoms(FieldKind::Place, Atom::Whole);
        }
        names
    }

    fn known_name_atoms(&self) -> Vec<(usize, Atom)> {
        [
            self.atoms(FieldKind::Family, Atom::Sound),
            // Further given names come and go.
            self.atoms(FieldKind::Given, Atom::Start(3))
                .into_iter()
                .take(1)
                .collect(),
        ]
        .concat()
    }

    fn dates(&mut self) {
        let names = self.name_atoms();
        let years = self.atoms(FieldKind::Date, Atom::Year);
        let days = self.atoms(FieldKind::Date, Atom::MonthDay);
        self.cross(&names, &years);
        self.cross(&names, &days);
        let places = [
            self.atoms(FieldKind::Place, Atom::Whole),
            self.atoms(FieldKind::Postcode, Atom::Part),
        ]
        .concat();
        let spans = [
            self.atoms(FieldKind::Age, Atom::Span(0)),
            self.atoms(FieldKind::Age, Atom::Span(1)),
        ]
        .concat();
        self.cross(&names, &spans);
        self.cross(&spans, &places);
        self.cross(&years, &places);
        self.cross(&days, &places);
    }

    fn places(&mut self) {
        let names = self.name_atoms();
        let places = [
            self.atoms(FieldKind::Place, Atom::Whole),
            self.atoms(FieldKind::Postcode, Atom::Part),
            self.atoms(FieldKind::Number, Atom::Whole),
        ]
        .concat();
        self.cross(&names, &places);
        let numbers = [
            self.atoms(FieldKind::Number, Atom::Whole),
            self.atoms(FieldKind::Address, Atom::Number),
        ]
        .concat();
        let towns = [
            self.atoms(FieldKind::Postcode, Atom::Whole),
            self.atoms(FieldKind::Place, Atom::Whole),
        ]
        .concat();
        self.cross(&numbers, &towns);
        let streets = self.atoms(FieldKind::Address, Atom::RareWord(0));
        self.cross(&numbers, &streets);
        for address in self.of(FieldKind::Address) {
            self.add(&[(address, Atom::Number), (address, Atom::RareWord(0))]);
        }
        for postcode in self.atoms(FieldKind::Postcode, Atom::Whole) {
            self.add(&[postcode]);
        }
        let halves = [
            self.atoms(FieldKind::Code, Atom::Half(0)),
            self.atoms(FieldKind::Code, Atom::Half(1)),
        ]
        .concat();
        for half in halves {
            self.add(&[half]);
        }
    }
}

impl GeneralRecords {
    /// The key of a record by a recipe; 0 if a part is missing.
    pub(super) fn key(&self, recipe: &KeyRecipe, record: u32) -> u64 {
        let mut parts = [0_u64; 4];
        for (slot, (field, atom)) in parts.iter_mut().zip(&recipe.atoms) {
            *slot = self.atom(*field, *atom, record);
            if *slot == 0 {
                return 0;
            }
        }
        let parts = &mut parts[..recipe.atoms.len()];
        if recipe.unordered {
            parts.sort_unstable();
        }
        parts.iter().fold(0, |key, part| join(key, *part))
    }

    pub(super) fn atom(&self, field: usize, atom: Atom, record: u32) -> u64 {
        let field = &self.parts[field];
        let lexicon = &self.lexicons[field.lexicon];
        let id = lexicon.id(record, field.column);
        if id == 0 {
            return 0;
        }
        let value = &lexicon.values[id as usize];
        let text = |chars: &[char]| {
            let text: String = chars.iter().collect();
            stable_hash(&[text.as_bytes()])
        };
        let nonzero = |number: u64| if number == 0 { 0 } else { join(number, 1) };
        match atom {
            Atom::Whole => text(&value.chars),
            Atom::Start(length) => text(&value.chars[..value.chars.len().min(length)]),
            Atom::Sound => nonzero(u64::from(value.sound)),
            Atom::Year => nonzero(u64::from(value.date / 10_000)),
            Atom::Span(which) => nonzero(u64::from((value.date + 2 * which) / 4 + 1)),
            Atom::MonthDay => nonzero(u64::from(value.date % 10_000)),
            Atom::Part => value.part,
            Atom::Number => value.number,
            Atom::Tail => text(&value.chars[value.chars.len().saturating_sub(7)..]),
            Atom::Half(half) => {
                let middle = value.chars.len() / 2;
                let part = if half == 0 {
                    &value.chars[..middle]
                } else {
                    &value.chars[middle..]
                };
                if part.len() < 3 { 0 } else { text(part) }
            }
            Atom::RareWord(rank) => {
                let mut words: Vec<u32> = value.words.to_vec();
                words.sort_by_key(|word| (lexicon.words.documents(*word), *word));
                words
                    .get(rank)
                    .map_or(0, |word| text(&lexicon.words.texts[*word as usize]))
            }
        }
    }
}
