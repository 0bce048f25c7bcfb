//! Writing rows: CSV, NDJSON, and the file of quarantined rows that people mend and send again.

use std::io::{self, Write};

use crate::{encoding::Encoding, formula::guarded, row::Row};

/// What the headers of the reason columns begin with. Such columns are passed over when a mended file comes back.
pub const REASON_COLUMN_PREFIX: &str = "marque_";

const REASON_COLUMNS: [&str; 5] = [
    "marque_line",
    "marque_field",
    "marque_reason",
    "marque_message",
    "marque_surplus",
];

/// Writes CSV as RFC 4180 has it: comma, CRLF, quotes where needed.
pub struct CsvWriter<W> {
    into: W,
    encoding: Encoding,
    record: String,
    fields: usize,
}

impl<W: Write> CsvWriter<W> {
    /// Writes in UTF-8 or GB18030 (any other encoding is written as UTF-8), without a byte order mark.
    pub fn new(into: W, encoding: Encoding) -> Self {
        Self {
            into,
            encoding,
            record: String::new(),
            fields: 0,
        }
    }

    /// Writes UTF-8 with the byte order mark by which spreadsheet programs know it.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn with_mark(mut into: W) -> io::Result<Self> {
        into.write_all(b"\xEF\xBB\xBF")?;
        Ok(Self::new(into, Encoding::Utf8))
    }

    /// Appends a field to the present record.
    pub fn field(&mut self, field: &str) {
        if self.fields > 0 {
            self.record.push(',');
        }
        self.fields += 1;
        let bytes = field.as_bytes();
        let is_plain = memchr::memchr3(b',', b'"', b'\n', bytes).is_none()
            && memchr::memchr3(b'\r', b';', b'\t', bytes).is_none()
            && !field.starts_with(char::is_whitespace)
            && !field.ends_with(char::is_whitespace);
        if is_plain {
            self.record.push_str(field);
            return;
        }
        self.record.push('"');
        let mut rest = field;
        while let Some(at) = memchr::memchr(b'"', rest.as_bytes()) {
            self.record.push_str(&rest[..=at]);
            self.record.push('"');
            rest = &rest[at + 1..];
        }
        self.record.push_str(rest);
        self.record.push('"');
    }

    /// Ends the present record.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn end_record(&mut self) -> io::Result<()> {
        self.record.push_str("\r\n");
        if self.encoding == Encoding::Gb18030 {
            self.into
                .write_all(&encoding_rs::GB18030.encode(&self.record).0)?;
        } else {
            self.into.write_all(self.record.as_bytes())?;
        }
        self.record.clear();
        self.fields = 0;
        Ok(())
    }

    /// Writes a whole record.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn write<'f>(&mut self, fields: impl IntoIterator<Item = &'f str>) -> io::Result<()> {
        for field in fields {
            self.field(field);
        }
        self.end_record()
    }

    /// Flushes and gives the sink back.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self) -> io::Result<W> {
        self.into.flush()?;
        Ok(self.into)
    }
}

/// Writes NDJSON: an object a row, keys as the headers, all values strings unless marked as JSON.
pub struct NdjsonWriter<W> {
    into: W,
    record: Vec<u8>,
}

impl<W: Write> NdjsonWriter<W> {
    /// Writes to a sink.
    pub fn new(into: W) -> Self {
        Self {
            into,
            record: Vec::new(),
        }
    }

    /// Appends a key with a text.
    ///
    /// # Errors
    /// None in practice: memory does not fail to be written to.
    pub fn field(&mut self, key: &str, text: &str) -> io::Result<()> {
        self.key(key)?;
        serde_json::to_writer(&mut self.record, text).map_err(io::Error::from)
    }

    /// Appends a key with a value that is JSON already.
    ///
    /// # Errors
    /// As [`Self::field`].
    pub fn json_field(&mut self, key: &str, json: &str) -> io::Result<()> {
        self.key(key)?;
        self.record.extend_from_slice(json.as_bytes());
        Ok(())
    }

    fn key(&mut self, key: &str) -> io::Result<()> {
        self.record
            .push(if self.record.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut self.record, key).map_err(io::Error::from)?;
        self.record.push(b':');
        Ok(())
    }

