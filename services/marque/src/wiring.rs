//! Putting the roles of a process together.

use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use anyhow::Context as _;
use marque_auth::{AuthLayer, Issuer, PeerTokens, Verifier};
use marque_bus::Broker;
use marque_config::{Config, IssuerConfig, ServiceRole, StoreTarget};
use marque_core::{SharedClock, SystemClock};
use marque_db::{Database, Migrator, Settings, Wall};
use marque_events::{Feed, GrpcFeed, Source, behind_wall};
use marque_gateway::{Peers, Readiness, peer_check};
use marque_insight::rank::Hysteresis;
use marque_intake::IntakeSettings;
use marque_reseal::{Rounds, resealing};
use marque_rpc::{
    Built, InFlightLimit, PeerSettings, RoleName, RoleRouter, RpcTransport, ServerSettings,
    StackSettings, Task, TlsFiles, TlsMaterial, connect_lazily, stack,
};
use marque_tabular::Limits;
use marque_vault::{Keyring, Vault};
use tokio::{net::TcpListener, task::JoinSet};
use tokio_util::sync::CancellationToken;
use tower::layer::util::Stack;

use crate::{
    audit, backup,
    bus::{connect_broker, source_of},
    housekeeping,
    keys::{self, READS_TO_SETTLE},
    roles, sealing,
    stores::{self, Stores},
    wanted::UntilDeadlineLayer,
};

/// What an import may take from its first byte to its last.
const LONGEST_CALL: Duration = Duration::from_secs(3600);

/// What all roles of a process share.
#[derive(Debug)]
pub struct Shared {
    /// The configuration.
    pub config: Config,
    /// The time.
    pub clock: SharedClock,
    /// Keys of sealed fields.
    pub vault: Vault,
    /// The keyring as it was at the start.
    ring: Keyring,
    /// Tokens by which services know each other.
    pub tokens: PeerTokens,
    /// Whose tokens are good.
    pub verifier: Verifier,
    /// The roles of this process.
    router: RoleRouter,
    tls: Option<TlsMaterial>,
    in_flight: InFlightLimit,
    streams: InFlightLimit,
    stores: Stores,
    /// The broker; `None` is the embedded bus.
    broker: Option<Broker>,
}

/// A running process: some or all roles.
#[derive(Debug)]
pub struct Node {
    shared: Shared,
    /// Where the gateway answers, if it is here.
    pub http: Option<SocketAddr>,
    /// Where operators ask, if the gateway is here.
    pub admin: Option<SocketAddr>,
    /// Where the roles answer other processes, if they do.
    pub rpc: Option<SocketAddr>,
    stop: CancellationToken,
    servers: JoinSet<anyhow::Result<()>>,
    tasks: JoinSet<()>,
    /// Told when all of these have ended.
    ended: CancellationToken,
    /// What goes on until then: answers to operators, and the signing of what was done last.
    last: JoinSet<anyhow::Result<()>>,
}

