//! What follows of a batch: customers joined by late evidence, pairs for the steward, and the news.

use marque_auth::CallContext;
use marque_core::{CustomerId, CustomerSerial, DuplicateId, MergeId, Timestamp};
use marque_db::{Backend, Conn};

use super::{
    super::{
        published::{self, Why},
        shift::LINKAGE,
    },
    Batch, Company,
};
use crate::{
    domain::Match,
    error::{Error, Result},
    storage::{Act, Duplicate, DuplicateState, Move},
};

/// A customer that a row showed to be another, or a record that left its customer.
#[derive(Debug)]
pub(super) struct Joined {
    act: Act,
    why: Why,
    from: CustomerSerial,
    into: CustomerSerial,
    /// What showed it.
    reason: String,
    /// Records that went, those of this batch among them.
    seqs: Vec<i64>,
}

impl Batch<'_> {
    /// Joins two customers, unless a steward parted anybody of the one from anybody of the other; the older one stays.
    /// Returns who is the row's.
    pub(super) fn join(
        &mut self,
        conn: &mut Conn<'_>,
        home: CustomerSerial,
        other: &Match,
    ) -> Result<CustomerSerial> {
        let other_now = self.current(other.customer);
        if home == other_now || self.are_parted(conn, home, other_now)? {
            return Ok(home);
        }
        let (into, from) = (home.min(other_now), home.max(other_now));
        let stored = self.app.store.seqs_of(conn, from)?;
        // What is not stored yet, or stored with another by now, this batch knows better.
        let joined_before = self.merges().filter(|joined| joined.into == from);
        let mut seqs: Vec<i64> = stored
            .into_iter()
            .chain(joined_before.flat_map(|joined| joined.seqs.iter().copied()))
            .filter(|seq| self.known.owner(*seq).is_none_or(|owner| owner == from))
            .chain(self.known.seqs(from).iter().copied())
            .collect();
        seqs.sort_unstable();
        seqs.dedup();
        let reason = format!("late evidence, {}", other.in_words());
        self.becomes(conn, (from, into), (Why::LateEvidence, reason), seqs)?;
        self.known.join(from, into);
        Ok(into)
    }

    /// Takes note that a customer is another from now on.
    pub(super) fn becomes(
        &mut self,
        conn: &mut Conn<'_>,
        (from, into): (CustomerSerial, CustomerSerial),
        (why, reason): (Why, String),
        seqs: Vec<i64>,
    ) -> Result<()> {
        if self.company == Company::Others && conn.backend() == Backend::Postgres {
            return Err(Error::JoinsWait);
        }
        self.touched.insert(into);
        self.touched.remove(&from);
        self.joined.push(Joined {
            act: Act::Merge,
            why,
            from,
            into,
            reason,
            seqs,
        });
        Ok(())
    }

    /// Takes note that a record left its customer, who keeps others, for what it says now.
    pub(super) fn leaves(
        &mut self,
        conn: &mut Conn<'_>,
        (from, into): (CustomerSerial, CustomerSerial),
        reason: String,
        seq: i64,
    ) -> Result<()> {
        let is_new = self.new_customers.iter().any(|new| new.serial == into);
        // Another row of the batch may have founded him: then he has records of his own.
        let is_founded = is_new && self.known.seqs(into) == [seq];
        let act = if is_founded {
            let family = self.family(conn, from)?;
            self.app.inherit_refusals(conn, &family, into)?;
            Act::Split
        } else {
            Act::Transfer
        };
        self.joined.push(Joined {
            act,
            why: Why::ChangedRecord,
            from,
            into,
            reason,
            seqs: vec![seq],
        });
        Ok(())
    }

    fn merges(&self) -> impl Iterator<Item = &Joined> {
        self.joined.iter().filter(|joined| joined.act == Act::Merge)
    }

    /// The customer that a number answers with after the joins of this batch.
    pub(super) fn current(&self, customer: CustomerSerial) -> CustomerSerial {
        self.merges().fold(customer, |current, joined| {
            if joined.from == current {
                joined.into
            } else {
                current
            }
        })
    }

    /// Whom this batch joined into a customer, in one step or several.
    pub(super) fn joined_into(
        &self,
        customer: CustomerSerial,
    ) -> impl Iterator<Item = CustomerSerial> + '_ {
        let joined = self.merges().map(|joined| joined.from);
        joined.filter(move |from| self.current(*from) == customer)
    }

    /// Whether a customer has no record but possibly this one: not among those that are compared, not in the store, and
    /// not on its way to him.
    pub(super) fn has_no_other(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
        seq: i64,
    ) -> Result<bool> {
        if !self.known.seqs(customer).is_empty() {
            return Ok(false);
        }
        let on_the_way = self.merges().filter(|joined| joined.into == customer);
        let mut others = self
            .app
            .store
            .seqs_of(conn, customer)?
            .into_iter()
            .chain(on_the_way.flat_map(|joined| joined.seqs.iter().copied()))
            .filter(|other| *other != seq)
            .filter(|other| {
                self.known
                    .owner(*other)
                    .is_none_or(|owner| owner == customer)
            });
        Ok(others.next().is_none())
    }

    /// Puts a pair before the steward.
    pub(super) fn propose(
        &self,
        conn: &mut Conn<'_>,
        home: CustomerSerial,
        other: &Match,
    ) -> Result<()> {
        let other_now = self.current(other.customer);
        // What was decided once is not asked again, whoever they have become since.
        if other_now == home || self.are_parted(conn, home, other_now)? {
            return Ok(());
        }
        let records = |customer| self.known.features(customer).len().max(1);
        let probability = f64::from(other.probability);
        let pair = Duplicate {
            id: DuplicateId::new(&*self.app.clock),
            left: home,
            right: other_now,
            probability,
            gain: probability * records(home).min(records(other_now)) as f64,
            reasons: other.reasons.clone(),
            state: DuplicateState::Open,
            found_at: self.now,
            closed_because: String::new(),
        };
        self.app.store.propose(conn, &pair)
    }

    /// Writes who was joined with whom, so that it can be undone.
    pub(super) fn save_joins(&mut self, conn: &mut Conn<'_>) -> Result<()> {
        let store = &self.app.store;
        let mut shut = Vec::new();
        for joined in self.merges() {
            store.move_records(conn, &joined.seqs, joined.into)?;
            store.set_merged_into(conn, joined.from, joined.into, self.now)?;
            self.app.pairs_follow(conn, joined.from, joined.into)?;
            let into = (self.id(conn, joined.into)?, joined.into);
            if self.app.shut_if_withdrawn(conn, into)? {
                shut.push(joined.into);
            }
        }
        self.shut = shut;
        Ok(())
    }

    /// Publishes and records what happened, in the same transaction.
    pub(super) fn tell(&mut self, conn: &mut Conn<'_>, ctx: &CallContext) -> Result<()> {
        let clock = &*self.app.clock;
        let mut links = Vec::with_capacity(self.placed.len());
        for placed in &self.placed {
            let row = self.rows[placed.row];
            let customer = self.known.owner(placed.seq).expect("the row was placed");
            let previous = placed.previous.filter(|previous| *previous != customer);
            links.push(published::Link {
                record: row.id,
                customer: self.id(conn, customer)?,
                previous: previous
                    .map(|previous| self.id(conn, previous))
                    .transpose()?,
                dealer: row.dealer.clone(),
                kind: self
                    .known
                    .identity(customer)
                    .map_or(row.facts.kind, |identity| identity.kind),
                vin: row.facts.vin.clone(),
                plate: row.facts.plate.clone(),
                recorded_at: row.recorded_at,
                said_at: Some(placed.said_at),
                marks: published::Marks::of(&row.facts, &row.dealer, &row.source),
            });
        }
        published::linked(conn, clock, links)?;
        let mut at = self.now;
        for joined in std::mem::take(&mut self.joined) {
            self.tell_joined(conn, ctx, joined, at)?;
            // Each later than the one before, so that they are undone in the right order.
            at = Timestamp::from_micros(at.as_micros() + 1);
        }
        Ok(())
    }

    fn tell_joined(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        joined: Joined,
        at: Timestamp,
    ) -> Result<()> {
        let clock = &*self.app.clock;
        let (from, into) = (self.id(conn, joined.from)?, self.id(conn, joined.into)?);
        let moved = Move {
            id: MergeId::new(clock),
            act: joined.act,
            from: joined.from,
            into: joined.into,
            records: joined.seqs,
            at,
            actor: LINKAGE.to_owned(),
            reason: joined.reason,
            undone_at: None,
        };
        self.app.store.insert_move(conn, &moved)?;
        // Of a record that left its customer the news of the batch tells already.
        if moved.act == Act::Merge {
            let records = self.app.store.records_by_seq(conn, &moved.records)?;
            self.app.tell_moved(conn, records, from, into, self.now)?;
            published::merged(conn, clock, from, into, moved.id, false)?;
            if self.shut.contains(&joined.into) {
                self.app.tell_shut(conn, into)?;
            }
        }
        published::moved(conn, clock, &moved, (from, into), (joined.why, false))?;
        let act = moved.act.as_str();
        self.app.record_move(conn, ctx, &moved, from, into, act)
    }

    fn id(&self, conn: &mut Conn<'_>, customer: CustomerSerial) -> Result<CustomerId> {
        match self.known.identity(customer) {
            Some(identity) => Ok(identity.id),
            None => Ok(self.app.store.get_identity(conn, customer)?.id),
        }
    }
}
