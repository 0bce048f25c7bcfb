//! The service, the network service it asks, and feeds that the test fills.

use std::{fmt::Write as _, sync::Arc, time::Duration};

use marque_api::{
    customer::v1::{CustomerReceived, CustomersMerged, Link, SourceRecordsLinked},
    events::v1::Event,
    evidence::v1::{Evidence, ListEvidenceRequest, evidence_service_client::EvidenceServiceClient},
    intake::v1::import_service_client::ImportServiceClient,
    network::v1::{
        Dealer, DealersPut, PutDealerRequest, network_service_client::NetworkServiceClient,
    },
    service_history::v1::{
        ListCustomerVisitsRequest, ListVehicleVisitsRequest, PutVisitRequest, PutVisitResponse,
        Visit, VisitColumns, VisitsRecorded,
        service_history_service_client::ServiceHistoryServiceClient,
    },
    vehicle::v1::{ChangedVehicle, VehiclesChanged, VehiclesReceived},
};
use marque_auth::{AuthLayer, Issuer, PeerTokens, Role, Scope, TokenRequest, Verifier};
use marque_core::{
    Clock as _, CustomerId, ManualClock, SourceRecordId, Timestamp, source_record_id,
};
use marque_db::Migrator;
use marque_events::to_proto_time;
use marque_intake::IntakeSettings;
use marque_rpc::{
    Built, CallMeta, RequestId, RoleName, RoleRouter, RpcTransport, StackSettings, stack,
};
use marque_testkit::{Feed, TestDb};
use marque_vault::{Keyring, Vault};
use prost::Message as _;
use tokio_util::sync::CancellationToken;
use tonic::Request;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) db: TestDb,
    pub(crate) vault: Vault,
    pub(crate) network: Arc<Feed>,
    pub(crate) customers: Arc<Feed>,
    pub(crate) vehicles: Arc<Feed>,
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
        let db = db.migrated(&migrator("service-history")).await;
        let world = Self {
            clock: Arc::new(ManualClock::default()),
            vault: Vault::new(&Keyring::generate().unwrap()),
            network: Arc::default(),
            customers: Arc::default(),
            vehicles: Arc::default(),
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
        let network = marque_network::build(marque_network::Deps {
            db: self.network_db.handle(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
        });
        self.serve(RoleName::Network, network);
        let visits = marque_service_history::build(marque_service_history::Deps {
            db: self.db.handle(),
            vault: self.vault.clone(),
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
            vehicle_events: self.vehicles.clone(),
        });
        self.serve(RoleName::ServiceHistory, visits.unwrap());
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
        for task in built.tasks {
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

    pub(crate) fn history(&self) -> ServiceHistoryServiceClient<RpcTransport> {
        ServiceHistoryServiceClient::new(RpcTransport::local(
            RoleName::ServiceHistory,
            &self.router,
        ))
    }

    pub(crate) fn imports(&self) -> ImportServiceClient<RpcTransport> {
        ImportServiceClient::new(RpcTransport::local(RoleName::ServiceHistory, &self.router))
    }

    /// Evidence of visits, as the data-quality service asks for it.
    pub(crate) async fn evidence(&self, ids: &[String]) -> Vec<Evidence> {
        let token = self.tokens.token(self.clock.now());
        let request = CallMeta::new(RequestId::random())
            .with_token(&token)
            .outgoing(ListEvidenceRequest { ids: ids.to_vec() });
        let transport = RpcTransport::local(RoleName::ServiceHistory, &self.router);
        let mut client = EvidenceServiceClient::new(transport);
        let answer = client.list_evidence(request).await.unwrap();
        answer.into_inner().records
    }

    /// A dealer's live row.
    pub(crate) async fn put(&self, dealer: &str, columns: VisitColumns) -> (Visit, i32) {
        let request = PutVisitRequest {
            dealer: dealer.into(),
            source: "dms".into(),
            columns: Some(columns),
            expected_version: 0,
        };
        let put: PutVisitResponse = self
            .history()
            .put_visit(self.desk(dealer, request))
            .await
            .unwrap()
            .into_inner();
        (put.visit.unwrap(), put.outcome)
    }

    /// The visits of a car that a dealer may see; all for headquarters, whose code is empty.
    pub(crate) async fn of_vehicle(&self, dealer: &str, vin: &str) -> Vec<Visit> {
        let message = ListVehicleVisitsRequest {
            vin: vin.into(),
            ..ListVehicleVisitsRequest::default()
        };
        let request = if dealer.is_empty() {
            self.hq(message)
        } else {
            self.desk(dealer, message)
        };
        self.history()
            .list_vehicle_visits(request)
            .await
            .unwrap()
            .into_inner()
            .visits
    }

    /// The visits of a customer that a scope may see.
    pub(crate) async fn of_customer(
        &self,
        role: Role,
        scope: Scope,
        customer: CustomerId,
    ) -> Vec<Visit> {
        let message = ListCustomerVisitsRequest {
            customer_id: customer.to_string(),
            ..ListCustomerVisitsRequest::default()
        };
        let request = self.ask(role, scope, message);
        self.history()
            .list_customer_visits(request)
            .await
            .unwrap()
            .into_inner()
            .visits
    }

    /// The single value of a query of counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let read = self
            .db
            .read(move |conn| conn.query_opt(sql, &[], |row| row.get::<i64>(0)));
        read.await.unwrap().unwrap_or(0)
    }

    /// Whether the store holds a text, as it is or as PostgreSQL prints bytes.
    pub(crate) fn lies_in_the_clear(&self, text: &str) -> bool {
        let stored = self.db.everything();
        let mut in_hex = String::new();
        for byte in text.bytes() {
            write!(in_hex, "{byte:02x}").unwrap();
        }
        [text, in_hex.as_str()].iter().any(|form| {
            stored
                .windows(form.len())
                .any(|window| window == form.as_bytes())
        })
    }

    /// What the newest event tells.
    pub(crate) async fn told(&self) -> VisitsRecorded {
        let sql = "SELECT data FROM outbox ORDER BY seq DESC LIMIT 1";
        let read = self
            .db
            .read(move |conn| conn.query_opt(sql, &[], |row| row.get::<Vec<u8>>(0)));
        let data = read.await.unwrap().expect("something was told");
        VisitsRecorded::decode(data.as_slice()).unwrap()
    }
}

fn migrator(service: &str) -> Migrator {
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

pub(crate) fn customer_received(
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

pub(crate) fn car_received(position: i64, dealer: &str, vin: &str, until: Timestamp) -> Event {
    let received = VehiclesReceived {
        vins: vec![vin.into()],
        dealer: dealer.into(),
        until: Some(to_proto_time(until)),
    };
    event(position, "marque.vehicle.vehicles.received", &received)
}

pub(crate) fn sold(position: i64, vin: &str, sale_date: &str) -> Event {
    let vehicle = ChangedVehicle {
        vin: vin.into(),
        sale_date: sale_date.into(),
        ..ChangedVehicle::default()
    };
    event(
        position,
        "marque.vehicle.vehicles.changed",
        &VehiclesChanged {
            vehicles: vec![vehicle],
        },
    )
}

pub(crate) fn customer(n: u128) -> CustomerId {
    Uuid::from_u128(n).into()
}

pub(crate) fn record_of(dealer: &str, key: &str) -> SourceRecordId {
    source_record_id(&dealer.parse().unwrap(), "dms", key)
}

/// A record of a dealer's that belongs to a customer and may name a car.
pub(crate) fn link(dealer: &str, key: &str, owner: CustomerId, vin: &str) -> Link {
    Link {
        source_record_id: record_of(dealer, key).to_string(),
        customer_id: owner.to_string(),
        dealer: dealer.into(),
        vin: vin.into(),
        ..Link::default()
    }
}

/// A visit of a car on a day of 2025, such as `03-05`.
pub(crate) fn visit(order: &str, vin: &str, key: &str, day: &str, km: &str) -> VisitColumns {
    VisitColumns {
        order_number: order.into(),
        vin: vin.into(),
        customer_key: key.into(),
        kind: "保养".into(),
        opened_at: format!("2025-{day} 09:00"),
        closed_at: format!("2025-{day} 12:30"),
        odometer_km: km.into(),
        complaint_text: "刹车有异响".into(),
        diagnosis: "更换刹车片".into(),
        amount: "680.00".into(),
        ..VisitColumns::default()
    }
}

/// A visit of the first car with a text in every column that takes one, and in every column of a line.
pub(crate) fn wordy_visit(text: &str) -> VisitColumns {
    let line = ["code", "name", "technician", "payer", "fault_code"]
        .map(|column| format!("\"{column}\": \"{text}\""))
        .join(", ");
    let extra = [
        "towing",
        "substitute",
        "signatures",
        "next_advice",
        "送修人电话",
    ];
    VisitColumns {
        adviser: text.into(),
        complaint_text: text.into(),
        diagnosis: text.into(),
        lines: format!("[{{\"kind\": \"part\", \"quantity\": 1, {line}}}]"),
        extra: extra
            .map(|column| (column.to_owned(), text.to_owned()))
            .into(),
        ..visit("R1", &vin(1), "A", "03-05", "4000")
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
