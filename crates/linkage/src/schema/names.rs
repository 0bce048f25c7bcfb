//! What the name columns of a table are to one another: headers such as `Name` or `nome` mean one thing alone and another
//! beside a column for the other half, and some columns only repeat others.

use rustc_hash::FxHashSet;

use super::Role;
use crate::table::Table;
use crate::text::fold::fold;

/// Rows looked at.
const SAMPLE: usize = 2_000;
/// A column repeats others if this share of its filled values does.
const REPEATS: f32 = 0.95;

/// Puts the roles of name columns right, given those of all columns.
pub(super) fn settle(table: &Table, roles: &mut [Role]) {
    take_name_of_known_words_for_half(table, roles);
    leave_titles_and_owners(table, roles);
    take_bare_name_for_missing_half(table, roles);
    take_lone_half_for_whole(table, roles);
    leave_names_of_others(table, roles);
    ignore_repetitions(table, roles);
}

/// The columns of whole names.
fn wholes_of(roles: &[Role]) -> Vec<usize> {
    columns_of(roles, |role| role == Role::FullName)
}

fn columns_of(roles: &[Role], is: impl Fn(Role) -> bool) -> Vec<usize> {
    (0..roles.len())
        .filter(|column| is(roles[*column]))
        .collect()
}

/// A name beside given and family name that holds words of one of them, such as `middle`, is a further one of its kind.
fn take_name_of_known_words_for_half(table: &Table, roles: &mut [Role]) {
    let words_of = |half| -> FxHashSet<String> {
        let columns = columns_of(roles, |role| role == half);
        let cells = columns
            .into_iter()
            .flat_map(|column| sampled(table).map(move |row| table.cell(row, column)));
        cells.map(fold).filter(|word| !word.is_empty()).collect()
    };
    let (given, family) = (words_of(Role::GivenName), words_of(Role::FamilyName));
    if given.is_empty() || family.is_empty() {
        return;
    }
    for column in wholes_of(roles) {
        // An initial is of no vocabulary, and of any.
        let known = |words: &FxHashSet<String>| {
            share(table, column, |text| {
                let word = fold(text);
                word.chars().nth(1).is_none() || words.contains(&word)
            })
        };
        let is_one_word = share(table, column, |text| !text.trim().contains(' ')) >= 0.7;
        let (as_given, as_family) = (known(&given), known(&family));
        if is_one_word && as_given.max(as_family) > 0.5 {
            roles[column] = if as_given >= as_family {
                Role::GivenName
            } else {
                Role::FamilyName
            };
        }
    }
}

/// A name that holds neither given nor family name of its row is another's: an employer's, a ship's.
fn leave_names_of_others(table: &Table, roles: &mut [Role]) {
    let halves = columns_of(roles, |role| {
        matches!(role, Role::GivenName | Role::FamilyName)
    });
    for column in wholes_of(roles) {
        if is_name_of_another(table, column, &halves) {
            roles[column] = Role::Text;
        }
    }
}

/// Rows with both a whole name and halves, from which on they are compared.
const LEAST_ROWS: u32 = 10;

fn is_name_of_another(table: &Table, column: usize, halves: &[usize]) -> bool {
    let (mut both, mut shared) = (0_u32, 0_u32);
    for row in sampled(table) {
        let whole = sorted_words(table.cell(row, column));
        let mut words = halves
            .iter()
            .flat_map(|half| sorted_words(table.cell(row, *half)))
            .peekable();
        if !whole.is_empty() && words.peek().is_some() {
            both += 1;
            shared += u32::from(words.any(|word| whole.contains(&word)));
        }
    }
    both >= LEAST_ROWS && shared * 4 < both
}

/// A title beside a name is that of a work, an owner beside one whoever looks after the record.
fn leave_titles_and_owners(table: &Table, roles: &mut [Role]) {
    let wholes = wholes_of(roles);
    let is_said = |column: &&usize| {
        let header = fold(&table.headers()[**column]);
        header == "title" || header == "owner"
    };
    if let Some(other) = wholes.iter().find(is_said).filter(|_| wholes.len() > 1) {
        roles[*other] = Role::Text;
    }
}

/// `Name` beside `Vorname` is the family name, `nome` beside `cognome` the given name.
fn take_bare_name_for_missing_half(table: &Table, roles: &mut [Role]) {
    let has = |roles: &[Role], role| roles.contains(&role);
    let missing = match (has(roles, Role::GivenName), has(roles, Role::FamilyName)) {
        (true, false) => Role::FamilyName,
        (false, true) => Role::GivenName,
        _ => return,
    };
    let bare = (0..roles.len()).find(|column| {
        roles[*column] == Role::FullName
            && !fold(&table.headers()[*column]).contains(|c: char| !c.is_alphanumeric())
            && share(table, *column, |text| !text.trim().contains(' ')) > 0.7
    });
    if let Some(column) = bare {
        roles[column] = missing;
    }
}

/// One half without the other, and of several words: it holds the whole name.
fn take_lone_half_for_whole(table: &Table, roles: &mut [Role]) {
    for (half, other) in [
        (Role::GivenName, Role::FamilyName),
        (Role::FamilyName, Role::GivenName),
    ] {
        if roles.contains(&other) || roles.contains(&Role::FullName) {
            continue;
        }
        if let Some(column) = roles.iter().position(|role| *role == half)
            && share(table, column, |text| text.trim().contains(' ')) > 0.6
        {
            roles[column] = Role::FullName;
        }
    }
}

