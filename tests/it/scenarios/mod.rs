//! Stories that users would tell.

mod bus;
mod complaints;
mod files;
mod forgotten;
mod identity;
mod quality;
mod rights;
mod scoring;
mod sight;

/// Runs a story in one process and in one role each.
macro_rules! in_both_topologies {
    ($($story:ident),* $(,)?) => {
        mod all_in_one {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() -> anyhow::Result<()> {
                super::$story(marque_system_tests::Sandbox::start(marque_system_tests::Topology::AllInOne).await?).await
            })*
        }
        mod one_role_each {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $story() -> anyhow::Result<()> {
                super::$story(marque_system_tests::Sandbox::start(marque_system_tests::Topology::OneRoleEach).await?).await
            })*
        }
    };
}
pub(crate) use in_both_topologies;

use marque_auth::Role;
use marque_system_tests::Sandbox;
use serde_json::json;

/// Two dealers of different regions.
pub(crate) async fn two_dealers(sandbox: &Sandbox) -> anyhow::Result<()> {
    let admin = sandbox.headquarters(Role::HqAdmin);
    for (code, region) in [("D1", "east"), ("D2", "west")] {
        let dealer = json!({"name": format!("Dealer {code}"), "region": region, "group": ""});
        let answer = admin.put(&format!("/v1/dealers/{code}"), dealer).await?;
        anyhow::ensure!(answer.status.is_success(), "{}", answer.body);
    }
    Ok(())
}
