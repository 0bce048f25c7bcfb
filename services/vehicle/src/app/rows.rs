//! A dealer's row of a vehicle: from text to facts, and into the store.

use std::collections::HashSet;

use marque_core::{
    DealerCode, ImportId, SourceRecordId, Timestamp, VehicleId, business_date, source_record_id,
};
use marque_db::{Conn, StoreError};
use marque_intake::{Job, Outcome};
use marque_quality::{
    CleanVehicle, Field, Finding, Rule, Severity, VehicleRow, clean_vehicle, text::present,
};
use marque_vault::{Place, Purpose, Vault};
use rustc_hash::FxHashMap;

use super::Recorder;
use crate::{
    domain::{Amendment, Definition, Facts, Giver, Licence, PartyClaim, Role, RowFact, Sale, Told},
    storage::{self, EarlierRow, StoredColumns},
};

/// Reads and writes rows.
#[derive(Debug, Clone)]
pub(crate) struct Rows {
    pub(super) vault: Vault,
    recorder: Recorder,
}

/// A row as typed.
pub(crate) struct RawRow<'a> {
    pub(crate) columns: VehicleRow<'a>,
    /// Columns we do not know; `driver_key`, `payer_key` and what the vehicle licence says are read from here.
    pub(crate) extra: Vec<(&'a str, &'a str)>,
}

/// A row ready for the store.
pub(crate) struct RowPayload {
    row: RowFact,
    amendment: Amendment,
    plate: Option<String>,
}

impl RowPayload {
    /// The VIN of its car.
    pub(super) fn vin(&self) -> &str {
        &self.row.vin
    }
}

/// What became of a row.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    pub(crate) vehicle: VehicleId,
    /// Of the car.
    pub(crate) outcome: Outcome,
    /// Whether it names somebody who was erased.
    pub(crate) is_erased: bool,
}

impl Kept {
    /// What the sender is told.
    pub(crate) fn told(self) -> Outcome {
        if self.is_erased {
            Outcome::Erased
        } else {
            self.outcome
        }
    }
}

/// The file in which rows came.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SentFile {
    import: ImportId,
    /// When it was taken in: what was written live since is newer.
    received_at: Timestamp,
}

impl SentFile {
    pub(crate) fn of(job: &Job) -> Self {
        Self {
            import: job.id,
            received_at: job.received_at,
        }
    }
}

/// A row that was read.
pub(crate) struct Prepared {
    pub(crate) findings: Vec<Finding>,
    /// `None` if the row must be quarantined.
    pub(crate) payload: Option<RowPayload>,
}

impl Rows {
    pub(crate) fn new(vault: Vault, recorder: Recorder) -> Self {
        Self { vault, recorder }
    }

    /// The key under which facts of rows go to the data-quality service.
    pub(crate) fn evidence_key(&self, bytes: &[u8]) -> u64 {
        marque_intake::evidence_key(&self.vault, bytes)
    }

    /// Cleans, hashes and seals a row. Without a usable VIN there is no telling which car it is: a plate is none's for
    /// ever, and what is wrong with the VIN is why the row is held back.
    pub(crate) fn prepare(
        &self,
        dealer: &DealerCode,
        source: &str,
        raw: &RawRow<'_>,
        now: Timestamp,
    ) -> Prepared {
        let cleaned = clean_vehicle(&raw.columns, business_date(now));
        let (is_rejected, mut findings) = (cleaned.is_rejected(), cleaned.findings);
        let vehicle = cleaned.record;
        let Some(vin) = vehicle.vin.filter(|_| !is_rejected) else {
            if vehicle.vin.is_none() {
                refuse_for_vin(&mut findings);
            }
            return Prepared {
                findings,
                payload: None,
            };
        };
        let record = |key: Option<&str>| key.map(|key| source_record_id(dealer, source, key));
        let licence = raw.licence();
        let columns = StoredColumns::of(raw);
        let encoded = columns.encode();
        let sealed_to = storage::row_of(dealer.as_str(), source, vin.as_str());
        let row = RowFact {
            dealer: dealer.clone(),
            source: source.to_owned(),
            vin: vin.as_str().to_owned(),
            content: self.vault.dealer_index(
                dealer,
                Purpose::Content,
                fingerprinted(&encoded, &licence),
            ),
            owner: record(vehicle.owner_key.as_deref()),
            driver: record(raw.extra(DRIVER)),
            payer: record(raw.extra(PAYER)),
            sealed: self
                .vault
                .seal(storage::place(&sealed_to), &encoded)
                .unwrap_or_default(),
        };
        let plate = vehicle.plate.map(|plate| plate.as_str().to_owned());
        Prepared {
            findings,
            payload: Some(RowPayload {
                row,
                amendment: amendment(vehicle, licence),
                plate,
            }),
        }
    }

