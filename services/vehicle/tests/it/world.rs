//! The service, the network service it asks, and feeds that the test fills.

use std::{sync::Arc, time::Duration};

use marque_api::{
    customer::v1::{CustomerReceived, CustomersMerged, Link, SourceRecordsLinked},
    events::v1::Event,
    evidence::v1::{Evidence, ListEvidenceRequest, evidence_service_client::EvidenceServiceClient},
    intake::v1::import_service_client::ImportServiceClient,
    network::v1::{
        Dealer, DealersPut, PutDealerRequest, network_service_client::NetworkServiceClient,
    },
    service_history::v1::{RecordedVisit, VisitsRecorded},
    vehicle::v1::{
        ListPartiesRequest, ListReadingsRequest, LookupVehiclesRequest, Party, PutVehicleRequest,
        Reading, Vehicle, VehicleColumns, lookup_vehicles_request::Key,
        vehicle_service_client::VehicleServiceClient,
    },
};
use marque_auth::{AuthLayer, Issuer, PeerTokens, Role, Scope, TokenRequest, Verifier};
use marque_core::{
    Clock as _, CustomerId, ManualClock, SourceRecordId, Timestamp, VisitId, source_record_id,
};
use marque_db::Migrator;
use marque_events::to_proto_time;
use marque_intake::IntakeSettings;
use marque_rpc::{
    Built, CallMeta, RequestId, RoleName, RoleRouter, RpcTransport, StackSettings, Task, stack,
};
use marque_testkit::{Feed, TestDb};
use marque_vault::{Keyring, Vault};
use tokio_util::sync::CancellationToken;
use tonic::Request;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) db: TestDb,
    pub(crate) network: Arc<Feed>,
    pub(crate) customers: Arc<Feed>,
    pub(crate) visits: Arc<Feed>,
    router: RoleRouter,
    issuer: Issuer,
    tokens: PeerTokens,
    stop: CancellationToken,
    network_db: TestDb,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

const AUDIENCE: &str = "marque";

impl World {
    /// The services, with the dealers D1 and D2 in the north and D3 in the south.
    pub(crate) async fn start(db: TestDb) -> Self {
        let network_db = db.sibling().migrated(&migrator("network")).await;
        let db = db.migrated(&migrator("vehicle")).await;
        let world = Self {
            clock: Arc::new(ManualClock::default()),
            network: Arc::default(),
            customers: Arc::default(),
            visits: Arc::default(),
            router: RoleRouter::new(),
            issuer: Issuer::ephemeral(AUDIENCE).unwrap(),
            tokens: PeerTokens::ephemeral("data-quality").unwrap(),
            stop: CancellationToken::new(),
            db,
            network_db,
        };
        world.run();
        world.put_dealers().await;
        world
    }

    fn run(&self) {
        let vault = Vault::new(&Keyring::generate().unwrap());
        let network = marque_network::build(marque_network::Deps {
            db: self.network_db.handle(),
            vault: vault.clone(),
            clock: self.clock.clone(),
        });
        self.serve(RoleName::Network, network);
        self.serve(RoleName::Vehicle, self.build(vault));
    }

    /// Starts the service's tasks once more, as another process on the same store would.
    pub(crate) fn start_again(&self) {
        let vault = Vault::new(&Keyring::generate().unwrap());
        self.spawn(self.build(vault).tasks);
    }

    fn build(&self, vault: Vault) -> Built {
        let vehicle = marque_vehicle::build(marque_vehicle::Deps {
            db: self.db.handle(),
            vault,
            clock: self.clock.clone(),
            network: RpcTransport::local(RoleName::Network, &self.router),
            intake: IntakeSettings {
                spool: self.db.folder().join("spool"),
                batch_rows: 500,
                parallel: 1,
                max_file_bytes: 1 << 24,
                limits: marque_tabular::Limits::default(),
            },
            network_events: self.network.clone(),
            customer_events: self.customers.clone(),
            service_history_events: self.visits.clone(),
        });
        vehicle.unwrap()
    }

    fn serve(&self, role: RoleName, built: Built) {
        let verifier = Verifier::builder(AUDIENCE)
            .trust(&self.issuer)
            .accept_peers(&self.tokens)
            .build();
        let auth = AuthLayer::new(verifier, self.clock.clone());
        self.router
            .add(stack(
                role,
                built.routes,
                marque_events::behind_wall(auth),
                StackSettings::default(),
            ))
            .unwrap();
        self.spawn(built.tasks);
    }

