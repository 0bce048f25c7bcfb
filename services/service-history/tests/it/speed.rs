//! How fast: a measurement, not a test. Run it alone:
//! `cargo test --profile release-fast -p marque-service-history --test it -- --ignored --nocapture`.

#![expect(clippy::print_stdout, reason = "a measurement is there to be read")]

use std::{fmt::Write as _, time::Instant};

use marque_api::service_history::v1::{ListCustomerVisitsRequest, ListVehicleVisitsRequest};
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, block_on};

use crate::{
    imports::import,
    world::{World, customer, link, linked, vin},
};

const VISITS: u32 = 50_000;
/// Ten visits a customer.
const CUSTOMERS: u32 = VISITS / 10;
const READS: u32 = 20_000;

#[test]
#[ignore = "a measurement"]
fn imports_and_hot_reads_on_sqlite() {
    block_on(async {
        let world = World::start(TestDb::sqlite()).await;
        let numbers: Vec<u32> = (0..CUSTOMERS).collect();
        let links = numbers.chunks(1_000).enumerate().map(|(at, chunk)| {
            let link = |n: &u32| {
                link(
                    "D1",
                    &format!("K{n}"),
                    customer(u128::from(*n) + 1),
                    &vin(*n),
                )
            };
            linked(at as i64 + 1, chunk.iter().map(link).collect())
        });
        world.customers.deliver(links.collect::<Vec<_>>()).await;
        for file in [file(), file()] {
            let begun = Instant::now();
            let import = import(&world, &file).await;
            let rate = f64::from(VISITS) / begun.elapsed().as_secs_f64();
            println!(
                "import: {rate:.0} visits a second, {} unchanged",
                import.unchanged
            );
        }
        let desk = world.caller(Role::Service, Scope::Dealer("D1".parse().unwrap()));
        let mut history = world.history();
        time(
            "ListVehicleVisits of nothing, the cost of the call",
            async |n| {
                let message = ListVehicleVisitsRequest {
                    vin: n.to_string(),
                    ..ListVehicleVisitsRequest::default()
                };
                history
                    .list_vehicle_visits(desk.outgoing(message))
                    .await
                    .unwrap();
            },
        )
        .await;
        let mut history = world.history();
        time("ListCustomerVisits, ten heads", async |n| {
            let customer_id = customer(u128::from(n % CUSTOMERS) + 1).to_string();
            let message = ListCustomerVisitsRequest {
                customer_id,
                page_size: 10,
                headers_only: true,
                page_token: String::new(),
            };
            let found = history
                .list_customer_visits(desk.outgoing(message))
                .await
                .unwrap()
                .into_inner();
            assert_eq!(found.visits.len(), 10);
        })
        .await;
    });
}

/// Ten visits of each car, a labour and a part line each.
fn file() -> String {
    let mut file = String::from(
        "工单号,车架号,客户编号,业务类型,进厂时间,出厂时间,里程,客户描述,故障诊断,金额,明细\n",
    );
    for n in 0..VISITS {
        let (owner, month) = (n % CUSTOMERS, n / CUSTOMERS + 1);
        let lines = r#""[{""line_kind"":""labour"",""name"":""更换"",""quantity"":1,""unit_price"":120,""technician"":""T7""},{""line_kind"":""part"",""code"":""P9"",""name"":""机滤"",""quantity"":1,""unit_price"":88}]""#;
        writeln!(
            file,
            "R{n},{},K{owner},保养,2025-{month:02}-05 09:00,2025-{month:02}-05 12:00,{},例行保养,正常,208,{lines}",
            vin(owner),
            month * 1_000,
        )
        .unwrap();
    }
    file
}

async fn time(name: &str, mut call: impl AsyncFnMut(u32)) {
    let begun = Instant::now();
    for n in 0..READS {
        call(n).await;
    }
    println!(
        "{name}: {:.1} µs",
        begun.elapsed().as_secs_f64() * 1e6 / f64::from(READS)
    );
}
