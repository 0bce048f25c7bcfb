//! What is done with customers who were looked at.

use marque_auth::CallContext;
use marque_core::{CustomerNumber, DuplicateId};
use marque_db::Conn;

use super::{
    super::{
        CustomerApp,
        published::Why,
        shift::{Cause, LINKAGE, Shift},
    },
    BATCH, JOB,
    examine::{Examination, Next},
};
use crate::{
    domain::{Customer, Match, Matcher},
    error::{Error, Result},
    storage::{Act, Claim, Duplicate, DuplicateState, Progress, Reconciliation},
};

/// So often a customer is looked at again after something was done with him.
const ROUNDS: usize = 16;
/// So many may wait for each other.
const QUEUE: usize = 8;

impl CustomerApp {
    /// The next customers, and those of them with whom something is to be done.
    pub(super) fn look_at(
        &self,
        conn: &mut Conn<'_>,
        from: &Reconciliation,
    ) -> Result<(Vec<CustomerNumber>, Vec<CustomerNumber>)> {
        let batch = self
            .store
            .customers_changed(conn, from.since, from.checkpoint, BATCH)?;
        let matcher = self.matcher(conn)?;
        let mut wanting = Vec::new();
        for customer in &batch {
            let next = self.examine(conn, &matcher, *customer, &[])?;
            if !matches!(next, Next::Rest(asked) if asked.is_empty()) {
                wanting.push(*customer);
            }
        }
        Ok((batch, wanting))
    }

    fn examine(
        &self,
        conn: &mut Conn<'_>,
        matcher: &Matcher,
        customer: CustomerNumber,
        waiting: &[CustomerNumber],
    ) -> Result<Next> {
        let mut examination = Examination {
            app: self,
            conn,
            matcher,
            waiting,
        };
        examination.of(customer)
    }

    /// Does what is to be done, and notes how far it came. If another instance took over nothing happens.
    pub(super) fn settle_batch(
        &self,
        conn: &mut Conn<'_>,
        running: &Reconciliation,
        claim: &Claim,
        (last, looked_at): (CustomerNumber, i64),
        wanting: &[CustomerNumber],
    ) -> Result<Progress> {
        let mut done = Progress {
            looked_at,
            ..Progress::default()
        };
        if !wanting.is_empty() {
            self.store.lock_identities(conn)?;
        }
        // Before anything is done: of two instances only one gets past this.
        if !self
            .store
            .advance_reconciliation(conn, running, claim, last, done)?
        {
            return Ok(Progress::default());
        }
        let ctx = CallContext::job(JOB);
        let matcher = self.matcher(conn)?;
        for customer in wanting {
            let mut waiting = Vec::new();
            self.settle_customer(conn, &ctx, &matcher, *customer, &mut waiting, &mut done)?;
        }
        let at = Reconciliation {
            checkpoint: last,
            ..running.clone()
        };
        let acts = Progress {
            looked_at: 0,
            ..done
        };
        self.store
            .advance_reconciliation(conn, &at, claim, last, acts)?;
        Ok(done)
    }

    /// Looks at one customer again and again until nothing is to be done with him but to ask.
    fn settle_customer(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        matcher: &Matcher,
        number: CustomerNumber,
        waiting: &mut Vec<CustomerNumber>,
        done: &mut Progress,
    ) -> Result<()> {
        waiting.push(number);
        for _ in 0..ROUNDS {
            let customer = match self.store.get_customer_by_number(conn, number) {
                // Erased since he was looked at.
                Err(Error::CustomerUnknown) => break,
                found => found?,
            };
            match self.examine(conn, matcher, customer.number, waiting)? {
                Next::Rest(asked) => {
                    for found in &asked {
                        self.ask(conn, customer.number, found)?;
                        done.asked += 1;
                    }
                    break;
                }
                Next::First(other) if waiting.len() < QUEUE => {
                    self.settle_customer(conn, ctx, matcher, other, waiting, done)?;
                }
                // They wait in a circle: the next round goes on without him.
                Next::First(other) => waiting.push(other),
                Next::Part(seqs, reason) => {
                    self.part_off(conn, ctx, customer, &seqs, &reason)?;
                    done.parted += 1;
                }
                Next::Move(seq, other, reason) => {
                    self.move_over(conn, ctx, (customer, other), seq, &reason)?;
                    done.moved += 1;
                }
                Next::Join(other, reason) => {
                    self.join_up(conn, ctx, (customer, other), &reason)?;
                    done.joined += 1;
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
    ) -> Result<()> {
        let records = self.store.records_by_seq(conn, seqs)?;
        self.part(conn, ctx, from, records, engine(Why::FellApart, reason))?;
        Ok(())
    }

    fn move_over(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        (from, into): (Customer, CustomerNumber),
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
        (one, other): (Customer, CustomerNumber),
        reason: &str,
    ) -> Result<()> {
        let other = self.store.get_identity(conn, other)?;
        let (into, from) = if one.number < other.number {
            (one, other)
        } else {
            (other, one)
        };
        let shift = Shift {
            act: Act::Merge,
            from,
            into,
            records: self.store.records_of(conn, &[from.number])?,
            cause: engine(Why::Reconciled, reason),
        };
        self.shift(conn, ctx, shift)?;
        Ok(())
    }

    /// Puts a pair before the steward.
    fn ask(&self, conn: &mut Conn<'_>, customer: CustomerNumber, found: &Match) -> Result<()> {
        let (here, there) = (
            self.store.seqs_of(conn, customer)?.len(),
            self.store.seqs_of(conn, found.customer)?.len(),
        );
        let probability = f64::from(found.probability);
        let pair = Duplicate {
            id: DuplicateId::new(&*self.clock),
            left: customer,
            right: found.customer,
            probability,
            gain: probability * here.min(there) as f64,
            reasons: found.reasons.clone(),
            state: DuplicateState::Open,
            found_at: self.clock.now(),
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
