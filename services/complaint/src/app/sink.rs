//! Rows of an import of complaints.
//!
//! A row that says how it stands comes in so (`filed.rs`). Of the others one that is older than a case can be re-opened is history:
//! it comes in closed, for nobody can answer it in time any more, and a file of years must not escalate to headquarters. Every other
//! row is a case whose clocks begin now. One that was resolved not long ago is followed up like any other: its customer is asked.

use marque_core::{ComplaintId, CustomerId, SourceRecordId, new_uuid, source_record_id};
use marque_db::{Conn, StoreError, lock_key};
use marque_intake::{Entry, Job, Outcome, RowView, Sink, Written};
use marque_quality::{ComplaintRow, Field, RecordKind, Severity};
use marque_tabular::{COMPLAINTS, Schema};
use marque_vault::{Purpose, Vault};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    CaseApp,
    amend::CUSTOMER,
    draft::{self, Draft, Raw},
    filed,
    publish::{self, Change},
};
use crate::{
    domain::{Case, CaseSerial, Clock, ClockKind, Entry as Course, kinds_of},
    storage::{self, NewCase},
};

/// Takes files of complaints.
#[derive(Debug)]
pub(crate) struct CaseSink {
    app: CaseApp,
    vault: Vault,
    /// Where the dictionary's fields stand in the schema.
    places: Vec<(Field, usize)>,
}

/// The cases of keys, each with the hash of its row.
type Known = FxHashMap<String, (Case, Vec<u8>)>;

/// Where in a batch the last row of each case stands that says what its case is known by. The rows before it were taken in before it was: a
/// file with a row for each change, sent again, changes nothing.
fn last_said<'a>(batch: &[&'a CasePayload], known: &Known) -> FxHashMap<&'a str, usize> {
    let mut said = FxHashMap::default();
    for (at, row) in batch.iter().copied().enumerate() {
        let key = row.draft.complaint_key.as_str();
        if known
            .get(key)
            .is_some_and(|(_, content)| *content == row.content)
        {
            said.insert(key, at);
        }
    }
    said
}

/// What becomes of a row of somebody who was erased.
const LEFT_OUT: Written = Written {
    outcome: Outcome::Erased,
    record: None,
    findings: Vec::new(),
};

/// A row ready for the store.
#[derive(Debug)]
pub(crate) struct CasePayload {
    draft: Draft,
    record: Option<SourceRecordId>,
    /// Keyed hash of the row.
    content: [u8; 16],
}

impl CaseSink {
    pub(crate) fn new(app: CaseApp, vault: Vault) -> Self {
        let place = |field: Field| {
            COMPLAINTS
                .column(field.column())
                .map(|place| (field, place))
        };
        Self {
            app,
            vault,
            places: Field::of(RecordKind::Complaints)
                .filter_map(place)
                .collect(),
        }
    }

    fn columns<'a>(&self, view: &RowView<'a>) -> ComplaintRow<'a> {
        let mut columns = ComplaintRow::default();
        for (field, place) in &self.places {
            columns.set(*field, view.get(*place));
        }
        columns
    }
}

impl Sink for CaseSink {
    type Payload = CasePayload;

    fn schema(&self, kind: &str) -> Option<&'static Schema> {
        (kind == COMPLAINTS.kind).then_some(&COMPLAINTS)
    }

    fn record_id(&self, record: Uuid) -> String {
        ComplaintId::from(record).to_string()
    }

    fn prepare(&self, job: &Job, rows: &[RowView<'_>]) -> Entry<CasePayload> {
        let Some(view) = rows.first() else {
            return Entry {
                findings: Vec::new(),
                of_rows: Vec::new(),
                refusals: Vec::new(),
                payload: None,
            };
        };
        let raw = Raw {
            columns: self.columns(view),
            ..Raw::default()
        };
        let extras: Vec<(&str, &str)> = view.extras().collect();
        let (mut draft, findings) = draft::read(&raw, job.now);
        let is_refused = findings
            .iter()
            .any(|finding| finding.severity == Severity::Reject);
        for (name, value) in &extras {
            draft
                .words
                .extra
                .push(((*name).to_owned(), (*value).to_owned()));
        }
        let record = Some(draft.customer_key.as_str())
            .filter(|key| !key.is_empty())
            .map(|key| source_record_id(&job.dealer, &job.source, key));
        let content = content(&job.source, &raw.columns, &extras);
        let payload = CasePayload {
            content: self
                .vault
                .dealer_index(&job.dealer, Purpose::Content, content),
            record,
            draft,
        };
        Entry {
            findings,
            of_rows: Vec::new(),
            refusals: Vec::new(),
            payload: (!is_refused).then_some(payload),
        }
    }

    fn write(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&CasePayload],
    ) -> Result<Vec<Written>, StoreError> {
        self.app.write_rows(conn, job, batch, &self.vault)
    }
}

