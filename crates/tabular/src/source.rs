//! Bytes in, through one window that grows no larger than the longest record allowed.

use std::io::{self, Read, Seek, SeekFrom};

use encoding_rs::{CoderResult, Decoder, Encoding as Charset};

/// How much is asked of the source at once.
const CHUNK: usize = 256 << 10;

/// Something that can be read and sought, boxed by [`Source`].
pub(crate) trait ReadSeek: Read + Seek + Send {}
impl<T: Read + Seek + Send> ReadSeek for T {}

/// Where a file's bytes come from.
pub(crate) enum Source {
    /// A file: can go back.
    File(Box<dyn ReadSeek>),
    /// A stream: forward only.
    Stream(Box<dyn Read + Send>),
}

impl Read for Source {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(buffer),
            Self::Stream(stream) => stream.read(buffer),
        }
    }
}

/// Turns UTF-16 into UTF-8 on the way.
struct Transcoder {
    decoder: Decoder,
    charset: &'static Charset,
    raw: Vec<u8>,
    pending: usize,
}

/// The part of the file that is being looked at.
pub(crate) struct Window {
    source: Source,
    transcoder: Option<Transcoder>,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    at_end: bool,
    /// Byte of the file at which the window starts.
    offset: u64,
}

impl Window {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            transcoder: None,
            buffer: vec![0; CHUNK],
            start: 0,
            end: 0,
            at_end: false,
            offset: 0,
        }
    }

    /// The source itself, for a reader that finds its own way in it.
    pub(crate) fn into_source(self) -> Source {
        self.source
    }

    /// The bytes that are there and not consumed.
    #[inline]
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Byte of the file at which [`Self::bytes`] starts.
    pub(crate) fn offset(&self) -> u64 {
        self.offset
    }

    /// Whether the source has nothing beyond [`Self::bytes`].
    pub(crate) fn is_complete(&self) -> bool {
        self.at_end
    }

    /// Drops bytes from the front.
    #[inline]
    pub(crate) fn consume(&mut self, count: usize) {
        self.offset += match &self.transcoder {
            None => count as u64,
            Some(_) => utf16_bytes(&self.buffer[self.start..self.start + count]),
        };
        self.start += count;
    }

    /// Reads on; false at the end of the file.
    pub(crate) fn more(&mut self) -> io::Result<bool> {
        if self.at_end {
            return Ok(false);
        }
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.buffer.len() - self.end < CHUNK / 2 {
            let larger = self.buffer.len() * 2;
            self.buffer.resize(larger, 0);
        }
        let before = self.end;
        // Small reads are gathered, so that a record is not searched again for every few bytes.
        while self.end - before < CHUNK / 4 && !self.at_end {
            self.read_once()?;
        }
        Ok(self.end > before)
    }

    fn read_once(&mut self) -> io::Result<()> {
        let count = match &mut self.transcoder {
            None => match self.source.read(&mut self.buffer[self.end..]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
                other => {
                    let count = other?;
                    self.at_end = count == 0;
                    count
                }
            },
            Some(transcoder) => {
                let (count, at_end) =
                    transcoder.read(&mut self.source, &mut self.buffer[self.end..])?;
                self.at_end = at_end;
                count
            }
        };
        self.end += count;
        Ok(())
    }

    /// From here on the bytes are UTF-16 and come out as UTF-8.
    pub(crate) fn transcode(&mut self, charset: &'static Charset) {
        let raw = self.bytes().to_vec();
        self.start = 0;
        self.end = 0;
        self.transcoder = Some(Transcoder {
            decoder: charset.new_decoder_without_bom_handling(),
            charset,
            pending: raw.len(),
            raw,
        });
        self.at_end = false;
    }

    /// Goes to a byte of the file; a stream can only go forward.
    pub(crate) fn seek(&mut self, byte: u64) -> io::Result<()> {
        if byte < self.offset && matches!(self.source, Source::Stream(_)) {
            return Err(io::Error::from(io::ErrorKind::NotSeekable));
        }
        if let Source::File(file) = &mut self.source {
            if byte > file.seek(SeekFrom::End(0))? {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            file.seek(SeekFrom::Start(byte))?;
            self.start = 0;
            self.end = 0;
            self.at_end = false;
            self.offset = byte;
            if let Some(transcoder) = &mut self.transcoder {
                transcoder.decoder = transcoder.charset.new_decoder_without_bom_handling();
                transcoder.pending = 0;
            }
            return Ok(());
        }
        while self.offset < byte {
            if self.bytes().is_empty() && !self.more()? {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
            }
            let step = self.skippable(byte - self.offset);
            self.consume(step);
        }
        Ok(())
    }

    /// How many bytes of the window make up at most `wanted` bytes of the file.
    fn skippable(&self, wanted: u64) -> usize {
        if self.transcoder.is_none() {
            return self
                .bytes()
                .len()
                .min(usize::try_from(wanted).unwrap_or(usize::MAX));
        }
        let mut covered = 0;
        for (index, byte) in self
            .bytes()
            .iter()
            .enumerate()
            .filter(|(_, byte)| **byte & 0xC0 != 0x80)
        {
            if covered >= wanted {
                return index;
            }
            covered += if *byte >= 0xF0 { 4 } else { 2 };
        }
        self.bytes().len()
    }
}

impl Transcoder {
    /// Decodes some of the source; gives the bytes written and whether the source is at its end.
    fn read(&mut self, source: &mut Source, into: &mut [u8]) -> io::Result<(usize, bool)> {
        let mut last = false;
        if self.pending < 2 {
            self.raw.resize(CHUNK.max(self.pending), 0);
            let got = source.read(&mut self.raw[self.pending..])?;
            last = got == 0;
            self.pending += got;
        }
        let (result, taken, written, _) =
            self.decoder
                .decode_to_utf8(&self.raw[..self.pending], into, last);
        self.raw.copy_within(taken..self.pending, 0);
        self.pending -= taken;
        Ok((written, last && result == CoderResult::InputEmpty))
    }
}

/// Bytes that a text in UTF-8 takes in UTF-16: two for every character, four beyond the basic plane.
fn utf16_bytes(utf8: &[u8]) -> u64 {
    let characters = utf8.iter().filter(|byte| **byte & 0xC0 != 0x80).count();
    let beyond = utf8.iter().filter(|byte| **byte >= 0xF0).count();
    2 * (characters + beyond) as u64
}
