//! One row and where it stands in the file.

use std::fmt;

use crate::problem::RowProblem;

/// One row's fields, in the order of the headers. Made once and filled again for every row, so that
/// reading allocates nothing per row.
#[derive(Default, Clone)]
pub struct Row {
    /// All fields one after the other, one separator byte between two of them.
    pub(crate) text: String,
    /// Where each field ends in `text`; the next one starts a byte later.
    pub(crate) ends: Vec<u32>,
    /// Columns whose NDJSON value is an object or an array (its JSON text is the field).
    pub(crate) nested: Vec<usize>,
    pub(crate) line: u64,
    pub(crate) offset: u64,
}

impl Row {
    /// An empty row to be filled by [`crate::Reader::next_row`].
    pub fn new() -> Self {
        Self::default()
    }

    /// A row of these fields, as if read from this line: for rows that were kept elsewhere.
    pub fn of<'f>(line: u64, fields: impl IntoIterator<Item = &'f str>) -> Self {
        let mut row = Self {
            line,
            ..Self::default()
        };
        for field in fields {
            row.push(field);
        }
        row
    }

    /// The field of a column (from 0), if the row reaches that far.
    #[inline]
    pub fn get(&self, column: usize) -> Option<&str> {
        let end = *self.ends.get(column)? as usize;
        let start = if column == 0 {
            0
        } else {
            self.ends[column - 1] as usize + 1
        };
        self.text.get(start..end)
    }

    /// The field of a column (from 0); empty where the row has none.
    #[inline]
    pub fn field(&self, column: usize) -> &str {
        self.get(column).unwrap_or_default()
    }

    /// Number of fields.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether the row has no field at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The fields in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.len()).map(|column| self.field(column))
    }

    /// Line of the file the row starts on, from 1; in XLSX the number of the sheet's row, counted on through the sheets
    /// that continue it.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// Byte of the file the row starts at, from 0; in XLSX always 0.
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the value was a JSON object or array in an NDJSON file.
    pub fn is_nested(&self, column: usize) -> bool {
        self.nested.contains(&column)
    }

    /// Puts a text in the place of an object or array.
    pub(crate) fn flatten(&mut self, column: usize, text: &str) {
        self.replace(column, text);
        self.nested.retain(|nested| *nested != column);
    }

    /// Puts another text into a field.
    pub(crate) fn replace(&mut self, column: usize, text: &str) {
        let start = match column.checked_sub(1) {
            None => 0,
            Some(before) => self.ends[before] as usize + 1,
        };
        let end = self.ends[column] as usize;
        self.text.replace_range(start..end, text);
        for later in &mut self.ends[column..] {
            *later = (*later as usize - (end - start) + text.len()) as u32;
        }
    }

    /// Puts the fields in another order: each is the one of its column in `order`. Those beyond stay behind them.
    pub(crate) fn reorder(&mut self, order: &[usize]) {
        let typed = std::mem::take(self);
        (self.line, self.offset) = (typed.line, typed.offset);
        for column in order.iter().copied().chain(order.len()..typed.len()) {
            self.push(typed.field(column));
        }
    }

    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
        self.nested.clear();
    }

    /// Ends the field whose text has just been appended.
    pub(crate) fn end_field(&mut self) {
        self.ends.push(self.text.len() as u32);
        self.text.push('\u{1f}');
    }

    pub(crate) fn push(&mut self, field: &str) {
        self.text.push_str(field);
        self.end_field();
    }

    /// Whether no field has anything but blanks in it.
    pub(crate) fn is_blank(&self) -> bool {
        self.iter().all(|field| field.trim().is_empty())
    }

    pub(crate) fn longest_field(&self) -> Option<(usize, usize)> {
        self.iter()
            .map(str::len)
            .enumerate()
            .max_by_key(|(_, bytes)| *bytes)
    }
}

/// Personal data never reaches a log: only the shape is shown.
impl fmt::Debug for Row {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Row {{ line: {}, offset: {}, fields: {} }}",
            self.line,
            self.offset,
            self.len()
        )
    }
}

/// Where the next unread row is. Kept by an import as its checkpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Rows read so far, the faulty ones too, the header not.
    pub row: u64,
    /// Line of the next row, from 1.
    pub line: u64,
    /// Byte of the next row in the file, from 0; unused for XLSX.
    pub byte: u64,
}

/// What [`crate::Reader::next_row`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// The row is filled.
    Row,
    /// This row cannot be used; what could be read of it is in the row, and the next can be asked for.
    Bad(RowProblem),
    /// There are no more rows.
    End,
}
