//! Times over which a part was not said, between two over which it was: noted when it comes to be said again, so that what is said once
//! more later moves nothing.

use std::collections::BTreeMap;

use marque_core::{SourceRecordId, Timestamp, VehicleId};
use marque_db::{Conn, StoreError, Value};
use rustc_hash::FxHashMap;

use super::{record_id, role, uuids, vehicle_id};
use crate::domain::{Absence, Giver, PartyClaim, Role};

/// A part of a record in a car.
type Part = (VehicleId, Role, SourceRecordId);

/// Absences to be noted, with the dealers of their records.
type Noted = BTreeMap<(Part, Timestamp), (String, Timestamp)>;

/// When the record that names a car, in a row `p` of the parts, first had another that it named since, and is not known to have come
/// back from: it came back unnoted. NULL where it did not, and while a dealer's row of the car gives it the part.
pub(super) const AWAY_AT: &str = "CASE WHEN p.by_row OR p.named_in IS NULL THEN NULL ELSE (
        SELECT min(other.first_at) FROM vehicle_parties AS other
        WHERE other.source_record_id = p.source_record_id AND other.named_in < p.named_in AND other.first_at < p.last_at
        AND other.first_at > coalesce((
            SELECT max(known.again_at) FROM vehicle_absences AS known
            WHERE known.vehicle_id = p.vehicle_id AND known.role = p.role AND known.source_record_id = p.source_record_id
        ), p.first_at)) END";

/// Notes who is given a part again that he had lost. To be called before the claims are put: afterwards they say it without a break.
pub(crate) fn note_returns(
    conn: &mut Conn<'_>,
    claims: &[(VehicleId, &PartyClaim)],
) -> Result<(), StoreError> {
    let ended = ended_by_rows(conn, claims)?;
    let left = left_by_records(conn, claims)?;
    let mut noted = Noted::new();
    for (vehicle, claim) in claims {
        let part = (*vehicle, claim.role, claim.record);
        let left_at = match claim.giver {
            Giver::Row => ended.get(&part).copied(),
            Giver::Record(position) => {
                let others = left.get(&part).into_iter().flatten();
                let named_before = others.filter(|(named_in, _)| *named_in < position);
                named_before.map(|(_, left_at)| *left_at).min()
            }
            Giver::Visit => None,
        };
        if let Some(left_at) = left_at {
            let absence = Absence::new(left_at, claim.at);
            note(&mut noted, part, claim.dealer.as_str(), absence);
        }
    }
    put(conn, &noted)
}

/// Notes absences that come to be known only after the return, since events may come in any order. To be called after the claims are
/// put. Of what was said more than once since then only the last is known, and counts as the return.
pub(crate) fn note_late_absences(
    conn: &mut Conn<'_>,
    claims: &[(VehicleId, &PartyClaim)],
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT p.vehicle_id, p.role, p.source_record_id, p.dealer, {AWAY_AT}, p.last_at FROM vehicle_parties AS p
         WHERE p.source_record_id IN (??) AND {AWAY_AT} IS NOT NULL"
    );
    let late = conn.query_in(&sql, &[], &records_that(is_by_record, claims), |row| {
        let part = (vehicle_id(row, 0)?, role(row, 1)?, record_id(row, 2)?);
        let dealer: String = row.get(3)?;
        Ok((part, dealer, Absence::new(row.get(4)?, row.get(5)?)))
    })?;
    let mut noted = Noted::new();
    for (part, dealer, absence) in late {
        note(&mut noted, part, &dealer, absence);
    }
    put(conn, &noted)
}

