//! The bus of the configuration.

use anyhow::Context as _;
use marque_bus::Broker;
use marque_config::{BusConfig, BusKind, ServiceRole};

/// The source that a role's events name.
pub(crate) const fn source_of(role: ServiceRole) -> &'static str {
    match role {
        ServiceRole::Gateway => "marque/gateway",
        ServiceRole::Network => "marque/network",
        ServiceRole::Customer => "marque/customer",
        ServiceRole::Vehicle => "marque/vehicle",
        ServiceRole::ServiceHistory => "marque/service-history",
        ServiceRole::DataQuality => "marque/data-quality",
        ServiceRole::Scoring => "marque/scoring",
        ServiceRole::Complaint => "marque/complaint",
    }
}

/// Deletes the streams of services whose stores were put back to an earlier moment: they tell of what came after it. Their
/// relays fill them anew.
///
/// # Errors
/// The broker cannot be spoken to or does not answer.
pub(crate) async fn forget_streams(bus: &BusConfig, roles: &[ServiceRole]) -> anyhow::Result<()> {
    if let Some(broker) = connect_broker(bus).await? {
        for role in roles {
            broker.forget(source_of(*role)).await?;
        }
    }
    Ok(())
}

/// The broker of the configuration, if it names one. That it is down is no error.
///
/// # Errors
/// Its address, certificates or credentials cannot be used.
pub(crate) async fn connect_broker(bus: &BusConfig) -> anyhow::Result<Option<Broker>> {
    if bus.kind == BusKind::Embedded {
        return Ok(None);
    }
    let url = bus
        .url
        .clone()
        .context("bus.url: say where the broker is")?;
    let identity = bus.identity();
    let settings = marque_bus::Settings {
        prefix: bus.prefix.clone(),
        ca: bus.ca.clone(),
        identity: identity.map(|(cert, key)| (cert.to_owned(), key.to_owned())),
        credentials: bus.credentials.clone(),
        replicas: bus.replicas,
        ..marque_bus::Settings::at(url)
    };
    Ok(Some(Broker::connect(settings).await.context("bus")?))
}
