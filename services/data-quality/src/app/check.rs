//! Taking evidence in: records are scored, counted and their findings opened or closed in one transaction.

use std::{
    collections::{HashMap, HashSet},
    slice,
    sync::Arc,
};

use marque_core::{FindingId, Timestamp, business_date};
use marque_db::Conn;
use marque_quality::{RecordKind, standard::Standard};
use uuid::Uuid;

use super::{QualityApp, judgement::Judgement};
use crate::{
    domain::{
        Counters, Evidence, Excused, Finding, FindingState, Found, Place, Signs, found_in,
        month_of, score,
    },
    error::{Error, Result},
    storage::{self, Clerk, Kept, Lane, Pending},
};

/// The department of each clerk: dealer and staff number.
pub(crate) type Departments = HashMap<Clerk, String>;

/// What the owner of records said of those that wait.
#[derive(Debug)]
pub(crate) struct Gathered {
    /// When he was first asked.
    pub(crate) asked_at: Timestamp,
    pub(crate) asked: Vec<Pending>,
    /// In the order of the answers.
    pub(crate) evidence: Vec<Evidence>,
    /// What was asked for where it is not the record itself: a car is asked for by its id and answered row by row.
    pub(crate) asked_as: HashMap<Uuid, Arc<[Uuid]>>,
}

/// When records were asked for, and by which ids if not by their own.
type Asked = (Timestamp, Arc<HashMap<Uuid, Arc<[Uuid]>>>);

/// Records that are written in one transaction: callers wait as long.
const WRITTEN: usize = 500;
/// Records that are scored anew in one transaction.
const BATCH: u32 = 500;

impl QualityApp {
    /// The next records to be looked at in a lane.
    pub(crate) async fn pending(
        &self,
        kind: RecordKind,
        lane: Lane,
        limit: u32,
    ) -> Result<Vec<Pending>> {
        let next = move |conn: &mut Conn<'_>| Ok(storage::pending(conn, kind, lane, limit)?);
        self.db.read(next).await
    }

    /// Whether records of an import wait to be looked at.
    pub(crate) async fn has_backlog(&self) -> Result<bool> {
        let waits = move |conn: &mut Conn<'_>| Ok(storage::has_backlog(conn)?);
        self.db.read(waits).await
    }

    /// Whether all records of a kind were asked for once.
    pub(crate) async fn is_backfilled(&self, kind: RecordKind) -> Result<bool> {
        let is_done = move |conn: &mut Conn<'_>| Ok(storage::backfilled(conn, kind)?);
        self.db.read(is_done).await
    }

    /// Notes records to be looked at; with none, that these were all there are.
    pub(crate) async fn backfill(&self, kind: RecordKind, records: Vec<Uuid>) -> Result<()> {
        let now = self.clock.now();
        self.db
            .bulk(move |conn| {
                if records.is_empty() {
                    return Ok(storage::mark_backfilled(conn, kind, now)?);
                }
                Ok(storage::enqueue(conn, kind, &records, 0)?)
            })
            .await
    }

    /// Takes in what the owner of records says of them, and crosses off what was asked for. What was forgotten since it was
    /// asked for stays forgotten.
    pub(crate) async fn take(
        &self,
        (kind, lane): (RecordKind, Lane),
        gathered: Gathered,
        departments: Departments,
    ) -> Result<()> {
        let mut evidence = newest(gathered.evidence);
        let when: Asked = (gathered.asked_at, Arc::new(gathered.asked_as));
        // Records of one dealer together, from the end on: what they are added to lies in one place.
        evidence.sort_by(|one, other| {
            let key = |one: &Evidence| (one.entered_at, one.id);
            (&other.dealer, &other.clerk, key(other)).cmp(&(&one.dealer, &one.clerk, key(one)))
        });
        let asked = gathered.asked.into_iter();
        let mut asked: HashMap<Uuid, Pending> = asked.map(|one| (one.record, one)).collect();
        loop {
            let next = evidence.split_off(evidence.len().saturating_sub(WRITTEN));
            let mut done: Vec<Pending> = next
                .iter()
                .filter_map(|one| asked.remove(&one.id))
                .collect();
            let is_last = evidence.is_empty();
            if is_last {
                // A car is asked for by its id and answered row by row; what is unknown is not answered.
                done.extend(asked.drain().map(|(_, one)| one));
            }
            self.take_some((kind, lane), (next, done), &departments, when.clone())
                .await?;
            self.counted.notify_one();
            if is_last {
                return Ok(());
            }
        }
    }

