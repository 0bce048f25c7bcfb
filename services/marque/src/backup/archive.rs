//! A backup as a folder, or as one ZIP file.

use std::{
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write as _},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

use super::manifest::{MANIFEST, MANIFEST_SUM, Manifest, Part};

/// Packs a folder into one file that its owner alone can read.
pub(super) fn pack(folder: &Path, manifest: &Manifest, out: &Path) -> anyhow::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options
        .open(out)
        .with_context(|| format!("{} cannot be written", out.display()))?;
    let mut zip = ZipWriter::new(BufWriter::new(file));
    // Most of a store is sealed and does not shrink: what little can be saved is to be had quickly.
    let form = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true);
    let parts = manifest.files.iter().map(|part| part.path.as_str());
    for name in [MANIFEST, MANIFEST_SUM].into_iter().chain(parts) {
        zip.start_file(name, form)?;
        io::copy(&mut File::open(folder.join(name))?, &mut zip)?;
    }
    let mut file = zip.finish()?;
    file.flush()?;
    file.get_ref().sync_all()?;
    Ok(())
}

/// A backup to be read.
pub(super) enum Source {
    Folder(PathBuf),
    Packed(Box<ZipArchive<BufReader<File>>>),
}

impl Source {
    pub(super) fn open(path: &Path) -> anyhow::Result<Self> {
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file =
            File::open(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let zip = ZipArchive::new(BufReader::new(file)).with_context(|| {
            format!(
                "{} is no backup, or is damaged: its end is missing",
                path.display()
            )
        })?;
        Ok(Self::Packed(Box::new(zip)))
    }

    pub(super) fn manifest(&mut self) -> anyhow::Result<Manifest> {
        let mut text = |name: &str| {
            let mut text = String::new();
            self.read(name)
                .and_then(|mut file| Ok(file.read_to_string(&mut text)?))
                .with_context(|| format!("it is no backup, or is damaged: {name}"))?;
            anyhow::Ok(text)
        };
        let (manifest, sum) = (text(MANIFEST)?, text(MANIFEST_SUM)?);
        Manifest::read(&manifest, &sum)
    }

    /// Copies a file out, checked.
    pub(super) fn extract(&mut self, part: &Part, to: &Path) -> anyhow::Result<()> {
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut out = BufWriter::new(File::create(to)?);
        let from = self
            .read(&part.path)
            .with_context(|| format!("the backup is damaged: {} is missing", part.path))?;
        part.copy(from, &mut out)?;
        out.into_inner()?.sync_all()?;
        Ok(())
    }

    fn read(&mut self, name: &str) -> anyhow::Result<Box<dyn Read + '_>> {
        Ok(match self {
            Self::Folder(folder) => Box::new(File::open(folder.join(name))?),
            Self::Packed(zip) => Box::new(zip.by_name(name)?),
        })
    }
}
