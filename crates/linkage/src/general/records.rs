//! The records of a table, field by field.

use rayon::prelude::*;

use super::columns::{Plan, cell, day_order, is_personal, own_number, plan};
use super::compare::{Share, is_swapped_line, values};
use super::contradict::{Checked, are_different_numbers, are_far_apart, checked_kind};
use super::keys::{Atom, KeyRecipe, recipes};
use super::levels::FieldKind;
use super::lexicon::Lexicon;
use super::names;
use crate::batch::{BatchOptions, Blocker};
use crate::schema::{Mapping, Role, own_number_rank};
use crate::score::{Comparator, Correlation, FieldSpec, MAX_FIELDS, Outcome, Tells, Veto};
use crate::table::Table;

/// No column of the table can be compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "no column was recognised as something to compare: name them with --mapping, such as --mapping col1=full_name,col2=date"
)]
pub struct NothingToCompare;

/// One field: where its values are.
#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: String,
    pub(super) kind: FieldKind,
    /// What the relatives under one roof do not share.
    pub(super) is_personal: bool,
    /// The whole name, perhaps once more in another script.
    is_whole_name: bool,
    /// The identity number of the person, not of a guardian or an employer.
    is_own_number: bool,
    pub(super) lexicon: usize,
    pub(super) column: usize,
}

/// The records of any table, ready for the batch engine.
pub struct GeneralRecords {
    rows: usize,
    specs: Vec<FieldSpec>,
    pub(super) parts: Vec<Field>,
    pub(super) lexicons: Vec<Lexicon>,
    recipes: Vec<KeyRecipe>,
    given_family: Option<(usize, usize)>,
    address_lines: Option<(usize, usize)>,
    phones: Option<(usize, usize)>,
    /// First and second given name, first and second surname: what one record has in the one place may stand in the other.
    further_names: Vec<(usize, usize)>,
    /// The field of the person's own identity number, if it has a check digit.
    checked: Option<(usize, Checked)>,
    /// Gender and birthday.
    gender_birth: Option<(usize, usize)>,
}

impl GeneralRecords {
    /// Takes the columns apart by their roles.
    ///
    /// # Errors
    /// If no column can be compared.
    pub fn from_table(table: &Table, mapping: &Mapping) -> Result<Self, NothingToCompare> {
        let plans = plan(table, mapping);
        if plans.is_empty() {
            return Err(NothingToCompare);
        }
        let order = day_order(table, mapping);
        let lexicons: Vec<Lexicon> = plans
            .par_iter()
            .map(|plan| {
                Lexicon::build(
                    plan.kind,
                    table.rows(),
                    plan.columns.len(),
                    |row, column| cell(table, plan, row, column, order),
                )
            })
            .collect();
        let parts = fields(table, mapping, &plans);
        let place_of = |kind| parts.iter().position(|part| part.kind == kind);
        let personal = |kind: FieldKind| {
            let is_it = |part: &Field| part.kind == kind && part.is_personal;
            parts.iter().position(is_it)
        };
        let first_two = |kind| {
            let mut places = (0..parts.len()).filter(|at| parts[*at].kind == kind);
            places.next().zip(places.next())
        };
        let specs = specs(&parts);
        Ok(Self {
            rows: table.rows(),
            specs,
            recipes: recipes(&parts),
            given_family: place_of(FieldKind::Given).zip(place_of(FieldKind::Family)),
            address_lines: first_two(FieldKind::Address),
            phones: first_two(FieldKind::Phone),
            further_names: [FieldKind::Given, FieldKind::Family]
                .into_iter()
                .filter_map(first_two)
                .collect(),
            checked: checked(&parts, &lexicons),
            gender_birth: personal(FieldKind::Category).zip(personal(FieldKind::Date)),
            parts,
            lexicons,
        })
    }

    /// Batch options fit for this table: small ones are compared pair by pair.
    pub fn options(&self, options: BatchOptions) -> BatchOptions {
        BatchOptions {
            compare_all: 2_000,
            block_cap: 100,
            lookalikes: true,
            refinements: 1,
            ..options
        }
    }

