//! Rows of a file whose fields are separated by a comma, a semicolon or a tab.
//!
//! Records are cut on the raw bytes: no byte of a character in UTF-8 or GB18030 can be taken for a line break, a quote
//! or one of the three separators. So each row knows the byte it starts at, and reading can go on from there.

use memchr::{memchr, memchr_iter};

use crate::{
    encoding::Encoding,
    limits::Limits,
    problem::{Problem, RowFault},
    row::{Position, Row},
    source::Window,
};

const QUOTE: u8 = b'"';

/// Reader of a delimited file.
pub(crate) struct Delimited {
    window: Window,
    encoding: Encoding,
    delimiter: u8,
    line_end: u8,
    limits: Limits,
    headers: Vec<String>,
    position: Position,
    /// Decoded record whose quotes are still to be taken away.
    scratch: String,
}

/// A record in the window.
struct Record {
    /// Bytes without the line end.
    length: usize,
    /// Bytes with the line end.
    consumed: usize,
    has_quotes: bool,
    is_closed: bool,
}

impl Delimited {
    /// Reads the header; the window is after the byte order mark.
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
        let line_end = line_end_of(window.bytes());
        let mut reader = Self {
            window,
            encoding,
            delimiter: b',',
            line_end,
            limits,
            headers: Vec::new(),
            position,
            scratch: String::new(),
        };
        reader.read_header()?;
        Ok(reader)
    }

    pub(crate) fn headers(&self) -> &[String] {
        &self.headers
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

    fn read_header(&mut self) -> Result<(), Problem> {
        let mut row = Row::new();
        loop {
            let Some(record) = self.find_record()? else {
                return Err(Problem::EmptyFile);
            };
            let bytes = &self.window.bytes()[..record.length];
            // Spreadsheet programs write the separator on a line of its own.
            if let [b's', b'e', b'p', b'=', delimiter @ (b',' | b';' | b'\t')] = bytes {
                self.delimiter = *delimiter;
                self.advance(&record);
                continue;
            }
            self.delimiter = likely_delimiter(bytes, self.delimiter);
            match self.fill(&record, &mut row) {
                Ok(()) => {}
                Err(RowFault::BadBytes) => return Err(Problem::UnknownEncoding),
                Err(_) => {
                    return Err(Problem::LineTooLong {
                        line: self.position.line,
                        limit: self.limits.max_line_bytes,
                    });
                }
            }
            self.advance(&record);
            if row.len() > self.limits.max_columns {
                return Err(Problem::TooManyColumns {
                    limit: self.limits.max_columns,
                });
            }
            if row.is_blank() {
                continue;
            }
            self.headers = row.iter().map(|header| header.trim().to_owned()).collect();
            return Ok(());
        }
    }

    /// Fills the next row that has anything in it; `None` at the end.
    #[inline]
    pub(crate) fn next_row(
        &mut self,
        row: &mut Row,
    ) -> Result<Option<Result<(), RowFault>>, Problem> {
        loop {
            let Some(record) = self.find_record()? else {
                return Ok(None);
            };
            row.line = self.position.line;
            row.offset = self.position.byte;
            let outcome = self.fill(&record, row);
            self.advance(&record);
            if outcome.is_ok() && row.field(0).trim().is_empty() && row.is_blank() {
                continue;
            }
            self.position.row += 1;
            return Ok(Some(outcome.and_then(|()| self.check(row))));
        }
    }

    #[inline]
    fn check(&self, row: &Row) -> Result<(), RowFault> {
        if row.len() != self.headers.len() {
            return Err(RowFault::WrongWidth {
                expected: self.headers.len(),
                found: row.len(),
            });
        }
        if row.text.len() > self.limits.max_field_bytes
            && let Some((column, bytes)) = row.longest_field()
            && bytes > self.limits.max_field_bytes
        {
            return Err(RowFault::FieldTooLong {
                column: column + 1,
                limit: self.limits.max_field_bytes,
            });
        }
        Ok(())
    }

    #[inline]
    fn advance(&mut self, record: &Record) {
        let lines = if record.has_quotes {
            memchr_iter(self.line_end, &self.window.bytes()[..record.consumed]).count() as u64
        } else {
            1
        };
        self.position.line += lines.max(1);
        self.window.consume(record.consumed);
        self.position.byte = self.window.offset();
    }

    /// Finds where the record at the front of the window ends, reading on as needed.
    #[inline]
    fn find_record(&mut self) -> Result<Option<Record>, Problem> {
        let mut searched = 0;
        loop {
            let bytes = self.window.bytes();
            if let Some(at) = memchr(self.line_end, &bytes[searched..]) {
                let line_end = searched + at;
                if line_end <= self.limits.max_line_bytes {
                    return if memchr(QUOTE, &bytes[..line_end]).is_some() {
                        self.find_quoted_record().map(Some)
                    } else {
                        Ok(Some(record_at(bytes, line_end, line_end + 1, false, true)))
                    };
                }
            }
            searched = bytes.len();
            if searched > self.limits.max_line_bytes {
                return Err(self.too_long());
            }
            if !self.window.more()? {
                let length = self.window.bytes().len();
                return match length {
                    0 => Ok(None),
                    _ if memchr(QUOTE, self.window.bytes()).is_some() => {
                        self.find_quoted_record().map(Some)
                    }
                    _ => Ok(Some(record_at(
                        self.window.bytes(),
                        length,
                        length,
                        false,
                        true,
                    ))),
                };
            }
        }
    }

    fn too_long(&self) -> Problem {
        let delimiter = if self.headers.is_empty() {
            likely_delimiter(self.window.bytes(), self.delimiter)
        } else {
            self.delimiter
        };
        if memchr_iter(delimiter, self.window.bytes()).count() >= self.limits.max_columns
            && self.headers.is_empty()
        {
            return Problem::TooManyColumns {
                limit: self.limits.max_columns,
            };
        }
        Problem::LineTooLong {
            line: self.position.line,
            limit: self.limits.max_line_bytes,
        }
    }

    /// As [`Self::find_record`], where a quoted field may hold line breaks.
    fn find_quoted_record(&mut self) -> Result<Record, Problem> {
        loop {
            let bytes = self.window.bytes();
            if let Some(line_end) = quoted_end(bytes, self.delimiter, self.line_end) {
                return Ok(record_at(bytes, line_end, line_end + 1, true, true));
            }
            if bytes.len() > self.limits.max_line_bytes || !self.window.more()? {
                break;
            }
        }
        let bytes = self.window.bytes();
        if self.window.is_complete() && !is_inside_quotes(bytes, self.delimiter) {
            return Ok(record_at(bytes, bytes.len(), bytes.len(), true, true));
        }
        // The quote is never closed: give up this line alone and go on with the next.
        match memchr(self.line_end, bytes) {
            Some(line_end) => Ok(record_at(bytes, line_end, line_end + 1, true, false)),
            None if self.window.is_complete() && bytes.len() <= self.limits.max_line_bytes => {
                Ok(record_at(bytes, bytes.len(), bytes.len(), true, false))
            }
            None => Err(self.too_long()),
        }
    }

    /// Decodes a record into fields.
    #[inline]
    fn fill(&mut self, record: &Record, row: &mut Row) -> Result<(), RowFault> {
        row.clear();
        let bytes = &self.window.bytes()[..record.length];
        if !record.has_quotes || !record.is_closed {
            let is_text = self.encoding.decode(bytes, &mut row.text);
            split_plain(row, self.delimiter);
            return match (is_text, record.is_closed) {
                (false, _) => Err(RowFault::BadBytes),
                (true, false) => Err(RowFault::UnclosedQuote),
                (true, true) => Ok(()),
            };
        }
        self.scratch.clear();
        let is_text = self.encoding.decode(bytes, &mut self.scratch);
        split_quoted(&self.scratch, self.delimiter, row);
        if is_text {
            Ok(())
        } else {
            Err(RowFault::BadBytes)
        }
    }
}

