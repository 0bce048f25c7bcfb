//! The records of a table, field by field.

use rayon::prelude::*;

use super::compare::{Share, is_swapped_line, values};
use super::keys::{Atom, KeyRecipe, recipes};
use super::levels::FieldKind;
use super::lexicon::Lexicon;
use super::names;
use crate::batch::{BatchOptions, Blocker};
use crate::dates::{self, Date, DayOrder};
use crate::schema::{Mapping, Role, is_missing};
use crate::score::{Comparator, Correlation, FieldSpec, MAX_FIELDS, Outcome};
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
}

/// A lexicon to build: its kind, and for each of its columns the table columns that are joined.
struct Plan {
    kind: FieldKind,
    columns: Vec<(String, FieldKind, Vec<usize>)>,
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
        let mut parts = Vec::new();
        for (lexicon, plan) in plans.iter().enumerate() {
            for (column, (name, kind, _)) in plan.columns.iter().enumerate() {
                parts.push(Field {
                    name: name.clone(),
                    kind: *kind,
                    lexicon,
                    column,
                });
            }
        }
        parts.truncate(MAX_FIELDS);
        let place_of = |kind| parts.iter().position(|part| part.kind == kind);
        let lines: Vec<usize> = parts
            .iter()
            .enumerate()
            .filter(|(_, part)| part.kind == FieldKind::Address)
            .map(|(at, _)| at)
            .collect();
        let specs = specs(&parts);
        Ok(Self {
            rows: table.rows(),
            specs,
            recipes: recipes(&parts),
            given_family: place_of(FieldKind::Given).zip(place_of(FieldKind::Family)),
            address_lines: lines.first().copied().zip(lines.get(1).copied()),
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
        count.max(2) as f32 / (self.rows as f32 + 20.0)
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

/// Stands for a part of a date that has no column.
const NO_COLUMN: usize = usize::MAX;

fn cell(table: &Table, plan: &Plan, row: usize, column: usize, order: DayOrder) -> String {
    let (_, kind, columns) = &plan.columns[column];
    let filled = |column: &usize| {
        let cell = (*column != NO_COLUMN).then(|| table.cell(row, *column).trim());
        cell.filter(|text| !is_missing(text))
    };
    if *kind == FieldKind::Date {
        let date = match columns[..] {
            [whole] => filled(&whole).and_then(|whole| dates::parse(whole, order)),
            [year, month, day] => {
                let small = |column| filled(&column).and_then(dates::month).unwrap_or(0);
                filled(&year)
                    .and_then(|year| dates::parse(year, order))
                    .and_then(|date| Date::lenient(date.year(), small(month), small(day)))
            }
            _ => None,
        };
        return date.map_or_else(String::new, |date| date.packed().to_string());
    }
    let parts: Vec<&str> = columns.iter().filter_map(filled).collect();
    parts.join(" ")
}

fn plan(table: &Table, mapping: &Mapping) -> Vec<Plan> {
    let columns = |wanted: Role| -> Vec<usize> {
        mapping
            .roles
            .iter()
            .enumerate()
            .filter(|(_, role)| **role == wanted)
            .map(|(column, _)| column)
            .collect()
    };
    let header = |column: usize| table.headers()[column].clone();
    let mut plans = Vec::new();
    let (given, family) = (columns(Role::GivenName), columns(Role::FamilyName));
    let mut names = Vec::new();
    if let Some(first) = given.first() {
        names.push((header(*first), FieldKind::Given, given.clone()));
    }
    if let Some(first) = family.first() {
        names.push((header(*first), FieldKind::Family, family.clone()));
    }
    if !names.is_empty() {
        plans.push(Plan {
            kind: FieldKind::Given,
            columns: names,
        });
    }
    let mut each = |role: Role, kind: FieldKind| {
        for column in columns(role) {
            plans.push(Plan {
                kind,
                columns: vec![(header(column), kind, vec![column])],
            });
        }
    };
    each(Role::FullName, FieldKind::Text);
    each(Role::Date, FieldKind::Date);
    each(Role::Code, FieldKind::Code);
    each(Role::ResidentId, FieldKind::Code);
    each(Role::Phone, FieldKind::Phone);
    each(Role::Email, FieldKind::Email);
    each(Role::Postcode, FieldKind::Postcode);
    each(Role::HouseNumber, FieldKind::Number);
    each(Role::Place, FieldKind::Place);
    each(Role::Gender, FieldKind::Category);
    each(Role::Category, FieldKind::Category);
    each(Role::Vin, FieldKind::Code);
    each(Role::Plate, FieldKind::Code);
    each(Role::Contact, FieldKind::Text);
    each(Role::Text, FieldKind::Text);
    let lines = columns(Role::Address);
    if !lines.is_empty() {
        let lines = lines
            .into_iter()
            .map(|column| (header(column), FieldKind::Address, vec![column]))
            .collect();
        plans.insert(
            plans.len().min(6),
            Plan {
                kind: FieldKind::Address,
                columns: lines,
            },
        );
    }
    let birth: Vec<usize> = [Role::Year, Role::Month, Role::Day]
        .into_iter()
        .map(|role| columns(role).first().copied().unwrap_or(NO_COLUMN))
        .collect();
    if columns(Role::Date).is_empty() && columns(Role::Year).len() == 1 {
        plans.insert(
            plans.len().min(1),
            Plan {
                kind: FieldKind::Date,
                columns: vec![("birth".to_owned(), FieldKind::Date, birth)],
            },
        );
    }
    plans
}

/// Month first only if some first number is 12 at most wherever the second passes 12.
fn day_order(table: &Table, mapping: &Mapping) -> DayOrder {
    let Some(column) = mapping.roles.iter().position(|role| *role == Role::Date) else {
        return DayOrder::DayFirst;
    };
    let (mut first_large, mut second_large) = (0, 0);
    for row in 0..table.rows().min(5_000) {
        let mut numbers = table
            .cell(row, column)
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|part| part.parse::<u32>().ok());
        if let (Some(first), Some(second)) = (numbers.next(), numbers.next()) {
            first_large += u32::from((13..=31).contains(&first));
            second_large += u32::from((13..=31).contains(&second));
        }
    }
    if second_large > first_large {
        DayOrder::MonthFirst
    } else {
        DayOrder::DayFirst
    }
}

/// One name written in several columns, and places that contain one another, do not add up freely.
fn specs(parts: &[Field]) -> Vec<FieldSpec> {
    let has_parts_of_name = parts.iter().any(|part| part.kind == FieldKind::Family);
    let is_full_name = |at: usize| {
        has_parts_of_name
            && parts[at].kind == FieldKind::Text
            && parts[..at].iter().all(|part| part.kind != FieldKind::Text)
    };
    let mut places = 0;
    (0..parts.len())
        .map(|at| {
            let part = &parts[at];
            let correlation = match part.kind {
                FieldKind::Given | FieldKind::Family => Some(Correlation {
                    group: 0,
                    side: 0,
                    share: FULL_NAME_SHARE,
                }),
                FieldKind::Text if is_full_name(at) => Some(Correlation {
                    group: 0,
                    side: 1,
                    share: FULL_NAME_SHARE,
                }),
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
                levels: part.kind.levels(),
            }
        })
        .collect()
}

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
            outcome.set_shared(at, level, self.share(at, share));
        }
        if let Some(lines) = self.address_lines {
            self.notice_swapped_lines(lines, left, right, &mut outcome);
        }
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
