//! The system on this machine, started for one test and stopped with it.

use std::{
    collections::BTreeMap,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    path::PathBuf,
    time::Duration,
};

use anyhow::Context as _;
use marque::{
    Node, roles,
    wiring::{database_settings, embedded_issuer},
};
use marque_auth::{Role, Scope, TokenRequest};
use marque_config::{BusKind, Config, Secret, ServiceRole};
use marque_core::{Clock as _, SystemClock};
use marque_db::Database;
use marque_rpc::{RoleName, TlsFiles, make_dev_ca};
use tempfile::TempDir;

use crate::Api;

/// How the roles are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topology {
    /// All in one process.
    AllInOne,
    /// One role a node, over TCP with mTLS.
    OneRoleEach,
}

/// The roles behind the gateway.
const SERVICES: [ServiceRole; 7] = [
    ServiceRole::Network,
    ServiceRole::Customer,
    ServiceRole::Vehicle,
    ServiceRole::ServiceHistory,
    ServiceRole::DataQuality,
    ServiceRole::Scoring,
    ServiceRole::Complaint,
];

/// A running system.
#[derive(Debug)]
pub struct Sandbox {
    nodes: Vec<Node>,
    gateway: Config,
    http: SocketAddr,
    // Dropped last: the stores lie in it.
    folder: TempDir,
}

impl Sandbox {
    /// Starts the system.
    ///
    /// # Errors
    /// If a node does not start.
    pub async fn start(topology: Topology) -> anyhow::Result<Self> {
        Self::start_with(topology, |_| {}).await
    }

    /// Starts the system on a broker, in streams of its own.
    ///
    /// # Errors
    /// If a node does not start. That the broker is down is none.
    pub async fn start_on_broker(topology: Topology, url: &str) -> anyhow::Result<Self> {
        let prefix = format!("test_{}", uuid::Uuid::new_v4().simple());
        Self::start_with(topology, |config| {
            config.bus.kind = BusKind::Jetstream;
            config.bus.url = Some(url.to_owned());
            config.bus.prefix.clone_from(&prefix);
        })
        .await
    }

    /// Starts the system on a PostgreSQL database, each service in a schema of its own.
    ///
    /// # Errors
    /// If a schema cannot be made or a node does not start.
    pub async fn start_on_postgres(topology: Topology, url: &str) -> anyhow::Result<Self> {
        let change = |config: &mut Config| {
            config.store.url = Some(Secret::new(url.to_owned()));
            (config.store.readers, config.store.writers) = (2, 2);
        };
        let mut config = quick();
        change(&mut config);
        for role in SERVICES {
            let Some(migrator) = roles::migrator(role) else {
                continue;
            };
            let db = Database::open(&database_settings(&config, role))?;
            migrator.up(&db, SystemClock.now()).await?;
        }
        Self::start_with(topology, change).await
    }

    async fn start_with(topology: Topology, change: impl Fn(&mut Config)) -> anyhow::Result<Self> {
        let folder = TempDir::new()?;
        let mut configs = match topology {
            Topology::AllInOne => vec![all_in_one(&folder)],
            Topology::OneRoleEach => one_role_each(&folder)?,
        };
        configs.iter_mut().for_each(change);
        let gateway = configs.last().context("the gateway is the last")?.clone();
        let mut nodes = Vec::new();
        for config in configs {
            nodes.push(Node::start(config).await?);
        }
        let http = nodes
            .last()
            .and_then(|node| node.http)
            .context("the gateway answers")?;
        Ok(Self {
            nodes,
            gateway,
            http,
            folder,
        })
    }

    /// A token of the embedded issuer.
    ///
    /// # Panics
    /// If role and scope do not fit.
    pub fn token(&self, role: Role, scope: Scope) -> String {
        let request = TokenRequest {
            subject: format!("test-{role}"),
            roles: role.into(),
            scope,
            ttl: Duration::from_secs(600),
        };
        let issuer = embedded_issuer(&self.gateway).expect("the sandbox has an issuer");
        issuer
            .issue(&request, &SystemClock)
            .expect("role and scope fit")
    }

    /// A caller at headquarters.
    pub fn headquarters(&self, role: Role) -> Api {
        self.caller(role, Scope::Headquarters)
    }

    /// A caller at a dealer.
    ///
    /// # Panics
    /// If the code is no dealer's.
    pub fn dealer(&self, role: Role, code: &str) -> Api {
        self.caller(role, Scope::Dealer(code.parse().expect("a dealer's code")))
    }

    /// A caller of any scope.
    pub fn caller(&self, role: Role, scope: Scope) -> Api {
        self.with_token(self.token(role, scope))
    }

    /// A caller with any token.
    ///
    /// # Panics
    /// Never: the client needs nothing.
    pub fn with_token(&self, token: String) -> Api {
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .expect("a client needs nothing");
        Api::new(http, format!("http://{}", self.http), token)
    }

