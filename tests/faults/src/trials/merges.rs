//! Merges and their undoing, with kills at moments that nobody chose (reliability.md R7).

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use marque_auth::Role;
use marque_config::ServiceRole;
use marque_load::Dice;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use super::traffic::DEALER;
use crate::{Books, Caller, Cluster, books::Counted, people::phone};

const PATIENCE: Duration = Duration::from_secs(180);
/// Stewards at work at once.
const STEWARDS: usize = 8;

/// What was done and found to be right.
#[derive(Debug, Clone, Copy)]
pub struct Moves {
    /// Merges, each undone.
    pub merges: usize,
    /// Kills of the customer service meanwhile.
    pub kills: usize,
    /// What the books counted.
    pub counted: Counted,
}

/// So many merges, each acknowledged, looked at, and undone, while the customer service is killed again and again.
///
/// # Errors
/// If a record is lost, has two customers, or is not back where it was; or if another service thinks otherwise.
pub async fn merge_and_undo(
    mut cluster: Cluster,
    merges: usize,
    seed: u64,
) -> anyhow::Result<Moves> {
    cluster
        .caller(Role::HqAdmin, None)?
        .put_dealer(DEALER)
        .await?;
    let next = Arc::new(AtomicUsize::new(0));
    let mut stewards = JoinSet::new();
    for _ in 0..STEWARDS {
        let steward = Steward {
            dms: cluster.caller(Role::Dms, Some(DEALER))?,
            desk: cluster.caller(Role::Steward, None)?,
        };
        stewards.spawn(steward.work(Arc::clone(&next), merges));
    }
    let (mut dice, mut kills) = (Dice::new(seed), 0);
    let at = cluster.place_of(ServiceRole::Customer);
    while next.load(Ordering::Relaxed) < merges {
        cluster.until_member_ready(at).await?;
        tokio::time::sleep(Duration::from_millis(20 + dice.below(200) as u64)).await;
        cluster.kill_and_start(at)?;
        kills += 1;
    }
    while let Some(steward) = stewards.join_next().await {
        steward.context("a steward panicked")??;
    }
    cluster.until_ready().await?;
    cluster.until_quiet(PATIENCE).await?;
    let books = Books::open(cluster.stores()?)?;
    let counted = books.check().await?;
    ensure!(
        counted.records == 2 * merges,
        "{} records of {} are there",
        counted.records,
        2 * merges
    );
    let astray = books.rows(ServiceRole::Customer, |conn| {
        // Everything was undone: each record is alone with a customer of its own again.
        let sql = "SELECT customer FROM source_records GROUP BY customer HAVING COUNT(*) > 1";
        conn.query(sql, &[], |row| row.get::<i64>(0))
    });
    let astray = astray.await?;
    ensure!(
        astray.is_empty(),
        "{} customers have records that were moved back",
        astray.len()
    );
    Ok(Moves {
        merges,
        kills,
        counted,
    })
}

struct Steward {
    dms: Caller,
    desk: Caller,
}

impl Steward {
    async fn work(self, next: Arc<AtomicUsize>, merges: usize) -> anyhow::Result<()> {
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= merges {
                return Ok(());
            }
            self.merge_and_undo(number)
                .await
                .with_context(|| format!("merge {number}"))?;
        }
    }

    async fn merge_and_undo(&self, number: usize) -> anyhow::Result<()> {
        let (left, right) = (self.put(number, 'a').await?, self.put(number, 'b').await?);
        ensure!(
            left != right,
            "two people were taken for one before the merge"
        );
        let merge = self.merge(number, &left, &right).await?;
        ensure!(
            self.current(&left).await? == right,
            "the old id does not answer with who stays"
        );
        self.undo(&merge, number).await?;
        ensure!(
            self.current(&left).await? == left,
            "who was merged is not himself again"
        );
        ensure!(
            self.current(&right).await? == right,
            "who stayed is not himself any more"
        );
        Ok(())
    }

    /// A person who resembles nobody.
    async fn put(&self, number: usize, side: char) -> anyhow::Result<String> {
        let place = number * 2 + usize::from(side == 'b');
        let body = json!({"name": name(place), "phone": phone(place as u64)});
        let path = format!("/v1/source-records/{DEALER}/faults/m{number}{side}");
        let told = self
            .dms
            .write(
                Method::PUT,
                &path,
                &body,
                &format!("put-{number}{side}"),
                PATIENCE,
            )
            .await?;
        Ok(told.text("customer_id")?.to_owned())
    }

    async fn merge(&self, number: usize, from: &str, into: &str) -> anyhow::Result<String> {
        let body = json!({"into": into, "reason": "试"});
        let path = format!("/v1/customers/{from}/merge");
        let told = self
            .desk
            .write(
                Method::POST,
                &path,
                &body,
                &format!("merge-{number}"),
                PATIENCE,
            )
            .await?;
        Ok(told.text("merge_id")?.to_owned())
    }

    async fn undo(&self, merge: &str, number: usize) -> anyhow::Result<()> {
        let path = format!("/v1/merges/{merge}/undo");
        let told = self
            .desk
            .write(
                Method::POST,
                &path,
                &json!({}),
                &format!("undo-{number}"),
                PATIENCE,
            )
            .await?;
        ensure!(
            told.status.is_success(),
            "undo: {} {}",
            told.status,
            told.body["reason"]
        );
        Ok(())
    }

    async fn current(&self, id: &str) -> anyhow::Result<String> {
        let told = self
            .desk
            .read(&format!("/v1/customers/{id}"), PATIENCE)
            .await?;
        Ok(told.text("id")?.to_owned())
    }
}

/// A name that hardly anybody else here has.
fn name(place: usize) -> String {
    const FAMILY: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗";
    const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平";
    let pick = |of: &str, at: usize| of.chars().nth(at % 20).unwrap_or('王');
    [
        pick(FAMILY, place),
        pick(GIVEN, place / 20),
        pick(GIVEN, place / 400),
    ]
    .iter()
    .collect()
}
