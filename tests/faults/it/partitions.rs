//! The real programs on machines that are cut off from the network: network namespaces, so that packets are really lost.

use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};

use marque_config::ServiceRole;
use marque_faults::{
    Cluster, Island, Outage, Place, Setting,
    trials::{Fault, run_matrix},
};

use crate::trials::{marque, skipped};

/// Long enough that connections back off, and short enough that keep-alive does not give them up.
const SPAN: Duration = Duration::from_secs(2);
/// Past the keep-alive between roles, so that connections are given up on both sides.
const LONG_SPAN: Duration = Duration::from_secs(17);

type Islands = BTreeMap<Place, Arc<Island>>;

/// An island for each; `None`, told, where namespaces cannot be had.
fn islands(places: &[Place]) -> Option<Islands> {
    let raise = |place: &Place| -> anyhow::Result<_> { Ok((*place, Arc::new(Island::raise()?))) };
    let raised: anyhow::Result<Islands> = places.iter().map(raise).collect();
    match raised {
        Ok(islands) => Some(islands),
        Err(refused) => {
            skipped(&format!("no network namespaces can be had: {refused:#}"));
            None
        }
    }
}

async fn nothing_is_lost(setting: Setting, faults: &[Fault], span: Duration) {
    let marque = marque();
    let cluster = Box::pin(Cluster::start(&marque, setting)).await.unwrap();
    let survived = run_matrix(cluster, faults, span, |_, _, _| {});
    let survived = Box::pin(survived).await.unwrap();
    assert_eq!(survived.faults.len(), faults.len());
    let verdict = survived.verdict;
    assert!(
        verdict.cases > 0 && verdict.records >= verdict.cases && verdict.applied > verdict.events,
        "{verdict:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_roles_were_cut_off_is_there_once() {
    let (customer, complaint, gateway) = (
        Place::Role(ServiceRole::Customer),
        Place::Role(ServiceRole::Complaint),
        Place::Role(ServiceRole::Gateway),
    );
    let Some(islands) = islands(&[customer, complaint, gateway]) else {
        return;
    };
    let setting = Setting {
        islands,
        ..Setting::default()
    };
    let faults = [
        Fault::Outage(customer, Outage::Silent),
        Fault::Outage(complaint, Outage::Unplugged),
        Fault::Outage(gateway, Outage::Silent),
        Fault::Outage(customer, Outage::Unplugged),
    ];
    nothing_is_lost(setting, &faults, SPAN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_that_was_given_up_by_its_peers_is_found_again() {
    let customer = Place::Role(ServiceRole::Customer);
    let Some(islands) = islands(&[customer]) else {
        return;
    };
    let setting = Setting {
        islands,
        ..Setting::default()
    };
    let faults = [Fault::Outage(customer, Outage::Silent)];
    nothing_is_lost(setting, &faults, LONG_SPAN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_while_database_and_broker_were_cut_off_is_there_once() {
    let Some(islands) = islands(&[Place::Postgres, Place::Nats]) else {
        return;
    };
    let postgres = islands[&Place::Postgres].serve("postgres.sh").unwrap();
    let nats = islands[&Place::Nats].serve("nats.sh").unwrap();
    let (Some(postgres), Some(nats)) = (postgres, nats) else {
        return skipped("PostgreSQL or NATS is not installed");
    };
    let setting = Setting {
        postgres: Some(postgres.url.clone()),
        nats: Some(nats.url.clone()),
        islands,
        ..Setting::default()
    };
    let faults = [
        Fault::Outage(Place::Postgres, Outage::Silent),
        Fault::Outage(Place::Nats, Outage::Unplugged),
        Fault::Outage(Place::Postgres, Outage::Unplugged),
        Fault::Outage(Place::Nats, Outage::Silent),
    ];
    nothing_is_lost(setting, &faults, SPAN).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_without_its_database_says_so_within_five_seconds_and_is_alive_all_the_while() {
    let Some(islands) = islands(&[Place::Postgres]) else {
        return;
    };
    let Some(postgres) = islands[&Place::Postgres].serve("postgres.sh").unwrap() else {
        return skipped("PostgreSQL is not installed");
    };
    let setting = Setting {
        postgres: Some(postgres.url.clone()),
        islands,
        ..Setting::default()
    };
    let marque = marque();
    let cluster = Box::pin(Cluster::start(&marque, setting)).await.unwrap();
    let customer = cluster.place_of(ServiceRole::Customer);
    for outage in [Outage::Silent, Outage::Unplugged] {
        cluster.cut(Place::Postgres, outage).unwrap();
        let began = Instant::now();
        while cluster.is_ready(customer).await {
            assert!(began.elapsed() < Duration::from_secs(5), "{outage:?}");
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert!(cluster.is_alive(customer).await, "{outage:?}");
        cluster.heal().unwrap();
        cluster.until_member_ready(customer).await.unwrap();
    }
}
