//! Which columns of a table make which field, and what a cell of it says.

use super::levels::FieldKind;
use crate::dates::{self, Date, DayOrder};
use crate::schema::{Mapping, Role, birth_column, is_missing, own_number_rank, speaks_of_birth};
use crate::table::Table;

/// A lexicon to build: its kind, and for each of its columns the table columns that are joined.
pub(super) struct Plan {
    pub(super) kind: FieldKind,
    pub(super) columns: Vec<Column>,
}

/// Name, kind, and the columns of the table.
type Column = (String, FieldKind, Vec<usize>);

/// What relatives do not share: given name, birthday, age and gender.
pub(super) fn is_personal(
    table: &Table,
    mapping: &Mapping,
    kind: FieldKind,
    columns: &[usize],
) -> bool {
    let is_gender =
        |column: &usize| *column < table.headers().len() && mapping.roles[*column] == Role::Gender;
    match kind {
        FieldKind::Given | FieldKind::Age => true,
        FieldKind::Date => is_birthday(table, mapping, columns),
        _ => columns.iter().any(is_gender),
    }
}

/// Marriages and visits are no birthdays: the header says birth, or there is no other date.
fn is_birthday(table: &Table, mapping: &Mapping, columns: &[usize]) -> bool {
    // Year, month and day apart are taken only where no column holds dates.
    let [whole] = columns else {
        return true;
    };
    let says_birth = |column: usize| speaks_of_birth(&table.headers()[column]);
    let is_other = |(column, role): (usize, &Role)| {
        column != *whole && (*role == Role::Date || *role == Role::Year && says_birth(column))
    };
    says_birth(*whole) || !mapping.roles.iter().enumerate().any(is_other)
}

/// The column of the person's own identity number: the first of those whose headers say so most plainly.
pub(super) fn own_number(table: &Table, mapping: &Mapping) -> Option<usize> {
    let rank = |(column, role): (usize, &Role)| {
        let is_number = matches!(role, Role::Code | Role::ResidentId);
        let rank = own_number_rank(&table.headers()[column], *role == Role::ResidentId);
        rank.filter(|_| is_number).map(|rank| (rank, column))
    };
    let ranked = mapping.roles.iter().enumerate().filter_map(rank);
    ranked.min().map(|(_, column)| column)
}

/// Stands for a part of a date that has no column.
const NO_COLUMN: usize = usize::MAX;

pub(super) fn cell(
    table: &Table,
    plan: &Plan,
    row: usize,
    column: usize,
    order: DayOrder,
) -> String {
    let (_, kind, columns) = &plan.columns[column];
    let filled = |column: &usize| {
        let cell = (*column != NO_COLUMN).then(|| table.cell(row, *column).trim());
        let is_nothing = |text: &str| is_missing(text) || text == "0" && is_never_zero(*kind);
        cell.filter(|text| !is_nothing(text))
    };
    if *kind == FieldKind::Date {
        let date = match columns[..] {
            [whole] => filled(&whole).and_then(|whole| dates::parse_in_column(whole, order)),
            [year, month, day] => {
                let small = |column| filled(&column).and_then(dates::month).unwrap_or(0);
                filled(&year)
                    .and_then(|year| dates::parse_in_column(year, order))
                    .and_then(|date| Date::lenient(date.year(), small(month), small(day)))
            }
            _ => None,
        };
        return date.map_or_else(String::new, |date| date.packed().to_string());
    }
    if *kind == FieldKind::Age {
        let year_in = |column: &usize| {
            let date = filled(column).and_then(|cell| dates::parse_in_column(cell, order));
            date.map(|date| u32::from(date.year()))
        };
        if let Some(born) = columns.get(2).and_then(year_in) {
            return (DATED * born).to_string();
        }
        let told = columns.first().and_then(filled).and_then(years);
        let recorded = match columns.get(1) {
            Some(recorded) => year_in(recorded),
            // Lists of one time: any year will do as theirs.
            None => Some(LIST_YEAR),
        };
        let born = recorded
            .zip(told)
            .map(|(year, told)| year.saturating_sub(told));
        return born.map_or_else(String::new, |born| born.to_string());
    }
    let parts: Vec<&str> = columns.iter().filter_map(filled).collect();
    parts.join(" ")
}

/// True for what nobody has a zero of: there it stands for nothing.
fn is_never_zero(kind: FieldKind) -> bool {
    !matches!(
        kind,
        FieldKind::Age | FieldKind::Number | FieldKind::Category
    )
}

/// Years of birth that a birthday tells are told from those by age by this factor.
pub(super) const DATED: u32 = 10_000;

/// Stands for the year of a list that does not say.
const LIST_YEAR: u32 = 2000;

