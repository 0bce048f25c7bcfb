//! What is done with customers who were looked at.

use std::time::Instant;

use marque_auth::CallContext;
use marque_core::{CustomerSerial, DuplicateId};
use marque_db::Conn;

use super::{
    super::{
        CustomerApp,
        published::Why,
        shift::{Cause, LINKAGE, Shift},
    },
    BATCH, JOB, LEASE,
    examine::{Examination, Next, Review},
};
use crate::{
    domain::{Customer, Match, Matcher},
    error::{Error, Result},
    storage::{Act, Claim, Duplicate, DuplicateState, Progress, Reconciliation},
};

/// So often a customer is looked at again after something was done with him.
const ROUNDS: usize = 16;
/// So many pairs are weighed again by whoever writes a record.
const AT_ONCE: usize = 8;
/// So many may wait for each other.
const QUEUE: usize = 8;

/// What happened since it was begun to settle a customer.
#[derive(Default)]
struct Settling {
    /// Customers who have already had to wait for another.
    waiting: Vec<CustomerSerial>,
    /// Who was parted, and from whom.
    parted: Vec<(CustomerSerial, CustomerSerial)>,
    /// Customers founded, who are settled too.
    founded: Vec<CustomerSerial>,
    done: Progress,
}

impl Settling {
    fn part(&mut self, from: CustomerSerial, new: CustomerSerial) {
        self.parted.push((from, new));
        self.founded.push(new);
        self.done.parted += 1;
    }

    /// The older of two stays, and is parted from whomever the other was parted from.
    fn join(&mut self, one: CustomerSerial, other: CustomerSerial) {
        let (into, from) = (one.min(other), one.max(other));
        for (left, right) in &mut self.parted {
            for number in [left, right] {
                if *number == from {
                    *number = into;
                }
            }
        }
        self.done.joined += 1;
    }
}

impl CustomerApp {
    /// The next customers, and those of them with whom something is to be done.
    pub(super) fn look_at(
        &self,
        conn: &mut Conn<'_>,
        from: &Reconciliation,
    ) -> Result<(Vec<CustomerSerial>, Vec<CustomerSerial>)> {
        // Who is founded meanwhile is looked at the next time: so it ends.
        let times = (from.since, from.started_at);
        let batch = self
            .store
            .customers_changed(conn, times, from.checkpoint, BATCH)?;
        let matcher = self.matcher(conn)?;
        let (began, nothing) = (Instant::now(), Settling::default());
        let (mut looked_at, mut wanting) = (Vec::new(), Vec::new());
        for customer in batch {
            looked_at.push(customer);
            match self.examine(conn, &matcher, customer, &nothing) {
                Ok(Next::Rest(review)) if review.is_empty() => {}
                Ok(_) => wanting.push(customer),
                Err(error) if error.is_lasting() => leave_out(customer, &error),
                Err(error) => return Err(error),
            }
            // The claim must outlast the batch.
            if began.elapsed() > LEASE / 4 {
                break;
            }
        }
        Ok((looked_at, wanting))
    }

    fn examine(
        &self,
        conn: &mut Conn<'_>,
        matcher: &Matcher,
        customer: CustomerSerial,
        so_far: &Settling,
    ) -> Result<Next> {
        self.examination(conn, matcher, so_far).of(customer)
    }

