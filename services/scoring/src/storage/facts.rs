//! Facts: what happened, each once, as it now stands.

use marque_core::SourceRecordId;
use marque_db::{Conn, Row, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{corrupt, uuids};
use crate::domain::{Happening, happening::Kind};

const COLUMNS: [&str; 12] = [
    "id",
    "kind",
    "source_record_id",
    "dealer",
    "vin",
    "happened_at",
    "ended_at",
    "amount_minor",
    "level",
    "odometer_km",
    "code",
    "version",
];

/// Columns in the order [`read`] wants them.
pub(super) const FACT_COLUMNS: &str = "id, kind, source_record_id, dealer, vin, happened_at, ended_at, amount_minor, \
     level, odometer_km, code, version";

/// Writes facts, unless later versions are known.
pub(crate) fn put_happenings(
    conn: &mut Conn<'_>,
    happenings: &[Happening],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = happenings
        .iter()
        .flat_map(|fact| {
            [
                fact.id.into(),
                fact.kind.code().into(),
                fact.record.map(SourceRecordId::uuid).into(),
                (&fact.dealer).into(),
                (&fact.vin).into(),
                fact.happened_at.into(),
                fact.ended_at.into(),
                fact.amount_minor.into(),
                fact.level.into(),
                fact.odometer_km.into(),
                (&fact.code).into(),
                fact.version.into(),
            ]
        })
        .collect();
    let on_conflict = "ON CONFLICT (id) DO UPDATE SET source_record_id = excluded.source_record_id,
         dealer = excluded.dealer, vin = excluded.vin, happened_at = excluded.happened_at,
         ended_at = excluded.ended_at, amount_minor = excluded.amount_minor, level = excluded.level,
         odometer_km = excluded.odometer_km, code = excluded.code, version = excluded.version
         WHERE excluded.version >= facts.version";
    conn.insert_many("facts", &COLUMNS, on_conflict, &values)
}

/// Facts that are known, by id.
pub(crate) fn find_happenings(
    conn: &mut Conn<'_>,
    ids: impl IntoIterator<Item = Uuid>,
) -> Result<FxHashMap<Uuid, Happening>, StoreError> {
    let sql = format!("SELECT {FACT_COLUMNS} FROM facts WHERE id IN (??)");
    let found = conn.query_in(&sql, &[], &uuids(ids), read)?;
    Ok(found.into_iter().map(|fact| (fact.id, fact)).collect())
}

/// The source records that facts belong to now.
pub(crate) fn records_of(
    conn: &mut Conn<'_>,
    facts: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<SourceRecordId>, StoreError> {
    let sql = "SELECT DISTINCT source_record_id FROM facts WHERE source_record_id IS NOT NULL AND id IN (??)";
    conn.query_in(sql, &[], &uuids(facts), |row| {
        Ok(row.get::<Uuid>(0)?.into())
    })
}

/// The VINs of the cars that facts are about now.
pub(crate) fn cars_of(
    conn: &mut Conn<'_>,
    facts: impl IntoIterator<Item = Uuid>,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT DISTINCT vin FROM facts WHERE vin <> '' AND id IN (??)";
    conn.query_in(sql, &[], &uuids(facts), |row| row.get(0))
}

pub(super) fn read(row: &Row<'_>) -> Result<Happening, StoreError> {
    let kind: String = row.get(1)?;
    Ok(Happening {
        id: row.get(0)?,
        kind: Kind::from_code(&kind).ok_or_else(|| corrupt(1, "no kind of fact"))?,
        record: row.get::<Option<Uuid>>(2)?.map(SourceRecordId::from),
        dealer: row.get(3)?,
        vin: row.get(4)?,
        happened_at: row.get(5)?,
        ended_at: row.get(6)?,
        amount_minor: row.get(7)?,
        level: row.get(8)?,
        odometer_km: row.get(9)?,
        code: row.get(10)?,
        version: row.get(11)?,
    })
}
