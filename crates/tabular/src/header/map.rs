//! The columns of a file, recognised by their headers.

use super::{
    Mapping,
    finder::Finder,
    rival::{Rival, rivals},
    settle::{give_line_columns, give_second_phone},
};
use crate::{
    problem::Problem,
    schema::{Column, Schema},
};

/// The file's columns in terms of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderMap {
    /// For each column of the schema, the file's column.
    pub(super) columns: Vec<Option<usize>>,
    /// Columns of the file that are none of the schema's, with their headers.
    pub(super) extras: Vec<(usize, String)>,
    /// Those of them that mean a column for which another one was taken, in the order of the schema and the most telling first.
    pub(super) rivals: Vec<Rival>,
    /// Columns of the schema that the mapping names: they are read from where it says and from nowhere else.
    pub(super) mapped: Vec<usize>,
    /// Whether each row is read by those of its keys that have a value.
    pub(super) is_by_row: bool,
    /// The places of the first and the second phone in the schema.
    pub(super) phones: Option<(usize, usize)>,
    /// The places of a line's name and of all lines in the schema, where either may stand under a key that means the name.
    pub(super) lines: Option<(usize, usize)>,
}

impl HeaderMap {
    /// Recognises the headers of a file. The mapping comes first, then canonical names, then the usual other names;
    /// what is left is kept under its own header. The reason columns of a mended file are passed over.
    ///
    /// # Errors
    /// [`Problem::NoHeader`], [`Problem::HeaderNotRecognised`] and the two about mappings.
    pub fn recognise(
        headers: &[String],
        schema: &Schema,
        mapping: Option<&Mapping>,
    ) -> Result<Self, Problem> {
        Self::of_table((headers, schema), mapping, schema.columns)
    }

    /// As [`Self::recognise`]; only these columns must be there.
    pub(crate) fn of_table(
        file: (&[String], &Schema),
        mapping: Option<&Mapping>,
        needed: &[Column],
    ) -> Result<Self, Problem> {
        Self::recognise_needed(file, mapping, needed, |columns, schema, finder| {
            give_second_phone(columns, schema, finder);
            give_line_columns(columns, schema, finder);
        })
    }

    /// The same of the keys of objects, which leave out what is not known: a record's own key, the schema's first column, is all that
    /// must be there. Every other column of a row that no mapping names is read from the first key that means it and has a value there,
    /// whatever the keys of other rows. A list of objects under a key that means the name of a line, such as 维修项目, is the lines of the
    /// row, unless they have a key of their own or a mapping says otherwise.
    ///
    /// # Errors
    /// As [`Self::recognise`].
    pub fn recognise_keys(
        keys: &[String],
        schema: &Schema,
        mapping: Option<&Mapping>,
    ) -> Result<Self, Problem> {
        Self::of_objects((keys, schema), mapping, &schema.columns[..1])
    }

    /// As [`Self::recognise_keys`]; only these columns must be there.
    pub(crate) fn of_objects(
        (keys, schema): (&[String], &Schema),
        mapping: Option<&Mapping>,
        needed: &[Column],
    ) -> Result<Self, Problem> {
        let mut map = Self::recognise_needed((keys, schema), mapping, needed, give_line_columns)?;
        map.is_by_row = !map.rivals.is_empty();
        let lines = schema.column("name").zip(schema.column("lines"));
        map.lines =
            lines.filter(|(name, lines)| !map.mapped.contains(name) && !map.mapped.contains(lines));
        Ok(map)
    }

    /// `settle` gives away what the names alone do not.
    fn recognise_needed(
        (headers, schema): (&[String], &Schema),
        mapping: Option<&Mapping>,
        needed: &[Column],
        settle: impl Fn(&mut [Option<usize>], &Schema, &mut Finder),
    ) -> Result<Self, Problem> {
        let mut finder = Finder::new(headers);
        let mut columns = vec![None; schema.columns.len()];
        let mut mapped = Vec::new();
        for (column, header) in mapping.iter().flat_map(|mapping| &mapping.headers) {
            let place = schema
                .column(column)
                .ok_or_else(|| unknown_column(schema, column))?;
            let found = finder
                .take_mapped(header)
                .ok_or_else(|| Problem::MappingHeaderAbsent {
                    column: column.clone(),
                    header: header.clone(),
                })?;
            columns[place] = Some(found);
            mapped.push(place);
        }
        for (place, column) in schema.columns.iter().enumerate() {
            columns[place] = columns[place].or_else(|| finder.take(column.name));
        }
        for (place, column) in schema.columns.iter().enumerate() {
            columns[place] =
                columns[place].or_else(|| column.aliases().find_map(|alias| finder.take(alias)));
        }
        settle(&mut columns, schema, &mut finder);
        check_required(&columns, schema.kind, needed)?;
        let extras = finder.into_extras(headers);
        Ok(Self {
            rivals: rivals(&extras, schema),
            columns,
            extras,
            mapped,
            is_by_row: false,
            phones: schema.column("phone").zip(schema.column("phone2")),
            lines: None,
        })
    }

    /// The file's column of a canonical column (by its place in the schema), if it has one; of objects the most telling of several.
    pub fn source_column(&self, column: usize) -> Option<usize> {
        *self.columns.get(column)?
    }

    /// The file's further columns: place and header.
    pub fn extras(&self) -> &[(usize, String)] {
        &self.extras
    }

    /// Those of them that mean no column of the schema, and not one for which another was taken either.
    pub fn unknown(&self) -> impl Iterator<Item = &(usize, String)> {
        let is_rival = |source: usize| self.rivals.iter().any(|rival| rival.source == source);
        self.extras
            .iter()
            .filter(move |(source, _)| !is_rival(*source))
    }
}

fn unknown_column(schema: &Schema, column: &str) -> Problem {
    let known: Vec<_> = schema.columns.iter().map(|column| column.name).collect();
    Problem::MappingUnknownColumn {
        kind: schema.kind,
        column: column.to_owned(),
        known: known.join(", "),
    }
}

/// `needed` are the first columns of the schema, all of them or none.
fn check_required(
    columns: &[Option<usize>],
    kind: &'static str,
    needed: &[Column],
) -> Result<(), Problem> {
    if columns.iter().all(Option::is_none) {
        return Err(Problem::NoHeader { kind });
    }
    let pairs = needed.iter().zip(columns);
    let missing: Vec<_> = pairs
        .filter(|(column, found)| column.is_required && found.is_none())
        .map(|(column, _)| column.name)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::HeaderNotRecognised { kind, missing })
    }
}
