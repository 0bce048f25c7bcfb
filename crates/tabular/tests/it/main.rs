//! Whole files in, rows out.

#![expect(clippy::unwrap_used, reason = "a step that fails is a test that fails")]

mod faults;
mod formats;
mod properties;
mod quarantine;
mod resume;
mod workbook;

use std::io::Cursor;

use marque_tabular::{Format, Limits, Next, Problem, Reader, Row};

/// A reader of bytes in memory.
fn open(bytes: impl Into<Vec<u8>>) -> Result<Reader, Problem> {
    Reader::open(Cursor::new(bytes.into()), None, Limits::default())
}

/// As [`open`], for a format that is known.
fn open_as(format: Format, bytes: impl Into<Vec<u8>>) -> Result<Reader, Problem> {
    Reader::open(Cursor::new(bytes.into()), Some(format), Limits::default())
}

/// All rows that are left: line, fields, and the reason against it where there is one.
fn rest(reader: &mut Reader) -> Vec<(u64, Vec<String>, Option<&'static str>)> {
    let mut row = Row::new();
    let mut rows = Vec::new();
    loop {
        let reason = match reader
            .next_row(&mut row)
            .expect("the file is readable to its end")
        {
            Next::Row => None,
            Next::Bad(problem) => Some(problem.reason()),
            Next::End => return rows,
        };
        rows.push((row.line(), row.iter().map(str::to_owned).collect(), reason));
    }
}

/// The fields of all good rows.
fn good(reader: &mut Reader) -> Vec<Vec<String>> {
    rest(reader)
        .into_iter()
        .filter(|(_, _, reason)| reason.is_none())
        .map(|(_, fields, _)| fields)
        .collect()
}
