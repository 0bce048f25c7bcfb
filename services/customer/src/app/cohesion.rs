//! Why each of a customer's records is his: what binds it to the others, and who brought them together.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, MergeId, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_ledger::{Entry, record};
use marque_linkage::score::{Reason, probability};

use super::{
    CustomerApp,
    evidence::{Compared, Likeness, Scales},
    shift::LINKAGE,
};
use crate::{
    domain::SourceRecord,
    error::Result,
    storage::{Move, MovedBy},
};

/// What binds a customer's records to him.
pub(crate) struct Cohesion {
    pub(crate) customer: CustomerId,
    /// Of each record of which the caller may know, the weakest first.
    pub(crate) bonds: Vec<Bond>,
    /// Whether all his records were looked at, and not the newest alone.
    pub(crate) is_whole: bool,
}

/// What binds one record.
pub(crate) struct Bond {
    pub(crate) record: SourceRecord,
    /// Nothing if he has no other.
    pub(crate) nearest: Option<Nearest>,
    /// To how many of his other records it would be linked if there were that one alone.
    pub(crate) held_by: usize,
    /// Whether nothing but the nearest holds it.
    pub(crate) stands_alone: bool,
    /// log2 odds of the two: the weakest come first.
    strength: f32,
}

/// The other record that resembles one most.
pub(crate) struct Nearest {
    /// Nothing if the caller may not know of it.
    pub(crate) record: Option<SourceRecordId>,
    pub(crate) probability: f32,
    /// Strongest first.
    pub(crate) evidence: Vec<Reason>,
    pub(crate) brought: Brought,
}

/// Who brought two records together.
pub(crate) struct Brought {
    pub(crate) by: MovedBy,
    /// Nothing where the later of the two was linked as it came.
    pub(crate) act: Option<MergeId>,
    /// Empty where it is not kept with the act, or not the caller's to know.
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) at: Option<Timestamp>,
}

/// Of one customer so many records are looked at, the newest: each is weighed against each.
const LOOKED_AT: usize = 50;

impl CustomerApp {
    /// What binds a customer's records to him, worked out now. That somebody looked goes on record.
    pub(crate) async fn cohesion(&self, ctx: CallContext, id: CustomerId) -> Result<Cohesion> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        let (app, asking) = (self.clone(), ctx.clone());
        let cohesion = self
            .db
            .scan(move |conn| app.cohesion_in(conn, &asking, id))
            .await?;
        self.record_look(ctx, cohesion.customer).await?;
        Ok(cohesion)
    }

    async fn record_look(&self, ctx: CallContext, customer: CustomerId) -> Result<()> {
        let (subject, now) = (customer.to_string(), self.clock.now());
        self.db
            .write(move |conn| {
                let entry = Entry {
                    act: "explained",
                    subject: &subject,
                    dealer: "",
                    detail: "",
                };
                Ok(record(conn, &ctx, now, &entry)?)
            })
            .await
    }

    fn cohesion_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: CustomerId,
    ) -> Result<Cohesion> {
        let customer = self.store.get_customer(conn, id)?;
        let file = self.file(conn, ctx, customer)?;
        let older = file.records.len().saturating_sub(LOOKED_AT);
        let records = &file.records[older..];
        let compared = self.compared(records);
        let scales = self.scales(conn, &compared)?;
        let family = self.store.family(conn, customer.serial)?;
        let moves = self.store.moves_bringing(conn, &family)?;
        let known: Vec<SourceRecordId> = file.known_records().map(|record| record.id).collect();
        let mut bonds: Vec<Bond> = records
            .iter()
            .zip(&compared)
            .filter(|(record, _)| file.is_known(record))
            .map(|(record, one)| Bond::of(record, one, &compared, &scales, &moves).told(&known))
            .collect();
        bonds.sort_by(|a, b| a.strength.total_cmp(&b.strength));
        Ok(Cohesion {
            customer: customer.id,
            bonds,
            is_whole: older == 0,
        })
    }
}

impl Bond {
    /// What binds one of all the records that were looked at.
    fn of(
        record: &SourceRecord,
        one: &Compared,
        all: &[Compared],
        scales: &Scales,
        moves: &[Move],
    ) -> Self {
        let others = all.iter().filter(|other| other.seq != one.seq);
        let pairs: Vec<Likeness<'_>> = scales.weigh(one, others).collect();
        let held_by = pairs.iter().filter(|pair| scales.links(pair)).count();
        let nearest = pairs.into_iter().reduce(Likeness::nearer);
        let is_held_by_nearest = nearest.as_ref().is_some_and(|pair| scales.links(pair));
        Self {
            record: record.clone(),
            held_by,
            stands_alone: held_by == usize::from(is_held_by_nearest),
            strength: nearest.as_ref().map_or(f32::NEG_INFINITY, strength),
            nearest: nearest.map(|pair| Nearest {
                record: Some(pair.other.record),
                probability: probability(pair.bits),
                brought: Brought::together([one.seq, pair.other.seq], moves),
                evidence: scales.waterfall(pair),
            }),
        }
    }

    /// The bond as it is told to somebody who knows of these records: of a nearest one that is none of them he hears how like it is,
    /// and neither which it is nor who brought it and why.
    fn told(mut self, known: &[SourceRecordId]) -> Self {
        if let Some(nearest) = &mut self.nearest
            && nearest.record.is_none_or(|record| !known.contains(&record))
        {
            nearest.record = None;
            nearest.brought.actor.clear();
            nearest.brought.reason.clear();
        }
        self
    }
}

/// A contradiction is weaker than any evidence is.
fn strength(pair: &Likeness<'_>) -> f32 {
    if pair.veto.is_some() {
        f32::NEG_INFINITY
    } else {
        pair.bits
    }
}

impl Brought {
    /// By the newest act that brought the one of two records to the other.
    fn together([one, other]: [i64; 2], moves: &[Move]) -> Self {
        let brings = |moved: &&Move| moved.records.contains(&one) != moved.records.contains(&other);
        moves
            .iter()
            .find(brings)
            .map_or_else(Self::as_it_came, Self::by)
    }

    fn as_it_came() -> Self {
        Self {
            by: MovedBy::Engine,
            act: None,
            actor: LINKAGE.to_owned(),
            reason: "linked as it came".to_owned(),
            at: None,
        }
    }

    fn by(moved: &Move) -> Self {
        let by = if moved.undone_at.is_none() && moved.actor == LINKAGE {
            MovedBy::Engine
        } else {
            MovedBy::People
        };
        let (actor, reason) = match moved.undone_at {
            None => (moved.actor.clone(), moved.reason.clone()),
            Some(_) => (String::new(), "what parted them was taken back".to_owned()),
        };
        Self {
            by,
            act: Some(moved.id),
            actor,
            reason,
            at: moved.undone_at.or(Some(moved.at)),
        }
    }
}
