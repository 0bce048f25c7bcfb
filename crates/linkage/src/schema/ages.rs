//! Ages: beside the year in which a list was made they tell the year of birth.

use super::Role;
use super::header::is_bare_year;
use crate::table::Table;

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
    if roles.contains(&Role::Date) || roles.contains(&Role::Year) {
        for role in roles.iter_mut().filter(|role| **role == Role::Age) {
            *role = Role::Ignore;
        }
    }
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
    fn a_birthday_makes_ages_needless() {
        assert_eq!(
            roles_of(&["name", "dob", "age"])[1..],
            [Role::Date, Role::Ignore]
        );
    }
}
