//! Rows by canonical column: a reader and its header map together.

use std::io::{Read, Seek};

use crate::{
    header::{HeaderMap, Mapping},
    limits::Limits,
    money,
    problem::{Problem, RowFault, RowProblem},
    reader::{Format, Reader},
    row::{Next, Position, Row},
    schema::Schema,
};

/// A file whose columns are known by their canonical names.
pub struct Table {
    reader: Reader,
    schema: &'static Schema,
    mapping: Option<Mapping>,
    map: HeaderMap,
    known_headers: usize,
    row: Row,
}

impl Table {
    /// Opens a file and recognises its columns.
    ///
    /// # Errors
    /// Any [`Problem`] of the file's beginning.
    pub fn open(
        file: impl Read + Seek + Send + 'static,
        format: Option<Format>,
        limits: Limits,
        schema: &'static Schema,
        mapping: Option<Mapping>,
    ) -> Result<Self, Problem> {
        Self::new(Reader::open(file, format, limits)?, schema, mapping)
    }

    /// Recognises the columns of a reader.
    ///
    /// # Errors
    /// As [`HeaderMap::recognise`].
    pub fn new(
        reader: Reader,
        schema: &'static Schema,
        mapping: Option<Mapping>,
    ) -> Result<Self, Problem> {
        let map = HeaderMap::recognise(reader.headers(), schema, mapping.as_ref())?;
        let known_headers = reader.headers().len();
        Ok(Self {
            reader,
            schema,
            mapping,
            map,
            known_headers,
            row: Row::new(),
        })
    }

    /// Reads the next row; see [`Reader::next_row`].
    ///
    /// # Errors
    /// A [`Problem`] after which nothing more can be read from this file.
    #[inline]
    pub fn next_row(&mut self) -> Result<Next, Problem> {
        let next = self.reader.next_row(&mut self.row)?;
        if self.reader.headers().len() != self.known_headers {
            // An NDJSON row brought new keys.
            self.known_headers = self.reader.headers().len();
            self.map =
                HeaderMap::recognise(self.reader.headers(), self.schema, self.mapping.as_ref())?;
        }
        if next == Next::Row && !self.row.nested.is_empty() {
            return Ok(self.settle_nested());
        }
        Ok(next)
    }

    /// Makes money with its currency the plain amount; no other object or array has a place where text is wanted.
    fn settle_nested(&mut self) -> Next {
        for (place, column) in self.schema.columns.iter().enumerate() {
            let source = self.map.source_column(place);
            let Some(source) = source.filter(|source| self.row.is_nested(*source)) else {
                continue;
            };
            if column.is_json {
                continue;
            }
            let amount = if column.is_money {
                money::amount(self.row.field(source), column.name)
            } else {
                Err(RowFault::NestedValue {
                    column: column.name,
                })
            };
            match amount.map(str::to_owned) {
                Ok(amount) => self.row.flatten(source, &amount),
                Err(fault) => {
                    let line = self.row.line;
                    return Next::Bad(RowProblem { line, fault });
                }
            }
        }
        Next::Row
    }

    /// The value of a canonical column by its place in the schema; empty where there is none.
    #[inline]
    pub fn get(&self, column: usize) -> &str {
        self.map.get(&self.row, column)
    }

    /// The row's further columns that have a value: header and value.
    pub fn extras(&self) -> impl Iterator<Item = (&str, &str)> {
        let extras = self
            .map
            .extras()
            .iter()
            .map(|(place, header)| (header.as_str(), self.row.field(*place)));
        extras.filter(|(_, value)| !value.is_empty())
    }

    /// The row as it is in the file.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// The reader, for headers, format and position.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The recognised columns.
    pub fn header_map(&self) -> &HeaderMap {
        &self.map
    }

    /// The schema the file is read by.
    pub fn schema(&self) -> &'static Schema {
        self.schema
    }

    /// Goes to a checkpoint; see [`Reader::seek`].
    ///
    /// # Errors
    /// As [`Reader::seek`].
    pub fn seek(&mut self, position: Position) -> Result<(), Problem> {
        self.reader.seek(position)
    }
}