    fn examination<'a, 'c, 'd>(
        &'a self,
        conn: &'a mut Conn<'c>,
        matcher: &'d Matcher,
        so_far: &'d Settling,
    ) -> Examination<'a, 'c, 'd> {
        Examination {
            app: self,
            conn,
            matcher,
            waiting: &so_far.waiting,
            parted: &so_far.parted,
        }
    }

    /// Lets the steward's queue show customers whose records went elsewhere as they are now; identities must be locked. Whatever else is to
    /// be done with them a reconciliation does.
    pub(in crate::app) fn tend_queue(
        &self,
        conn: &mut Conn<'_>,
        customers: &[CustomerSerial],
    ) -> Result<()> {
        let (matcher, nothing) = (self.matcher(conn)?, Settling::default());
        for customer in customers {
            let reviewed = self
                .examination(conn, &matcher, &nothing)
                .queue_of(*customer);
            self.tend_reviewed(conn, *customer, reviewed)?;
        }
        Ok(())
    }

    /// Weighs what waits for a steward about customers of whom a record says something else now, so that the queue does not
    /// begin with what it said before: the pairs that are worth most, for whoever writes waits. A reconciliation weighs all.
    pub(in crate::app) fn reweigh_queue(
        &self,
        conn: &mut Conn<'_>,
        [now, before]: [CustomerSerial; 2],
    ) -> Result<()> {
        let (matcher, nothing) = (self.matcher(conn)?, Settling::default());
        let changed = std::iter::once(now).chain((before != now).then_some(before));
        for customer in changed {
            let reviewed = self
                .examination(conn, &matcher, &nothing)
                .first_of_queue(customer, AT_ONCE);
            self.tend_reviewed(conn, customer, reviewed)?;
        }
        Ok(())
    }

    /// One customer of whom something cannot be read holds nobody else up.
    fn tend_reviewed(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
        reviewed: Result<Review>,
    ) -> Result<()> {
        match reviewed {
            Ok(review) => self.tend(conn, customer, &review),
            Err(error) if error.is_lasting() => {
                leave_out(customer, &error);
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    /// Does with one customer what is to be done. If another instance took over nothing happens.
    pub(super) fn settle(
        &self,
        conn: &mut Conn<'_>,
        running: &Reconciliation,
        claim: &Claim,
        customer: CustomerSerial,
    ) -> Result<Progress> {
        self.store.lock_identities(conn)?;
        let (at, nothing) = (running.checkpoint, Progress::default());
        // Before anything is done: of two instances only one gets past this.
        if !self
            .store
            .advance_reconciliation(conn, running, claim, at, nothing)?
        {
            return Ok(nothing);
        }
        let ctx = CallContext::job(JOB);
        let matcher = self.matcher(conn)?;
        let mut settling = Settling::default();
        self.settle_customer(conn, &ctx, &matcher, customer, &mut settling)?;
        // Those who were founded look for others too; whoever is founded of them waits for the next time.
        for founded in std::mem::take(&mut settling.founded) {
            settling.waiting.clear();
            self.settle_customer(conn, &ctx, &matcher, founded, &mut settling)?;
        }
        let done = settling.done;
        self.store
            .advance_reconciliation(conn, running, claim, at, done)?;
        Ok(done)
    }

    /// Looks at one customer again and again until nothing is to be done with him but to ask.
    fn settle_customer(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        matcher: &Matcher,
        number: CustomerSerial,
        settling: &mut Settling,
    ) -> Result<()> {
        settling.waiting.push(number);
        for _ in 0..ROUNDS {
            let customer = match self.store.get_customer_by_serial(conn, number) {
                // Erased since he was looked at.
                Err(Error::CustomerUnknown) => break,
                found => found?,
            };
            match self.examine(conn, matcher, customer.serial, settling)? {
                Next::Rest(review) => {
                    self.tend(conn, customer.serial, &review)?;
                    settling.done.asked += review.asked.len() as i64;
                    settling.done.closed += review.closed.len() as i64;
                    break;
                }
                Next::First(other) if settling.waiting.len() < QUEUE => {
                    self.settle_customer(conn, ctx, matcher, other, settling)?;
                }
                // They wait in a circle: the next round goes on without him.
                Next::First(other) => settling.waiting.push(other),
                Next::Part(seqs, reason) => {
                    let new = self.part_off(conn, ctx, customer, &seqs, &reason)?;
                    settling.part(customer.serial, new);
                }
                Next::Move(seq, other, reason) => {
                    self.move_over(conn, ctx, (customer, other), seq, &reason)?;
                    settling.done.moved += 1;
                }
                Next::Join(other, reason) => {
                    self.join_up(conn, ctx, (customer, other), &reason)?;
                    settling.join(customer.serial, other);
                }
            }
        }
        Ok(())
    }

    fn part_off(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        from: Customer,
        seqs: &[i64],
        reason: &str,
    ) -> Result<CustomerSerial> {
        let records = self.store.records_by_seq(conn, seqs)?;
        let (_, new) = self.part(conn, ctx, from, records, engine(Why::FellApart, reason))?;
        let family = self.store.family(conn, from.serial)?;
        self.inherit_refusals(conn, &family, new.serial)?;
        Ok(new.serial)
    }

    fn move_over(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        (from, into): (Customer, CustomerSerial),
        seq: i64,
        reason: &str,
    ) -> Result<()> {
        let shift = Shift {
            act: Act::Transfer,
            from,
            into: self.store.get_identity(conn, into)?,
            records: self.store.records_by_seq(conn, &[seq])?,
            cause: engine(Why::Reconciled, reason),
        };
        self.shift(conn, ctx, shift)?;
        Ok(())
    }

    fn join_up(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        (one, other): (Customer, CustomerSerial),
        reason: &str,
    ) -> Result<()> {
        let other = self.store.get_identity(conn, other)?;
        let (into, from) = if one.serial < other.serial {
            (one, other)
        } else {
            (other, one)
        };
        let shift = Shift {
            act: Act::Merge,
            from,
            into,
            records: self.store.records_of(conn, &[from.serial])?,
            cause: engine(Why::Reconciled, reason),
        };
        self.shift(conn, ctx, shift)?;
        Ok(())
    }

    /// Does what a customer's pairs in the steward's queue need.
    fn tend(&self, conn: &mut Conn<'_>, customer: CustomerSerial, review: &Review) -> Result<()> {
        for found in &review.asked {
            self.ask(conn, customer, found)?;
        }
        for pair in &review.reweighed {
            self.store.reweigh_pair(conn, pair)?;
        }
        for (pair, because) in &review.closed {
            self.store.close_pair(conn, *pair, because)?;
        }
        Ok(())
    }

    /// Puts a pair before the steward.
    fn ask(&self, conn: &mut Conn<'_>, customer: CustomerSerial, found: &Match) -> Result<()> {
        let probability = f64::from(found.probability);
        let pair = Duplicate {
            id: DuplicateId::new(&*self.clock),
            left: customer,
            right: found.customer,
            probability,
            gain: self.gain(conn, (customer, found.customer), probability)?,
            reasons: found.reasons.clone(),
            state: DuplicateState::Open,
            found_at: self.clock.now(),
            closed_because: String::new(),
        };
        self.store.propose(conn, &pair)
    }
}

fn engine(why: Why, reason: &str) -> Cause<'_> {
    Cause {
        actor: LINKAGE,
        why,
        reason,
    }
}

/// One customer of whom something cannot be read holds nobody else up.
pub(super) fn leave_out(customer: CustomerSerial, error: &Error) {
    tracing::warn!(serial = customer.get(), %error, "a customer is left out of the reconciliation");
    count_left_out(1);
}

/// Tells the metrics of so many more.
pub(super) fn count_left_out(customers: u64) {
    metrics::counter!("marque_customer_reconciliation_left_out_total").increment(customers);
}