impl CaseApp {
    /// Writes rows of one dealer in the caller's transaction; the answers are in their order.
    fn write_rows(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        batch: &[&CasePayload],
        vault: &Vault,
    ) -> Result<Vec<Written>, StoreError> {
        let dealer = &job.dealer;
        let names = batch
            .iter()
            .map(|row| lock_name(job, &row.draft.complaint_key));
        conn.lock_keys(&mut names.collect())?;
        let records = || batch.iter().filter_map(|row| row.record);
        storage::lock_records(conn, records())?;
        // Only now: until then somebody could be erased in between.
        let erased = marque_intake::entombed(conn, vault, records())?;
        storage::share_hours(conn, dealer.as_str())?;
        let keys: Vec<&str> = batch
            .iter()
            .map(|row| row.draft.complaint_key.as_str())
            .collect();
        let found = self.hold_known(conn, job, &keys)?;
        let mut known: Known = found
            .into_iter()
            .map(|(case, content)| (case.complaint_key.clone(), (case, content)))
            .collect();
        let elsewhere = storage::handed_over(conn, dealer.as_str(), &job.source, &keys)?;
        let customers = storage::customers_of(conn, records())?;
        let tiers = storage::tiers_of(conn, customers.values().copied())?;
        let said = last_said(batch, &known);
        let mut written = Vec::with_capacity(batch.len());
        let mut fresh: Vec<(Case, &CasePayload)> = Vec::new();
        for (at, row) in batch.iter().enumerate() {
            if row.record.is_some_and(|record| erased.contains(&record)) {
                written.push(LEFT_OUT);
                continue;
            }
            let key = &row.draft.complaint_key;
            let customer = row
                .record
                .and_then(|record| customers.get(&record).copied());
            let is_said = said.get(key.as_str()).is_some_and(|last| at <= *last);
            let is_other = |(_, content): &(Case, Vec<u8>)| *content != row.content;
            if !is_said && known.get(key).is_some_and(is_other) {
                // It may be new in this batch: what is corrected is written before, and has its number.
                self.flush(conn, job, &mut fresh, &mut known)?;
            }
            let (id, outcome) = match known.remove(key) {
                // It is another dealer's case by now, who works on it.
                None if elsewhere.contains_key(key) => (elsewhere[key], Outcome::Unchanged),
                Some((case, content)) if is_said || content == row.content => {
                    let id = case.id;
                    known.insert(key.clone(), (case, content));
                    (id, Outcome::Unchanged)
                }
                Some((mut case, _)) => {
                    self.correct(conn, job, &mut case, (row, customer))?;
                    let id = case.id;
                    known.insert(key.clone(), (case, row.content.to_vec()));
                    (id, Outcome::Stored)
                }
                None => {
                    // It is given its serial when the batch is written.
                    let serial = CaseSerial::new(0);
                    let mut case = self.make(dealer, &job.source, &row.draft, serial, job.now);
                    (case.record, case.customer) = (row.record, customer);
                    let told = customer.and_then(|customer| tiers.get(&customer).copied());
                    case.tier = row.draft.tier.or(told);
                    filed::place(&mut case, &row.draft, job.now);
                    let id = case.id;
                    known.insert(key.clone(), (case.clone(), row.content.to_vec()));
                    fresh.push((case, row));
                    (id, Outcome::Stored)
                }
            };
            written.push(Written {
                outcome,
                record: Some(id.uuid()),
                findings: Vec::new(),
            });
        }
        self.flush(conn, job, &mut fresh, &mut known)?;
        Ok(written)
    }

