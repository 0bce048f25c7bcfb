//! Rows by canonical column: a reader and its header map together.

use std::io::{Read, Seek};

use crate::{
    formula::unguarded,
    header::{HeaderMap, Mapping},
    limits::Limits,
    money,
    problem::{Problem, RowFault, RowProblem},
    reader::{Format, Reader},
    row::{Next, Position, Row},
    schema::Schema,
    writer::REASON_COLUMN_PREFIX,
};

/// A file whose columns are known by their canonical names.
pub struct Table {
    reader: Reader,
    wanted: Wanted,
    map: HeaderMap,
    /// As they were before the file went out to be mended.
    headers: Vec<String>,
    /// Whether it is a file of quarantined rows that was opened in a spreadsheet program and comes back.
    is_mended: bool,
    row: Row,
}

/// Which columns are looked for.
struct Wanted {
    schema: &'static Schema,
    mapping: Option<Mapping>,
    /// Whether the file need not have those that an import cannot do without.
    is_any_enough: bool,
}

impl Wanted {
    fn recognise(&self, format: Format, headers: &[String]) -> Result<HeaderMap, Problem> {
        let (schema, mapping) = (self.schema, self.mapping.as_ref());
        match (format, self.is_any_enough) {
            (Format::Ndjson, false) => HeaderMap::recognise_keys(headers, schema, mapping),
            (Format::Ndjson, true) => HeaderMap::of_objects((headers, schema), mapping, &[]),
            (_, false) => HeaderMap::recognise(headers, schema, mapping),
            (_, true) => HeaderMap::of_table((headers, schema), mapping, &[]),
        }
    }
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
        let wanted = Wanted {
            schema,
            mapping,
            is_any_enough: false,
        };
        Self::open_wanted(file, format, limits, wanted)
    }

    /// Opens a file that is looked at and not taken in: any column that is known is enough.
    ///
    /// # Errors
    /// Any [`Problem`] of the file's beginning.
    pub fn open_any(
        file: impl Read + Seek + Send + 'static,
        format: Option<Format>,
        limits: Limits,
        schema: &'static Schema,
        mapping: Option<Mapping>,
    ) -> Result<Self, Problem> {
        let wanted = Wanted {
            schema,
            mapping,
            is_any_enough: true,
        };
        Self::open_wanted(file, format, limits, wanted)
    }

    fn open_wanted(
        file: impl Read + Seek + Send + 'static,
        format: Option<Format>,
        limits: Limits,
        wanted: Wanted,
    ) -> Result<Self, Problem> {
        let fits = |headers: &[String]| {
            let (headers, _) = as_sent(headers);
            wanted.recognise(Format::Xlsx, &headers).is_ok()
        };
        let reader = Reader::open_fitting(file, format, limits, fits)?;
        Self::of(reader, wanted)
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
        let wanted = Wanted {
            schema,
            mapping,
            is_any_enough: false,
        };
        Self::of(reader, wanted)
    }

    fn of(reader: Reader, wanted: Wanted) -> Result<Self, Problem> {
        let (headers, is_mended) = if reader.format() == Format::Ndjson {
            (reader.headers().to_vec(), false)
        } else {
            as_sent(reader.headers())
        };
        let map = wanted.recognise(reader.format(), &headers)?;
        Ok(Self {
            reader,
            wanted,
            map,
            headers,
            is_mended,
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
        if self.reader.headers().len() != self.headers.len() {
            // An NDJSON row brought new keys.
            self.headers = self.reader.headers().to_vec();
            let format = self.reader.format();
            self.map = self.wanted.recognise(format, &self.headers)?;
        }
        if self.is_mended {
            self.unguard();
        }
        if next == Next::Row && !self.row.nested.is_empty() {
            return Ok(self.settle_nested());
        }
        Ok(next)
    }

    /// Takes off what kept cells from being formulas while the file was out to be mended.
    fn unguard(&mut self) {
        for column in 0..self.row.len() {
            let bare = unguarded(self.row.field(column)).map(str::to_owned);
            if let Some(bare) = bare {
                self.row.replace(column, &bare);
            }
        }
    }

    /// Makes money with its currency the plain amount; no other object or array has a place where text is wanted.
    fn settle_nested(&mut self) -> Next {
        for (place, column) in self.wanted.schema.columns.iter().enumerate() {
            let source = self.map.source_in(&self.row, place);
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
        self.map.extras_in(&self.row)
    }

    /// The row as it is in the file.
    pub fn row(&self) -> &Row {
        &self.row
    }

    /// The file's headers, as they were before the file went out to be mended. Those of an NDJSON file grow when a row has a new key.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// The reader, for format and position.
    pub fn reader(&self) -> &Reader {
        &self.reader
    }

    /// The recognised columns.
    pub fn header_map(&self) -> &HeaderMap {
        &self.map
    }

    /// The schema the file is read by.
    pub fn schema(&self) -> &'static Schema {
        self.wanted.schema
    }

    /// Goes to a checkpoint; see [`Reader::seek`].
    ///
    /// # Errors
    /// As [`Reader::seek`].
    pub fn seek(&mut self, position: Position) -> Result<(), Problem> {
        self.reader.seek(position)
    }
}

/// Headers as they were before the file went out to be mended, and whether it did.
fn as_sent(headers: &[String]) -> (Vec<String>, bool) {
    let is_reason = |header: &String| header.starts_with(REASON_COLUMN_PREFIX);
    if !headers.iter().any(is_reason) {
        return (headers.to_vec(), false);
    }
    let bare = |header: &String| unguarded(header).unwrap_or(header).to_owned();
    (headers.iter().map(bare).collect(), true)
}
