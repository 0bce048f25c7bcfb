//! Many equal requests at once, and a kill in the middle: one effect, one answer (reliability.md R1).

use std::{collections::BTreeSet, time::Duration};

use anyhow::{Context as _, ensure};
use marque_auth::Role;
use marque_config::ServiceRole;
use marque_load::Dice;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::traffic::DEALER;
use crate::{Books, Cluster};

/// Equal requests at once.
const TWINS: usize = 32;
const PATIENCE: Duration = Duration::from_secs(120);

/// So many rounds of equal requests, with the service or the gateway killed in the middle of each; answers how many cases there are.
///
/// # Errors
/// If one effect happened twice or not at all, or answers differ.
pub async fn same_key(mut cluster: Cluster, rounds: usize, seed: u64) -> anyhow::Result<usize> {
    let mut dice = Dice::new(seed);
    cluster
        .caller(Role::HqAdmin, None)?
        .put_dealer(DEALER)
        .await?;
    let desk = cluster.caller(Role::Service, Some(DEALER))?;
    for round in 0..rounds {
        let body = json!({
            "dealer": DEALER, "source": "faults", "customer_key": "c1", "channel": "phone", "category": "维修质量",
            "severity": "high", "text": format!("第{round}次"), "another_matter": true,
        });
        let mut twins = JoinSet::new();
        for _ in 0..TWINS {
            let (desk, body) = (desk.clone(), body.clone());
            twins.spawn(async move {
                desk.write(
                    Method::POST,
                    "/v1/complaints",
                    &body,
                    &format!("round-{round}"),
                    PATIENCE,
                )
                .await
            });
        }
        tokio::time::sleep(Duration::from_millis(dice.below(40) as u64)).await;
        let victim = if round % 4 == 3 {
            ServiceRole::Gateway
        } else {
            ServiceRole::Complaint
        };
        cluster.kill_and_start(cluster.place_of(victim))?;
        let mut ids = BTreeSet::new();
        while let Some(twin) = twins.join_next().await {
            let told = twin.context("a caller panicked")??;
            ids.insert(told.text("id")?.to_owned());
        }
        ensure!(
            ids.len() == 1,
            "round {round}: {TWINS} equal requests were told of {} cases",
            ids.len()
        );
    }
    cluster.until_ready().await?;
    cluster.until_quiet(PATIENCE).await?;
    let counted = Books::open(cluster.stores()?)?.check().await?;
    ensure!(
        counted.complaints == rounds,
        "{rounds} keys made {} cases",
        counted.complaints
    );
    Ok(counted.complaints)
}