    fn value(&self, field: usize, record: u32) -> u32 {
        let part = &self.parts[field];
        self.lexicons[part.lexicon].id(record, part.column)
    }

    fn share(&self, field: usize, share: Share) -> f32 {
        let count = match share {
            Share::None => return 0.0,
            Share::Value(value) => {
                self.lexicons[self.parts[field].lexicon].values[value as usize].count
            }
            Share::Count(count) => count,
        };
        // A value that only the pair itself holds is as rare as one record in the file.
        let share = count.max(2) as f32 / (self.rows as f32 + 20.0);
        if self.is_one_number() {
            share * LONE_NUMBER
        } else {
            share
        }
    }

    /// True for a file of nothing but numbers or addresses for mail: they are given to one person each, and nothing else can
    /// say whose they are.
    fn is_one_number(&self) -> bool {
        matches!(&self.parts[..], [only] if matches!(only.kind, FieldKind::Code | FieldKind::Phone | FieldKind::Email))
    }

    fn compare_names(
        &self,
        (given, family): (usize, usize),
        left: u32,
        right: u32,
        outcome: &mut Outcome,
    ) {
        let lexicon = &self.lexicons[self.parts[given].lexicon];
        let names_of = |record| (self.value(given, record), self.value(family, record));
        let found = names::pair(lexicon, names_of(left), names_of(right));
        for (field, (level, value)) in [(given, found.0), (family, found.1)] {
            let share = if level == names::SAME || level == names::CROSSED {
                Share::Value(value)
            } else {
                Share::None
            };
            outcome.set_shared(field, level, self.share(field, share));
        }
    }

    fn contradiction(&self, left: u32, right: u32, outcome: &Outcome) -> Option<Veto> {
        let values = |field: usize| {
            let lexicon = &self.lexicons[self.parts[field].lexicon];
            [left, right].map(|record| &lexicon.values[self.value(field, record) as usize])
        };
        let differ = |at: usize| outcome.levels[at] == self.specs[at].levels.len() as u8;
        let numbers = self.checked.iter().any(|(field, kind)| {
            let [a, b] = values(*field);
            differ(*field) && are_different_numbers(*kind, a, b)
        });
        if numbers {
            return Some(Veto::DifferentIdentityNumbers);
        }
        let (gender, birth) = self.gender_birth?;
        let [a, b] = values(birth);
        (differ(gender) && are_far_apart(a.date, b.date))
            .then_some(Veto::DifferentGenderAndBirthday)
    }

    /// One record's first surname is the other's second, as with two surnames or a maiden name; likewise given names.
    fn notice_other_name(
        &self,
        (first, second): (usize, usize),
        left: u32,
        right: u32,
        outcome: &mut Outcome,
    ) {
        // Before she married, her maiden name may stand in both places.
        if !names::is_poor(outcome.levels[first]) || outcome.levels[second] == names::SAME {
            return;
        }
        let values = |record| (self.value(first, record), self.value(second, record));
        let ((a, b), (c, d)) = (values(left), values(right));
        let is_shared = |(x, y): (u32, u32)| x == y && x != 0;
        let (name, others) = match [(a, d), (b, c)].map(is_shared) {
            [false, false] => return,
            // The order of records must not matter.
            [true, true] => (a.min(b), (a.max(b), a.max(b))),
            [true, false] => (a, (b, c)),
            [false, true] => (b, (a, d)),
        };
        outcome.set_shared(first, names::CROSSED, self.share(first, Share::Value(name)));
        // A mother's first surname is her child's second; what stands beside them tells them apart.
        let lexicon = &self.lexicons[self.parts[first].lexicon];
        let (level, value) = names::beside_crossed(lexicon, others.0, others.1);
        let share = if level == names::CROSSED {
            self.share(second, Share::Value(value))
        } else {
            0.0
        };
        outcome.set_shared(second, level, share);
    }

