//! The same stories over NATS JetStream, and what the broker may do meanwhile.

use std::time::Duration;

use marque_auth::Role;
use marque_system_tests::{Sandbox, Topology};
use marque_testkit::TestNats;
use serde_json::json;

use super::{identity, two_dealers};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_merge_travels_over_the_broker() -> anyhow::Result<()> {
    let Some(url) = TestNats::shared() else {
        return Ok(());
    };
    let sandbox = Sandbox::start_on_broker(Topology::OneRoleEach, &url).await?;
    Box::pin(identity::a_merge_takes_the_car_along_and_undo_brings_it_back(sandbox)).await
}

/// reliability.md R13 and R4: what is asked and written goes on without the broker, and what it lost comes again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_system_works_on_while_the_broker_is_down_and_wiped() -> anyhow::Result<()> {
    let Some(nats) = TestNats::start() else {
        return Ok(());
    };
    let sandbox = Sandbox::start_on_broker(Topology::AllInOne, nats.url()).await?;
    two_dealers(&sandbox).await?;
    let sales = sandbox.dealer(Role::Sales, "D1");
    let car = |n: u32| json!({"name": "欧阳建国", "vin": marque_testkit::vin(n), "phone": marque_testkit::phone(n)});
    let first = identity::put(&sales, "D1", "a", car(1)).await?;
    nats.wipe();
    let second = identity::put(&sales, "D1", "b", car(2)).await?;
    let agent = sandbox.headquarters(Role::Agent);
    for id in [&first, &second] {
        let customer = agent.get(&format!("/v1/customers/{id}")).await?;
        assert!(customer.status.is_success(), "reads go on");
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    nats.start_again();
    for (id, n) in [(first, 1), (second, 2)] {
        let path = format!("/v1/customers/{id}/profile");
        let vin = marque_testkit::vin(n);
        let has_car = |profile: &serde_json::Value| profile["vehicles"].to_string().contains(&vin);
        agent.eventually(&path, has_car).await?;
    }
    sandbox.stop().await
}