    fn spawn(&self, tasks: Vec<Task>) {
        for task in tasks {
            tokio::spawn(marque_testkit::as_system(task.run(self.stop.clone())));
        }
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
            network
                .put_dealer(self.ask(Role::HqAdmin, Scope::Headquarters, request))
                .await
                .unwrap();
        }
        let put = DealersPut {
            dealers: dealers.to_vec(),
        };
        self.network
            .deliver([event(1, "marque.network.dealers.put", &put)])
            .await;
    }

    /// What a caller of a role in a scope hands on: his token.
    pub(crate) fn caller(&self, role: Role, scope: Scope) -> CallMeta {
        let (subject, ttl) = ("somebody".into(), Duration::from_mins(10));
        let request = TokenRequest {
            subject,
            roles: role.into(),
            scope,
            ttl,
        };
        let token = self.issuer.issue(&request, &*self.clock).unwrap();
        CallMeta::new(RequestId::random()).with_token(&token)
    }

    /// A request with a token of a role in a scope.
    pub(crate) fn ask<T>(&self, role: Role, scope: Scope, message: T) -> Request<T> {
        self.caller(role, scope).outgoing(message)
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

    pub(crate) fn vehicles(&self) -> VehicleServiceClient<RpcTransport> {
        VehicleServiceClient::new(RpcTransport::local(RoleName::Vehicle, &self.router))
    }

    pub(crate) fn imports(&self) -> ImportServiceClient<RpcTransport> {
        ImportServiceClient::new(RpcTransport::local(RoleName::Vehicle, &self.router))
    }

    /// Evidence of records, as the data-quality service asks for it.
    pub(crate) async fn evidence(&self, ids: &[String]) -> Vec<Evidence> {
        let token = self.tokens.token(self.clock.now());
        let request = CallMeta::new(RequestId::random())
            .with_token(&token)
            .outgoing(ListEvidenceRequest { ids: ids.to_vec() });
        let transport = RpcTransport::local(RoleName::Vehicle, &self.router);
        let mut client = EvidenceServiceClient::new(transport);
        let answer = client.list_evidence(request).await.unwrap();
        answer.into_inner().records
    }

    /// A dealer's live row.
    pub(crate) async fn put(&self, dealer: &str, columns: VehicleColumns) -> (Vehicle, i32) {
        let request = PutVehicleRequest {
            dealer: dealer.into(),
            source: "dms".into(),
            columns: Some(columns),
            expected_version: 0,
        };
        let put = self
            .vehicles()
            .put_vehicle(self.desk(dealer, request))
            .await
            .unwrap()
            .into_inner();
        (put.vehicle.unwrap(), put.outcome)
    }

    /// The car of a VIN as headquarters sees it.
    pub(crate) async fn find(&self, vin: &str) -> Option<Vehicle> {
        let request = LookupVehiclesRequest {
            key: Some(Key::Vin(vin.into())),
            ..LookupVehiclesRequest::default()
        };
        self.vehicles()
            .lookup_vehicles(self.hq(request))
            .await
            .unwrap()
            .into_inner()
            .vehicles
            .pop()
    }

    pub(crate) async fn parties(&self, vehicle_id: &str) -> Vec<Party> {
        let request = ListPartiesRequest {
            vehicle_id: vehicle_id.into(),
        };
        self.vehicles()
            .list_parties(self.hq(request))
            .await
            .unwrap()
            .into_inner()
            .parties
    }

    pub(crate) async fn readings(&self, vehicle_id: &str) -> Vec<Reading> {
        let request = ListReadingsRequest {
            vehicle_id: vehicle_id.into(),
            ..ListReadingsRequest::default()
        };
        self.vehicles()
            .list_readings(self.hq(request))
            .await
            .unwrap()
            .into_inner()
            .readings
    }

    /// The single value of a query of counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let read = self
            .db
            .read(move |conn| conn.query_opt(sql, &[], |row| row.get::<i64>(0)));
        read.await.unwrap().unwrap_or(0)
    }
}

/// The schema of a service.
pub(crate) fn migrator(service: &str) -> Migrator {
    *marque_migrations::ALL
        .iter()
        .find(|migrator| migrator.service == service)
        .unwrap()
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

pub(crate) fn linked(position: i64, links: Vec<Link>) -> Event {
    event(
        position,
        "marque.customer.source_records.linked",
        &SourceRecordsLinked { links },
    )
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

pub(crate) fn received(
    position: i64,
    dealer: &str,
    customer: CustomerId,
    until: Timestamp,
) -> Event {
    let received = CustomerReceived {
        customer_id: customer.to_string(),
        dealer: dealer.into(),
        until: Some(to_proto_time(until)),
    };
    event(position, "marque.customer.customers.received", &received)
}

pub(crate) fn recorded(position: i64, visits: Vec<RecordedVisit>) -> Event {
    event(
        position,
        "marque.service_history.visits.recorded",
        &VisitsRecorded {
            visits,
            ..VisitsRecorded::default()
        },
    )
}

pub(crate) fn customer(n: u128) -> CustomerId {
    Uuid::from_u128(n).into()
}

pub(crate) fn record_of(dealer: &str, key: &str) -> SourceRecordId {
    source_record_id(&dealer.parse().unwrap(), "dms", key)
}

/// Days after the beginning of 2025, in UTC.
pub(crate) fn day(n: i64) -> Timestamp {
    Timestamp::from_micros((1_735_689_600 + n * 86_400) * 1_000_000)
}

/// A record of a dealer's that belongs to a customer and names a car.
pub(crate) fn link(
    dealer: &str,
    key: &str,
    owner: CustomerId,
    vin: &str,
    plate: &str,
    at: Timestamp,
) -> Link {
    Link {
        source_record_id: record_of(dealer, key).to_string(),
        customer_id: owner.to_string(),
        dealer: dealer.into(),
        vin: vin.into(),
        plate: plate.into(),
        recorded_at: Some(to_proto_time(at)),
        ..Link::default()
    }
}

/// A visit with a reading.
pub(crate) fn visit(n: u128, dealer: &str, vin: &str, km: i32, at: Timestamp) -> RecordedVisit {
    RecordedVisit {
        id: VisitId::from(Uuid::from_u128(n)).to_string(),
        dealer: dealer.into(),
        vin: vin.into(),
        opened_at: Some(to_proto_time(at)),
        odometer_km: km,
        version: 1,
        ..RecordedVisit::default()
    }
}

/// The `n`th VIN of a Chinese maker, with its check digit.
pub(crate) fn vin(n: u32) -> String {
    let with_check = |check| format!("LMVCA1A6{check}R1{n:06}");
    let valid = "0123456789X"
        .chars()
        .map(with_check)
        .find(|vin| marque_quality::vin::Vin::parse(vin).is_ok());
    valid.expect("one check digit is right")
}
