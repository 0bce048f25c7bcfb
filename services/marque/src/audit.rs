//! The ends of the audit chains, signed once a minute and kept outside the databases: in `audit/` of the data folder, and in
//! the log, which is carried elsewhere. Whoever can write a database cannot make them fit again.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read as _, Seek as _, SeekFrom, Write as _},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use anyhow::Context as _;
use marque_config::{Config, ServiceRole};
use marque_core::SharedClock;
use marque_db::Database;
use marque_ledger::{Head, HeadSigner, Signers, heads};
use marque_rpc::Task;
use tokio_util::sync::CancellationToken;

/// Folder of signed heads in the data folder.
pub(crate) const FOLDER: &str = "audit";
/// The public keys, a line each.
const SIGNERS: &str = "signers";
/// How often heads are looked at.
pub(crate) const EVERY: Duration = Duration::from_secs(60);
/// The longest line looked for at the end of a file: heads of some ten thousand dealers.
const LONGEST_LINE: u64 = 4 << 20;

/// The key of a process's signer.
pub(crate) fn key_file(config: &Config) -> PathBuf {
    config.keys_dir().join("audit.key")
}

/// The signer of a process; its public key is made known in the folder.
pub(crate) fn signer(config: &Config) -> anyhow::Result<Arc<HeadSigner>> {
    let signer = HeadSigner::open(&key_file(config))?;
    let folder = config.data_dir.join(FOLDER);
    fs::create_dir_all(&folder).with_context(|| format!("{} cannot be made", folder.display()))?;
    let path = folder.join(SIGNERS);
    let known = match fs::read_to_string(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
        read => read?,
    };
    let line = signer.public_line();
    if !known.lines().any(|known| known == line) {
        append(&path, &line)?;
    }
    Ok(Arc::new(signer))
}

/// Signs the heads of one store until nothing is written into it any more.
pub(crate) fn task(
    role: &'static str,
    db: Database,
    clock: SharedClock,
    signer: Arc<HeadSigner>,
    data: &Path,
) -> Task {
    let path = data.join(FOLDER).join(file_name(role));
    let mut keeper = Keeper {
        service: role,
        db,
        clock,
        signer,
        path,
        told: Vec::new(),
    };
    Task::new("audit-heads", move |stop: CancellationToken| async move {
        loop {
            keeper.look().await;
            tokio::select! {
                () = stop.cancelled() => break,
                () = tokio::time::sleep(EVERY) => {}
            }
        }
        // What was done in the last minute is signed as well.
        keeper.look().await;
    })
}

/// A file of its own for each replica, so that none writes into another's chain of lines.
fn file_name(role: &str) -> String {
    let host = fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    format!("{role}@{}.heads", host.trim())
}

struct Keeper {
    service: &'static str,
    db: Database,
    clock: SharedClock,
    signer: Arc<HeadSigner>,
    path: PathBuf,
    told: Vec<Head>,
}

impl Keeper {
    async fn look(&mut self) {
        match self.sign_news().await {
            Ok(()) => {
                let now = self.clock.now().as_micros() as f64 / 1e6;
                metrics::gauge!("marque_audit_head_signed_seconds", "service" => self.service)
                    .set(now);
            }
            Err(error) => {
                tracing::error!(service = self.service, error = %format!("{error:#}"), "heads of the audit chain cannot be signed now");
            }
        }
    }

    /// Signs the heads that are not those signed last.
    async fn sign_news(&mut self) -> anyhow::Result<()> {
        let now_ends = self.db.read(heads).await?;
        let news: Vec<Head> = now_ends
            .iter()
            .filter(|head| !self.told.contains(head))
            .cloned()
            .collect();
        if news.is_empty() {
            return Ok(());
        }
        let previous = last_line(&self.path)?;
        let line = self
            .signer
            .line(self.service, self.clock.now(), &news, &previous);
        append(&self.path, &line).with_context(|| self.path.display().to_string())?;
        tracing::info!(target: "marque_audit", heads = line, "audit heads");
        self.told = now_ends;
        Ok(())
    }
}

/// All heads of a role that were signed by a key of ours.
///
/// # Errors
/// If a file was tampered with; the error names it and the line.
pub(crate) fn signed_heads(data: &Path, role: ServiceRole) -> anyhow::Result<Vec<Head>> {
    let folder = data.join(FOLDER);
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let signers = Signers::read(&fs::read_to_string(folder.join(SIGNERS))?)
        .with_context(|| folder.join(SIGNERS).display().to_string())?;
    let mut found = Vec::new();
    for path in files_of(&folder, role)? {
        let text = fs::read_to_string(&path)?;
        let heads = signers.heads(role.as_str(), &text);
        found.extend(heads.with_context(|| path.display().to_string())?);
    }
    Ok(found)
}

/// Whether heads of a role were signed here, be they readable or not.
pub(crate) fn has_signed(data: &Path, role: ServiceRole) -> io::Result<bool> {
    let folder = data.join(FOLDER);
    Ok(folder.is_dir() && !files_of(&folder, role)?.is_empty())
}

/// The files of a role's heads, one a replica.
fn files_of(folder: &Path, role: ServiceRole) -> io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with(&format!("{role}@")) {
            files.push(path);
        }
    }
    Ok(files)
}

/// Appends a line durably. What a power cut left of the last one is taken away first.
fn append(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .read(true)
        .write(true)
        .truncate(false)
        .open(path)?;
    let end = whole_length(&mut file)?;
    file.set_len(end)?;
    file.seek(SeekFrom::Start(end))?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

/// The last whole line of a file; empty if there is none.
fn last_line(path: &Path) -> io::Result<String> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        opened => opened?,
    };
    let end = whole_length(&mut file)?;
    let tail = read_tail(&mut file, end)?;
    let lines = String::from_utf8_lossy(&tail);
    let last = lines.trim_end().rsplit('\n').next();
    Ok(last.unwrap_or_default().to_owned())
}

/// The length up to the end of the last whole line.
fn whole_length(file: &mut File) -> io::Result<u64> {
    let length = file.metadata()?.len();
    let tail = read_tail(file, length)?;
    let end = tail.iter().rposition(|byte| *byte == b'\n');
    let torn = end.map_or(tail.len(), |at| tail.len() - at - 1);
    Ok(length - torn as u64)
}

/// What stands at the end of the first `length` bytes.
fn read_tail(file: &mut File, length: u64) -> io::Result<Vec<u8>> {
    let begin = length.saturating_sub(LONGEST_LINE);
    file.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    file.take(length - begin).read_to_end(&mut tail)?;
    Ok(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_appended_after_the_last_whole_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customer@here.heads");
        assert_eq!(last_line(&path).unwrap(), "");
        append(&path, "one").unwrap();
        append(&path, "two").unwrap();
        assert_eq!(last_line(&path).unwrap(), "two");
        fs::write(&path, "one\ntwo\nthr").unwrap();
        assert_eq!(last_line(&path).unwrap(), "two");
        append(&path, "three").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\nthree\n");
        fs::write(&path, "torn").unwrap();
        assert_eq!(last_line(&path).unwrap(), "");
    }
}