    /// The cases of keys that are known, as they are while they are held: people work on them too.
    fn hold_known(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        keys: &[&str],
    ) -> Result<Vec<(Case, Vec<u8>)>, StoreError> {
        let dealer = job.dealer.as_str();
        let found = self.store.find_by_keys(conn, dealer, &job.source, keys)?;
        if found.is_empty() {
            return Ok(found);
        }
        storage::lock_cases(conn, found.iter().map(|(case, _)| case.id))?;
        self.store.find_by_keys(conn, dealer, &job.source, keys)
    }

    /// Writes the new cases of a batch with their clocks, and tells of them. Those that are known have their serials then.
    fn flush(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        fresh: &mut Vec<(Case, &CasePayload)>,
        known: &mut Known,
    ) -> Result<(), StoreError> {
        if fresh.is_empty() {
            return Ok(());
        }
        let mut fresh = std::mem::take(fresh);
        let serials = storage::take_serials(conn, fresh.len())?;
        for ((case, _), serial) in fresh.iter_mut().zip(serials) {
            case.serial = serial;
            if let Some((kept, _)) = known.get_mut(&case.complaint_key) {
                kept.serial = serial;
            }
        }
        let bodies = self.seal_all(fresh.iter().map(|(case, _)| case))?;
        let new: Vec<NewCase<'_>> = fresh
            .iter()
            .zip(&bodies)
            .map(|((case, row), body)| NewCase {
                case,
                content: &row.content,
                body,
            })
            .collect();
        storage::insert_cases(conn, &new)?;
        // Only now: a row may repeat another of its batch, or be repeated by one that came before.
        let remarked = storage::mark_new(conn, fresh.iter().map(|(case, _)| case))?;
        self.start_clocks(conn, job, fresh.iter().map(|(case, _)| case))?;
        let resolved = fresh.iter().map(|(case, _)| case);
        for case in resolved.filter(|case| filed::is_to_be_asked(case, job.now)) {
            self.follow_up(conn, &job.ctx, case, (&[], ""), job.now)?;
        }
        let changes = fresh
            .iter()
            .map(|(case, _)| Change::of(case, job.now))
            .collect();
        publish::all(conn, &*self.clock, publish::OPENED, changes)?;
        self.tell_remarked(conn, &remarked, job.now)
    }