/// A whole name that holds no word beyond given and family name says nothing of its own; nor does a second copy of a column.
fn ignore_repetitions(table: &Table, roles: &mut [Role]) {
    let halves: Vec<usize> = (0..roles.len())
        .filter(|column| matches!(roles[*column], Role::GivenName | Role::FamilyName))
        .collect();
    let wholes: Vec<usize> = (0..roles.len())
        .filter(|column| roles[*column] == Role::FullName)
        .collect();
    for (at, column) in wholes.iter().enumerate() {
        let repeats_halves = !halves.is_empty() && repeats(table, *column, &halves);
        let repeats_other = wholes[..at]
            .iter()
            .any(|other| roles[*other] == Role::FullName && repeats(table, *column, &[*other]));
        if repeats_halves || repeats_other {
            roles[*column] = Role::Ignore;
        }
    }
}

/// True if the words of `column` are those of the `others` together, nearly everywhere.
fn repeats(table: &Table, column: usize, others: &[usize]) -> bool {
    let (mut filled, mut same) = (0_u32, 0_u32);
    for row in sampled(table) {
        let words = sorted_words(table.cell(row, column));
        if words.is_empty() {
            continue;
        }
        filled += 1;
        let joined = others
            .iter()
            .map(|other| table.cell(row, *other))
            .collect::<Vec<_>>()
            .join(" ");
        same += u32::from(words == sorted_words(&joined));
    }
    filled > 0 && same as f32 >= REPEATS * filled as f32
}

fn sorted_words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = fold(text)
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect();
    words.sort_unstable();
    words
}

/// The share of a column's filled values for which `is` holds.
fn share(table: &Table, column: usize, is: impl Fn(&str) -> bool) -> f32 {
    let values = sampled(table).map(|row| table.cell(row, column));
    let (filled, held) = values
        .filter(|value| !super::is_missing(value.trim()))
        .fold((0_u32, 0_u32), |(filled, held), value| {
            (filled + 1, held + u32::from(is(value)))
        });
    held as f32 / filled.max(1) as f32
}

fn sampled(table: &Table) -> impl Iterator<Item = usize> {
    (0..table.rows()).step_by((table.rows() / SAMPLE).max(1))
}

#[cfg(test)]
mod tests {
    use super::super::{Role, recognise};
    use super::*;

    fn roles_of(headers: &[&str], rows: &[&[&str]]) -> Vec<Role> {
        let mut table = Table::new(headers.iter().map(|header| (*header).to_owned()).collect());
        for _ in 0..10 {
            for row in rows {
                table.push_row(row.iter().copied()).unwrap();
            }
        }
        recognise(&table, None).roles
    }

    #[test]
    fn a_bare_name_is_the_half_that_is_missing() {
        let rows: &[&[&str]] = &[&["Anna", "Schmidt"], &["Uwe", "Meier"], &["Jan", "Weiß"]];
        assert_eq!(
            roles_of(&["Vorname", "Name"], rows),
            [Role::GivenName, Role::FamilyName]
        );
        assert_eq!(
            roles_of(&["nome", "cognome"], rows),
            [Role::GivenName, Role::FamilyName]
        );
        let whole: &[&[&str]] = &[&["Jean Petit"], &["Anne Le Goff"], &["Luc Roy"]];
        assert_eq!(roles_of(&["nom"], whole), [Role::FullName]);
    }

    #[test]
    fn a_further_name_is_of_the_kind_of_its_words() {
        let rows: &[&[&str]] = &[
            &["Anna", "Uwe", "Schmidt", "Meier"],
            &["Uwe", "J", "Meier", "Weiß"],
            &["Jan", "Anna", "Weiß", ""],
        ];
        assert_eq!(
            roles_of(&["first_name", "name_2", "surname", "other_name"], rows),
            [
                Role::GivenName,
                Role::GivenName,
                Role::FamilyName,
                Role::FamilyName
            ]
        );
    }

    #[test]
    fn the_name_of_an_employer_is_not_the_persons() {
        let rows: &[&[&str]] = &[
            &["Anna", "Schmidt", "Acme Inc", "Dr. Anna Schmidt"],
            &["Uwe", "Meier", "Globex", "Meier U"],
        ];
        assert_eq!(
            roles_of(&["first_name", "surname", "account_name", "name"], rows)[2..],
            [Role::Text, Role::FullName]
        );
    }

    #[test]
    fn the_title_of_a_work_is_no_name() {
        let rows: &[&[&str]] = &[&["Jan Nowak", "On trees"], &["Ewa Lis", "On lakes"]];
        assert_eq!(
            roles_of(&["author", "title"], rows),
            [Role::FullName, Role::Text]
        );
    }

    #[test]
    fn a_column_that_repeats_others_is_not_compared() {
        let rows: &[&[&str]] = &[
            &["Anna", "Schmidt", "Schmidt, Anna", "Anna Maria Schmidt"],
            &["Uwe", "Meier", "Meier, Uwe", "Dr. Uwe Meier"],
        ];
        assert_eq!(
            roles_of(
                &["first_name", "surname", "first_and_surname", "full_name"],
                rows
            )[2..],
            [Role::Ignore, Role::FullName]
        );
    }
}
