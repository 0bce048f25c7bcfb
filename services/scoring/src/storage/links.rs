//! Projections of the customer service: whose a source record is, who a customer now is, who refused.
//!
//! Each row remembers the position of the event that said so; an older event that comes later changes nothing.

use std::collections::BTreeSet;

use marque_core::{CustomerId, SourceRecordId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
pub(crate) use marque_events::{Alias, current_customer, customers_of, put_alias};
use marque_events::{LONGEST_CHAIN, Linked};
use marque_insight::rank::Kind;
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{customer_keys, due::mark_cars, scores::kind_of, uuids};

/// A record's customer and marks, as the event at a position said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RecordLink {
    pub(crate) record: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) dealer: String,
    pub(crate) kind: Kind,
    pub(crate) referrer: Option<SourceRecordId>,
    pub(crate) region_code: i64,
    pub(crate) birth_year: i64,
    pub(crate) occupation: String,
    pub(crate) recorded_at: Timestamp,
    pub(crate) position: i64,
}

/// What a customer is asked to agree to, as far as it concerns this service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To be scored.
    Scoring,
    /// To be cared for: reminded of what falls due.
    Care,
}

impl Purpose {
    /// The purpose of a name; `None` of those that others have.
    pub(crate) fn named(name: &str) -> Option<Self> {
        [Self::Scoring, Self::Care]
            .into_iter()
            .find(|purpose| purpose.name() == name)
    }

    /// Its name, as events and the customer service have it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Scoring => "scoring",
            Self::Care => "care",
        }
    }

    /// Where what customers said of it is kept.
    const fn table(self) -> &'static str {
        match self {
            Self::Scoring => "scoring_consents",
            Self::Care => "care_consents",
        }
    }
}

/// What a customer said of a purpose, as the event at a position told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Consent {
    pub(crate) customer: CustomerId,
    pub(crate) purpose: Purpose,
    pub(crate) given: bool,
    pub(crate) position: i64,
}

/// Remembers links, unless later ones are known.
pub(crate) fn put_links(conn: &mut Conn<'_>, links: &[RecordLink]) -> Result<(), StoreError> {
    let columns = [
        "dealer",
        "kind",
        "referrer",
        "region_code",
        "birth_year",
        "occupation",
        "recorded_at",
    ];
    let linked = links.iter().map(|link| Linked {
        record: link.record,
        customer: link.customer,
        position: link.position,
        marks: [
            (&link.dealer).into(),
            link.kind.key().into(),
            link.referrer.map(SourceRecordId::uuid).into(),
            link.region_code.into(),
            link.birth_year.into(),
            (&link.occupation).into(),
            link.recorded_at.into(),
        ],
    });
    marque_events::put_links(conn, columns, linked)
}

/// Remembers what a customer said, unless a later word is known.
pub(crate) fn put_consent(conn: &mut Conn<'_>, consent: &Consent) -> Result<(), StoreError> {
    let table = consent.purpose.table();
    let sql = format!(
        "INSERT INTO {table} (customer_id, given, position) VALUES (?1, ?2, ?3)
         ON CONFLICT (customer_id) DO UPDATE SET given = excluded.given, position = excluded.position
         WHERE excluded.position >= {table}.position"
    );
    conn.execute(
        &sql,
        &[
            consent.customer.uuid().into(),
            i64::from(consent.given).into(),
            consent.position.into(),
        ],
    )?;
    Ok(())
}

/// Those of the customers who said no to a purpose. The last word counts, under whichever id it was given.
pub(super) fn refused(
    conn: &mut Conn<'_>,
    purpose: Purpose,
    customers: &[CustomerId],
) -> Result<BTreeSet<CustomerId>, StoreError> {
    // Every id with the customer it now is, generation by generation; most customers were never merged.
    let mut stands_for: FxHashMap<Uuid, CustomerId> = customers
        .iter()
        .map(|customer| (customer.uuid(), *customer))
        .collect();
    let mut newest: Vec<Uuid> = stands_for.keys().copied().collect();
    for _ in 0..LONGEST_CHAIN {
        let sql = "SELECT customer_id, current FROM customer_aliases WHERE current IS NOT NULL AND current IN (??)";
        let pairs: Vec<(Uuid, Uuid)> =
            conn.query_in(sql, &[], &uuids(newest.drain(..)), |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for (alias, current) in pairs {
            let now = stands_for[&current];
            if stands_for.insert(alias, now).is_none() {
                newest.push(alias);
            }
        }
        if newest.is_empty() {
            break;
        }
    }
    let sql = format!(
        "SELECT customer_id, given, position FROM {} WHERE customer_id IN (??)",
        purpose.table()
    );
    let keys = uuids(stands_for.keys().copied());
    let words: Vec<(Uuid, i64, i64)> = conn.query_in(&sql, &[], &keys, |row| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?))
    })?;
    let mut last: FxHashMap<CustomerId, (i64, bool)> = FxHashMap::default();
    for (id, given, position) in words {
        let word = last
            .entry(stands_for[&id])
            .or_insert((position, given != 0));
        if position >= word.0 {
            *word = (position, given != 0);
        }
    }
    let has_refused =
        |(customer, (_, given)): (CustomerId, (i64, bool))| (!given).then_some(customer);
    Ok(last.into_iter().filter_map(has_refused).collect())
}