impl Node {
    /// Opens stores, builds the roles of the configuration and begins to serve.
    ///
    /// # Errors
    /// If anything the roles need cannot be had; the error says what and where it was configured.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        Self::start_with_clock(config, Arc::new(SystemClock)).await
    }

    /// The same with another clock.
    ///
    /// # Errors
    /// As [`Node::start`].
    pub async fn start_with_clock(config: Config, clock: SharedClock) -> anyhow::Result<Self> {
        backup::check_restored(&config)?;
        sealing::refuse_lost_keyring(&config).await?;
        let mut shared = Shared::open(config, clock)?;
        shared.broker = Box::pin(connect_broker(&shared.config.bus)).await?;
        let mut node = Self {
            shared,
            http: None,
            admin: None,
            rpc: None,
            stop: CancellationToken::new(),
            servers: JoinSet::new(),
            tasks: JoinSet::new(),
            ended: CancellationToken::new(),
            last: JoinSet::new(),
        };
        // What roles read to begin with concerns all dealers.
        marque_db::behind(Wall::Everything, node.build_roles()).await?;
        node.serve_rpc().await?;
        node.serve_gateway().await?;
        node.serve_operators().await?;
        node.spawn(keys::following(
            (node.shared.vault.clone(), node.shared.ring.clone()),
            node.shared.stores.databases(),
            &node.shared.config,
        ));
        let (verifier, clock) = (node.shared.verifier.clone(), Arc::clone(&node.shared.clock));
        let stop = node.stop.clone();
        node.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = verifier.keep_fresh(clock) => {}
            }
        });
        Ok(node)
    }

    /// The way to a role, from this process.
    pub fn transport(&self, role: ServiceRole) -> anyhow::Result<RpcTransport> {
        self.shared.transport(role)
    }

    /// The token by which this process asks as a peer.
    pub fn peer_token(&self) -> Arc<str> {
        self.shared.tokens.token(self.shared.clock.now())
    }

    /// Stops in order: no new requests, those in progress to their end, the background work, then what looks at all of it.
    ///
    /// # Errors
    /// What a server ended with.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        self.stop.cancel();
        while let Some(server) = self.servers.join_next().await {
            server.context("a server panicked")??;
        }
        while self.tasks.join_next().await.is_some() {}
        self.ended.cancel();
        while let Some(last) = self.last.join_next().await {
            last.context("what goes on to the end panicked")??;
        }
        Ok(())
    }

    /// Serves until the process is told to end (SIGTERM or Ctrl-C) or a server fails.
    ///
    /// # Errors
    /// What a server ended with.
    pub async fn run(mut self) -> anyhow::Result<()> {
        tokio::select! {
            () = end_of_process() => {}
            Some(server) = self.servers.join_next() => server.context("a server panicked")??,
            Some(server) = self.last.join_next() => server.context("a server panicked")??,
        }
        self.stop().await
    }

    async fn build_roles(&mut self) -> anyhow::Result<()> {
        let services = self
            .shared
            .config
            .roles
            .clone()
            .into_iter()
            .filter(|role| *role != ServiceRole::Gateway);
        let mut tasks = Vec::new();
        for role in services {
            let built = roles::build(role, &self.shared)
                .await
                .with_context(|| format!("role {role}"))?;
            tasks.extend(self.add(role, built).await?);
        }
        // Not before all have been asked whether they are sealed by this keyring: one that is refused leaves no trace.
        sealing::note_keyring(&self.shared.stores.databases(), &self.shared.ring).await?;
        tasks.push(self.shared.stores.watch(self.shared.router.clone()));
        for task in self.sign_audit_heads()? {
            let work = marque_db::behind(Wall::Everything, task.run(self.ended.clone()));
            self.last.spawn(async move {
                work.await;
                Ok(())
            });
        }
        // Only now: the work of one role calls others.
        for task in tasks {
            self.spawn(task);
        }
        Ok(())
    }

    /// Adds a role to those that answer; gives back its background work.
    async fn add(&mut self, role: ServiceRole, built: Built) -> anyhow::Result<Vec<Task>> {
        let Built { routes, tasks } = built;
        let rpc = &self.shared.config.rpc;
        let auth = AuthLayer::new(self.shared.verifier.clone(), Arc::clone(&self.shared.clock));
        let layers = Stack::new(UntilDeadlineLayer, behind_wall(auth));
        let settings = StackSettings {
            default_deadline: Duration::from_millis(rpc.deadline_ms),
            // Streams of imports may take long; ordinary callers are cut by the gateway.
            max_deadline: LONGEST_CALL,
            in_flight: self.shared.in_flight.clone(),
            streams: self.shared.streams.clone(),
            ..StackSettings::default()
        };
        let name = rpc_name(role);
        self.shared
            .router
            .add(stack(name, routes, layers, settings))?;
        self.shared.router.set_serving(name, true).await;
        Ok(tasks)
    }

    /// The work of signing the audit heads of each store.
    fn sign_audit_heads(&self) -> anyhow::Result<Vec<Task>> {
        let stores = self.shared.stores.databases();
        if stores.is_empty() {
            return Ok(Vec::new());
        }
        let config = &self.shared.config;
        let signer = audit::signer(config).context("audit heads")?;
        let tasks = stores.into_iter().map(|(role, db)| {
            let clock = Arc::clone(&self.shared.clock);
            audit::task(
                role.as_str(),
                db,
                clock,
                Arc::clone(&signer),
                &config.data_dir,
            )
        });
        Ok(tasks.collect())
    }

    /// Answers operators where no gateway does: metrics, and whether the roles here are well.
    async fn serve_operators(&mut self) -> anyhow::Result<()> {
        if self.admin.is_some() {
            return Ok(());
        }
        let config = &self.shared.config;
        let address = config.admin_listen;
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("admin_listen = {address}"))?;
        self.admin = Some(listener.local_addr()?);
        let roles = config.roles.iter().map(|role| self.shared.transport(*role));
        let checks = roles
            .map(|transport| Ok(peer_check(&transport?)))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let (readiness, ended) = (Readiness::new(checks, Vec::new()), self.ended.clone());
        self.last.spawn(async move {
            Ok(
                marque_gateway::serve_operators(listener, readiness, ended.cancelled_owned())
                    .await?,
            )
        });
        Ok(())
    }

    fn spawn(&mut self, task: Task) {
        // What a process does by itself concerns all dealers.
        let work = task.run(self.stop.clone());
        self.tasks.spawn(marque_db::behind(Wall::Everything, work));
    }

    /// Answers other processes, if this one has roles they may need.
    async fn serve_rpc(&mut self) -> anyhow::Result<()> {
        let config = &self.shared.config;
        let only_services = !config.plays(ServiceRole::Gateway);
        let Some(address) = config.rpc.listen.or(only_services.then_some(config.listen)) else {
            return Ok(());
        };
        let listener = TcpListener::bind(address)
            .await
            .with_context(|| format!("rpc.listen = {address}"))?;
        self.rpc = Some(listener.local_addr()?);
        let (router, tls, stop) = (
            self.shared.router.clone(),
            self.shared.tls.clone(),
            self.stop.clone(),
        );
        let settings = ServerSettings {
            drain_notice: Duration::from_millis(config.limits.drain_notice_ms),
            drain_timeout: Duration::from_secs(config.limits.drain_s),
            ..ServerSettings::default()
        };
        self.servers.spawn(async move {
            let shutdown = stop.cancelled_owned();
            marque_rpc::serve(listener, router, tls.as_ref(), &settings, shutdown).await?;
            Ok(())
        });
        Ok(())
    }

    /// Serves REST, if the gateway is among the roles.
    async fn serve_gateway(&mut self) -> anyhow::Result<()> {
        let config = &self.shared.config;
        if !config.plays(ServiceRole::Gateway) {
            return Ok(());
        }
        let peers = Peers {
            network: self.shared.transport(ServiceRole::Network)?,
            customer: self.shared.transport(ServiceRole::Customer)?,
            vehicle: self.shared.transport(ServiceRole::Vehicle)?,
            service_history: self.shared.transport(ServiceRole::ServiceHistory)?,
            data_quality: self.shared.transport(ServiceRole::DataQuality)?,
            scoring: self.shared.transport(ServiceRole::Scoring)?,
            complaint: self.shared.transport(ServiceRole::Complaint)?,
        };
        let is_here = |role: RoleName| {
            let own = config.roles.iter();
            own.map(|own| own.as_str()).any(|own| own == role.as_str())
        };
        let readiness = Readiness::of_peers(&peers, is_here);
        let mut gateway = marque_gateway::build(marque_gateway::Deps {
            peers,
            verifier: self.shared.verifier.facing_outside(),
            places: self.shared.tokens.places(),
            settings: marque_gateway::Settings::from(&config.limits),
            clock: Arc::clone(&self.shared.clock),
            readiness,
            backlog: marque_gateway::Backlog {
                on_crowd: marque_db::requests_wait,
                reads: || marque_db::longest_wait(marque_db::Work::Reads),
                writes: || marque_db::longest_wait(marque_db::Work::Writes),
            },
        });
        let listener = TcpListener::bind(config.listen)
            .await
            .with_context(|| format!("listen = {}", config.listen))?;
        let admin = TcpListener::bind(config.admin_listen)
            .await
            .with_context(|| format!("admin_listen = {}", config.admin_listen))?;
        self.http = Some(listener.local_addr()?);
        self.admin = Some(admin.local_addr()?);
        let tasks = std::mem::take(&mut gateway.tasks);
        let gateway = Arc::new(gateway);
        let (stop, serving) = (self.stop.clone(), Arc::clone(&gateway));
        self.servers.spawn(async move {
            Ok(marque_gateway::serve(listener, &serving, stop.cancelled_owned()).await?)
        });
        let ended = self.ended.clone();
        self.last.spawn(async move {
            Ok(marque_gateway::serve_admin(admin, &gateway, ended.cancelled_owned()).await?)
        });
        for task in tasks {
            self.spawn(task);
        }
        Ok(())
    }
}