    /// How probable it is that another record has the words of this one's name, were they independent.
    fn share_by_words(&self, field: usize, record: u32) -> f32 {
        let lexicon = &self.lexicons[self.parts[field].lexicon];
        let words = &lexicon.values[self.value(field, record) as usize].words;
        let shares = words.iter().map(|word| lexicon.words.share(*word));
        let product = shares.product::<f32>().max(LEAST_SHARE);
        let is_letter = |word: &u32| lexicon.words.texts[*word as usize].len() == 1;
        if words.len() > 2 && words.iter().all(is_letter) {
            // Characters make two names, family and given, whatever their number.
            product.powf(2.0 / words.len() as f32)
        } else {
            product
        }
    }

    /// One record's first phone is the other's second.
    fn notice_other_phone(
        &self,
        (first, second): (usize, usize),
        left: u32,
        right: u32,
        outcome: &mut Outcome,
    ) {
        if outcome.levels[first] == 1 || outcome.levels[second] == 1 {
            return;
        }
        let values = |record| (self.value(first, record), self.value(second, record));
        let ((a, b), (c, d)) = (values(left), values(right));
        let shared = [(a, d), (b, c)]
            .into_iter()
            .find(|(x, y)| x == y && *x != 0);
        if let Some((phone, _)) = shared {
            outcome.set_shared(first, 1, self.share(first, Share::Value(phone)));
            outcome.set(second, 0);
        }
    }

    /// A line of one record that stands in the other column of the other.
    fn notice_swapped_lines(
        &self,
        (first, second): (usize, usize),
        left: u32,
        right: u32,
        outcome: &mut Outcome,
    ) {
        let poor = |level: u8| matches!(level, 0 | 7);
        if !poor(outcome.levels[first]) || !poor(outcome.levels[second]) {
            return;
        }
        let lexicon = &self.lexicons[self.parts[first].lexicon];
        let one = is_swapped_line(lexicon, self.value(first, left), self.value(second, right));
        let other = is_swapped_line(lexicon, self.value(second, left), self.value(first, right));
        if one || other {
            outcome.set(first, 6);
            outcome.set(second, 0);
        }
    }
}

/// The fields of all lexicons in their order, as many as can be compared.
fn fields(table: &Table, mapping: &Mapping, plans: &[Plan]) -> Vec<Field> {
    let own = own_number(table, mapping);
    let mut parts = Vec::new();
    for (lexicon, plan) in plans.iter().enumerate() {
        for (column, (name, kind, columns)) in plan.columns.iter().enumerate() {
            parts.push(Field {
                name: name.clone(),
                kind: *kind,
                is_personal: is_personal(table, mapping, *kind, columns),
                is_whole_name: columns
                    .iter()
                    .any(|column| mapping.roles.get(*column) == Some(&Role::FullName)),
                is_own_number: own.is_some_and(|own| columns[..] == [own]),
                lexicon,
                column,
            });
        }
    }
    parts.truncate(MAX_FIELDS);
    parts
}

/// The field of the person's own number and its kind; that numbers pass Luhn's rule says little, so the header must say more.
fn checked(parts: &[Field], lexicons: &[Lexicon]) -> Option<(usize, Checked)> {
    let at = parts.iter().position(|part| part.is_own_number)?;
    let kind = checked_kind(&lexicons[parts[at].lexicon].values)?;
    let is_said = kind != Checked::Luhn || own_number_rank(&parts[at].name, false).is_some();
    is_said.then_some((at, kind))
}

/// One name written in several columns, and places that contain one another, do not add up freely.
fn specs(parts: &[Field]) -> Vec<FieldSpec> {
    let has_parts_of_name = parts.iter().any(|part| part.kind == FieldKind::Family);
    let first_given = parts.iter().position(|part| part.kind == FieldKind::Given);
    let (mut names, mut places) = (u8::from(has_parts_of_name), 0);
    (0..parts.len())
        .map(|at| {
            let part = &parts[at];
            let correlation = match part.kind {
                FieldKind::Given | FieldKind::Family => Some(Correlation {
                    group: 0,
                    side: 0,
                    share: FULL_NAME_SHARE,
                }),
                FieldKind::Text if part.is_whole_name => {
                    names += 1;
                    Some(Correlation {
                        group: 0,
                        side: (names - 1).min(3),
                        share: FULL_NAME_SHARE,
                    })
                }
                FieldKind::Postcode | FieldKind::Place => {
                    places += 1;
                    Some(Correlation {
                        group: 1,
                        side: (places - 1).min(3),
                        share: PLACE_SHARE,
                    })
                }
                _ => None,
            };
            FieldSpec {
                name: part.name.clone(),
                correlation,
                tells: match part.kind {
                    FieldKind::Given if first_given == Some(at) => Tells::GivenName,
                    _ if part.is_personal => Tells::Person,
                    FieldKind::Family => Tells::Family,
                    _ => Tells::Circumstance,
                },
                levels: part.kind.levels(),
            }
        })
        .collect()
}

