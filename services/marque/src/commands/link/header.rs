//! Whether the first row of a file names its columns: a person who is taken for a header is missing from the result.

use std::path::Path;

use anyhow::bail;
use marque_linkage::dates::{self, DayOrder};
use marque_linkage::table::Table;

/// Rows in which cells of the first one are looked for.
const LOOKED_THROUGH: usize = 2_000;

/// Passes if the first row may be a header, else says what it holds instead and never the cell itself. What is only doubtful is
/// warned of.
pub(super) fn check(table: &Table, path: &Path) -> anyhow::Result<()> {
    let headers = table.headers();
    let mut cells = headers.iter().enumerate();
    if let Some((column, what)) = cells.find_map(|(at, cell)| Some((at + 1, of_a_record(cell)?))) {
        bail!(
            "the first row of {} is a record and no header, for its cell {column} holds {what}: put a row with the names of the columns before it",
            path.display()
        );
    }
    if let [title, others @ ..] = headers
        && others.len() >= 2
        && !title.is_empty()
        && others.iter().all(String::is_empty)
    {
        bail!(
            "{} begins with a title: delete all lines before the one with the names of the columns",
            path.display()
        );
    }
    let repeated = (0..headers.len())
        .filter(|column| stands_again(table, *column))
        .count();
    if repeated >= 2 {
        eprintln!(
            "warning: {repeated} cells of the first row, which is taken for the names of the columns, stand in their columns again: is it a record?"
        );
    }
    Ok(())
}

/// What no column is called.
fn of_a_record(cell: &str) -> Option<&'static str> {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    let is_of_digits = !cell.contains(char::is_alphabetic);
    let is_whole_date = || {
        let date = dates::parse(cell, DayOrder::DayFirst);
        date.is_some_and(|date| date.day() != 0 && (1400..=2100).contains(&date.year()))
    };
    let (account, host) = cell.split_once('@').unwrap_or_default();
    match () {
        () if !account.is_empty() && host.contains('.') => Some("an e-mail address"),
        () if is_of_digits && digits >= 6 && is_whole_date() => Some("a date"),
        () if is_of_digits && digits >= 7 => Some("a number"),
        () => None,
    }
}

fn stands_again(table: &Table, column: usize) -> bool {
    let header = &table.headers()[column];
    header.contains(char::is_alphabetic)
        && (0..table.rows().min(LOOKED_THROUGH)).any(|row| table.cell(row, column).trim() == header)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_are_told_from_names_of_columns() {
        for cell in [
            "robert255@smith.net",
            "1971-06-24",
            "24.06.1971",
            "19710624",
            "13912345678",
            "+49 30 123456",
        ] {
            assert!(of_a_record(cell).is_some(), "{cell}");
        }
        for cell in [
            "",
            "1",
            "2024",
            "V7",
            "@",
            "e-mail @ work",
            "dob",
            "出生日期(1990-01-01)",
            "2023-24",
            "Robert",
        ] {
            assert_eq!(of_a_record(cell), None, "{cell}");
        }
    }
}
