//! Taking records in: one way for a row of a file and a live write.
//!
//! A row is made ready without the store ([`Ready`]), then a batch of them is written in one transaction: what is
//! unchanged is passed over, each other row is linked by the evidence in the store and in the rows before it. A record of which a batch has
//! several versions is written in as many rounds.

pub(super) mod known;
mod rounds;
mod settle;
mod verdict;

use std::{collections::HashSet, sync::Arc};

use marque_auth::CallContext;
use marque_core::{CustomerId, CustomerSerial, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_intake::Outcome;
use marque_quality::{Field, RecordKind};
use rustc_hash::{FxHashMap, FxHashSet};

use self::{known::Known, rounds::Rounds, settle::Joined, verdict::Verdict};
use super::{
    CustomerApp,
    published::Why,
    ready::{Keys, Ready},
};
use crate::{
    domain::{
        ColumnCheck, Columns, Facts, Kind, Match, Matcher, SourceRecord, Version, car_said_at,
        clear_kind, noted, past_contacts,
    },
    error::{Error, Result},
    storage::{Existing, Identity, NewCustomer, NewRecord},
};

/// What became of one row.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) record: SourceRecordId,
    pub(crate) outcome: Outcome,
    /// Whose it is; nobody's where the person was erased.
    pub(crate) customer: Option<CustomerSerial>,
    /// Whose it was before, if it was there and says something else now.
    pub(crate) previous: Option<CustomerSerial>,
    /// What showed it to be that customer's, if others of his records did.
    pub(crate) because: Option<Arc<Match>>,
    pub(crate) version: i64,
}

/// Whom a transaction that links records runs beside, on a store with several writers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Company {
    /// Beside others that link; it may not join customers ([`Error::JoinsWait`]).
    Others,
    /// Alone: it may.
    Alone,
}

/// How rows came, and so when they were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Came {
    /// One by one, just now.
    Live,
    /// In a file that was taken in at this moment, however late it is worked off.
    InFile(Timestamp),
}

impl CustomerApp {
    /// Writes rows in the caller's transaction; one answer for each, in order.
    ///
    /// # Errors
    /// [`Error::JoinsWait`] if customers must be joined and others link at the same time: to be tried again alone.
    pub(super) fn write_rows(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        rows: &[&Ready],
        (company, came): (Company, Came),
    ) -> Result<Vec<Taken>> {
        self.hold(conn, rows, company)?;
        let mut seen = FxHashSet::default();
        let again = rows.iter().map(|row| row.id).filter(|id| !seen.insert(*id));
        let again: FxHashSet<SourceRecordId> = again.collect();
        if again.is_empty() {
            return Batch::open(self, conn, rows, (company, came))?.write(conn, ctx);
        }
        let again: Vec<SourceRecordId> = again.into_iter().collect();
        let existing = self.store.find_existing(conn, &again)?;
        let dated: Vec<_> = rows
            .iter()
            .map(|row| (row.id, row.facts.recorded_at))
            .collect();
        let Rounds { stands_for, rounds } = Rounds::of(&dated, |at| is_stored(&existing, rows[at]));
        let mut taken: Vec<Option<Taken>> = vec![None; rows.len()];
        for round in rounds {
            let of_round: Vec<&Ready> = round.iter().map(|at| rows[*at]).collect();
            let batch = Batch::open(self, conn, &of_round, (company, came))?;
            let became = batch.write(conn, ctx)?;
            for (at, became) in round.into_iter().zip(became) {
                taken[at] = Some(became);
            }
        }
        let answer = |at: usize| taken[at].clone().expect("a row that stands was written");
        Ok(stands_for.into_iter().map(answer).collect())
    }

    /// Keeps away whoever else links the same people.
    fn hold(&self, conn: &mut Conn<'_>, rows: &[&Ready], company: Company) -> Result<()> {
        match company {
            Company::Alone => Ok(self.store.lock_identities(conn)?),
            Company::Others => {
                self.store.share_identities(conn)?;
                lock_evidence(conn, rows)
            }
        }
    }
}

