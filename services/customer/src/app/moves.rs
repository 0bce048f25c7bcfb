//! Merge, split and undo. No fact is rewritten: source records move between identities, and can move back.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, CustomerSerial, MergeId, SourceRecordId};
use marque_db::Conn;
use marque_errors::Violation;
use marque_ledger::Keyed;
use prost::Message;

use super::{
    CustomerApp,
    once::once_moved,
    published::{self, Why},
    shift::{Cause, LINKAGE, Shift},
    words::check_words,
};
use crate::{
    domain::{File, SourceRecord},
    error::{Error, Result},
    storage::{Act, Decision, DuplicateState, Move},
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

/// Said of a pair whose merge or split was taken back.
const TAKEN_BACK: &str = "what moved the records was taken back";

fn by_steward<'a>(ctx: &'a CallContext, reason: &'a str) -> Cause<'a> {
    Cause {
        actor: ctx.actor(),
        why: Why::Steward,
        reason,
    }
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
                        app.answer_who_parted(conn, &ctx, (from, into), &terms.reason)?;
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
        if from.serial == into.serial {
            return Err(Error::SameCustomer);
        }
        if from.kind != into.kind {
            return Err(Error::KindsDiffer);
        }
        // Both must be the caller's to see: a region's steward merges what is in his region.
        self.open_file(conn, ctx.scope(), from, now)?;
        self.open_file(conn, ctx.scope(), into, now)?;
        let records = self.store.records_of(conn, &[from.serial])?;
        let shift = Shift {
            act: Act::Merge,
            from,
            into,
            records,
            cause: by_steward(ctx, reason),
        };
        self.shift(conn, ctx, shift)
    }

    /// Parts records from a customer into a new one; gives the new one, and the other as he is then if the caller still sees him.
    pub(crate) async fn split(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        (id, records): (CustomerId, Vec<SourceRecordId>),
        terms: Terms,
    ) -> Result<(MergeId, File, Option<File>)> {
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
                    let new = app.store.get_customer_by_serial(conn, into)?;
                    let new = app.file(conn, &ctx, new)?;
                    let remaining = app.store.get_customer(conn, id)?;
                    match app.file(conn, &ctx, remaining) {
                        Ok(remaining) => Ok((parted, new, Some(remaining))),
                        Err(Error::CustomerUnknown) => Ok((parted, new, None)),
                        Err(error) => Err(error),
                    }
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
            .records_of(conn, &[from.serial])?
            .into_iter()
            .partition(|record| leaving.contains(&record.id));
        let is_his = |named: &SourceRecordId| gone.iter().any(|record| record.id == *named);
        if !leaving.iter().all(is_his) {
            let message = "one of them is no record of this customer: see his source records";
            return Err(Error::Invalid(vec![Violation::new(
                "source_record_ids",
                "UNKNOWN",
                message,
            )]));
        }
        if gone.is_empty() || left.is_empty() {
            return Err(Error::NothingToSplit);
        }
        let (id, into) = self.part(conn, ctx, from, gone, by_steward(ctx, reason))?;
        self.refuse_pair(conn, from.serial, into.serial)?;
        self.tend_queue(conn, &[from.serial, into.serial])?;
        Ok(id)
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

    /// Takes a merge or split back in the caller's transaction.
    pub(super) fn undo_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: MergeId,
    ) -> Result<()> {
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
        let there = self.store.records_of(conn, &[moved.into])?;
        // Only what the move brought and what is still there goes back; of whom it founded, everything, with himself.
        let (going, staying): (Vec<SourceRecord>, Vec<_>) = there
            .into_iter()
            .partition(|record| moved.act == Act::Split || moved.records.contains(&record.seq));
        let seqs: Vec<i64> = going.iter().map(|record| record.seq).collect();
        self.store.move_records(conn, &seqs, moved.from)?;
        let mut is_shut = false;
        match moved.act {
            Act::Merge => {
                self.store
                    .set_parted_from(conn, moved.from, moved.into, now)?;
                self.share_refusals(conn, &moved, from.id)?;
            }
            Act::Split | Act::Transfer if staying.is_empty() => {
                self.store
                    .set_merged_into(conn, moved.into, moved.from, now)?;
                self.pairs_follow(conn, moved.into, moved.from)?;
                is_shut = self.shut_if_withdrawn(conn, (from.id, moved.from))?;
            }
            Act::Split | Act::Transfer => {}
        }
        self.store
            .touch_customers(conn, &[moved.from, moved.into], now)?;
        self.store.mark_undone(conn, id, now)?;
        self.tell_moved(conn, going, into.id, from.id, now)?;
        let clock = &*self.clock;
        match moved.act {
            Act::Merge => {
                published::merged(conn, clock, from.id, into.id, id, true)?;
                self.answer_who_moved(conn, ctx, &moved, Decision::Different)?;
                self.answer_who_joined(conn, ctx, &moved)?;
            }
            _ if staying.is_empty() => {
                published::merged(conn, clock, into.id, from.id, id, false)?;
                if is_shut {
                    self.tell_shut(conn, from.id)?;
                }
                self.answer_who_moved(conn, ctx, &moved, Decision::Same)?;
            }
            // The records are the one's, says the steward, and not the other's.
            _ => self.answer_who_moved(conn, ctx, &moved, Decision::Different)?,
        }
        let undone = (Why::Steward, true);
        published::moved(conn, clock, &moved, (from.id, into.id), undone)?;
        self.record_move(conn, ctx, &moved, from.id, into.id, "undone")?;
        self.tend_queue(conn, &[moved.from, moved.into])
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
            let customer = self.store.get_customer_by_serial(conn, number)?;
            if !files
                .iter()
                .any(|file: &File| file.customer.serial == customer.serial)
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

    /// A pair that a steward parted is never joined again by itself.
    fn refuse_pair(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<()> {
        self.set_pair(conn, one, other, DuplicateState::Different)
    }

    /// Taking a move back is a word on the pair: against another person's it puts the pair in dispute, for headquarters.
    fn answer_who_moved(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        moved: &Move,
        word: Decision,
    ) -> Result<()> {
        let state = against(ctx, (moved.actor != LINKAGE).then_some(&*moved.actor), word);
        let standing = self.store.find_pair(conn, moved.from, moved.into)?;
        self.set_pair(conn, moved.from, moved.into, state)?;
        match standing.filter(|pair| pair.state != state) {
            Some(pair) => self.answer(conn, ctx, pair.id, (word, TAKEN_BACK)),
            None => Ok(()),
        }
    }

    /// Whoever of the two families was called the same by other numbers is so no more once the merge is taken back.
    fn answer_who_joined(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        moved: &Move,
    ) -> Result<()> {
        let one = self.store.family(conn, moved.from)?;
        let other = self.store.family(conn, moved.into)?;
        for (id, _, _) in self.store.joined_pairs(conn, &one, &other)? {
            let words = self.store.decisions(conn, id)?;
            let said = words
                .iter()
                .rev()
                .find(|word| word.decision == Decision::Same);
            let who = said.map(|word| word.actor.as_str());
            let state = against(ctx, who, Decision::Different);
            self.store.set_duplicate_state(conn, id, state)?;
            self.answer(conn, ctx, id, (Decision::Different, TAKEN_BACK))?;
        }
        Ok(())
    }

    /// A merge is a word too: on whoever of the two families was called different before.
    fn answer_who_parted(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        (from, into): (CustomerId, CustomerId),
        reason: &str,
    ) -> Result<()> {
        self.store.lock_identities(conn)?;
        let (from, into) = (
            self.store.get_customer(conn, from)?.serial,
            self.store.get_customer(conn, into)?.serial,
        );
        let (one, other) = (
            self.store.family(conn, from)?,
            self.store.family(conn, into)?,
        );
        for (id, left, right) in self.store.parted_pairs(conn, &one, &other)? {
            let words = self.store.decisions(conn, id)?;
            let said = words
                .into_iter()
                .rev()
                .find(|word| word.decision == Decision::Different)
                .map(|word| word.actor);
            let who = match said {
                Some(actor) => Some(actor),
                None => self.store.who_split(conn, left, right)?,
            };
            let who = who.filter(|actor| actor != LINKAGE);
            let state = against(ctx, who.as_deref(), Decision::Same);
            self.store.set_duplicate_state(conn, id, state)?;
            self.answer(conn, ctx, id, (Decision::Same, reason))?;
        }
        Ok(())
    }
}

/// What a word makes of a pair on which somebody has said the opposite. Headquarters has the last one.
fn against(ctx: &CallContext, who: Option<&str>, word: Decision) -> DuplicateState {
    let is_anothers = who.is_some_and(|who| who != &**ctx.actor());
    if is_anothers && !ctx.roles().contains(Role::HqAdmin) {
        DuplicateState::Disputed
    } else {
        word.state()
    }
}