    async fn take_some(
        &self,
        (kind, lane): (RecordKind, Lane),
        (mut evidence, done): (Vec<Evidence>, Vec<Pending>),
        departments: &Departments,
        (asked_at, asked_as): Asked,
    ) -> Result<()> {
        let (app, now) = (self.clone(), self.clock.now());
        let of_these: Departments = evidence
            .iter()
            .filter_map(|one| departments.get_key_value(&(one.dealer.clone(), one.clerk.clone())))
            .map(|(clerk, department)| (clerk.clone(), department.clone()))
            .collect();
        let said = of_these.clone();
        let work = move |conn: &mut Conn<'_>| -> Result<Departments> {
            storage::lock(conn)?;
            let gone = storage::no_longer_pending(conn, (kind, lane), &done)?;
            evidence.retain(|one| !gone.contains(&one.id));
            let departments = app.work_in(conn, &of_these)?;
            let again = app.check(conn, (&evidence, &done), &departments, (asked_at, now))?;
            storage::settle(conn, (kind, lane), &done)?;
            let again: Vec<Uuid> = again
                .iter()
                .flat_map(|id| asked_as.get(id).map_or(slice::from_ref(id), |ids| &ids[..]))
                .copied()
                .collect();
            // A position that no event has, so that who asked before does not cross it off.
            storage::enqueue(conn, kind, &again, -now.as_micros())?;
            Ok(departments)
        };
        let departments = match lane {
            Lane::Live => self.db.write(work).await?,
            Lane::Bulk => self.db.bulk(work).await?,
        };
        self.remember(&said, departments);
        Ok(())
    }

    /// Scores and counts what was said; gives back which records are to be asked for again: another lane wrote something else of
    /// them while these answers were on their way, and nobody knows which came later. Not everything that is said has a version.
    fn check(
        &self,
        conn: &mut Conn<'_>,
        (evidence, done): (&[Evidence], &[Pending]),
        departments: &Departments,
        (asked_at, now): (Timestamp, Timestamp),
    ) -> Result<Vec<Uuid>> {
        let known = by_id(storage::kept(conn, &self.vault, &ids_of(evidence))?);
        // Nothing was found of records that are new.
        let earlier: Vec<Uuid> = known.keys().copied().collect();
        let mut batch = Batch::of(conn, &earlier)?;
        let mut in_order: Vec<&Evidence> = evidence.iter().collect();
        in_order.sort_unstable_by_key(|one| one.id);
        let asked: HashSet<Uuid> = done.iter().map(|one| one.record).collect();
        // What was written later than now was written before the clock was set back.
        let until = self.clock.now();
        let is_meanwhile = |old: &&Kept| asked_at < old.checked_at && old.checked_at <= until;
        let mut again = Vec::new();
        for one in in_order {
            let old = known.get(&one.id);
            if old.is_some_and(|old| old.evidence.version > one.version) {
                continue;
            }
            // Who came along unasked and is not known may have been erased meanwhile; all others are asked for themselves.
            if old.is_none() && one.kind != RecordKind::Vehicles && !asked.contains(&one.id) {
                continue;
            }
            if let Some(old) = old.filter(is_meanwhile) {
                if old.evidence != *one {
                    again.push(one.id);
                }
                continue;
            }
            // Of two that were one the owner tells of the one that changed alone.
            let left = old.and_then(|old| old.evidence.repeats);
            again.extend(left.filter(|left| one.repeats != Some(*left)));
            let place = place_of(one, departments);
            let signs = self.signs(one, old);
            let standard = batch.standard(conn, self, one.kind, now)?;
            batch.put(old, (one.clone(), now), place, &standard, signs);
        }
        batch.write(conn, self, now)?;
        Ok(again)
    }

    /// The signs of a record: by the last comparison, or those it had while nothing about it has changed.
    fn signs(&self, evidence: &Evidence, old: Option<&Kept>) -> Signs {
        let assessment = self.assessment.read().clone();
        if let Some(assessment) = assessment {
            let whose = (evidence.dealer.as_str(), evidence.clerk.as_str());
            return assessment.signs(whose, &evidence.entry);
        }
        old.filter(|old| old.evidence.entry == evidence.entry)
            .map(|old| old.signs.clone())
            .unwrap_or_default()
    }

    /// Judges records anew whose signs are others by the last comparison.
    pub(super) fn judge(
        &self,
        conn: &mut Conn<'_>,
        ids: &[Uuid],
        assessment: &Judgement,
        now: Timestamp,
    ) -> Result<()> {
        storage::lock(conn)?;
        let mut batch = Batch::of(conn, ids)?;
        for old in storage::kept(conn, &self.vault, ids)? {
            let whose = (old.place.dealer.as_str(), old.place.clerk.as_str());
            let signs = assessment.signs(whose, &old.evidence.entry);
            let standard = batch.standard(conn, self, old.place.kind, now)?;
            batch.put(
                Some(&old),
                (old.evidence.clone(), old.checked_at),
                old.place.clone(),
                &standard,
                signs,
            );
        }
        batch.write(conn, self, now)
    }

    /// Scores some records by the standard in force that were scored by another; says whether there were any.
    pub(crate) async fn rescore(&self, kind: RecordKind) -> Result<bool> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .bulk(move |conn| {
                let standard = app.in_force(conn, kind, business_date(now))?;
                let version = i64::from(standard.version);
                if !storage::has_not_by(conn, kind, version)? {
                    return Ok(false);
                }
                storage::lock(conn)?;
                let by_others = storage::kept_not_by(conn, &app.vault, kind, version, BATCH)?;
                app.score_anew(conn, by_others, now)?;
                Ok::<_, Error>(true)
            })
            .await
    }

    /// Scores records by what is known of them, with what of them is excused now.
    pub(super) fn score_anew(
        &self,
        conn: &mut Conn<'_>,
        records: Vec<Kept>,
        now: Timestamp,
    ) -> Result<()> {
        let ids: Vec<Uuid> = records.iter().map(|kept| kept.evidence.id).collect();
        let mut batch = Batch::of(conn, &ids)?;
        for old in records {
            let standard = batch.standard(conn, self, old.place.kind, now)?;
            let said = (old.evidence.clone(), old.checked_at);
            let (place, signs) = (old.place.clone(), old.signs.clone());
            batch.put(Some(&old), said, place, &standard, signs);
        }
        batch.write(conn, self, now)
    }
}