/// What ends lines, by the beginning of the file: programs of old wrote a carriage return and nothing after it. Within quotes
/// either may stand for a line of a cell.
fn line_end_of(beginning: &[u8]) -> u8 {
    let (mut is_quoted, mut returns) = (false, false);
    for (at, byte) in beginning.iter().enumerate() {
        match byte {
            &QUOTE => is_quoted = !is_quoted,
            b'\n' if !is_quoted => return b'\n',
            b'\r' if !is_quoted => returns |= at + 1 < beginning.len(),
            _ => {}
        }
    }
    if returns { b'\r' } else { b'\n' }
}

#[inline]
fn record_at(
    bytes: &[u8],
    end: usize,
    consumed: usize,
    has_quotes: bool,
    is_closed: bool,
) -> Record {
    let length = if end > 0 && bytes[end - 1] == b'\r' {
        end - 1
    } else {
        end
    };
    Record {
        length,
        consumed,
        has_quotes,
        is_closed,
    }
}

/// The separator that the header uses most, outside of quotes.
fn likely_delimiter(header: &[u8], default: u8) -> u8 {
    let mut counts = [(default, 0_usize), (b',', 0), (b';', 0), (b'\t', 0)];
    let mut is_quoted = false;
    for byte in header {
        is_quoted ^= *byte == QUOTE;
        if !is_quoted {
            for (delimiter, count) in &mut counts {
                *count += usize::from(delimiter == byte);
            }
        }
    }
    // Of equals the first wins, which is the one announced.
    counts
        .iter()
        .rev()
        .max_by_key(|(_, count)| *count)
        .map_or(default, |(delimiter, _)| *delimiter)
}

