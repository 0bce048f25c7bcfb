//! Dealers or staff as a CSV, the way they leave a spreadsheet.

use std::io::Cursor;

use axum::body::Bytes;
use marque_errors::{ErrorCode, Violation};
use marque_tabular::{
    DEALERS, Format, HeaderMap, Limits, Next, Problem, Reader, STAFF, Schema, Table,
};

use super::views::{NetworkBody, NetworkDealer, NetworkStaff};
use crate::problem::{Answer, Failure};

/// Wrong rows that are told; whoever has more has another file.
const MOST_WRONG: usize = 100;
/// Marks that stand between the departments, or the numbers, of a dealer.
const BETWEEN: [char; 7] = [';', '；', '、', '|', '/', ',', '，'];

/// The line of the file on which each entry stands, so that a wrong field is found again.
#[derive(Debug, Default)]
pub(super) struct Lines(Vec<u64>);

impl Lines {
    /// `dealers[2].region` as `line 4: region`; as it is where there are no lines.
    pub(super) fn name(&self, field: &str) -> String {
        let told = || {
            let (entry, rest) = field.split_once('[')?.1.split_once("].")?;
            let line = self.0.get(entry.parse::<usize>().ok()?)?;
            Some(format!("line {line}: {rest}"))
        };
        told().unwrap_or_else(|| field.to_owned())
    }
}

/// Reads dealers or staff; which of them, the headers tell.
pub(super) fn read_csv(bytes: Bytes) -> Answer<(NetworkBody, Lines)> {
    let reader = Reader::open(Cursor::new(bytes), Some(Format::Csv), Limits::default())
        .map_err(|problem| unreadable(&problem))?;
    let schema = schema_of(reader.headers())?;
    let mut table = Table::new(reader, schema, None).map_err(|problem| unreadable(&problem))?;
    let (mut network, mut lines, mut blank) = (NetworkBody::default(), Vec::new(), Vec::new());
    let mut wrong: Vec<Violation> = unknown_columns(&table).collect();
    while wrong.len() < MOST_WRONG {
        match table.next_row().map_err(|problem| unreadable(&problem))? {
            Next::End => break,
            Next::Bad(bad) => wrong.push(Violation::new(
                format!("line {}", bad.line),
                bad.reason(),
                bad.fault.to_string(),
            )),
            Next::Row => {
                lines.push(table.row().line());
                blank.extend(blanks(&table));
                if schema == &STAFF {
                    network.staff.push(staff(&table, &mut wrong));
                } else {
                    network.dealers.push(dealer(&table));
                }
            }
        }
    }
    if wrong.is_empty() {
        Ok((network, Lines(lines)))
    } else {
        // The network would tell of these; it is not asked.
        wrong.extend(blank);
        wrong.truncate(MOST_WRONG);
        Err(Failure::fields(wrong))
    }
}

/// Staff have a dealer and a code of their own; else they are dealers.
fn schema_of(headers: &[String]) -> Answer<&'static Schema> {
    [&STAFF, &DEALERS]
        .into_iter()
        .find(|schema| HeaderMap::recognise(headers, schema, None).is_ok())
        .ok_or_else(|| {
            Failure::invalid(
                "HEADER_NOT_RECOGNISED",
                "the first row names neither dealers (code, name, region) nor staff (dealer, code, name)",
            )
        })
}

/// Columns that nobody knows. What stands in them would be passed over, and the field that was meant emptied.
fn unknown_columns(table: &Table) -> impl Iterator<Item = Violation> {
    // Spreadsheets write empty columns too; a column without a header means nothing.
    let named = move |(place, _): &&(usize, String)| !table.headers()[*place].is_empty();
    table
        .header_map()
        .unknown()
        .filter(named)
        .map(|(_, header)| {
            Violation::new(
                format!("line 1: {header}"),
                "INVALID",
                "nobody knows this column: name it as one of those that are known, or leave it out",
            )
        })
}

/// What every row must say, and this one does not.
fn blanks(table: &Table) -> impl Iterator<Item = Violation> {
    let columns = table.schema().columns.iter().enumerate();
    let is_blank = move |place: usize| table.get(place).trim().is_empty();
    columns
        .filter(move |(place, column)| column.is_required && is_blank(*place))
        .map(move |(_, column)| {
            let field = format!("line {}: {}", table.row().line(), column.name);
            Violation::new(field, "MISSING", "must be filled")
        })
}

fn unreadable(problem: &Problem) -> Failure {
    Failure::new(
        ErrorCode::InvalidArgument,
        problem.reason(),
        problem.to_string(),
    )
}

