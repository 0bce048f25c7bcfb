//! A buffered reader over an inflating stream that refuses to go beyond what was agreed: in all, relative to the
//! packed size, and for a single piece of XML.

use std::{
    error::Error,
    fmt,
    io::{self, BufRead, ErrorKind, Read},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use quick_xml::Error as XmlError;

use crate::{limits::Limits, problem::Problem, xlsx::broken};

/// Inflated bytes below which the ratio is not looked at: small parts full of blanks are harmless.
const RATIO_FLOOR_BYTES: u64 = 8 << 20;
const CHUNK: usize = 64 << 10;

/// Which bound was passed; travels inside an [`io::Error`] through the XML parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Passed {
    Inflated,
    Token,
}

impl fmt::Display for Passed {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Inflated => "inflates beyond its bound",
            Self::Token => "a piece of XML beyond its bound",
        })
    }
}

impl Error for Passed {}

/// See the module.
pub(crate) struct Bounded<R> {
    inner: R,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    inflated: u64,
    max_inflated: u64,
    /// Bytes of all parts that are counted together.
    in_all: Arc<AtomicU64>,
    max_in_all: u64,
    in_token: usize,
    max_token: usize,
}

impl<R: Read> Bounded<R> {
    /// Bounds a part of `packed_bytes` bytes by the limits.
    pub(crate) fn new(inner: R, packed_bytes: u64, limits: &Limits) -> Self {
        let by_ratio = packed_bytes
            .saturating_mul(limits.max_inflated_ratio)
            .max(RATIO_FLOOR_BYTES);
        Self {
            inner,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            inflated: 0,
            max_inflated: limits.max_inflated_bytes.min(by_ratio),
            in_all: Arc::default(),
            max_in_all: limits.max_inflated_bytes,
            in_token: 0,
            max_token: limits.max_line_bytes,
        }
    }

    /// The same part, counted together with others.
    pub(crate) fn counted_with(self, in_all: &Arc<AtomicU64>) -> Self {
        Self {
            in_all: Arc::clone(in_all),
            ..self
        }
    }

    /// A new piece of XML begins.
    pub(crate) fn begin_token(&mut self) {
        self.in_token = 0;
    }
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let available = self.fill_buf()?;
        let count = available.len().min(into.len());
        into[..count].copy_from_slice(&available[..count]);
        self.consume(count);
        Ok(count)
    }
}

impl<R: Read> BufRead for Bounded<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.in_token > self.max_token {
            return Err(io::Error::other(Passed::Token));
        }
        if self.start == self.end {
            self.start = 0;
            self.end = self.inner.read(&mut self.buffer)?;
            let more = self.end as u64;
            self.inflated += more;
            let in_all = self.in_all.fetch_add(more, Ordering::Relaxed) + more;
            if self.inflated > self.max_inflated || in_all > self.max_in_all {
                self.end = 0;
                return Err(io::Error::other(Passed::Inflated));
            }
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, count: usize) {
        self.start += count;
        self.in_token += count;
    }
}

/// What an error of the XML parser means, `line` being the row of the sheet it is in.
pub(crate) fn xml_problem(error: &XmlError, line: u64, limits: &Limits) -> Problem {
    let XmlError::Io(source) = error else {
        return broken("a part of it is no well-formed XML");
    };
    match source
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<Passed>())
    {
        Some(Passed::Inflated) => Problem::ZipBomb,
        Some(Passed::Token) => Problem::LineTooLong {
            line,
            limit: limits.max_line_bytes,
        },
        None => read_problem(source),
    }
}

/// What it means that a part cannot be read: its bytes are wrong, or the disk does not give them now.
pub(crate) fn read_problem(error: &io::Error) -> Problem {
    match error.kind() {
        ErrorKind::InvalidData | ErrorKind::InvalidInput | ErrorKind::UnexpectedEof => {
            broken("a part of it is damaged")
        }
        kind => Problem::Read(io::Error::new(kind, error.to_string())),
    }
}
