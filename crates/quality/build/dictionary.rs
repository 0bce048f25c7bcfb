//! `data/dictionary/*.toml` as the enum `Field`, the table of its entries, and one row type for each kind of record.

use std::{collections::BTreeSet, fmt::Write};

use crate::{Bilingual, camel};

/// Kinds of record in the order in which their fields are numbered: file name, variant of `RecordKind`, prefix, row type.
const KINDS: [(&str, &str, &str, &str); 4] = [
    ("customers", "Customers", "Customer", "CustomerRow"),
    ("vehicles", "Vehicles", "Vehicle", "VehicleRow"),
    ("visits", "Visits", "Visit", "VisitRow"),
    ("complaints", "Complaints", "Complaint", "ComplaintRow"),
];

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    field: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    column: String,
    label: Bilingual,
    headers: Vec<String>,
    meaning: Bilingual,
    fill: Bilingual,
    rule: Bilingual,
    max_chars: Option<usize>,
    good: Vec<String>,
    bad: Vec<String>,
    owner: String,
    class: String,
}

/// All generated code of the dictionary.
pub(crate) fn generate(read: fn(&str) -> String) -> String {
    let (mut variants, mut names, mut table, mut rows) =
        (String::new(), Vec::new(), String::new(), String::new());
    for (file, kind, prefix, row) in KINDS {
        let path = format!("data/dictionary/{file}.toml");
        let File { field } =
            toml::from_str(&read(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        check_unique(&path, &field);
        for entry in &field {
            let variant = format!("{prefix}{}", camel(&entry.column));
            writeln!(variants, "    /// {}\n    {variant},", entry.meaning.en)
                .expect("writes to memory");
            table += &entry_code(&path, kind, entry);
            names.push(format!("Field::{variant}"));
        }
        rows += &row_type(prefix, row, file, &field);
    }
    let count = names.len();
    format!(
        "/// A field of a record. One variant for each entry of the field dictionary, and no other.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[repr(u8)]\npub enum Field {{\n{variants}}}\n\n\
         impl Field {{\n    /// Every field of every kind of record.\n    pub const ALL: [Self; {count}] = [{}];\n}}\n\n\
         static ENTRIES: [FieldEntry; {count}] = [\n{table}];\n{rows}",
        names.join(", ")
    )
}

fn check_unique(path: &str, fields: &[Entry]) {
    let mut columns = BTreeSet::new();
    let mut headers = BTreeSet::new();
    for entry in fields {
        assert!(
            columns.insert(&entry.column),
            "{path}: column {:?} stands there twice",
            entry.column
        );
        for header in &entry.headers {
            assert!(
                headers.insert(header),
                "{path}: header {header:?} belongs to two columns"
            );
        }
    }
}

fn entry_code(path: &str, kind: &str, entry: &Entry) -> String {
    let place = format!("{path}: {}", entry.column);
    assert!(
        !entry.good.is_empty(),
        "{place}: give at least one good example"
    );
    assert!(
        !entry.bad.is_empty(),
        "{place}: give at least one bad example"
    );
    assert!(
        !entry
            .good
            .iter()
            .chain(&entry.bad)
            .any(|example| example.trim().is_empty()),
        "{place}: an empty example shows nothing"
    );
    assert!(
        !entry.owner.is_empty(),
        "{place}: say which department owns the field"
    );
    if let Some(most) = entry.max_chars {
        check_length(&place, most, &entry.rule);
    }
    format!(
        "    FieldEntry {{ kind: RecordKind::{kind}, column: {:?}, label: {}, headers: &{:?}, meaning: {}, fill: {}, rule: {}, max_chars: {:?}, good: &{:?}, bad: &{:?}, owner: {:?}, class: DataClass::{} }},\n",
        entry.column,
        entry.label.code(&place),
        entry.headers,
        entry.meaning.code(&place),
        entry.fill.code(&place),
        entry.rule.code(&place),
        entry.max_chars,
        entry.good,
        entry.bad,
        entry.owner,
        camel(&entry.class),
    )
}

/// The clerk reads the length that is checked.
fn check_length(place: &str, most: usize, rule: &Bilingual) {
    let is_said = rule.zh.contains(&format!("{most}字"))
        && rule
            .en
            .replace(',', "")
            .contains(&format!("{most} characters"));
    assert!(
        most > 0 && is_said,
        "{place}: the rule must say that there may be {most} characters, in both languages"
    );
}

fn row_type(prefix: &str, row: &str, file: &str, fields: &[Entry]) -> String {
    let (mut members, mut arms, mut reads) = (String::new(), String::new(), String::new());
    for entry in fields {
        let variant = format!("{prefix}{}", camel(&entry.column));
        writeln!(
            members,
            "    /// {}\n    pub {}: Option<&'a str>,",
            entry.meaning.en, entry.column
        )
        .expect("writes to memory");
        writeln!(
            arms,
            "            Field::{variant} => self.{} = value,",
            entry.column
        )
        .expect("writes to memory");
        writeln!(
            reads,
            "            Field::{variant} => self.{},",
            entry.column
        )
        .expect("writes to memory");
    }
    format!(
        "\n/// One row of a {file} file as it was typed. `Debug` shows no value.\n\
         #[derive(Clone, Copy, Default)]\npub struct {row}<'a> {{\n{members}}}\n\n\
         impl<'a> {row}<'a> {{\n\
         \x20   /// Sets the value of a field; fields of other kinds of record are ignored.\n\
         \x20   pub fn set(&mut self, field: Field, value: Option<&'a str>) {{\n        match field {{\n{arms}            _ => {{}}\n        }}\n    }}\n\n\
         \x20   /// The value of a field; `None` for fields of other kinds of record.\n\
         \x20   pub fn get(&self, field: Field) -> Option<&'a str> {{\n        match field {{\n{reads}            _ => None,\n        }}\n    }}\n}}\n\n\
         impl std::fmt::Debug for {row}<'_> {{\n\
         \x20   fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {{\n        out.debug_struct({row:?}).finish_non_exhaustive()\n    }}\n}}\n"
    )
}
