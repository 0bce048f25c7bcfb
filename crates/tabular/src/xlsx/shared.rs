//! One file that several readers read, each from its own place.

use std::{
    io::{self, Read, Seek, SeekFrom},
    sync::{Arc, Mutex, MutexGuard},
};

use crate::source::ReadSeek;

/// A place in a file; clones have places of their own.
#[derive(Clone)]
pub(crate) struct Shared {
    file: Arc<Mutex<Box<dyn ReadSeek>>>,
    at: u64,
}

impl Shared {
    /// The beginning of a file.
    pub(crate) fn new(file: Box<dyn ReadSeek>) -> Self {
        Self {
            file: Arc::new(Mutex::new(file)),
            at: 0,
        }
    }

    fn file(&self) -> io::Result<MutexGuard<'_, Box<dyn ReadSeek>>> {
        let file = self.file.lock();
        file.map_err(|_| io::Error::other("another reader of the file broke off"))
    }
}

impl Read for Shared {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file()?;
        file.seek(SeekFrom::Start(self.at))?;
        let count = file.read(buffer)?;
        drop(file);
        self.at += count as u64;
        Ok(count)
    }
}

impl Seek for Shared {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(_) => Some(self.file()?.seek(to)?),
        };
        self.at = at.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.at)
    }
}
