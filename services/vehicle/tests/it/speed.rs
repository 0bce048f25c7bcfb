//! How fast: a measurement, not a test. Run it alone:
//! `cargo test --profile release-fast -p marque-vehicle --test it -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::time::Instant;

use marque_api::vehicle::v1::{
    ListCustomerVehiclesRequest, LookupVehiclesRequest, lookup_vehicles_request::Key,
};
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, block_on};

use crate::world::{World, customer, day, link, linked, recorded, vin, visit};

const CARS: u32 = 20_000;
const READS: u32 = 20_000;

#[test]
#[ignore = "a measurement"]
fn events_and_hot_reads_on_sqlite() {
    block_on(async {
        let world = World::start(TestDb::sqlite()).await;
        fill(&world).await;
        let desk = world.caller(Role::Service, Scope::Dealer("D1".parse().unwrap()));
        let mut vehicles = world.vehicles();
        let key = |n: u32| format!("京A{:05}", n % 100_000);
        time(
            "LookupVehicles of nothing, the cost of the call",
            READS,
            async |n| {
                let request = LookupVehiclesRequest {
                    key: Some(Key::Vin(n.to_string())),
                    ..LookupVehiclesRequest::default()
                };
                vehicles
                    .lookup_vehicles(desk.outgoing(request))
                    .await
                    .unwrap();
            },
        )
        .await;
        let mut vehicles = world.vehicles();
        time("LookupVehicles by plate", READS, async |n| {
            let request = LookupVehiclesRequest {
                key: Some(Key::Plate(key(n))),
                ..LookupVehiclesRequest::default()
            };
            let found = vehicles
                .lookup_vehicles(desk.outgoing(request))
                .await
                .unwrap()
                .into_inner();
            assert_eq!(found.vehicles.len(), 1);
        })
        .await;
        let mut vehicles = world.vehicles();
        time("ListCustomerVehicles", READS, async |n| {
            let customer_id = customer(u128::from(n % CARS) + 1).to_string();
            let request = ListCustomerVehiclesRequest {
                customer_id,
                limit: 0,
                page_token: String::new(),
            };
            let found = vehicles
                .list_customer_vehicles(desk.outgoing(request))
                .await
                .unwrap()
                .into_inner();
            assert_eq!(found.vehicles.len(), 1);
        })
        .await;
    });
}

async fn fill(world: &World) {
    let numbers: Vec<u32> = (0..CARS).collect();
    let links = numbers.chunks(1_000).enumerate().map(|(at, chunk)| {
        let link = |n: &u32| {
            link(
                "D1",
                &n.to_string(),
                customer(u128::from(*n) + 1),
                &vin(*n),
                &format!("京A{n:05}"),
                day(0),
            )
        };
        linked(at as i64 + 1, chunk.iter().map(link).collect())
    });
    let visits = numbers.chunks(1_000).enumerate().map(|(at, chunk)| {
        recorded(
            at as i64 + 1,
            chunk
                .iter()
                .map(|n| visit(u128::from(*n), "D1", &vin(*n), 5_000, day(9)))
                .collect(),
        )
    });
    let (links, visits): (Vec<_>, Vec<_>) = (links.collect(), visits.collect());
    for (name, feed, events) in [
        ("links", &world.customers, links),
        ("visits", &world.visits, visits),
    ] {
        let begun = Instant::now();
        feed.deliver(events).await;
        println!(
            "{name}: {:.0} a second",
            f64::from(CARS) / begun.elapsed().as_secs_f64()
        );
    }
}

async fn time(name: &str, count: u32, mut call: impl AsyncFnMut(u32)) {
    let begun = Instant::now();
    for n in 0..count {
        call(n).await;
    }
    println!(
        "{name}: {:.1} µs",
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(count)
    );
}
