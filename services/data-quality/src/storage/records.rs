//! Records: what is known of each, and how it scored.

use marque_auth::Scope;
use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError, Value};
use marque_events::dealer_clause;
use marque_quality::RecordKind;
use marque_vault::Vault;
use uuid::Uuid;

use super::{
    blob::{Beside, facts_blob, read_facts, read_scored, scored_blob},
    broken,
    clerks::staff_clause,
    counters::CardFilter,
};
use crate::domain::{Evidence, Place, Scored, Signs, Staff, kind_of};

/// A record as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) evidence: Evidence,
    pub(crate) place: Place,
    /// Version of the standard it was scored by.
    pub(crate) standard: i64,
    pub(crate) scored: Scored,
    pub(crate) signs: Signs,
    /// When its owner had said what is known of it: judging and scoring it anew leaves this.
    pub(crate) checked_at: Timestamp,
}

const RECORD: &str =
    "id, kind, dealer, clerk, version, entry, facts, department, period, standard, scored, signs,
    checked_at";

fn read(vault: &Vault, row: &Row<'_>) -> Result<Kept, StoreError> {
    let kind: String = row.get(1)?;
    let kind = kind_of(&kind).ok_or_else(|| broken("kind of record"))?;
    let beside = Beside {
        id: row.get(0)?,
        kind,
        dealer: row.get(2)?,
        clerk: row.get(3)?,
        version: row.get(4)?,
        entry: row.get(5)?,
    };
    let place = Place {
        kind,
        dealer: beside.dealer.clone(),
        department: row.get(7)?,
        clerk: beside.clerk.clone(),
        period: row.get(8)?,
    };
    Ok(Kept {
        evidence: read_facts(vault, beside, &row.get::<Vec<u8>>(6)?)?,
        place,
        standard: row.get(9)?,
        scored: read_scored(&row.get::<Vec<u8>>(10)?)?,
        signs: Signs::read(&row.get::<String>(11)?),
        checked_at: row.get(12)?,
    })
}

/// Those of the records that are there.
pub(crate) fn kept(
    conn: &mut Conn<'_>,
    vault: &Vault,
    ids: &[Uuid],
) -> Result<Vec<Kept>, StoreError> {
    let keys: Vec<Value<'_>> = ids.iter().map(|id| (*id).into()).collect();
    let sql = format!("SELECT {RECORD} FROM records WHERE id IN (??)");
    conn.query_in(&sql, &[], &keys, |row| read(vault, row))
}

/// Records in the order of their ids, after one of them.
pub(crate) fn kept_after(
    conn: &mut Conn<'_>,
    vault: &Vault,
    after: Uuid,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    let sql = format!("SELECT {RECORD} FROM records WHERE id > ?1 ORDER BY id LIMIT ?2");
    let values = [after.into(), limit.into()];
    conn.query(&sql, &values, |row| read(vault, row))
}

/// What of a record sums are made of, by its id.
type Counted = (Uuid, Place, Scored);

const COUNTED: &str = "id, kind, dealer, department, clerk, period, scored";

/// Where records were entered and how they scored, in the order of their ids, after one of them: what sums are made of.
pub(crate) fn scored_after(
    conn: &mut Conn<'_>,
    after: Uuid,
    limit: u32,
) -> Result<Vec<Counted>, StoreError> {
    let sql = format!("SELECT {COUNTED} FROM records WHERE id > ?1 ORDER BY id LIMIT ?2");
    conn.query(&sql, &[after.into(), limit.into()], read_counted)
}

/// The same of some records.
pub(crate) fn scored_of(conn: &mut Conn<'_>, ids: &[Uuid]) -> Result<Vec<Counted>, StoreError> {
    let keys: Vec<Value<'_>> = ids.iter().map(|id| (*id).into()).collect();
    let sql = format!("SELECT {COUNTED} FROM records WHERE id IN (??)");
    conn.query_in(&sql, &[], &keys, read_counted)
}

fn read_counted(row: &Row<'_>) -> Result<Counted, StoreError> {
    let kind: String = row.get(1)?;
    let place = Place {
        kind: kind_of(&kind).ok_or_else(|| broken("kind of record"))?,
        dealer: row.get(2)?,
        department: row.get(3)?,
        clerk: row.get(4)?,
        period: row.get(5)?,
    };
    Ok((row.get(0)?, place, read_scored(&row.get::<Vec<u8>>(6)?)?))
}

/// Records of a kind that were scored by another version than the one in force.
pub(crate) fn kept_not_by(
    conn: &mut Conn<'_>,
    vault: &Vault,
    kind: RecordKind,
    version: i64,
    limit: u32,
) -> Result<Vec<Kept>, StoreError> {
    // Two ranges, so that the index answers.
    let sql = format!(
        "SELECT {RECORD} FROM records WHERE kind = ?1 AND (standard < ?2 OR standard > ?2) LIMIT ?3"
    );
    let values = [kind.code().into(), version.into(), limit.into()];
    conn.query(&sql, &values, |row| read(vault, row))
}

