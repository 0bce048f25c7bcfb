//! The program itself, `marque`, in processes of its own.

use std::{
    net::{Ipv4Addr, SocketAddr, TcpListener},
    os::unix::process::CommandExt as _,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use reqwest::Client;

use crate::{Stock, StockSize, stock::Host};

/// The core a process is bound to; `None` leaves that to the system.
pub type Pin = Option<usize>;

/// Where the program is.
#[derive(Debug, Clone)]
pub struct Marque(PathBuf);

impl Marque {
    /// The program at a path.
    ///
    /// # Errors
    /// If there is none.
    pub fn at(path: PathBuf) -> anyhow::Result<Self> {
        ensure!(
            path.is_file(),
            "{} is not there: build it with `cargo build -p marque`",
            path.display()
        );
        Ok(Self(path))
    }

    /// The program of this build: `MARQUE_BINARY`, or `marque` in the folder of this program or the one above it, where cargo puts tests.
    ///
    /// # Errors
    /// If it was not built.
    pub fn of_this_build() -> anyhow::Result<Self> {
        if let Some(path) = std::env::var_os("MARQUE_BINARY") {
            return Self::at(path.into());
        }
        let me = std::env::current_exe()?;
        let mut folders = me
            .ancestors()
            .skip(1)
            .take(2)
            .map(|folder| folder.join("marque"));
        let found = folders.find(|path| path.is_file());
        Self::at(found.unwrap_or_else(|| me.with_file_name("marque")))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.0
    }

    /// A command of it, under another program such as `taskset` if one is named.
    pub fn command(&self, under: &[&str]) -> Command {
        let mut command = match under {
            [program, arguments @ ..] => {
                let mut command = Command::new(program);
                command.args(arguments).arg(&self.0);
                command
            }
            [] => Command::new(&self.0),
        };
        command.env("MARQUE__TELEMETRY__LOG", "error");
        command
    }

    /// Runs a command to its end; what it printed.
    ///
    /// # Errors
    /// If it fails; with what it said.
    pub fn run(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let done = self.command(&[]).args(arguments).output()?;
        let told = String::from_utf8_lossy(&done.stderr).into_owned();
        ensure!(done.status.success(), "marque {arguments:?}: {told}");
        Ok(String::from_utf8(done.stdout)?.trim().to_owned())
    }

    /// A token of the issuer whose keys are in a data folder.
    ///
    /// # Errors
    /// If role and dealer do not fit.
    pub fn token(&self, data: &Path, role: &str, dealer: Option<&str>) -> anyhow::Result<String> {
        let data = data.to_str().context("a path of UTF-8")?;
        let mut arguments = vec!["token", "--role", role, "--data", data];
        arguments.extend(dealer.iter().flat_map(|code| ["--dealer", code]));
        self.run(&arguments)
    }
}

/// One running process with REST; ended when dropped.
#[derive(Debug)]
pub struct System {
    process: Child,
    /// Where REST answers.
    pub http: SocketAddr,
    /// Where operators ask.
    pub admin: SocketAddr,
    /// Data folder.
    pub data: PathBuf,
    marque: Marque,
    /// For what need not be quick.
    client: Client,
}

impl System {
    /// Starts all roles in one process on a folder and waits until they are ready. Limits of one caller are out of the way:
    /// here a few tokens stand for all callers.
    ///
    /// # Errors
    /// If it is not ready within a minute.
    pub async fn start(marque: &Marque, data: &Path, pin: Pin) -> anyhow::Result<Self> {
        match pin.map(|core| core.to_string()) {
            Some(core) => Self::start_under(marque, data, &["taskset", "-c", &core]).await,
            None => Self::start_under(marque, data, &[]).await,
        }
    }

    /// The same under another program.
    ///
    /// # Errors
    /// As [`System::start`].
    pub async fn start_under(marque: &Marque, data: &Path, under: &[&str]) -> anyhow::Result<Self> {
        let [http, admin] = free_addresses()?;
        let process = marque
            .command(under)
            .args(["serve", "--listen", &http.to_string()])
            .args(["--admin-listen", &admin.to_string(), "--data"])
            .arg(data)
            .env("MARQUE__LIMITS__REQUESTS_PER_SECOND", "1000000")
            .env("MARQUE__LIMITS__BURST", "1000000")
            .stdout(Stdio::null())
            .stderr(Stdio::inherit())
            // What it is started under must not outlive it, nor it what it is started under.
            .process_group(0)
            .spawn()
            .with_context(|| format!("{under:?} or marque cannot be run"))?;
        let client = Client::builder().timeout(Duration::from_secs(60)).build()?;
        let system = Self {
            process,
            http,
            admin,
            data: data.to_owned(),
            marque: marque.clone(),
            client,
        };
        system.until_ready().await?;
        Ok(system)
    }

    async fn until_ready(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let url = format!("http://{}/readyz", self.http);
        loop {
            let answer = self.client.get(&url).send().await;
            if answer.is_ok_and(|answer| answer.status().is_success()) {
                return Ok(());
            }
            ensure!(
                began.elapsed() < Duration::from_secs(60),
                "not ready after a minute"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// A token of this system's issuer.
    ///
    /// # Errors
    /// If role and dealer do not fit.
    pub fn token(&self, role: &str, dealer: Option<&str>) -> anyhow::Result<String> {
        self.marque.token(&self.data, role, dealer)
    }

    /// Makes sample files, imports them and waits until every service has followed.
    ///
    /// # Errors
    /// If a file is not taken, or services do not follow.
    pub async fn fill(&self, size: StockSize) -> anyhow::Result<Stock> {
        let host = Host {
            marque: &self.marque,
            http: self.http,
            token: &|role, dealer| self.token(role, dealer),
        };
        let stock = Stock::fill(&host, size).await?;
        self.settle().await?;
        Ok(stock)
    }

    /// Resident memory in MB.
    pub fn memory_mb(&self) -> f64 {
        self.memory_probe().kilobytes() as f64 / 1024.0
    }

    /// What asks for the memory, apart from the system.
    pub fn memory_probe(&self) -> MemoryProbe {
        MemoryProbe(self.process.id())
    }

    /// Open files and sockets.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.process.id())).map_or(0, Iterator::count)
    }

    /// Bytes of the stores' logs that are not copied into the stores yet.
    pub fn log_bytes(&self) -> u64 {
        let files = std::fs::read_dir(&self.data)
            .into_iter()
            .flatten()
            .flatten();
        let logs = files.filter(|file| file.path().to_string_lossy().ends_with("-wal"));
        logs.filter_map(|file| file.metadata().ok())
            .map(|file| file.len())
            .sum()
    }

    /// CPU time of the process so far.
    pub fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.process.id()))
            .unwrap_or_default();
        let fields = stat
            .rsplit_once(") ")
            .map_or("", |(_, fields)| fields)
            .split(' ');
        let ticks: u64 = fields
            .skip(11)
            .take(2)
            .filter_map(|field| field.parse::<u64>().ok())
            .sum();
        // USER_HZ is 100 on every Linux that we run on.
        Duration::from_millis(ticks * 10)
    }

    /// Waits until no consumer has events before it and no import is under way.
    ///
    /// # Errors
    /// If that is not so after ten minutes.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let began = Instant::now();
        let mut calm = 0;
        while calm < 3 {
            let waits =
                self.lag().await.unwrap_or(1.0) + self.imports_under_way().await.unwrap_or(1.0);
            calm = if waits > 0.0 { 0 } else { calm + 1 };
            ensure!(
                began.elapsed() < Duration::from_secs(600),
                "not settled after ten minutes"
            );
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    }

    /// Events that consumers have not applied yet.
    ///
    /// # Errors
    /// If the port of operators does not answer.
    pub async fn lag(&self) -> anyhow::Result<f64> {
        let text = self
            .client
            .get(format!("http://{}/metrics", self.admin))
            .send()
            .await?
            .text()
            .await?;
        let of_lag = text
            .lines()
            .filter(|line| line.starts_with("marque_event_lag{"));
        Ok(of_lag
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum())
    }

    async fn imports_under_way(&self) -> anyhow::Result<f64> {
        let token = self.token("hq_admin", None)?;
        let url = format!("http://{}/v1/imports?page_size=1000", self.http);
        let page: serde_json::Value = self
            .client
            .get(url)
            .bearer_auth(token)
            .send()
            .await?
            .json()
            .await?;
        let imports = page["imports"].as_array().context("a list of imports")?;
        let is_done = |import: &&serde_json::Value| {
            matches!(import["state"].as_str(), Some("succeeded" | "failed"))
        };
        Ok((imports.len() - imports.iter().filter(is_done).count()) as f64)
    }

    /// Ends it as a power cut would.
    ///
    /// # Errors
    /// If the system refuses that.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.end();
        self.process.wait()?;
        // What it was started under is gone; it itself may need a moment longer, and holds its files until then.
        let began = Instant::now();
        while self.signal("-0") && began.elapsed() < Duration::from_secs(10) {
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(())
    }

    fn end(&mut self) {
        self.signal("-KILL");
    }

    /// Whether the signal found anybody of the group.
    fn signal(&self, signal: &str) -> bool {
        let group = format!("-{}", self.process.id());
        let sent = Command::new("kill")
            .args([signal, "--", &group])
            .stderr(Stdio::null())
            .status();
        sent.is_ok_and(|status| status.success())
    }
}

