//! The sheet of a workbook that holds the table, and those that continue it, as rows: only the shared strings and the styles are held,
//! the sheets themselves are inflated and parsed as they are read. Formulas are not computed and macros not looked at.

mod bounded;
mod cell;
mod parts;
mod shared;
mod sheet;
mod xml;

use std::{
    borrow::Cow,
    collections::VecDeque,
    io::{Seek, SeekFrom},
    sync::Arc,
};

use flate2::read::DeflateDecoder;
use zip::{CompressionMethod, ZipArchive, result::ZipError};

use crate::{
    limits::Limits,
    problem::{Problem, RowFault},
    row::{Position, Row},
    source::Source,
    xlsx::{
        bounded::{Bounded, read_problem},
        parts::{NamedSheet, Parts},
        shared::Shared,
        sheet::{PackedSheet, Sheet},
    },
};

/// Reader of a workbook.
pub(crate) struct Workbook {
    sheet: Sheet,
    /// Where the columns stand in this sheet, unless they stand as in the first.
    order: Option<Vec<usize>>,
    /// Sheets with the same headers, which go on where this one ends, and where the columns stand in each.
    further: VecDeque<(Sheet, Option<Vec<usize>>)>,
    /// Names of sheets that have rows and are not read.
    unread: Vec<String>,
    headers: Vec<String>,
    /// Lines of the sheets before this one.
    lines_before: u64,
    position: Position,
}

/// A sheet whose header was read.
struct Opened {
    sheet: Sheet,
    headers: Vec<String>,
    /// The line after the header.
    line: u64,
}

impl Opened {
    /// Opens a sheet; nothing if no row of it has a value.
    fn open(
        archive: &mut ZipArchive<Shared>,
        (file, named): (&Shared, &NamedSheet),
        parts: &Arc<Parts>,
        limits: &Limits,
    ) -> Result<Option<Self>, Problem> {
        let packed =
            packed_sheet(archive, file, &named.path, limits)?.counted_with(&parts.inflated);
        let mut sheet = Sheet::new(packed, Arc::clone(parts), limits.clone());
        let mut row = Row::new();
        if !sheet.next_row(&mut row)? {
            return Ok(None);
        }
        if sheet.widest_column() > limits.max_columns {
            return Err(Problem::TooManyColumns {
                limit: limits.max_columns,
            });
        }
        let mut headers: Vec<String> = row.iter().map(|header| header.trim().to_owned()).collect();
        while headers.last().is_some_and(String::is_empty) {
            headers.pop();
        }
        Ok(Some(Self {
            sheet,
            headers,
            line: row.line + 1,
        }))
    }
}

impl Workbook {
    /// Opens the first sheet whose headers fit, or the first of all that has a row; those after it that have the same headers, in
    /// whatever order, go on where it ends.
    pub(crate) fn open(
        source: Source,
        limits: &Limits,
        fits: &dyn Fn(&[String]) -> bool,
    ) -> Result<Self, Problem> {
        let Source::File(file) = source else {
            return Err(Problem::XlsxNeedsFile);
        };
        let file = Shared::new(file);
        let mut archive = ZipArchive::new(file.clone()).map_err(zip_problem)?;
        let parts = Arc::new(Parts::read(&mut archive, limits)?);
        let mut found: Option<Self> = None;
        let mut others: Vec<(&NamedSheet, Opened)> = Vec::new();
        for named in &parts.sheets {
            let opened = Opened::open(&mut archive, (&file, named), &parts, limits);
            match &mut found {
                Some(workbook) => workbook.go_on_with(named, opened)?,
                None => match opened? {
                    Some(opened) if fits(&opened.headers) => found = Some(Self::of(opened)),
                    Some(opened) => others.push((named, opened)),
                    None => {}
                },
            }
        }
        let mut others = others.into_iter();
        let mut workbook = if let Some(workbook) = found {
            workbook
        } else {
            let first = others.next().ok_or(Problem::EmptyFile)?;
            Self::of(first.1)
        };
        workbook
            .unread
            .extend(others.map(|(named, _)| named.name.clone()));
        Ok(workbook)
    }

