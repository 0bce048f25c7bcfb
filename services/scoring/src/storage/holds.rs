//! Tiers that customers began the day with.

use chrono::NaiveDate;
use marque_core::CustomerId;
use marque_db::{Conn, StoreError, Value};
use marque_insight::rank::Tier;
use uuid::Uuid;

use super::corrupt;

/// The day whose beginning is kept; `None` while no tiers are held.
pub(crate) fn held_on(conn: &mut Conn<'_>) -> Result<Option<NaiveDate>, StoreError> {
    let sql = "SELECT held_on FROM score_clock WHERE id = 1";
    Ok(conn.query_opt(sql, &[], |row| row.get(0))?.flatten())
}

/// Who began that day in a tier above small.
pub(crate) fn load_holds(conn: &mut Conn<'_>) -> Result<Vec<(CustomerId, Tier)>, StoreError> {
    conn.query("SELECT customer_id, tier FROM held_tiers", &[], |row| {
        let key: String = row.get(1)?;
        let tier = Tier::ALL.into_iter().find(|tier| tier.key() == key);
        let tier = tier.ok_or_else(|| corrupt(1, "no tier"))?;
        Ok((row.get::<Uuid>(0)?.into(), tier))
    })
}

/// Keeps who begins a day in which tier.
pub(crate) fn put_holds(
    conn: &mut Conn<'_>,
    holds: &[(CustomerId, Tier)],
    day: NaiveDate,
) -> Result<(), StoreError> {
    conn.execute("DELETE FROM held_tiers", &[])?;
    let values: Vec<Value<'_>> = holds
        .iter()
        .flat_map(|(customer, tier)| [customer.uuid().into(), Value::Text(tier.key())])
        .collect();
    conn.insert_many("held_tiers", &["customer_id", "tier"], "", &values)?;
    let sql = "UPDATE score_clock SET held_on = ?1 WHERE id = 1";
    conn.execute(sql, &[day.into()])?;
    Ok(())
}
