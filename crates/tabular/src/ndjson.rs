//! Rows of a file with one JSON object a line. The keys are the headers; a key seen for the first time becomes a
//! further column.

use std::{borrow::Cow, fmt};

use memchr::memchr;
use rustc_hash::FxHashMap;
use serde::de::{Deserializer as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::{
    encoding::{Encoding, without_zeros},
    limits::Limits,
    problem::{Problem, RowFault},
    row::{Position, Row},
    source::Window,
};

/// Reader of an NDJSON file.
pub(crate) struct JsonLines {
    window: Window,
    encoding: Encoding,
    limits: Limits,
    keys: Keys,
    position: Position,
    line: String,
}

/// The columns met so far, and where in the line the values of the present row are.
struct Keys {
    names: Vec<String>,
    columns: FxHashMap<String, usize>,
    values: Vec<Option<(usize, usize)>>,
    limit: usize,
}

impl JsonLines {
    /// Reads the first object for its keys; the window is after the byte order mark.
    pub(crate) fn open(
        window: Window,
        encoding: Encoding,
        limits: Limits,
    ) -> Result<Self, Problem> {
        let position = Position {
            row: 0,
            line: 1,
            byte: window.offset(),
        };
        let keys = Keys {
            names: Vec::new(),
            columns: FxHashMap::default(),
            values: Vec::new(),
            limit: limits.max_columns,
        };
        let mut reader = Self {
            window,
            encoding,
            limits,
            keys,
            position,
            line: String::new(),
        };
        let Some(consumed) = reader.find_line()? else {
            return Err(Problem::EmptyFile);
        };
        match reader.parse(consumed) {
            Ok(()) | Err(RowFault::DuplicateKey { .. }) => Ok(reader),
            Err(RowFault::BadBytes) => Err(Problem::UnknownEncoding),
            Err(RowFault::TooManyKeys { limit }) => Err(Problem::TooManyColumns { limit }),
            Err(_) => Err(Problem::BadJsonLine {
                line: reader.position.line,
            }),
        }
    }

    pub(crate) fn headers(&self) -> &[String] {
        &self.keys.names
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    pub(crate) fn seek(&mut self, position: Position) -> Result<(), Problem> {
        self.window
            .seek(position.byte)
            .map_err(|_| Problem::BadPosition)?;
        self.position = position;
        Ok(())
    }

    pub(crate) fn next_row(
        &mut self,
        row: &mut Row,
    ) -> Result<Option<Result<(), RowFault>>, Problem> {
        let Some(consumed) = self.find_line()? else {
            return Ok(None);
        };
        row.clear();
        row.line = self.position.line;
        row.offset = self.position.byte;
        let outcome = self.parse(consumed);
        self.advance(consumed);
        self.position.row += 1;
        let outcome = match outcome {
            // Nothing in it is more than the line itself.
            Err(fault @ (RowFault::BadBytes | RowFault::BadJsonLine)) => {
                row.push(&self.line);
                Err(fault)
            }
            other => self.fill(row).and(other),
        };
        Ok(Some(outcome))
    }

    /// Passes over blank lines and gives the length of the next one with its line end.
    fn find_line(&mut self) -> Result<Option<usize>, Problem> {
        let mut searched = 0;
        loop {
            let bytes = self.window.bytes();
            let found = memchr(b'\n', &bytes[searched..]).map(|at| searched + at + 1);
            if found.unwrap_or(bytes.len()) > self.limits.max_line_bytes {
                return Err(Problem::LineTooLong {
                    line: self.position.line,
                    limit: self.limits.max_line_bytes,
                });
            }
            let consumed = if let Some(consumed) = found {
                consumed
            } else {
                searched = bytes.len();
                if self.window.more()? {
                    continue;
                }
                self.window.bytes().len()
            };
            if consumed == 0 {
                return Ok(None);
            }
            if !self.window.bytes()[..consumed]
                .iter()
                .all(u8::is_ascii_whitespace)
            {
                return Ok(Some(consumed));
            }
            self.advance(consumed);
            searched = 0;
        }
    }

    fn advance(&mut self, consumed: usize) {
        self.window.consume(consumed);
        self.position.line += 1;
        self.position.byte = self.window.offset();
    }

    fn parse(&mut self, consumed: usize) -> Result<(), RowFault> {
        self.line.clear();
        if !self
            .encoding
            .decode(&self.window.bytes()[..consumed], &mut self.line)
        {
            return Err(RowFault::BadBytes);
        }
        let kept = self.line.trim_end().len();
        self.line.truncate(kept);
        self.keys.values.fill(None);
        let mut json = serde_json::Deserializer::from_str(&self.line);
        let fault = json
            .deserialize_map(ObjectVisitor {
                keys: &mut self.keys,
                line_start: self.line.as_ptr() as usize,
            })
            .and_then(|fault| json.end().map(|()| fault))
            .map_err(|_| RowFault::BadJsonLine)?;
        fault.map_or(Ok(()), Err)
    }

    /// Copies the values found by [`Self::parse`] into the row, in the order of the columns.
    fn fill(&self, row: &mut Row) -> Result<(), RowFault> {
        let mut has_zeros = false;
        for (column, value) in self.keys.values.iter().enumerate() {
            let raw = value.map_or("", |(start, end)| &self.line[start..end]);
            let before = row.text.len();
            match raw.as_bytes().first() {
                Some(b'"') => has_zeros |= push_string(raw, row)?,
                Some(b'{' | b'[') => {
                    row.nested.push(column);
                    row.push(raw);
                }
                Some(b'n') | None => row.push(""),
                Some(_) => row.push(raw),
            }
            if row.text.len() - before > self.limits.max_field_bytes + 1 {
                return Err(RowFault::FieldTooLong {
                    column: column + 1,
                    limit: self.limits.max_field_bytes,
                });
            }
        }
        if has_zeros {
            Err(RowFault::BadBytes)
        } else {
            Ok(())
        }
    }
}

/// Appends a JSON string without its quotes; whether it had zero characters, which no text has.
fn push_string(raw: &str, row: &mut Row) -> Result<bool, RowFault> {
    if !raw.contains('\\') {
        row.push(&raw[1..raw.len() - 1]);
        return Ok(false);
    }
    let text: String = serde_json::from_str(raw).map_err(|_| RowFault::BadJsonLine)?;
    let has_zeros = text.contains('\0');
    if has_zeros {
        row.push(&without_zeros(&text));
    } else {
        row.push(&text);
    }
    Ok(has_zeros)
}

/// Notes where in the line each key's value is, without building anything.
struct ObjectVisitor<'k> {
    keys: &'k mut Keys,
    /// Address of the line's first byte, to turn borrowed values into offsets.
    line_start: usize,
}

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = Option<RowFault>;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut fault = None;
        while let Some(Key(key)) = map.next_key()? {
            let value: &'de RawValue = map.next_value()?;
            let start = value.get().as_ptr() as usize - self.line_start;
            match self.keys.column(&key) {
                None => {
                    fault = Some(RowFault::TooManyKeys {
                        limit: self.keys.limit,
                    });
                }
                Some(column) => {
                    let place = &mut self.keys.values[column];
                    if place.replace((start, start + value.get().len())).is_some() {
                        fault = Some(RowFault::DuplicateKey { column: column + 1 });
                    }
                }
            }
        }
        Ok(fault)
    }
}

impl Keys {
    fn column(&mut self, key: &str) -> Option<usize> {
        if let Some(column) = self.columns.get(key) {
            return Some(*column);
        }
        if self.names.len() >= self.limit {
            return None;
        }
        let column = self.names.len();
        self.names.push(key.to_owned());
        self.columns.insert(key.to_owned(), column);
        self.values.push(None);
        Some(column)
    }
}

/// A key, borrowed from the line unless it has escapes.
#[derive(serde::Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);