impl Shared {
    fn open(config: Config, clock: SharedClock) -> anyhow::Result<Self> {
        std::fs::create_dir_all(&config.data_dir).with_context(|| {
            format!(
                "the data folder {} cannot be made",
                config.data_dir.display()
            )
        })?;
        let keys = config.keys_dir();
        let tokens =
            PeerTokens::from_config(&config.auth, &keys, "marque").context("peer tokens")?;
        let files = tls_files(&config);
        let tls = files.map(|files| files.read()).transpose().context("tls")?;
        let ring = Vault::ring_of(&config.vault, &config.data_dir).context("vault")?;
        Ok(Self {
            vault: Vault::new(&ring),
            ring,
            verifier: Verifier::from_config(&config.auth, &keys, &tokens).context("auth")?,
            in_flight: InFlightLimit::new(config.rpc.max_in_flight),
            streams: InFlightLimit::of_streams(config.rpc.max_streams),
            router: RoleRouter::new(),
            stores: Stores::default(),
            broker: None,
            tokens,
            clock,
            tls,
            config,
        })
    }

    /// The way to a role: in memory if it is here, over the network if it is not.
    pub fn transport(&self, role: ServiceRole) -> anyhow::Result<RpcTransport> {
        let name = rpc_name(role);
        if self.config.plays(role) {
            return Ok(RpcTransport::local(name, &self.router));
        }
        let address = self.config.peers.get(&role).with_context(|| {
            format!("role {role} is not in this process: say where it is by peers.{role} = \"host:port\"")
        })?;
        let scheme = if self.tls.is_some() { "https" } else { "http" };
        let settings = PeerSettings {
            address: if address.contains("://") {
                address.clone()
            } else {
                format!("{scheme}://{address}")
            },
            tls: self.tls.clone(),
            connect_timeout: Duration::from_millis(self.config.rpc.connect_timeout_ms),
            server_name: None,
        };
        Ok(connect_lazily(name, &settings)?)
    }

