//! What the maker promises under the three guarantees.

use chrono::NaiveDate;
use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError, Value};
use marque_insight::law::guarantees::Terms;

use crate::domain::{Particulars, Promise, WearPart};

/// Columns in the order [`read`] wants them.
const COLUMNS: &str = "vin, model, sold_from, period_months, period_km, repair_months, repair_km, usage_fee_basis_points, \
     battery_fade_percent, wear_parts";

/// The promises for models, the newest of each first.
pub(crate) fn list_promises(conn: &mut Conn<'_>) -> Result<Vec<Promise>, StoreError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM guarantee_terms WHERE vin = '' ORDER BY model, sold_from DESC"
    );
    conn.query(&sql, &[], read)
}

/// The promises that may be to these cars: those for models, and their own certificates.
pub(crate) fn promises_to(conn: &mut Conn<'_>, vins: &[&str]) -> Result<Vec<Promise>, StoreError> {
    let mut promises = list_promises(conn)?;
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql = format!("SELECT {COLUMNS} FROM guarantee_terms WHERE vin IN (??)");
    promises.extend(conn.query_in(&sql, &[], &keys, read)?);
    Ok(promises)
}

/// Keeps a promise in place of the one for the same cars from the same day on.
pub(crate) fn put_promise(conn: &mut Conn<'_>, promise: &Promise) -> Result<(), StoreError> {
    let Promise {
        vin,
        model,
        sold_from,
        terms,
        particulars,
    } = promise;
    let wear_parts = wear_parts_to_text(&particulars.wear_parts);
    let sql = format!(
        "INSERT INTO guarantee_terms ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (vin, model, sold_from) DO UPDATE SET period_months = excluded.period_months,
             period_km = excluded.period_km, repair_months = excluded.repair_months, repair_km = excluded.repair_km,
             usage_fee_basis_points = excluded.usage_fee_basis_points,
             battery_fade_percent = excluded.battery_fade_percent, wear_parts = excluded.wear_parts"
    );
    let values = [
        vin.into(),
        model.into(),
        (*sold_from).into(),
        terms.period_months.into(),
        terms.period_km.into(),
        terms.repair_months.into(),
        terms.repair_km.into(),
        terms.fee_per_1000_km.into(),
        particulars.battery_fade_percent.into(),
        (&wear_parts).into(),
    ];
    conn.execute(&sql, &values)?;
    Ok(())
}

/// Ends the promise to a car, or to those of a model, sold from a day on. Answers what it was, and whether it held until now; `None` if
/// there never was one.
pub(crate) fn take_back_promise(
    conn: &mut Conn<'_>,
    (vin, model): (&str, &str),
    sold_from: NaiveDate,
) -> Result<Option<(Promise, bool)>, StoreError> {
    let of = "vin = ?1 AND model = ?2 AND sold_from = ?3";
    let key: [Value<'_>; 3] = [vin.into(), model.into(), sold_from.into()];
    let mut find = |table: &str| {
        let sql = format!("SELECT {COLUMNS} FROM {table} WHERE {of}");
        conn.query_opt(&sql, &key, read)
    };
    let Some(held) = find("guarantee_terms")? else {
        let withdrawn = find("withdrawn_terms")?;
        return Ok(withdrawn.map(|promise| (promise, false)));
    };
    // What is deleted is kept among the withdrawn, whichever release deletes it.
    conn.execute(&format!("DELETE FROM guarantee_terms WHERE {of}"), &key)?;
    Ok(Some((held, true)))
}

/// Asks for the cars of a promise to be counted anew.
pub(crate) fn ask_promised(
    conn: &mut Conn<'_>,
    promise: &Promise,
    due_at: Timestamp,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO guarantee_checks (vin, due_at, round)
         SELECT v.vin, CAST(?1 AS BIGINT), 1 FROM vehicles v WHERE v.sale_date >= ?2
         AND (v.vin = ?3 OR (?3 = '' AND (?4 = '' OR CASE WHEN v.model = '' THEN v.series ELSE v.model END = ?4)))
         ON CONFLICT (vin) DO UPDATE SET due_at = excluded.due_at, round = guarantee_checks.round + 1";
    let values = [
        due_at.into(),
        promise.sold_from.into(),
        (&promise.vin).into(),
        (&promise.model).into(),
    ];
    conn.execute(sql, &values)?;
    Ok(())
}

fn read(row: &Row<'_>) -> Result<Promise, StoreError> {
    let whole = |number: i64| number.max(0).unsigned_abs() as u32;
    let number = |place| Ok::<_, StoreError>(whole(row.get(place)?));
    Ok(Promise {
        vin: row.get(0)?,
        model: row.get(1)?,
        sold_from: row.get(2)?,
        terms: Terms {
            period_months: number(3)?,
            period_km: number(4)?,
            repair_months: number(5)?,
            repair_km: number(6)?,
            fee_per_1000_km: number(7)?,
            ..Terms::STATUTORY
        },
        particulars: Particulars {
            battery_fade_percent: row.get::<Option<i64>>(8)?.map(whole),
            wear_parts: wear_parts_of(&row.get::<String>(9)?, 9)?,
        },
    })
}

fn wear_parts_to_text(parts: &[WearPart]) -> String {
    if parts.is_empty() {
        return String::new();
    }
    serde_json::to_string(parts).expect("names and numbers are JSON")
}

fn wear_parts_of(text: &str, column: usize) -> Result<Vec<WearPart>, StoreError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    serde_json::from_str(text).map_err(|error| StoreError::Decode {
        column,
        source: error.into(),
    })
}
