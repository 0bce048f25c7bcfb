//! Taking records in: one way for a row of a file and a live write.
//!
//! A row is made ready without the store ([`Ready`]), then a batch of them is written in one transaction: what is
//! unchanged is passed over, each other row is linked by the evidence in the store and in the rows before it.

use marque_auth::CallContext;
use marque_core::{CustomerId, CustomerNumber, DuplicateId, SourceRecordId, Timestamp};
use marque_db::Conn;
use marque_intake::Outcome;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    CustomerApp, published,
    ready::{Ready, all_tokens, evidence_tokens},
};
use crate::{
    domain::{Candidate, Facts, PastContact, SourceRecord, Verdict, decide},
    error::{Error, Result},
    storage::{Duplicate, DuplicateState, Existing, NewCustomer, NewRecord, Token},
};

/// What became of one row.
#[derive(Debug, Clone)]
pub(crate) struct Taken {
    pub(crate) record: SourceRecordId,
    pub(crate) outcome: Outcome,
    pub(crate) customer: CustomerNumber,
    pub(crate) version: i64,
}

/// Candidates that share one token: a value that more records share says nothing about who is who.
const CROWD: usize = 40;

impl CustomerApp {
    /// Writes rows in the caller's transaction; one answer for each, in order.
    pub(super) fn write_rows(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        rows: &[&Ready],
    ) -> Result<Vec<Taken>> {
        Batch::open(self, conn, rows)?.write(conn, ctx)
    }
}

/// A batch being written: what the store knows of its rows, and what the rows before have added.
struct Batch<'a> {
    app: &'a CustomerApp,
    rows: &'a [&'a Ready],
    now: Timestamp,
    existing: FxHashMap<SourceRecordId, Existing>,
    /// Records in the store that share evidence with the batch, and their customers.
    by_token: FxHashMap<Token, Vec<CustomerNumber>>,
    /// Facts of all customers that may matter, records of this batch among them.
    members: FxHashMap<CustomerNumber, Vec<(SourceRecordId, Facts)>>,
    ids: FxHashMap<CustomerNumber, CustomerId>,
    new_customers: Vec<NewCustomer>,
    touched: FxHashSet<CustomerNumber>,
    links: Vec<published::Link>,
}

