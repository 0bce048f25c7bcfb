//! Where a customer's loyalty class with one model is another than his class overall, and was. Of most customers nothing is kept: they
//! have one model, and are to it what they are to all.

use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, StoreError, Value};
use marque_insight::loyalty::LoyaltyClass;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::customer_keys;
use crate::domain::Loyalty;

/// The word for who never came with a model.
const NONE: &str = "none";
/// The word from when on the class is the one overall.
const AS_OVERALL: &str = "";

/// A customer and a model of his.
type Pair<'a> = (CustomerId, &'a str);

/// Writes the classes with single models that are other than they were.
pub(super) fn put_model_classes(
    conn: &mut Conn<'_>,
    loyalties: &[(CustomerId, Loyalty)],
    now: Timestamp,
) -> Result<(), StoreError> {
    let customers: Vec<CustomerId> = loyalties.iter().map(|(customer, _)| *customer).collect();
    let newest = newest(conn, &customers)?;
    let before: FxHashMap<Pair<'_>, &str> = newest
        .iter()
        .map(|(customer, model, class)| ((*customer, model.as_str()), class.as_str()))
        .collect();
    let differing: FxHashMap<Pair<'_>, &str> = loyalties.iter().flat_map(not_as_overall).collect();
    let changed = differing
        .iter()
        .filter(|(pair, class)| before.get(*pair) != Some(*class))
        .map(|(pair, class)| (*pair, *class));
    let ended = before
        .iter()
        .filter(|(pair, class)| **class != AS_OVERALL && !differing.contains_key(*pair))
        .map(|(pair, _)| (*pair, AS_OVERALL));
    let values: Vec<Value<'_>> = changed
        .chain(ended)
        .flat_map(|((customer, model), class)| {
            [
                customer.uuid().into(),
                model.into(),
                now.into(),
                class.into(),
            ]
        })
        .collect();
    conn.insert_many(
        "model_loyalty_history",
        &["customer_id", "model", "at", "class"],
        "ON CONFLICT (customer_id, model, at) DO UPDATE SET class = excluded.class",
        &values,
    )
}

/// The models with which a customer's class is another than overall.
fn not_as_overall(
    (customer, loyalty): &(CustomerId, Loyalty),
) -> impl Iterator<Item = (Pair<'_>, &'static str)> {
    let models = loyalty.models.iter();
    let others = models.filter(move |each| each.class != loyalty.class);
    others.map(move |each| {
        let class = each.class.map_or(NONE, LoyaltyClass::key);
        ((*customer, each.model.as_str()), class)
    })
}

/// What was last written of customers: customer, model, class.
fn newest(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<Vec<(CustomerId, String, String)>, StoreError> {
    let sql = "SELECT h.customer_id, h.model, h.class FROM model_loyalty_history h WHERE h.customer_id IN (??)
         AND h.at = (SELECT max(n.at) FROM model_loyalty_history n
             WHERE n.customer_id = h.customer_id AND n.model = h.model)";
    conn.query_in(sql, &[], &customer_keys(customers), |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get(1)?, row.get(2)?))
    })
}

/// The classes with single models that were other than overall at an instant: by customer and model, `None` of who had never come
/// with it.
pub(crate) fn model_classes_at(
    conn: &mut Conn<'_>,
    at: Timestamp,
) -> Result<FxHashMap<(CustomerId, String), Option<String>>, StoreError> {
    let sql = "SELECT h.customer_id, h.model, h.class FROM model_loyalty_history h
         JOIN (SELECT customer_id, model, max(at) AS at FROM model_loyalty_history WHERE at <= ?1
             GROUP BY customer_id, model) n
             ON n.customer_id = h.customer_id AND n.model = h.model AND n.at = h.at
         WHERE h.class <> ''";
    let mut classes = FxHashMap::default();
    conn.query(sql, &[at.into()], |row| {
        let (customer, model): (Uuid, String) = (row.get(0)?, row.get(1)?);
        let class = Some(row.get::<String>(2)?).filter(|class| class != NONE);
        classes.insert((customer.into(), model), class);
        Ok(())
    })?;
    Ok(classes)
}
