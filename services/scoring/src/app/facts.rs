//! Facts that come live: a purchase, a payment, an assessment.

use std::collections::BTreeMap;

use marque_auth::CallContext;
use marque_core::{CustomerId, FactId, PageRequest, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_events::records_with_dealers;
use marque_intake::{HeldPage, Outcome, held_rows};
use marque_ledger::{Entry, IdempotencyKey, once, record};
use marque_rpc::CallMeta;
use marque_vault::Vault;
use prost::Message;
use uuid::Uuid;

use super::{Assessor, FactRow, ScoreApp, read::visible, rows, rows::Wrong};
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
        let kind = Kind::from_code(kind).ok_or_else(|| {
            Error::field(
                "kind",
                "UNKNOWN",
                "purchase, payment, assessment or benefit",
            )
        })?;
        let dealer = self.directory.check(meta, dealer).await?;
        let now = self.clock.now();
        let fact = rows::read(kind, &row, (&dealer, source), now).map_err(|wrong| {
            Error::Invalid(wrong.into_iter().map(Wrong::into_violation).collect())
        })?;
        let (assessor, vault) = (self.assessor.clone(), self.vault.clone());
        let plan = self.benefit_plan.clone();
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
                        let is_withdrawal = fact.withdrawn_at.is_some();
                        if is_withdrawal && storage::find_happenings(conn, [fact.id])?.is_empty() {
                            let message = "this dealer's source never told of one with this key";
                            return Err(Error::field("key", "UNKNOWN", message));
                        }
                        if let Some((_, benefit)) = fact.code.split_once(':')
                            && fact.kind == Kind::Benefit
                            && !plan.has(conn, benefit)?
                        {
                            let message = "the plan that counts has no benefit of this name";
                            return Err(Error::field("subject", "UNKNOWN", message));
                        }
                        let facts = std::slice::from_ref(&fact);
                        let recorded = put(conn, (&assessor, &vault), facts)?[0];
                        if recorded.outcome == Outcome::Erased {
                            return Err(Error::RecordErased);
                        }
                        if recorded.outcome == Outcome::Stored {
                            let subject = recorded.id.to_string();
                            let entry = Entry {
                                act: if is_withdrawal {
                                    "fact_withdrawn"
                                } else {
                                    "fact_put"
                                },
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

impl ScoreApp {
    /// What dealers told of a customer and tell now, for himself or for whoever hands it out to him, and the key of the next page: it is
    /// kept whether or not he wants to be scored.
    pub(crate) async fn export_facts(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<(Vec<storage::Told>, Option<String>)> {
        let now = self.clock.now();
        self.db
            .scan(move |conn| {
                let customer = visible(conn, ctx.scope(), customer, now)?;
                let told = storage::facts_told(conn, customer, &page)?;
                let is_full = told.len() == page.size as usize;
                let next = told.last().filter(|_| is_full).map(storage::told_key);
                Ok((told, next))
            })
            .await
    }
}

impl ScoreApp {
    /// Rows of files that are held back under a key of a customer's, for himself or for whoever hands them out to him.
    pub(crate) async fn export_held(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<HeldPage> {
        let (vault, now) = (self.vault.clone(), self.clock.now());
        self.db
            .scan(move |conn| {
                let customer = visible(conn, ctx.scope(), customer, now)?;
                let records = records_with_dealers(conn, customer)?;
                Ok(held_rows(conn, &vault, &records, &[], &page)?)
            })
            .await
    }
}

/// Writes facts and scores whom they concern. Of several versions of one fact the last counts; of people who were erased none does.
pub(super) fn put(
    conn: &mut Conn<'_>,
    (assessor, vault): (&Assessor, &Vault),
    facts: &[Happening],
) -> Result<Vec<Recorded>, marque_db::StoreError> {
    storage::lock(conn)?;
    let named = facts.iter().filter_map(|fact| fact.record);
    let erased = marque_intake::entombed(conn, vault, named)?;
    let mut known = storage::find_happenings(conn, facts.iter().map(|fact| fact.id))?;
    let before: Vec<SourceRecordId> = known.values().filter_map(|fact| fact.record).collect();
    let mut stored: BTreeMap<Uuid, Happening> = BTreeMap::new();
    let mut replaced: Vec<Happening> = Vec::new();
    let mut outcomes = Vec::with_capacity(facts.len());
    for fact in facts {
        if fact.record.is_some_and(|record| erased.contains(&record)) {
            outcomes.push(Outcome::Erased);
            continue;
        }
        let former = known.get(&fact.id);
        let Some(fact) = next_of(former, fact) else {
            outcomes.push(Outcome::Unchanged);
            continue;
        };
        outcomes.push(Outcome::Stored);
        // What a statement of this batch replaces was never seen by anybody.
        replaced.extend(former.filter(|_| !stored.contains_key(&fact.id)).cloned());
        known.insert(fact.id, fact.clone());
        stored.insert(fact.id, fact);
    }
    let stored: Vec<Happening> = stored.into_values().collect();
    if let Some(last) = stored.iter().map(|fact| fact.version).max() {
        storage::keep_versions(conn, replaced.iter(), Timestamp::from_micros(last))?;
    }
    storage::put_happenings(conn, &stored)?;
    let records: Vec<Option<SourceRecordId>> = facts
        .iter()
        .map(|fact| known.get(&fact.id).and_then(|known| known.record))
        .collect();
    let customers = storage::customers_of(conn, records.iter().flatten().copied().chain(before))?;
    if !stored.is_empty() {
        assessor.assess(conn, customers.values().copied())?;
    }
    let outcomes = records.into_iter().zip(outcomes);
    let recorded = facts.iter().zip(outcomes);
    let recorded = recorded.map(|(fact, (record, outcome))| Recorded {
        id: fact.id.into(),
        record,
        customer: record.and_then(|record| customers.get(&record).copied()),
        outcome,
    });
    Ok(recorded.collect())
}

/// How a fact stands after a word on it; `None` if the word changes nothing, or is older than the last one. What is withdrawn keeps what it said, and who says it
/// again restores it; of what was never said there is nothing to withdraw.
fn next_of(known: Option<&Happening>, word: &Happening) -> Option<Happening> {
    if known.is_some_and(|known| known.version > word.version) {
        return None;
    }
    match (known, word.withdrawn_at) {
        (Some(known), Some(_)) if known.withdrawn_at.is_none() => Some(Happening {
            version: word.version,
            withdrawn_at: word.withdrawn_at,
            ..known.clone()
        }),
        (_, Some(_)) => None,
        (Some(known), None) if known.says_the_same(word) => None,
        (_, None) => Some(word.clone()),
    }
}