/// How much rarer a number is than its records, where it is all that a file holds.
const LONE_NUMBER: f32 = 1.0 / 64.0;
/// However rare its words, no name is rarer than this.
const LEAST_SHARE: f32 = 1e-9;
const FULL_NAME_SHARE: f32 = 0.3;
const PLACE_SHARE: f32 = 0.7;

impl Comparator for GeneralRecords {
    fn len(&self) -> usize {
        self.rows
    }

    fn fields(&self) -> &[FieldSpec] {
        &self.specs
    }

    fn classes(&self) -> &[&'static str] {
        &["all"]
    }

    fn compare(&self, left: u32, right: u32) -> Outcome {
        let mut outcome = Outcome::default();
        if let Some(names) = self.given_family {
            self.compare_names(names, left, right, &mut outcome);
        }
        for (at, part) in self.parts.iter().enumerate() {
            if self
                .given_family
                .is_some_and(|(given, family)| at == given || at == family)
            {
                continue;
            }
            let (level, share) = values(
                part.kind,
                &self.lexicons[part.lexicon],
                self.value(at, left),
                self.value(at, right),
            );
            let mut share = self.share(at, share);
            if level == 1 && part.is_whole_name && self.given_family.is_none() {
                share = (share * self.share_by_words(at, left)).sqrt();
            }
            outcome.set_shared(at, level, share);
        }
        for names in &self.further_names {
            self.notice_other_name(*names, left, right, &mut outcome);
        }
        if let Some(lines) = self.address_lines {
            self.notice_swapped_lines(lines, left, right, &mut outcome);
        }
        if let Some(phones) = self.phones {
            self.notice_other_phone(phones, left, right, &mut outcome);
        }
        outcome.veto = self.contradiction(left, right, &outcome);
        outcome
    }
}

impl Blocker for GeneralRecords {
    fn schema(&self) -> String {
        let fields: Vec<String> = self
            .parts
            .iter()
            .map(|part| format!("{}:{:?}", part.name, part.kind).to_lowercase())
            .collect();
        format!("general({})", fields.join(", "))
    }

    fn key_kinds(&self) -> Vec<String> {
        self.recipes
            .iter()
            .map(|recipe| recipe.name.clone())
            .collect()
    }

    fn twins(&self) -> Option<(usize, usize)> {
        let is_of_phone = |kind: &usize| matches!(self.recipes[*kind].atoms[..], [(_, Atom::Tail)]);
        let mut kinds = (0..self.recipes.len()).filter(is_of_phone);
        kinds.next().zip(kinds.next())
    }

    fn write_keys(&self, record: u32, row: &mut [u64]) {
        for (slot, recipe) in row.iter_mut().zip(&self.recipes) {
            *slot = self.key(recipe, record);
        }
    }

