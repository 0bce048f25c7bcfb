//! Reading rows: each part of the text on its own thread, each row to a weighted sum and little more.

use std::borrow::Cow;

use rayon::prelude::*;

use super::cells::{Cell, cuts, read_record};
use super::error::{Fault, What};
use super::header::{Column, Header};
use crate::rank::Kind;
use crate::value::{Fact, Facts, Finer, Inputs, Model, Points, Weights};

/// What is kept of a row: 32 bytes, whatever the row holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Weighted sum in whole units; meaningless without a `confidence`.
    pub(super) sum: i64,
    /// Where the row lies in the text.
    pub(super) start: usize,
    pub(super) len: u32,
    /// Where its id lies, from the start of the row.
    pub(super) id_start: u32,
    pub(super) id_len: u32,
    /// `None` for an unscored customer.
    pub(super) confidence: Option<u8>,
    pub(super) kind: Kind,
    /// Whether the weighted sum is somewhat above `sum`. By how much is read again where it matters: see [`finer_of`].
    pub(super) is_finer: bool,
}

// A file of ten million customers keeps as many of them.
const _: () = assert!(size_of::<Row>() <= 32);

/// What is known of a customer, with the weighted decimals for which [`Points`] have no room.
#[derive(Default)]
struct Known {
    inputs: Inputs,
    finer: Option<Finer>,
}

/// The rows of one part of the text, in order.
pub(super) type Part = Vec<Row>;

impl Row {
    pub(super) fn content<'text>(&self, text: &'text [u8]) -> &'text [u8] {
        &text[self.start..self.start + self.len as usize]
    }

    pub(super) fn id<'text>(&self, text: &'text [u8]) -> &'text [u8] {
        let start = self.start + self.id_start as usize;
        &text[start..start + self.id_len as usize]
    }
}

/// Reads all rows from `start`, the end of the header. Of several faults, the first in the file is reported.
pub(super) fn read_rows(
    text: &[u8],
    start: usize,
    header: &Header,
    model: &Model,
) -> Result<Vec<Part>, Fault> {
    let cuts = cuts(text, start, rayon::current_num_threads() * 4);
    let parts: Vec<Result<Part, Fault>> = cuts
        .par_windows(2)
        .map(|ends| read_part(text, ends[0], ends[1], header, model))
        .collect();
    // Parts stand in the order of the file and a fault cannot put an earlier part out of step, so the first is the true one.
    parts.into_iter().collect()
}

fn read_part(
    text: &[u8],
    start: usize,
    end: usize,
    header: &Header,
    model: &Model,
) -> Result<Part, Fault> {
    let mut cells = Vec::with_capacity(header.columns.len());
    let mut rows = Vec::new();
    let mut at = start;
    while at < end {
        let (content_end, next) = read_record(text, at, &mut cells)?;
        let is_blank = cells.len() == 1 && text[at..content_end].trim_ascii().is_empty();
        if !is_blank {
            rows.push(read_row(text, at, content_end, &cells, header, model)?);
            if rows.len() == 1 {
                rows.reserve((end - at) / (next - at) + 16);
            }
        }
        at = next;
    }
    Ok(rows)
}

fn read_row(
    text: &[u8],
    start: usize,
    end: usize,
    cells: &[Cell],
    header: &Header,
    model: &Model,
) -> Result<Row, Fault> {
    if cells.len() != header.columns.len() {
        let what = What::Width { found: cells.len() };
        return Err(Fault { at: start, what });
    }
    let (mut known, mut kind) = (Known::default(), None);
    let mut id = Cell { start, end: start };
    for (index, (cell, column)) in cells.iter().zip(&header.columns).enumerate() {
        let content = text[cell.start..cell.end].trim_ascii();
        let fault = |what| Fault {
            at: cell.start,
            what,
        };
        match column {
            Column::Other => {}
            Column::Id if content.is_empty() => return Err(fault(What::EmptyId)),
            Column::Id => id = without_blanks(text, *cell),
            Column::Kind => kind = Some(read_kind(content).map_err(fault)?),
            Column::Indicator(_) | Column::Fact(_) => {
                let read = known.read(content, *column, index, model.weights());
                read.map_err(fault)?;
            }
        }
    }
    let assessment = model.assess(&known.inputs);
    let carried = known.finer.as_mut().map_or(0, Finer::carry);
    Ok(Row {
        sum: assessment.map_or(0, |assessment| assessment.sum.0 + carried),
        confidence: assessment.map(|assessment| assessment.confidence),
        start,
        len: (end - start) as u32,
        id_start: (id.start - start) as u32,
        id_len: (id.end - id.start) as u32,
        kind: kind.expect("the header has a kind column and every row has all columns"),
        is_finer: known.finer.is_some_and(|finer| finer > Finer::ZERO),
    })
}