/// Whether there are records that another standard scored.
pub(crate) fn has_not_by(
    conn: &mut Conn<'_>,
    kind: RecordKind,
    version: i64,
) -> Result<bool, StoreError> {
    for standard in ["standard < ?2", "standard > ?2"] {
        let sql = format!("SELECT 1 FROM records WHERE kind = ?1 AND {standard} LIMIT 1");
        let values = [kind.code().into(), version.into()];
        if conn.query_opt(&sql, &values, |_| Ok(()))?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Keeps records in place of what was known of them.
pub(crate) fn put_records(
    conn: &mut Conn<'_>,
    vault: &Vault,
    records: &[Kept],
) -> Result<(), StoreError> {
    let blobs = records.iter().map(|kept| {
        let facts = facts_blob(vault, &kept.evidence)?;
        Ok::<_, StoreError>((facts, scored_blob(&kept.scored), kept.signs.text()))
    });
    let blobs: Vec<(Vec<u8>, Vec<u8>, String)> = blobs.collect::<Result<_, _>>()?;
    let values: Vec<Value<'_>> = records
        .iter()
        .zip(&blobs)
        .flat_map(|(kept, (facts, scored, signs))| {
            [
                kept.evidence.id.into(),
                kept.place.kind.code().into(),
                (&kept.place.dealer).into(),
                (&kept.place.department).into(),
                (&kept.place.clerk).into(),
                (&kept.place.period).into(),
                kept.evidence.version.into(),
                kept.standard.into(),
                kept.scored.total().into(),
                kept.signs.credibility().into(),
                facts.into(),
                scored.into(),
                (&kept.evidence.entry).into(),
                signs.into(),
                kept.checked_at.into(),
            ]
        })
        .collect();
    let columns = [
        "id",
        "kind",
        "dealer",
        "department",
        "clerk",
        "period",
        "version",
        "standard",
        "total",
        "credibility",
        "facts",
        "scored",
        "entry",
        "signs",
        "checked_at",
    ];
    // The dealer too: a case of a complaint may be handed over to another.
    let on_conflict = "ON CONFLICT (id) DO UPDATE SET dealer = excluded.dealer, department = excluded.department,
        clerk = excluded.clerk, period = excluded.period, version = excluded.version, standard = excluded.standard,
        total = excluded.total, credibility = excluded.credibility, facts = excluded.facts, scored = excluded.scored,
        entry = excluded.entry, signs = excluded.signs, checked_at = excluded.checked_at";
    conn.insert_many("records", &columns, on_conflict, &values)
}

/// A record's entry, for comparing all of them.
#[derive(Debug, Clone)]
pub(crate) struct Entered {
    pub(crate) id: Uuid,
    pub(crate) dealer: String,
    pub(crate) clerk: String,
    pub(crate) entry: Vec<u8>,
    pub(crate) signs: String,
}

/// Entries in the order of ids, after one of them. Records of kinds that are not compared have none.
pub(crate) fn entries_after(
    conn: &mut Conn<'_>,
    after: Uuid,
    limit: u32,
) -> Result<Vec<Entered>, StoreError> {
    conn.query(
        "SELECT id, dealer, clerk, entry, signs FROM records WHERE id > ?1 ORDER BY id LIMIT ?2",
        &[after.into(), limit.into()],
        read_entered,
    )
}

/// The entries of a dealer, in no order.
pub(crate) fn entries_of(conn: &mut Conn<'_>, dealer: &str) -> Result<Vec<Entered>, StoreError> {
    conn.query(
        "SELECT id, dealer, clerk, entry, signs FROM records
         WHERE kind IN ('customers', 'visits') AND dealer = ?1",
        &[dealer.into()],
        read_entered,
    )
}

fn read_entered(row: &Row<'_>) -> Result<Entered, StoreError> {
    Ok(Entered {
        id: row.get(0)?,
        dealer: row.get(1)?,
        clerk: row.get(2)?,
        entry: row.get(3)?,
        signs: row.get(4)?,
    })
}

/// A record that scores low.
#[derive(Debug, Clone)]
pub(crate) struct Worst {
    pub(crate) id: Uuid,
    /// Hundredths.
    pub(crate) total: i64,
    pub(crate) dealer: String,
    pub(crate) clerk: String,
    pub(crate) department: String,
}

/// The records of a dealer or of some of his people that score lowest, of one month or (empty) of all time.
pub(crate) fn worst(
    conn: &mut Conn<'_>,
    scope: &Scope,
    filter: &CardFilter,
    staff: Staff<'_>,
    limit: u32,
) -> Result<Vec<Worst>, StoreError> {
    let (clause, key) = dealer_clause(scope, "dealer", 4);
    let (whose, name) = staff_clause(staff, ("clerk", "department"), 5);
    let sql = format!(
        "SELECT id, total, dealer, clerk, department FROM records
         WHERE kind = ?1 AND dealer = ?2 AND (?3 = '' OR period = ?3) AND {clause} AND {whose} AND total < 10000
         ORDER BY total, id LIMIT ?6"
    );
    let values = [
        filter.kind.code().into(),
        (&filter.dealer).into(),
        (&filter.period).into(),
        key,
        name,
        limit.into(),
    ];
    conn.query(&sql, &values, |row| {
        Ok(Worst {
            id: row.get(0)?,
            total: row.get(1)?,
            dealer: row.get(2)?,
            clerk: row.get(3)?,
            department: row.get(4)?,
        })
    })
}