    /// Opens a stored row.
    pub(super) fn open(&self, row: &storage::KeptRow) -> Result<StoredColumns, StoreError> {
        let sealed_to = storage::row_of(&row.dealer, &row.source, &row.vin);
        self.columns(storage::place(&sealed_to), &row.sealed)
    }

    fn columns(&self, place: Place<'_>, sealed: &[u8]) -> Result<StoredColumns, StoreError> {
        let opened = self.vault.open(place, sealed);
        let opened = opened.map_err(|error| StoreError::Decode {
            column: 3,
            source: error.into(),
        })?;
        StoredColumns::read(&opened)
    }

    /// Writes rows of one source in the caller's transaction, of a file if there is one; the answers are in the rows'
    /// order. Of a row that names somebody who was erased the car is taken in, and nothing that is his (ADR 27).
    pub(crate) fn write(
        &self,
        conn: &mut Conn<'_>,
        batch: &[&RowPayload],
        (file, now): (Option<SentFile>, Timestamp),
    ) -> Result<Vec<Kept>, StoreError> {
        let erased = self.hold(conn, batch, now)?;
        let bare = self.bare(batch, &erased)?;
        let rows: Vec<&RowPayload> = batch
            .iter()
            .enumerate()
            .map(|(at, &payload)| bare.get(&at).unwrap_or(payload))
            .collect();
        let written = self.write_cars(conn, &rows, (file, now))?;
        let written = written.into_iter().enumerate();
        Ok(written
            .map(|(at, (outcome, vehicle))| Kept {
                vehicle,
                outcome,
                is_erased: bare.contains_key(&at),
            })
            .collect())
    }

    /// Holds all that the rows name, so that nobody of them is erased in between, and tells those who were before.
    fn hold(
        &self,
        conn: &mut Conn<'_>,
        batch: &[&RowPayload],
        now: Timestamp,
    ) -> Result<HashSet<SourceRecordId>, StoreError> {
        let named: Vec<Facts> = batch
            .iter()
            .map(|payload| facts_of(payload, None, None, now))
            .collect();
        Recorder::lock(conn, &named, &[])?;
        let records = named.iter().flat_map(|facts| &facts.parties);
        marque_intake::entombed(conn, &self.vault, records.map(|claim| claim.record))
    }

    /// By their places the rows that name people who were erased, with what is left of each: the car, and of its people the others.
    fn bare(
        &self,
        batch: &[&RowPayload],
        erased: &HashSet<SourceRecordId>,
    ) -> Result<FxHashMap<usize, RowPayload>, StoreError> {
        let mut bare = FxHashMap::default();
        for (at, payload) in batch.iter().enumerate() {
            let RowPayload { row, amendment, .. } = payload;
            let is_erased = |record: &SourceRecordId| erased.contains(record);
            let mut named = row.parts().into_iter().filter_map(|(_, record)| record);
            if !named.any(|record| is_erased(&record)) {
                continue;
            }
            let sealed_to = storage::row_of(row.dealer.as_str(), &row.source, &row.vin);
            let place = storage::place(&sealed_to);
            let columns = self.columns(place, &row.sealed)?.of_the_car();
            let left = |record: Option<SourceRecordId>| record.filter(|one| !is_erased(one));
            let row = RowFact {
                owner: left(row.owner),
                driver: left(row.driver),
                payer: left(row.payer),
                sealed: self
                    .vault
                    .seal(place, &columns.encode())
                    .unwrap_or_default(),
                ..row.clone()
            };
            let payload = RowPayload {
                row,
                amendment: amendment.clone(),
                plate: None,
            };
            bare.insert(at, payload);
        }
        Ok(bare)
    }

