//! The system as many processes: one role each, on loopback, every way between two of them through a proxy.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    process::{Child, Stdio},
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use marque_auth::{Issuer, PeerTokens, Role, Scope, TokenRequest};
use marque_config::{Config, ServiceRole};
use marque_core::SystemClock;
use marque_load::{Marque, free_addresses};
use marque_rpc::{RoleName, TlsFiles, make_dev_ca};
use serde_json::json;
use tempfile::TempDir;

use crate::{Books, Caller, Island, Outage, Proxy, Toxic, clock::Clocks};

/// All services, in the order in which they start.
pub const SERVICES: [ServiceRole; 7] = [
    ServiceRole::Network,
    ServiceRole::Customer,
    ServiceRole::Vehicle,
    ServiceRole::ServiceHistory,
    ServiceRole::DataQuality,
    ServiceRole::Scoring,
    ServiceRole::Complaint,
];

/// What a cluster is made of.
#[derive(Debug, Clone, Default)]
pub struct Setting {
    /// PostgreSQL, `postgres://…`, empty of our schemas; without it each role has its SQLite file.
    pub postgres: Option<String>,
    /// NATS, `nats://host:port`; without it events go by the embedded bus.
    pub nats: Option<String>,
    /// Replicas of each role; more than one on PostgreSQL only.
    pub replicas: usize,
    /// Who is on an island of its own and can be cut off from everybody. A server's URL must lead to its island.
    pub islands: BTreeMap<Place, Arc<Island>>,
    /// Further environment of every process.
    pub environment: Vec<(String, String)>,
    /// Nothing is to be broken, but measured: processes reach each other and the servers straight, not through proxies.
    pub is_direct: bool,
}

/// Whoever can be at an end of a way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// A role.
    Role(ServiceRole),
    /// The database server.
    Postgres,
    /// The broker.
    Nats,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Role(role) => f.write_str(role.as_str()),
            Self::Postgres => f.write_str("postgres"),
            Self::Nats => f.write_str("nats"),
        }
    }
}

/// One process.
#[derive(Debug)]
pub struct Member {
    /// What it plays.
    pub role: ServiceRole,
    /// Where it answers peers, or callers if it is the gateway.
    pub listen: SocketAddr,
    /// Where it answers operators.
    pub admin: SocketAddr,
    config: PathBuf,
    process: Option<Child>,
}

/// A running system of many processes; all are killed when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    marque: Marque,
    members: Vec<Member>,
    ways: BTreeMap<(ServiceRole, Place), Proxy>,
    /// Where callers come in: a proxy before all gateways.
    pub front: Proxy,
    gateway: Config,
    setting: Setting,
    clocks: Clocks,
    folder: TempDir,
}

impl Setting {
    fn island(&self, role: ServiceRole) -> Option<&Arc<Island>> {
        self.islands.get(&Place::Role(role))
    }

    /// Where a replica of a role answers peers or callers, and operators.
    fn addresses(&self, role: ServiceRole, replica: usize) -> anyhow::Result<[SocketAddr; 2]> {
        let Some(island) = self.island(role) else {
            return free_addresses();
        };
        // Nobody else is there.
        let port = FIRST_PORT + 2 * u16::try_from(replica)?;
        Ok([island.port(port), island.port(port + 1)])
    }

    /// The address of this machine that a role reaches.
    fn seen_by(&self, role: ServiceRole) -> Ipv4Addr {
        let island = self.island(role);
        island.map_or(Ipv4Addr::LOCALHOST, |island| island.outside())
    }
}

/// First port of roles on islands.
const FIRST_PORT: u16 = 7000;
/// Longest that processes may take to be ready: programs without optimisation on two busy cores.
const PATIENCE: Duration = Duration::from_secs(90);

