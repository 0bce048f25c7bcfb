//! `data/divisions.tsv` as a sorted table.

use std::fmt::Write;

/// Codes lie between 110000 and 839999.
const FIRST_PREFIX: u32 = 1100;
const LAST_PREFIX: u32 = 8399;

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
    let codes: Vec<u32> = rows
        .iter()
        .map(|[code, ..]| code.parse().expect("checked above"))
        .collect();
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
    code + "];\n" + &starts(&codes)
}

/// Where the divisions of each four-digit prefix begin, so that finding a code reads one short stretch of the table.
fn starts(codes: &[u32]) -> String {
    let start = |prefix: u32| {
        codes
            .partition_point(|code| *code < prefix * 100)
            .to_string()
    };
    let starts: Vec<String> = (FIRST_PREFIX..=LAST_PREFIX + 1).map(start).collect();
    format!(
        "/// The first four-digit prefix in [`STARTS`].\nconst FIRST_PREFIX: u32 = {FIRST_PREFIX};\n\
         /// Where the divisions of each four-digit prefix begin in [`DIVISIONS`]; the last entry is the end.\n\
         static STARTS: [u16; {}] = [{}];\n",
        starts.len(),
        starts.join(", ")
    )
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