    /// A role's events, from the bus of the configuration.
    pub fn events(&self, role: ServiceRole) -> anyhow::Result<Arc<dyn Source>> {
        if let Some(broker) = &self.broker {
            return Ok(Arc::new(broker.source(source_of(role))));
        }
        Ok(Arc::new(GrpcFeed::new(
            self.transport(role)?,
            self.tokens.clone(),
            Arc::clone(&self.clock),
        )))
    }

    /// What a role's store needs from time to time, and what carries its events to the broker if there is one.
    pub fn upkeep(&self, role: ServiceRole, db: Database) -> Vec<Task> {
        let mut tasks = vec![
            housekeeping::task(db.clone(), Arc::clone(&self.clock)),
            resealing(db.clone(), roles::sealed(role), self.rounds()),
        ];
        if let Some(broker) = &self.broker {
            let feed = Feed::new(db, source_of(role));
            let relay = broker.relay(source_of(role), feed);
            tasks.push(Task::new("relay", move |stop| relay.run(stop)));
        }
        tasks
    }

    /// A role's database; on SQLite the schema is brought up at once, on PostgreSQL that is `marque migrate`'s to do.
    pub async fn database(
        &self,
        role: ServiceRole,
        migrator: Migrator,
    ) -> anyhow::Result<Database> {
        let settings = database_settings(&self.config, role);
        let lock = match &settings {
            // A second handle of this process needs no second lock.
            Settings::Sqlite { path } if !self.stores.has(rpc_name(role)) => {
                Some(stores::lock_file(path)?)
            }
            _ => None,
        };
        let db = Database::open(&settings)?;
        if matches!(settings, Settings::Sqlite { .. }) {
            migrator.up(&db, self.clock.now()).await?;
        } else {
            let current = migrator.is_current(&db).await?;
            anyhow::ensure!(
                current,
                "the schema is not this binary's: run `marque migrate` first"
            );
        }
        let ring = Some(&self.ring);
        sealing::refuse_other_keyring(&self.config, (role, &db), ring).await?;
        self.stores.add(rpc_name(role), db.clone(), migrator, lock);
        Ok(db)
    }

