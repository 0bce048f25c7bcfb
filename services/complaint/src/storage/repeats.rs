//! Which case repeats which: the last about the same matter of the same car ([`Matter`]) within 30 days before it, at whichever dealer. Of
//! cases of one instant that which was recorded first is the earlier.

use std::collections::HashSet;

use marque_auth::Scope;
use marque_core::{ComplaintId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use uuid::Uuid;

use super::optional;
use crate::domain::{Case, Matter};

/// What counts as a repeat of an earlier case, in microseconds: 30 days.
const REPEAT_WITHIN: i64 = 30 * 86_400_000_000;

/// What of a case says whether it repeats another of its car.
struct OfCar {
    id: ComplaintId,
    vin: String,
    opened_at: Timestamp,
    serial: i64,
    fault: String,
    category: String,
    repeat_of: Option<ComplaintId>,
}

const COLUMNS: &str = "id, vin, opened_at, serial, fault, category, repeat_of";

impl OfCar {
    fn read(row: &Row<'_>) -> Result<Self, StoreError> {
        Ok(Self {
            id: row.get::<Uuid>(0)?.into(),
            vin: row.get(1)?,
            opened_at: row.get(2)?,
            serial: row.get(3)?,
            fault: row.get(4)?,
            category: row.get(5)?,
            repeat_of: optional(row, 6)?,
        })
    }

    fn matter(&self) -> Matter<'_> {
        Matter {
            fault: &self.fault,
            category: &self.category,
        }
    }

    /// Its place among the cases of its car.
    fn place(&self) -> (&str, Timestamp, i64) {
        (&self.vin, self.opened_at, self.serial)
    }

    /// The case that it repeats, of those before it in the order of their places.
    fn repeated(&self, before: &[Self]) -> Option<ComplaintId> {
        let since = shifted(self.opened_at, -REPEAT_WITHIN);
        let is_near = |other: &&Self| other.vin == self.vin && other.opened_at >= since;
        let mut near = before.iter().rev().take_while(is_near);
        let repeated = near.find(|other| other.matter().is_same_as(self.matter()));
        repeated.map(|other| other.id)
    }
}

/// The case that one repeats.
pub(crate) fn find_repeated(
    conn: &mut Conn<'_>,
    _: &Scope,
    case: &Case,
) -> Result<Option<ComplaintId>, StoreError> {
    let place = (case.vin.as_str(), case.opened_at, case.serial.get());
    conn.among_all_dealers(|conn| find_before(conn, place, case.matter()))
}

/// The case that one repeats which has this place among those of its car.
fn find_before(
    conn: &mut Conn<'_>,
    (vin, opened_at, serial): (&str, Timestamp, i64),
    matter: Matter<'_>,
) -> Result<Option<ComplaintId>, StoreError> {
    if vin.is_empty() {
        return Ok(None);
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM complaints
         WHERE vin = ?1 AND (opened_at, serial) < (?2, ?3) AND opened_at >= ?4
         ORDER BY opened_at DESC, serial DESC"
    );
    let since = shifted(opened_at, -REPEAT_WITHIN);
    let values = [vin.into(), opened_at.into(), serial.into(), since.into()];
    let earlier = conn.query(&sql, &values, OfCar::read)?;
    let repeated = earlier
        .iter()
        .find(|other| other.matter().is_same_as(matter));
    Ok(repeated.map(|other| other.id))
}

/// Marks which cases new ones repeat, and anew which ones others of their cars do, at whichever dealer: in one question for all of them.
/// Answers the others that are in another version since.
pub(crate) fn mark_new<'a>(
    conn: &mut Conn<'_>,
    cases: impl Iterator<Item = &'a Case> + Clone,
) -> Result<Vec<ComplaintId>, StoreError> {
    let of_cars = cases.filter(|case| !case.vin.is_empty());
    let opened = of_cars.clone().map(|case| case.opened_at);
    let Some((first, last)) = opened.clone().min().zip(opened.max()) else {
        return Ok(Vec::new());
    };
    let new: HashSet<ComplaintId> = of_cars.clone().map(|case| case.id).collect();
    let mut vins: Vec<&str> = of_cars.map(|case| case.vin.as_str()).collect();
    vins.sort_unstable();
    vins.dedup();
    let keys: Vec<Value<'_>> = vins.into_iter().map(Value::Text).collect();
    // From whatever the first may repeat to whatever may repeat the last.
    let span = [
        shifted(first, -REPEAT_WITHIN).into(),
        shifted(last, REPEAT_WITHIN).into(),
    ];
    let sql = format!(
        "SELECT {COLUMNS} FROM complaints WHERE opened_at >= ?1 AND opened_at <= ?2 AND vin IN (??)"
    );
    conn.among_all_dealers(|conn| {
        let mut all = conn.query_in(&sql, &span, &keys, OfCar::read)?;
        all.sort_unstable_by(|one, other| one.place().cmp(&other.place()));
        let mut remarked = Vec::new();
        for (at, case) in all.iter().enumerate() {
            let repeated = case.repeated(&all[..at]);
            // Of those before the first not all are known that they may repeat, and none is new.
            if case.opened_at < first || repeated == case.repeat_of {
                continue;
            }
            if new.contains(&case.id) {
                mark_repeat(conn, case.id, repeated)?;
            } else {
                remark(conn, case.id, repeated)?;
                remarked.push(case.id);
            }
        }
        Ok(remarked)
    })
}

