#![doc = include_str!("../README.md")]

mod app;
mod domain;
mod error;
mod grpc;
mod storage;

use marque_api::{
    events::v1::event_feed_server::EventFeedServer,
    network::v1::network_service_server::NetworkServiceServer,
};
use marque_core::SharedClock;
use marque_db::Database;
use marque_events::Feed;
use marque_rpc::{Built, Routes};
use marque_vault::Vault;

pub use storage::SEALED;

/// What the service needs.
#[derive(Debug, Clone)]
pub struct Deps {
    /// Its own database, migrated.
    pub db: Database,
    /// Seals phones of staff.
    pub vault: Vault,
    /// The time.
    pub clock: SharedClock,
}

/// Wires the service.
pub fn build(deps: Deps) -> Built {
    let feed = Feed::new(deps.db.clone(), "marque/network");
    let app = app::NetworkApp::new(storage::NetworkStore::new(deps.vault), deps.db, deps.clock);
    let routes = Routes::new(NetworkServiceServer::new(grpc::NetworkGrpc::new(app)))
        .add_service(EventFeedServer::new(feed));
    Built {
        routes,
        tasks: Vec::new(),
    }
}
