//! Writers who go on whatever happens, and remember what they were told.

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context as _, ensure};
use marque_auth::Role;
use marque_config::ServiceRole;
use reqwest::Method;
use serde_json::json;
use tokio::task::JoinSet;

use crate::{Books, Caller, Cluster, people::phone};

/// The dealer they all write for.
pub(super) const DEALER: &str = "D1";
/// A writer gives up after this; then the trial has failed.
const PATIENCE: Duration = Duration::from_secs(120);

/// Everything that was acknowledged.
#[derive(Debug, Default)]
struct Acknowledged {
    /// Source records by key, with the customer told.
    records: BTreeMap<String, String>,
    /// Cases by the key of the request that opened them.
    cases: BTreeMap<String, String>,
    /// State last told of each case.
    states: BTreeMap<String, String>,
}

/// Writers at work.
#[derive(Debug)]
pub struct Traffic {
    writers: JoinSet<anyhow::Result<Acknowledged>>,
    is_over: Arc<AtomicBool>,
    written: Arc<AtomicU64>,
}

impl Traffic {
    /// Lets so many writers begin, each with keys of its own.
    ///
    /// # Errors
    /// If the dealer cannot be made.
    pub async fn begin(cluster: &Cluster, writers: usize) -> anyhow::Result<Self> {
        cluster
            .caller(Role::HqAdmin, None)?
            .put_dealer(DEALER)
            .await?;
        let mut traffic = Self {
            writers: JoinSet::new(),
            is_over: Arc::default(),
            written: Arc::default(),
        };
        for number in 0..writers {
            let writer = Writer {
                dms: cluster.caller(Role::Dms, Some(DEALER))?,
                desk: cluster.caller(Role::Service, Some(DEALER))?,
                number,
                told: Acknowledged::default(),
            };
            let (is_over, written) = (Arc::clone(&traffic.is_over), Arc::clone(&traffic.written));
            traffic.writers.spawn(writer.run(is_over, written));
        }
        Ok(traffic)
    }