    fn of(opened: Opened) -> Self {
        let Opened {
            sheet,
            headers,
            line,
        } = opened;
        Self {
            sheet,
            order: None,
            further: VecDeque::new(),
            unread: Vec::new(),
            headers,
            lines_before: 0,
            position: Position {
                line,
                ..Position::default()
            },
        }
    }

    /// Keeps a later sheet for when this one ends if it has the same headers, and its name otherwise.
    ///
    /// # Errors
    /// If the workbook inflates beyond its bound or the disk fails; a sheet that cannot be read for another reason is passed over.
    fn go_on_with(
        &mut self,
        named: &NamedSheet,
        opened: Result<Option<Opened>, Problem>,
    ) -> Result<(), Problem> {
        let opened = match opened {
            Err(problem @ (Problem::ZipBomb | Problem::Read(_))) => return Err(problem),
            Ok(None) => return Ok(()),
            Ok(Some(opened)) => Some(opened),
            Err(_) => None,
        };
        let going_on = opened.and_then(|opened| {
            let order = order_in(&opened.headers, &self.headers)?;
            Some((opened.sheet, order))
        });
        match going_on {
            Some((sheet, order)) => {
                let is_same = order.is_sorted();
                self.further.push_back((sheet, (!is_same).then_some(order)));
            }
            None => self.unread.push(named.name.clone()),
        }
        Ok(())
    }

    /// Names of sheets that have rows, or cannot be read, and are passed over.
    pub(crate) fn unread_sheets(&self) -> &[String] {
        &self.unread
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
        while !self.sheet.next_row(row)? {
            let Some((next, order)) = self.further.pop_front() else {
                return Ok(None);
            };
            self.lines_before = self.lines_before.saturating_add(self.sheet.last_line());
            (self.sheet, self.order) = (next, order);
        }
        if let Some(order) = &self.order {
            row.reorder(order);
        }
        row.line = row.line.saturating_add(self.lines_before);
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

/// Where each of the wanted headers stands in a sheet; nothing if the sheet has others.
fn order_in(sheet: &[String], wanted: &[String]) -> Option<Vec<usize>> {
    let sorted = |headers: &[String]| {
        let mut places: Vec<usize> = (0..headers.len()).collect();
        places.sort_by(|one, other| headers[*one].cmp(&headers[*other]));
        places
    };
    if sheet.len() != wanted.len() {
        return None;
    }
    let mut order = vec![0; wanted.len()];
    for (of_wanted, of_sheet) in sorted(wanted).into_iter().zip(sorted(sheet)) {
        if wanted[of_wanted] != sheet[of_sheet] {
            return None;
        }
        order[of_wanted] = of_sheet;
    }
    Some(order)
}

/// A sheet as it lies in the file.
fn packed_sheet(
    archive: &mut ZipArchive<Shared>,
    file: &Shared,
    path: &str,
    limits: &Limits,
) -> Result<PackedSheet, Problem> {
    let entry = archive.by_name_raw(path.as_bytes()).map_err(zip_problem)?;
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
    let mut file = file.clone();
    file.seek(SeekFrom::Start(start))?;
    let packed = std::io::Read::take(file, packed_bytes);
    let inflated: Box<dyn std::io::Read + Send> = match method {
        CompressionMethod::Stored => Box::new(packed),
        CompressionMethod::Deflated => Box::new(DeflateDecoder::new(packed)),
        _ => return Err(broken("the sheet is packed in an unusual way")),
    };
    Ok(Bounded::new(inflated, packed_bytes, limits))
}

/// What it means that the archive cannot be read: it is no good one, or the disk does not give it now.
pub(crate) fn zip_problem(error: ZipError) -> Problem {
    match error {
        ZipError::Io(error) => read_problem(&error),
        ZipError::InvalidArchive(Cow::Borrowed(what)) | ZipError::UnsupportedArchive(what) => {
            broken(what)
        }
        // What else it says may be names of parts.
        _ => broken("its archive is damaged"),
    }
}

pub(crate) fn broken(what: &'static str) -> Problem {
    Problem::BrokenXlsx { what }
}
