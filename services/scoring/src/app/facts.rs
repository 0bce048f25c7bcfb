//! Facts that come live: a purchase, a payment, an assessment.

use marque_auth::CallContext;
use marque_core::{CustomerId, FactId, SourceRecordId};
use marque_db::Conn;
use marque_intake::Outcome;
use marque_ledger::{Entry, IdempotencyKey, once, record};
use marque_rpc::CallMeta;
use prost::Message;

use super::{Assessor, FactRow, ScoreApp, rows};
use crate::{
    domain::{Happening, happening::Kind},
    error::{Error, Result},
    storage,
};

/// What became of a fact.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded {
    pub(crate) id: FactId,
    pub(crate) record: Option<SourceRecordId>,
    /// Whose it now is; `None` until he arrives.
    pub(crate) customer: Option<CustomerId>,
    pub(crate) outcome: Outcome,
}

impl ScoreApp {
    /// Creates or replaces one fact; `answer` makes what the key remembers.
    pub(crate) async fn put_fact<R, A>(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        key: Option<IdempotencyKey>,
        (dealer, source, kind, row): (&str, &str, &str, FactRow<'_>),
        request: R,
        answer: impl Fn(Recorded) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        if source.trim().is_empty() || source.chars().count() > 64 {
            let message = "name the source system of the row, such as dms, in 1 to 64 characters";
            return Err(Error::field("source", "MISSING", message));
        }
        let kind = Kind::from_code(kind)
            .ok_or_else(|| Error::field("kind", "UNKNOWN", "purchase, payment or assessment"))?;
        let dealer = self.directory.check(meta, dealer).await?;
        let now = self.clock.now();
        let fact = rows::read(kind, &row, (&dealer, source), now).map_err(Error::Invalid)?;
        let assessor = self.assessor.clone();
        self.db
            .write(move |conn| {
                once(
                    conn,
                    &ctx,
                    now,
                    "fact.put",
                    key.as_ref(),
                    &request,
                    |conn| {
                        let recorded = put(conn, &assessor, std::slice::from_ref(&fact))?[0];
                        if recorded.outcome == Outcome::Stored {
                            let subject = recorded.id.to_string();
                            let entry = Entry {
                                act: "fact_put",
                                subject: &subject,
                                dealer: dealer.as_str(),
                                detail: fact.kind.code(),
                            };
                            record(conn, &ctx, now, &entry)?;
                        }
                        Ok(answer(recorded))
                    },
                )
            })
            .await
    }
}

/// Writes facts and scores whom they concern.
pub(super) fn put(
    conn: &mut Conn<'_>,
    assessor: &Assessor,
    facts: &[Happening],
) -> Result<Vec<Recorded>, marque_db::StoreError> {
    storage::lock(conn)?;
    let ids = facts.iter().map(|fact| fact.id);
    let known = storage::find_happenings(conn, ids)?;
    let is_known = |fact: &Happening| {
        known
            .get(&fact.id)
            .is_some_and(|known| known.says_the_same(fact))
    };
    let outcomes: Vec<Outcome> = facts
        .iter()
        .map(|fact| {
            if is_known(fact) {
                Outcome::Unchanged
            } else {
                Outcome::Stored
            }
        })
        .collect();
    let stored: Vec<Happening> = facts
        .iter()
        .zip(&outcomes)
        .filter(|(_, outcome)| **outcome == Outcome::Stored)
        .map(|(fact, _)| fact.clone())
        .collect();
    storage::put_happenings(conn, &stored)?;
    let records = facts.iter().filter_map(|fact| fact.record);
    let before = known.values().filter_map(|fact| fact.record);
    let customers = storage::customers_of(conn, records.chain(before))?;
    if !stored.is_empty() {
        assessor.assess(conn, customers.values().copied())?;
    }
    let recorded = facts.iter().zip(outcomes).map(|(fact, outcome)| Recorded {
        id: fact.id.into(),
        record: fact.record,
        customer: fact
            .record
            .and_then(|record| customers.get(&record).copied()),
        outcome,
    });
    Ok(recorded.collect())
}
