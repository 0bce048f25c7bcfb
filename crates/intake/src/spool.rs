//! The spool: files that wait to be worked off, sealed.
//!
//! A sealed file has a kind of name of its own, and lies in a folder beside that of the release before. A process of that release, which knows
//! neither, does not find it and leaves it for another, nor does it come upon the folder when it sweeps its own. Its files lie there as they came, and are
//! read as such because their names say so.
//!
//! Which folder a file was put into stands in its name, and in the folder as one that is empty: whoever has that folder and does not find the file
//! knows that nobody will. It is known by no file, since a release before sweeps files that no import wants, and backups copy them.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, Read, Seek},
    path::{Path, PathBuf},
    time::Duration,
};

use marque_core::ImportId;
use marque_db::Database;
use marque_reseal::Survey;
use marque_vault::{FileSealer, SealedFile, Vault, keys_of_file};
use tokio::io::{AsyncWriteExt as _, BufWriter};
use uuid::Uuid;

use crate::{IntakeError, store};

/// End of the names of sealed files, and of the name of their folder.
const SEALED: &str = "sealed";
/// What their frames are bound to, beside the name.
const KIND: &str = "spool";
/// Beginning of the name of the empty folder by which a folder is known.
const MARK: &str = "folder-";
/// A file without a row is nobody's when it is so old; before, its row may still be written.
const ORPHANED: Duration = Duration::from_hours(1);

/// One role's files.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: PathBuf,
    /// The name of the empty folder in that of sealed files.
    mark: String,
    vault: Vault,
}

/// Where a file is that is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Whereabouts {
    /// In its place.
    Here,
    /// Nowhere: it is gone from the folder it was put into.
    Lost,
    /// Not in this folder; it was put into another, or nobody knows into which.
    Elsewhere,
}

/// A file that can be read from any byte on.
pub(crate) trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

/// A file on its way in. It goes with whoever writes it: a caller who breaks off drops the writer where it waits.
pub(crate) struct Incoming {
    path: Unfinished,
    file: BufWriter<tokio::fs::File>,
    sealer: FileSealer,
    sealed: Vec<u8>,
}

struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.0.as_os_str().is_empty() {
            drop(fs::remove_file(&self.0));
        }
    }
}

impl Spool {
    /// The spool in a folder, which is made if it is not there.
    pub(crate) fn new(folder: PathBuf, vault: Vault) -> io::Result<Self> {
        for folder in [&folder, &sealed_folder(&folder)] {
            fs::create_dir_all(folder)?;
        }
        let mark = mark_of(&sealed_folder(&folder))?;
        Ok(Self {
            folder,
            mark,
            vault,
        })
    }

    /// The name of a new import's file.
    pub(crate) fn name_of(&self, id: ImportId) -> String {
        format!("{id}.{}.{SEALED}", self.mark)
    }

    /// Where the file of an import is that is not done yet.
    pub(crate) fn whereabouts(&self, name: &str) -> Whereabouts {
        let mark = name.split('.').find(|part| part.starts_with(MARK));
        // As it is now: a disk that was taken away leaves an empty folder, which is another.
        let is_ours = mark.is_some_and(|mark| sealed_folder(&self.folder).join(mark).is_dir());
        match self.path(name).try_exists() {
            Ok(false) if is_ours => Whereabouts::Lost,
            Ok(false) => Whereabouts::Elsewhere,
            // What the disk does not say now it says later.
            Ok(true) | Err(_) => Whereabouts::Here,
        }
    }

    /// Begins a new file.
    pub(crate) async fn begin(&self, name: &str) -> io::Result<Incoming> {
        let path = Unfinished(self.path(name));
        let file = tokio::fs::File::create(&path.0).await?;
        Ok(Incoming {
            path,
            file: BufWriter::with_capacity(1 << 18, file),
            sealer: FileSealer::new(self.vault.clone(), KIND, name),
            sealed: Vec::new(),
        })
    }

    /// The file as it was sent.
    ///
    /// # Errors
    /// As [`SealedFile::open`].
    pub(crate) fn open(&self, name: &str) -> io::Result<Box<dyn Bytes>> {
        let file = fs::File::open(self.path(name))?;
        if !is_sealed(name) {
            return Ok(Box::new(file));
        }
        let opened = SealedFile::open(self.vault.clone(), KIND, name, file)?;
        Ok(Box::new(opened))
    }