    /// Ends the present object.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn end_record(&mut self) -> io::Result<()> {
        if self.record.is_empty() {
            self.record.push(b'{');
        }
        self.record.extend_from_slice(b"}\n");
        self.into.write_all(&self.record)?;
        self.record.clear();
        Ok(())
    }

    /// Flushes and gives the sink back.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(mut self) -> io::Result<W> {
        self.into.flush()?;
        Ok(self.into)
    }
}

/// Why a row was not taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason<'a> {
    /// Canonical column, or empty when the whole row is meant.
    pub field: &'a str,
    /// Stable code.
    pub code: &'a str,
    /// What is wrong and how to mend it.
    pub message: &'a str,
}

/// Writes the rows that were not taken over: their own columns as they came, then where they stood and why they were
/// refused. Mended, the file can be sent again as it is. In CSV what a spreadsheet program would take for a formula, in a header too, has an
/// apostrophe in front of it, which is taken off when the file comes back.
pub struct QuarantineWriter<W> {
    rows: Rows<W>,
    headers: Vec<String>,
}

enum Rows<W> {
    Csv(CsvWriter<W>),
    Ndjson(NdjsonWriter<W>),
}

impl<W: Write> QuarantineWriter<W> {
    /// A CSV file (UTF-8, opens in spreadsheet programs) with the headers of the file that was read.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn csv(into: W, headers: &[String]) -> io::Result<Self> {
        let mut rows = CsvWriter::with_mark(into)?;
        let own = own_headers(headers).into_iter().map(|(_, header)| header);
        for header in own.chain(REASON_COLUMNS) {
            rows.field(&guarded(header));
        }
        rows.end_record()?;
        Ok(Self {
            rows: Rows::Csv(rows),
            headers: headers.to_vec(),
        })
    }

    /// An NDJSON file, for a file that came as one.
    pub fn ndjson(into: W, headers: &[String]) -> Self {
        Self {
            rows: Rows::Ndjson(NdjsonWriter::new(into)),
            headers: headers.to_vec(),
        }
    }

    /// The headers of a file grow when it is NDJSON; tell the present ones before writing a row.
    pub fn set_headers(&mut self, headers: &[String]) {
        if matches!(self.rows, Rows::Ndjson(_)) && headers.len() > self.headers.len() {
            self.headers = headers.to_vec();
        }
    }

    /// Writes a row with the reasons against it.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn write(&mut self, row: &Row, reasons: &[Reason<'_>]) -> io::Result<()> {
        let joined = |part: fn(&Reason<'_>) -> String| {
            reasons.iter().map(part).collect::<Vec<_>>().join("; ")
        };
        let surplus: Vec<_> = row.iter().skip(self.headers.len()).collect();
        let notes = [
            row.line().to_string(),
            joined(|reason| reason.field.to_owned()),
            joined(|reason| reason.code.to_owned()),
            joined(|reason| reason.message.to_owned()),
            surplus.join(" | "),
        ];
        let own = own_headers(&self.headers);
        match &mut self.rows {
            Rows::Csv(csv) => {
                let fields = own.iter().map(|(place, _)| row.field(*place));
                for field in fields.chain(notes.iter().map(String::as_str)) {
                    csv.field(&guarded(field));
                }
                csv.end_record()
            }
            Rows::Ndjson(ndjson) => {
                for (place, header) in own {
                    match row.get(place) {
                        Some(json) if row.is_nested(place) => ndjson.json_field(header, json)?,
                        Some(text) if !text.is_empty() => ndjson.field(header, text)?,
                        _ => {}
                    }
                }
                for (column, note) in REASON_COLUMNS
                    .iter()
                    .zip(&notes)
                    .filter(|(_, note)| !note.is_empty())
                {
                    ndjson.field(column, note)?;
                }
                ndjson.end_record()
            }
        }
    }

    /// Flushes and gives the sink back.
    ///
    /// # Errors
    /// Those of the sink.
    pub fn finish(self) -> io::Result<W> {
        match self.rows {
            Rows::Csv(csv) => csv.finish(),
            Rows::Ndjson(ndjson) => ndjson.finish(),
        }
    }
}

/// The file's columns without the reasons of an earlier round.
fn own_headers(headers: &[String]) -> Vec<(usize, &str)> {
    let own = headers.iter().map(String::as_str).enumerate();
    own.filter(|(_, header)| !header.starts_with(REASON_COLUMN_PREFIX))
        .collect()
}