/// Looks again, at whichever dealer, which cases those repeat that repeated one which has changed, and those that now may; answers which
/// are in another version since. Of one that was handed over those are too that still repeat it: who may see which it is is another.
pub(crate) fn remark_repeats(
    conn: &mut Conn<'_>,
    case: &Case,
    is_handed_over: bool,
) -> Result<Vec<ComplaintId>, StoreError> {
    conn.among_all_dealers(|conn| {
        let sql = format!("SELECT {COLUMNS} FROM complaints WHERE repeat_of = ?1");
        let mut others = conn.query(&sql, &[case.id.uuid().into()], OfCar::read)?;
        others.extend(later_of_car(conn, case)?);
        others.sort_unstable_by_key(|other| other.id);
        others.dedup_by_key(|other| other.id);
        remark_all(conn, &others, is_handed_over.then_some(case.id))
    })
}

/// Looks again, at whichever dealer, which cases those repeat that may repeat a new one; none did before. Answers which are in another
/// version since.
pub(crate) fn remark_later(
    conn: &mut Conn<'_>,
    case: &Case,
) -> Result<Vec<ComplaintId>, StoreError> {
    conn.among_all_dealers(|conn| {
        let later = later_of_car(conn, case)?;
        remark_all(conn, &later, None)
    })
}

/// Later cases of the car of one, that may repeat it.
fn later_of_car(conn: &mut Conn<'_>, case: &Case) -> Result<Vec<OfCar>, StoreError> {
    if case.vin.is_empty() {
        return Ok(Vec::new());
    }
    let sql = format!(
        "SELECT {COLUMNS} FROM complaints WHERE vin = ?1 AND opened_at >= ?2 AND opened_at <= ?3 AND id <> ?4"
    );
    let values = [
        (&case.vin).into(),
        case.opened_at.into(),
        shifted(case.opened_at, REPEAT_WITHIN).into(),
        case.id.uuid().into(),
    ];
    conn.query(&sql, &values, OfCar::read)
}

/// Notes in cases which one each repeats, if that is another than before or the one that went to another dealer; answers in which.
fn remark_all(
    conn: &mut Conn<'_>,
    cases: &[OfCar],
    handed_over: Option<ComplaintId>,
) -> Result<Vec<ComplaintId>, StoreError> {
    let mut remarked = Vec::new();
    for case in cases {
        let repeated = find_before(conn, case.place(), case.matter())?;
        let is_shown_anew = repeated.is_some() && repeated == handed_over;
        if repeated != case.repeat_of || is_shown_anew {
            remark(conn, case.id, repeated)?;
            remarked.push(case.id);
        }
    }
    Ok(remarked)
}

/// Notes in a case that is held, or new, which one it repeats.
pub(crate) fn mark_repeat(
    conn: &mut Conn<'_>,
    case: ComplaintId,
    earlier: Option<ComplaintId>,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE complaints SET repeat_of = ?2 WHERE id = ?1",
        &[case.uuid().into(), earlier.map(ComplaintId::uuid).into()],
    )?;
    Ok(())
}

/// Notes in a case that nobody holds which one it repeats. To whoever has read it it is another version; nothing happened on it, so when
/// something last did stays.
fn remark(
    conn: &mut Conn<'_>,
    case: ComplaintId,
    earlier: Option<ComplaintId>,
) -> Result<(), StoreError> {
    conn.execute(
        "UPDATE complaints SET repeat_of = ?2, version = version + 1 WHERE id = ?1",
        &[case.uuid().into(), earlier.map(ComplaintId::uuid).into()],
    )?;
    Ok(())
}

const fn shifted(at: Timestamp, by: i64) -> Timestamp {
    Timestamp::from_micros(at.as_micros() + by)
}