    /// Removes a file that is needed no more.
    pub(crate) fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path(name))
    }

    /// Files that are nobody's unless an import wants them.
    pub(crate) fn old_files(&self) -> io::Result<Vec<PathBuf>> {
        let mut old = Vec::new();
        for folder in [&self.folder, &sealed_folder(&self.folder)] {
            for entry in fs::read_dir(folder)? {
                let entry = entry?;
                let about = entry.metadata()?;
                let age = about.modified()?.elapsed();
                if about.is_file() && age.is_ok_and(|age| age > ORPHANED) {
                    old.push(entry.path());
                }
            }
        }
        Ok(old)
    }

    fn path(&self, name: &str) -> PathBuf {
        path_in(&self.folder, name)
    }
}

impl Incoming {
    /// Takes the next bytes in.
    pub(crate) async fn write(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        self.sealer.update(bytes, &mut self.sealed)?;
        self.file.write_all(&self.sealed).await?;
        self.sealed.clear();
        Ok(())
    }

    /// Ends the file and syncs it: only then may the caller hear that we have it.
    pub(crate) async fn finish(mut self) -> Result<(), IntakeError> {
        self.sealer.finish(&mut self.sealed)?;
        self.file.write_all(&self.sealed).await?;
        self.file.flush().await?;
        self.file.get_ref().sync_all().await?;
        // The folder too, or the file's name may not survive a power cut.
        if let Some(folder) = self.path.0.parent() {
            tokio::fs::File::open(folder).await?.sync_all().await?;
        }
        // It stays.
        self.path.0.clear();
        Ok(())
    }
}

/// How many files of imports that are not done yet lie sealed in a spool folder, and how many of them under an old key. They are not
/// sealed anew, since they go when their imports end. One that lies on another machine counts as under an old key.
///
/// # Errors
/// If the store or a file cannot be read.
pub async fn survey_spool(
    db: &Database,
    folder: &Path,
    vault: &Vault,
) -> Result<Survey, IntakeError> {
    let (current, on_ring) = vault.data_keys();
    let mut names = names_in(&sealed_folder(folder))?;
    names.extend(db.scan(store::waiting_files).await?);
    names.retain(|name| is_sealed(name));
    let mut found = Survey::default();
    for name in names {
        let keys = match fs::File::open(path_in(folder, &name)) {
            Ok(file) => keys_of_file(file)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(error.into()),
        };
        found.values += 1;
        found.stale += u64::from(keys != BTreeSet::from([current]));
        found.unreadable += u64::from(!keys.is_subset(&on_ring));
    }
    Ok(found)
}

/// The mark of a folder of sealed files, which it gets if it has none. Two processes that begin at once may give it two: both are its.
fn mark_of(folder: &Path) -> io::Result<String> {
    let names = names_in(folder)?;
    if let Some(known) = names.into_iter().find(|name| name.starts_with(MARK)) {
        return Ok(known);
    }
    let mark = format!("{MARK}{}", Uuid::new_v4().simple());
    fs::create_dir(folder.join(&mark))?;
    Ok(mark)
}

/// Names of what lies in a folder; none if it is not there.
fn names_in(folder: &Path) -> io::Result<BTreeSet<String>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(BTreeSet::new()),
        Err(error) => Err(error),
    }
}

fn path_in(folder: &Path, name: &str) -> PathBuf {
    if is_sealed(name) {
        sealed_folder(folder).join(name)
    } else {
        folder.join(name)
    }
}

/// Beside a role's folder, the one in which its sealed files lie.
fn sealed_folder(folder: &Path) -> PathBuf {
    let mut name = folder.file_name().unwrap_or_default().to_owned();
    name.push("-");
    name.push(SEALED);
    folder.with_file_name(name)
}

fn is_sealed(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|end| end == SEALED)
}

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    #[test]
    fn a_file_is_lost_only_where_it_was_put_and_is_not() {
        let disk = tempfile::tempdir().unwrap();
        let vault = Vault::new(&Keyring::generate().unwrap());
        let spool = |name: &str| Spool::new(disk.path().join(name), vault.clone()).unwrap();
        let (one, another) = (spool("one"), spool("another"));
        let id: ImportId = Uuid::from_u128(7).into();
        let name = one.name_of(id);
        assert_eq!(one.whereabouts(&name), Whereabouts::Lost);
        assert_eq!(another.whereabouts(&name), Whereabouts::Elsewhere);
        assert_eq!(spool("one").whereabouts(&name), Whereabouts::Lost);
        fs::write(one.path(&name), "rows").unwrap();
        assert_eq!(one.whereabouts(&name), Whereabouts::Here);
        fs::remove_file(one.path(&name)).unwrap();

        let unmarked = format!("{id}.{SEALED}");
        assert_eq!(one.whereabouts(&unmarked), Whereabouts::Elsewhere);
        fs::rename(sealed_folder(&one.folder), disk.path().join("taken away")).unwrap();
        assert_eq!(one.whereabouts(&name), Whereabouts::Elsewhere);
    }
}
