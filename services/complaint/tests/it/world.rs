//! The service, the services it asks, and feeds that the test fills.

use std::{sync::Arc, time::Duration};

use marque_api::{
    complaint::v1::{
        self as pb, Complaint, OpenComplaintRequest,
        complaint_service_client::ComplaintServiceClient,
    },
    customer::v1::{
        CustomerColumns, CustomersMerged, Link, PutSourceRecordRequest, SourceRecordsLinked,
        customer_service_client::CustomerServiceClient,
    },
    events::v1::Event,
    evidence::v1::{Evidence, ListEvidenceRequest, evidence_service_client::EvidenceServiceClient},
    intake::v1::import_service_client::ImportServiceClient,
    network::v1::{
        Dealer, DealersPut, PutDealerRequest, network_service_client::NetworkServiceClient,
    },
    service_history::v1::service_history_service_server::ServiceHistoryServiceServer,
};
use marque_auth::{AuthLayer, Issuer, PeerTokens, Role, Scope, TokenRequest, Verifier};
use marque_complaint::{FileStore, Rules};
use marque_config::ComplaintConfig;
use marque_core::{
    Clock as _, ComplaintId, CustomerId, ManualClock, SourceRecordId, Timestamp, source_record_id,
};
use marque_db::Database;
use marque_events::{Source, to_proto_time};
use marque_intake::IntakeSettings;
use marque_rpc::{
    Built, CallMeta, RequestId, RoleName, RoleRouter, Routes, RpcTransport, StackSettings, Task,
    stack,
};
use marque_testkit::{Feed, TestDb};
use marque_vault::{Keyring, Vault};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Status};
use tonic_types::StatusExt as _;
use uuid::Uuid;

use crate::{feed::Silence, visits::Visits};

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) db: TestDb,
    pub(crate) network: Arc<Feed>,
    pub(crate) customers: Arc<Feed>,
    pub(crate) vehicles: Arc<Feed>,
    pub(crate) scores: Arc<Feed>,
    pub(crate) visits: Arc<Visits>,
    router: RoleRouter,
    issuer: Issuer,
    tokens: PeerTokens,
    vault: Vault,
    stop: CancellationToken,
    others: [TestDb; 2],
    spool: tempfile::TempDir,
    rules: Rules,
    files: FileStore,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const AUDIENCE: &str = "marque";

/// A Monday morning at ten in China: a working day.
pub(crate) const MONDAY: &str = "2026-03-02T10:00:00+08:00";

impl World {
    /// The services, with the dealers D1 and D2 in the north and D3 in the south; the scheduler runs.
    pub(crate) async fn start(db: TestDb) -> Self {
        let world = Self::without_scheduler(db).await;
        let built = world.build(world.db.handle(), true);
        world.spawn_named(built.tasks, &["complaint.scheduler"]);
        world
    }

    /// The same with nobody who escalates.
    pub(crate) async fn without_scheduler(db: TestDb) -> Self {
        Self::configured(db, &ComplaintConfig::default()).await
    }

    /// The same by another configuration.
    pub(crate) async fn configured(db: TestDb, config: &ComplaintConfig) -> Self {
        let spool = tempfile::tempdir().unwrap();
        let others = [
            db.sibling().migrated(&marque_migrations::NETWORK).await,
            db.sibling().migrated(&marque_migrations::CUSTOMER).await,
        ];
        let db = db.migrated(&marque_migrations::COMPLAINT).await;
        let monday = Timestamp::parse_rfc3339(MONDAY).unwrap();
        let world = Self {
            clock: Arc::new(ManualClock::at(monday)),
            network: Arc::default(),
            customers: Arc::default(),
            vehicles: Arc::default(),
            scores: Arc::default(),
            visits: Arc::default(),
            router: RoleRouter::new(),
            issuer: Issuer::ephemeral(AUDIENCE).unwrap(),
            tokens: PeerTokens::ephemeral("data-quality").unwrap(),
            vault: Vault::new(&Keyring::generate().unwrap()),
            stop: CancellationToken::new(),
            rules: Rules::read(config).unwrap(),
            files: FileStore::open(&config.attachments, spool.path()).unwrap(),
            spool,
            db,
            others,
        };
        world.run();
        world.put_dealers().await;
        world
    }

