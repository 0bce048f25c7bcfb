//! Ages: beside the year in which a list was made they tell the year of birth.

use super::Role;
use super::header::{is_bare_year, speaks_of_birth};
use crate::table::Table;

/// Birthdays missing in so many rows leave something for ages to say.
const MISSING_BIRTHDAYS: f32 = 0.05;

/// An age is compared only where no birthday is known; the year of a list is then no year of birth.
pub(super) fn settle(table: &Table, roles: &mut [Role]) {
    if !roles.contains(&Role::Age) {
        return;
    }
    if !roles.contains(&Role::Recorded)
        && let Some(column) = (0..roles.len())
            .find(|column| roles[*column] == Role::Year && is_bare_year(&table.headers()[*column]))
    {
        roles[column] = Role::Recorded;
    }
    let birth = birth_column(table, roles);
    let is_told =
        |row: usize| birth.is_some_and(|column| !super::is_missing(table.cell(row, column).trim()));
    let step = (table.rows() / 2_000).max(1);
    let looked = (0..table.rows()).step_by(step);
    let (rows, told) = looked.fold((0_u32, 0_u32), |(rows, told), row| {
        (rows + 1, told + u32::from(is_told(row)))
    });
    let is_needed =
        roles.contains(&Role::Recorded) && (told as f32) < (1.0 - MISSING_BIRTHDAYS) * rows as f32;
    let has_dates = roles.iter().any(|role| is_date(*role));
    if has_dates && !is_needed {
        for role in roles.iter_mut().filter(|role| **role == Role::Age) {
            *role = Role::Ignore;
        }
    }
}

/// The column that says when somebody was born, and not when he married or died: its header tells, or no other holds dates.
pub(crate) fn birth_column(table: &Table, roles: &[Role]) -> Option<usize> {
    let columns = (0..roles.len()).filter(|column| is_date(roles[*column]));
    let dates: Vec<usize> = columns.collect();
    let says_birth = |column: &&usize| speaks_of_birth(&table.headers()[**column]);
    let only = dates.first().filter(|_| dates.len() == 1);
    dates.iter().find(says_birth).or(only).copied()
}

fn is_date(role: Role) -> bool {
    matches!(role, Role::Date | Role::Year)
}

#[cfg(test)]
mod tests {
    use super::super::{Role, recognise};
    use super::*;

    fn roles_of(headers: &[&str]) -> Vec<Role> {
        let mut table = Table::new(headers.iter().map(|header| (*header).to_owned()).collect());
        for row in 0..400 {
            let cells = headers.iter().map(|header| match *header {
                "dob" => format!("{}-03-{:02}", 1900 + row % 80, 1 + row % 28),
                "born" if row % 3 == 0 => String::new(),
                "born" => format!("{}-03-{:02}", 1900 + row % 80, 1 + row % 28),
                "snapshot" => format!("20{:02}-11-04", 8 + 2 * (row % 4)),
                "year" => (1800 + row % 60).to_string(),
                "name" => ["Jan Nowak", "Ewa Kowal", "Piotr Lis"][row % 3].to_owned(),
                _ => (row % 90).to_string(),
            });
            let cells: Vec<String> = cells.collect();
            table.push_row(cells.iter().map(String::as_str)).unwrap();
        }
        recognise(&table, None).roles
    }

    #[test]
    fn an_age_is_read_with_the_year_of_its_list() {
        assert_eq!(
            roles_of(&["name", "age", "snapshot"])[1..],
            [Role::Age, Role::Recorded]
        );
        assert_eq!(
            roles_of(&["name", "year", "wiek"])[1..],
            [Role::Recorded, Role::Age]
        );
        assert_eq!(roles_of(&["name", "year"])[1], Role::Year);
    }

    #[test]
    fn an_age_stands_for_birthdays_that_are_missing() {
        assert_eq!(
            roles_of(&["born", "snapshot", "age"]),
            [Role::Date, Role::Recorded, Role::Age]
        );
    }

    #[test]
    fn a_birthday_makes_ages_needless() {
        assert_eq!(
            roles_of(&["name", "dob", "age"])[1..],
            [Role::Date, Role::Ignore]
        );
    }
}
