//! Services in this process behind the real transport and the real authentication.

mod feed;
mod imports;
mod process;

use std::{sync::Arc, time::Duration};

use marque_api::{
    customer::v1::customer_service_client::CustomerServiceClient,
    intake::v1::import_service_client::ImportServiceClient, network::v1 as network,
    network::v1::network_service_client::NetworkServiceClient,
};
use marque_auth::{Issuer, PeerTokens, Role, RoleSet, Scope, TokenRequest, Verifier};
use marque_core::{Clock as _, ManualClock, SharedClock};
use marque_customer::Survivorship;
use marque_db::{Conn, Database, StoreError};
use marque_rpc::{CallMeta, RequestId, RoleName, RpcTransport};
use marque_vault::{Keyring, Vault};
use tempfile::TempDir;

pub use feed::FeedSource;
pub use imports::ImportFile;
pub use process::Process;

use crate::{Feed, TestDb};

/// Dealers of every rig with their regions: `D1` and `D2` in `east`, `D3` in `west`.
const DEALERS: [(&str, &str); 3] = [("D1", "east"), ("D2", "east"), ("D3", "west")];

/// The services network and customer over databases of the test's own, with three dealers.
#[derive(Debug)]
pub struct Rig {
    // First, so that its services are gone before their databases are.
    process: Process,
    pub(crate) world: World,
    customer_db: TestDb,
    network_db: TestDb,
}

/// What processes of one system share.
#[derive(Debug, Clone)]
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) issuer: Arc<Issuer>,
    pub(crate) peers: PeerTokens,
    pub(crate) vault: Vault,
    pub(crate) spool: Arc<TempDir>,
    /// Rows a batch of an import.
    pub(crate) batch_rows: usize,
    /// What the customer service hears of data quality.
    pub(crate) quality: Arc<Feed>,
    pub(crate) survivorship: Survivorship,
}

impl World {
    pub(crate) fn shared_clock(&self) -> SharedClock {
        Arc::clone(&self.clock) as SharedClock
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::builder("marque")
            .trust(&self.issuer)
            .accept_peers(&self.peers)
            .build()
    }
}

impl Rig {
    /// Network and customer; customer over the test's database, network over one beside it.
    pub async fn new(db: TestDb) -> Self {
        Self::with_batches_of(db, 1000).await
    }

    /// The same with another number of rows a batch of an import.
    pub async fn with_batches_of(db: TestDb, batch_rows: usize) -> Self {
        Self::start(db, batch_rows, Survivorship::default()).await
    }

    /// The same where other values survive.
    pub async fn with_survivorship(db: TestDb, survivorship: Survivorship) -> Self {
        Self::start(db, 1000, survivorship).await
    }

    async fn start(db: TestDb, batch_rows: usize, survivorship: Survivorship) -> Self {
        let world = World {
            clock: Arc::default(),
            issuer: Arc::new(Issuer::ephemeral("marque").expect("the machine has randomness")),
            peers: PeerTokens::ephemeral("customer").expect("the machine has randomness"),
            vault: Vault::new(&Keyring::generate().expect("the machine has randomness")),
            spool: Arc::new(tempfile::tempdir().expect("a folder for the spool")),
            batch_rows,
            quality: Arc::default(),
            survivorship,
        };
        let network_db = db.sibling().migrated(&marque_migrations::NETWORK).await;
        let customer_db = db.migrated(&marque_migrations::CUSTOMER).await;
        let process = Process::start(&world, network_db.handle(), customer_db.handle());
        let rig = Self {
            process,
            world,
            customer_db,
            network_db,
        };
        rig.put_dealers().await;
        rig
    }

    async fn put_dealers(&self) {
        let dealers = DEALERS.map(|(code, region)| network::Dealer {
            code: code.to_owned(),
            name: format!("{code} 4S"),
            region: region.to_owned(),
            ..network::Dealer::default()
        });
        let message = network::ApplyNetworkRequest {
            dealers: dealers.to_vec(),
            staff: Vec::new(),
        };
        let request = self.ask(Role::HqAdmin, Scope::Headquarters, message);
        self.network()
            .apply_network(request)
            .await
            .expect("the dealers are put");
        self.wait_for_regions(DEALERS.len() as i64).await;
    }

