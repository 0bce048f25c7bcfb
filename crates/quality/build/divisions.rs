//! `data/divisions.tsv` as a sorted table.

use std::fmt::Write;

/// One `Division` a line, in the order of the file, which is by code and then by year.
pub(crate) fn generate(file: &str) -> String {
    let mut rows: Vec<[&str; 4]> = file
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(row)
        .collect();
    // A code's latest name comes last: names still in force after retired ones.
    rows.sort_by_key(|[code, _, since, until]| {
        (*code, if until.is_empty() { "9999" } else { until }, *since)
    });
    let mut code = format!(
        "/// Every division since 1980, by code; the latest name of a code last.\npub static DIVISIONS: [Division; {}] = [\n",
        rows.len()
    );
    for [number, name, since, until] in rows {
        let year = |text: &str| {
            if text.is_empty() {
                "None".to_owned()
            } else {
                format!("Some({text})")
            }
        };
        writeln!(
            code,
            "    Division {{ code: {number}, name: {name:?}, since: {}, until: {} }},",
            year(since),
            year(until)
        )
        .expect("writes to memory");
    }
    code + "];\n"
}

fn row(line: &str) -> [&str; 4] {
    let cells: Vec<&str> = line.split('\t').collect();
    let row: [&str; 4] = cells
        .try_into()
        .unwrap_or_else(|_| panic!("divisions.tsv: four columns expected in {line:?}"));
    assert!(
        row[0].len() == 6 && row[0].parse::<u32>().is_ok(),
        "divisions.tsv: six digits expected in {line:?}"
    );
    row
}