    /// Writes rows that name nobody who was erased.
    fn write_cars(
        &self,
        conn: &mut Conn<'_>,
        batch: &[&RowPayload],
        (file, now): (Option<SentFile>, Timestamp),
    ) -> Result<Vec<(Outcome, VehicleId)>, StoreError> {
        let Some(first) = batch.first() else {
            return Ok(Vec::new());
        };
        let vins: Vec<&str> = batch
            .iter()
            .map(|payload| payload.row.vin.as_str())
            .collect();
        let (dealer, source) = (&first.row.dealer, first.row.source.as_str());
        let mut stored: FxHashMap<String, Told> = FxHashMap::default();
        let mut known: FxHashMap<String, Known<'_>> = FxHashMap::default();
        // Cars of which something was written live after the file came.
        let mut newer: HashSet<String> = HashSet::new();
        for earlier in storage::find_rows(conn, dealer, source, &vins)? {
            let EarlierRow {
                vin,
                told,
                parts,
                live_at,
            } = earlier;
            if file.is_some_and(|file| live_at > file.received_at) {
                newer.insert(vin.clone());
            }
            stored.insert(vin.clone(), told);
            known.insert(vin, Known::Stored(parts));
        }
        let sold_before = self.sales_before(conn, batch, &stored, now)?;
        let mut told = stored.clone();
        let import = file.map(|file| file.import.uuid());
        let (mut facts, mut outcomes) = (Vec::new(), Vec::with_capacity(batch.len()));
        let mut newest: FxHashMap<&str, &RowFact> = FxHashMap::default();
        for payload in batch {
            let row = &payload.row;
            if row.sealed.is_empty() {
                return Err(StoreError::Unavailable(
                    "a row cannot be sealed: no randomness".into(),
                ));
            }
            let heard = told.entry(row.vin.clone()).or_default();
            if newer.contains(&row.vin) || heard.hear(import, row.content) {
                outcomes.push(Outcome::Unchanged);
                facts.push(Facts::of(&row.vin));
                continue;
            }
            let earlier = known.get(&row.vin);
            let sale = match earlier {
                Some(Known::Now(earlier)) => Some(&earlier.amendment.sale),
                _ => sold_before.get(&row.vin),
            };
            facts.push(facts_of(payload, earlier, sale, now));
            outcomes.push(Outcome::Stored);
            newest.insert(&row.vin, row);
            known.insert(row.vin.clone(), Known::Now(payload));
        }
        let ids = self.recorder.record(conn, &facts, now)?;
        let goes_on = |vin: &&String| {
            let is_new = newest.contains_key(vin.as_str());
            !is_new && told[*vin].goes_on(&stored[*vin])
        };
        let mut midway: Vec<&String> = stored.keys().filter(goes_on).collect();
        midway.sort_unstable();
        for vin in midway {
            storage::put_told(conn, (dealer, source, vin.as_str()), &told[vin])?;
        }
        if file.is_none() {
            for vin in stored
                .keys()
                .filter(|vin| !newest.contains_key(vin.as_str()))
            {
                storage::note_live(conn, (dealer, source, vin), now)?;
            }
        }
        let mut rows: Vec<(&RowFact, &Told)> = newest
            .into_values()
            .map(|row| (row, &told[&row.vin]))
            .collect();
        rows.sort_unstable_by(|(a, _), (b, _)| a.vin.cmp(&b.vin));
        let live_at = file.map_or(now, |_| Timestamp::from_micros(0));
        storage::put_rows(conn, &rows, (live_at, now))?;
        Ok(outcomes
            .into_iter()
            .zip(batch)
            .map(|(outcome, payload)| (outcome, ids[&payload.row.vin]))
            .collect())
    }

