//! Facts: what happened, each once, as it now stands.

use marque_core::{CustomerId, PageRequest, SourceRecordId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{corrupt, uuids};
use crate::domain::{Happening, happening::Kind};

const COLUMNS: [&str; 13] = [
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
    "withdrawn_at",
];

/// Columns in the order [`read`] wants them.
pub(super) const FACT_COLUMNS: &str = "id, kind, source_record_id, dealer, vin, happened_at, ended_at, amount_minor, \
     level, odometer_km, code, version, withdrawn_at";

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
                fact.withdrawn_at.into(),
            ]
        })
        .collect();
    let on_conflict = "ON CONFLICT (id) DO UPDATE SET source_record_id = excluded.source_record_id,
         dealer = excluded.dealer, vin = excluded.vin, happened_at = excluded.happened_at,
         ended_at = excluded.ended_at, amount_minor = excluded.amount_minor, level = excluded.level,
         odometer_km = excluded.odometer_km, code = excluded.code, version = excluded.version,
         withdrawn_at = excluded.withdrawn_at
         WHERE excluded.version >= facts.version";
    conn.insert_many("facts", &COLUMNS, on_conflict, &values)
}

/// Keeps facts as they stood until an instant, before others take their place. The same again is kept once.
pub(crate) fn keep_versions<'a>(
    conn: &mut Conn<'_>,
    replaced: impl Iterator<Item = &'a Happening>,
    at: Timestamp,
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = replaced
        .flat_map(|fact| {
            [
                fact.id.into(),
                fact.version.into(),
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
                fact.withdrawn_at.into(),
                at.into(),
            ]
        })
        .collect();
    let on_conflict = "ON CONFLICT (id, version) DO NOTHING";
    conn.insert_many("fact_versions", &VERSION_COLUMNS, on_conflict, &values)
}

const VERSION_COLUMNS: [&str; 14] = [
    "id",
    "version",
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
    "withdrawn_at",
    "replaced_at",
];

/// The versions of records' facts that stood at an instant and stand no more; withdrawn ones left out.
pub(crate) fn versions_at(
    conn: &mut Conn<'_>,
    records: impl IntoIterator<Item = Uuid>,
    at: Timestamp,
) -> Result<Vec<Happening>, StoreError> {
    let sql = format!(
        "SELECT {FACT_COLUMNS} FROM fact_versions WHERE version <= ?1 AND replaced_at > ?1 AND withdrawn_at IS NULL
         AND kind <> 'benefit' AND source_record_id IN (??)"
    );
    conn.query_in(&sql, &[at.into()], &uuids(records), read)
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

/// A fact as it is handed out, and when another word took its place.
pub(crate) type Told = (Happening, Option<Timestamp>);

/// A page of a customer's facts, each with its earlier versions, by fact and version; of visits and complaints their own services tell.
/// Sight is the caller's to check.
pub(crate) fn facts_told(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    page: &PageRequest,
) -> Result<Vec<Told>, StoreError> {
    let (id, version, stands) = page
        .after
        .as_ref()
        .and_then(|token| read_told_key(&token.key))
        .unwrap_or((Uuid::nil(), 0, 0));
    let whose = "kind IN ('purchase', 'payment', 'assessment', 'benefit')
         AND source_record_id IN (SELECT source_record_id FROM record_links WHERE customer_id = ?1)";
    let sql = format!(
        "SELECT {FACT_COLUMNS}, replaced_at FROM (
             SELECT {FACT_COLUMNS}, CAST(NULL AS BIGINT) AS replaced_at, CAST(1 AS BIGINT) AS stands
             FROM facts WHERE {whose}
             UNION ALL
             SELECT {FACT_COLUMNS}, replaced_at, CAST(0 AS BIGINT) FROM fact_versions WHERE {whose}
         ) AS told WHERE (id, version, stands) > (?2, ?3, ?4) ORDER BY id, version, stands LIMIT ?5"
    );
    let values = [
        customer.uuid().into(),
        id.into(),
        version.into(),
        stands.into(),
        page.size.into(),
    ];
    conn.query(&sql, &values, |row| Ok((read(row)?, row.get(13)?)))
}

/// The sort key of a page token.
pub(crate) fn told_key((fact, replaced_at): &Told) -> String {
    let stands = i64::from(replaced_at.is_none());
    format!("{}|{}|{stands}", fact.id, fact.version)
}

fn read_told_key(key: &str) -> Option<(Uuid, i64, i64)> {
    let (id, rest) = key.split_once('|')?;
    let (version, stands) = rest.split_once('|')?;
    Some((
        id.parse().ok()?,
        version.parse().ok()?,
        stands.parse().ok()?,
    ))
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
        withdrawn_at: row.get(12)?,
    })
}
