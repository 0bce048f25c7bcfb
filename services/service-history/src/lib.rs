#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod app;
mod domain;
mod error;
mod events;
mod grpc;
mod storage;

use std::sync::Arc;

use marque_api::{
    events::v1::event_feed_server::EventFeedServer,
    evidence::v1::evidence_service_server::EvidenceServiceServer,
    intake::v1::import_service_server::ImportServiceServer,
    service_history::v1::service_history_service_server::ServiceHistoryServiceServer,
};
use marque_core::SharedClock;
use marque_db::Database;
use marque_events::{Consumer, Feed, Handler, Regions, Source};
use marque_intake::{Directory, EvidenceGrpc, ImportGrpc, Intake, IntakeError, IntakeSettings};
use marque_rpc::{Built, Routes, RpcTransport, Task};
use marque_vault::Vault;

pub use storage::SEALED;

/// What the service needs.
#[derive(Clone)]
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// Seals what customers said and columns that may name people.
    pub vault: Vault,
    /// The time.
    pub clock: SharedClock,
    /// The way to the network service, which says what dealers there are.
    pub network: RpcTransport,
    /// How imports are worked off.
    pub intake: IntakeSettings,
    /// Events of the network service.
    pub network_events: Arc<dyn Source>,
    /// Events of the customer service.
    pub customer_events: Arc<dyn Source>,
    /// Events of the vehicle service.
    pub vehicle_events: Arc<dyn Source>,
}

impl std::fmt::Debug for Deps {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Deps")
            .field("db", &self.db)
            .field("intake", &self.intake)
            .finish_non_exhaustive()
    }
}

/// Wires the service.
///
/// # Errors
/// If the spool folder of imports cannot be made.
pub fn build(deps: Deps) -> Result<Built, IntakeError> {
    let feed = Feed::new(deps.db.clone(), "marque/service-history");
    let directory = Directory::new(deps.network.clone());
    let store = storage::VisitStore::new(deps.vault.clone());
    let rows = app::Rows::new(deps.vault.clone(), Arc::clone(&deps.clock));
    let app = app::VisitApp::new(
        deps.db.clone(),
        store,
        Arc::clone(&deps.clock),
        rows.clone(),
        directory.clone(),
    );
    let intake = Intake::new(
        deps.db.clone(),
        deps.vault.clone(),
        Arc::clone(&deps.clock),
        directory,
        deps.intake.clone(),
        app::VisitSink::new(rows),
    )?;
    let evidence = EvidenceServiceServer::new(EvidenceGrpc::new(app.clone()));
    let routes = Routes::new(ServiceHistoryServiceServer::new(grpc::VisitGrpc::new(app)))
        .add_service(evidence)
        .add_service(ImportServiceServer::new(ImportGrpc::new(intake.clone())))
        .add_service(EventFeedServer::new(feed));
    let mut tasks = consumers(&deps);
    tasks.push(Task::new("service-history.imports", move |stop| {
        intake.run(stop)
    }));
    let (db, vault, clock) = (deps.db, deps.vault, deps.clock);
    tasks.push(Task::new("service-history.sealing", move |stop| {
        app::seal_what_lies_open(db, vault, clock, stop)
    }));
    Ok(Built { routes, tasks })
}

fn consumers(deps: &Deps) -> Vec<Task> {
    let consumer = |producer, source: &Arc<dyn Source>, handler: Arc<dyn Handler>| Consumer {
        name: "service-history",
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
        Arc::new(events::Customers(deps.vault.clone())),
    );
    let vehicles = consumer(
        "marque/vehicle",
        &deps.vehicle_events,
        Arc::new(events::Vehicles),
    );
    vec![
        Task::new("service-history.regions", move |stop| regions.run(stop)),
        Task::new("service-history.customers", move |stop| customers.run(stop)),
        Task::new("service-history.vehicles", move |stop| vehicles.run(stop)),
    ]
}