impl<'a> Batch<'a> {
    fn open(app: &'a CustomerApp, conn: &mut Conn<'_>, rows: &'a [&'a Ready]) -> Result<Self> {
        app.store.share_identities(conn)?;
        lock_evidence(conn, rows)?;
        let ids: Vec<SourceRecordId> = rows.iter().map(|row| row.id).collect();
        let existing = app.store.find_existing(conn, &ids)?;
        let changed = rows.iter().filter(|row| !is_unchanged(&existing, row));
        let mut tokens: Vec<Token> = changed
            .flat_map(|row| row.evidence.iter().copied())
            .collect();
        tokens.sort_unstable();
        tokens.dedup();
        let mut by_token: FxHashMap<Token, Vec<CustomerNumber>> = FxHashMap::default();
        for (token, _, customer) in app.store.find_by_tokens(conn, &tokens)? {
            by_token.entry(token).or_default().push(customer);
        }
        by_token.retain(|_, customers| {
            customers.sort_unstable();
            customers.dedup();
            customers.len() <= CROWD
        });
        let mut batch = Self {
            app,
            rows,
            now: app.clock.now(),
            existing,
            by_token,
            members: FxHashMap::default(),
            ids: FxHashMap::default(),
            new_customers: Vec::new(),
            touched: FxHashSet::default(),
            links: Vec::new(),
        };
        batch.load_members(conn)?;
        Ok(batch)
    }

    /// Opens the records of every customer that a row may join or already belongs to.
    fn load_members(&mut self, conn: &mut Conn<'_>) -> Result<()> {
        let candidates = self.by_token.values().flatten().copied();
        let changed = self
            .rows
            .iter()
            .filter(|row| !is_unchanged(&self.existing, row));
        let own = changed
            .filter_map(|row| self.existing.get(&row.id))
            .map(|existing| existing.customer);
        let mut numbers: Vec<CustomerNumber> = candidates.chain(own).collect();
        numbers.sort_unstable();
        numbers.dedup();
        self.ids = self.app.store.customer_ids(conn, &numbers)?;
        for record in self.app.store.records_of(conn, &numbers)? {
            let (facts, _) = Facts::of(&record.columns, self.now);
            self.members
                .entry(record.customer)
                .or_default()
                .push((record.id, facts));
        }
        Ok(())
    }

    fn write(mut self, conn: &mut Conn<'_>, ctx: &CallContext) -> Result<Vec<Taken>> {
        // The same key twice in one batch: the last row stands, and the others share what became of it.
        let last: FxHashMap<SourceRecordId, usize> = self
            .rows
            .iter()
            .enumerate()
            .map(|(at, row)| (row.id, at))
            .collect();
        let fresh = last
            .keys()
            .filter(|id| !self.existing.contains_key(*id))
            .count();
        let mut seqs = self.app.store.allocate_seqs(conn, fresh)?.into_iter();
        let mut numbers = self.app.store.allocate_numbers(conn, fresh)?.into_iter();
        let mut taken: FxHashMap<SourceRecordId, Taken> = FxHashMap::default();
        let mut inserts: Vec<NewRecord<'a>> = Vec::with_capacity(fresh);
        for (at, row) in self.rows.iter().enumerate() {
            if last[&row.id] != at {
                continue;
            }
            let answer = if let Some(existing) = self.existing.get(&row.id).cloned() {
                self.write_again(conn, row, &existing)?
            } else {
                let seq = seqs.next().expect("a number for every new record");
                let customer = self.place(conn, row, || {
                    numbers.next().expect("a number for every new record")
                })?;
                inserts.push(row.record(seq, customer, &row.sealed));
                Taken {
                    record: row.id,
                    outcome: Outcome::Stored,
                    customer,
                    version: 1,
                }
            };
            taken.insert(row.id, answer);
        }
        self.app
            .store
            .insert_customers(conn, &self.new_customers, self.now)?;
        self.app.store.insert_records(conn, &inserts, self.now)?;
        let new: FxHashSet<CustomerNumber> = self
            .new_customers
            .iter()
            .map(|customer| customer.number)
            .collect();
        let touched: Vec<CustomerNumber> = self.touched.difference(&new).copied().collect();
        self.app.store.touch_customers(conn, &touched, self.now)?;
        published::linked(conn, &*self.app.clock, self.links)?;
        debug_assert!(
            ctx.is_system() || !self.rows.is_empty(),
            "a caller brings rows"
        );
        Ok(self.rows.iter().map(|row| taken[&row.id].clone()).collect())
    }

    /// The customer a new row belongs to: one it is sure to be, or a new one.
    fn place(
        &mut self,
        conn: &mut Conn<'_>,
        row: &Ready,
        next_number: impl FnOnce() -> CustomerNumber,
    ) -> Result<CustomerNumber> {
        let verdict = self.decide(conn, row, None)?;
        let customer = match verdict.link {
            Some((customer, _)) => customer,
            None => self.new_customer(row, next_number()),
        };
        self.settle(conn, row, customer, None, &verdict)?;
        Ok(customer)
    }

    fn new_customer(&mut self, row: &Ready, number: CustomerNumber) -> CustomerNumber {
        let id = CustomerId::new(&*self.app.clock);
        self.ids.insert(number, id);
        self.new_customers.push(NewCustomer {
            number,
            id,
            kind: row.facts.kind,
        });
        number
    }

    /// A record that comes again with other values: it stays where it is unless the evidence now speaks against that.
    fn write_again(
        &mut self,
        conn: &mut Conn<'_>,
        row: &Ready,
        existing: &Existing,
    ) -> Result<Taken> {
        if is_unchanged(&self.existing, row) {
            let (customer, version) = (existing.customer, existing.version);
            return Ok(Taken {
                record: row.id,
                outcome: Outcome::Unchanged,
                customer,
                version,
            });
        }
        let customer = self.replace(conn, row, existing)?;
        Ok(Taken {
            record: row.id,
            outcome: Outcome::Stored,
            customer,
            version: existing.version + 1,
        })
    }

    fn replace(
        &mut self,
        conn: &mut Conn<'_>,
        row: &Ready,
        existing: &Existing,
    ) -> Result<CustomerNumber> {
        let old = self
            .app
            .store
            .records_by_seq(conn, &[existing.seq])?
            .pop()
            .ok_or(Error::CustomerUnknown)?;
        let (old_facts, _) = Facts::of(&old.columns, self.now);
        let vault = self.app.store.vault();
        let old_tokens = all_tokens(
            vault,
            &row.dealer,
            &old_facts,
            &evidence_tokens(vault, &old_facts),
        );
        let own = existing.customer;
        let others = self
            .members
            .get(&own)
            .is_some_and(|members| members.iter().any(|(id, _)| *id != row.id));
        let verdict = self.decide(conn, row, Some(own))?;
        let customer = match verdict.link {
            Some((customer, _)) => customer,
            // Nobody else of his customer speaks for him, and somebody now speaks against: he leaves. What spoke against
            // before was overruled by whoever joined them.
            None if others
                && self.contradicts(row.id, &row.facts, own)
                && !self.contradicts(row.id, &old_facts, own) =>
            {
                let number = self.app.store.allocate_numbers(conn, 1)?[0];
                self.new_customer(row, number)
            }
            None => own,
        };
        let past = past_contacts(&old, &old_facts, &row.facts, self.now);
        let sealed = self.app.store.seal(row.id, &row.columns, &past)?;
        self.app.store.replace_record(
            conn,
            &row.record(existing.seq, customer, &sealed),
            &old_tokens,
        )?;
        if let Some(members) = self.members.get_mut(&own) {
            members.retain(|(id, _)| *id != row.id);
        }
        let previous = (customer != own).then_some(own);
        self.settle(conn, row, customer, previous, &verdict)?;
        if previous.is_some() && !others {
            // The customer it leaves has no record left: its id answers with the new one.
            self.app
                .store
                .set_merged_into(conn, own, Some(customer), self.now)?;
        }
        Ok(customer)
    }

    /// The verdict over all candidates of a row; `own` is the customer it belongs to so far, who wins if his other
    /// records speak for it.
    fn decide(
        &self,
        conn: &mut Conn<'_>,
        row: &Ready,
        own: Option<CustomerNumber>,
    ) -> Result<Verdict> {
        let mut numbers: Vec<CustomerNumber> = row
            .evidence
            .iter()
            .filter_map(|token| self.by_token.get(token))
            .flatten()
            .copied()
            .collect();
        numbers.sort_unstable();
        numbers.dedup();
        let candidates: Vec<Candidate<'_>> = numbers
            .into_iter()
            .filter_map(|customer| {
                let records = self.members.get(&customer)?.iter();
                let records: Vec<&Facts> = records
                    .filter(|(id, _)| *id != row.id)
                    .map(|(_, facts)| facts)
                    .collect();
                (!records.is_empty()).then_some(Candidate { customer, records })
            })
            .collect();
        let mut verdict = decide(&row.facts, &candidates);
        if let (Some(own), Some((chosen, evidence))) = (own, verdict.link)
            && own != chosen
            && let Some(at) = verdict
                .likely
                .iter()
                .position(|(customer, _, reason)| *customer == own && *reason == evidence.reason())
        {
            verdict.likely[at].0 = chosen;
            verdict.link = Some((own, evidence));
        }
        if let (Some(own), Some((chosen, _))) = (own, verdict.link)
            && own != chosen
            && self.app.store.is_refused(conn, own, chosen)?
        {
            verdict.link = None;
        }
        Ok(verdict)
    }

    /// Whether the facts of a record contradict another record of a customer.
    fn contradicts(&self, record: SourceRecordId, facts: &Facts, own: CustomerNumber) -> bool {
        let Some(members) = self.members.get(&own) else {
            return false;
        };
        let differs = |left: &Option<String>, right: &Option<String>| {
            left.is_some() && right.is_some() && left != right
        };
        members
            .iter()
            .filter(|(id, _)| *id != record)
            .any(|(_, other)| {
                differs(&other.id_number, &facts.id_number)
                    || differs(&other.credit_code, &facts.credit_code)
            })
    }

    /// Takes note of where a row went, for the rows after it, the steward and the other services.
    fn settle(
        &mut self,
        conn: &mut Conn<'_>,
        row: &Ready,
        customer: CustomerNumber,
        previous: Option<CustomerNumber>,
        verdict: &Verdict,
    ) -> Result<()> {
        for token in &row.evidence {
            let customers = self.by_token.entry(*token).or_default();
            if !customers.contains(&customer) {
                customers.push(customer);
            }
        }
        self.members
            .entry(customer)
            .or_default()
            .push((row.id, row.facts.clone()));
        self.touched.insert(customer);
        self.touched.extend(previous);
        self.links.push(published::Link {
            record: row.id,
            customer: self.ids[&customer],
            previous: previous.map(|number| self.ids[&number]),
            dealer: row.dealer.clone(),
            kind: row.facts.kind,
            vin: row.facts.vin.clone(),
            plate: row.facts.plate.clone(),
            recorded_at: row.recorded_at,
        });
        for (other, probability, reason) in verdict
            .likely
            .iter()
            .filter(|(other, _, _)| *other != customer)
        {
            let pair = Duplicate {
                id: DuplicateId::new(&*self.app.clock),
                left: customer,
                right: *other,
                probability: *probability,
                reasons: vec![(*reason).to_owned()],
                state: DuplicateState::Open,
                found_at: self.now,
            };
            self.app.store.propose(conn, &pair)?;
        }
        Ok(())
    }
}

