//! The books: what must be true of all stores together once events have come to rest, whatever happened before.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, ensure};
use marque_config::ServiceRole;
use marque_db::{Conn, Database, Settings, StoreError};
use uuid::Uuid;

/// Which service follows which: the table of ARCHITECTURE.md, compared with the sources by `cargo xtask check-layers`.
const FOLLOWS: [(ServiceRole, &[ServiceRole]); 6] = {
    use ServiceRole::{
        Complaint, Customer, DataQuality, Network, Scoring, ServiceHistory, Vehicle,
    };
    [
        (Customer, &[Network]),
        (Vehicle, &[Network, Customer, ServiceHistory]),
        (ServiceHistory, &[Network, Customer, Vehicle]),
        (
            Scoring,
            &[Network, Customer, Vehicle, ServiceHistory, Complaint],
        ),
        (
            DataQuality,
            &[Network, Customer, Vehicle, ServiceHistory, Complaint],
        ),
        (Complaint, &[Network, Customer, Vehicle, Scoring]),
    ]
};
/// Services that keep whose a source record is.
const KEEP_LINKS: [ServiceRole; 4] = [
    ServiceRole::Vehicle,
    ServiceRole::ServiceHistory,
    ServiceRole::Scoring,
    ServiceRole::Complaint,
];

/// Stores of a system that stands still.
#[derive(Debug)]
pub struct Books {
    stores: BTreeMap<ServiceRole, Database>,
}

/// What was counted while the books were checked, so that a check of nothing is seen.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Counted {
    /// Events in all outboxes.
    pub events: usize,
    /// Of them, by each consumer that follows, applied.
    pub applied: usize,
    /// Source records of customers.
    pub records: usize,
    /// Cases.
    pub complaints: usize,
}