    fn refine(&self, record: u32, step: u8) -> u64 {
        let wanted = match step {
            0 => [
                (FieldKind::Family, Atom::Start(3)),
                (FieldKind::Text, Atom::RareWord(0)),
            ],
            1 => [
                (FieldKind::Given, Atom::Start(2)),
                (FieldKind::Date, Atom::Year),
            ],
            _ => [
                (FieldKind::Date, Atom::Year),
                (FieldKind::Postcode, Atom::Part),
            ],
        };
        wanted
            .into_iter()
            .filter_map(|(kind, atom)| {
                self.parts
                    .iter()
                    .position(|part| part.kind == kind)
                    .map(|field| self.atom(field, atom, record))
            })
            .find(|atom| *atom != 0)
            .unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers of nine digits that pass Luhn's rule.
    fn sound_by_luhn(row: u32) -> String {
        let first = 10_000_000 + row * 7_919;
        let doubled = |(at, digit): (usize, u32)| match (at % 2, digit * 2) {
            (1, _) => digit,
            (_, twice) => twice / 10 + twice % 10,
        };
        let digits = (0..8).map(|place| first / 10_u32.pow(place) % 10);
        let sum: u32 = digits.enumerate().map(doubled).sum();
        format!("{first}{}", (10 - sum % 10) % 10)
    }

    const SPANISH: [(&str, Role); 3] = [
        ("nombre", Role::GivenName),
        ("apellido1", Role::FamilyName),
        ("apellido2", Role::FamilyName),
    ];

    fn records_of(columns: &[(&str, Role)], rows: &[&[&str]]) -> GeneralRecords {
        let headers = columns.iter().map(|(header, _)| (*header).to_owned());
        let mut table = Table::new(headers.collect());
        for row in rows {
            table.push_row(row.iter().copied()).unwrap();
        }
        let roles = columns.iter().map(|(_, role)| *role).collect();
        GeneralRecords::from_table(&table, &Mapping { roles }).unwrap()
    }

    #[test]
    fn a_surname_is_known_in_the_place_of_the_other() {
        let rows: [&[&str]; 4] = [
            &["Flora", "Noguera", "Pinilla"],
            &["Flora", "Pinilla", "Noguera"],
            &["Flora", "Pinilla", ""],
            &["Flora", "Blanes", "Raya"],
        ];
        let records = records_of(&SPANISH, &rows);
        let surnames = |left, right| {
            let levels = records.compare(left, right).levels;
            (levels[1], levels[2])
        };
        assert_eq!(surnames(0, 1), (names::CROSSED, names::CROSSED));
        assert_eq!(surnames(0, 2), (names::CROSSED, 0));
        assert_eq!(surnames(0, 2), surnames(2, 0));
        assert!(names::is_poor(surnames(0, 3).0));
    }

    #[test]
    fn mother_and_child_share_a_surname_and_differ_in_the_other() {
        let rows: [&[&str]; 2] = [
            &["Flora", "Noguera", "Pinilla"],
            &["Ivan", "Ortega", "Noguera"],
        ];
        let records = records_of(&SPANISH, &rows);
        for (left, right) in [(0, 1), (1, 0)] {
            let levels = records.compare(left, right).levels;
            assert_eq!(levels[1], names::CROSSED);
            assert!(levels[2] != 0 && names::is_poor(levels[2]));
        }
    }

    #[test]
    fn a_maiden_name_in_both_places_is_one_agreement() {
        let columns = [
            ("surname", Role::FamilyName),
            ("maiden name", Role::FamilyName),
        ];
        let records = records_of(&columns, &[&["Jonas", "Smolik"], &["Smolik", "Smolik"]]);
        let levels = records.compare(0, 1).levels;
        assert!(names::is_poor(levels[0]) && levels[1] == names::SAME);
    }

    #[test]
    fn a_pair_is_weighed_alike_from_either_side() {
        let frequent: &[&str] = &["Flora", "Blanes", "Noguera"];
        let mut rows = vec![frequent; 8];
        rows.push(&["Flora", "Noguera", "Pinilla"]);
        rows.push(&["Flora", "Pinilla", "Noguera"]);
        let records = records_of(&SPANISH, &rows);
        let (one, other) = (records.compare(8, 9), records.compare(9, 8));
        assert_eq!(one.levels, other.levels);
        assert_eq!(
            one.share.map(f32::to_bits),
            other.share.map(f32::to_bits),
            "how common each name is"
        );
    }

    #[test]
    fn an_age_speaks_where_a_birthday_is_missing() {
        let columns = [
            ("name", Role::FullName),
            ("census", Role::Recorded),
            ("age", Role::Age),
            ("born", Role::Date),
        ];
        let rows: [&[&str]; 3] = [
            &["Jan Nowak", "1880", "40", "1840-03-02"],
            &["Jan Nowak", "1890", "50", ""],
            &["Jan Nowak", "1890", "30", "3 Feb 1860"],
        ];
        let records = records_of(&columns, &rows);
        let at = |kind| records.parts.iter().position(|part| part.kind == kind);
        let (age, born) = (at(FieldKind::Age).unwrap(), at(FieldKind::Date).unwrap());
        let level = |left, right, field: usize| records.compare(left, right).levels[field];
        assert_eq!((level(0, 1, age), level(0, 1, born)), (1, 0));
        assert_eq!(level(1, 2, age), 5);
        assert_eq!((level(0, 2, age), level(0, 2, born)), (0, 8));
    }

    #[test]
    fn a_whole_name_of_rare_words_is_rare_however_often_its_person_is_listed() {
        let mut rows: Vec<[String; 1]> = (0..400)
            .map(|at| {
                [format!(
                    "{} {}",
                    ["Jan", "Ewa"][at % 2],
                    ["Nowak", "Lis"][at / 2 % 2]
                )]
            })
            .collect();
        rows.extend((0..20).map(|_| ["Leopold Wieniawski".to_owned()]));
        let rows: Vec<Vec<&str>> = rows.iter().map(|row| vec![row[0].as_str()]).collect();
        let rows: Vec<&[&str]> = rows.iter().map(Vec::as_slice).collect();
        let records = records_of(&[("name", Role::FullName)], &rows);
        let share = |left, right| records.compare(left, right).share[0];
        let counted = 20.0 / (rows.len() as f32 + 20.0);
        assert!(share(400, 401) < counted, "{} {counted}", share(400, 401));
        let halves = [("first", Role::GivenName), ("last", Role::FamilyName)];
        let row: &[&str] = &["a", "b", "a b"];
        let columns = [&halves[..], &[("name", Role::FullName)]].concat();
        let with_halves = records_of(&columns, &[row; 3]);
        assert!(with_halves.compare(0, 1).share[2] > 0.1);
    }

    #[test]
    fn an_age_is_no_matter_of_weddings_and_deaths() {
        let columns = [
            ("name", Role::FullName),
            ("census", Role::Recorded),
            ("age", Role::Age),
            ("married", Role::Date),
            ("died", Role::Date),
        ];
        let rows: [&[&str]; 2] = [
            &["Jan Nowak", "1880", "40", "1865-05-01", "1899-03-02"],
            &["Jan Nowak", "1890", "50", "", ""],
        ];
        let records = records_of(&columns, &rows);
        let age = records
            .parts
            .iter()
            .position(|part| part.kind == FieldKind::Age);
        assert_eq!(records.compare(0, 1).levels[age.unwrap()], 1);
    }

    #[test]
    fn a_name_in_two_scripts_is_one_piece_of_evidence() {
        let columns = [
            ("氏名", Role::FullName),
            ("フリガナ", Role::FullName),
            ("title", Role::Text),
        ];
        let records = records_of(&columns, &[&["青木裕太", "アオキ ユウタ", "x"]]);
        let groups = records.specs.iter().map(|spec| spec.correlation);
        let sides: Vec<Option<u8>> = groups.map(|group| group.map(|group| group.side)).collect();
        assert_eq!(sides, [Some(0), Some(1), None]);
    }

    #[test]
    fn only_the_persons_own_number_contradicts() {
        for (header, wanted) in [
            ("siren", None),
            ("card_number", None),
            ("employer_national_id", None),
            ("sin", Some(Checked::Luhn)),
        ] {
            let mut table = Table::new(vec!["name".to_owned(), header.to_owned()]);
            for row in 0..100 {
                let number = sound_by_luhn(row);
                table.push_row(["Jan Nowak", number.as_str()]).unwrap();
            }
            let mapping = Mapping {
                roles: vec![Role::FullName, Role::Code],
            };
            let records = GeneralRecords::from_table(&table, &mapping).unwrap();
            let kind = records.checked.map(|(_, kind)| kind);
            assert_eq!(kind, wanted, "{header}");
        }
    }
}
