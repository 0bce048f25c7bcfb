//! Files of any length, sealed in frames: written once while they come in, read from any byte on.
//!
//! A frame is a sealed field whose place is the file and the frame's number, so frames cannot be exchanged, left out or repeated. The
//! last one is bound to being the last: a file that was cut, even between two frames, does not open.

use std::{
    collections::BTreeSet,
    io::{self, Read, Seek, SeekFrom},
};

use zeroize::Zeroizing;

use crate::{
    Place, Vault, VaultError,
    vault::{HEADER_LEN, OVERHEAD, key_number},
};

/// Bytes of a frame before it is sealed; the last has as many or fewer.
const FRAME: usize = 64 << 10;
/// Bytes of a whole frame as it lies in the file.
const SEALED_FRAME: u64 = (FRAME + OVERHEAD) as u64;

/// Seals a file while it comes in, and holds no more of it than a frame.
pub struct FileSealer {
    vault: Vault,
    name: FileName,
    frame: Zeroizing<Vec<u8>>,
    number: u64,
}

/// Reads a sealed file as what it was before. Whoever seeks pays for one frame.
pub struct SealedFile<F> {
    vault: Vault,
    name: FileName,
    file: F,
    frames: u64,
    /// Bytes, opened.
    length: u64,
    position: u64,
    /// The frame that was opened last, and its number.
    opened: (u64, Zeroizing<Vec<u8>>),
    sealed: Vec<u8>,
}

/// What a file's frames are bound to.
struct FileName {
    kind: &'static str,
    name: String,
}

impl FileName {
    fn at<R>(&self, number: u64, is_last: bool, use_it: impl FnOnce(Place<'_>) -> R) -> R {
        let frame = if is_last {
            format!("{number}, the last")
        } else {
            number.to_string()
        };
        use_it(Place::new(self.kind, &self.name, &frame))
    }
}

impl FileSealer {
    /// For a new file, which opens under its kind and name and nowhere else.
    pub fn new(vault: Vault, kind: &'static str, name: &str) -> Self {
        Self {
            vault,
            name: FileName {
                kind,
                name: name.to_owned(),
            },
            frame: Zeroizing::new(Vec::with_capacity(FRAME)),
            number: 0,
        }
    }

    /// Takes the next bytes in and appends to `sealed` the frames that are full by now.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn update(&mut self, mut bytes: &[u8], sealed: &mut Vec<u8>) -> Result<(), VaultError> {
        // A full frame waits for what comes after it: it may be the last.
        while self.frame.len() + bytes.len() > FRAME {
            let (fits, later) = bytes.split_at(FRAME - self.frame.len());
            self.frame.extend_from_slice(fits);
            self.seal_frame(false, sealed)?;
            bytes = later;
        }
        self.frame.extend_from_slice(bytes);
        Ok(())
    }

    /// Appends the last frame to `sealed`.
    ///
    /// # Errors
    /// As [`Vault::seal`].
    pub fn finish(mut self, sealed: &mut Vec<u8>) -> Result<(), VaultError> {
        self.seal_frame(true, sealed)
    }

    fn seal_frame(&mut self, is_last: bool, sealed: &mut Vec<u8>) -> Result<(), VaultError> {
        let frame = self.name.at(self.number, is_last, |place| {
            self.vault.seal(place, &self.frame)
        })?;
        sealed.extend_from_slice(&frame);
        self.frame.clear();
        self.number += 1;
        Ok(())
    }
}

impl<F: Read + Seek> SealedFile<F> {
    /// Opens a file under the kind and name it was sealed under.
    ///
    /// # Errors
    /// [`io::ErrorKind::InvalidData`] if it was cut, or anything is wrong with its end; [`io::ErrorKind::Other`] if the ring lacks the
    /// key it is sealed under, as one that is read late may; whatever the file itself fails with.
    pub fn open(vault: Vault, kind: &'static str, name: &str, mut file: F) -> io::Result<Self> {
        let stored = file.seek(SeekFrom::End(0))?;
        let frames = stored.div_ceil(SEALED_FRAME);
        let length = stored.checked_sub(frames * OVERHEAD as u64);
        let mut opened = Self {
            vault,
            name: FileName {
                kind,
                name: name.to_owned(),
            },
            file,
            frames,
            length: length.ok_or_else(unreadable)?,
            position: 0,
            opened: (u64::MAX, Zeroizing::default()),
            sealed: Vec::with_capacity(SEALED_FRAME as usize),
        };
        opened.load(frames.checked_sub(1).ok_or_else(unreadable)?)?;
        Ok(opened)
    }

    /// Makes a frame the opened one.
    fn load(&mut self, number: u64) -> io::Result<()> {
        if self.opened.0 == number {
            return Ok(());
        }
        self.file.seek(SeekFrom::Start(number * SEALED_FRAME))?;
        self.sealed.clear();
        let mut frame = self.file.by_ref().take(SEALED_FRAME);
        frame.read_to_end(&mut self.sealed)?;
        let is_last = number + 1 == self.frames;
        let opened = self.name.at(number, is_last, |place| {
            self.vault.open(place, &self.sealed)
        });
        self.opened = (number, opened.map_err(|_| self.refusal())?);
        Ok(())
    }

    /// Why the frame just read does not open. Another process may seal under a key that this one reads in a moment.
    fn refusal(&self) -> io::Error {
        match key_number(&self.sealed) {
            Some(number) if !self.vault.has_data_key(number) => {
                io::Error::other("the key that the file is sealed under is not on the ring")
            }
            _ => unreadable(),
        }
    }
}

impl<F: Read + Seek> Read for SealedFile<F> {
    /// # Errors
    /// As [`SealedFile::open`].
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.length {
            return Ok(0);
        }
        self.load(self.position / FRAME as u64)?;
        let within = (self.position % FRAME as u64) as usize;
        let rest = self.opened.1.get(within..).ok_or_else(unreadable)?;
        let count = rest.len().min(into.len());
        into[..count].copy_from_slice(&rest[..count]);
        self.position += count as u64;
        Ok(count)
    }
}

impl<F: Read + Seek> Seek for SealedFile<F> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(byte) => Some(byte),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = target.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.position)
    }
}

/// The numbers of the data keys under which a file's frames are sealed; of a file that is still being written, those that are there.
/// Nothing is opened.
///
/// # Errors
/// [`io::ErrorKind::InvalidData`] if it is no sealed file; whatever the file itself fails with.
pub fn keys_of_file(mut file: impl Read + Seek) -> io::Result<BTreeSet<u32>> {
    let stored = file.seek(SeekFrom::End(0))?;
    let mut header = [0; HEADER_LEN];
    let mut keys = BTreeSet::new();
    let mut at = 0;
    while at + HEADER_LEN as u64 <= stored {
        file.seek(SeekFrom::Start(at))?;
        file.read_exact(&mut header)?;
        keys.insert(key_number(&header).ok_or_else(unreadable)?);
        at += SEALED_FRAME;
    }
    Ok(keys)
}

fn unreadable() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, VaultError::Unreadable)
}

#[cfg(test)]
mod tests;
