//! The cells of a row by the columns that were recognised: of objects each by its own keys.

use super::HeaderMap;
use crate::row::Row;

impl HeaderMap {
    /// The value of a canonical column (by its place in the schema); empty where the row has none.
    #[inline]
    pub fn get<'r>(&self, row: &'r Row, column: usize) -> &'r str {
        self.source_in(row, column)
            .map_or("", |source| row.field(source))
    }

    /// The row's field that a canonical column is read from. A list of objects under the name of a line is the lines of the row.
    #[inline]
    pub(crate) fn source_in(&self, row: &Row, column: usize) -> Option<usize> {
        let Some((name, lines)) = self.lines.filter(|_| !row.nested.is_empty()) else {
            return self.value_in(row, column);
        };
        match self.list_in(row, (name, lines)) {
            Some(list) if column == lines => Some(list),
            Some(list) if column == name => self.filled(row, name).find(|source| *source != list),
            _ => self.value_in(row, column),
        }
    }

    /// The row's field that has its lines under a key which means the name of one, such as 维修项目, unless they have a key of their own.
    fn list_in(&self, row: &Row, (name, lines): (usize, usize)) -> Option<usize> {
        let own = self.value_in(row, lines);
        if own.is_some_and(|source| !row.field(source).is_empty()) {
            return None;
        }
        let mut names = self.filled(row, name);
        names.find(|source| row.is_nested(*source) && is_list_of_objects(row.field(*source)))
    }

    /// The row's field with the value of a canonical column. The key of all records stands under one header, and what is mapped under the
    /// one that the mapping says.
    #[inline]
    fn value_in(&self, row: &Row, column: usize) -> Option<usize> {
        let taken = self.source_column(column);
        if !self.is_by_row || column == 0 || self.mapped.contains(&column) {
            return taken;
        }
        let filled = self.filled(row, column).next();
        filled.or_else(|| self.second_phone(row, column)).or(taken)
    }

    /// The row's fields that mean a column and have a value, the most telling first.
    fn filled<'r>(&'r self, row: &'r Row, column: usize) -> impl Iterator<Item = usize> {
        let taken = self.source_column(column).into_iter();
        taken
            .chain(self.rivals_of(column))
            .filter(move |source| !row.field(*source).is_empty())
    }

    fn rivals_of(&self, column: usize) -> impl Iterator<Item = usize> {
        let rivals = self.rivals.iter();
        let of_column = rivals.filter(move |rival| rival.column == column);
        of_column.map(|rival| rival.source)
    }

    /// An object with two keys for a phone has two phones.
    fn second_phone(&self, row: &Row, column: usize) -> Option<usize> {
        let (first, _) = self.phones.filter(|(_, second)| *second == column)?;
        self.filled(row, first).nth(1)
    }

    /// The values of a row that mean a canonical column besides the one that is read; they stay under their own headers. None of a
    /// column that the mapping names: whoever wrote it has said which he means.
    pub fn others<'r>(&'r self, row: &'r Row, column: usize) -> impl Iterator<Item = &'r str> {
        self.rivals_of(column)
            .filter(move |source| !self.mapped.contains(&column) && !self.is_read(row, *source))
            .map(move |source| row.field(source))
            .filter(|value| !value.is_empty())
    }

    /// The further columns of a row that have a value: header and value.
    pub fn extras_in<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = (&'r str, &'r str)> {
        let extras = self.extras.iter();
        extras
            .filter(move |(source, _)| !self.is_read(row, *source))
            .map(move |(source, header)| (header.as_str(), row.field(*source)))
            .filter(|(_, value)| !value.is_empty())
    }

    /// Whether a canonical column of the row is read from this column of those left over.
    fn is_read(&self, row: &Row, source: usize) -> bool {
        if !self.is_by_row {
            return false;
        }
        let mut rivals = self.rivals.iter();
        let Some(rival) = rivals.find(|rival| rival.source == source) else {
            return false;
        };
        // What means the first of these may be read as the second.
        let seconds = [self.phones, self.lines].into_iter().flatten();
        let of_rival = seconds.filter(|(first, _)| *first == rival.column);
        let mut read = std::iter::once(rival.column).chain(of_rival.map(|(_, second)| second));
        read.any(|column| self.source_in(row, column) == Some(source))
    }
}

/// Whether the JSON of an array has objects in it, or nothing at all.
fn is_list_of_objects(json: &str) -> bool {
    let items = json.strip_prefix('[').map(str::trim_start);
    items.is_some_and(|items| items.starts_with(['{', ']']))
}