impl Cluster {
    /// Starts everything and waits until it is ready.
    ///
    /// # Errors
    /// If a process does not get ready; its log is told.
    pub async fn start(marque: &Marque, setting: Setting) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let ca = folder.path().join("ca");
        make_dev_ca(&ca)?;
        let gateway = Config {
            data_dir: folder.path().join("gateway"),
            ..Config::default()
        };
        issuer_of(&gateway)?;
        PeerTokens::from_config(&gateway.auth, &gateway.keys_dir(), "faults")?;
        let replicas = setting.replicas.max(1);
        let mut members = Vec::new();
        for role in SERVICES.into_iter().chain([ServiceRole::Gateway]) {
            for replica in 0..replicas {
                let [listen, admin] = setting.addresses(role, replica)?;
                members.push(Member {
                    role,
                    listen,
                    admin,
                    config: folder.path().join(format!("{role}-{replica}.toml")),
                    process: None,
                });
            }
        }
        let front = Proxy::before_all(addresses(&members, ServiceRole::Gateway)).await?;
        let mut cluster = Self {
            marque: marque.clone(),
            members,
            ways: BTreeMap::new(),
            front,
            gateway,
            setting,
            clocks: Clocks::make(folder.path())?,
            folder,
        };
        cluster.lay_ways().await?;
        cluster.write_configs()?;
        cluster.migrate()?;
        for at in 0..cluster.members.len() {
            cluster.spawn(at)?;
        }
        cluster.until_ready().await?;
        Ok(cluster)
    }

    /// A proxy for every way that a process has to another.
    async fn lay_ways(&mut self) -> anyhow::Result<()> {
        let roles: Vec<ServiceRole> = SERVICES.into_iter().chain([ServiceRole::Gateway]).collect();
        for from in roles {
            let here = self.setting.seen_by(from);
            for to in SERVICES {
                let servers = addresses(&self.members, to);
                self.ways
                    .insert((from, Place::Role(to)), Proxy::on(here, servers).await?);
            }
            let outer = [
                (Place::Postgres, &self.setting.postgres),
                (Place::Nats, &self.setting.nats),
            ];
            for (place, url) in outer {
                if let Some(url) = url.as_ref().filter(|_| from != ServiceRole::Gateway) {
                    let server = vec![server_of(url)?];
                    self.ways
                        .insert((from, place), Proxy::on(here, server).await?);
                }
            }
        }
        Ok(())
    }

    fn write_configs(&self) -> anyhow::Result<()> {
        for member in &self.members {
            std::fs::write(&member.config, self.config_of(member)?)?;
        }
        Ok(())
    }

    fn config_of(&self, member: &Member) -> anyhow::Result<String> {
        let (role, folder) = (member.role, self.folder.path());
        let name: RoleName = role.as_str().parse()?;
        let TlsFiles { ca, cert, key } = TlsFiles::of_dev_ca(&folder.join("ca"), Some(name));
        let keys = self.gateway.keys_dir();
        let peers = SERVICES.map(|to| (to.as_str(), format!("https://{}", self.peer_of(role, to))));
        let mut config = json!({
            "data_dir": folder.join(role.as_str()),
            "listen": member.listen,
            "admin_listen": member.admin,
            "roles": [role.as_str()],
            "limits": {"requests_per_second": 1_000_000, "burst": 1_000_000},
            "import": {"batch_rows": 50},
            "auth": {"peer_secret_file": keys.join("peer.key"), "issuer_keys_file": keys.join("issuer.jwks.json")},
            "tls": {"ca": ca, "cert": cert, "key": key},
            "peers": peers.into_iter().collect::<BTreeMap<_, _>>(),
        });
        if let Some(url) = &self.setting.postgres {
            let through = self.through(role, Place::Postgres, url)?;
            config["store"] = json!({"urls": {role.as_str(): through}});
        }
        if let Some(url) = &self.setting.nats {
            let through = self.through(role, Place::Nats, url)?;
            let run = folder.file_name().unwrap_or_default().to_string_lossy();
            let prefix = format!("faults{}", run.replace('.', ""));
            config["bus"] = json!({"kind": "jetstream", "url": through, "prefix": prefix});
        }
        Ok(toml::to_string(&config)?)
    }

    /// Where a role reaches another.
    fn peer_of(&self, from: ServiceRole, to: ServiceRole) -> SocketAddr {
        if self.setting.is_direct {
            self.members[self.place_of(to)].listen
        } else {
            self.ways[&(from, Place::Role(to))].address
        }
    }

    /// A server's URL as a role is to use it. The gateway has no way to servers, and never uses them.
    fn through(&self, role: ServiceRole, place: Place, url: &str) -> anyhow::Result<String> {
        let server = server_of(url)?.to_string();
        Ok(match self.ways.get(&(role, place)) {
            Some(_) if self.setting.is_direct => url.to_owned(),
            Some(way) => url.replace(&server, &way.address.to_string()),
            None => url.to_owned(),
        })
    }

    fn migrate(&self) -> anyhow::Result<()> {
        if self.setting.postgres.is_none() {
            return Ok(());
        }
        for role in SERVICES {
            let member = self
                .members
                .iter()
                .find(|member| member.role == role)
                .context("every role has a member")?;
            let path = member.config.to_str().context("a path of UTF-8")?;
            self.marque.run(&["migrate", "--config", path])?;
        }
        Ok(())
    }

    fn spawn(&mut self, at: usize) -> anyhow::Result<()> {
        let log = |member: &Member| {
            let path = member.config.with_extension("log");
            std::fs::File::options()
                .create(true)
                .append(true)
                .open(path)
        };
        let member = &self.members[at];
        let island = self.setting.island(member.role);
        let under = island.map_or_else(Vec::new, |island| island.under().to_vec());
        let process = self
            .marque
            .command(&under)
            .args(["serve", "--config"])
            .arg(&member.config)
            .env("MARQUE__TELEMETRY__LOG", "warn")
            // A machine full of other tests is not what is looked for.
            .env("MARQUE__LIMITS__QUEUE_DELAY_MS", "0")
            .envs(self.clocks.environment(member.role)?)
            .envs(
                self.setting
                    .environment
                    .iter()
                    .map(|(name, value)| (name, value)),
            )
            .stdout(Stdio::from(log(member)?))
            .stderr(Stdio::from(log(member)?))
            .spawn()?;
        self.members[at].process = Some(process);
        Ok(())
    }

    /// The processes, with their places in the list.
    pub fn members(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.members.iter().enumerate()
    }

    /// Where the first gateway answers callers, with nothing before it.
    pub fn gateway(&self) -> SocketAddr {
        self.members[self.place_of(ServiceRole::Gateway)].listen
    }

    /// The place of a role's first process.
    ///
    /// # Panics
    /// Never: every role has one.
    pub fn place_of(&self, role: ServiceRole) -> usize {
        let found = self.members.iter().position(|member| member.role == role);
        found.expect("every role has a member")
    }

    /// Kills a process as a power cut would, and starts it again; not waiting until it is ready.
    ///
    /// # Errors
    /// If the system refuses that.
    pub fn kill_and_start(&mut self, at: usize) -> anyhow::Result<()> {
        self.kill(at)?;
        self.spawn(at)
    }

    /// Kills a process.
    ///
    /// # Errors
    /// If the system refuses that.
    pub fn kill(&mut self, at: usize) -> anyhow::Result<()> {
        if let Some(mut process) = self.members[at].process.take() {
            process.kill()?;
            process.wait()?;
        }
        Ok(())
    }

    /// Starts a process that was ended.
    ///
    /// # Errors
    /// If it cannot be run.
    pub fn start_again(&mut self, at: usize) -> anyhow::Result<()> {
        self.spawn(at)
    }

    /// Tells a process to end (SIGTERM).
    ///
    /// # Errors
    /// If it does not run.
    pub fn end_begin(&mut self, at: usize) -> anyhow::Result<Instant> {
        let process = self.members[at]
            .process
            .as_ref()
            .context("the process runs")?;
        let told = std::process::Command::new("kill")
            .arg(process.id().to_string())
            .status()?;
        ensure!(told.success(), "SIGTERM was refused");
        Ok(Instant::now())
    }

    /// Waits until a process that was told to end has; answers how long it took since.
    ///
    /// # Errors
    /// If it does not end within half a minute, or ends with a failure.
    pub async fn end_wait(&mut self, at: usize, began: Instant) -> anyhow::Result<Duration> {
        let mut process = self.members[at]
            .process
            .take()
            .context("the process runs")?;
        while began.elapsed() < Duration::from_secs(30) {
            if let Some(status) = process.try_wait()? {
                ensure!(
                    status.success(),
                    "{} ended with {status}: {}",
                    self.members[at].role,
                    self.log_of(at)
                );
                return Ok(began.elapsed());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        process.kill()?;
        process.wait()?;
        anyhow::bail!(
            "{} did not end within 30 s of SIGTERM",
            self.members[at].role
        )
    }

    /// What is wrong between a role and another place, from now on.
    ///
    /// # Panics
    /// If there is no such way.
    pub fn set(&self, from: ServiceRole, to: Place, toxic: Toxic) {
        self.ways[&(from, to)].set(toxic);
    }

    /// A role's clock jumps to so much before or after the right time.
    ///
    /// # Errors
    /// If its file cannot be written.
    pub fn set_clock(&self, role: ServiceRole, by: Duration, back: bool) -> anyhow::Result<()> {
        self.clocks.set(role, by, back)
    }

    /// Cuts off who is on an island of its own.
    ///
    /// # Errors
    /// If it is on none, or the system refuses that.
    pub fn cut(&self, place: Place, outage: Outage) -> anyhow::Result<()> {
        let island = self.setting.islands.get(&place);
        let island = island.with_context(|| format!("{place} is on no island"))?;
        island.cut(outage)
    }

    /// Who can be cut off.
    pub fn on_islands(&self) -> Vec<Place> {
        self.setting.islands.keys().copied().collect()
    }

    /// All ways are well again, nobody is cut off, and all clocks are right.
    ///
    /// # Errors
    /// If a cable cannot be plugged in or a clock not be set.
    pub fn heal(&self) -> anyhow::Result<()> {
        for island in self.setting.islands.values() {
            island.heal()?;
        }
        self.ways.values().for_each(|way| way.set(Toxic::None));
        self.front.set(Toxic::None);
        for role in SERVICES.into_iter().chain([ServiceRole::Gateway]) {
            self.clocks.set(role, Duration::ZERO, false)?;
        }
        Ok(())
    }

    /// The ways there are.
    pub fn ways(&self) -> Vec<(ServiceRole, Place)> {
        self.ways.keys().copied().collect()
    }

    /// Where new connections to a role go from now on, from everywhere.
    pub fn lead(&self, role: ServiceRole, servers: &[SocketAddr]) {
        if role == ServiceRole::Gateway {
            self.front.lead_to(servers.to_vec());
        }
        let to_it = self
            .ways
            .iter()
            .filter(|((_, to), _)| *to == Place::Role(role));
        to_it.for_each(|(_, way)| way.lead_to(servers.to_vec()));
    }

    /// Waits until every process says that it is ready.
    ///
    /// # Errors
    /// If one does not.
    pub async fn until_ready(&self) -> anyhow::Result<()> {
        for at in 0..self.members.len() {
            self.until_member_ready(at).await?;
        }
        Ok(())
    }

    /// Waits until one process says so.
    ///
    /// # Errors
    /// If it does not; with its log.
    pub async fn until_member_ready(&self, at: usize) -> anyhow::Result<()> {
        let (began, admin) = (Instant::now(), self.members[at].admin);
        while !is_ready(admin).await {
            ensure!(
                began.elapsed() < PATIENCE,
                "{} is not ready: {}",
                self.members[at].role,
                self.log_of(at)
            );
            tokio::time::sleep(Duration::from_millis(30)).await;
        }
        Ok(())
    }

    /// Whether a process says that it is ready.
    pub async fn is_ready(&self, at: usize) -> bool {
        is_ready(self.members[at].admin).await
    }

    /// Whether a process says that it is alive.
    pub async fn is_alive(&self, at: usize) -> bool {
        is_well(self.members[at].admin, "livez").await
    }

    /// Waits until every consumer has applied every event, as the stores say: a consumer that waits for its peer tells of no lag.
    ///
    /// # Errors
    /// If that is not so after the time.
    pub async fn until_quiet(&self, patience: Duration) -> anyhow::Result<()> {
        let (began, books) = (Instant::now(), Books::open(self.settings())?);
        while !books.are_at_rest().await {
            ensure!(
                began.elapsed() < patience,
                "consumers are behind after {patience:?}"
            );
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        Ok(())
    }

    /// A caller with a role, at a dealer or at headquarters.
    ///
    /// # Errors
    /// If role and dealer do not fit.
    pub fn caller(&self, role: Role, dealer: Option<&str>) -> anyhow::Result<Caller> {
        Caller::new(self.front.address, &self.token(role, dealer)?)
    }

    /// A token.
    ///
    /// # Errors
    /// If role and dealer do not fit.
    pub fn token(&self, role: Role, dealer: Option<&str>) -> anyhow::Result<String> {
        let scope = match dealer {
            Some(code) => Scope::Dealer(code.parse()?),
            None => Scope::Headquarters,
        };
        let request = TokenRequest {
            subject: format!("faults-{role}"),
            roles: role.into(),
            scope,
            ttl: Duration::from_secs(12 * 3600),
        };
        Ok(issuer_of(&self.gateway)?.issue(&request, &SystemClock)?)
    }

    /// Kills what still runs and answers how each role's store is opened.
    ///
    /// # Errors
    /// If the system refuses that.
    pub fn stores(&mut self) -> anyhow::Result<Vec<(ServiceRole, marque_db::Settings)>> {
        for at in 0..self.members.len() {
            self.kill(at)?;
        }
        Ok(self.settings())
    }

    fn settings(&self) -> Vec<(ServiceRole, marque_db::Settings)> {
        let settings = |role: ServiceRole| match &self.setting.postgres {
            Some(url) => marque_db::Settings::Postgres {
                url: url.clone(),
                schema: role.snake(),
                readers: 1,
                writers: 1,
                replica: None,
            },
            None => marque_db::Settings::Sqlite {
                path: self
                    .folder
                    .path()
                    .join(role.as_str())
                    .join(format!("{}.db", role.snake())),
            },
        };
        SERVICES
            .into_iter()
            .map(|role| (role, settings(role)))
            .collect()
    }

    /// Memory of all processes in MB.
    pub fn memory_mb(&self) -> f64 {
        let processes = self
            .members
            .iter()
            .filter_map(|member| member.process.as_ref());
        let each = processes.map(|process| marque_load::MemoryProbe::of(process.id()).kilobytes());
        each.sum::<u64>() as f64 / 1024.0
    }

    /// The end of a process's log.
    fn log_of(&self, at: usize) -> String {
        let text = std::fs::read_to_string(self.members[at].config.with_extension("log"))
            .unwrap_or_default();
        let lines: Vec<&str> = text.lines().collect();
        lines[lines.len().saturating_sub(5)..].join("\n")
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        for at in 0..self.members.len() {
            let _ = self.kill(at);
        }
    }
}

/// The issuer whose keys the gateway has, made if they are not there.
fn issuer_of(gateway: &Config) -> anyhow::Result<Issuer> {
    Ok(Issuer::open(&gateway.keys_dir(), &gateway.auth.audience)?)
}

/// Whether a process says that it is ready.
pub(crate) async fn is_ready(admin: SocketAddr) -> bool {
    is_well(admin, "readyz").await
}

/// Whether a probe of a process says that all is well.
async fn is_well(admin: SocketAddr, probe: &str) -> bool {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(3))
        .build();
    let Ok(client) = client else { return false };
    let answer = client.get(format!("http://{admin}/{probe}")).send().await;
    answer.is_ok_and(|answer| answer.status().is_success())
}

fn addresses(members: &[Member], role: ServiceRole) -> Vec<SocketAddr> {
    members
        .iter()
        .filter(|member| member.role == role)
        .map(|member| member.listen)
        .collect()
}

/// `host:port` of a URL, as an address.
fn server_of(url: &str) -> anyhow::Result<SocketAddr> {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.rsplit_once('@').map_or(rest, |(_, rest)| rest);
    let server = rest.split('/').next().unwrap_or_default();
    server.parse().with_context(|| {
        format!("{server} is no address of digits, as the scripts of tests/ print them")
    })
}