/// By how much the weighted sum of a row is above its whole units. Rows do not keep it: it decides only where two sums have the
/// same units, and a file of floats would take twice the memory.
pub(super) fn finer_of(text: &[u8], row: &Row, header: &Header, weights: &Weights) -> Finer {
    if !row.is_finer {
        return Finer::ZERO;
    }
    let (mut cells, mut known) = (Vec::new(), Known::default());
    read_record(text, row.start, &mut cells).expect("the row was read before");
    for (index, (cell, column)) in cells.iter().zip(&header.columns).enumerate() {
        let content = text[cell.start..cell.end].trim_ascii();
        let read = known.read(content, *column, index, weights);
        read.expect("the row was read before");
    }
    let mut finer = known.finer.unwrap_or_default();
    finer.carry();
    finer
}

/// A cell without the blanks around its content: `C1 ` is nobody else than `C1`.
fn without_blanks(text: &[u8], cell: Cell) -> Cell {
    let content = &text[cell.start..cell.end];
    let start = cell.end - content.trim_ascii_start().len();
    Cell {
        start,
        end: start + content.trim_ascii().len(),
    }
}

impl Known {
    /// Takes in an indicator or a fact.
    fn read(
        &mut self,
        content: &[u8],
        column: Column,
        index: usize,
        weights: &Weights,
    ) -> Result<(), What> {
        let content = half_width(content);
        match column {
            _ if is_missing(&content) => {}
            Column::Indicator(indicator) => {
                let read = Points::read(&content);
                let (points, finer) = read.map_err(|error| What::Points(index, error))?;
                self.inputs.given[indicator as usize] = Some(points);
                if let Some(finer) = finer {
                    let sum = self.finer.get_or_insert_default();
                    sum.add(weights.units(indicator), &finer);
                }
            }
            Column::Fact(fact) => {
                let value = read_fact(&content, fact).ok_or(What::Fact(index, fact))?;
                self.inputs.facts.set(fact, value);
            }
            Column::Id | Column::Kind | Column::Other => {}
        }
        Ok(())
    }
}

/// `８０` as `80`: digits and signs as a Chinese keyboard makes them.
fn half_width(content: &[u8]) -> Cow<'_, [u8]> {
    if content.is_ascii() {
        return Cow::Borrowed(content);
    }
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        _ => letter,
    };
    let text = String::from_utf8_lossy(content);
    let narrowed: String = text.trim().chars().map(narrow).collect();
    Cow::Owned(narrowed.into_bytes())
}

/// Whether a cell says nothing: it is empty, or holds what databases, programs and clerks write for nothing.
fn is_missing(content: &[u8]) -> bool {
    const WORDS: [&str; 12] = [
        "nan", "null", "none", "na", "n/a", "<na>", "#n/a", "\\n", "-", "--", "无", "空",
    ];
    match content.first() {
        None => true,
        Some(byte) if byte.is_ascii_digit() => false,
        Some(_) => WORDS
            .iter()
            .any(|word| content.eq_ignore_ascii_case(word.as_bytes())),
    }
}

fn read_kind(content: &[u8]) -> Result<Kind, What> {
    let kind = match content {
        b"person" => Some(Kind::Person),
        b"organization" => Some(Kind::Organization),
        _ => std::str::from_utf8(content).ok().and_then(Kind::parse),
    };
    let is_empty = content.is_empty();
    kind.ok_or(What::Kind { is_empty })
}

/// A plain decimal number within the fact's range. Thousands separators are not guessed at: `1,200` may be two cells.
fn read_fact(content: &[u8], fact: Fact) -> Option<f64> {
    let is_plain = content
        .iter()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-' | b'+' | b'e' | b'E'));
    let value: f64 = std::str::from_utf8(content)
        .ok()
        .filter(|_| is_plain)?
        .parse()
        .ok()?;
    Facts::default().with(fact, value).get(fact)
}