/// Where the line break that ends the record is, if it is there.
fn quoted_end(bytes: &[u8], delimiter: u8, line_end: u8) -> Option<usize> {
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&QUOTE) {
            at = closing_quote(bytes, at + 1)? + 1;
        }
        // The rest of the field, whatever is in it.
        at += memchr::memchr2(delimiter, line_end, &bytes[at.min(bytes.len())..])?;
        if bytes[at] == line_end {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the quote that closes a field is; `from` is after the opening one.
fn closing_quote(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr(QUOTE, bytes.get(at..)?)?;
        match bytes.get(at + 1) {
            Some(&QUOTE) => at += 2,
            _ => return Some(at),
        }
    }
}

/// Whether the bytes, being all there is, end within a quoted field.
fn is_inside_quotes(bytes: &[u8], delimiter: u8) -> bool {
    let mut at = 0;
    while at < bytes.len() {
        if bytes[at] == QUOTE {
            match closing_quote(bytes, at + 1) {
                Some(closing) => at = closing + 1,
                None => return true,
            }
        }
        match memchr(delimiter, &bytes[at.min(bytes.len())..]) {
            Some(step) => at += step + 1,
            None => return false,
        }
    }
    false
}

/// Marks the fields of a record without quotes; its text is already in the row.
#[inline]
fn split_plain(row: &mut Row, delimiter: u8) {
    row.ends
        .extend(memchr_iter(delimiter, row.text.as_bytes()).map(|at| at as u32));
    row.ends.push(row.text.len() as u32);
}

/// Appends the fields of a record that has quotes, without them.
fn split_quoted(record: &str, delimiter: u8, row: &mut Row) {
    let bytes = record.as_bytes();
    let mut at = 0;
    loop {
        if bytes.get(at) == Some(&QUOTE) {
            let closing = closing_quote(bytes, at + 1).unwrap_or(bytes.len());
            push_unescaped(&record[at + 1..closing], &mut row.text);
            at = (closing + 1).min(bytes.len());
        }
        let end = memchr(delimiter, &bytes[at..]).map_or(bytes.len(), |step| at + step);
        row.text.push_str(&record[at..end]);
        row.end_field();
        if end == bytes.len() {
            return;
        }
        at = end + 1;
    }
}

/// Appends the inside of a quoted field, doubled quotes made single.
fn push_unescaped(inside: &str, into: &mut String) {
    let mut rest = inside;
    while let Some(at) = memchr(QUOTE, rest.as_bytes()) {
        into.push_str(&rest[..=at]);
        rest = rest.get(at + 2..).unwrap_or_default();
    }
    into.push_str(rest);
}
