//! What was found of customers and cars, kept for whoever asks to see it: opened and shown, not worked out anew.
//!
//! A kept answer is of a day and of what was learnt by then. One of another release, day or learning is no answer.

use chrono::NaiveDate;
use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, StoreError, Value};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::vehicles::{self, VEHICLE_COLUMNS};
use crate::domain::{CarDue, Due, EDITION, Loyalty, Vehicle};

/// What an answer is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AsOf {
    pub(crate) today: NaiveDate,
    /// When was learnt what it rests on.
    pub(crate) fitted_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Kept<T> {
    on: NaiveDate,
    fitted_at: i64,
    what: T,
}

/// Bytes of an answer.
pub(super) fn pack(what: impl Serialize, as_of: AsOf) -> Vec<u8> {
    let kept = Kept {
        on: as_of.today,
        fitted_at: as_of.fitted_at.as_micros(),
        what,
    };
    postcard::to_extend(&kept, vec![EDITION]).expect("numbers, dates and text are always packed")
}

fn unpack<T: DeserializeOwned>(bytes: &[u8], as_of: AsOf) -> Option<T> {
    let (edition, body) = bytes.split_first()?;
    if *edition != EDITION {
        return None;
    }
    let kept: Kept<T> = postcard::from_bytes(body).ok()?;
    let is_of_now = kept.on == as_of.today && kept.fitted_at == as_of.fitted_at.as_micros();
    is_of_now.then_some(kept.what)
}

/// A customer's loyalty as it was found today; `None` if it is to be worked out.
pub(crate) fn kept_loyalty(
    conn: &mut Conn<'_>,
    customer: CustomerId,
    as_of: AsOf,
) -> Result<Option<Loyalty>, StoreError> {
    let sql = "SELECT kept FROM loyalty WHERE customer_id = ?1";
    let kept: Option<Option<Vec<u8>>> =
        conn.query_opt(sql, &[customer.uuid().into()], |row| row.get(0))?;
    Ok(kept.flatten().and_then(|kept| unpack(&kept, as_of)))
}

/// Cars by VIN, each with what was found to be due for it today; `None` where it is to be worked out.
pub(crate) fn cars_with_dues(
    conn: &mut Conn<'_>,
    vins: &[String],
    as_of: AsOf,
) -> Result<Vec<(Vehicle, Option<Due>)>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(Value::from).collect();
    let sql = format!(
        "SELECT {}, v.due_on, k.kept FROM vehicles v LEFT JOIN kept_dues k ON k.vin = v.vin WHERE v.vin IN (??)",
        vehicles::of("v")
    );
    let count = VEHICLE_COLUMNS.split(',').count();
    conn.query_in(&sql, &[], &keys, |row| {
        let vehicle = vehicles::read_at(row, 0)?;
        // Once something is told of a car, its day is taken away.
        let found_on: Option<NaiveDate> = row.get(count)?;
        let kept: Option<Vec<u8>> = row.get(count + 1)?;
        let is_of_today = found_on == Some(as_of.today);
        let due = kept
            .filter(|_| is_of_today)
            .and_then(|kept| unpack(&kept, as_of));
        Ok((vehicle, due))
    })
}

/// Keeps what was found to be due for cars of which nothing is kept.
pub(super) fn put_dues(
    conn: &mut Conn<'_>,
    found: &[CarDue],
    as_of: AsOf,
) -> Result<(), StoreError> {
    let packed: Vec<Vec<u8>> = found.iter().map(|car| pack(&car.due, as_of)).collect();
    let values: Vec<Value<'_>> = found
        .iter()
        .zip(&packed)
        .flat_map(|(car, kept)| {
            [
                (&car.vehicle.vin).into(),
                as_of.fitted_at.into(),
                kept.into(),
            ]
        })
        .collect();
    conn.insert_many("kept_dues", &["vin", "fitted_at", "kept"], "", &values)
}

/// Cars of which what is due rests on what was learnt before an instant.
pub(super) fn cars_learnt_before(
    conn: &mut Conn<'_>,
    fitted_at: Timestamp,
    limit: usize,
) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT vin FROM kept_dues WHERE fitted_at < ?1 LIMIT ?2";
    conn.query(sql, &[fitted_at.into(), (limit as i64).into()], |row| {
        row.get(0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_another_day_learning_or_edition_is_none() {
        let day = |d| NaiveDate::from_ymd_opt(2026, 11, d).unwrap();
        let as_of = |d, at| AsOf {
            today: day(d),
            fitted_at: Timestamp::from_micros(at),
        };
        let packed = pack("due", as_of(22, 7));
        let read = |bytes: &[u8], as_of| unpack::<String>(bytes, as_of);
        assert_eq!(read(&packed, as_of(22, 7)).as_deref(), Some("due"));
        assert_eq!(read(&packed, as_of(23, 7)), None);
        assert_eq!(read(&packed, as_of(22, 8)), None);
        let mut other = packed.clone();
        other[0] += 1;
        assert_eq!(read(&other, as_of(22, 7)), None);
        assert_eq!(read(&packed[..packed.len() - 2], as_of(22, 7)), None);
        assert_eq!(read(&[], as_of(22, 7)), None);
    }
}
