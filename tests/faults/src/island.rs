//! Machines apart: network namespaces with a cable each, which can be pulled (reliability.md R9).
//!
//! A proxy never loses a packet: it takes what is sent, and says so, whether or not it carries it on. Here nobody says anything; the
//! system sends again and again and backs off, as between machines.

use std::{
    fs::{self, File, Permissions},
    net::{Ipv4Addr, SocketAddr},
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicU16, Ordering},
};

use anyhow::{Context as _, ensure};
use tempfile::TempDir;

/// How a machine is cut off from all others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// Its cable is out: it has no network, and others find no way to it.
    Unplugged,
    /// What is sent to it or by it is lost on the way, and nobody is told.
    Silent,
}

/// A machine of its own, with this one at the other end of its cable; gone when dropped.
#[derive(Debug)]
pub struct Island {
    name: String,
    outside: Ipv4Addr,
    inside: Ipv4Addr,
}

/// A server on an island, started by a script of `tests/`; stopped when dropped.
#[derive(Debug)]
pub struct Served {
    /// Where it answers.
    pub url: String,
    script: PathBuf,
    folder: TempDir,
}

/// The cable's end on the island; the other one has the island's name.
const INSIDE: &str = "eth0";
/// A hardware address that nobody has.
const NOBODY: &str = "02:00:00:00:00:99";
/// How the names of islands begin; the process that made one follows.
const PREFIX: &str = "mq";
/// Where `ip` keeps the names of network namespaces.
const NAMESPACES: &str = "/run/netns";
/// How many networks of four addresses there are in 10.213.0.0/16.
const NETWORKS: u32 = 1 << 14;
/// By this status a script says that the server is not installed.
const NOT_INSTALLED: i32 = 69;

impl Island {
    /// Makes one.
    ///
    /// # Errors
    /// If this process may not, as it is not root or within a container, or if `ip` is not installed.
    pub fn raise() -> anyhow::Result<Self> {
        static NEXT: AtomicU16 = AtomicU16::new(0);
        clear_left_behind();
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let process = std::process::id();
        // Processes of tests that run beside each other take different networks.
        let at = process.wrapping_mul(16).wrapping_add(number.into()) % NETWORKS;
        let network = u32::from(Ipv4Addr::new(10, 213, 0, 0)) + 4 * at;
        let island = Self {
            name: format!("{PREFIX}{process}-{number}"),
            outside: (network + 1).into(),
            inside: (network + 2).into(),
        };
        island.lay_cable()?;
        Ok(island)
    }

    fn lay_cable(&self) -> anyhow::Result<()> {
        let Self {
            name,
            outside,
            inside,
        } = self;
        ip(&format!("netns add {name}"))?;
        ip(&format!(
            "link add {name} type veth peer name {INSIDE} netns {name}"
        ))?;
        ip(&format!("addr add {outside}/30 dev {name}"))?;
        ip(&format!("link set {name} up"))?;
        ip(&format!("-n {name} addr add {inside}/30 dev {INSIDE}"))?;
        ip(&format!("-n {name} link set lo up"))?;
        ip(&format!("-n {name} link set {INSIDE} up"))?;
        // Some containers may make namespaces and run nothing in them.
        ip(&format!("netns exec {name} true"))
    }

    /// This machine, as seen from there.
    pub fn outside(&self) -> Ipv4Addr {
        self.outside
    }

    /// A port there.
    pub fn port(&self, port: u16) -> SocketAddr {
        (self.inside, port).into()
    }

    /// What stands before a command that is to run there.
    pub fn under(&self) -> [&str; 4] {
        ["ip", "netns", "exec", &self.name]
    }

