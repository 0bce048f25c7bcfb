//! The role `customer`.

use std::sync::Arc;

use marque_config::ServiceRole;
use marque_customer::{Deps, Survivorship};
use marque_rpc::Built;

use crate::wiring::Shared;

/// An import looks for people all over the store: much of what a million customers' index weighs.
const CACHE_MB: u32 = 128;

pub(super) async fn build(shared: &Shared) -> anyhow::Result<Built> {
    let db = shared
        .database(ServiceRole::Customer, marque_migrations::CUSTOMER)
        .await?;
    db.set_cache_mb(CACHE_MB).await?;
    let rules = &shared.config.customer;
    let mut built = marque_customer::build(Deps {
        db: db.clone(),
        vault: shared.vault.clone(),
        clock: Arc::clone(&shared.clock),
        network: shared.transport(ServiceRole::Network)?,
        network_events: shared.events(ServiceRole::Network)?,
        data_quality_events: shared.events(ServiceRole::DataQuality)?,
        intake: shared.intake(ServiceRole::Customer),
        survivorship: Survivorship::read(&rules.survivorship, &rules.trust)?,
    })?;
    built.tasks.extend(shared.upkeep(ServiceRole::Customer, db));
    Ok(built)
}
