//! Counting from scratch: the counters must be what the records say, to the last digit.

use marque_auth::{CallContext, Role};
use marque_db::Conn;
use marque_ledger::{Entry, Keyed, record};
use prost::Message;
use uuid::Uuid;

use super::QualityApp;
use crate::{
    domain::{Counter, Counters},
    error::{Error, Result},
    storage,
};

/// Records read at once.
const PAGE: u32 = 2000;

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
        self.db
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
            .await
    }
}

fn put_right(conn: &mut Conn<'_>) -> Result<Recounted> {
    storage::lock(conn)?;
    let (records, anew) = count(conn)?;
    let stored = storage::all_counters(conn)?;
    let differs = |key| stored.0.get(key) != anew.0.get(key);
    let new_keys = anew.0.keys().filter(|key| !stored.0.contains_key(key));
    let keys = stored.0.keys().chain(new_keys);
    let differing = keys.filter(|key| differs(key)).count() as i64;
    if differing > 0 {
        storage::replace_counters(conn, &anew)?;
    }
    Ok(Recounted {
        records,
        counters: anew.0.len() as i64,
        differing,
    })
}

fn count(conn: &mut Conn<'_>) -> Result<(i64, Counters)> {
    let (mut counters, mut records, mut after) = (Counters::default(), 0, Uuid::nil());
    loop {
        let page = storage::kept_after(conn, after, PAGE)?;
        let Some(last) = page.last() else {
            counters
                .0
                .retain(|_, counter: &mut Counter| counter.records != 0);
            return Ok((records, counters));
        };
        after = last.evidence.id;
        records += page.len() as i64;
        for kept in &page {
            counters.enter(&kept.place, &kept.scored);
        }
    }
}