    fn start_clocks<'a>(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        cases: impl Iterator<Item = &'a Case>,
    ) -> Result<(), StoreError> {
        let dealer = job.dealer.as_str();
        let calendar = self.calendar(conn, &marque_auth::Scope::Headquarters, dealer)?;
        let clocks: Vec<(ComplaintId, Clock)> = cases
            .flat_map(|case| {
                let calendar = &calendar;
                let is_asked = filed::is_to_be_asked(case, job.now);
                // What has come before the case came here is on no clock of ours.
                let is_waited_for = move |kind: &ClockKind| {
                    (is_asked && *kind == ClockKind::NextUpdate)
                        || (case.state.is_open() && !kind.is_met_in(case.state))
                };
                let kinds = kinds_of(&case.category).iter().copied();
                let kinds = kinds.filter(is_waited_for);
                kinds.map(move |kind| {
                    let begins = case.begins(kind);
                    let mut clock = Clock::start(kind, self.budget(kind, case), begins, calendar);
                    if kind.is_paused_in(case.state) {
                        clock.pause(begins, calendar);
                    }
                    (case.id, clock)
                })
            })
            .collect();
        let owned = clocks.iter().map(|(case, clock)| (*case, dealer, clock));
        storage::save_clocks(conn, owned)
    }

    /// Gives a case that is held what a corrected row says of it, and its clocks the budgets that go with it. What the desk has
    /// put right since is not the file's to say; what the row does not say stays.
    fn correct(
        &self,
        conn: &mut Conn<'_>,
        job: &Job,
        case: &mut Case,
        (row, customer): (&CasePayload, Option<CustomerId>),
    ) -> Result<(), StoreError> {
        let draft = &row.draft;
        let amended = storage::amended_fields(conn, case.id)?;
        let is_free = |field: &str| amended.iter().all(|one| one != field);
        if row.record.is_some() && is_free(CUSTOMER) {
            let is_another = case.customer != customer;
            if is_free("tier") && (is_another || draft.tier.is_some()) {
                case.tier = Self::tier(conn, draft, customer)?;
            }
            (case.record, case.customer) = (row.record, customer);
        }
        case.opened_at = draft.opened_at.unwrap_or(case.opened_at).min(job.now);
        if is_free("vin") && !draft.vin.is_empty() {
            case.vin.clone_from(&draft.vin);
        }
        if is_free("channel") && draft.says_channel {
            draft.channel.clone_into(&mut case.channel);
        }
        let has_category = is_free("category") && draft.says_category;
        if has_category {
            case.category.clone_from(&draft.category);
        }
        // Where no department is named, it goes with the category.
        if is_free("department") && (draft.says_department || has_category) {
            draft.department.clone_into(&mut case.department);
        }
        if is_free("severity") && draft.is_severity_read {
            case.severity = draft.severity;
        }
        case.severity = case.severity.at_least_of(&case.category);
        for (field, kept, said) in [
            ("part", &mut case.part, &draft.part),
            ("fault", &mut case.fault, &draft.fault),
        ] {
            if is_free(field) && !said.is_empty() {
                kept.clone_from(said);
            }
        }
        let before = std::mem::replace(&mut case.words, draft.words.clone());
        for (now, before) in [
            (&mut case.words.text, before.text),
            (&mut case.words.wish, before.wish),
        ] {
            if now.is_empty() {
                *now = before;
            }
        }
        case.repeat_of = storage::find_repeated(conn, job.ctx.scope(), case)?;
        case.version += 1;
        case.updated_at = job.now;
        let bodies = self.seal_all(std::iter::once(&*case))?;
        let written = (row.content.as_slice(), bodies[0].as_slice());
        storage::correct_case(conn, case, written)?;
        let remarked = storage::remark_repeats(conn, case, false)?;
        self.rebudget(conn, job.ctx.scope(), case)?;
        let entry = Course {
            act: "corrected",
            at: job.now,
            actor: job.ctx.actor().to_string(),
            from: String::new(),
            to: String::new(),
            note: String::new(),
        };
        self.store
            .add_entry(conn, case.id, new_uuid(&*self.clock), &entry)?;
        publish::one(
            conn,
            &*self.clock,
            publish::AMENDED,
            Change::of(case, job.now),
        )?;
        self.tell_remarked(conn, &remarked, job.now)?;
        self.follow_file(conn, job, case, draft)
    }

    fn seal_all<'a>(
        &self,
        cases: impl Iterator<Item = &'a Case>,
    ) -> Result<Vec<Vec<u8>>, StoreError> {
        cases
            .map(|case| {
                self.store
                    .seal(case)
                    .map_err(|error| StoreError::Unavailable(error.into()))
            })
            .collect()
    }
}

/// The lock under which a key of a source is written.
fn lock_name(job: &Job, key: &str) -> i64 {
    lock_key(format!("{}\u{1f}{}\u{1f}{key}", job.dealer, job.source).as_bytes())
}

/// How a case comes in and not what it is.
const STANDING: [Field; 2] = [Field::ComplaintState, Field::ComplaintClosedAt];

/// All that was typed, so that the same row is the same bytes and another is not. How it stands is among the extras, so that a row without
/// a word of it is the bytes it was before there were these columns.
fn content(source: &str, columns: &ComplaintRow<'_>, extras: &[(&str, &str)]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(512);
    let mut put = |part: &str| {
        bytes.extend_from_slice(&(part.len() as u32).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    };
    put(source);
    for field in Field::of(RecordKind::Complaints).filter(|field| !STANDING.contains(field)) {
        put(columns.get(field).unwrap_or_default());
    }
    let standing = STANDING.map(|field| (field.column(), columns.get(field).unwrap_or_default()));
    let said = standing.into_iter().filter(|(_, value)| !value.is_empty());
    let mut extras: Vec<(&str, &str)> = extras.iter().copied().chain(said).collect();
    extras.sort_unstable();
    for (name, value) in extras {
        put(name);
        put(value);
    }
    bytes
}
