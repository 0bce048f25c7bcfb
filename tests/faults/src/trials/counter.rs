//! Many who read, count on and write with `If-Match`: nobody's write is lost (reliability.md R5).

use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use marque_auth::Role;
use reqwest::{Method, StatusCode};
use serde_json::json;
use tokio::task::JoinSet;

use super::traffic::DEALER;
use crate::{Caller, Cluster};

const PATIENCE: Duration = Duration::from_secs(120);

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub struct Sum {
    /// Writes that were told to have happened.
    pub written: u64,
    /// What the counter stands at.
    pub stands_at: u64,
    /// Writes refused since somebody else was first.
    pub refused: u64,
}

/// So many clients raise a number in a case's field so many times each, each by reading it and writing it with the version read.
///
/// # Errors
/// If the sum is not exact, or a request fails otherwise.
pub async fn count_up(cluster: &Cluster, clients: usize, times: usize) -> anyhow::Result<Sum> {
    cluster
        .caller(Role::HqAdmin, None)?
        .put_dealer(DEALER)
        .await?;
    let desk = cluster.caller(Role::Service, Some(DEALER))?;
    let body = json!({
        "dealer": DEALER, "source": "faults", "customer_key": "counter", "channel": "phone", "category": "维修质量",
        "severity": "high", "text": "数", "part": "0", "another_matter": true,
    });
    let opened = desk
        .write(Method::POST, "/v1/complaints", &body, "counter", PATIENCE)
        .await?;
    let path = format!("/v1/complaints/{}", opened.text("id")?);
    let mut all = JoinSet::new();
    for _ in 0..clients {
        let (desk, path) = (cluster.caller(Role::Service, Some(DEALER))?, path.clone());
        all.spawn(async move { raise(&desk, &path, times).await });
    }
    let mut sum = Sum {
        written: 0,
        stands_at: 0,
        refused: 0,
    };
    while let Some(client) = all.join_next().await {
        let (written, refused) = client.context("a client panicked")??;
        sum.written += written;
        sum.refused += refused;
    }
    let stands = desk.read(&path, PATIENCE).await?;
    sum.stands_at = stands.text("part")?.parse()?;
    ensure!(
        sum.stands_at == sum.written,
        "{} writes were acknowledged and the sum is {}",
        sum.written,
        sum.stands_at
    );
    Ok(sum)
}

async fn raise(desk: &Caller, path: &str, times: usize) -> anyhow::Result<(u64, u64)> {
    let (mut written, mut refused) = (0, 0);
    while written < times as u64 {
        let seen = desk.read(path, PATIENCE).await?;
        let version = seen.etag.clone().context("a case has a version")?;
        let next = seen.text("part")?.parse::<u64>()? + 1;
        let body = json!({"part": next.to_string(), "note": "数"});
        let amend = format!("{path}/amendments");
        let told = desk
            .once(Method::POST, &amend, Some(&body), &[("if-match", &version)])
            .await?;
        match told.status {
            StatusCode::OK => written += 1,
            // Somebody was first, or it was shed: certainly not done.
            StatusCode::PRECONDITION_FAILED | StatusCode::SERVICE_UNAVAILABLE => refused += 1,
            other => bail!("{other} {}", told.body["reason"]),
        }
    }
    Ok((written, refused))
}
