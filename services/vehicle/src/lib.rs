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
    vehicle::v1::vehicle_service_server::VehicleServiceServer,
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
    /// Seals dealers' rows as they came.
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
    /// Events of the service-history service.
    pub service_history_events: Arc<dyn Source>,
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
    let feed = Feed::new(deps.db.clone(), "marque/vehicle");
    let directory = Directory::new(deps.network.clone());
    let recorder = app::Recorder::new(Arc::clone(&deps.clock), deps.vault.clone());
    let rows = app::Rows::new(deps.vault.clone(), recorder.clone());
    let app = app::VehicleApp::new(
        deps.db.clone(),
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
        app::VehicleSink::new(rows),
    )?;
    let evidence = EvidenceServiceServer::new(EvidenceGrpc::new(app.clone()));
    let routes = Routes::new(VehicleServiceServer::new(grpc::VehicleGrpc::new(app)))
        .add_service(evidence)
        .add_service(ImportServiceServer::new(ImportGrpc::new(intake.clone())))
        .add_service(EventFeedServer::new(feed));
    let mut tasks = consumers(&deps, &recorder);
    tasks.push(Task::new("vehicle.imports", move |stop| intake.run(stop)));
    Ok(Built { routes, tasks })
}

fn consumers(deps: &Deps, recorder: &app::Recorder) -> Vec<Task> {
    let consumer = |producer, source: &Arc<dyn Source>, handler: Arc<dyn Handler>| Consumer {
        name: "vehicle",
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
        Arc::new(events::Customers::new(recorder.clone(), deps.vault.clone())),
    );
    let visits = consumer(
        "marque/service-history",
        &deps.service_history_events,
        Arc::new(events::Visits::new(recorder.clone())),
    );
    vec![
        Task::new("vehicle.regions", move |stop| regions.run(stop)),
        Task::new("vehicle.customers", move |stop| customers.run(stop)),
        Task::new("vehicle.visits", move |stop| visits.run(stop)),
    ]
}
