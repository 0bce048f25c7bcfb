//! Power cuts: what was never synced is gone (`power.c`). A mere kill cannot show that, since the system has every write by then
//! (reliability.md R6).

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use marque_load::{Dice, Marque, System};
use tempfile::TempDir;

use crate::{
    Fate,
    disk::{caller_of, check, prepare, write_until_it_fails},
    preload,
};

/// A cut comes at a moment within this time, in milliseconds …
const WITHIN: usize = 600;
/// … but not before this.
const EARLIEST: Duration = Duration::from_millis(50);

/// A data folder, and beside it what of it would outlive a power cut.
#[derive(Debug)]
struct Power {
    data: PathBuf,
    kept: PathBuf,
    /// Under what a process is started.
    under: Vec<String>,
}

impl Power {
    /// Of a folder in which everything has been synced.
    fn of(data: &Path, folder: &Path) -> anyhow::Result<Self> {
        let library = preload::build(folder, "power", include_str!("power.c"))?;
        // As the system tells a file's path.
        let (data, kept) = (fs::canonicalize(data)?, folder.join("kept"));
        copy(&data, &kept)?;
        let under = [
            "env".to_owned(),
            format!("LD_PRELOAD={}", library.display()),
            format!("MARQUE_DATA={}", data.display()),
            format!("MARQUE_KEPT={}", kept.display()),
        ];
        Ok(Self {
            data,
            kept,
            under: under.into(),
        })
    }

    async fn start(&self, marque: &Marque) -> anyhow::Result<System> {
        let under: Vec<&str> = self.under.iter().map(String::as_str).collect();
        System::start_under(marque, &self.data, &under).await
    }

    /// Now that nobody runs any more: only what was synced is there.
    fn cut(&self) -> anyhow::Result<()> {
        fs::remove_dir_all(&self.data)?;
        copy(&self.kept, &self.data)
    }
}

/// Copies a folder to where nothing is.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = Command::new("cp")
        .args([OsStr::new("-a"), from.as_os_str(), to.as_os_str()])
        .status()?;
    ensure!(copied.success(), "{} cannot be copied", from.display());
    Ok(())
}

/// Writes until the power is cut, so often; each time everything acknowledged is there, and in the end once more.
///
/// # Errors
/// If something acknowledged is gone, or the system does not start on what was kept.
pub async fn power_cuts(marque: &Marque, cuts: usize, seed: u64) -> anyhow::Result<Fate> {
    let folder = TempDir::new()?;
    let data = folder.path().join("data");
    let system = System::start(marque, &data, None).await?;
    prepare(&system).await?;
    system.kill()?;
    let power = Power::of(&data, folder.path())?;
    let (mut dice, mut keys, mut refused) = (Dice::new(seed), Vec::new(), 0);
    let mut checked = 0;
    for number in 0..cuts {
        let system = power.start(marque).await?;
        let told = check(&system, &keys[checked..]).await;
        told.with_context(|| format!("after {number} cuts, seed {seed}"))?;
        checked = keys.len();
        let caller = caller_of(&system)?;
        let moment = EARLIEST + Duration::from_millis(dice.below(WITHIN) as u64);
        let cutting = async {
            tokio::time::sleep(moment).await;
            system.kill()
        };
        let run = format!("cut{number}");
        let (written, killed) = tokio::join!(write_until_it_fails(&caller, &run), cutting);
        killed?;
        let (acknowledged, failed) = written?;
        keys.extend(acknowledged);
        refused += failed;
        power.cut()?;
    }
    let system = System::start(marque, &data, None).await?;
    check(&system, &keys).await?;
    Ok(Fate {
        acknowledged: keys.len(),
        refused,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Writes into a file by a program that runs under the power, and syncs it or not.
    fn write(power: &Power, file: &str, text: &str, sync: bool) {
        let (source, target) = (power.kept.with_file_name("text"), power.data.join(file));
        fs::write(&source, text).unwrap();
        let mut dd = Command::new(&power.under[0]);
        dd.args(&power.under[1..]).args(["dd", "status=none"]);
        dd.arg(format!("if={}", source.display()));
        dd.arg(format!("of={}", target.display()));
        dd.args(sync.then_some("conv=fsync"));
        assert!(dd.status().unwrap().success());
    }

    #[test]
    fn what_was_not_synced_is_gone_after_a_cut() {
        let folder = TempDir::new().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join("sub")).unwrap();
        let power = Power::of(&data, folder.path()).unwrap();
        write(&power, "a", "synced", true);
        write(&power, "a", "written over it", false);
        write(&power, "sub/b", "synced below", true);
        write(&power, "c", "never", false);
        power.cut().unwrap();
        let read = |file| fs::read_to_string(data.join(file)).ok();
        assert_eq!(read("a").as_deref(), Some("synced"));
        assert_eq!(read("sub/b").as_deref(), Some("synced below"));
        assert_eq!(read("c"), None);
    }
}
