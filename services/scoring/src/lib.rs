#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod app;
mod cars;
mod consents;
mod domain;
mod error;
mod events;
mod grpc;
mod history;
mod storage;

use std::sync::Arc;

use marque_api::{
    events::v1::event_feed_server::EventFeedServer,
    intake::v1::import_service_server::ImportServiceServer,
    scoring::v1::scoring_service_server::ScoringServiceServer,
};
use marque_auth::PeerTokens;
use marque_core::SharedClock;
use marque_db::Database;
use marque_events::{Consumer, Feed, Handler, Regions, Source};
use marque_insight::rank::Hysteresis;
use marque_intake::{Directory, ImportGrpc, Intake, IntakeError, IntakeSettings};
use marque_rpc::{Built, Routes, RpcTransport, Task};
use marque_vault::Vault;

/// What the service needs.
#[derive(Clone)]
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// Seals the rows of imports.
    pub vault: Vault,
    /// The time.
    pub clock: SharedClock,
    /// How imports are worked off.
    pub intake: IntakeSettings,
    /// Whether tiers are held from day to day; [`Hysteresis::OFF`] unless asked for.
    pub hysteresis: Hysteresis,
    /// The way to the network service, which says what dealers there are.
    pub network: RpcTransport,
    /// The way to the customer service, which knows who withdrew consent.
    pub customer: RpcTransport,
    /// The way to the vehicle service, which knows who may see a car.
    pub vehicle: RpcTransport,
    /// The way to the service-history service, which knows the lines of repair orders.
    pub service_history: RpcTransport,
    /// Tokens by which it asks as itself.
    pub tokens: PeerTokens,
    /// Events of the network service.
    pub network_events: Arc<dyn Source>,
    /// Events of the customer service.
    pub customer_events: Arc<dyn Source>,
    /// Events of the vehicle service.
    pub vehicle_events: Arc<dyn Source>,
    /// Events of the service-history service.
    pub service_history_events: Arc<dyn Source>,
    /// Events of the complaint service.
    pub complaint_events: Arc<dyn Source>,
}

impl std::fmt::Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps")
            .field("db", &self.db)
            .finish_non_exhaustive()
    }
}

/// Wires the service.
///
/// # Errors
/// If the spool folder of imports cannot be made.
pub fn build(deps: Deps) -> Result<Built, IntakeError> {
    let feed = Feed::new(deps.db.clone(), "marque/scoring");
    let directory = Directory::new(deps.network.clone());
    let app = app::ScoreApp {
        db: deps.db.clone(),
        clock: Arc::clone(&deps.clock),
        vault: deps.vault.clone(),
        assessor: app::Assessor::new(Arc::clone(&deps.clock)),
        ladder: app::Ladder::new(deps.db.clone(), deps.hysteresis),
        directory: directory.clone(),
        consents: consents::Consents::new(
            deps.customer.clone(),
            deps.tokens.clone(),
            Arc::clone(&deps.clock),
        ),
        cars: cars::Cars::new(deps.vehicle.clone()),
        history: history::History::new(deps.service_history.clone(), deps.tokens.clone()),
        benefit_plan: app::CurrentPlan::default(),
        learnt: Arc::default(),
    };
    let intake = Intake::new(
        deps.db.clone(),
        deps.vault.clone(),
        Arc::clone(&deps.clock),
        directory,
        deps.intake.clone(),
        app::FactSink::new(app.assessor.clone(), deps.vault.clone()),
    )?;
    let mut tasks = consumers(&deps, &app.assessor);
    let imports = intake.clone();
    tasks.push(Task::new("scoring.imports", move |stop| imports.run(stop)));
    let refreshed = app.clone();
    tasks.push(Task::new("scoring.time-passes", move |stop| {
        app::refresh(refreshed, stop)
    }));
    let held = app.clone();
    tasks.push(Task::new("scoring.holds", move |stop| {
        app::keep_holds(held, stop)
    }));
    let due = app.clone();
    tasks.push(Task::new("scoring.due-dates", move |stop| {
        app::keep_dues(due, stop)
    }));
    let learning = app.clone();
    tasks.push(Task::new("scoring.learn", move |stop| {
        app::keep_learning(learning, stop)
    }));
    let (counting, comparing) = (app.clone(), app.clone());
    tasks.push(Task::new("scoring.guarantees", move |stop| {
        app::tell_guarantees(counting, stop)
    }));
    tasks.push(Task::new("scoring.tiers", move |stop| {
        app::tell_tiers(comparing, stop)
    }));
    let routes = Routes::new(ScoringServiceServer::new(grpc::ScoreGrpc::new(app)))
        .add_service(ImportServiceServer::new(ImportGrpc::new(intake)))
        .add_service(EventFeedServer::new(feed));
    Ok(Built { routes, tasks })
}

fn consumers(deps: &Deps, assessor: &app::Assessor) -> Vec<Task> {
    let consumer = |producer, source: &Arc<dyn Source>, handler: Arc<dyn Handler>| Consumer {
        name: "scoring",
        producer,
        source: Arc::clone(source),
        db: deps.db.clone(),
        handler,
        clock: Arc::clone(&deps.clock),
    };
    let regions = consumer("marque/network", &deps.network_events, Arc::new(Regions));
    let customers = consumer(
        "marque/customer",
        &deps.customer_events,
        Arc::new(events::Customers(assessor.clone(), deps.vault.clone())),
    );
    let vehicles = consumer(
        "marque/vehicle",
        &deps.vehicle_events,
        Arc::new(events::Vehicles(assessor.clone(), deps.vault.clone())),
    );
    let visits = consumer(
        "marque/service-history",
        &deps.service_history_events,
        Arc::new(events::Visits(assessor.clone(), deps.vault.clone())),
    );
    let complaints = consumer(
        "marque/complaint",
        &deps.complaint_events,
        Arc::new(events::Complaints(assessor.clone(), deps.vault.clone())),
    );
    vec![
        Task::new("scoring.regions", move |stop| regions.run(stop)),
        Task::new("scoring.customers", move |stop| customers.run(stop)),
        Task::new("scoring.vehicles", move |stop| vehicles.run(stop)),
        Task::new("scoring.visits", move |stop| visits.run(stop)),
        Task::new("scoring.complaints", move |stop| complaints.run(stop)),
    ]
}