/// Rows of different records being written. The caller holds the identities.
struct Batch<'a> {
    app: &'a CustomerApp,
    rows: &'a [&'a Ready],
    company: Company,
    came: Came,
    matcher: Matcher,
    now: Timestamp,
    existing: FxHashMap<SourceRecordId, Existing>,
    /// Records whose people were erased: they do not come again.
    erased: HashSet<SourceRecordId>,
    known: Known,
    new_customers: Vec<NewCustomer>,
    touched: FxHashSet<CustomerSerial>,
    joined: Vec<Joined>,
    /// Customers whose files were shut as others were joined to them.
    shut: Vec<CustomerSerial>,
    placed: Vec<Placed>,
    /// Customers in the store whose kind is known better now.
    kinds: Vec<(CustomerSerial, Kind)>,
    /// For new customers; those that are left over are used next time.
    serials: std::vec::IntoIter<CustomerSerial>,
}

/// A row that was written.
#[derive(Debug)]
struct Placed {
    /// Place in the batch.
    row: usize,
    seq: i64,
    /// The customer it belonged to before.
    previous: Option<CustomerSerial>,
    because: Option<Arc<Match>>,
    version: i64,
    /// When the record came to say what it says now of its car.
    said_at: Timestamp,
}

impl<'a> Batch<'a> {
    fn open(
        app: &'a CustomerApp,
        conn: &mut Conn<'_>,
        rows: &'a [&'a Ready],
        (company, came): (Company, Came),
    ) -> Result<Self> {
        let ids: Vec<SourceRecordId> = rows.iter().map(|row| row.id).collect();
        let existing = app.store.find_existing(conn, &ids)?;
        let erased = app.store.entombed(conn, ids.iter().copied())?;
        let changed: Vec<&&Ready> = rows
            .iter()
            .filter(|row| !is_passed_over(&existing, row, came) && !erased.contains(&row.id))
            .collect();
        let keys: Vec<&Keys> = changed.iter().map(|row| &row.keys).collect();
        let own = changed
            .iter()
            .filter_map(|row| existing.get(&row.id))
            .map(|existing| existing.customer);
        Ok(Self {
            matcher: app.matcher(conn)?,
            known: Known::load(&app.store, conn, &keys, own)?,
            app,
            rows,
            company,
            came,
            now: app.clock.now(),
            existing,
            erased,
            new_customers: Vec::new(),
            touched: FxHashSet::default(),
            joined: Vec::new(),
            shut: Vec::new(),
            placed: Vec::new(),
            kinds: Vec::new(),
            serials: Vec::new().into_iter(),
        })
    }

    fn write(mut self, conn: &mut Conn<'_>, ctx: &CallContext) -> Result<Vec<Taken>> {
        let fresh = self
            .rows
            .iter()
            .filter(|row| !self.existing.contains_key(&row.id))
            .count();
        let mut seqs = self.app.store.allocate_seqs(conn, fresh)?.into_iter();
        self.serials = self
            .app
            .store
            .allocate_serials(conn, self.rows.len())?
            .into_iter();
        let mut inserts: Vec<(usize, i64)> = Vec::with_capacity(fresh);
        for (at, row) in self.rows.iter().enumerate() {
            if self.erased.contains(&row.id) {
                continue;
            }
            if is_passed_over(&self.existing, row, self.came) {
                self.note_live(conn, row)?;
                continue;
            }
            if let Some(existing) = self.existing.get(&row.id).cloned() {
                self.replace(conn, at, row, &existing)?;
                continue;
            }
            let seq = seqs.next().expect("a number for every new record");
            let verdict = self.place(conn, row)?;
            let customer = self.home(row, &verdict);
            self.settle(conn, seq, row, customer, &verdict)?;
            inserts.push((at, seq));
            self.placed.push(Placed {
                row: at,
                seq,
                previous: None,
                because: verdict.because,
                version: 1,
                said_at: row.recorded_at,
            });
        }
        self.save(conn, &inserts)?;
        self.tell(conn, ctx)?;
        Ok(self.answers())
    }

    /// When the rows came, if they are written live; else the epoch.
    fn live_at(&self) -> Timestamp {
        match self.came {
            Came::Live => self.now,
            Came::InFile(_) => Timestamp::from_micros(0),
        }
    }

    /// A live write that says what is there already says it anew, and stands against files that came before it.
    fn note_live(&self, conn: &mut Conn<'_>, row: &Ready) -> Result<()> {
        if self.came != Came::Live {
            return Ok(());
        }
        let seq = self.existing[&row.id].seq;
        self.app.store.note_live(conn, seq, self.now)
    }

    /// The customer a row goes to, a new one if it is nobody's.
    fn home(&mut self, row: &Ready, verdict: &Verdict) -> CustomerSerial {
        verdict.customer.unwrap_or_else(|| {
            let serial = self.serials.next().expect("a serial for every row");
            let id = CustomerId::new(&*self.app.clock);
            let kind = clear_kind(&row.features).unwrap_or(row.facts.kind);
            self.known.found(serial, Identity { id, kind });
            self.new_customers.push(NewCustomer { serial, id, kind });
            serial
        })
    }

    /// A record that comes again with other values.
    fn replace(
        &mut self,
        conn: &mut Conn<'_>,
        at: usize,
        row: &Ready,
        existing: &Existing,
    ) -> Result<()> {
        let seq = existing.seq;
        // Of one that is not compared only the store says whose it was before this batch.
        let own = self.known.owner(seq).unwrap_or(existing.customer);
        let own = self.current(own);
        let old = self
            .app
            .store
            .records_by_seq(conn, &[seq])?
            .pop()
            .ok_or(Error::CustomerUnknown)?;
        let (old_facts, _) = Facts::of(&old.columns, self.now);
        let old_features = crate::domain::features(&old.columns, old_facts.kind);
        self.known.remove(seq);
        let verdict = self.place_again(conn, row, own, &old_features)?;
        let customer = self.home(row, &verdict);
        let before = Version {
            facts: &old_facts,
            recorded_at: old.recorded_at,
            since: &old.since,
        };
        let after = (&row.facts, row.recorded_at);
        let since = noted(&before, after, self.now);
        let past = past_contacts(&before, &old.past_contacts, after, self.now);
        let sealed = self.app.store.seal(row.id, &row.columns, &past, &since)?;
        let vault = self.app.store.vault();
        let old_keys = Keys::of(vault, &row.dealer, &old_facts, &old_features);
        let checks = still_checked(&old, &row.columns, self.now);
        let new = row.record(seq, customer, &sealed, self.live_at());
        self.app
            .store
            .replace_record(conn, &new, &old_keys.all, &checks)?;
        self.settle(conn, seq, row, customer, &verdict)?;
        if customer != own {
            self.touched.insert(own);
            let (left, now) = (self.current(own), self.current(customer));
            if left == own && self.has_no_other(conn, own, seq)? {
                // The customer it leaves has no record left: its id answers with the new one.
                let reason = "its only record is now another customer's".to_owned();
                let why = (Why::ChangedRecord, reason);
                self.becomes(conn, (own, now), why, vec![seq])?;
            } else if left != now {
                let reason = verdict.leaving.unwrap_or_else(|| {
                    "the record changed and is now another customer's".to_owned()
                });
                self.leaves(conn, (left, now), reason, seq)?;
            }
        }
        self.placed.push(Placed {
            row: at,
            seq,
            previous: Some(existing.customer),
            because: verdict.because,
            version: existing.version + 1,
            said_at: car_said_at(&since, row.recorded_at),
        });
        Ok(())
    }

    /// Takes note of where a row went, for the rows after it and the steward, and joins whom it shows to be one.
    fn settle(
        &mut self,
        conn: &mut Conn<'_>,
        seq: i64,
        row: &Ready,
        customer: CustomerSerial,
        verdict: &Verdict,
    ) -> Result<()> {
        self.known.add(seq, customer, &row.keys, &row.features);
        self.touched.insert(customer);
        let mut home = customer;
        for other in &verdict.same {
            home = self.join(conn, home, other)?;
        }
        for other in &verdict.perhaps {
            self.propose(conn, home, other)?;
        }
        self.clear_up_kind(home, row);
        Ok(())
    }

    /// A customer whose kind was mistyped, or could only be guessed, is of the kind that a clear record shows.
    fn clear_up_kind(&mut self, customer: CustomerSerial, row: &Ready) {
        let known = self.known.identity(customer);
        if let (Some(identity), Some(kind)) = (known, clear_kind(&row.features))
            && identity.kind != kind
        {
            self.known.found(customer, Identity { kind, ..identity });
            match self
                .new_customers
                .iter_mut()
                .find(|new| new.serial == customer)
            {
                Some(new) => new.kind = kind,
                None => self.kinds.push((customer, kind)),
            }
        }
    }

    /// Writes customers and records, each record where it is in the end.
    fn save(&mut self, conn: &mut Conn<'_>, inserts: &[(usize, i64)]) -> Result<()> {
        let store = &self.app.store;
        store.insert_customers(conn, &self.new_customers, self.now)?;
        let records: Vec<NewRecord<'_>> = inserts
            .iter()
            .map(|(at, seq)| {
                let owner = self.known.owner(*seq).expect("the row was placed");
                self.rows[*at].record(*seq, owner, &self.rows[*at].sealed, self.live_at())
            })
            .collect();
        store.insert_records(conn, &records, self.now)?;
        self.save_joins(conn)?;
        for (customer, kind) in &self.kinds {
            self.app.store.set_kind(conn, *customer, *kind)?;
        }
        let new: FxHashSet<CustomerSerial> = self
            .new_customers
            .iter()
            .map(|customer| customer.serial)
            .collect();
        let mut touched: Vec<CustomerSerial> = self.touched.difference(&new).copied().collect();
        // In one order, so that two batches do not wait for each other in a circle.
        touched.sort_unstable();
        Ok(self.app.store.touch_customers(conn, &touched, self.now)?)
    }

    fn answers(&self) -> Vec<Taken> {
        let placed: FxHashMap<SourceRecordId, &Placed> = self
            .placed
            .iter()
            .map(|placed| (self.rows[placed.row].id, placed))
            .collect();
        let answer = |row: &&Ready| {
            if let Some(placed) = placed.get(&row.id) {
                return Taken {
                    record: row.id,
                    outcome: Outcome::Stored,
                    customer: self.known.owner(placed.seq),
                    previous: placed.previous,
                    because: placed.because.clone(),
                    version: placed.version,
                };
            }
            if self.erased.contains(&row.id) {
                return Taken {
                    record: row.id,
                    outcome: Outcome::Erased,
                    customer: None,
                    previous: None,
                    because: None,
                    version: 0,
                };
            }
            let existing = &self.existing[&row.id];
            Taken {
                record: row.id,
                outcome: Outcome::Unchanged,
                customer: Some(self.current(existing.customer)),
                previous: None,
                because: None,
                version: existing.version,
            }
        };
        self.rows.iter().map(answer).collect()
    }
}

