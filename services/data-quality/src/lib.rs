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
    intake::v1::import_service_server::ImportServiceServer,
    quality::v1::quality_service_server::QualityServiceServer,
};
use marque_auth::PeerTokens;
use marque_core::SharedClock;
use marque_db::Database;
use marque_events::{Consumer, Feed, Handler, Source};
use marque_intake::{Directory, ImportGrpc, Intake, IntakeError, IntakeSettings};
use marque_quality::RecordKind;
use marque_rpc::{Built, Routes, RpcTransport, Task, capped};
use marque_vault::Vault;

pub use storage::SEALED;

use crate::{
    app::{Lane, QualityApp},
    events::{Owner, Owners},
};

/// What the service needs.
#[derive(Clone)]
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// The time.
    pub clock: SharedClock,
    /// Seals what was measured of records, and rows of files that were put aside.
    pub vault: Vault,
    /// How files of verifications are taken in.
    pub intake: IntakeSettings,
    /// By what it asks other services in its own name.
    pub tokens: PeerTokens,
    /// The way to the network service, which says who works in which department.
    pub network: RpcTransport,
    /// The way to the customer service, which says what source records are like.
    pub customer: RpcTransport,
    /// The way to the vehicle service.
    pub vehicle: RpcTransport,
    /// The way to the service-history service.
    pub service_history: RpcTransport,
    /// The way to the complaint service.
    pub complaint: RpcTransport,
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
    let app = QualityApp::new(deps.db.clone(), Arc::clone(&deps.clock), deps.vault.clone());
    let intake = Intake::new(
        deps.db.clone(),
        deps.vault.clone(),
        Arc::clone(&deps.clock),
        Directory::new(deps.network.clone()),
        deps.intake.clone(),
        app::VerificationSink::new(app.clone()),
    )?;
    let routes = Routes::new(capped!(QualityServiceServer::new(grpc::QualityGrpc::new(
        app.clone()
    ))))
    .add_service(ImportServiceServer::new(ImportGrpc::new(intake.clone())))
    .add_service(EventFeedServer::new(Feed::new(
        deps.db.clone(),
        "marque/data-quality",
    )));
    let mut tasks = consumers(&deps);
    tasks.extend(work(deps, app));
    tasks.push(Task::new("data-quality.imports", move |stop| {
        intake.run(stop)
    }));
    Ok(Built { routes, tasks })
}

fn consumers(deps: &Deps) -> Vec<Task> {
    let consumer = |producer, source: &Arc<dyn Source>, handler: Arc<dyn Handler>| Consumer {
        name: "data-quality",
        producer,
        source: Arc::clone(source),
        db: deps.db.clone(),
        handler,
        clock: Arc::clone(&deps.clock),
    };
    let network = consumer(
        "marque/network",
        &deps.network_events,
        Arc::new(events::Network),
    );
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
    let visits = consumer(
        "marque/service-history",
        &deps.service_history_events,
        Arc::new(events::Visits),
    );
    let cases = consumer(
        "marque/complaint",
        &deps.complaint_events,
        Arc::new(events::Complaints),
    );
    vec![
        Task::new("data-quality.regions", move |stop| network.run(stop)),
        Task::new("data-quality.customers", move |stop| customers.run(stop)),
        Task::new("data-quality.vehicles", move |stop| vehicles.run(stop)),
        Task::new("data-quality.visits", move |stop| visits.run(stop)),
        Task::new("data-quality.complaints", move |stop| cases.run(stop)),
    ]
}

fn work(deps: Deps, app: QualityApp) -> Vec<Task> {
    let owners = Owners::new(deps.network, deps.tokens, deps.clock, deps.vault);
    let mut tasks = Vec::new();
    for (names, kind, transport) in [
        (
            [
                "data-quality.check-customers",
                "data-quality.watch-customers",
            ],
            RecordKind::Customers,
            deps.customer,
        ),
        (
            ["data-quality.check-vehicles", "data-quality.watch-vehicles"],
            RecordKind::Vehicles,
            deps.vehicle,
        ),
        (
            ["data-quality.check-visits", "data-quality.watch-visits"],
            RecordKind::Visits,
            deps.service_history,
        ),
        (
            [
                "data-quality.check-complaints",
                "data-quality.watch-complaints",
            ],
            RecordKind::Complaints,
            deps.complaint,
        ),
    ] {
        let owner = Owner::new(kind, transport);
        for (name, lane) in names.into_iter().zip([Lane::Bulk, Lane::Live]) {
            let (app, owners, of_lane) = (app.clone(), owners.clone(), (owner.clone(), lane));
            tasks.push(Task::new(name, move |stop| {
                events::keep_checking(app, owners, of_lane, stop)
            }));
        }
    }
    let placing = (app.clone(), owners.clone());
    tasks.push(Task::new("data-quality.departments", move |stop| {
        events::keep_departments(placing.0, placing.1, stop)
    }));
    let looking = app.clone();
    tasks.push(Task::new("data-quality.staff", move |stop| {
        events::keep_to_staff(looking, owners, stop)
    }));
    let scoring = app.clone();
    tasks.push(Task::new("data-quality.score", move |stop| {
        events::keep_scoring(scoring, stop)
    }));
    tasks.push(Task::new("data-quality.assess", move |stop| {
        events::keep_assessing(app, stop)
    }));
    tasks
}
