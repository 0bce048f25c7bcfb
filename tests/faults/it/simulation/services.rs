//! Services behind the real layers and without their background work: what moves is what a seed chooses.

use std::{sync::Arc, time::Duration};

use marque_api::{
    complaint::v1::complaint_service_client::ComplaintServiceClient,
    customer::v1::customer_service_client::CustomerServiceClient,
    events::v1::{PullRequest, PullResponse},
    network::v1::{ApplyNetworkRequest, Dealer, network_service_client::NetworkServiceClient},
};
use marque_auth::{AuthLayer, Issuer, Role, Scope, TokenRequest, Verifier};
use marque_core::{Clock as _, ManualClock, SharedClock, Timestamp};
use marque_db::{Database, Wall};
use marque_events::Source;
use marque_intake::IntakeSettings;
use marque_rpc::{
    Built, CallMeta, LayeredRoutes, RequestId, RoleName, RoleRouter, Routes, RpcTransport,
    StackSettings, stack,
};
use marque_vault::{Keyring, Vault};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status, async_trait};

use super::{stores, walker::Walker};

/// Dealers of every simulation.
pub(super) const DEALERS: [&str; 3] = ["D1", "D2", "D3"];

const AUDIENCE: &str = "marque";
/// A call is held up by other actors' turns, not by a clock.
const PATIENCE: Duration = Duration::from_secs(600);
/// How long a token is good.
const TOKEN: Duration = Duration::from_secs(900);

/// What all seeds share: keys, and a network service that knows the dealers.
pub(super) struct Ground {
    vault: Vault,
    issuer: Issuer,
    network: Database,
    folder: TempDir,
}

/// The services of one seed, on its clock.
pub(super) struct Services {
    ground: Arc<Ground>,
    pub(super) clock: Arc<ManualClock>,
    router: RoleRouter,
}

impl Ground {
    pub(super) fn new() -> Arc<Self> {
        let folder = stores::memory_folder();
        let ground = Arc::new(Self {
            vault: Vault::new(&Keyring::generate().unwrap()),
            issuer: Issuer::ephemeral(AUDIENCE).unwrap(),
            network: stores::open(&folder.path().join("network.db")),
            folder,
        });
        stores::runtime().block_on(put_dealers(&ground));
        ground
    }
}

async fn put_dealers(ground: &Arc<Ground>) {
    let now = ManualClock::default().now();
    marque_migrations::NETWORK
        .up(&ground.network, now)
        .await
        .unwrap();
    let services = Services::new(ground, now);
    let dealers = DEALERS.map(|code| Dealer {
        code: code.to_owned(),
        name: format!("{code} 4S"),
        region: "east".to_owned(),
        ..Dealer::default()
    });
    let message = ApplyNetworkRequest {
        dealers: dealers.to_vec(),
        staff: Vec::new(),
    };
    let request = services.ask(Role::HqAdmin, Scope::Headquarters, message);
    NetworkServiceClient::new(services.network())
        .apply_network(request)
        .await
        .unwrap();
}

impl Services {
    pub(super) fn new(ground: &Arc<Ground>, now: Timestamp) -> Self {
        let services = Self {
            ground: Arc::clone(ground),
            clock: Arc::new(ManualClock::at(now)),
            router: RoleRouter::new(),
        };
        let network = marque_network::build(marque_network::Deps {
            db: ground.network.clone(),
            vault: ground.vault.clone(),
            clock: services.shared_clock(),
        });
        let routes = services.layered(RoleName::Network, network.routes);
        services.router.add(routes).unwrap();
        services
    }

    /// A process of the customer service, over a handle of its own on the store.
    pub(super) fn customer(&self, db: Database) -> CustomerServiceClient<RpcTransport> {
        let built = marque_customer::build(marque_customer::Deps {
            db,
            vault: self.ground.vault.clone(),
            clock: self.shared_clock(),
            network: self.network(),
            network_events: Arc::new(Silence),
            data_quality_events: Arc::new(Silence),
            intake: self.intake("customer"),
            survivorship: marque_customer::Survivorship::default(),
        })
        .unwrap();
        let routes = self.layered(RoleName::Customer, built.routes);
        CustomerServiceClient::new(RpcTransport::memory(routes))
    }

    /// A desk of the complaint service.
    pub(super) fn desk(&self, db: Database) -> ComplaintServiceClient<RpcTransport> {
        let routes = self.layered(RoleName::Complaint, self.complaint(db).routes);
        ComplaintServiceClient::new(RpcTransport::memory(routes))
    }

    /// An instance of the complaint service that only escalates.
    pub(super) fn scheduler(&self, db: Database) -> Walker<()> {
        let scheduler = self
            .complaint(db)
            .tasks
            .into_iter()
            .find(|task| task.name() == "complaint.scheduler")
            .expect("the service escalates");
        let work = scheduler.run(CancellationToken::new());
        Walker::new(marque_db::behind(Wall::Everything, work))
    }

    /// A message with a token of a role.
    pub(super) fn ask<T>(&self, role: Role, scope: Scope, message: T) -> Request<T> {
        let request = TokenRequest {
            subject: "somebody".to_owned(),
            roles: role.into(),
            scope,
            ttl: TOKEN,
        };
        let token = self.ground.issuer.issue(&request, &*self.clock).unwrap();
        CallMeta::new(RequestId::random())
            .with_token(&token)
            .within(PATIENCE)
            .outgoing(message)
    }

    fn complaint(&self, db: Database) -> Built {
        marque_complaint::build(marque_complaint::Deps {
            db,
            vault: self.ground.vault.clone(),
            clock: self.shared_clock(),
            network: self.network(),
            customer: RpcTransport::local(RoleName::Customer, &self.router),
            service_history: RpcTransport::local(RoleName::ServiceHistory, &self.router),
            intake: self.intake("complaint"),
            rules: marque_complaint::Rules::default(),
            files: marque_complaint::FileStore::in_memory(),
            network_events: Arc::new(Silence),
            customer_events: Arc::new(Silence),
            vehicle_events: Arc::new(Silence),
            scoring_events: Arc::new(Silence),
        })
        .unwrap()
    }

    fn network(&self) -> RpcTransport {
        RpcTransport::local(RoleName::Network, &self.router)
    }

    fn intake(&self, name: &str) -> IntakeSettings {
        IntakeSettings {
            spool: self.ground.folder.path().join(name),
            batch_rows: 100,
            parallel: 1,
            max_file_bytes: 1 << 20,
            limits: Default::default(),
        }
    }

    fn layered(&self, role: RoleName, routes: Routes) -> LayeredRoutes {
        let verifier = Verifier::builder(AUDIENCE)
            .trust(&self.ground.issuer)
            .build();
        let auth = AuthLayer::new(verifier, self.shared_clock());
        stack(
            role,
            routes,
            marque_events::behind_wall(auth),
            StackSettings::default(),
        )
    }

    fn shared_clock(&self) -> SharedClock {
        Arc::clone(&self.clock) as SharedClock
    }
}

/// The feed of a service of which nothing is heard.
struct Silence;

#[async_trait]
impl Source for Silence {
    async fn pull(&self, _: PullRequest) -> Result<PullResponse, Status> {
        std::future::pending().await
    }
}