/// Records about to be written, and what they change.
#[derive(Default)]
struct Batch {
    counters: Counters,
    records: Vec<Kept>,
    /// What is wrong with each of them, in the same order.
    found: Vec<Vec<Found>>,
    /// What was found of the records before.
    findings: HashMap<Uuid, Vec<Finding>>,
    /// The standards in force that were asked for.
    standards: HashMap<RecordKind, Arc<Standard>>,
}

impl Batch {
    fn of(conn: &mut Conn<'_>, ids: &[Uuid]) -> Result<Self> {
        let mut batch = Self::default();
        for finding in storage::findings_of(conn, ids)? {
            let of_record = batch.findings.entry(finding.record).or_default();
            of_record.push(finding);
        }
        Ok(batch)
    }

    /// The standard in force, found once for all records of the batch.
    fn standard(
        &mut self,
        conn: &mut Conn<'_>,
        app: &QualityApp,
        kind: RecordKind,
        now: Timestamp,
    ) -> Result<Arc<Standard>> {
        if let Some(known) = self.standards.get(&kind) {
            return Ok(Arc::clone(known));
        }
        let standard = app.in_force(conn, kind, business_date(now))?;
        self.standards.insert(kind, Arc::clone(&standard));
        Ok(standard)
    }

    fn put(
        &mut self,
        old: Option<&Kept>,
        (evidence, checked_at): (Evidence, Timestamp),
        place: Place,
        standard: &Arc<Standard>,
        signs: Signs,
    ) {
        let of_record = self.findings.get(&evidence.id).into_iter().flatten();
        let excused = Excused::of(of_record, &evidence);
        let (scored, found) = {
            let flaws = evidence.flaws(standard, business_date(checked_at));
            let scored = score(standard, (&evidence, &flaws), &signs, &excused);
            (scored, found_in(&evidence, &flaws, &signs))
        };
        self.found.push(found);
        if let Some(old) = old {
            self.counters.leave(&old.place, &old.scored);
        }
        self.counters.enter(&place, &scored);
        self.records.push(Kept {
            evidence,
            place,
            standard: i64::from(standard.version),
            scored,
            signs,
            checked_at,
        });
    }

