//! Facts that come live: a purchase, a payment, an assessment.

use std::collections::BTreeMap;

use marque_auth::CallContext;
use marque_core::{CustomerId, FactId, SourceRecordId};
use marque_db::Conn;
use marque_intake::Outcome;
use marque_ledger::{Entry, IdempotencyKey, once, record};
use marque_rpc::CallMeta;
use prost::Message;
use uuid::Uuid;

use super::{Assessor, FactRow, ScoreApp, rows, rows::Wrong};
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
        let fact = rows::read(kind, &row, (&dealer, source), now).map_err(|wrong| {
            Error::Invalid(wrong.into_iter().map(Wrong::into_violation).collect())
        })?;
        let assessor = self.assessor.clone();
        // His customer is scored anew, by what he did at all dealers.
        self.db
            .across()
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

/// Writes facts and scores whom they concern. Of several versions of one fact the last counts.
pub(super) fn put(
    conn: &mut Conn<'_>,
    assessor: &Assessor,
    facts: &[Happening],
) -> Result<Vec<Recorded>, marque_db::StoreError> {
    storage::lock(conn)?;
    let mut known = storage::find_happenings(conn, facts.iter().map(|fact| fact.id))?;
    let before: Vec<SourceRecordId> = known.values().filter_map(|fact| fact.record).collect();
    let mut stored: BTreeMap<Uuid, &Happening> = BTreeMap::new();
    let mut outcomes = Vec::with_capacity(facts.len());
    for fact in facts {
        let is_known = known
            .get(&fact.id)
            .is_some_and(|known| known.says_the_same(fact));
        if is_known {
            outcomes.push(Outcome::Unchanged);
        } else {
            outcomes.push(Outcome::Stored);
            known.insert(fact.id, fact.clone());
            stored.insert(fact.id, fact);
        }
    }
    let stored: Vec<Happening> = stored.into_values().cloned().collect();
    storage::put_happenings(conn, &stored)?;
    let records = facts.iter().filter_map(|fact| fact.record);
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
