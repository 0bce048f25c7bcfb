//! Scoring a CSV file on its own: `marque score`. Text in, text out; the caller opens and closes files.

mod cells;
mod columns;
mod error;
mod header;
mod rank;
mod read;
mod write;

use std::borrow::Cow;

use crate::rank::{Kind, Tier};
use crate::value::{Model, Weights};
use error::{Fault, What};
use header::Header;

pub use columns::IdleColumn;
pub use error::FileError;

/// A file with every customer scored and ranked, ready to be written.
pub struct ScoredFile<'text> {
    rows: rank::Rows<'text>,
    ranks: rank::Ranks,
    header_line: &'text [u8],
    weights: Weights,
    idle_columns: Vec<IdleColumn>,
    kept_columns: Vec<String>,
}

/// How many customers of a kind fell in which tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GroupSummary {
    /// Which kind.
    pub kind: Kind,
    /// Customers that have a score.
    pub ranked: u64,
    /// Customers without any basis for one.
    pub unscored: u64,
    /// Customers in each of [`Tier::ALL`].
    pub tiers: [u64; 4],
}

/// The text of a file's bytes: UTF-8 with or without a byte order mark, or GB18030 as Chinese spreadsheets write it.
///
/// # Errors
/// When it is neither.
pub fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, FileError> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(Cow::Borrowed(text)),
        Err(error) => encoding_rs::GB18030
            .decode_without_bom_handling_and_without_replacement(bytes)
            .ok_or_else(|| FileError::Encoding {
                line: line_of(bytes, error.valid_up_to()),
            }),
    }
}

/// Scores and ranks every customer of a CSV text.
///
/// The first line names the columns: `id`, `kind` (person or organization), and indicators as points of 1 to 100 or raw
/// facts, by their English or Chinese names. Empty cells are missing facts, and so are `NaN`, `null`, a dash and the like. Other
/// columns are kept.
///
/// # Errors
/// At the first thing wrong in the file, with its line and column.
pub fn score_csv<'text>(text: &'text str, model: &Model) -> Result<ScoredFile<'text>, FileError> {
    let bytes = text.as_bytes();
    let (header, header_line, start) = read_header(bytes)?;
    let parts = read::read_rows(bytes, start, &header, model)
        .map_err(|fault| report(bytes, &header, fault))?;
    let rows = rank::Rows::new(bytes, parts);
    if rows.len() > u32::MAX as usize {
        return Err(FileError::TooManyRows);
    }
    let duplicate = |(first, second)| FileError::DuplicateId {
        line: line_of(bytes, second),
        first: line_of(bytes, first),
    };
    let finer = |row: &read::Row| read::finer_of(bytes, row, &header, model.weights());
    let ranks = rank::rank(&rows, finer).map_err(duplicate)?;
    Ok(ScoredFile {
        rows,
        ranks,
        header_line,
        weights: model.weights().clone(),
        idle_columns: columns::idle_columns(&header, model),
        kept_columns: columns::kept_columns(&header),
    })
}

impl ScoredFile<'_> {
    /// How many customers are in the file.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether the file has a header and nothing else.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Columns of facts that counted for nothing, such as visits without the months in which they were made.
    pub fn idle_columns(&self) -> &[IdleColumn] {
        &self.idle_columns
    }

    /// Headers that are neither indicator nor fact: a misspelt one is among them.
    pub fn kept_columns(&self) -> &[String] {
        &self.kept_columns
    }

    /// The pyramid of the file, kind by kind.
    pub fn summary(&self) -> [GroupSummary; 2] {
        Kind::ALL.map(|kind| {
            let of_kind = self
                .rows
                .parts
                .iter()
                .flatten()
                .filter(|row| row.kind == kind)
                .count() as u64;
            let ranked = self.ranks.sizes[kind as usize];
            let last_ranks = Tier::ALL.map(|tier| tier.last_rank(ranked));
            let tiers = [0, 1, 2, 3].map(|index: usize| {
                let above = if index == 0 { 0 } else { last_ranks[index - 1] };
                last_ranks[index] - above
            });
            GroupSummary {
                kind,
                ranked,
                unscored: of_kind - ranked,
                tiers,
            }
        })
    }
}

fn read_header(text: &[u8]) -> Result<(Header, &[u8], usize), FileError> {
    if text.trim_ascii().is_empty() {
        return Err(FileError::Empty);
    }
    let mut cells = Vec::new();
    let (end, next) =
        cells::read_record(text, 0, &mut cells).map_err(|fault| match fault.what {
            What::Quotes(problem) => FileError::Quotes { line: 1, problem },
            _ => FileError::Empty,
        })?;
    if let ([_], Some(separator)) = (cells.as_slice(), other_separator(&text[..end])) {
        return Err(FileError::Separator { separator });
    }
    let name = |cell: &cells::Cell| {
        String::from_utf8_lossy(&text[cell.start..cell.end])
            .trim()
            .to_owned()
    };
    let header = Header::recognise(cells.iter().map(name).collect())?;
    Ok((header, &text[..end], next))
}

/// What cuts a header of one column into more, if not commas: spreadsheets write semicolons where the comma is the decimal sign.
fn other_separator(header: &[u8]) -> Option<&'static str> {
    let others = [
        (";", "semicolons"),
        ("\t", "tabs"),
        ("|", "bars"),
        ("，", "Chinese commas"),
        ("；", "Chinese semicolons"),
    ];
    let stands_in = |mark: &str| memchr::memmem::find(header, mark.as_bytes()).is_some();
    let found = others.into_iter().find(|(mark, _)| stands_in(mark));
    found.map(|(_, words)| words)
}

/// Turns a fault at a byte into an error at a line and column.
fn report(text: &[u8], header: &Header, fault: Fault) -> FileError {
    let line = line_of(text, fault.at);
    let value = |column: &str, problem: String| FileError::Value {
        line,
        column: column.to_owned(),
        problem,
    };
    match fault.what {
        What::Width { found } => FileError::Width {
            line,
            found,
            expected: header.columns.len(),
        },
        What::Quotes(problem) => FileError::Quotes { line, problem },
        What::EmptyId => value("id", "is empty; every customer needs an id".to_owned()),
        What::Kind { is_empty: true } => value(
            "kind",
            "is empty; write person or organization (个人 or 企业)".to_owned(),
        ),
        What::Kind { is_empty: false } => value(
            "kind",
            "is unknown; write person or organization (个人 or 企业)".to_owned(),
        ),
        What::Points(index, error) => value(
            &header.names[index],
            format!("{error}; leave it empty if it is not known"),
        ),
        What::Fact(index, fact) => {
            let (low, high) = fact.range();
            let problem = format!(
                "is not a plain number from {low} to {high}; leave it empty if it is not known"
            );
            value(&header.names[index], problem)
        }
    }
}

/// The line a byte is in, from 1. Lines end as records do: with LF, CR LF, or CR alone.
fn line_of(text: &[u8], at: usize) -> u64 {
    let is_end = |&place: &usize| text[place] == b'\n' || text.get(place + 1) != Some(&b'\n');
    let ends = memchr::memchr2_iter(b'\n', b'\r', &text[..at]);
    ends.filter(is_end).count() as u64 + 1
}
