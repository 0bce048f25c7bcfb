//! The service, owners of records that the test fills, and feeds that tell of them.

use std::{
    collections::BTreeMap,
    ops::Bound,
    sync::{Arc, Mutex},
    time::Duration,
};

use marque_api::{
    customer::v1::{Link, SourceRecordsLinked},
    events::v1::{Event, PullRequest, event_feed_client::EventFeedClient},
    evidence::v1::{
        self as evidence,
        evidence_service_server::{EvidenceService, EvidenceServiceServer},
    },
    intake::v1::import_service_client::ImportServiceClient,
    network::v1::{
        self as network, Dealer, DealersPut,
        network_service_server::{NetworkService, NetworkServiceServer},
    },
    quality::v1::{self as pb, quality_service_client::QualityServiceClient},
};
use marque_auth::{AuthLayer, Issuer, PeerTokens, Role, Scope, TokenRequest, Verifier};
use marque_core::{Clock as _, ManualClock};
use marque_events::to_proto_time;
use marque_intake::IntakeSettings;
use marque_rpc::{CallMeta, RequestId, RoleName, Routes, RpcTransport, StackSettings, Task, stack};
use marque_testkit::{Feed, TestDb};
use marque_vault::{Keyring, Vault};
use prost::Message;
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// An owner of records.
#[derive(Clone, Default)]
pub(crate) struct Owner(
    Arc<Mutex<BTreeMap<String, evidence::Evidence>>>,
    /// Answers about records are on their way for as long as a test holds this.
    pub(crate) Arc<tokio::sync::Mutex<()>>,
    /// Answers about more records than are written singly, for as long as a test holds this.
    pub(crate) Arc<tokio::sync::Mutex<()>>,
);

/// Records of this source come along when one of them is asked for.
pub(crate) const TWINS: &str = "twins";

#[tonic::async_trait]
impl EvidenceService for Owner {
    async fn list_evidence(
        &self,
        request: Request<evidence::ListEvidenceRequest>,
    ) -> Result<Response<evidence::ListEvidenceResponse>, Status> {
        let ids = request.into_inner().ids;
        let records = {
            let known = self.0.lock().unwrap();
            let asked = ids.iter().filter_map(|id| known.get(id).cloned());
            let mut records: Vec<evidence::Evidence> = asked.collect();
            if records.iter().any(|one| one.source == TWINS) {
                let others = known.values().filter(|one| one.source == TWINS);
                records.extend(others.filter(|one| !ids.contains(&one.id)).cloned());
            }
            records
        };
        drop(self.1.lock().await);
        if ids.len() > 50 {
            drop(self.2.lock().await);
        }
        Ok(Response::new(evidence::ListEvidenceResponse { records }))
    }

    async fn list_ids(
        &self,
        request: Request<evidence::ListIdsRequest>,
    ) -> Result<Response<evidence::ListIdsResponse>, Status> {
        let evidence::ListIdsRequest { after, limit } = request.into_inner();
        let known = self.0.lock().unwrap();
        let later = known.range((Bound::Excluded(after), Bound::Unbounded));
        let ids = later.take(limit as usize).map(|(id, _)| id.clone());
        Ok(Response::new(evidence::ListIdsResponse {
            ids: ids.collect(),
        }))
    }
}

/// A network whose staff are S0, S2, … of sales and S1, S3, … of service, unless it was told otherwise: staff number to department,
/// staff number to business phone, and the dealers' own numbers.
#[derive(Clone, Default)]
pub(crate) struct Network(
    Arc<Mutex<BTreeMap<String, String>>>,
    Arc<Mutex<BTreeMap<String, String>>>,
    Arc<Mutex<Vec<String>>>,
);

impl Network {
    /// Gives somebody a business phone, at every dealer.
    fn give_phone(&self, clerk: &str, phone: &str) {
        let mut phones = self.1.lock().unwrap();
        phones.insert(clerk.to_owned(), phone.to_owned());
    }

    /// Has somebody work elsewhere, at every dealer.
    pub(crate) fn move_to(&self, clerk: &str, department: &str) {
        let mut moved = self.0.lock().unwrap();
        moved.insert(clerk.to_owned(), department.to_owned());
    }
}

#[tonic::async_trait]
impl NetworkService for Network {
    async fn put_dealer(
        &self,
        _: Request<network::PutDealerRequest>,
    ) -> Result<Response<network::PutDealerResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn get_dealer(
        &self,
        request: Request<network::GetDealerRequest>,
    ) -> Result<Response<network::GetDealerResponse>, Status> {
        let dealer = Dealer {
            code: request.into_inner().code,
            phones: self.2.lock().unwrap().clone(),
            ..Dealer::default()
        };
        Ok(Response::new(network::GetDealerResponse {
            dealer: Some(dealer),
        }))
    }

