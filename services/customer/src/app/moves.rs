//! Merge, split and undo. No fact is rewritten: source records move between identities, and can move back.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, CustomerNumber, MergeId, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_ledger::{Entry, Keyed, record};
use prost::Message;

use super::{CustomerApp, once::once_moved, published, words::check_words};
use crate::{
    domain::{Facts, File, SourceRecord},
    error::{Error, Result},
    storage::{Act, Move, NewCustomer},
};

/// Whether a move is made or only shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    Make,
    /// Tells what would be, and leaves everything as it is.
    Preview,
}

impl Mode {
    fn run<T>(
        self,
        conn: &mut Conn<'_>,
        work: impl FnOnce(&mut Conn<'_>) -> Result<T>,
    ) -> Result<T> {
        match self {
            Self::Make => work(conn),
            Self::Preview => conn.rehearse(work),
        }
    }
}

/// What is asked of a merge or split beside whom it concerns.
#[derive(Debug)]
pub(crate) struct Terms {
    pub(crate) reason: String,
    pub(crate) mode: Mode,
    /// Version of the customer that the caller saw; 0 for any.
    pub(crate) expected_version: i64,
}

impl CustomerApp {
    /// Joins a customer into another; the id that goes answers with the one that stays.
    pub(crate) async fn merge(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        (from, into): (CustomerId, CustomerId),
        terms: Terms,
    ) -> Result<(MergeId, File)> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        check_words(&[("reason", &terms.reason)])?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                terms.mode.run(conn, |conn| {
                    let now = app.clock.now();
                    let merged = once_moved(&keyed, conn, (&ctx, now), "Merge", |conn| {
                        app.expect_version(conn, &ctx, from, terms.expected_version)?;
                        app.merge_in(conn, &ctx, from, into, &terms.reason)
                            .map(Some)
                    })?;
                    let customer = app.store.get_customer(conn, into)?;
                    let file = app.file(conn, &ctx, customer)?;
                    Ok((merged.expect("a merge has an id"), file))
                })
            })
            .await
    }

    /// Passes if a customer is in the version that the caller saw, and keeps him in it until the transaction ends. That he
    /// may be seen at all is asked first.
    pub(super) fn expect_version(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: CustomerId,
        expected: i64,
    ) -> Result<()> {
        if expected == 0 {
            return Ok(());
        }
        self.store.lock_identities(conn)?;
        let customer = self.store.get_customer(conn, id)?;
        let version = customer.version;
        self.open_file(conn, ctx.scope(), customer, self.clock.now())?;
        if version == expected {
            Ok(())
        } else {
            Err(Error::CustomerChanged)
        }
    }

    /// Merges in the caller's transaction.
    pub(super) fn merge_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        from: CustomerId,
        into: CustomerId,
        reason: &str,
    ) -> Result<MergeId> {
        self.store.lock_identities(conn)?;
        // After the lock: the later of two merges has the later time.
        let now = self.clock.now();
        let (from, into) = (
            self.store.get_customer(conn, from)?,
            self.store.get_customer(conn, into)?,
        );
        if from.number == into.number {
            return Err(Error::SameCustomer);
        }
        if from.kind != into.kind {
            return Err(Error::KindsDiffer);
        }
        // Both must be the caller's to see: a region's steward merges what is in his region.
        self.open_file(conn, ctx.scope(), from, now)?;
        self.open_file(conn, ctx.scope(), into, now)?;
        let records = self.store.records_of(conn, &[from.number])?;
        let moved = Move {
            id: MergeId::new(&*self.clock),
            act: Act::Merge,
            from: from.number,
            into: into.number,
            records: records.iter().map(|record| record.seq).collect(),
            at: now,
            actor: ctx.actor().to_string(),
            reason: reason.to_owned(),
            undone_at: None,
        };
        self.store.move_records(conn, &moved.records, into.number)?;
        self.store
            .set_merged_into(conn, from.number, Some(into.number), now)?;
        self.store.touch_customers(conn, &[into.number], now)?;
        self.store.insert_move(conn, &moved)?;
        self.tell_moved(conn, records, from.id, into.id, now)?;
        published::merged(conn, &*self.clock, from.id, into.id, moved.id, false)?;
        self.record_move(conn, ctx, &moved, from.id, into.id, "merged")?;
        Ok(moved.id)
    }

    /// Parts records from a customer into a new one.
    pub(crate) async fn split(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        (id, records): (CustomerId, Vec<SourceRecordId>),
        terms: Terms,
    ) -> Result<(MergeId, File)> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        check_words(&[("reason", &terms.reason)])?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                terms.mode.run(conn, |conn| {
                    let now = app.clock.now();
                    let parted = once_moved(&keyed, conn, (&ctx, now), "Split", |conn| {
                        app.expect_version(conn, &ctx, id, terms.expected_version)?;
                        app.split_in(conn, &ctx, id, &records, &terms.reason)
                            .map(Some)
                    })?;
                    let parted = parted.expect("a split has an id");
                    let into = app.store.get_move(conn, parted)?.into;
                    let customer = app.store.get_customer_by_number(conn, into)?;
                    Ok((parted, app.file(conn, &ctx, customer)?))
                })
            })
            .await
    }

    fn split_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: CustomerId,
        leaving: &[SourceRecordId],
        reason: &str,
    ) -> Result<MergeId> {
        self.store.lock_identities(conn)?;
        let now = self.clock.now();
        let from = self.store.get_customer(conn, id)?;
        self.open_file(conn, ctx.scope(), from, now)?;
        let (gone, left): (Vec<_>, Vec<_>) = self
            .store
            .records_of(conn, &[from.number])?
            .into_iter()
            .partition(|record| leaving.contains(&record.id));
        if gone.is_empty() || left.is_empty() || gone.len() < leaving.len() {
            return Err(Error::NothingToSplit);
        }
        let into = NewCustomer {
            number: self.store.allocate_numbers(conn, 1)?[0],
            id: CustomerId::new(&*self.clock),
            kind: Facts::of(&gone[0].columns, now).0.kind,
        };
        self.store.insert_customers(conn, &[into], now)?;
        let moved = Move {
            id: MergeId::new(&*self.clock),
            act: Act::Split,
            from: from.number,
            into: into.number,
            records: gone.iter().map(|record| record.seq).collect(),
            at: now,
            actor: ctx.actor().to_string(),
            reason: reason.to_owned(),
            undone_at: None,
        };
        self.store.move_records(conn, &moved.records, into.number)?;
        self.store.touch_customers(conn, &[from.number], now)?;
        self.store.insert_move(conn, &moved)?;
        self.refuse_pair(conn, from.number, into.number)?;
        self.tell_moved(conn, gone, from.id, into.id, now)?;
        self.record_move(conn, ctx, &moved, from.id, into.id, "split")?;
        Ok(moved.id)
    }

    /// Takes a merge or split back. A later one that stands on it must be taken back first.
    pub(crate) async fn undo(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        id: MergeId,
        mode: Mode,
    ) -> Result<Vec<File>> {
        ctx.require([Role::Steward, Role::HqAdmin])?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                mode.run(conn, |conn| {
                    once_moved(&keyed, conn, (&ctx, app.clock.now()), "Undo", |conn| {
                        app.undo_in(conn, &ctx, id)?;
                        Ok(None)
                    })?;
                    app.files_of_move(conn, &ctx, id)
                })
            })
            .await
    }

    fn undo_in(&self, conn: &mut Conn<'_>, ctx: &CallContext, id: MergeId) -> Result<()> {
        self.store.lock_identities(conn)?;
        let now = self.clock.now();
        let moved = self.store.get_move(conn, id)?;
        if moved.undone_at.is_some() {
            return Err(Error::UndoneAlready);
        }
        if let Some(later) = self.store.later_move(conn, &moved)? {
            return Err(Error::Superseded(later.id.to_string()));
        }
        let from = self.store.get_identity(conn, moved.from)?;
        let into = self.store.get_identity(conn, moved.into)?;
        // Only what this move brought and what is still there goes back.
        let going: Vec<SourceRecord> = self
            .store
            .records_by_seq(conn, &moved.records)?
            .into_iter()
            .filter(|record| record.customer == moved.into)
            .collect();
        let seqs: Vec<i64> = going.iter().map(|record| record.seq).collect();
        self.store.move_records(conn, &seqs, moved.from)?;
        match moved.act {
            Act::Merge => {
                self.store.set_merged_into(conn, moved.from, None, now)?;
                self.share_refusals(conn, &moved, from.id)?;
            }
            Act::Split => self
                .store
                .set_merged_into(conn, moved.into, Some(moved.from), now)?,
        }
        self.store
            .touch_customers(conn, &[moved.from, moved.into], now)?;
        self.store.mark_undone(conn, id, now)?;
        self.tell_moved(conn, going, into.id, from.id, now)?;
        match moved.act {
            Act::Merge => {
                published::merged(conn, &*self.clock, from.id, into.id, id, true)?;
                self.refuse_pair(conn, moved.from, moved.into)?;
            }
            Act::Split => published::merged(conn, &*self.clock, into.id, from.id, id, false)?,
        }
        self.record_move(conn, ctx, &moved, from.id, into.id, "undone")
    }

    /// The files of the customers of a move as they are now: one or two.
    fn files_of_move(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: MergeId,
    ) -> Result<Vec<File>> {
        let moved = self.store.get_move(conn, id)?;
        let mut files = Vec::new();
        for number in [moved.from, moved.into] {
            let customer = self.store.get_customer_by_number(conn, number)?;
            if !files
                .iter()
                .any(|file: &File| file.customer.number == customer.number)
            {
                files.push(self.file(conn, ctx, customer)?);
            }
        }
        Ok(files)
    }

    /// A consent that was withdrawn while two were one is withdrawn of both when they are parted again: which of them said
    /// so nobody knows. One that was given then counts only where it is kept, for nobody consents for another.
    fn share_refusals(&self, conn: &mut Conn<'_>, moved: &Move, from: CustomerId) -> Result<()> {
        let family = self.store.family(conn, moved.into)?;
        let own = self.store.family(conn, moved.from)?;
        let said = self.store.consents_of(conn, &own)?;
        for consent in self.store.consents_of(conn, &family)? {
            let is_newest = said
                .iter()
                .filter(|own| own.purpose == consent.purpose)
                .all(|own| own.changed_at <= consent.changed_at);
            if consent.given || consent.changed_at < moved.at || !is_newest {
                continue;
            }
            self.store.put_consent(conn, moved.from, &consent)?;
            published::consent(conn, &*self.clock, from, &consent.purpose, false)?;
        }
        Ok(())
    }

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
            record(
                conn,
                ctx,
                self.clock.now(),
                &Entry {
                    act,
                    subject: &subject,
                    dealer: "",
                    detail: detail.trim(),
                },
            )?;
        }
        Ok(())
    }

    /// A pair that a steward parted is never joined again by itself.
    fn refuse_pair(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerNumber,
        other: CustomerNumber,
    ) -> Result<()> {
        self.set_pair(conn, one, other, crate::storage::DuplicateState::Different)
    }
}
