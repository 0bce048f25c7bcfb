//! Disks that are full or broken: what was acknowledged stays, and nothing is acknowledged that was not kept (reliability.md R6).

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use marque_load::{Marque, System};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::{Caller, people::phone};

/// Writers at once.
const WRITERS: usize = 8;
/// Failures after which writers take it that the disk is at its end.
const ENOUGH: usize = 5;
/// Most records each writes.
const MOST: usize = 400;

/// What became of writes.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Fate {
    /// Acknowledged, and there afterwards.
    pub acknowledged: usize,
    /// Refused while the disk was at its end.
    pub refused: usize,
}

/// A file system of a few megabytes in memory; unmounted when dropped.
#[derive(Debug)]
pub struct SmallDisk {
    folder: TempDir,
}

impl SmallDisk {
    /// Mounts one.
    ///
    /// # Errors
    /// If this process may not mount: it is not root.
    pub fn mount(megabytes: usize) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .output()?;
        ensure!(
            mounted.status.success(),
            "{}",
            String::from_utf8_lossy(&mounted.stderr)
        );
        Ok(Self { folder })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Leaves so many bytes free; the file that takes the rest.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn fill_up(&self, but: u64) -> anyhow::Result<PathBuf> {
        let path = self.folder.path().join("ballast");
        let block = vec![0; 64 * 1024];
        let mut file = fs::File::create(&path)?;
        loop {
            match io::Write::write_all(&mut file, &block) {
                Ok(()) => {}
                Err(full) if full.kind() == io::ErrorKind::StorageFull => break,
                Err(other) => return Err(other.into()),
            }
        }
        let length = file.metadata()?.len();
        file.set_len(length.saturating_sub(but))?;
        Ok(path)
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: a server that was killed may still be going.
        let _ = Command::new("umount")
            .arg("-l")
            .arg(self.folder.path())
            .status();
    }
}

/// Writes until the disk is full; makes room, and sees that it goes on without a restart; then a kill, and everything acknowledged is
/// there.
///
/// # Errors
/// If something acknowledged is gone, or it does not go on.
pub async fn full_disk(marque: &Marque, disk: &SmallDisk) -> anyhow::Result<Fate> {
    let data = disk.path().join("data");
    let system = System::start(marque, &data, None).await?;
    let caller = prepare(&system).await?;
    let ballast = disk.fill_up(600 * 1024)?;
    let (mut keys, refused) = write_until_it_fails(&caller, "full").await?;
    ensure!(
        refused > 0,
        "the disk was never full: {} writes",
        keys.len()
    );
    fs::remove_file(ballast)?;
    let told = caller
        .write(
            Method::PUT,
            &path_of("after"),
            &record("after"),
            "after",
            Duration::from_secs(30),
        )
        .await;
    let told = told.context("with room again, writes")?;
    ensure!(
        told.status.is_success(),
        "with room again a write is told {}",
        told.status
    );
    keys.push("after".to_owned());
    system.kill()?;
    let system = System::start(marque, &data, None).await?;
    check(&system, &keys).await?;
    Ok(Fate {
        acknowledged: keys.len(),
        refused,
    })
}

/// Writes while the disk refuses to sync (EIO, injected by strace); then a kill, and everything acknowledged is there.
///
/// # Errors
/// If something acknowledged is gone.
pub async fn broken_disk(marque: &Marque) -> anyhow::Result<Fate> {
    let folder = TempDir::new()?;
    let data = folder.path().join("data");
    let system = System::start(marque, &data, None).await?;
    prepare(&system).await?;
    system.kill()?;
    // Of each thread some syncs fail in the middle; a store is written by one thread, and syncs by fsync where SQLite was built so.
    let inject = "inject=fdatasync,fsync:error=EIO:when=60..120";
    let strace = [
        "strace",
        "-f",
        "--seccomp-bpf",
        "-q",
        "-o",
        "/dev/null",
        "-e",
        "trace=fdatasync,fsync",
        "-e",
        inject,
    ];
    let system = System::start_under(marque, &data, &strace).await?;
    let caller = caller_of(&system)?;
    let (keys, refused) = write_until_it_fails(&caller, "broken").await?;
    ensure!(refused > 0, "the disk never failed: {} writes", keys.len());
    system.kill()?;
    let system = System::start(marque, &data, None).await?;
    check(&system, &keys).await?;
    Ok(Fate {
        acknowledged: keys.len(),
        refused,
    })
}

pub(crate) fn caller_of(system: &System) -> anyhow::Result<Caller> {
    Caller::new(system.http, &system.token("hq_admin", None)?)
}

pub(crate) async fn prepare(system: &System) -> anyhow::Result<Caller> {
    let caller = caller_of(system)?;
    caller.put_dealer("D1").await?;
    Ok(caller)
}

fn path_of(key: &str) -> String {
    format!("/v1/source-records/D1/faults/{key}")
}

fn record(key: &str) -> Value {
    let number = key.bytes().fold(7_u64, |sum, byte| {
        (sum * 31 + u64::from(byte)) % 100_000_000
    });
    json!({"name": "王小明", "phone": phone(number)})
}

/// Writes until it was refused often enough; what was acknowledged, and how often it was refused.
pub(crate) async fn write_until_it_fails(
    caller: &Caller,
    run: &str,
) -> anyhow::Result<(Vec<String>, usize)> {
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        let (caller, run) = (caller.clone(), run.to_owned());
        writers.spawn(async move {
            let (mut keys, mut refused) = (Vec::new(), 0);
            for number in 0..MOST {
                let key = format!("{run}-{writer}-{number}");
                match caller
                    .once(Method::PUT, &path_of(&key), Some(&record(&key)), &[])
                    .await
                {
                    Ok(told) if told.status.is_success() => keys.push(key),
                    _ => refused += 1,
                }
                if refused >= ENOUGH {
                    break;
                }
            }
            (keys, refused)
        });
    }
    let (mut all, mut refused) = (Vec::new(), 0);
    while let Some(writer) = writers.join_next().await {
        let (keys, of_one) = writer.context("a writer panicked")?;
        all.extend(keys);
        refused += of_one;
    }
    Ok((all, refused))
}

/// Everything acknowledged is there: the same record again changes nothing.
pub(crate) async fn check(system: &System, keys: &[String]) -> anyhow::Result<()> {
    let caller = caller_of(system)?;
    for key in keys {
        let told = caller
            .write(
                Method::PUT,
                &path_of(key),
                &record(key),
                &format!("again-{key}"),
                Duration::from_secs(30),
            )
            .await?;
        ensure!(
            told.body["outcome"] == "unchanged",
            "{key} was acknowledged and is gone: {} {}",
            told.status,
            told.body["outcome"]
        );
    }
    Ok(())
}
