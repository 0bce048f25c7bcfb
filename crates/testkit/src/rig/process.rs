//! One process of the system: its services and their background work.

use std::sync::Arc;

use marque_auth::AuthLayer;
use marque_db::Database;
use marque_intake::IntakeSettings;
use marque_rpc::{Built, RoleName, RoleRouter, RpcTransport, StackSettings, stack};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{FeedSource, World};

/// Services that run until this is dropped.
#[derive(Debug)]
pub struct Process {
    router: RoleRouter,
    stop: CancellationToken,
    tasks: JoinSet<()>,
}

impl Process {
    pub(crate) fn start(world: &World, network_db: Database, customer_db: Database) -> Self {
        let mut process = Self {
            router: RoleRouter::new(),
            stop: CancellationToken::new(),
            tasks: JoinSet::new(),
        };
        let (vault, clock) = (world.vault.clone(), world.shared_clock());
        let network = marque_network::build(marque_network::Deps {
            db: network_db,
            vault: vault.clone(),
            clock,
        });
        process.add(world, RoleName::Network, network);
        let customer = marque_customer::build(marque_customer::Deps {
            db: customer_db,
            vault,
            clock: world.shared_clock(),
            network: process.transport(RoleName::Network),
            network_events: Arc::new(FeedSource {
                feed: process.transport(RoleName::Network),
                peers: world.peers.clone(),
                clock: world.shared_clock(),
            }),
            data_quality_events: world.quality.clone(),
            intake: IntakeSettings {
                spool: world.spool.path().join("customer"),
                batch_rows: world.batch_rows,
                parallel: 2,
                max_file_bytes: 64 << 20,
                limits: Default::default(),
            },
            survivorship: world.survivorship.clone(),
        });
        process.add(
            world,
            RoleName::Customer,
            customer.expect("the spool folder can be made"),
        );
        process
    }

    fn add(&mut self, world: &World, role: RoleName, built: Built) {
        let auth = AuthLayer::new(world.verifier(), world.shared_clock());
        self.router
            .add(stack(
                role,
                built.routes,
                marque_events::behind_wall(auth),
                StackSettings::default(),
            ))
            .expect("each role is added once");
        for task in built.tasks {
            self.tasks
                .spawn(crate::as_system(task.run(self.stop.clone())));
        }
    }

    /// The way to one of its services.
    pub fn transport(&self, role: RoleName) -> RpcTransport {
        RpcTransport::local(role, &self.router)
    }

    /// Cuts its background work off wherever it is.
    pub async fn abort(&mut self) {
        self.tasks.shutdown().await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop.cancel();
        self.tasks.abort_all();
    }
}