fn dealer(table: &Table) -> NetworkDealer {
    let text = |column| cell(table, column);
    let list = |column| {
        let cell = text(column);
        let entries = cell.split(BETWEEN).map(str::trim);
        let filled = entries.filter(|entry| !entry.is_empty());
        filled.map(str::to_owned).collect()
    };
    NetworkDealer {
        code: text("code"),
        name: text("name"),
        region: text("region"),
        group: text("group"),
        departments: list("departments"),
        phones: list("phones"),
    }
}

fn staff(table: &Table, wrong: &mut Vec<Violation>) -> NetworkStaff {
    let text = |column| cell(table, column);
    let active = is_active(&text("active")).unwrap_or_else(|| {
        wrong.push(Violation::new(
            format!("line {}: active", table.row().line()),
            "INVALID",
            "yes or no (是 or 否, 在职 or 离职); empty is yes",
        ));
        true
    });
    NetworkStaff {
        dealer: text("dealer"),
        code: text("code"),
        name: text("name"),
        department: text("department"),
        phone: text("phone"),
        active,
    }
}

fn cell(table: &Table, column: &str) -> String {
    let place = table.schema().column(column);
    place.map_or_else(String::new, |place| table.get(place).trim().to_owned())
}

fn is_active(text: &str) -> Option<bool> {
    match text.to_lowercase().as_str() {
        "" | "yes" | "y" | "true" | "1" | "是" | "在职" | "active" => Some(true),
        "no" | "n" | "false" | "0" | "否" | "离职" | "已离职" | "left" | "inactive" => {
            Some(false)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Answer<(NetworkBody, Lines)> {
        read_csv(Bytes::copy_from_slice(text.as_bytes()))
    }

    fn refused(text: &str) -> Failure {
        match read(text) {
            Err(failure) => failure,
            Ok(_) => panic!("taken: {text}"),
        }
    }

    #[test]
    fn dealers_come_under_english_or_chinese_headers() {
        for text in [
            "code,name,region,group,departments,phones\nD1,One,east,,sales;service,021-5000 1234;4001\n",
            "﻿经销商代码,经销商名称,大区,集团,部门,总机\r\nD1,One,east,,\"sales、service\",021-5000 1234、4001\r\n",
            "region;dealer_code;dealer\neast;D1;One\n",
        ] {
            let (network, _) = read(text).unwrap();
            let [dealer] = network.dealers.as_slice() else {
                panic!("one dealer of {text}");
            };
            assert_eq!(
                (&*dealer.code, &*dealer.name, &*dealer.region),
                ("D1", "One", "east")
            );
            let wanted: [&[&str]; 2] = if text.contains("service") {
                [&["sales", "service"], &["021-5000 1234", "4001"]]
            } else {
                [&[], &[]]
            };
            assert_eq!(dealer.departments, wanted[0]);
            assert_eq!(dealer.phones, wanted[1]);
        }
    }

    #[test]
    fn staff_are_told_by_their_dealer_and_code() {
        let text =
            "经销商代码,工号,姓名,部门,手机,在职\nD1,S1,One,sales,13800000001,\nD1,S2,Two,,,离职\n";
        let (network, lines) = read(text).unwrap();
        let told: Vec<_> = network
            .staff
            .iter()
            .map(|one| (&*one.code, one.active))
            .collect();
        assert_eq!(told, [("S1", true), ("S2", false)]);
        assert_eq!(lines.name("staff[1].name"), "line 3: name");
        // A code that is none is the network's to tell.
        let (_, lines) = read("code,name,region\n\nD1,One,east\n,Two,east\n").unwrap();
        assert_eq!(lines.name("dealers[1].code"), "line 4: code");
    }

    #[test]
    fn what_is_wrong_is_told_by_its_line() {
        let reason = |text: &str| refused(text).reason().to_owned();
        assert_eq!(reason(""), "EMPTY_FILE");
        assert_eq!(reason("name,colour\nOne,red\n"), "HEADER_NOT_RECOGNISED");
        let unknown = refused("code,name,region,Gebiet\nD1,One,,east\n");
        assert_eq!(unknown.problem().violations[0].field, "line 1: Gebiet");
        assert!(read("code,name,region,\nD1,One,east,\n").is_ok());
        let failure = refused("dealer,code,name,active\nD1,S1,One,perhaps\nD1,S2\n");
        let fields: Vec<_> = failure
            .problem()
            .violations
            .iter()
            .map(|violation| violation.field.as_str())
            .collect();
        assert_eq!(fields, ["line 2: active", "line 3"]);
        let failure = refused("dealer,code,name,active\n,S1,One,perhaps\nD1,S2,,\n");
        let violations = failure.problem().violations.iter();
        let fields: Vec<_> = violations.map(|one| one.field.as_str()).collect();
        assert_eq!(fields, ["line 2: active", "line 2: dealer", "line 3: name"]);
    }
}