    async fn list_dealers(
        &self,
        _: Request<network::ListDealersRequest>,
    ) -> Result<Response<network::ListDealersResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn put_staff(
        &self,
        _: Request<network::PutStaffRequest>,
    ) -> Result<Response<network::PutStaffResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }

    async fn list_staff(
        &self,
        request: Request<network::ListStaffRequest>,
    ) -> Result<Response<network::ListStaffResponse>, Status> {
        let dealer = request.into_inner().dealer;
        let moved = self.0.lock().unwrap().clone();
        let phones = self.1.lock().unwrap().clone();
        let staff = (0..20).map(|n| {
            let usual = if n % 2 == 0 { "sales" } else { "service" };
            let code = format!("S{n}");
            network::Staff {
                dealer: dealer.clone(),
                department: moved.get(&code).map_or(usual, String::as_str).to_owned(),
                phone: phones.get(&code).cloned().unwrap_or_default(),
                active: true,
                code,
                ..network::Staff::default()
            }
        });
        Ok(Response::new(network::ListStaffResponse {
            staff: staff.collect(),
            next_page_token: String::new(),
        }))
    }

    async fn apply_network(
        &self,
        _: Request<network::ApplyNetworkRequest>,
    ) -> Result<Response<network::ApplyNetworkResponse>, Status> {
        Err(Status::unimplemented("not asked for here"))
    }
}

pub(crate) struct World {
    pub(crate) owner: Owner,
    pub(crate) customers: Arc<Feed>,
    /// The owner and the feed of visits and of complaints.
    pub(crate) visits: (Owner, Arc<Feed>),
    pub(crate) complaints: (Owner, Arc<Feed>),
    pub(crate) network: Network,
    network_events: Arc<Feed>,
    pub(crate) clock: Arc<ManualClock>,
    tokens: PeerTokens,
    service: RpcTransport,
    issuer: Issuer,
    position: Mutex<i64>,
    stop: CancellationToken,
    deps: marque_data_quality::Deps,
    pub(crate) db: TestDb,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const AUDIENCE: &str = "marque";

impl World {
    /// The service over records that are there already, with so many dealers `D000`, `D001`, … in ten regions.
    pub(crate) async fn start(db: TestDb, owner: Owner, dealers: u32) -> Self {
        let db = db.migrated(&marque_migrations::DATA_QUALITY).await;
        let (clock, issuer) = (
            Arc::new(ManualClock::default()),
            Issuer::ephemeral(AUDIENCE).unwrap(),
        );
        let tokens = PeerTokens::ephemeral("test").unwrap();
        let verifier = Verifier::builder(AUDIENCE)
            .trust(&issuer)
            .accept_peers(&tokens)
            .build();
        let reach = |role, routes: Routes| {
            let auth = AuthLayer::new(verifier.clone(), clock.clone());
            RpcTransport::memory(stack(role, routes, auth, StackSettings::default()))
        };
        let owning =
            |role, owner: Owner| reach(role, Routes::new(EvidenceServiceServer::new(owner)));
        let (network_events, customers) = (Arc::new(Feed::default()), Arc::new(Feed::default()));
        let visits = (Owner::default(), Arc::new(Feed::default()));
        let complaints = (Owner::default(), Arc::new(Feed::default()));
        let network = Network::default();
        let deps = marque_data_quality::Deps {
            db: db.handle(),
            clock: clock.clone(),
            vault: Vault::new(&Keyring::generate().unwrap()),
            intake: IntakeSettings {
                spool: db.folder().join("spool"),
                batch_rows: 500,
                parallel: 1,
                max_file_bytes: 1 << 24,
                limits: marque_tabular::Limits::default(),
            },
            tokens: tokens.clone(),
            network: reach(
                RoleName::Network,
                Routes::new(NetworkServiceServer::new(network.clone())),
            ),
            customer: owning(RoleName::Customer, owner.clone()),
            vehicle: owning(RoleName::Vehicle, Owner::default()),
            service_history: owning(RoleName::ServiceHistory, visits.0.clone()),
            complaint: owning(RoleName::Complaint, complaints.0.clone()),
            network_events: network_events.clone(),
            customer_events: customers.clone(),
            vehicle_events: Arc::new(Feed::default()),
            service_history_events: visits.1.clone(),
            complaint_events: complaints.1.clone(),
        };
        let built = marque_data_quality::build(deps.clone()).unwrap();
        let stop = CancellationToken::new();
        for task in built.tasks {
            tokio::spawn(marque_testkit::as_system(Task::run(task, stop.clone())));
        }
        let put = DealersPut {
            dealers: (0..dealers)
                .map(|n| Dealer {
                    code: format!("D{n:03}"),
                    region: format!("r{}", n % 10),
                    ..Dealer::default()
                })
                .collect(),
        };
        network_events.put([event(1, "marque.network.dealers.put", &put)]);
        Self {
            owner,
            customers,
            visits,
            complaints,
            network,
            network_events,
            tokens,
            service: reach(RoleName::DataQuality, built.routes),
            clock,
            issuer,
            position: Mutex::new(0),
            stop,
            deps,
            db,
        }
    }