    /// Starts a server there by `tests/<script>`; `None` if it is not installed.
    ///
    /// # Errors
    /// If it does not start; with what the script says.
    pub fn serve(&self, script: &str) -> anyhow::Result<Option<Served>> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(script);
        let folder = TempDir::new()?;
        // PostgreSQL refuses to run as root, and its user has to get there.
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        // Through files: the server would keep a pipe open.
        let (told, failed) = (folder.path().join("told"), folder.path().join("failed"));
        let [program, arguments @ ..] = self.under();
        let status = Command::new(program)
            .args(arguments)
            .arg(&script)
            .arg("start")
            .arg(folder.path())
            .env("LISTEN", self.inside.to_string())
            .stdout(File::create(&told)?)
            .stderr(File::create(&failed)?)
            .status()?;
        if status.code() == Some(NOT_INSTALLED) {
            return Ok(None);
        }
        ensure!(
            status.success(),
            "{}: {}",
            script.display(),
            fs::read_to_string(&failed)?
        );
        let told = fs::read_to_string(&told)?;
        let url = told.lines().last().context("the script prints a URL")?;
        Ok(Some(Served {
            url: url.to_owned(),
            script,
            folder,
        }))
    }

    /// Cuts it off.
    ///
    /// # Errors
    /// If the system refuses that.
    pub fn cut(&self, outage: Outage) -> anyhow::Result<()> {
        let Self {
            name,
            outside,
            inside,
        } = self;
        let to_nobody = format!("lladdr {NOBODY} nud permanent");
        match outage {
            Outage::Unplugged => ip(&format!("-n {name} link set {INSIDE} down")),
            Outage::Silent => {
                ip(&format!("neigh replace {inside} dev {name} {to_nobody}"))?;
                ip(&format!(
                    "-n {name} neigh replace {outside} dev {INSIDE} {to_nobody}"
                ))
            }
        }
    }

    /// Ends every outage.
    ///
    /// # Errors
    /// If the system refuses that.
    pub fn heal(&self) -> anyhow::Result<()> {
        let name = &self.name;
        ip(&format!("-n {name} link set {INSIDE} up"))?;
        ip(&format!("neigh flush dev {name} nud permanent"))?;
        ip(&format!("-n {name} neigh flush dev {INSIDE} nud permanent"))
    }
}

impl Drop for Island {
    fn drop(&mut self) {
        sink(&self.name);
    }
}

/// Removes what is there of an island: it may have been made by half.
fn sink(name: &str) {
    drop(ip(&format!("link delete {name}")));
    drop(ip(&format!("netns delete {name}")));
}

/// Removes the islands of processes that were killed before they could.
fn clear_left_behind() {
    let names = fs::read_dir(NAMESPACES).into_iter().flatten().flatten();
    for name in names.map(|entry| entry.file_name()) {
        let name = name.to_string_lossy();
        if maker_of(&name).is_some_and(|process| !Path::new("/proc").join(process).exists()) {
            sink(&name);
        }
    }
}

/// The process that made an island of this name; nothing if it is none of ours.
fn maker_of(name: &str) -> Option<&str> {
    let (process, number) = name.strip_prefix(PREFIX)?.split_once('-')?;
    let is_number = |text: &str| text.parse::<u32>().is_ok();
    (is_number(process) && is_number(number)).then_some(process)
}

impl Drop for Served {
    fn drop(&mut self) {
        let _ = Command::new(&self.script)
            .arg("stop")
            .arg(self.folder.path())
            .status();
    }
}

fn ip(arguments: &str) -> anyhow::Result<()> {
    let done = Command::new("ip")
        .args(arguments.split(' '))
        .output()
        .context("ip")?;
    ensure!(
        done.status.success(),
        "ip {arguments}: {}",
        String::from_utf8_lossy(&done.stderr).trim()
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::maker_of;

    #[test]
    fn only_our_own_islands_are_taken_for_left_behind() {
        assert_eq!(maker_of("mq4194304-12"), Some("4194304"));
        for name in ["mq", "mq12", "mq-1", "mqx-1", "mq1-x", "docker0", "12-1"] {
            assert_eq!(maker_of(name), None, "{name}");
        }
    }
}