    /// What stored rows that are about to change said of the sale, by VIN.
    fn sales_before(
        &self,
        conn: &mut Conn<'_>,
        batch: &[&RowPayload],
        stored: &FxHashMap<String, Told>,
        now: Timestamp,
    ) -> Result<FxHashMap<String, Sale>, StoreError> {
        let changes = |row: &&RowFact| {
            let earlier = stored.get(&row.vin);
            earlier.is_some_and(|earlier| earlier.rows.last() != Some(&row.content))
        };
        let mut changed: Vec<&RowFact> = batch
            .iter()
            .map(|payload| &payload.row)
            .filter(changes)
            .collect();
        changed.sort_unstable_by(|a, b| a.vin.cmp(&b.vin));
        changed.dedup_by(|a, b| a.vin == b.vin);
        let Some(first) = changed.first() else {
            return Ok(FxHashMap::default());
        };
        let vins: Vec<&str> = changed.iter().map(|row| row.vin.as_str()).collect();
        let kept = storage::kept_rows(conn, &first.dealer, &first.source, &vins)?;
        let sold = |row: storage::KeptRow| {
            let columns = self.open(&row)?;
            let cleaned = clean_vehicle(&columns.row(), business_date(now));
            Ok((row.vin, sale(&cleaned.record)))
        };
        kept.into_iter().map(sold).collect()
    }
}

/// What the same source said of a car before.
enum Known<'b> {
    /// Owner, driver and payer that it named.
    Stored([Option<SourceRecordId>; 3]),
    /// Further up in the same batch.
    Now(&'b RowPayload),
}

impl Known<'_> {
    fn parts(&self) -> [Option<SourceRecordId>; 3] {
        match self {
            Self::Stored(parts) => *parts,
            Self::Now(payload) => payload.row.parts().map(|(_, record)| record),
        }
    }
}

impl RawRow<'_> {
    fn extra(&self, name: &str) -> Option<&str> {
        self.extra
            .iter()
            .find(|(header, _)| header.trim().eq_ignore_ascii_case(name))
            .and_then(|(_, value)| present(Some(value)))
    }

    fn licence(&self) -> Licence {
        let said = |headers: &[&str]| {
            let mut said = headers.iter().filter_map(|header| self.extra(header));
            said.next().unwrap_or_default()
        };
        Licence::read(said(&CLASS), said(&USE), said(&SEATS))
    }
}

/// Headers of the columns that are copied from the vehicle licence.
const CLASS: [&str; 3] = ["vehicle_class", "车辆类型", "车辆种类"];
const USE: [&str; 3] = ["vehicle_use", "使用性质", "车辆使用性质"];
const SEATS: [&str; 5] = ["seats", "核定载人数", "核定载客", "核定载客人数", "座位数"];

/// The parties whose keys stand in columns of the dealer's own.
pub(super) const DRIVER: &str = "driver_key";
pub(super) const PAYER: &str = "payer_key";

/// Whether a column that the schema does not know is read, by its header.
pub(super) fn reads_besides(header: &str) -> bool {
    let mut read = [DRIVER, PAYER]
        .into_iter()
        .chain(CLASS)
        .chain(USE)
        .chain(SEATS);
    read.any(|name| header.trim().eq_ignore_ascii_case(name))
}

/// What makes a row the same: all its cells, and what is read from columns of the dealer's own. So a release that reads more of
/// them takes such a row in anew, and passes over those of which it reads nothing more.
fn fingerprinted(cells: &[u8], licence: &Licence) -> Vec<u8> {
    let mut bytes = cells.to_vec();
    if *licence != Licence::default() {
        let Licence {
            class,
            vehicle_use,
            seats,
        } = licence;
        let read = format!("\u{1f}{class}\u{1f}{vehicle_use}\u{1f}{seats}");
        bytes.extend_from_slice(read.as_bytes());
    }
    bytes
}