/// Whole years of an age: 34, "34 years", "34 J.", "34 M"; months, weeks and days of a child are no year.
fn years(age: &str) -> Option<u32> {
    let end = age.find(|c: char| !c.is_ascii_digit()).unwrap_or(age.len());
    let number: u32 = age[..end].parse().ok().filter(|years| *years <= 120)?;
    let unit = age[end..].trim().trim_end_matches('.').to_lowercase();
    Some(if is_of_child(number, &unit) {
        0
    } else {
        number
    })
}

/// Months, weeks, days, or 3/12; a letter alone may be the gender: 34 m is a man, 34 w a woman.
fn is_of_child(number: u32, unit: &str) -> bool {
    const GENDERS: [&str; 9] = [
        "male", "masc", "mann", "männ", "męż", "weib", "woman", "muj", "mulh",
    ];
    let begins = |starts: &[&str]| starts.iter().any(|start| unit.starts_with(start));
    match unit {
        "man" => false,
        "m" => number <= 24,
        "w" => number <= 12,
        "d" | "t" => number <= 31,
        _ if begins(&GENDERS) => false,
        _ => {
            let is_part = |rest: &str| rest.trim_start().starts_with(|c: char| c.is_ascii_digit());
            begins(&["m", "w", "d", "t"]) || unit.strip_prefix('/').is_some_and(is_part)
        }
    }
}