    /// Starts a task of another process of the service, over connections of its own.
    pub(crate) fn start_again(&self, name: &str) {
        let deps = marque_data_quality::Deps {
            db: self.db.from_another_process(),
            ..self.deps.clone()
        };
        let built = marque_data_quality::build(deps).unwrap();
        for task in built.tasks.into_iter().filter(|task| task.name() == name) {
            tokio::spawn(marque_testkit::as_system(task.run(self.stop.clone())));
        }
    }

    /// The key under which owners tell facts.
    pub(crate) fn vault(&self) -> &Vault {
        &self.deps.vault
    }

    pub(crate) fn quality(&self) -> QualityServiceClient<RpcTransport> {
        QualityServiceClient::new(self.service.clone())
    }

    pub(crate) fn imports(&self) -> ImportServiceClient<RpcTransport> {
        ImportServiceClient::new(self.service.clone())
    }

    /// A request of headquarters.
    pub(crate) fn hq<T>(&self, message: T) -> Request<T> {
        self.of(Role::HqAdmin, Scope::Headquarters, message)
    }

    /// A request of somebody of a dealer.
    pub(crate) fn of_dealer<T>(&self, role: Role, dealer: &str, message: T) -> Request<T> {
        self.of(role, Scope::Dealer(dealer.parse().unwrap()), message)
    }

    /// A request of somebody of a region.
    pub(crate) fn of_region<T>(&self, role: Role, region: &str, message: T) -> Request<T> {
        self.of(role, Scope::Region(region.into()), message)
    }

    fn of<T>(&self, role: Role, scope: Scope, message: T) -> Request<T> {
        let request = TokenRequest {
            subject: "somebody".into(),
            roles: role.into(),
            scope,
            ttl: Duration::from_mins(10),
        };
        let token = self.issuer.issue(&request, &*self.clock).unwrap();
        CallMeta::new(RequestId::random())
            .with_token(&token)
            .outgoing(message)
    }

