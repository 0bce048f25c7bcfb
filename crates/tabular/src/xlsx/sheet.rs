//! The rows of one sheet, parsed as the sheet is inflated.

use std::{io::Read, sync::Arc};

use quick_xml::events::{BytesStart, Event};

use crate::{
    limits::Limits,
    problem::Problem,
    row::Row,
    xlsx::{
        bounded::Bounded,
        broken,
        cell::{NumberStyle, column_of, push_date, push_number},
        parts::Parts,
        xml::{Xml, attribute, push_text},
    },
};

/// A sheet as it lies in the file, inflated while it is read.
pub(crate) type PackedSheet = Bounded<Box<dyn Read + Send>>;

/// What the `t` of a cell says about its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CellKind {
    Number,
    SharedString,
    Boolean,
    /// Inline text, the text of a formula, an error, an ISO date.
    Text,
}

/// Reader of a sheet.
pub(crate) struct Sheet {
    xml: Xml<Box<dyn Read + Send>>,
    parts: Arc<Parts>,
    /// The value of the present cell, as it is stored.
    value: String,
    widest: usize,
    /// Number of the present row, from 1.
    number: u64,
    is_done: bool,
}

/// The present cell.
struct Cell {
    column: usize,
    kind: CellKind,
    style: NumberStyle,
}

impl Sheet {
    pub(crate) fn new(packed: PackedSheet, parts: Arc<Parts>, limits: Limits) -> Self {
        Self {
            xml: Xml::new(packed, limits),
            parts,
            value: String::new(),
            widest: 0,
            number: 0,
            is_done: false,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        self.xml.limits()
    }

    /// Number of columns up to the last one that has a value in the row read last.
    pub(crate) fn widest_column(&self) -> usize {
        self.widest
    }

    /// Number of the row read last, from 1.
    pub(crate) fn last_line(&self) -> u64 {
        self.number
    }

    /// Fills the next row that has a value; false at the end.
    pub(crate) fn next_row(&mut self, row: &mut Row) -> Result<bool, Problem> {
        while !self.is_done {
            let is_row = match self.xml.next(self.number)? {
                Event::Start(element) if element.local_name().as_ref() == "row" => {
                    self.number = row_number(&element).unwrap_or(self.number + 1);
                    true
                }
                Event::Empty(element) if element.local_name().as_ref() == "row" => {
                    self.number = row_number(&element).unwrap_or(self.number + 1);
                    false
                }
                Event::End(element) if element.local_name().as_ref() == "sheetData" => {
                    self.is_done = true;
                    false
                }
                Event::Eof => {
                    self.is_done = true;
                    false
                }
                _ => false,
            };
            if is_row {
                self.read_cells(row)?;
                if self.widest > 0 {
                    row.line = self.number;
                    row.offset = 0;
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// Reads to the end of the row.
    fn read_cells(&mut self, row: &mut Row) -> Result<(), Problem> {
        row.clear();
        self.widest = 0;
        let mut next_column = 0;
        loop {
            let found = match self.xml.next(self.number)? {
                Event::Start(element) if element.local_name().as_ref() == "c" => {
                    Some(Cell::new(&element, next_column, &self.parts))
                }
                Event::Empty(element) if element.local_name().as_ref() == "c" => {
                    next_column = Cell::new(&element, next_column, &self.parts).column + 1;
                    None
                }
                Event::End(element) if element.local_name().as_ref() == "row" => return Ok(()),
                Event::Eof => return Err(broken("it ends within a row")),
                _ => None,
            };
            let Some(cell) = found else { continue };
            if cell.column < next_column {
                return Err(broken("the cells of a row are out of order"));
            }
            next_column = cell.column + 1;
            self.read_value()?;
            self.place(&cell, row)?;
        }
    }

    /// Reads to the end of the cell and keeps its stored value.
    fn read_value(&mut self) -> Result<(), Problem> {
        self.value.clear();
        let (mut is_value, mut is_phonetic) = (false, false);
        loop {
            match self.xml.next(self.number)? {
                Event::Start(element) => match element.local_name().as_ref() {
                    "v" => is_value = true,
                    "t" => is_value = !is_phonetic,
                    "rPh" => is_phonetic = true,
                    _ => {}
                },
                Event::End(element) => match element.local_name().as_ref() {
                    "v" | "t" => is_value = false,
                    "rPh" => is_phonetic = false,
                    "c" => return Ok(()),
                    _ => {}
                },
                Event::Eof => return Err(broken("it ends within a cell")),
                event => {
                    if is_value {
                        push_text(&event, &mut self.value);
                    }
                }
            }
            self.check_size(self.value.len())?;
        }
    }

    /// Appends the cell's text to the row, after the columns that were left out.
    fn place(&mut self, cell: &Cell, row: &mut Row) -> Result<(), Problem> {
        let shared = match cell.kind {
            CellKind::SharedString => {
                let index: Option<usize> = self.value.trim().parse().ok();
                let text = index.and_then(|index| self.parts.strings.get(index));
                Some(text.ok_or_else(|| broken("a cell names a text that is not there"))?)
            }
            _ => None,
        };
        let is_empty = shared.unwrap_or(&self.value).trim().is_empty();
        if !is_empty {
            self.widest = cell.column + 1;
        }
        if is_empty || cell.column > self.limits().max_columns {
            return Ok(());
        }
        while row.len() < cell.column {
            row.push("");
        }
        match (cell.kind, cell.style) {
            (CellKind::SharedString, _) => row.text.push_str(shared.unwrap_or_default()),
            (CellKind::Text, _) => row.text.push_str(&self.value),
            (CellKind::Boolean, _) => row.text.push_str(if self.value.trim() == "1" {
                "true"
            } else {
                "false"
            }),
            (CellKind::Number, NumberStyle::Date) => {
                push_date(self.value.trim(), self.parts.has_1904_epoch, &mut row.text);
            }
            (CellKind::Number, NumberStyle::Plain) => push_number(self.value.trim(), &mut row.text),
        }
        row.end_field();
        self.check_size(row.text.len())
    }

    fn check_size(&self, bytes: usize) -> Result<(), Problem> {
        let limit = self.limits().max_line_bytes;
        if bytes > limit {
            Err(Problem::LineTooLong {
                line: self.number,
                limit,
            })
        } else {
            Ok(())
        }
    }
}

impl Cell {
    fn new(element: &BytesStart<'_>, next_column: usize, parts: &Parts) -> Self {
        let column = attribute(element, "r")
            .and_then(|reference| column_of(&reference))
            .unwrap_or(next_column);
        let kind = match attribute(element, "t").as_deref() {
            None | Some("n") => CellKind::Number,
            Some("s") => CellKind::SharedString,
            Some("b") => CellKind::Boolean,
            Some(_) => CellKind::Text,
        };
        let style = attribute(element, "s")
            .and_then(|style| parts.styles.get(style.parse::<usize>().ok()?).copied());
        Self {
            column,
            kind,
            style: style.unwrap_or_default(),
        }
    }
}

fn row_number(element: &BytesStart<'_>) -> Option<u64> {
    attribute(element, "r")?.parse().ok()
}
