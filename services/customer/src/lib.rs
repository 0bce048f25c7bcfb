#![doc = include_str!("../README.md")]

mod app;
mod domain;
mod error;
mod events;
mod grpc;
mod storage;

use std::sync::Arc;

pub use domain::{InvalidSurvivorship, Survivorship};
pub use storage::SEALED;

use marque_api::{
    customer::v1::{
        consent_service_server::ConsentServiceServer,
        customer_service_server::CustomerServiceServer,
        personal_data_service_server::PersonalDataServiceServer,
    },
    events::v1::event_feed_server::EventFeedServer,
    evidence::v1::evidence_service_server::EvidenceServiceServer,
    intake::v1::import_service_server::ImportServiceServer,
};
use marque_core::SharedClock;
use marque_db::{Backend, Database};
use marque_events::{Consumer, Feed, Regions, Source};
use marque_intake::{Directory, EvidenceGrpc, ImportGrpc, Intake, IntakeError, IntakeSettings};
use marque_rpc::{Built, Routes, RpcTransport, Task, capped};
use marque_vault::Vault;

use crate::{
    app::{CustomerApp, CustomerSink, Reconciler},
    grpc::{ConsentGrpc, CustomerGrpc, PersonalDataGrpc},
    storage::CustomerStore,
};

/// What the service needs.
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// Seals records and makes tokens.
    pub vault: Vault,
    /// The time.
    pub clock: SharedClock,
    /// The network service, with the caller's token.
    pub network: RpcTransport,
    /// The network service's events.
    pub network_events: Arc<dyn Source>,
    /// The data-quality service's events.
    pub data_quality_events: Arc<dyn Source>,
    /// How files are taken in.
    pub intake: IntakeSettings,
    /// Which value survives where records disagree.
    pub survivorship: Survivorship,
}

/// Wires the service.
///
/// # Errors
/// If the spool folder cannot be made.
pub fn build(deps: Deps) -> Result<Built, IntakeError> {
    let Deps {
        db,
        vault,
        clock,
        network,
        network_events,
        data_quality_events,
        intake,
        survivorship,
    } = deps;
    let directory = Directory::new(network);
    let store = CustomerStore::new(vault.clone());
    let (filter, filled) = (store.filter().clone(), db.across());
    let quality = events::Quality(store.clone());
    // Who is one customer shows only across dealers; what of it a caller may see the application decides file by file.
    let app = CustomerApp::new(
        store,
        db.across(),
        clock.clone(),
        directory.clone(),
        survivorship,
    );
    let sink = CustomerSink::new(app.clone());
    let intake = Intake::new(db.clone(), vault, clock.clone(), directory, intake, sink)?;
    let regions = Consumer {
        name: "customer",
        producer: "marque/network",
        source: network_events,
        db: db.clone(),
        handler: Arc::new(Regions),
        clock: Arc::clone(&clock),
    };
    let trust = Consumer {
        name: "customer",
        producer: "marque/data-quality",
        source: data_quality_events,
        db: db.clone(),
        handler: Arc::new(quality),
        clock,
    };
    let evidence = EvidenceServiceServer::new(EvidenceGrpc::new(app.clone()));
    let consents = ConsentServiceServer::new(ConsentGrpc::new(app.clone()));
    let (rights, kept) = (PersonalDataGrpc::new(app.clone()), app.clone());
    let trusting = app.clone();
    let reconciler = Reconciler::new(app.clone());
    let routes = Routes::new(capped!(CustomerServiceServer::new(CustomerGrpc::new(app))))
        .add_service(capped!(PersonalDataServiceServer::new(rights)))
        .add_service(capped!(consents))
        .add_service(capped!(evidence))
        .add_service(capped!(ImportServiceServer::new(ImportGrpc::new(
            intake.clone()
        ))))
        .add_service(EventFeedServer::new(Feed::new(db, "marque/customer")));
    let mut tasks = vec![
        Task::new("customer-imports", move |stop| intake.run(stop)),
        Task::new("customer-regions", move |stop| regions.run(stop)),
        Task::new("customer-trust", move |stop| trust.run(stop)),
        Task::new("customer-retention", move |stop| {
            app::watch_retention(kept, stop)
        }),
        Task::new("customer-reconciliation", move |stop| reconciler.run(stop)),
        Task::new("customer-trusted", move |_| app::check_trusted(trusting)),
    ];
    // A filter sees the writes of this process alone: on PostgreSQL others write too.
    if filled.backend() == Backend::Sqlite {
        tasks.push(Task::new("customer-tokens", move |stop| {
            app::fill(filter, filled, stop)
        }));
    }
    Ok(Built { routes, tasks })
}