impl Books {
    /// Opens the stores.
    ///
    /// # Errors
    /// If one cannot be opened.
    pub fn open(stores: Vec<(ServiceRole, Settings)>) -> anyhow::Result<Self> {
        let open = |(role, settings): (ServiceRole, Settings)| {
            let database =
                Database::open(&settings).with_context(|| format!("the store of {role}"))?;
            Ok((role, database.across()))
        };
        let stores = stores
            .into_iter()
            .map(open)
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { stores })
    }

    /// Rows of a role's store.
    ///
    /// # Errors
    /// What the store says.
    pub async fn rows<T: Send + 'static>(
        &self,
        role: ServiceRole,
        read: impl Fn(&mut Conn<'_>) -> Result<T, StoreError> + Send + Sync + 'static,
    ) -> anyhow::Result<T> {
        Ok(self.stores[&role].read(read).await?)
    }

    /// Checks everything.
    ///
    /// # Errors
    /// What does not balance, in counts and ids.
    pub async fn check(&self) -> anyhow::Result<Counted> {
        let mut counted = Counted::default();
        self.check_events(&mut counted).await?;
        self.check_links(&mut counted).await?;
        self.check_complaints(&mut counted).await?;
        Ok(counted)
    }

    /// Whether every consumer has applied every event.
    pub(crate) async fn are_at_rest(&self) -> bool {
        self.check_events(&mut Counted::default()).await.is_ok()
    }

    /// Every event of every producer was applied by every consumer, once: the inbox has no other and no fewer, its key lets none in
    /// twice, the position is the last one's, and nothing was set aside.
    async fn check_events(&self, counted: &mut Counted) -> anyhow::Result<()> {
        let mut outboxes = BTreeMap::new();
        for role in self.stores.keys() {
            let events = self.ids(*role, "SELECT id FROM outbox").await?;
            counted.events += events.len();
            outboxes.insert(*role, events);
        }
        for (consumer, producers) in FOLLOWS {
            let aside = self.rows(consumer, |conn| {
                conn.query("SELECT reason FROM dead_letters", &[], |row| {
                    row.get::<String>(0)
                })
            });
            let aside = aside.await?;
            ensure!(aside.is_empty(), "{consumer} set events aside: {aside:?}");
            for producer in producers {
                let source = format!("marque/{producer}");
                let applied = self.rows(consumer, move |conn| {
                    conn.query(
                        "SELECT id FROM inbox WHERE source = ?1",
                        &[source.as_str().into()],
                        |row| row.get::<Uuid>(0),
                    )
                });
                let applied: BTreeSet<Uuid> = applied.await?.into_iter().collect();
                let told = &outboxes[producer];
                let (lost, invented) = (
                    told.difference(&applied).count(),
                    applied.difference(told).count(),
                );
                ensure!(
                    lost == 0 && invented == 0,
                    "{consumer} of {} events of {producer}: {lost} lost, {invented} that nobody told",
                    told.len()
                );
                counted.applied += applied.len();
            }
        }
        Ok(())
    }

    /// Every projection of whose a record is equals the records themselves, and every record's customer is one who stands.
    async fn check_links(&self, counted: &mut Counted) -> anyhow::Result<()> {
        let truth = self.rows(ServiceRole::Customer, |conn| {
            let sql =
                "SELECT r.id, c.id FROM source_records r JOIN customers c ON c.number = r.customer";
            conn.query(sql, &[], |row| {
                Ok((row.get::<Uuid>(0)?, row.get::<Uuid>(1)?))
            })
        });
        let truth: BTreeMap<Uuid, Uuid> = truth.await?.into_iter().collect();
        counted.records = truth.len();
        let orphans = self.rows(ServiceRole::Customer, |conn| {
            let sql =
                "SELECT r.id FROM source_records r LEFT JOIN customers c ON c.number = r.customer
                       WHERE c.number IS NULL OR c.merged_into IS NOT NULL";
            conn.query(sql, &[], |row| row.get::<Uuid>(0))
        });
        let orphans = orphans.await?;
        ensure!(
            orphans.is_empty(),
            "{} records of customers who do not stand",
            orphans.len()
        );
        for role in KEEP_LINKS {
            let kept = self.rows(role, |conn| {
                let sql = "SELECT source_record_id, customer_id FROM record_links";
                conn.query(sql, &[], |row| {
                    Ok((row.get::<Uuid>(0)?, row.get::<Uuid>(1)?))
                })
            });
            let kept: BTreeMap<Uuid, Uuid> = kept.await?.into_iter().collect();
            let wrong = truth
                .iter()
                .filter(|(record, customer)| kept.get(record) != Some(customer))
                .count();
            let more = kept
                .keys()
                .filter(|record| !truth.contains_key(record))
                .count();
            ensure!(
                wrong == 0 && more == 0,
                "{role}: {wrong} of {} links wrong, {more} too many",
                truth.len()
            );
        }
        Ok(())
    }

    /// The customer that a case shows is its record's.
    async fn check_complaints(&self, counted: &mut Counted) -> anyhow::Result<()> {
        counted.complaints = self
            .ids(ServiceRole::Complaint, "SELECT id FROM complaints")
            .await?
            .len();
        let strangers = self.rows(ServiceRole::Complaint, |conn| {
            let sql = "SELECT c.id FROM complaints c JOIN record_links l ON l.source_record_id = c.source_record_id
                       WHERE c.customer_id IS NULL OR c.customer_id <> l.customer_id";
            conn.query(sql, &[], |row| row.get::<Uuid>(0))
        });
        let strangers = strangers.await?;
        ensure!(
            strangers.is_empty(),
            "{} cases show another customer than their record's",
            strangers.len()
        );
        Ok(())
    }

    async fn ids(&self, role: ServiceRole, sql: &'static str) -> anyhow::Result<BTreeSet<Uuid>> {
        let all = self
            .rows(role, move |conn| {
                conn.query(sql, &[], |row| row.get::<Uuid>(0))
            })
            .await?;
        let count = all.len();
        let distinct: BTreeSet<Uuid> = all.into_iter().collect();
        ensure!(
            distinct.len() == count,
            "{role}: {} ids stand twice",
            count - distinct.len()
        );
        Ok(distinct)
    }
}
