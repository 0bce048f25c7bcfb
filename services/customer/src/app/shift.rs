//! Records go from one customer to another: what is written, told and kept of it, whoever wants it and why.

use marque_auth::CallContext;
use marque_core::{CustomerId, MergeId, Timestamp};
use marque_db::Conn;
use marque_ledger::{Entry, record};

use super::{
    CustomerApp,
    published::{self, Why},
};
use crate::{
    domain::{Customer, Facts, SourceRecord},
    error::Result,
    storage::{Act, Move, NewCustomer},
};

/// Who is on record for what the engine does by itself.
pub(crate) const LINKAGE: &str = "linkage";

/// Records about to go.
pub(super) struct Shift<'a> {
    pub(super) act: Act,
    pub(super) from: Customer,
    pub(super) into: Customer,
    pub(super) records: Vec<SourceRecord>,
    pub(super) cause: Cause<'a>,
}

/// By whom and why.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cause<'a> {
    pub(super) actor: &'a str,
    pub(super) why: Why,
    /// In words.
    pub(super) reason: &'a str,
}

impl CustomerApp {
    /// Moves records; identities must be locked, and the records be those of `from`.
    pub(super) fn shift(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        shift: Shift<'_>,
    ) -> Result<MergeId> {
        let Shift {
            act,
            from,
            into,
            records,
            cause,
        } = shift;
        let now = self.clock.now();
        let pair = [from.serial, into.serial];
        let moved = Move {
            id: MergeId::new(&*self.clock),
            act,
            from: from.serial,
            into: into.serial,
            records: records.iter().map(|record| record.seq).collect(),
            // The later of two moves has the later time, whatever the clock says: by it they are taken back in order.
            at: match self.store.last_moved_at(conn, pair)? {
                Some(last) => now.max(Timestamp::from_micros(last.as_micros() + 1)),
                None => now,
            },
            actor: cause.actor.to_owned(),
            reason: cause.reason.to_owned(),
            undone_at: None,
        };
        self.store.move_records(conn, &moved.records, into.serial)?;
        let mut is_shut = false;
        match act {
            Act::Merge => {
                self.store
                    .set_merged_into(conn, from.serial, into.serial, now)?;
                self.store.touch_customers(conn, &[into.serial], now)?;
                self.pairs_follow(conn, from.serial, into.serial)?;
                is_shut = self.shut_if_withdrawn(conn, (into.id, into.serial))?;
            }
            // Who is new has changed as little as a new one can.
            Act::Split => self.store.touch_customers(conn, &[from.serial], now)?,
            Act::Transfer => self.store.touch_customers(conn, &pair, now)?,
        }
        self.store.insert_move(conn, &moved)?;
        self.tell_moved(conn, records, from.id, into.id, now)?;
        if act == Act::Merge {
            published::merged(conn, &*self.clock, from.id, into.id, moved.id, false)?;
        }
        if is_shut {
            self.tell_shut(conn, into.id)?;
        }
        let ids = (from.id, into.id);
        published::moved(conn, &*self.clock, &moved, ids, (cause.why, false))?;
        self.record_move(conn, ctx, &moved, from.id, into.id, act.as_str())?;
        Ok(moved.id)
    }

    /// Parts records into a customer of their own; the records must be some and not all of `from`'s.
    pub(super) fn part(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        from: Customer,
        records: Vec<SourceRecord>,
        cause: Cause<'_>,
    ) -> Result<(MergeId, Customer)> {
        let now = self.clock.now();
        let new = NewCustomer {
            serial: self.store.allocate_serials(conn, 1)?[0],
            id: CustomerId::new(&*self.clock),
            kind: Facts::of(&records[0].columns, now).0.kind,
        };
        self.store.insert_customers(conn, &[new], now)?;
        let into = self.store.get_identity(conn, new.serial)?;
        let shift = Shift {
            act: Act::Split,
            from,
            into,
            records,
            cause,
        };
        Ok((self.shift(conn, ctx, shift)?, into))
    }

    /// Tells where records are now.
    pub(super) fn tell_moved(
        &self,
        conn: &mut Conn<'_>,
        records: Vec<SourceRecord>,
        from: CustomerId,
        to: CustomerId,
        now: Timestamp,
    ) -> Result<()> {
        let links = records.into_iter().map(|record| {
            let (facts, _) = Facts::of(&record.columns, now);
            let marks = published::Marks::of(&facts, &record.dealer, &record.source);
            published::Link {
                marks,
                record: record.id,
                customer: to,
                previous: Some(from),
                dealer: record.dealer,
                kind: facts.kind,
                vin: facts.vin,
                plate: facts.plate,
                recorded_at: record.recorded_at,
                said_at: None,
            }
        });
        published::linked(conn, &*self.clock, links.collect())
    }

    /// The act stands in the history of both customers.
    pub(super) fn record_move(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        moved: &Move,
        from: CustomerId,
        into: CustomerId,
        act: &str,
    ) -> Result<()> {
        let detail = format!("{} {}", moved.id, moved.reason);
        for subject in [from.to_string(), into.to_string()] {
            let entry = Entry {
                act,
                subject: &subject,
                dealer: "",
                detail: detail.trim(),
            };
            record(conn, ctx, self.clock.now(), &entry)?;
        }
        Ok(())
    }
}
