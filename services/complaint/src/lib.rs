#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod app;
mod customers;
mod domain;
mod error;
mod events;
mod files;
mod follow;
mod grpc;
mod settings;
mod storage;
mod visits;

use std::sync::Arc;

use marque_api::{
    complaint::v1::complaint_service_server::ComplaintServiceServer,
    events::v1::event_feed_server::EventFeedServer,
    evidence::v1::evidence_service_server::EvidenceServiceServer,
    intake::v1::import_service_server::ImportServiceServer,
};
use marque_core::SharedClock;
use marque_db::Database;
use marque_events::{Consumer, Feed, Handler, Regions, Source};
use marque_intake::{Directory, EvidenceGrpc, ImportGrpc, Intake, IntakeError, IntakeSettings};
use marque_rpc::{Built, Routes, RpcTransport, Task};
use marque_vault::Vault;

pub use app::{reseal_files, survey_files};
pub use domain::{InvalidRules, Rules};
pub use files::{FileStore, FileStoreError};
pub use storage::SEALED;

/// What the service needs.
#[derive(Clone)]
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// Seals what people said.
    pub vault: Vault,
    /// The time.
    pub clock: SharedClock,
    /// The way to the network service, which says what dealers there are.
    pub network: RpcTransport,
    /// The way to the customer service, which says what records a customer has.
    pub customer: RpcTransport,
    /// The way to the service-history service, which says with which car a visit was.
    pub service_history: RpcTransport,
    /// How imports are worked off.
    pub intake: IntakeSettings,
    /// Times, weights and limits of this deployment.
    pub rules: Rules,
    /// Where files of cases lie.
    pub files: FileStore,
    /// Events of the network service.
    pub network_events: Arc<dyn Source>,
    /// Events of the customer service.
    pub customer_events: Arc<dyn Source>,
    /// Events of the vehicle service.
    pub vehicle_events: Arc<dyn Source>,
    /// Events of the scoring service.
    pub scoring_events: Arc<dyn Source>,
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
    let feed = Feed::new(deps.db.clone(), "marque/complaint");
    let directory = Directory::new(deps.network.clone());
    let app = app::CaseApp::new(
        deps.db.clone(),
        storage::CaseStore::new(deps.vault.clone()),
        Arc::clone(&deps.clock),
        directory.clone(),
        (
            customers::Customers::new(deps.customer.clone()),
            visits::Visits::new(deps.service_history.clone()),
        ),
        (
            deps.rules.clone(),
            files::Files::new(deps.files.clone(), deps.vault.clone()),
        ),
    );
    let intake = Intake::new(
        deps.db.clone(),
        deps.vault.clone(),
        Arc::clone(&deps.clock),
        directory,
        deps.intake.clone(),
        app::CaseSink::new(app.clone(), deps.vault.clone()),
    )?;
    let scheduler = app::Scheduler::new(app.clone());
    let own = follow::OwnEvents::new(feed.clone());
    let (indexed, told) = (app.clone(), own.clone());
    let mut tasks = consumers(&deps, &app);
    let watched = app.clone();
    tasks.push(Task::new("complaint.clusters", move |stop| {
        app::watch_clusters(watched, stop)
    }));
    let deleting = app.clone();
    tasks.push(Task::new("complaint.erased-files", move |stop| {
        app::keep_deleting(deleting, stop)
    }));
    let closing = app.clone();
    tasks.push(Task::new("complaint.closing", move |stop| {
        app::keep_closing(closing, stop)
    }));
    let dated = app.clone();
    tasks.push(Task::new("complaint.task-dates", move |stop| {
        app::keep_dated(dated, stop)
    }));
    let calendared = app.clone();
    tasks.push(Task::new("complaint.calendar", move |stop| {
        app::keep_years(calendared, stop)
    }));
    let evidence = EvidenceServiceServer::new(EvidenceGrpc::new(app.clone()));
    let service = ComplaintServiceServer::new(grpc::ComplaintGrpc::new(app, own));
    let routes = Routes::new(service)
        .add_service(ImportServiceServer::new(ImportGrpc::new(intake.clone())))
        .add_service(evidence)
        .add_service(EventFeedServer::new(feed));
    tasks.push(Task::new("complaint.imports", move |stop| intake.run(stop)));
    tasks.push(Task::new("complaint.scheduler", move |stop| {
        scheduler.run(stop)
    }));
    tasks.push(Task::new("complaint.indexes", move |stop| {
        follow::keep_indexes(indexed, told, stop)
    }));
    Ok(Built { routes, tasks })
}

fn consumers(deps: &Deps, app: &app::CaseApp) -> Vec<Task> {
    let consumer = |producer, source: &Arc<dyn Source>, handler: Arc<dyn Handler>| Consumer {
        name: "complaint",
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
        Arc::new(events::CustomersHandler(app.clone())),
    );
    let cars = consumer(
        "marque/vehicle",
        &deps.vehicle_events,
        Arc::new(events::CarsHandler),
    );
    let scores = consumer(
        "marque/scoring",
        &deps.scoring_events,
        Arc::new(events::ScoresHandler(app.clone())),
    );
    vec![
        Task::new("complaint.regions", move |stop| regions.run(stop)),
        Task::new("complaint.customers", move |stop| customers.run(stop)),
        Task::new("complaint.cars", move |stop| cars.run(stop)),
        Task::new("complaint.scores", move |stop| scores.run(stop)),
    ]
}