    fn run(&self) {
        let network = marque_network::build(marque_network::Deps {
            db: self.others[0].handle(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
        });
        self.serve(RoleName::Network, network.routes);
        let customer = marque_customer::build(marque_customer::Deps {
            db: self.others[1].handle(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            network: RpcTransport::local(RoleName::Network, &self.router),
            network_events: Arc::new(Silence),
            data_quality_events: Arc::new(Silence),
            intake: self.intake("customer"),
            survivorship: marque_customer::Survivorship::default(),
        });
        self.serve(RoleName::Customer, customer.unwrap().routes);
        let visits = ServiceHistoryServiceServer::from_arc(Arc::clone(&self.visits));
        self.serve(RoleName::ServiceHistory, Routes::new(visits));
        let built = self.build(self.db.handle(), false);
        let Built { routes, tasks } = built;
        self.serve(RoleName::Complaint, routes);
        let tasks = tasks
            .into_iter()
            .filter(|task| task.name() != "complaint.scheduler");
        for task in tasks {
            tokio::spawn(marque_testkit::as_system(task.run(self.stop.clone())));
        }
    }

    /// The complaint service over a handle of its database; deaf ones hear no events.
    pub(crate) fn build(&self, db: Database, is_deaf: bool) -> Built {
        let feed = |feed: &Arc<Feed>| -> Arc<dyn Source> {
            if is_deaf {
                Arc::new(Silence)
            } else {
                Arc::clone(feed) as Arc<dyn Source>
            }
        };
        marque_complaint::build(marque_complaint::Deps {
            db,
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            network: RpcTransport::local(RoleName::Network, &self.router),
            customer: RpcTransport::local(RoleName::Customer, &self.router),
            service_history: RpcTransport::local(RoleName::ServiceHistory, &self.router),
            intake: self.intake("complaint"),
            rules: self.rules.clone(),
            files: self.files.clone(),
            network_events: feed(&self.network),
            customer_events: feed(&self.customers),
            vehicle_events: feed(&self.vehicles),
            scoring_events: feed(&self.scores),
        })
        .unwrap()
    }

    fn intake(&self, name: &str) -> IntakeSettings {
        IntakeSettings {
            spool: self.spool.path().join(name),
            batch_rows: 500,
            parallel: 1,
            max_file_bytes: 1 << 24,
            limits: marque_tabular::Limits::default(),
        }
    }

    fn spawn_named(&self, tasks: Vec<Task>, names: &[&str]) {
        for task in tasks
            .into_iter()
            .filter(|task| names.contains(&task.name()))
        {
            tokio::spawn(marque_testkit::as_system(task.run(self.stop.clone())));
        }
    }

    /// An instance that only escalates, over connections of its own; dropping it kills it wherever it is.
    pub(crate) fn another_scheduler(&self) -> JoinSet<()> {
        self.another_task("complaint.scheduler")
    }

    /// One task of another instance, over connections of its own.
    pub(crate) fn another_task(&self, name: &str) -> JoinSet<()> {
        let built = self.build(self.db.from_another_process(), true);
        let mut tasks = JoinSet::new();
        for task in built.tasks {
            if task.name() == name {
                tasks.spawn(marque_testkit::as_system(task.run(self.stop.clone())));
            }
        }
        tasks
    }

    /// Another process of the service, with connections of its own.
    pub(crate) fn another_service(&self) -> ComplaintServiceClient<RpcTransport> {
        let built = self.build(self.db.from_another_process(), true);
        self.spawn_named(built.tasks, &["complaint.indexes"]);
        let verifier = Verifier::builder(AUDIENCE).trust(&self.issuer).build();
        let auth = AuthLayer::new(verifier, self.clock.clone());
        let service = stack(
            RoleName::Complaint,
            built.routes,
            marque_events::behind_wall(auth),
            StackSettings::default(),
        );
        ComplaintServiceClient::new(RpcTransport::memory(service))
    }

    fn serve(&self, role: RoleName, routes: Routes) {
        let verifier = Verifier::builder(AUDIENCE)
            .trust(&self.issuer)
            .accept_peers(&self.tokens)
            .build();
        let auth = AuthLayer::new(verifier, self.clock.clone());
        self.router
            .add(stack(
                role,
                routes,
                marque_events::behind_wall(auth),
                StackSettings::default(),
            ))
            .unwrap();
    }

    async fn put_dealers(&self) {
        let dealers =
            [("D1", "north"), ("D2", "north"), ("D3", "south")].map(|(code, region)| Dealer {
                code: code.into(),
                name: code.into(),
                region: region.into(),
                ..Dealer::default()
            });
        let mut network =
            NetworkServiceClient::new(RpcTransport::local(RoleName::Network, &self.router));
        for dealer in &dealers {
            let request = PutDealerRequest {
                dealer: Some(dealer.clone()),
            };
            network.put_dealer(self.hq(request)).await.unwrap();
        }
        let put = DealersPut {
            dealers: dealers.to_vec(),
        };
        self.network
            .deliver([event(1, "marque.network.dealers.put", &put)])
            .await;
    }

    /// A request with a token of a role in a scope.
    pub(crate) fn ask<T>(&self, role: Role, scope: Scope, message: T) -> Request<T> {
        let request = TokenRequest {
            subject: match &scope {
                Scope::Customer(customer) => customer.to_string(),
                _ => "somebody".to_owned(),
            },
            roles: role.into(),
            scope,
            ttl: Duration::from_mins(10),
        };
        let token = self.issuer.issue(&request, &*self.clock).unwrap();
        CallMeta::new(RequestId::random())
            .with_token(&token)
            .outgoing(message)
    }

    /// A request of headquarters.
    pub(crate) fn hq<T>(&self, message: T) -> Request<T> {
        self.ask(Role::HqAdmin, Scope::Headquarters, message)
    }

    /// A request of a dealer's service desk.
    pub(crate) fn desk<T>(&self, dealer: &str, message: T) -> Request<T> {
        self.ask(
            Role::Service,
            Scope::Dealer(dealer.parse().unwrap()),
            message,
        )
    }

    pub(crate) fn complaints(&self) -> ComplaintServiceClient<RpcTransport> {
        ComplaintServiceClient::new(RpcTransport::local(RoleName::Complaint, &self.router))
    }

    pub(crate) fn imports(&self) -> ImportServiceClient<RpcTransport> {
        ImportServiceClient::new(RpcTransport::local(RoleName::Complaint, &self.router))
    }

    /// Evidence of records, as the data-quality service asks for it.
    pub(crate) async fn evidence(&self, ids: &[String]) -> Vec<Evidence> {
        let token = self.tokens.token(self.clock.now());
        let request = CallMeta::new(RequestId::random())
            .with_token(&token)
            .outgoing(ListEvidenceRequest { ids: ids.to_vec() });
        let transport = RpcTransport::local(RoleName::Complaint, &self.router);
        let mut client = EvidenceServiceClient::new(transport);
        let answer = client.list_evidence(request).await.unwrap();
        answer.into_inner().records
    }

    /// A customer of a dealer, by his record.
    pub(crate) async fn put_customer(&self, dealer: &str, key: &str, phone: &str) -> CustomerId {
        let message = PutSourceRecordRequest {
            dealer: dealer.into(),
            source: "dms".into(),
            key: key.into(),
            columns: Some(CustomerColumns {
                name: "王小明".into(),
                phone: phone.into(),
                ..CustomerColumns::default()
            }),
            expected_version: 0,
        };
        let transport = RpcTransport::local(RoleName::Customer, &self.router);
        let put = CustomerServiceClient::new(transport)
            .put_source_record(self.desk(dealer, message))
            .await
            .unwrap()
            .into_inner();
        put.customer_id.parse().unwrap()
    }

    /// Opens a case at a dealer's desk.
    pub(crate) async fn open(&self, request: OpenComplaintRequest) -> Complaint {
        let dealer = request.dealer.clone();
        let answer = self
            .complaints()
            .open_complaint(self.desk(&dealer, request))
            .await;
        answer.unwrap().into_inner().complaint.unwrap()
    }

    /// The case as headquarters sees it.
    pub(crate) async fn get(&self, id: &str) -> Complaint {
        let message = pb::GetComplaintRequest {
            id: id.into(),
            personal_data: false,
        };
        let answer = self.complaints().get_complaint(self.hq(message)).await;
        answer.unwrap().into_inner().complaint.unwrap()
    }

    /// Moves a case at D1's desk.
    pub(crate) async fn go(&self, id: &str, to: &str, note: &str) -> Result<Complaint, Status> {
        let message = pb::MoveComplaintRequest {
            id: id.into(),
            to: to.into(),
            note: note.into(),
            ..pb::MoveComplaintRequest::default()
        };
        let answer = self
            .complaints()
            .move_complaint(self.desk("D1", message))
            .await;
        answer.map(|answer| answer.into_inner().complaint.unwrap())
    }

    /// The single value of a query of counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let read = self
            .db
            .read(move |conn| conn.query_opt(sql, &[], |row| row.get::<i64>(0)));
        read.await.unwrap().unwrap_or(0)
    }

    /// What lies in the store of files, as it lies there.
    pub(crate) fn stored_files(&self) -> Vec<Vec<u8>> {
        let mut folders = vec![self.spool.path().join("attachments")];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(std::fs::read(path).unwrap());
                }
            }
        }
        files
    }

    /// Ids of so many cases, from all over the store.
    pub(crate) async fn some_cases(&self, count: usize) -> Vec<ComplaintId> {
        let all = self.count("SELECT count(*) FROM complaints").await;
        let step = (all / count as i64).max(1);
        let sql = "SELECT id FROM complaints WHERE serial % ?1 = 0 ORDER BY serial";
        let read = self.db.read(move |conn| {
            conn.query(sql, &[step.into()], |row| Ok(row.get::<Uuid>(0)?.into()))
        });
        read.await.unwrap()
    }

    /// Moves the clock by minutes.
    pub(crate) fn pass(&self, minutes: u64) {
        self.clock.advance(Duration::from_secs(minutes * 60));
    }

    /// Waits until a query counts what is wanted.
    pub(crate) async fn wait_for(&self, sql: &'static str, wanted: i64) {
        let mut last = 0;
        for _ in 0..3_000 {
            last = self.count(sql).await;
            if last == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{sql} counts {last}, not {wanted}");
    }
}