    fn write(mut self, conn: &mut Conn<'_>, app: &QualityApp, now: Timestamp) -> Result<()> {
        let counters = std::mem::take(&mut self.counters);
        storage::add_counters(conn, &counters.rolled_up())?;
        storage::put_records(conn, &app.vault, &self.records)?;
        let mut changed = Vec::new();
        for (kept, found) in self.records.iter().zip(self.found) {
            let earlier = self.findings.remove(&kept.evidence.id);
            let earlier = earlier.unwrap_or_default();
            changed.extend(compare(app, kept, earlier, found, now));
        }
        Ok(storage::put_findings(conn, &changed)?)
    }
}

/// What has changed of a record's findings: opened, come back, changed, mended.
fn compare(
    app: &QualityApp,
    kept: &Kept,
    earlier: Vec<Finding>,
    found: Vec<Found>,
    now: Timestamp,
) -> Vec<Finding> {
    let is_same = |finding: &Finding, found: &Found| {
        finding.found.field == found.field && finding.found.rule == found.rule
    };
    let mut changed = Vec::new();
    for flaw in &found {
        let Some(finding) = earlier.iter().find(|finding| is_same(finding, flaw)) else {
            changed.push(opened(app, kept, flaw.clone(), now));
            continue;
        };
        let flaw = Found {
            value: flaw.value.or(finding.found.value),
            ..flaw.clone()
        };
        // A waiver is of a value: another one is found anew.
        let is_back = match finding.state {
            FindingState::Open => false,
            FindingState::Mended => true,
            FindingState::Waived => finding.found.is_of_another(&kept.evidence),
        };
        let is_in_place = finding.dealer == kept.place.dealer && finding.clerk == kept.place.clerk;
        if !is_back && finding.found == flaw && is_in_place {
            continue;
        }
        changed.push(Finding {
            found: flaw,
            dealer: kept.place.dealer.clone(),
            department: kept.place.department.clone(),
            clerk: kept.place.clerk.clone(),
            standard: kept.standard,
            state: if is_back {
                FindingState::Open
            } else {
                finding.state
            },
            changed_at: if is_back { now } else { finding.changed_at },
            reopened: finding.reopened + i64::from(is_back),
            reason: if is_back {
                String::new()
            } else {
                finding.reason.clone()
            },
            is_excused: finding.is_excused && !is_back,
            ..finding.clone()
        });
    }
    let gone = earlier
        .into_iter()
        .filter(|finding| finding.state != FindingState::Mended)
        .filter(|finding| !found.iter().any(|flaw| is_same(finding, flaw)));
    changed.extend(gone.map(|finding| Finding {
        state: FindingState::Mended,
        changed_at: now,
        is_excused: false,
        ..finding
    }));
    changed
}

fn opened(app: &QualityApp, kept: &Kept, found: Found, now: Timestamp) -> Finding {
    Finding {
        id: FindingId::new(&*app.clock),
        record: kept.evidence.id,
        kind: kept.place.kind,
        dealer: kept.place.dealer.clone(),
        department: kept.place.department.clone(),
        clerk: kept.place.clerk.clone(),
        found,
        standard: kept.standard,
        state: FindingState::Open,
        opened_at: now,
        changed_at: now,
        reopened: 0,
        reason: String::new(),
        is_excused: false,
    }
}

/// Every record once: its newest version, and of one version what was said last.
fn newest(evidence: Vec<Evidence>) -> Vec<Evidence> {
    let mut newest: HashMap<Uuid, Evidence> = HashMap::with_capacity(evidence.len());
    for one in evidence {
        let is_no_newer = |known: &Evidence| known.version <= one.version;
        if newest.get(&one.id).is_none_or(is_no_newer) {
            newest.insert(one.id, one);
        }
    }
    newest.into_values().collect()
}

/// Whose record it is, and of when.
fn place_of(evidence: &Evidence, departments: &Departments) -> Place {
    let clerk = (evidence.dealer.clone(), evidence.clerk.clone());
    Place {
        kind: evidence.kind,
        dealer: evidence.dealer.clone(),
        department: departments.get(&clerk).cloned().unwrap_or_default(),
        clerk: evidence.clerk.clone(),
        period: month_of(business_date(evidence.entered_at)),
    }
}

fn ids_of(evidence: &[Evidence]) -> Vec<Uuid> {
    evidence.iter().map(|one| one.id).collect()
}

fn by_id(records: Vec<Kept>) -> HashMap<Uuid, Kept> {
    let keyed = records.into_iter().map(|kept| (kept.evidence.id, kept));
    keyed.collect()
}
