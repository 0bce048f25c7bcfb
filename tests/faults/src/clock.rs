//! Wall clocks that jump, a process at a time (`clock.c`).

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use marque_config::ServiceRole;

use crate::preload;

/// The clocks of a cluster's processes, a file a role.
#[derive(Debug)]
pub(crate) struct Clocks {
    library: PathBuf,
    folder: PathBuf,
}

impl Clocks {
    /// Builds what is put before the processes' own clock.
    pub(crate) fn make(folder: &Path) -> anyhow::Result<Self> {
        Ok(Self {
            library: preload::build(folder, "clock", include_str!("clock.c"))?,
            folder: folder.to_owned(),
        })
    }

    /// The environment by which a role's process reads its clock; the clock is right.
    pub(crate) fn environment(
        &self,
        role: ServiceRole,
    ) -> anyhow::Result<[(&'static str, PathBuf); 2]> {
        self.set(role, Duration::ZERO, false)?;
        Ok([
            ("LD_PRELOAD", self.library.clone()),
            ("MARQUE_CLOCK", self.file(role)),
        ])
    }

    /// Moves a role's clock to so much before or after the right time.
    pub(crate) fn set(&self, role: ServiceRole, by: Duration, back: bool) -> anyhow::Result<()> {
        use std::os::unix::fs::FileExt as _;
        let nanos = i64::try_from(by.as_nanos())?;
        let nanos = if back { -nanos } else { nanos };
        // In place: the process has the file mapped.
        let file = std::fs::File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(self.file(role))?;
        file.write_all_at(&nanos.to_ne_bytes(), 0)?;
        Ok(())
    }

    fn file(&self, role: ServiceRole) -> PathBuf {
        self.folder.join(format!("{role}.clock"))
    }
}
