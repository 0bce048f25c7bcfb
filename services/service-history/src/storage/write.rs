//! Writing visits.

use marque_core::{CustomerId, DealerCode, SourceRecordId, Timestamp, VisitId};
use marque_db::{Conn, StoreError, Value};
use uuid::Uuid;

/// What is known of an order's visit.
#[derive(Debug, Clone)]
pub(crate) struct Known {
    pub(crate) id: VisitId,
    pub(crate) version: i64,
    pub(crate) content: Vec<u8>,
    /// When it was last written live; the epoch if it never was.
    pub(crate) live_at: Timestamp,
}

/// A visit about to be written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct NewVisit<'a> {
    pub(crate) id: VisitId,
    pub(crate) dealer: &'a DealerCode,
    pub(crate) order_number: &'a str,
    pub(crate) vin: &'a str,
    pub(crate) record: Option<SourceRecordId>,
    pub(crate) customer: Option<CustomerId>,
    pub(crate) happened_at: Timestamp,
    pub(crate) odometer_km: i64,
    pub(crate) version: i64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) content: &'a [u8; 16],
    pub(crate) header: &'a [u8],
    pub(crate) lines: &'a [u8],
    /// When it came, if it is written live; else the epoch.
    pub(crate) live_at: Timestamp,
}

/// The visits of a dealer's orders that are there already.
pub(crate) fn find_orders(
    conn: &mut Conn<'_>,
    dealer: &DealerCode,
    orders: &[&str],
) -> Result<Vec<(String, Known)>, StoreError> {
    let keys: Vec<Value<'_>> = orders.iter().map(|order| Value::Text(order)).collect();
    conn.query_in(
        "SELECT order_number, id, version, content, live_at FROM visits WHERE dealer = ?1 AND order_number IN (??)",
        &[dealer.as_str().into()],
        &keys,
        |row| {
            let known = Known {
                id: row.get::<Uuid>(1)?.into(),
                version: row.get(2)?,
                content: row.get(3)?,
                live_at: row.get(4)?,
            };
            Ok((row.get(0)?, known))
        },
    )
}

const COLUMNS: [&str; 14] = [
    "id",
    "dealer",
    "order_number",
    "vin",
    "source_record_id",
    "customer_id",
    "happened_at",
    "odometer_km",
    "version",
    "recorded_at",
    "content",
    "header",
    "lines",
    "live_at",
];

/// New visits.
pub(crate) fn insert_visits(
    conn: &mut Conn<'_>,
    visits: &[NewVisit<'_>],
) -> Result<(), StoreError> {
    let values: Vec<Value<'_>> = visits
        .iter()
        .flat_map(|visit| {
            [
                visit.id.uuid().into(),
                visit.dealer.as_str().into(),
                visit.order_number.into(),
                visit.vin.into(),
                visit.record.map(SourceRecordId::uuid).into(),
                visit.customer.map(CustomerId::uuid).into(),
                visit.happened_at.into(),
                visit.odometer_km.into(),
                visit.version.into(),
                visit.recorded_at.into(),
                visit.content.into(),
                visit.header.into(),
                visit.lines.into(),
                visit.live_at.into(),
            ]
        })
        .collect();
    conn.insert_many("visits", &COLUMNS, "", &values)
}

/// Puts a visit in the place of its earlier version, which is kept.
pub(crate) fn correct_visit(conn: &mut Conn<'_>, visit: &NewVisit<'_>) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO visit_versions
             (visit_id, version, vin, source_record_id, happened_at, odometer_km, recorded_at, header, lines)
         SELECT id, version, vin, source_record_id, happened_at, odometer_km, recorded_at, header, lines
         FROM visits WHERE id = ?1",
        &[visit.id.uuid().into()],
    )?;
    conn.execute(
        "UPDATE visits SET vin = ?2, source_record_id = ?3, customer_id = ?4, happened_at = ?5, odometer_km = ?6,
             version = ?7, recorded_at = ?8, content = ?9, header = ?10, lines = ?11,
             live_at = CASE WHEN live_at > ?12 THEN live_at ELSE ?12 END
         WHERE id = ?1",
        &[
            visit.id.uuid().into(),
            visit.vin.into(),
            visit.record.map(SourceRecordId::uuid).into(),
            visit.customer.map(CustomerId::uuid).into(),
            visit.happened_at.into(),
            visit.odometer_km.into(),
            visit.version.into(),
            visit.recorded_at.into(),
            visit.content.into(),
            visit.header.into(),
            visit.lines.into(),
            visit.live_at.into(),
        ],
    )?;
    Ok(())
}

/// Notes that a visit was written live with what it says already.
pub(crate) fn note_live(
    conn: &mut Conn<'_>,
    visit: VisitId,
    now: Timestamp,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE visits SET live_at = ?2 WHERE id = ?1",
        &[visit.uuid().into(), now.into()],
    )?;
    Ok(())
}

/// The car and who brought it by an earlier version of a visit, unless some visit says so now.
pub(crate) fn unsaid_sender(
    conn: &mut Conn<'_>,
    visit: VisitId,
    version: i64,
) -> Result<Option<(String, SourceRecordId)>, StoreError> {
    conn.query_opt(
        "SELECT vin, source_record_id FROM visit_versions AS earlier
         WHERE visit_id = ?1 AND version = ?2 AND vin <> '' AND source_record_id IS NOT NULL AND NOT EXISTS (
             SELECT 1 FROM visits
             WHERE visits.source_record_id = earlier.source_record_id AND visits.vin = earlier.vin)",
        &[visit.uuid().into(), version.into()],
        |row| Ok((row.get(0)?, row.get::<Uuid>(1)?.into())),
    )
}