    /// All events of a type that the service has told.
    pub(crate) async fn told(&self, kind: &str) -> Vec<Event> {
        let pull = PullRequest {
            limit: 1000,
            consumer: "test".into(),
            ..PullRequest::default()
        };
        let request = CallMeta::new(RequestId::random())
            .with_token(&self.tokens.token(self.clock.now()))
            .outgoing(pull);
        let mut feed = EventFeedClient::new(self.service.clone());
        let events = feed.pull(request).await.unwrap().into_inner().events;
        let of_kind = events.into_iter().filter(|event| event.r#type == kind);
        of_kind.collect()
    }

    /// Waits until an answer is there.
    pub(crate) async fn wait_for<T>(&self, ask: impl AsyncFn() -> Option<T>) -> T {
        for _ in 0..3000 {
            if let Some(answer) = ask().await {
                return answer;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("it did not come within a minute");
    }

    /// Changes records at their owner and tells of it; gives back the event, which may be told again.
    pub(crate) fn change(&self, records: &[evidence::Evidence]) -> Event {
        let mut known = self.owner.0.lock().unwrap();
        for record in records {
            known.insert(record.id.clone(), record.clone());
        }
        drop(known);
        let linked = SourceRecordsLinked {
            links: records
                .iter()
                .map(|record| Link {
                    source_record_id: record.id.clone(),
                    ..Link::default()
                })
                .collect(),
        };
        let mut position = self.position.lock().unwrap();
        *position += 1;
        let event = event(*position, "marque.customer.source_records.linked", &linked);
        self.customers.put([event.clone()]);
        event
    }

    /// Gives somebody a business phone and tells that the dealer's staff changed; an empty one takes it away.
    pub(crate) fn put_phone(&self, dealer: &str, clerk: &str, phone: &str) {
        self.network.give_phone(clerk, phone);
        let put = network::StaffPut {
            dealers: vec![dealer.to_owned()],
        };
        self.tell_of_network("marque.network.staff.put", &put);
    }

    /// Gives the dealers these numbers of their own and tells that one of them changed.
    pub(crate) fn put_own_phones(&self, dealer: &str, phones: &[&str]) {
        *self.network.2.lock().unwrap() = phones.iter().map(|phone| (*phone).to_owned()).collect();
        let put = DealersPut {
            dealers: vec![Dealer {
                code: dealer.to_owned(),
                region: "r0".to_owned(),
                ..Dealer::default()
            }],
        };
        self.tell_of_network("marque.network.dealers.put", &put);
    }

    fn tell_of_network(&self, kind: &str, data: &impl Message) {
        let mut position = self.position.lock().unwrap();
        *position += 1;
        // The first event of the network told of its dealers.
        self.network_events.put([event(*position + 1, kind, data)]);
    }

    /// Cards of a level.
    pub(crate) async fn cards(&self, level: &str, period: &str) -> Vec<pb::Scorecard> {
        let request = self.hq(pb::ListScorecardsRequest {
            level: level.into(),
            period: period.into(),
            page_size: 1000,
            ..pb::ListScorecardsRequest::default()
        });
        let cards = self.quality().list_scorecards(request).await.unwrap();
        cards.into_inner().scorecards
    }

    /// Waits until something holds of the cards of all dealers, whose regions are known.
    pub(crate) async fn until(&self, holds: impl Fn(&[pb::Scorecard]) -> bool) {
        for _ in 0..6000 {
            let cards = self.cards("dealer", "").await;
            let are_placed = cards.iter().all(|card| !card.region.is_empty());
            if are_placed && holds(&cards) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it did not come to hold within a minute");
    }

    pub(crate) async fn recount(&self) -> pb::RecountResponse {
        let request = self.hq(pb::RecountRequest {});
        self.quality().recount(request).await.unwrap().into_inner()
    }
}

impl Owner {
    /// Puts records.
    pub(crate) fn put(&self, records: &[evidence::Evidence]) {
        let keyed = records
            .iter()
            .map(|record| (record.id.clone(), record.clone()));
        self.0.lock().unwrap().extend(keyed);
    }

    /// Has records no more.
    pub(crate) fn forget(&self, records: &[evidence::Evidence]) {
        let mut known = self.0.lock().unwrap();
        for record in records {
            known.remove(&record.id);
        }
    }

    /// An owner who has records already.
    pub(crate) fn of(records: impl IntoIterator<Item = evidence::Evidence>) -> Self {
        let keyed = records
            .into_iter()
            .map(|record| (record.id.clone(), record));
        Self(
            Arc::new(Mutex::new(keyed.collect())),
            Arc::default(),
            Arc::default(),
        )
    }
}

pub(crate) fn event(position: i64, kind: &str, data: &impl Message) -> Event {
    Event {
        position,
        id: Uuid::from_u128(position.unsigned_abs().into()).to_string(),
        r#type: kind.into(),
        data: data.encode_to_vec(),
        ..Event::default()
    }
}

/// Records counted on cards.
pub(crate) fn records(cards: &[pb::Scorecard]) -> i64 {
    let of = |card: &pb::Scorecard| card.means.as_ref().map_or(0, |means| means.records);
    cards.iter().map(of).sum()
}

/// Evidence of a record of customers: the higher its version, the fewer columns are filled and the more is wrong.
pub(crate) fn record(n: u32, dealers: u32, version: i64) -> evidence::Evidence {
    let noise = n
        .wrapping_mul(2_654_435_761)
        .wrapping_add(version as u32 * 97);
    let day = marque_core::Timestamp::from_micros(1_767_225_600_000_000)
        .plus(Duration::from_secs(u64::from(noise % 200) * 86_400));
    let mut filled = vec!["source_key", "name"];
    for (at, column) in ["phone", "id_number", "address", "vin", "gender", "email"]
        .into_iter()
        .enumerate()
    {
        if noise >> at & 1 == 1 {
            filled.push(column);
        }
    }
    let findings = [
        ("phone", "phone_placeholder", 3),
        ("id_number", "id_check_character", 3),
        ("id_number", "id_15_digits", 1),
    ];
    evidence::Evidence {
        id: format!("src_{:032x}", u128::from(n) + 1),
        kind: "customers".into(),
        dealer: format!("D{:03}", n % dealers),
        source: "dms".into(),
        clerk: format!("S{}", n / dealers % 20),
        version,
        entered_at: Some(to_proto_time(day)),
        party: if noise.is_multiple_of(7) {
            "organization"
        } else {
            "person"
        }
        .into(),
        is_repeated: Some(noise.is_multiple_of(11)),
        filled: filled.into_iter().map(str::to_owned).collect(),
        findings: findings
            .into_iter()
            .filter(|(column, ..)| {
                noise.is_multiple_of(5) && column.len() % 2 == version as usize % 2
            })
            .map(|(field, rule, severity)| evidence::EvidenceFinding {
                field: field.into(),
                rule: rule.into(),
                severity,
                ..evidence::EvidenceFinding::default()
            })
            .collect(),
        ..evidence::Evidence::default()
    }
}