/// Whether a row is the same as what is there.
fn is_stored(existing: &FxHashMap<SourceRecordId, Existing>, row: &Ready) -> bool {
    let stored = existing.get(&row.id);
    stored.is_some_and(|stored| stored.content_hash == row.content_hash)
}

/// Whether a row is the same as what is there, or older.
fn is_passed_over(existing: &FxHashMap<SourceRecordId, Existing>, row: &Ready, came: Came) -> bool {
    let stored = existing.get(&row.id);
    is_stored(existing, row) || stored.is_some_and(|stored| is_outdated(stored, row, came))
}

/// Whether the record was written live after the file of the row came, and the row does not itself say that it was typed later than
/// what is there.
fn is_outdated(existing: &Existing, row: &Ready, came: Came) -> bool {
    let Came::InFile(sent_at) = came else {
        return false;
    };
    let typed_at = row.facts.recorded_at;
    existing.live_at > sent_at && typed_at.is_none_or(|at| at <= existing.recorded_at)
}

/// Two processes that take in the same person at the same moment must end with one customer: whoever shares evidence
/// waits for the other's commit.
fn lock_evidence(conn: &mut Conn<'_>, rows: &[&Ready]) -> Result<()> {
    let mut keys: Vec<i64> = rows
        .iter()
        .flat_map(|row| row.keys.blocks.iter().copied())
        .collect();
    keys.extend(rows.iter().map(|row| {
        let (high, low) = row.id.uuid().as_u64_pair();
        (high ^ low).cast_signed()
    }));
    Ok(conn.lock_keys(&mut keys)?)
}

/// What is known of a record that changed: what was found out about columns that say the same as before, and that the others say
/// something else since now. A word on a record as a whole is of its earlier version.
fn still_checked(old: &SourceRecord, new: &Columns, now: Timestamp) -> Vec<ColumnCheck> {
    let is_same = |field: &Field| old.columns.get(*field) == new.get(*field);
    let (same, others): (Vec<Field>, Vec<Field>) =
        Field::of(RecordKind::Customers).partition(is_same);
    let is_of_same = |check: &&ColumnCheck| same.iter().any(|field| field.column() == check.column);
    let others = others.into_iter().map(Field::column).chain([""]);
    let since_now = others.map(|column| ColumnCheck {
        column: column.to_owned(),
        is_right: None,
        at: now,
    });
    let still = old.checks.iter().filter(is_of_same).cloned();
    still.chain(since_now).collect()
}