pub(super) fn plan(table: &Table, mapping: &Mapping) -> Vec<Plan> {
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
    // Each name in its own field: a second surname or a father's name is evidence of its own.
    let named = |kind| move |column: &usize| (header(*column), kind, vec![*column]);
    let names: Vec<_> = given
        .iter()
        .map(named(FieldKind::Given))
        .chain(family.iter().map(named(FieldKind::Family)))
        .collect();
    if !names.is_empty() {
        plans.push(Plan {
            kind: FieldKind::Given,
            columns: names,
        });
    }
    for column in columns(Role::FullName) {
        let mut whole = vec![column];
        if given.len() == 1 && family.len() == 1 && stand_in(table, column, &[given[0], family[0]])
        {
            whole.extend([given[0], family[0]]);
        }
        plans.push(Plan {
            kind: FieldKind::Text,
            columns: vec![(header(column), FieldKind::Text, whole)],
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
    each(Role::Date, FieldKind::Date);
    each(Role::Code, FieldKind::Code);
    each(Role::ResidentId, FieldKind::Code);
    each(Role::Email, FieldKind::Email);
    each(Role::Postcode, FieldKind::Postcode);
    each(Role::HouseNumber, FieldKind::Number);
    each(Role::Place, FieldKind::Place);
    each(Role::Gender, FieldKind::Category);
    each(Role::Category, FieldKind::Category);
    each(Role::Kind, FieldKind::Category);
    each(Role::Vin, FieldKind::Code);
    each(Role::Plate, FieldKind::Code);
    each(Role::Contact, FieldKind::Text);
    each(Role::Text, FieldKind::Text);
    // Phones and lines of an address are in one lexicon each, so that a value is known in the other's place.
    let each_alone = |role: Role, kind: FieldKind| -> Vec<Column> {
        let columns = columns(role).into_iter();
        columns
            .map(|column| (header(column), kind, vec![column]))
            .collect()
    };
    put(&mut plans, 5, each_alone(Role::Phone, FieldKind::Phone));
    if let Some(age) = columns(Role::Age).first() {
        let recorded = columns(Role::Recorded).first().copied();
        let born = birth_column(table, &mapping.roles);
        let columns = match recorded {
            Some(recorded) => [Some(*age), Some(recorded), born]
                .into_iter()
                .flatten()
                .collect(),
            None => vec![*age],
        };
        put(&mut plans, 1, vec![(header(*age), FieldKind::Age, columns)]);
    }
    put(&mut plans, 6, each_alone(Role::Address, FieldKind::Address));
    let birth: Vec<usize> = [Role::Year, Role::Month, Role::Day]
        .into_iter()
        .map(|role| columns(role).first().copied().unwrap_or(NO_COLUMN))
        .collect();
    if columns(Role::Date).is_empty() && columns(Role::Year).len() == 1 {
        let birth = ("birth".to_owned(), FieldKind::Date, birth);
        put(&mut plans, 1, vec![birth]);
    }
    plans
}

/// True if the halves of a name are filled where the whole is not, as in files put together of two sources: joined they are the
/// whole name of their rows.
fn stand_in(table: &Table, whole: usize, halves: &[usize]) -> bool {
    let is_filled = |row: usize, column: usize| !is_missing(table.cell(row, column).trim());
    let (mut wholes, mut parts, mut both) = (0_u32, 0_u32, 0_u32);
    for row in (0..table.rows()).step_by((table.rows() / 2_000).max(1)) {
        let (one, other) = (
            is_filled(row, whole),
            halves.iter().any(|half| is_filled(row, *half)),
        );
        wholes += u32::from(one && !other);
        parts += u32::from(other && !one);
        both += u32::from(one && other);
    }
    both * 20 < wholes.min(parts)
}

/// Puts the columns of one lexicon into the given place, or last.
fn put(plans: &mut Vec<Plan>, at: usize, columns: Vec<Column>) {
    if let Some((_, kind, _)) = columns.first() {
        let kind = *kind;
        plans.insert(plans.len().min(at), Plan { kind, columns });
    }
}

/// Month first only if some first number is 12 at most wherever the second passes 12.
pub(super) fn day_order(table: &Table, mapping: &Mapping) -> DayOrder {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_read_in_years_and_told_with_their_list() {
        for (raw, wanted) in [
            ("34", Some(34)),
            ("34 J.", Some(34)),
            ("8 mo", Some(0)),
            ("3/12", Some(0)),
            ("200", None),
            ("34 M", Some(34)),
            ("34m", Some(34)),
            ("34 w", Some(34)),
            ("34/M", Some(34)),
            ("34 male", Some(34)),
            ("8m", Some(0)),
            ("3 / 12", Some(0)),
            ("3 w.", Some(0)),
            ("30 months", Some(0)),
        ] {
            assert_eq!(years(raw), wanted, "{raw}");
        }
        let mut table = Table::new(["age", "census", "other"].map(str::to_owned).to_vec());
        table.push_row(["34", "1851", ""]).unwrap();
        table.push_row(["34", "", ""]).unwrap();
        let mapping = |recorded| Mapping {
            roles: vec![Role::Age, recorded, Role::Ignore],
        };
        let told = |recorded, row| {
            let plans = plan(&table, &mapping(recorded));
            cell(&table, &plans[0], row, 0, DayOrder::DayFirst)
        };
        assert_eq!(told(Role::Recorded, 0), "1817");
        assert_eq!(told(Role::Recorded, 1), "");
        assert_eq!(told(Role::Ignore, 0), told(Role::Ignore, 1));
    }

    fn of(columns: &[(&str, Role)]) -> (Table, Mapping) {
        let headers = columns.iter().map(|(header, _)| (*header).to_owned());
        let roles = columns.iter().map(|(_, role)| *role);
        let mapping = Mapping {
            roles: roles.collect(),
        };
        (Table::new(headers.collect()), mapping)
    }

    #[test]
    fn halves_of_a_name_stand_for_the_whole_where_that_is_missing() {
        let columns = [
            ("name", Role::FullName),
            ("first", Role::GivenName),
            ("last", Role::FamilyName),
        ];
        let (mut table, mapping) = of(&columns);
        table.push_row(["Jan Nowak", "", ""]).unwrap();
        table.push_row(["", "Ewa", "Lis"]).unwrap();
        let whole = |table: &Table, row| {
            let plans = plan(table, &mapping);
            let whole = plans.iter().find(|plan| plan.kind == FieldKind::Text);
            cell(table, whole.unwrap(), row, 0, DayOrder::DayFirst)
        };
        assert_eq!(whole(&table, 0), "Jan Nowak");
        assert_eq!(whole(&table, 1), "Ewa Lis");
        for _ in 0..5 {
            table.push_row(["Piotr Kowal", "Piotr", "Kowal"]).unwrap();
        }
        assert_eq!(whole(&table, 1), "");
    }

    #[test]
    fn a_marriage_is_no_birthday() {
        let is_personal = |columns: &[(&str, Role)], column: usize| {
            let (table, mapping) = of(columns);
            is_personal(&table, &mapping, FieldKind::Date, &[column])
        };
        let dates = [
            ("marriage_date", Role::Date),
            ("dob", Role::Date),
            ("visit", Role::Date),
        ];
        assert!(!is_personal(&dates, 0) && is_personal(&dates, 1) && !is_personal(&dates, 2));
        assert!(is_personal(&[("when", Role::Date)], 0));
        assert!(!is_personal(
            &[("visit", Role::Date), ("birth_year", Role::Year)],
            0
        ));
        let (table, mapping) = of(&[("year", Role::Year)]);
        let columns = [0, NO_COLUMN, NO_COLUMN];
        assert!(super::is_personal(
            &table,
            &mapping,
            FieldKind::Date,
            &columns
        ));
    }

    #[test]
    fn one_column_holds_the_persons_own_number() {
        let own = |columns: &[(&str, Role)]| {
            let (table, mapping) = of(columns);
            own_number(&table, &mapping)
        };
        let code = |header| (header, Role::Code);
        assert_eq!(own(&[code("siren"), code("card_number")]), None);
        assert_eq!(own(&[code("guardian_pesel"), code("pesel")]), Some(1));
        assert_eq!(
            own(&[("x1", Role::ResidentId), code("id_no"), code("dni")]),
            Some(2)
        );
        assert_eq!(own(&[("x1", Role::ResidentId)]), Some(0));
        assert_eq!(own(&[("pesel", Role::Ignore)]), None);
    }
}