    /// When what is sealed under an old key is sealed anew: when the keyring has settled for so long that every process has
    /// read it.
    pub fn rounds(&self) -> Rounds {
        let reload = Duration::from_millis(self.config.vault.reload_ms);
        Rounds::new(self.vault.clone(), reload * READS_TO_SETTLE)
    }

    /// How far behind a border a customer keeps his tier.
    pub fn hysteresis(&self) -> Hysteresis {
        Hysteresis {
            margin_permille: self.config.scoring.tier_margin_permille,
        }
    }

    /// How a role takes in files.
    pub fn intake(&self, role: ServiceRole) -> IntakeSettings {
        let import = &self.config.import;
        IntakeSettings {
            spool: spool_folder(&self.config, role),
            batch_rows: import.batch_rows,
            parallel: import.parallel,
            max_file_bytes: import.max_file_bytes,
            limits: Limits {
                max_columns: import.max_columns,
                max_line_bytes: import.max_row_bytes,
                max_inflated_bytes: import.max_unpacked_bytes,
                ..Limits::default()
            },
        }
    }
}

/// The files of a configuration's certificates; `None` if it names none.
pub(crate) fn tls_files(config: &Config) -> Option<TlsFiles> {
    config.tls.files().map(|files| TlsFiles {
        ca: files.ca.into(),
        cert: files.cert.into(),
        key: files.key.into(),
    })
}

/// Where a role's files lie that wait to be imported.
pub fn spool_folder(config: &Config, role: ServiceRole) -> PathBuf {
    config.data_dir.join("spool").join(role.as_str())
}

/// Where a role's data lies.
pub fn database_settings(config: &Config, role: ServiceRole) -> Settings {
    match config.store.target(role, &config.data_dir) {
        StoreTarget::Sqlite(path) => Settings::Sqlite { path },
        StoreTarget::Postgres(url) => Settings::Postgres {
            url: url.expose().clone(),
            schema: role.snake(),
            readers: config.store.readers,
            writers: config.store.writers,
            replica: config.store.replica(role).map(|url| url.expose().clone()),
        },
    }
}

/// The issuer of the embedded mode.
///
/// # Errors
/// If tokens come from an issuer of their own, or the key cannot be read.
pub fn embedded_issuer(config: &Config) -> anyhow::Result<Issuer> {
    match &config.auth.issuer {
        IssuerConfig::Embedded => Ok(Issuer::open(&config.keys_dir(), &config.auth.audience)?),
        IssuerConfig::Oidc(url) => anyhow::bail!("tokens come from {url}: ask there"),
    }
}

/// A role of the configuration as calls and certificates name it.
pub(crate) fn rpc_name(role: ServiceRole) -> RoleName {
    role.as_str()
        .parse()
        .expect("every role of the configuration is a role of the network")
}

/// Ends with SIGTERM or Ctrl-C.
async fn end_of_process() {
    let interrupt = tokio::signal::ctrl_c();
    match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = interrupt => {}
            _ = terminate.recv() => {}
        },
        Err(_) => drop(interrupt.await),
    }
}