/// Reads the resident memory of a process.
#[derive(Debug, Clone, Copy)]
pub struct MemoryProbe(u32);

impl MemoryProbe {
    /// Of a process by its id.
    pub const fn of(process: u32) -> Self {
        Self(process)
    }

    /// Kilobytes now; 0 if the process is gone.
    pub fn kilobytes(self) -> u64 {
        let status =
            std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap_or_default();
        let line = status.lines().find(|line| line.starts_with("VmRSS"));
        let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok());
        kilobytes.unwrap_or(0)
    }
}

impl Drop for System {
    fn drop(&mut self) {
        // One that was waited for has no id any more that would be its own.
        if matches!(self.process.try_wait(), Ok(None)) {
            self.end();
            let _ = self.process.wait();
        }
    }
}

/// Ports below those that the system gives to connections: between letting go and listening nobody is given one of them.
const FIRST_PORT: u16 = 10_000;
const PORTS: u16 = 20_000;

/// Addresses nobody uses: found by binding them all before any is let go.
///
/// # Errors
/// If the system has none.
pub fn free_addresses<const N: usize>() -> anyhow::Result<[SocketAddr; N]> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    // Processes of tests that run beside each other begin at different places.
    let offset = (std::process::id() % u32::from(PORTS)) as u16;
    let mut bound: Vec<TcpListener> = Vec::new();
    for _ in 0..PORTS {
        let at = NEXT
            .fetch_add(1, Ordering::Relaxed)
            .wrapping_add(offset.wrapping_mul(97));
        bound.extend(TcpListener::bind((
            Ipv4Addr::LOCALHOST,
            FIRST_PORT + at % PORTS,
        )));
        if bound.len() == N {
            break;
        }
    }
    let addresses: Vec<SocketAddr> = bound
        .iter()
        .map(TcpListener::local_addr)
        .collect::<Result<_, _>>()?;
    addresses
        .try_into()
        .map_err(|_| anyhow::anyhow!("no port between 10000 and 30000 is free"))
}
