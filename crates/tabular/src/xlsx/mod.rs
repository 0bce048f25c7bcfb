//! The first sheet of an XLSX workbook as rows: only the shared strings and the styles are held, the sheet itself is
//! inflated and parsed as it is read. Formulas are not computed and macros not looked at.

mod bounded;
mod cell;
mod parts;
mod sheet;
mod xml;

use std::io::{Seek, SeekFrom};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive};

use crate::{
    limits::Limits,
    problem::{Problem, RowFault},
    row::{Position, Row},
    source::{ReadSeek, Source},
    xlsx::{
        bounded::Bounded,
        parts::Parts,
        sheet::{PackedSheet, Sheet},
    },
};

/// Reader of a workbook's first sheet.
pub(crate) struct Workbook {
    sheet: Sheet,
    headers: Vec<String>,
    position: Position,
}

impl Workbook {
    pub(crate) fn open(source: Source, limits: Limits) -> Result<Self, Problem> {
        let Source::File(mut file) = source else {
            return Err(Problem::XlsxNeedsFile);
        };
        file.seek(SeekFrom::Start(0))?;
        let mut archive = ZipArchive::new(file).map_err(|error| broken(&error.to_string()))?;
        let parts = Parts::read(&mut archive, &limits)?;
        let sheet = Sheet::new(
            detach_sheet(archive, &parts.sheet_path, &limits)?,
            parts,
            limits,
        );
        let mut workbook = Self {
            sheet,
            headers: Vec::new(),
            position: Position::default(),
        };
        workbook.read_header()?;
        Ok(workbook)
    }

    fn read_header(&mut self) -> Result<(), Problem> {
        let mut row = Row::new();
        if !self.sheet.next_row(&mut row)? {
            return Err(Problem::EmptyFile);
        }
        if self.sheet.widest_column() > self.sheet.limits().max_columns {
            return Err(Problem::TooManyColumns {
                limit: self.sheet.limits().max_columns,
            });
        }
        self.headers = row.iter().map(|header| header.trim().to_owned()).collect();
        while self.headers.last().is_some_and(String::is_empty) {
            self.headers.pop();
        }
        self.position.line = row.line + 1;
        Ok(())
    }

    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
    }

    pub(crate) fn position(&self) -> Position {
        self.position
    }

    /// Reads forward; going back would mean to inflate from the beginning, for which the file is opened again.
    pub(crate) fn seek(&mut self, position: Position) -> Result<(), Problem> {
        let mut row = Row::new();
        while self.position.row < position.row {
            if self.next_row(&mut row)?.is_none() {
                return Err(Problem::BadPosition);
            }
        }
        if self.position.row == position.row {
            Ok(())
        } else {
            Err(Problem::BadPosition)
        }
    }

    pub(crate) fn next_row(
        &mut self,
        row: &mut Row,
    ) -> Result<Option<Result<(), RowFault>>, Problem> {
        if !self.sheet.next_row(row)? {
            return Ok(None);
        }
        self.position.row += 1;
        self.position.line = row.line + 1;
        Ok(Some(self.check(row)))
    }

    fn check(&self, row: &mut Row) -> Result<(), RowFault> {
        let expected = self.headers.len();
        let found = self.sheet.widest_column();
        if found > expected {
            return Err(RowFault::WrongWidth { expected, found });
        }
        // Cells without a value are often left out at the end.
        while row.len() < expected {
            row.push("");
        }
        let limit = self.sheet.limits().max_field_bytes;
        match row.longest_field() {
            Some((column, bytes)) if bytes > limit => Err(RowFault::FieldTooLong {
                column: column + 1,
                limit,
            }),
            _ => Ok(()),
        }
    }
}

/// Takes the file back from the archive, at the beginning of the packed sheet.
fn detach_sheet(
    mut archive: ZipArchive<Box<dyn ReadSeek>>,
    path: &str,
    limits: &Limits,
) -> Result<PackedSheet, Problem> {
    let entry = archive
        .by_name_raw(path.as_bytes())
        .map_err(|error| broken(&error.to_string()))?;
    let packed_bytes = entry.compressed_size();
    let method = entry.compression();
    let is_encrypted = entry.encrypted();
    let start = entry
        .data_start()
        .ok_or_else(|| broken("the sheet has no data"))?;
    drop(entry);
    if is_encrypted {
        return Err(broken("it is protected by a password"));
    }
    let mut file = archive.into_inner();
    file.seek(SeekFrom::Start(start))?;
    let packed = std::io::Read::take(file, packed_bytes);
    let inflated: Box<dyn std::io::Read + Send> = match method {
        CompressionMethod::Stored => Box::new(packed),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
        _ => return Err(broken("the sheet is packed in an unusual way")),
    };
    Ok(Bounded::new(inflated, packed_bytes, limits))
}

pub(crate) fn broken(what: &str) -> Problem {
    Problem::BrokenXlsx {
        what: what.chars().take(120).collect(),
    }
}
