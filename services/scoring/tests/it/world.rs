//! The service, the network service it asks, and feeds that the test fills.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use marque_api::{
    customer::v1::{
        ConsentChanged, CustomersMerged, Kind, Link, ListWithdrawnRequest, ListWithdrawnResponse,
        SourceRecordsLinked,
        consent_service_server::{ConsentService, ConsentServiceServer},
    },
    events::v1::Event,
    intake::v1::import_service_client::ImportServiceClient,
    network::v1::{
        Dealer, DealersPut, PutDealerRequest, network_service_client::NetworkServiceClient,
    },
    scoring::v1::{
        FactColumns, GetPyramidRequest, GetPyramidResponse, GetScoreRequest, PutFactRequest,
        PutFactResponse, Score, scoring_service_client::ScoringServiceClient,
    },
    service_history::v1::{
        ExportVisitsRequest, ExportVisitsResponse, GetVisitRequest, GetVisitResponse,
        ListCustomerVisitsRequest, ListCustomerVisitsResponse, ListVehicleVisitsRequest,
        ListVehicleVisitsResponse, ListVisitVersionsRequest, ListVisitVersionsResponse,
        PutVisitRequest, PutVisitResponse, RecordedVisit, Visit, VisitsRecorded,
        service_history_service_server::{ServiceHistoryService, ServiceHistoryServiceServer},
    },
    vehicle::v1::{
        ChangedVehicle, ClaimedParty, ExportRowsRequest, ExportRowsResponse, GetVehicleRequest,
        GetVehicleResponse, ListCustomerVehiclesRequest, ListCustomerVehiclesResponse,
        ListPartiesRequest, ListPartiesResponse, ListReadingsRequest, ListReadingsResponse,
        LookupVehiclesRequest, LookupVehiclesResponse, PartiesClaimed, PutVehicleRequest,
        PutVehicleResponse, VehicleDefinition, VehiclesChanged,
        vehicle_service_server::{VehicleService, VehicleServiceServer},
    },
};
use marque_auth::{AuthLayer, Issuer, PeerTokens, Role, Scope, TokenRequest, Verifier};
use marque_core::{
    Clock as _, CustomerId, ManualClock, SourceRecordId, Timestamp, VehicleId, VisitId,
    source_record_id,
};
use marque_events::to_proto_time;
use marque_insight::rank::Hysteresis;
use marque_intake::IntakeSettings;
use marque_rpc::{
    Built, CallMeta, RequestId, RoleName, RoleRouter, Routes, RpcTransport, StackSettings, stack,
};
use marque_testkit::{Feed, TestDb};
use marque_vault::{Keyring, Vault};
use tokio_util::sync::CancellationToken;
use tonic::{Request, Response, Status};
use uuid::Uuid;

/// The stub of the service-history service: the repair orders the test gives it.
struct History(Arc<Mutex<Vec<Visit>>>);

#[tonic::async_trait]
impl ServiceHistoryService for History {
    async fn list_vehicle_visits(
        &self,
        request: Request<ListVehicleVisitsRequest>,
    ) -> Result<Response<ListVehicleVisitsResponse>, Status> {
        let vin = request.into_inner().vin;
        let mut visits = self.0.lock().unwrap().clone();
        visits.retain(|visit| visit.vin == vin);
        Ok(Response::new(ListVehicleVisitsResponse {
            visits,
            next_page_token: String::new(),
        }))
    }

    async fn put_visit(
        &self,
        _: Request<PutVisitRequest>,
    ) -> Result<Response<PutVisitResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn get_visit(
        &self,
        _: Request<GetVisitRequest>,
    ) -> Result<Response<GetVisitResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_customer_visits(
        &self,
        _: Request<ListCustomerVisitsRequest>,
    ) -> Result<Response<ListCustomerVisitsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn export_visits(
        &self,
        _: Request<ExportVisitsRequest>,
    ) -> Result<Response<ExportVisitsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_visit_versions(
        &self,
        _: Request<ListVisitVersionsRequest>,
    ) -> Result<Response<ListVisitVersionsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

/// In place of a car: the vehicle service cannot be asked.
pub(crate) fn cars_down() -> VehicleId {
    Uuid::nil().into()
}

/// The stub of the vehicle service: the cars that it shows whoever asks.
struct Cars(Arc<Mutex<Vec<VehicleId>>>);

#[tonic::async_trait]
impl VehicleService for Cars {
    async fn get_vehicle(
        &self,
        request: Request<GetVehicleRequest>,
    ) -> Result<Response<GetVehicleResponse>, Status> {
        let asked = request.into_inner().id;
        let shown = self.0.lock().unwrap().clone();
        if shown.contains(&cars_down()) {
            return Err(Status::unavailable("as the test says"));
        }
        if shown.iter().any(|vehicle| vehicle.to_string() == asked) {
            Ok(Response::new(GetVehicleResponse::default()))
        } else {
            Err(Status::not_found("no such vehicle"))
        }
    }

