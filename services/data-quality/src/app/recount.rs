//! Counting from scratch: the counters must be what the records say, to the last digit.

use std::collections::BTreeMap;

use marque_auth::{CallContext, Role};
use marque_db::Conn;
use marque_ledger::{Entry, Keyed, record};
use prost::Message;
use uuid::Uuid;

use super::QualityApp;
use crate::{
    domain::{CounterKey, Counters, Sums},
    error::{Error, Result},
    storage,
};

/// Records read at once.
const PAGE: u32 = 5000;

/// What a recount found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Recounted {
    pub(crate) records: i64,
    pub(crate) counters: i64,
    /// Counters that were wrong and were put right.
    pub(crate) differing: i64,
}

impl QualityApp {
    /// Counts all records anew and puts right what differs.
    pub(crate) async fn recount<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        answer: impl Fn(Recounted) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require(Role::HqAdmin)?;
        let now = self.clock.now();
        let answer = self
            .db
            .bulk(move |conn| {
                keyed.once(conn, &ctx, now, "Recount", |conn| {
                    let recounted = put_right(conn)?;
                    let detail = format!(
                        "{} records, {} counters differed",
                        recounted.records, recounted.differing
                    );
                    let entry = Entry {
                        act: "recounted",
                        subject: "counters",
                        dealer: "",
                        detail: &detail,
                    };
                    record(conn, &ctx, now, &entry)?;
                    Ok::<_, Error>(answer(recounted))
                })
            })
            .await?;
        self.counted.notify_one();
        Ok(answer)
    }

    /// Counts all records once where an older release kept the sums in another table.
    pub(crate) async fn count_once(&self) -> Result<()> {
        let now = self.clock.now();
        let is_counted =
            |conn: &mut Conn<'_>| -> Result<bool> { Ok(storage::has_counted_anew(conn)?) };
        if self.db.read(is_counted).await? {
            return Ok(());
        }
        self.db
            .bulk(move |conn| {
                put_right(conn)?;
                Ok::<_, Error>(storage::mark_counted_anew(conn, now)?)
            })
            .await?;
        self.counted.notify_one();
        Ok(())
    }

    /// Orders clerks anew by their sums as they stand, which is much less than to count all records. A process of the release before
    /// that ran beside this one wrote the sums of clerks and not by what they are ordered: whoever starts last in a rollout mends it.
    pub(crate) async fn order_clerks(&self) -> Result<()> {
        self.db
            .bulk(|conn| {
                storage::lock(conn)?;
                Ok::<_, Error>(storage::rebuild_means(conn)?)
            })
            .await
    }
}

fn put_right(conn: &mut Conn<'_>) -> Result<Recounted> {
    storage::lock(conn)?;
    let (records, anew) = count(conn)?;
    let stored = storage::all_counters(conn)?;
    let new_keys = anew.keys().filter(|key| !stored.contains_key(key));
    let keys = stored.keys().chain(new_keys);
    let differing = keys.filter(|key| stored.get(key) != anew.get(key)).count() as i64;
    if differing > 0 {
        storage::replace_counters(conn, &anew)?;
    }
    // By what clerks are ordered follows from the sums, and is not compared.
    storage::rebuild_means(conn)?;
    Ok(Recounted {
        records,
        counters: anew.len() as i64,
        differing,
    })
}

fn count(conn: &mut Conn<'_>) -> Result<(i64, BTreeMap<CounterKey, Sums>)> {
    let (mut counters, mut records, mut after) = (Counters::default(), 0, Uuid::nil());
    loop {
        let page = storage::scored_after(conn, after, PAGE)?;
        let Some((last, ..)) = page.last() else {
            return Ok((records, counters.rolled_up()));
        };
        after = *last;
        records += page.len() as i64;
        for (_, place, scored) in &page {
            counters.enter(place, scored);
        }
    }
}