fn is_unchanged(existing: &FxHashMap<SourceRecordId, Existing>, row: &Ready) -> bool {
    existing
        .get(&row.id)
        .is_some_and(|existing| existing.content_hash == row.content_hash)
}

/// Two processes that take in the same person at the same moment must end with one customer: whoever shares evidence
/// waits for the other's commit.
fn lock_evidence(conn: &mut Conn<'_>, rows: &[&Ready]) -> Result<()> {
    let mut keys: Vec<i64> = rows
        .iter()
        .flat_map(|row| row.evidence.iter().copied())
        .collect();
    keys.extend(rows.iter().map(|row| {
        let (high, low) = row.id.uuid().as_u64_pair();
        (high ^ low).cast_signed()
    }));
    Ok(conn.lock_keys(&mut keys)?)
}

/// The contacts that the new row no longer has, with those that were past before.
fn past_contacts(
    old: &SourceRecord,
    old_facts: &Facts,
    new: &Facts,
    now: Timestamp,
) -> Vec<PastContact> {
    let current: Vec<(&str, &str)> = new.contacts().collect();
    let mut past = old.past_contacts.clone();
    for (channel, value) in old_facts
        .contacts()
        .filter(|contact| !current.contains(contact))
    {
        past.retain(|known| known.channel != channel || known.value != value);
        past.push(PastContact {
            channel: channel.to_owned(),
            value: value.to_owned(),
            from: old.recorded_at,
            to: now,
        });
    }
    past
}