    async fn put_vehicle(
        &self,
        _: Request<PutVehicleRequest>,
    ) -> Result<Response<PutVehicleResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn lookup_vehicles(
        &self,
        _: Request<LookupVehiclesRequest>,
    ) -> Result<Response<LookupVehiclesResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_customer_vehicles(
        &self,
        _: Request<ListCustomerVehiclesRequest>,
    ) -> Result<Response<ListCustomerVehiclesResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn export_rows(
        &self,
        _: Request<ExportRowsRequest>,
    ) -> Result<Response<ExportRowsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_parties(
        &self,
        _: Request<ListPartiesRequest>,
    ) -> Result<Response<ListPartiesResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }

    async fn list_readings(
        &self,
        _: Request<ListReadingsRequest>,
    ) -> Result<Response<ListReadingsResponse>, Status> {
        Err(Status::unimplemented("not asked for"))
    }
}

/// Who withdrew which consent, as the customer service knows before its events arrive.
pub(crate) type Withdrawn = Arc<Mutex<Vec<(CustomerId, &'static str)>>>;

/// In place of a purpose: the customer service cannot be asked.
pub(crate) const DOWN: &str = "down";

/// The stub of the customer service.
struct Consents(Withdrawn);

#[tonic::async_trait]
impl ConsentService for Consents {
    async fn list_withdrawn(
        &self,
        request: Request<ListWithdrawnRequest>,
    ) -> Result<Response<ListWithdrawnResponse>, Status> {
        let asked = request.into_inner();
        let withdrawn = self.0.lock().unwrap().clone();
        if withdrawn.iter().any(|(_, purpose)| *purpose == DOWN) {
            return Err(Status::unavailable("as the test says"));
        }
        let is_withdrawn = |id: &String| {
            withdrawn.iter().any(|(customer, purpose)| {
                customer.to_string() == *id && asked.purposes.iter().any(|asked| asked == purpose)
            })
        };
        let customer_ids = asked.customer_ids.iter();
        Ok(Response::new(ListWithdrawnResponse {
            customer_ids: customer_ids
                .filter(|id| is_withdrawn(id))
                .cloned()
                .collect(),
        }))
    }
}

pub(crate) struct World {
    pub(crate) withdrawn: Withdrawn,
    pub(crate) repair_orders: Arc<Mutex<Vec<Visit>>>,
    pub(crate) shown_cars: Arc<Mutex<Vec<VehicleId>>>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) db: TestDb,
    pub(crate) network: Arc<Feed>,
    pub(crate) customers: Arc<Feed>,
    pub(crate) vehicles: Arc<Feed>,
    pub(crate) visits: Arc<Feed>,
    pub(crate) complaints: Arc<Feed>,
    router: RoleRouter,
    issuer: Issuer,
    hysteresis: Hysteresis,
    vault: Vault,
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
        Self::start_with(db, Hysteresis::OFF).await
    }

    /// The same, with tiers that are held by a margin.
    pub(crate) async fn start_with(db: TestDb, hysteresis: Hysteresis) -> Self {
        Self::start_without(db, hysteresis, &[]).await
    }

    /// The same without some of the role's tasks.
    pub(crate) async fn start_without(db: TestDb, hysteresis: Hysteresis, tasks: &[&str]) -> Self {
        let network_db = db.sibling().migrated(&marque_migrations::NETWORK).await;
        let db = db.migrated(&marque_migrations::SCORING).await;
        let world = Self {
            hysteresis,
            withdrawn: Arc::default(),
            repair_orders: Arc::default(),
            shown_cars: Arc::default(),
            clock: Arc::new(ManualClock::at(day("2026-06-15"))),
            network: Arc::default(),
            customers: Arc::default(),
            vehicles: Arc::default(),
            visits: Arc::default(),
            complaints: Arc::default(),
            router: RoleRouter::new(),
            issuer: Issuer::ephemeral(AUDIENCE).unwrap(),
            vault: Vault::new(&Keyring::generate().unwrap()),
            tokens: PeerTokens::ephemeral("scoring").unwrap(),
            stop: CancellationToken::new(),
            db,
            network_db,
        };
        let network = marque_network::build(marque_network::Deps {
            db: world.network_db.handle(),
            vault: world.vault.clone(),
            clock: world.clock.clone(),
        });
        world.serve(&world.router, RoleName::Network, network);
        let customer = Built {
            routes: Routes::new(ConsentServiceServer::new(Consents(Arc::clone(
                &world.withdrawn,
            )))),
            tasks: Vec::new(),
        };
        world.serve(&world.router, RoleName::Customer, customer);
        let cars = Cars(Arc::clone(&world.shown_cars));
        let vehicle = Built {
            routes: Routes::new(VehicleServiceServer::new(cars)),
            tasks: Vec::new(),
        };
        world.serve(&world.router, RoleName::Vehicle, vehicle);
        let orders = History(Arc::clone(&world.repair_orders));
        let history = Built {
            routes: Routes::new(ServiceHistoryServiceServer::new(orders)),
            tasks: Vec::new(),
        };
        world.serve(&world.router, RoleName::ServiceHistory, history);
        let mut scoring = world.build(world.hysteresis);
        scoring.tasks.retain(|task| !tasks.contains(&task.name()));
        world.serve(&world.router, RoleName::Scoring, scoring);
        world.put_dealers().await;
        world
    }

    fn build(&self, hysteresis: Hysteresis) -> Built {
        let router = &self.router;
        marque_scoring::build(marque_scoring::Deps {
            db: self.db.handle(),
            vault: self.vault.clone(),
            clock: self.clock.clone(),
            intake: IntakeSettings {
                spool: self.db.folder().join("spool"),
                batch_rows: 500,
                parallel: 1,
                max_file_bytes: 1 << 24,
                limits: marque_tabular::Limits::default(),
            },
            hysteresis,
            network: RpcTransport::local(RoleName::Network, router),
            customer: RpcTransport::local(RoleName::Customer, router),
            vehicle: RpcTransport::local(RoleName::Vehicle, router),
            service_history: RpcTransport::local(RoleName::ServiceHistory, router),
            tokens: self.tokens.clone(),
            network_events: self.network.clone(),
            customer_events: self.customers.clone(),
            vehicle_events: self.vehicles.clone(),
            service_history_events: self.visits.clone(),
            complaint_events: self.complaints.clone(),
        })
        .unwrap()
    }

    /// Another process of the scoring role over the same store, which follows no events.
    pub(crate) fn second_process(&self) -> ScoringServiceClient<RpcTransport> {
        self.second_process_with(self.hysteresis)
    }

    /// The same with another margin.
    pub(crate) fn second_process_with(
        &self,
        hysteresis: Hysteresis,
    ) -> ScoringServiceClient<RpcTransport> {
        let Built { routes, .. } = self.build(hysteresis);
        let layered = stack(
            RoleName::Scoring,
            routes,
            self.auth(),
            StackSettings::default(),
        );
        ScoringServiceClient::new(RpcTransport::memory(layered))
    }

    /// Looks for customers of a past day, as the role does when it starts and every few minutes.
    pub(crate) fn pass_time(&self) {
        self.start_again("scoring.time-passes");
    }

    /// Starts one of the role's tasks, as the role does when it starts.
    pub(crate) fn start_again(&self, name: &str) {
        let Built { tasks, .. } = self.build(self.hysteresis);
        let task = tasks
            .into_iter()
            .find(|task| task.name() == name)
            .expect("the role has this task");
        tokio::spawn(marque_testkit::as_system(task.run(self.stop.clone())));
    }

    /// Waits until a query counts what is wanted.
    pub(crate) async fn wait_for(&self, sql: &'static str, wanted: i64) {
        let mut last = 0;
        for _ in 0..2_000 {
            last = self.count(sql).await;
            if last == wanted {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{sql} counts {last}, not {wanted}");
    }

    fn auth(&self) -> AuthLayer {
        let verifier = Verifier::builder(AUDIENCE)
            .trust(&self.issuer)
            .accept_peers(&self.tokens)
            .build();
        AuthLayer::new(verifier, self.clock.clone())
    }

    fn serve(&self, router: &RoleRouter, role: RoleName, built: Built) {
        let layered = stack(
            role,
            built.routes,
            marque_events::behind_wall(self.auth()),
            StackSettings::default(),
        );
        router.add(layered).unwrap();
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
            let ask = self.ask(Role::HqAdmin, Scope::Headquarters, request);
            network.put_dealer(ask).await.unwrap();
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
        let (subject, ttl) = ("somebody".into(), Duration::from_mins(10));
        let request = TokenRequest {
            subject,
            roles: role.into(),
            scope,
            ttl,
        };
        let token = self.issuer.issue(&request, &*self.clock).unwrap();
        let meta = CallMeta::new(RequestId::random()).with_token(&token);
        meta.outgoing(message)
    }

    /// A request of headquarters.
    pub(crate) fn hq<T>(&self, message: T) -> Request<T> {
        self.ask(Role::HqAdmin, Scope::Headquarters, message)
    }

    /// A request of a dealer's manager.
    pub(crate) fn manager<T>(&self, dealer: &str, message: T) -> Request<T> {
        let scope = Scope::Dealer(dealer.parse().unwrap());
        self.ask(Role::Manager, scope, message)
    }

    pub(crate) fn imports(&self) -> ImportServiceClient<RpcTransport> {
        ImportServiceClient::new(RpcTransport::local(RoleName::Scoring, &self.router))
    }

    pub(crate) fn scoring(&self) -> ScoringServiceClient<RpcTransport> {
        ScoringServiceClient::new(RpcTransport::local(RoleName::Scoring, &self.router))
    }

    /// A customer's score as headquarters sees it.
    pub(crate) async fn score(&self, customer: CustomerId) -> Score {
        self.try_score(customer).await.unwrap()
    }

    pub(crate) async fn try_score(&self, customer: CustomerId) -> Result<Score, Status> {
        let request = GetScoreRequest {
            customer_id: customer.to_string(),
            explain: true,
            at: None,
        };
        let answer = self.scoring().get_score(self.hq(request)).await?;
        Ok(answer.into_inner().score.unwrap())
    }

    pub(crate) async fn pyramid(&self, kind: &str) -> GetPyramidResponse {
        let request = GetPyramidRequest {
            kind: kind.into(),
            brand: String::new(),
        };
        let answer = self.scoring().get_pyramid(self.hq(request)).await;
        answer.unwrap().into_inner()
    }

    /// A dealer's live fact.
    pub(crate) async fn put(&self, dealer: &str, columns: FactColumns) -> PutFactResponse {
        self.try_put(dealer, columns).await.unwrap()
    }

    pub(crate) async fn try_put(
        &self,
        dealer: &str,
        columns: FactColumns,
    ) -> Result<PutFactResponse, Status> {
        let request = PutFactRequest {
            dealer: dealer.into(),
            source: "dms".into(),
            columns: Some(columns),
        };
        let answer = self
            .scoring()
            .put_fact(self.manager(dealer, request))
            .await?;
        Ok(answer.into_inner())
    }

    /// The single value of a query of counts.
    pub(crate) async fn count(&self, sql: &'static str) -> i64 {
        let read = self
            .db
            .read(move |conn| conn.query_opt(sql, &[], |row| row.get::<i64>(0)));
        read.await.unwrap().unwrap_or(0)
    }
}

/// The instant a day begins in China.
pub(crate) fn day(date: &str) -> Timestamp {
    Timestamp::parse_rfc3339(&format!("{date}T00:00:00+08:00")).unwrap()
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
    let message = SourceRecordsLinked { links };
    event(position, "marque.customer.source_records.linked", &message)
}

pub(crate) fn merged(position: i64, from: CustomerId, into: CustomerId, undone: bool) -> Event {
    let message = CustomersMerged {
        from: from.to_string(),
        into: into.to_string(),
        merge_id: String::new(),
        undone,
    };
    event(position, "marque.customer.customers.merged", &message)
}

pub(crate) fn consented(position: i64, customer: CustomerId, given: bool) -> Event {
    consented_to("scoring", position, customer, given)
}

pub(crate) fn consented_to(
    purpose: &str,
    position: i64,
    customer: CustomerId,
    given: bool,
) -> Event {
    let message = ConsentChanged {
        customer_id: customer.to_string(),
        purpose: purpose.into(),
        given,
    };
    event(position, "marque.customer.consents.changed", &message)
}

pub(crate) fn visited(position: i64, visits: Vec<RecordedVisit>) -> Event {
    let message = VisitsRecorded {
        visits,
        ..VisitsRecorded::default()
    };
    event(position, "marque.service_history.visits.recorded", &message)
}

/// A car of the brand Nova that was sold on a day.
pub(crate) fn sold(position: i64, vin: &str, date: &str) -> Event {
    dated(position, vin, date, [""; 3])
}

/// The same with the dates on which insurance, inspection and warranty end.
pub(crate) fn dated(position: i64, vin: &str, date: &str, ends: [&str; 3]) -> Event {
    let [insurance_expiry, inspection_due, warranty_end] = ends.map(str::to_owned);
    let car = ChangedVehicle {
        insurance_expiry,
        inspection_due,
        warranty_end,
        ..car(position, vin, date)
    };
    changed(position, car)
}

/// A car of another brand.
pub(crate) fn of_brand(position: i64, vin: &str, brand: &str) -> Event {
    let mut car = car(position, vin, "2025-01-01");
    car.definition = car.definition.map(|definition| VehicleDefinition {
        brand: brand.into(),
        ..definition
    });
    changed(position, car)
}

/// A car of another model.
pub(crate) fn of_model(position: i64, vin: &str, model: &str) -> Event {
    let mut car = car(position, vin, "2023-01-01");
    car.definition = car.definition.map(|definition| VehicleDefinition {
        model: model.into(),
        ..definition
    });
    changed(position, car)
}

/// The same with the use and the seats that the vehicle licence names.
pub(crate) fn licensed(
    position: i64,
    vin: &str,
    date: &str,
    (vehicle_use, seats): (&str, i32),
) -> Event {
    let car = ChangedVehicle {
        vehicle_use: vehicle_use.into(),
        seats,
        ..car(position, vin, date)
    };
    changed(position, car)
}

fn car(version: i64, vin: &str, date: &str) -> ChangedVehicle {
    ChangedVehicle {
        id: vehicle(vin).to_string(),
        vin: vin.into(),
        version,
        definition: Some(VehicleDefinition {
            brand: "Nova".into(),
            series: "S5".into(),
            model: "S5 Plus".into(),
            model_year: 2024,
            energy_type: "petrol".into(),
        }),
        sale_date: date.into(),
        selling_dealer: "D1".into(),
        dealer: "D1".into(),
        ..ChangedVehicle::default()
    }
}

fn changed(position: i64, car: ChangedVehicle) -> Event {
    let message = VehiclesChanged {
        vehicles: vec![car],
    };
    event(position, "marque.vehicle.vehicles.changed", &message)
}

/// A record that owns a car since a day.
pub(crate) fn owns(position: i64, vin: &str, record: SourceRecordId, since: &str) -> Event {
    claimed(position, vin, record, (since, false))
}

/// A record whose row named somebody else as owner from a day on.
pub(crate) fn disowns(position: i64, vin: &str, record: SourceRecordId, from: &str) -> Event {
    claimed(position, vin, record, (from, true))
}

fn claimed(position: i64, vin: &str, record: SourceRecordId, (at, ended): (&str, bool)) -> Event {
    let party = ClaimedParty {
        vehicle_id: vehicle(vin).to_string(),
        vin: vin.into(),
        source_record_id: record.to_string(),
        role: "owner".into(),
        dealer: "D1".into(),
        at: Some(to_proto_time(day(at))),
        ended,
    };
    let message = PartiesClaimed {
        parties: vec![party],
    };
    event(position, "marque.vehicle.parties.claimed", &message)
}

pub(crate) fn vehicle(vin: &str) -> VehicleId {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, vin.as_bytes()).into()
}