/// Everybody who does not want to be scored.
pub(crate) fn who_refused(conn: &mut Conn<'_>) -> Result<BTreeSet<CustomerId>, StoreError> {
    let sql = format!(
        "SELECT customer_id FROM {} WHERE given = 0",
        Purpose::Scoring.table()
    );
    let mut people: Vec<CustomerId> = conn.query(&sql, &[], customer)?;
    // Whoever they are now, generation by generation.
    let mut newest = people.clone();
    for _ in 0..LONGEST_CHAIN {
        let sql = "SELECT current FROM customer_aliases WHERE current IS NOT NULL AND customer_id IN (??)";
        let keys = uuids(newest.drain(..).map(CustomerId::uuid));
        newest = conn.query_in(sql, &[], &keys, customer)?;
        if newest.is_empty() {
            break;
        }
        people.extend(&newest);
    }
    refused(conn, Purpose::Scoring, &people)
}

/// Those who were merged into a customer, and into them.
pub(super) fn merged_into(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<Vec<CustomerId>, StoreError> {
    let sql = "WITH RECURSIVE merged AS (
             SELECT customer_id FROM customer_aliases WHERE current = ?1
             UNION
             SELECT a.customer_id FROM customer_aliases a JOIN merged m ON a.current = m.customer_id
         )
         SELECT customer_id FROM merged";
    conn.query(sql, &[customer.uuid().into()], self::customer)
}

/// The customers who have a part in one of the cars.
pub(crate) fn customers_of_cars(
    conn: &mut Conn<'_>,
    vins: &[&str],
) -> Result<Vec<CustomerId>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql = "SELECT DISTINCT l.customer_id FROM vehicle_parties p
         JOIN record_links l ON l.source_record_id = p.source_record_id WHERE p.vin IN (??)";
    conn.query_in(sql, &[], &keys, customer)
}

/// The customers who have a part in a car in which one of the records has one; whose the cars are is to be found anew.
pub(crate) fn customers_beside(
    conn: &mut Conn<'_>,
    records: &[SourceRecordId],
) -> Result<Vec<CustomerId>, StoreError> {
    let keys = uuids(records.iter().map(|record| record.uuid()));
    let sql = "SELECT DISTINCT vin FROM vehicle_parties WHERE source_record_id IN (??)";
    let vins: Vec<String> = conn.query_in(sql, &[], &keys, |row| row.get(0))?;
    let vins: Vec<&str> = vins.iter().map(String::as_str).collect();
    mark_cars(conn, &vins)?;
    customers_of_cars(conn, &vins)
}

/// Those of the customers of whom there is anything to say: who has a row already, said whether he wants to be scored,
/// was named by somebody, or has a record to which a fact or a car belongs. During an import that is hardly anybody.
pub(crate) fn with_something_known(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<BTreeSet<CustomerId>, StoreError> {
    let keys = customer_keys(customers);
    let by_row = "SELECT customer_id FROM scores WHERE customer_id IN (??)";
    let by_record =
        "SELECT DISTINCT l.customer_id FROM record_links l WHERE l.customer_id IN (??) AND (
         EXISTS (SELECT 1 FROM facts f WHERE f.source_record_id = l.source_record_id)
         OR EXISTS (SELECT 1 FROM vehicle_parties p WHERE p.source_record_id = l.source_record_id)
         OR EXISTS (SELECT 1 FROM record_links r
             WHERE r.referrer IS NOT NULL AND r.referrer = l.source_record_id))";
    let mut known = refused(conn, Purpose::Scoring, customers)?;
    known.extend(conn.query_in(by_row, &[], &keys, customer)?);
    known.extend(conn.query_in(by_record, &[], &keys, customer)?);
    Ok(known)
}

/// A customer's kind and since when he is known; `None` of who has no record.
pub(crate) fn known_customer(
    conn: &mut Conn<'_>,
    customer: CustomerId,
) -> Result<Option<(Kind, Timestamp)>, StoreError> {
    let sql = "SELECT kind, recorded_at FROM record_links WHERE customer_id = ?1 ORDER BY source_record_id";
    let records: Vec<(Kind, Timestamp)> = conn.query(sql, &[customer.uuid().into()], |row| {
        Ok((kind_of(&row.get::<String>(0)?)?, row.get(1)?))
    })?;
    let since = records.iter().map(|(_, recorded_at)| *recorded_at).min();
    Ok(records.first().map(|(kind, _)| *kind).zip(since))
}

/// The customers who referred one of the customers.
pub(crate) fn referrers_of(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<Vec<CustomerId>, StoreError> {
    let sql = "SELECT DISTINCT r.customer_id FROM record_links l
         JOIN record_links r ON r.source_record_id = l.referrer WHERE l.customer_id IN (??)";
    conn.query_in(sql, &[], &customer_keys(customers), customer)
}

fn customer(row: &Row<'_>) -> Result<CustomerId, StoreError> {
    Ok(row.get::<Uuid>(0)?.into())
}