    /// The way to a role, and the role that answers for it.
    ///
    /// # Errors
    /// If the role is not configured.
    pub fn transport(&self, role: ServiceRole) -> anyhow::Result<marque_rpc::RpcTransport> {
        self.nodes
            .last()
            .context("the gateway is the last")?
            .transport(role)
    }

    /// Stops the gateway, then all others at once: a node that is asked for events by one that goes on would wait for it.
    ///
    /// # Errors
    /// What a server ended with.
    pub async fn stop(self) -> anyhow::Result<()> {
        self.stop_and_search(&[]).await.map(drop)
    }

    /// Stops all nodes and searches all their files, stores and spools and what was sent, for texts; answers which file has
    /// which of them, by their places in the list.
    ///
    /// # Errors
    /// What a server ended with, or a file that cannot be read.
    pub async fn stop_and_search(self, texts: &[&[u8]]) -> anyhow::Result<Vec<(PathBuf, usize)>> {
        let mut nodes = self.nodes;
        if let Some(gateway) = nodes.pop() {
            gateway.stop().await?;
        }
        let mut stopping = tokio::task::JoinSet::new();
        for node in nodes {
            stopping.spawn(node.stop());
        }
        while let Some(stopped) = stopping.join_next().await {
            stopped??;
        }
        let mut hits = Vec::new();
        if texts.is_empty() {
            return Ok(hits);
        }
        let mut folders = vec![self.folder.path().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let bytes = match std::fs::read(&path) {
                    // A store's log goes when its last connection closes.
                    Err(gone) if gone.kind() == std::io::ErrorKind::NotFound => continue,
                    read => read?,
                };
                let has = |text: &&[u8]| bytes.windows(text.len()).any(|part| part == *text);
                let found = texts.iter().enumerate().filter(|(_, text)| has(text));
                hits.extend(found.map(|(at, _)| (path.clone(), at)));
            }
        }
        Ok(hits)
    }
}

fn anywhere() -> SocketAddr {
    (Ipv4Addr::LOCALHOST, 0).into()
}

fn all_in_one(folder: &TempDir) -> Config {
    Config {
        data_dir: folder.path().to_owned(),
        listen: anywhere(),
        admin_listen: anywhere(),
        ..quick()
    }
}

/// A configuration for tests: limits out of the way, time to end even on a busy machine.
fn quick() -> Config {
    let mut config = Config::default();
    config.limits.requests_per_second = 100_000;
    config.limits.burst = 100_000;
    config.limits.queue_delay_ms = 0;
    config.limits.drain_notice_ms = 50;
    config.limits.drain_s = 15;
    config
}

/// A node for each service, then the gateway. They share the peers' secret and the issuer's public keys, no more.
fn one_role_each(folder: &TempDir) -> anyhow::Result<Vec<Config>> {
    let ca = folder.path().join("ca");
    make_dev_ca(&ca)?;
    let gateway_dir = folder.path().join("gateway");
    let mut gateway = Config {
        data_dir: gateway_dir,
        ..quick()
    };
    // The issuer's keys and the peers' secret are made where the gateway keeps its keys; the others are pointed to them.
    embedded_issuer(&gateway)?;
    marque_auth::PeerTokens::from_config(&gateway.auth, &gateway.keys_dir(), "test")?;
    let addresses = free_addresses(SERVICES)?;
    let mut configs: Vec<Config> = SERVICES
        .into_iter()
        .map(|role| {
            let mut config = quick();
            config.data_dir = folder.path().join(role.as_str());
            config.roles = vec![role];
            config.listen = addresses[&role];
            config.admin_listen = anywhere();
            config.auth.peer_secret_file = Some(gateway.keys_dir().join("peer.key"));
            config.auth.issuer_keys_file = Some(gateway.keys_dir().join("issuer.jwks.json"));
            config
        })
        .collect();
    gateway.roles = vec![ServiceRole::Gateway];
    gateway.listen = anywhere();
    gateway.admin_listen = anywhere();
    configs.push(gateway);
    for config in &mut configs {
        config.peers = addresses
            .iter()
            .map(|(role, address)| (*role, address.to_string()))
            .collect();
        let name: RoleName = config.roles[0].as_str().parse()?;
        let TlsFiles { ca, cert, key } = TlsFiles::of_dev_ca(&ca, Some(name));
        (config.tls.ca, config.tls.cert, config.tls.key) = (Some(ca), Some(cert), Some(key));
    }
    Ok(configs)
}

/// Addresses nobody uses: found by binding them all before any is let go.
fn free_addresses<const N: usize>(
    roles: [ServiceRole; N],
) -> anyhow::Result<BTreeMap<ServiceRole, SocketAddr>> {
    let listeners: Vec<TcpListener> = roles
        .iter()
        .map(|_| TcpListener::bind(anywhere()))
        .collect::<Result<_, _>>()?;
    roles
        .into_iter()
        .zip(&listeners)
        .map(|(role, listener)| Ok((role, listener.local_addr()?)))
        .collect()
}
