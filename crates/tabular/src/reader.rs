//! One reader for all formats: finds out which it is, then hands out rows.

use std::io::{Read, Seek};

use rustc_hash::FxHashSet;

use crate::{
    delimited::Delimited,
    encoding::Encoding,
    limits::Limits,
    ndjson::JsonLines,
    problem::{Problem, RowFault, RowProblem},
    row::{Next, Position, Row},
    source::{Source, Window},
    xlsx::Workbook,
};

/// The formats that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Fields separated by comma, semicolon or tab.
    Csv,
    /// A workbook: the first sheet that fits, and those after it with the same headers.
    Xlsx,
    /// One JSON object a line.
    Ndjson,
}

/// A stream of rows, whatever the file is written in.
pub struct Reader {
    rows: Rows,
    encoding: Encoding,
}

enum Rows {
    Delimited(Box<Delimited>),
    JsonLines(Box<JsonLines>),
    Workbook(Box<Workbook>),
}

impl Reader {
    /// Opens a file and reads its header. Without a format, that is found out from the first bytes.
    ///
    /// # Errors
    /// Any [`Problem`] of the file's beginning; nothing is read beyond what `limits` allow.
    pub fn open(
        file: impl Read + Seek + Send + 'static,
        format: Option<Format>,
        limits: Limits,
    ) -> Result<Self, Problem> {
        Self::open_fitting(file, format, limits, |_| true)
    }

    /// Opens a file whose headers should fit: of a workbook the first sheet whose headers do, where there is one.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_fitting(
        file: impl Read + Seek + Send + 'static,
        format: Option<Format>,
        limits: Limits,
        fits: impl Fn(&[String]) -> bool,
    ) -> Result<Self, Problem> {
        Self::open_source(Source::File(Box::new(file)), format, limits, &fits)
    }

    /// Opens a source that cannot go back, such as a request's body. XLSX cannot be read from it.
    ///
    /// # Errors
    /// As [`Self::open`], and [`Problem::XlsxNeedsFile`].
    pub fn open_stream(
        stream: impl Read + Send + 'static,
        format: Option<Format>,
        limits: Limits,
    ) -> Result<Self, Problem> {
        Self::open_source(Source::Stream(Box::new(stream)), format, limits, &|_| true)
    }

    fn open_source(
        source: Source,
        format: Option<Format>,
        limits: Limits,
        fits: &dyn Fn(&[String]) -> bool,
    ) -> Result<Self, Problem> {
        let mut window = Window::new(source);
        window.more()?;
        if window.bytes().iter().all(u8::is_ascii_whitespace) && window.is_complete() {
            return Err(Problem::EmptyFile);
        }
        refuse_foreign(window.bytes())?;
        let looks_zipped = window.bytes().starts_with(b"PK\x03\x04");
        if looks_zipped || format == Some(Format::Xlsx) {
            let workbook = Workbook::open(window.into_source(), &limits, fits)?;
            return Self {
                rows: Rows::Workbook(Box::new(workbook)),
                encoding: Encoding::Utf8,
            }
            .checked();
        }
        let encoding = Encoding::prepare(&mut window)?;
        if window.bytes().is_empty() {
            window.more()?;
        }
        let first = window
            .bytes()
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .copied();
        let rows = match (format, first) {
            (None | Some(Format::Csv), Some(b'[' | b'<')) => {
                return Err(Problem::NotTabular {
                    found: if first == Some(b'[') {
                        "a JSON list; write one object a line"
                    } else {
                        "a web page or XML"
                    },
                });
            }
            (Some(Format::Ndjson), _) | (None, Some(b'{')) => {
                Rows::JsonLines(Box::new(JsonLines::open(window, encoding, limits)?))
            }
            _ => Rows::Delimited(Box::new(Delimited::open(window, encoding, limits)?)),
        };
        Self { rows, encoding }.checked()
    }

    /// No two columns may have one name: which of them would count?
    fn checked(self) -> Result<Self, Problem> {
        let mut seen = FxHashSet::default();
        for header in self.headers().iter().filter(|header| !header.is_empty()) {
            if !seen.insert(header.as_str()) {
                return Err(Problem::DuplicateHeader {
                    header: header.clone(),
                });
            }
        }
        Ok(self)
    }

    /// What the file turned out to be.
    pub fn format(&self) -> Format {
        match self.rows {
            Rows::Delimited(_) => Format::Csv,
            Rows::JsonLines(_) => Format::Ndjson,
            Rows::Workbook(_) => Format::Xlsx,
        }
    }

    /// How its text is written.
    pub fn encoding(&self) -> Encoding {
        self.encoding
    }

    /// The headers, trimmed. Those of an NDJSON file grow when a row has a new key.
    pub fn headers(&self) -> &[String] {
        match &self.rows {
            Rows::Delimited(rows) => rows.headers(),
            Rows::JsonLines(rows) => rows.headers(),
            Rows::Workbook(rows) => rows.headers(),
        }
    }

    /// Names of the sheets of a workbook that have rows and are not read: their headers are others.
    pub fn unread_sheets(&self) -> &[String] {
        match &self.rows {
            Rows::Workbook(rows) => rows.unread_sheets(),
            Rows::Delimited(_) | Rows::JsonLines(_) => &[],
        }
    }

    /// Fills the next row. Rows with nothing in them are passed over.
    ///
    /// # Errors
    /// A [`Problem`] after which nothing more can be read from this file.
    #[inline]
    pub fn next_row(&mut self, row: &mut Row) -> Result<Next, Problem> {
        let outcome: Option<Result<(), RowFault>> = match &mut self.rows {
            Rows::Delimited(rows) => rows.next_row(row)?,
            Rows::JsonLines(rows) => rows.next_row(row)?,
            Rows::Workbook(rows) => rows.next_row(row)?,
        };
        Ok(match outcome {
            None => Next::End,
            Some(Ok(())) => Next::Row,
            Some(Err(fault)) => Next::Bad(RowProblem {
                line: row.line,
                fault,
            }),
        })
    }

    /// Where the next row is: the checkpoint to [`Self::seek`] to later.
    pub fn position(&self) -> Position {
        match &self.rows {
            Rows::Delimited(rows) => rows.position(),
            Rows::JsonLines(rows) => rows.position(),
            Rows::Workbook(rows) => rows.position(),
        }
    }

    /// Goes to a position that [`Self::position`] gave for the same file. Files jump there; streams and workbooks
    /// read forward.
    ///
    /// # Errors
    /// [`Problem::BadPosition`] when the file is shorter, or a stream has already passed it.
    pub fn seek(&mut self, position: Position) -> Result<(), Problem> {
        match &mut self.rows {
            Rows::Delimited(rows) => rows.seek(position),
            Rows::JsonLines(rows) => rows.seek(position),
            Rows::Workbook(rows) => rows.seek(position),
        }
    }
}

/// Files that are no tables at all, by their first bytes.
fn refuse_foreign(bytes: &[u8]) -> Result<(), Problem> {
    let kinds: [(&[u8], &'static str); 7] = [
        (b"\xD0\xCF\x11\xE0", "an old or password-protected workbook"),
        (b"%PDF", "a PDF"),
        (b"\x89PNG", "a picture"),
        (b"\xFF\xD8\xFF", "a picture"),
        (b"\x1F\x8B", "a gzip archive; unpack it first"),
        (b"Rar!", "an archive; unpack it first"),
        (b"7z\xBC\xAF", "an archive; unpack it first"),
    ];
    match kinds.iter().find(|(magic, _)| bytes.starts_with(magic)) {
        Some((_, found)) => Err(Problem::NotTabular { found }),
        None => Ok(()),
    }
}