    /// Writes acknowledged so far.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Waits until something is acknowledged that was not before; answers how long that took.
    ///
    /// # Errors
    /// If nothing is within the time.
    pub async fn until_it_flows(&self, patience: Duration) -> anyhow::Result<Duration> {
        // More than one for each writer: some may have been answered before the network healed.
        let (began, goal) = (
            Instant::now(),
            self.written() + self.writers.len() as u64 + 1,
        );
        while self.written() < goal {
            ensure!(
                began.elapsed() < patience,
                "no writes were acknowledged for {patience:?} after the fault"
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(began.elapsed())
    }

    /// Lets the writers end, waits until events have come to rest, stops the system, and checks the books and every acknowledgement.
    ///
    /// # Errors
    /// What was lost, is there twice, or does not balance.
    pub async fn end_and_check(mut self, mut cluster: Cluster) -> anyhow::Result<Verdict> {
        self.is_over.store(true, Ordering::Relaxed);
        let mut told = Acknowledged::default();
        while let Some(writer) = self.writers.join_next().await {
            let mut of_one = writer.context("a writer panicked")??;
            told.records.append(&mut of_one.records);
            told.cases.append(&mut of_one.cases);
            told.states.append(&mut of_one.states);
        }
        cluster.heal()?;
        cluster.until_ready().await?;
        cluster.until_quiet(PATIENCE).await?;
        let recount = cluster.caller(Role::HqAdmin, None)?;
        let recount = recount
            .write(
                Method::POST,
                "/v1/quality/recount",
                &json!({}),
                "recount",
                PATIENCE,
            )
            .await?;
        ensure!(
            recount.body["differing"] == 0,
            "counters differ from a recount: {}",
            recount.body
        );
        let books = Books::open(cluster.stores()?)?;
        let counted = books.check().await?;
        told.check(&books).await?;
        Ok(Verdict {
            records: told.records.len(),
            cases: told.cases.len(),
            events: counted.events,
            applied: counted.applied,
        })
    }
}

/// What was found to be right.
#[derive(Debug, Clone, Copy)]
pub struct Verdict {
    /// Records acknowledged, each there once.
    pub records: usize,
    /// Cases acknowledged, each there once and in the state last told.
    pub cases: usize,
    /// Events told.
    pub events: usize,
    /// Events applied, by all consumers together.
    pub applied: usize,
}

impl Acknowledged {
    async fn check(&self, books: &Books) -> anyhow::Result<()> {
        let keys = books.rows(ServiceRole::Customer, |conn| {
            let sql = "SELECT source_key FROM source_records WHERE source = 'faults'";
            conn.query(sql, &[], |row| row.get::<String>(0))
        });
        let mut times: BTreeMap<String, usize> = BTreeMap::new();
        for key in keys.await? {
            *times.entry(key).or_default() += 1;
        }
        let wrong = self
            .records
            .keys()
            .filter(|key| times.get(*key) != Some(&1))
            .count();
        ensure!(
            wrong == 0,
            "{wrong} of {} acknowledged records are not there just once",
            self.records.len()
        );
        let cases = books.rows(ServiceRole::Complaint, |conn| {
            let sql = "SELECT id, state FROM complaints";
            let typed =
                |row: &marque_db::Row<'_>| Ok((row.get::<uuid::Uuid>(0)?, row.get::<String>(1)?));
            conn.query(sql, &[], typed)
        });
        let cases: BTreeMap<String, String> = cases
            .await?
            .into_iter()
            .map(|(id, state)| (id.simple().to_string(), state))
            .collect();
        ensure!(
            cases.len() == self.cases.len(),
            "{} cases were acknowledged and {} are there: one was lost or opened twice",
            self.cases.len(),
            cases.len()
        );
        for (id, state) in &self.states {
            let plain = id.rsplit('_').next().unwrap_or(id);
            let there = cases.get(plain);
            ensure!(
                there == Some(state),
                "a case was told to be {state} and is {there:?}"
            );
        }
        Ok(())
    }
}

struct Writer {
    dms: Caller,
    desk: Caller,
    number: usize,
    told: Acknowledged,
}

impl Writer {
    async fn run(
        mut self,
        is_over: Arc<AtomicBool>,
        written: Arc<AtomicU64>,
    ) -> anyhow::Result<Acknowledged> {
        let mut round = 0;
        while !is_over.load(Ordering::Relaxed) {
            round += 1;
            let key = format!("w{}-{round}", self.number);
            self.put_record(&key, round).await?;
            written.fetch_add(1, Ordering::Relaxed);
            let case = self.open_case(&key).await?;
            written.fetch_add(1, Ordering::Relaxed);
            self.move_case(&key, &case).await?;
            written.fetch_add(1, Ordering::Relaxed);
        }
        Ok(self.told)
    }

    async fn put_record(&mut self, key: &str, round: usize) -> anyhow::Result<()> {
        let body =
            json!({"name": "王小明", "phone": phone((self.number * 1_000_000 + round) as u64)});
        let path = format!("/v1/source-records/{DEALER}/faults/{key}");
        let told = self
            .dms
            .write(Method::PUT, &path, &body, &format!("put-{key}"), PATIENCE)
            .await?;
        let customer = told.text("customer_id")?.to_owned();
        self.told.records.insert(key.to_owned(), customer);
        Ok(())
    }

    async fn open_case(&mut self, key: &str) -> anyhow::Result<String> {
        let body = json!({
            "dealer": DEALER, "source": "faults", "customer_key": key, "channel": "phone", "category": "维修质量",
            "severity": "high", "text": "刹车修了三次还是响", "another_matter": true,
        });
        let told = self
            .desk
            .write(
                Method::POST,
                "/v1/complaints",
                &body,
                &format!("open-{key}"),
                PATIENCE,
            )
            .await?;
        let id = told.text("id")?.to_owned();
        self.told.cases.insert(key.to_owned(), id.clone());
        Ok(id)
    }

    async fn move_case(&mut self, key: &str, case: &str) -> anyhow::Result<()> {
        let path = format!("/v1/complaints/{case}/transitions");
        let body = json!({"to": "acknowledged"});
        let told = self
            .desk
            .write(Method::POST, &path, &body, &format!("move-{key}"), PATIENCE)
            .await?;
        let state = told.text("state")?.to_owned();
        self.told.states.insert(case.to_owned(), state);
        Ok(())
    }
}