/// The absences from the parts in vehicles, those from one part in the order in which they began.
pub(super) fn absences_in(
    conn: &mut Conn<'_>,
    vehicles: &[Value<'_>],
) -> Result<FxHashMap<Part, Vec<Absence>>, StoreError> {
    let sql = "SELECT vehicle_id, role, source_record_id, left_at, again_at FROM vehicle_absences WHERE vehicle_id IN (??)";
    let known = conn.query_in(sql, &[], vehicles, |row| {
        let part = (vehicle_id(row, 0)?, role(row, 1)?, record_id(row, 2)?);
        Ok((part, Absence::new(row.get(3)?, row.get(4)?)))
    })?;
    let mut absences: FxHashMap<Part, Vec<Absence>> = FxHashMap::default();
    for (part, absence) in known {
        absences.entry(part).or_default().push(absence);
    }
    for of_part in absences.values_mut() {
        of_part.sort_unstable();
    }
    Ok(absences)
}

fn is_by_row(giver: Giver) -> bool {
    giver == Giver::Row
}

fn is_by_record(giver: Giver) -> bool {
    matches!(giver, Giver::Record(_))
}

/// Keys of the records that are given parts so.
fn records_that<'v>(
    is_given: fn(Giver) -> bool,
    claims: &[(VehicleId, &PartyClaim)],
) -> Vec<Value<'v>> {
    let claims = claims.iter().filter(|(_, claim)| is_given(claim.giver));
    let mut records: Vec<SourceRecordId> = claims.map(|(_, claim)| claim.record).collect();
    records.sort_unstable();
    records.dedup();
    uuids(records.into_iter().map(SourceRecordId::uuid))
}

/// The parts of records that rows gave and took back, with when they did.
fn ended_by_rows(
    conn: &mut Conn<'_>,
    claims: &[(VehicleId, &PartyClaim)],
) -> Result<FxHashMap<Part, Timestamp>, StoreError> {
    let sql = "SELECT vehicle_id, role, source_record_id, ended_at FROM vehicle_parties
               WHERE source_record_id IN (??) AND NOT by_row AND ended_at IS NOT NULL";
    let ended = conn.query_in(sql, &[], &records_that(is_by_row, claims), |row| {
        let part = (vehicle_id(row, 0)?, role(row, 1)?, record_id(row, 2)?);
        Ok((part, row.get(3)?))
    })?;
    Ok(ended.into_iter().collect())
}

/// The parts in cars that records named before they named others: the position at which each other was named last, and when the record
/// left for it.
fn left_by_records(
    conn: &mut Conn<'_>,
    claims: &[(VehicleId, &PartyClaim)],
) -> Result<FxHashMap<Part, Vec<(i64, Timestamp)>>, StoreError> {
    let sql = "SELECT p.vehicle_id, p.role, p.source_record_id, other.named_in, p.last_at, other.first_at, other.last_at
               FROM vehicle_parties AS p JOIN vehicle_parties AS other
               ON other.source_record_id = p.source_record_id AND other.named_in > p.named_in
               WHERE p.source_record_id IN (??) AND NOT p.by_row";
    let others = conn.query_in(sql, &[], &records_that(is_by_record, claims), |row| {
        let part = (vehicle_id(row, 0)?, role(row, 1)?, record_id(row, 2)?);
        let (said_at, first_at): (Timestamp, Timestamp) = (row.get(4)?, row.get(5)?);
        let left_at = if first_at > said_at {
            first_at
        } else {
            said_at.max(row.get(6)?)
        };
        Ok((part, (row.get::<i64>(3)?, left_at)))
    })?;
    let mut left: FxHashMap<Part, Vec<(i64, Timestamp)>> = FxHashMap::default();
    for (part, other) in others {
        left.entry(part).or_default().push(other);
    }
    Ok(left)
}

/// Notes an absence; of one that was noted already the earlier return counts.
fn note(noted: &mut Noted, part: Part, dealer: &str, absence: Absence) {
    let Absence { left_at, again_at } = absence;
    let known = noted
        .entry((part, left_at))
        .or_insert_with(|| (dealer.to_owned(), again_at));
    known.1 = known.1.min(again_at);
}

fn put(conn: &mut Conn<'_>, noted: &Noted) -> Result<(), StoreError> {
    let columns = [
        "vehicle_id",
        "role",
        "source_record_id",
        "dealer",
        "left_at",
        "again_at",
    ];
    let values: Vec<Value<'_>> = noted
        .iter()
        .flat_map(|(((vehicle, role, record), left_at), (dealer, again_at))| {
            [
                vehicle.uuid().into(),
                role.code().into(),
                record.uuid().into(),
                dealer.into(),
                (*left_at).into(),
                (*again_at).into(),
            ]
        })
        .collect();
    let on_conflict = "ON CONFLICT (vehicle_id, role, source_record_id, left_at) DO UPDATE SET
        again_at = CASE WHEN excluded.again_at < vehicle_absences.again_at THEN excluded.again_at
                        ELSE vehicle_absences.again_at END";
    conn.insert_many("vehicle_absences", &columns, on_conflict, &values)
}
