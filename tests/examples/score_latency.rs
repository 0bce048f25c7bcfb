//! Measures the way from a REST write over the bus to the score that shows it: `POST /v1/visits` is sent, and
//! `GET /v1/customers/{id}/score` is asked until its facts hold the new visit.
//!
//! `score_latency [CUSTOMERS] [VISITS]` prints one JSON line for all roles in one process, and one for a role each over
//! mTLS.

use std::{fmt::Write as _, io::Write as _, time::Instant};

use anyhow::Context as _;
use marque_auth::Role;
use marque_system_tests::{Sandbox, Topology};
use serde_json::{Value, json};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let mut number = |default: usize| match arguments.next() {
        Some(text) => text.parse().context("a number"),
        None => Ok(default),
    };
    let (customers, visits) = (number(2_000)?, number(300)?);
    for topology in [Topology::AllInOne, Topology::OneRoleEach] {
        let report = measure(topology, customers, visits).await?;
        writeln!(std::io::stdout(), "{report}")?;
    }
    Ok(())
}

async fn measure(topology: Topology, customers: usize, visits: usize) -> anyhow::Result<Value> {
    let sandbox = Sandbox::start(topology).await?;
    let admin = sandbox.headquarters(Role::HqAdmin);
    let dealer = json!({"name": "Dealer D1", "region": "east", "group": ""});
    admin.put("/v1/dealers/D1", dealer).await?;
    let mut file = "客户编号,姓名,手机号\n".to_owned();
    for n in 0..customers {
        writeln!(file, "c{n},李晓明,{}", phone(n))?;
    }
    sandbox
        .dealer(Role::Dms, "D1")
        .import("customers", "D1", &file)
        .await?;
    let agent = sandbox.headquarters(Role::Agent);
    let service = sandbox.dealer(Role::Service, "D1");
    let mut milliseconds = Vec::with_capacity(visits);
    for n in 0..visits {
        let who = n * 7 % customers;

        let found = agent
            .post("/v1/lookup", json!({"phone": phone(who)}))
            .await?
            .body;
        let id = found["customers"][0]["id"].as_str().context("a customer")?;
        let visit = json!({
            "dealer": "D1", "source": "dms", "order_number": format!("R{n}"), "customer_key": format!("c{who}"),
            "kind": "repair", "opened_at": format!("2026-{:02}-{:02} 09:00", 1 + n % 9, 1 + n % 28),
            "amount": format!("{}.00", 100 + n),
        });
        let path = format!("/v1/customers/{id}/score?explain=true");
        let before = agent.get(&path).await?.body["indicators"].clone();
        let begun = Instant::now();
        let put = service.post("/v1/visits", visit).await?;
        anyhow::ensure!(put.status.is_success(), "{}", put.body);
        while agent.get(&path).await?.body["indicators"] == before {
            anyhow::ensure!(begun.elapsed().as_secs() < 20, "the score does not follow");
        }
        milliseconds.push(begun.elapsed().as_secs_f64() * 1_000.0);
    }
    sandbox.stop().await?;
    milliseconds.sort_by(f64::total_cmp);
    let at = |share: f64| milliseconds[((milliseconds.len() - 1) as f64 * share) as usize];
    Ok(json!({
        "topology": format!("{topology:?}"), "customers": customers, "visits": visits,
        "p50_ms": at(0.5), "p90_ms": at(0.9), "p99_ms": at(0.99), "max_ms": at(1.0),
    }))
}

/// An invented mobile number; none of those that are all zeros, which nobody is known by.
fn phone(n: usize) -> String {
    format!("139{:08}", 20_406_813 + n * 7_919)
}