pub(crate) fn customer(n: u128) -> CustomerId {
    Uuid::from_u128(n).into()
}

pub(crate) fn record_of(dealer: &str, key: &str) -> SourceRecordId {
    source_record_id(&dealer.parse().unwrap(), "dms", key)
}

/// A record of a dealer's that belongs to a person.
pub(crate) fn link(dealer: &str, key: &str, owner: CustomerId) -> Link {
    Link {
        source_record_id: record_of(dealer, key).to_string(),
        customer_id: owner.to_string(),
        dealer: dealer.into(),
        kind: Kind::Person as i32,
        recorded_at: Some(to_proto_time(day("2024-01-01"))),
        ..Link::default()
    }
}

/// A visit of 680 yuan that a dealer's record made on a day.
pub(crate) fn visit(dealer: &str, order: u128, key: &str, date: &str) -> RecordedVisit {
    let opened = day(date);
    RecordedVisit {
        id: VisitId::from(Uuid::from_u128(order)).to_string(),
        dealer: dealer.into(),
        vin: String::new(),
        source_record_id: record_of(dealer, key).to_string(),
        kind: "maintenance".into(),
        opened_at: Some(to_proto_time(opened)),
        closed_at: Some(to_proto_time(opened.plus(Duration::from_hours(3)))),
        odometer_km: 5_000,
        amount_minor: 68_000,
        version: 1,
        customer_minor: None,
    }
}

/// An assessment of a record.
pub(crate) fn assessment(key: &str, customer: &str, subject: &str, value: &str) -> FactColumns {
    FactColumns {
        kind: "assessment".into(),
        key: key.into(),
        customer_key: customer.into(),
        date: "2026-06-01".into(),
        subject: subject.into(),
        value: value.into(),
        ..FactColumns::default()
    }
}
