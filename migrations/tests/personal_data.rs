//! `personal-data.txt` against the schema: no column without a word on what it says of people.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

use std::collections::BTreeMap;

use marque_testkit::TestDb;

/// Columns by `service.table`, in their order.
type Schema = BTreeMap<String, Vec<String>>;

const MAP: &str = include_str!("../personal-data.txt");
const MARKS: [char; 3] = ['*', '!', '~'];

/// The lines that say something: table, columns with their marks, what erasure does, and where he is handed it.
fn lines() -> impl Iterator<Item = (&'static str, Vec<&'static str>, &'static str, &'static str)> {
    let said = MAP
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    said.map(|line| {
        let (table, rest) = line.split_once(": ").unwrap();
        let (columns, erasure) = rest.split_once(" | ").unwrap_or((rest, ""));
        let (erasure, handed) = erasure.split_once(" | ").unwrap_or((erasure, ""));
        (table, columns.split(' ').collect(), erasure, handed)
    })
}

async fn schema() -> Schema {
    let mut schema = Schema::new();
    for migrator in marque_migrations::ALL {
        let db = TestDb::sqlite().migrated(migrator).await;
        let sql = "SELECT m.name, c.name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                   WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite%' ORDER BY m.name, c.cid";
        let columns: Vec<(String, String)> = db
            .read(move |conn| conn.query(sql, &[], |row| Ok((row.get(0)?, row.get(1)?))))
            .await
            .unwrap();
        let own = format!("{}_migrations", migrator.service.replace('-', "_"));
        for (table, column) in columns.into_iter().filter(|(table, _)| *table != own) {
            let table = format!("{}.{table}", migrator.service);
            schema.entry(table).or_default().push(column);
        }
    }
    schema
}

#[tokio::test]
async fn every_column_of_every_store_is_in_the_map_of_personal_data() {
    let mapped: Schema = lines()
        .map(|(table, columns, ..)| {
            let bare = columns
                .iter()
                .map(|name| name.trim_end_matches(MARKS).to_owned());
            (table.to_owned(), bare.collect())
        })
        .collect();
    let schema = schema().await;
    for (table, columns) in &schema {
        let said = mapped.get(table);
        assert_eq!(
            said,
            Some(columns),
            "{table} in migrations/personal-data.txt"
        );
    }
    assert_eq!(schema.len(), mapped.len(), "a table that is no more");
}

#[test]
fn whatever_says_something_of_a_person_says_what_erasure_does_to_it() {
    for (table, columns, erasure, _) in lines() {
        let is_personal = columns.iter().any(|name| name.ends_with(MARKS));
        assert_eq!(is_personal, !erasure.is_empty(), "{table}");
    }
}

#[test]
fn whatever_is_personal_says_where_the_person_is_handed_it_or_why_not() {
    for (table, columns, _, handed) in lines() {
        let is_personal = columns.iter().any(|name| name.ends_with(['*', '!']));
        assert_eq!(is_personal, !handed.is_empty(), "{table}");
    }
}