fn facts_of(
    payload: &RowPayload,
    earlier: Option<&Known<'_>>,
    sale_before: Option<&Sale>,
    now: Timestamp,
) -> Facts {
    let row = &payload.row;
    let mut facts = Facts::of(&row.vin);
    for (place, (role, named)) in row.parts().into_iter().enumerate() {
        let before = earlier.and_then(|earlier| earlier.parts()[place]);
        facts.ended.extend(
            before
                .filter(|before| named.is_some_and(|named| named != *before))
                .map(|before| (role, before, now)),
        );
        let dealer = row.dealer.clone();
        // A row that is changed otherwise says nothing new of who owns the car: another dealer may know better by now.
        let is_said = named.filter(|_| role != Role::Owner || named != before);
        facts.parties.extend(is_said.map(|record| PartyClaim {
            giver: Giver::Row,
            role,
            record,
            dealer,
            at: now,
        }));
    }
    facts.plate = payload.plate.clone().map(|plate| (plate, now));
    // Whoever sold a car may see it, if he is named by his code.
    facts.seen_by = std::iter::once(row.dealer.clone())
        .chain(payload.amendment.sale.dealer.parse())
        .collect();
    facts.amendment = Some(Amendment {
        sale_before: sale_before.cloned().unwrap_or_default(),
        ..payload.amendment.clone()
    });
    facts
}

fn amendment(vehicle: CleanVehicle<'_>, licence: Licence) -> Amendment {
    let text = |value: Option<std::borrow::Cow<'_, str>>| {
        value.map_or_else(String::new, std::borrow::Cow::into_owned)
    };
    let year = vehicle.model_year.unwrap_or(0);
    let (model_year, guessed_year) = if vehicle.is_year_guessed {
        (0, year)
    } else {
        (year, 0)
    };
    Amendment {
        sale: sale(&vehicle),
        sale_before: Sale::default(),
        guessed_year,
        definition: Definition {
            brand: text(vehicle.brand),
            series: text(vehicle.series),
            model: text(vehicle.model),
            model_year,
            energy_type: vehicle
                .energy_type
                .map_or_else(String::new, |energy| energy.code().to_owned()),
        },
        licence,
        color: text(vehicle.color),
        insurance_expiry: vehicle.insurance_expiry,
        inspection_due: vehicle.inspection_due,
        warranty_end: vehicle.warranty_end,
    }
}

fn sale(vehicle: &CleanVehicle<'_>) -> Sale {
    Sale {
        date: vehicle.sale_date,
        dealer: vehicle
            .selling_dealer
            .as_deref()
            .unwrap_or_default()
            .to_owned(),
    }
}

/// Says what keeps a row without a usable VIN from being taken: how the VIN was typed, or that it is missing.
fn refuse_for_vin(findings: &mut Vec<Finding>) {
    // To the validators a plate would do.
    findings.retain(|finding| finding.rule != Rule::VehicleUnidentified);
    let is_reason = |finding: &&mut Finding| {
        finding.field == Field::VehicleVin && finding.severity >= Severity::Error
    };
    let mut is_typed = false;
    for reason in findings.iter_mut().filter(is_reason) {
        (reason.severity, is_typed) = (Severity::Reject, true);
    }
    if !is_typed {
        findings.push(Finding {
            severity: Severity::Reject,
            ..Finding::new(Field::VehicleVin, Rule::FieldMissing)
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_is_held_back_for_the_vin_it_has_or_for_having_none() {
        for (vin, plate, reason) in [
            ("LMQCA1A60R1", "京A12345", Rule::VinLength),
            ("LMQCA1A60R1", "", Rule::VinLength),
            ("", "京A12345", Rule::FieldMissing),
            ("", "", Rule::FieldMissing),
        ] {
            let row = VehicleRow {
                vin: Some(vin),
                plate: Some(plate),
                ..VehicleRow::default()
            };
            let today = business_date(Timestamp::from_micros(1_772_000_000_000_000));
            let mut findings = clean_vehicle(&row, today).findings;
            refuse_for_vin(&mut findings);
            let reasons = findings
                .iter()
                .filter(|finding| finding.severity == Severity::Reject);
            let reasons: Vec<Rule> = reasons.map(|finding| finding.rule).collect();
            assert_eq!(reasons, [reason], "{vin:?} {plate:?}");
        }
    }

    #[test]
    fn a_row_of_which_more_is_read_than_before_is_another() {
        let cells = b"as it came";
        let read = |seats: &str| fingerprinted(cells, &Licence::read("", "", seats));
        assert_eq!(read(""), cells, "as in a release that read no licence");
        assert_ne!(read("5"), cells);
        assert_ne!(read("5"), read("7"));
        assert_eq!(read("5"), read("5人"), "what is read counts");
    }
}
