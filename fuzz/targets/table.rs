//! Files of rows, CSV, XLSX and NDJSON: read to their end or refused, within the bounds that were set.

#![no_main]

use std::io::Cursor;

use libfuzzer_sys::fuzz_target;
use marque_tabular::{Format, Limits, Next, Schema, Table};

const KINDS: [&str; 4] = ["customers", "vehicles", "visits", "complaints"];
const FORMATS: [Option<Format>; 4] = [
    None,
    Some(Format::Csv),
    Some(Format::Xlsx),
    Some(Format::Ndjson),
];
const LIMITS: Limits = Limits {
    max_columns: 64,
    max_line_bytes: 16 << 10,
    max_field_bytes: 4 << 10,
    max_inflated_bytes: 1 << 20,
    max_inflated_ratio: 100,
    max_shared_strings_bytes: 256 << 10,
};

fuzz_target!(|input: &[u8]| {
    let [choice, file @ ..] = input else {
        return;
    };
    let kind = KINDS[usize::from(*choice) % KINDS.len()];
    let format = FORMATS[usize::from(*choice >> 2) % FORMATS.len()];
    let schema = Schema::of(kind).expect("a kind of the dictionary");
    let Ok(mut table) = Table::open(Cursor::new(file.to_vec()), format, LIMITS, schema, None) else {
        return;
    };
    assert!(table.headers().len() <= LIMITS.max_columns);
    let mut lines = 0;
    while let Ok(next) = table.next_row() {
        match next {
            Next::End => break,
            Next::Row => {
                let fields = table.row().iter().map(str::len);
                assert!(fields.max().unwrap_or(0) <= LIMITS.max_field_bytes);
                assert!(table.row().line() > lines, "lines go forward");
                lines = table.row().line();
            }
            Next::Bad(_) => {}
        }
    }
});