    /// Waits until the customer service has heard of so many dealers.
    pub async fn wait_for_regions(&self, dealers: i64) {
        for _ in 0..500 {
            let sql = "SELECT count(*) FROM dealer_regions";
            let known = self
                .customer_db
                .read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
                .await;
            if known.expect("the projection can be read") == Some(dealers) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("the customer service has not heard of {dealers} dealers after five seconds");
    }

    /// The clock of all services.
    pub fn clock(&self) -> &ManualClock {
        &self.world.clock
    }

    /// The customer service's database.
    pub fn customer_db(&self) -> &TestDb {
        &self.customer_db
    }

    /// The network service's database.
    pub fn network_db(&self) -> &TestDb {
        &self.network_db
    }

    /// Where the customer service hears of data quality, for tests to fill.
    pub fn quality_events(&self) -> &Feed {
        &self.world.quality
    }

    /// The process that the clients below call.
    pub fn process(&self) -> &Process {
        &self.process
    }

    /// Cuts the process off wherever it is; what it hears is still taken in, and not worked off.
    ///
    /// # Panics
    /// If the databases cannot be written.
    pub async fn crash(&mut self) {
        self.process.abort().await;
        // The queue of writes outlives its tasks here, but no process: nothing of it may happen under the next one.
        for db in [self.network_db.handle(), self.customer_db.handle()] {
            let nothing = |_: &mut Conn<'_>| Ok::<(), StoreError>(());
            db.bulk(nothing).await.expect("databases can be written");
        }
    }

    /// Cuts the process off wherever it is and starts it again over the same databases.
    ///
    /// # Panics
    /// As [`Self::crash`].
    pub async fn crash_and_restart(&mut self) {
        self.crash().await;
        self.process = Process::start(
            &self.world,
            self.network_db.handle(),
            self.customer_db.handle(),
        );
    }

    /// Another process over the same databases, with connections of its own.
    pub fn another_process(&self) -> Process {
        let open = |db: &TestDb| -> Database { db.from_another_process() };
        Process::start(&self.world, open(&self.network_db), open(&self.customer_db))
    }

    /// A token, good for a quarter of an hour.
    pub fn token(&self, roles: impl Into<RoleSet>, scope: Scope) -> String {
        self.token_of("somebody", roles, scope)
    }

    /// A token of somebody by name.
    pub fn token_of(&self, subject: &str, roles: impl Into<RoleSet>, scope: Scope) -> String {
        let ttl = Duration::from_secs(900);
        let request = TokenRequest {
            subject: subject.to_owned(),
            roles: roles.into(),
            scope,
            ttl,
        };
        self.world
            .issuer
            .issue(&request, &*self.world.clock)
            .expect("the roles go with the scope")
    }

    /// A message with a token of a role.
    pub fn ask<T>(&self, roles: impl Into<RoleSet>, scope: Scope, message: T) -> tonic::Request<T> {
        CallMeta::new(RequestId::random())
            .with_token(&self.token(roles, scope))
            .outgoing(message)
    }

    /// The same from somebody by name.
    pub fn ask_as<T>(
        &self,
        subject: &str,
        roles: impl Into<RoleSet>,
        scope: Scope,
        message: T,
    ) -> tonic::Request<T> {
        CallMeta::new(RequestId::random())
            .with_token(&self.token_of(subject, roles, scope))
            .outgoing(message)
    }

    /// A message with an idempotency key.
    pub fn ask_once<T>(
        &self,
        roles: impl Into<RoleSet>,
        scope: Scope,
        key: &str,
        message: T,
    ) -> tonic::Request<T> {
        let mut request = self.ask(roles, scope, message);
        request
            .metadata_mut()
            .insert("idempotency-key", key.parse().expect("a key of ASCII"));
        request
    }

    /// A message from another service acting by itself.
    pub fn ask_as_peer<T>(&self, message: T) -> tonic::Request<T> {
        let token = self.world.peers.token(self.world.clock.now());
        CallMeta::new(RequestId::random())
            .with_token(&token)
            .outgoing(message)
    }

    /// The network service.
    pub fn network(&self) -> NetworkServiceClient<RpcTransport> {
        NetworkServiceClient::new(self.process.transport(RoleName::Network))
    }

    /// The customer service.
    pub fn customer(&self) -> CustomerServiceClient<RpcTransport> {
        CustomerServiceClient::new(self.process.transport(RoleName::Customer))
    }

    /// The customer service's imports.
    pub fn imports(&self) -> ImportServiceClient<RpcTransport> {
        ImportServiceClient::new(self.process.transport(RoleName::Customer))
    }
}