/// The reason an error was given.
pub(crate) fn reason(error: &Status) -> String {
    error.get_details_error_info().unwrap().reason
}

pub(crate) fn event(position: i64, kind: &str, message: &impl prost::Message) -> Event {
    Event {
        position,
        id: Uuid::new_v4().to_string(),
        r#type: kind.into(),
        time: Some(to_proto_time(ManualClock::default().now())),
        data: message.encode_to_vec(),
        ..Event::default()
    }
}

/// The same event again, as a feed without an inbox would bring it.
pub(crate) fn again(event: &Event) -> Event {
    Event {
        id: Uuid::new_v4().to_string(),
        ..event.clone()
    }
}

pub(crate) fn linked(position: i64, dealer: &str, key: &str, owner: CustomerId) -> Event {
    let link = Link {
        source_record_id: record_of(dealer, key).to_string(),
        customer_id: owner.to_string(),
        dealer: dealer.into(),
        ..Link::default()
    };
    let links = SourceRecordsLinked { links: vec![link] };
    event(position, "marque.customer.source_records.linked", &links)
}

pub(crate) fn merged(position: i64, from: CustomerId, into: CustomerId, undone: bool) -> Event {
    let merged = CustomersMerged {
        from: from.to_string(),
        into: into.to_string(),
        merge_id: String::new(),
        undone,
    };
    event(position, "marque.customer.customers.merged", &merged)
}

pub(crate) fn customer(n: u128) -> CustomerId {
    Uuid::from_u128(n).into()
}

pub(crate) fn record_of(dealer: &str, key: &str) -> SourceRecordId {
    source_record_id(&dealer.parse().unwrap(), "dms", key)
}

/// A complaint at a dealer's desk about a repair.
pub(crate) fn complaint(dealer: &str, key: &str) -> OpenComplaintRequest {
    OpenComplaintRequest {
        dealer: dealer.into(),
        source: "dms".into(),
        customer_key: key.into(),
        vin: "LMVCA1A60R1000001".into(),
        channel: "400热线".into(),
        category: "维修质量".into(),
        severity: "high".into(),
        text: "刹车修了三次还是响".into(),
        ..OpenComplaintRequest::default()
    }
}
