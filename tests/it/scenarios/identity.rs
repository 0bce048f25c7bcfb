//! One customer out of many records.

use marque_auth::Role;
use marque_system_tests::{Api, Sandbox};
use serde_json::{Value, json};

use super::{in_both_topologies, two_dealers};

in_both_topologies!(
    two_dealers_records_are_one_customer,
    a_merge_takes_the_car_along_and_undo_brings_it_back,
    a_corrected_vin_leaves_the_car_that_was_never_his
);

pub(super) async fn put(
    api: &Api,
    dealer: &str,
    key: &str,
    columns: Value,
) -> anyhow::Result<String> {
    let answer = api
        .put(&format!("/v1/source-records/{dealer}/dms/{key}"), columns)
        .await?;
    anyhow::ensure!(
        answer.status.is_success(),
        "{}: {}",
        answer.status,
        answer.body
    );
    Ok(answer.body["customer_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned())
}

async fn two_dealers_records_are_one_customer(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let id_number = "11010519491231002X";
    let first = put(
        &sandbox.dealer(Role::Sales, "D1"),
        "D1",
        "a",
        json!({"name": "王小明", "id_number": id_number}),
    )
    .await?;
    let second = put(
        &sandbox.dealer(Role::Service, "D2"),
        "D2",
        "x",
        json!({"name": "王小明", "id_number": id_number.to_lowercase(), "phone": "13800138001", "explicit_requests": "六点后来电"}),
    )
    .await?;
    assert_eq!(first, second);
    let agent = sandbox.headquarters(Role::Agent);
    let customer = agent
        .get(&format!("/v1/customers/{first}?lineage=true"))
        .await?
        .body;
    assert_eq!(customer["source_records"], 2);
    assert_eq!(customer["explicit_requests"], json!(["六点后来电"]));
    assert_eq!(customer["birthday"], "1949-12-31");
    sandbox.stop().await
}

pub(super) async fn a_merge_takes_the_car_along_and_undo_brings_it_back(
    sandbox: Sandbox,
) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let sales = sandbox.dealer(Role::Sales, "D1");
    let with_car = put(
        &sales,
        "D1",
        "a",
        json!({"name": "欧阳建国", "vin": "LJ1EEKRN7R4000001", "plate": "京A12345"}),
    )
    .await?;
    let other = put(
        &sales,
        "D1",
        "b",
        json!({"name": "欧阳建国", "phone": "13800138001"}),
    )
    .await?;
    assert_ne!(with_car, other);
    let steward = sandbox.headquarters(Role::Steward);
    let merged = steward
        .post(
            &format!("/v1/customers/{with_car}/merge"),
            json!({"into": other, "reason": "same person at the counter"}),
        )
        .await?;
    anyhow::ensure!(merged.status.is_success(), "{}", merged.body);
    let merge_id = merged.body["merge_id"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let agent = sandbox.headquarters(Role::Agent);
    let has_car = |profile: &Value| {
        profile["vehicles"]
            .to_string()
            .contains("LJ1EEKRN7R4000001")
    };
    agent
        .eventually(&format!("/v1/customers/{other}/profile"), has_car)
        .await?;
    let old_id = agent.get(&format!("/v1/customers/{with_car}")).await?.body;
    assert_eq!(
        old_id["id"],
        json!(other),
        "an id that ever was a customer's answers for ever"
    );
    let undone = steward
        .post(&format!("/v1/merges/{merge_id}/undo"), json!({}))
        .await?;
    anyhow::ensure!(undone.status.is_success(), "{}", undone.body);
    agent
        .eventually(&format!("/v1/customers/{with_car}/profile"), has_car)
        .await?;
    agent
        .eventually(&format!("/v1/customers/{other}/profile"), |profile| {
            !has_car(profile)
        })
        .await?;
    sandbox.stop().await
}

async fn a_corrected_vin_leaves_the_car_that_was_never_his(sandbox: Sandbox) -> anyhow::Result<()> {
    two_dealers(&sandbox).await?;
    let (wrong, right) = ("LJ1EEKRN7R4000001", "LATPAB071W1005301");
    let sales = sandbox.dealer(Role::Sales, "D1");
    let typed = |vin: &str| json!({"name": "欧阳建国", "vin": vin, "recorded_at": "2026-01-05"});
    let id = put(&sales, "D1", "a", typed(wrong)).await?;
    let agent = sandbox.headquarters(Role::Agent);
    let path = format!("/v1/customers/{id}/profile");
    agent
        .eventually(&path, |profile| is_his(profile, wrong) == Some(true))
        .await?;
    assert_eq!(put(&sales, "D1", "a", typed(right)).await?, id);
    agent
        .eventually(&path, |profile| {
            let cars = (is_his(profile, right), is_his(profile, wrong));
            cars == (Some(true), Some(false))
        })
        .await?;
    sandbox.stop().await
}

/// Whether a car of a profile is his now; `None` if it is not there.
fn is_his(profile: &Value, vin: &str) -> Option<bool> {
    let mut cars = profile["vehicles"]["vehicles"].as_array()?.iter();
    let car = cars.find(|car| car["vehicle"]["vin"] == vin)?;
    let mut parties = car["parties"].as_array()?.iter();
    Some(parties.any(|party| party.get("valid_to").is_none()))
}
