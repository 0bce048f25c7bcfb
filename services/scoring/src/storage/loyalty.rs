//! Loyalty as it is, and as it was; and what was learnt.

use marque_auth::Scope;
use marque_core::{CustomerId, Timestamp, VehicleId};
use marque_db::{Conn, Row as DbRow, StoreError, Value};
use marque_events::{dealer_clause, is_received};
use marque_insight::loyalty::{LoyaltyClass, Rung};
use rustc_hash::FxHashMap;
use uuid::Uuid;

use super::{
    customer_keys,
    dossiers::claims_of,
    facts,
    kept::{self, AsOf},
    model_classes::put_model_classes,
    vehicles,
};
use crate::domain::{
    Happening, Loyalty, LoyaltyLine, OfDealer, Vehicle, WonBackLine, certainty_code, trust_code,
};

const COLUMNS: [&str; 20] = [
    "customer_id",
    "kind",
    "class",
    "rung",
    "trust",
    "churn_permille",
    "model",
    "dealer",
    "visits",
    "last_visit",
    "satisfaction",
    "contribution",
    "loyalty",
    "dependence",
    "kept",
    "fitted_at",
    "won_back_on",
    "away_days",
    "visits_since",
    "certainty",
];

/// Customers and what was found of their loyalty.
type Found = (CustomerId, Loyalty);

/// Writes loyalties; the history gets those whose class, rung or trust changed.
pub(crate) fn put_loyalties(
    conn: &mut Conn<'_>,
    loyalties: &[Found],
    as_of: AsOf,
    now: Timestamp,
) -> Result<(), StoreError> {
    let customers: Vec<CustomerId> = loyalties.iter().map(|(customer, _)| *customer).collect();
    let sql = "SELECT customer_id, class, rung, trust FROM loyalty WHERE customer_id IN (??)";
    let known: FxHashMap<Uuid, [String; 3]> = conn
        .query_in(sql, &[], &customer_keys(&customers), |row| {
            Ok((row.get(0)?, [row.get(1)?, row.get(2)?, row.get(3)?]))
        })?
        .into_iter()
        .collect();
    let kept: Vec<Vec<u8>> = loyalties
        .iter()
        .map(|(_, loyalty)| kept::pack(loyalty, as_of))
        .collect();
    let rows = loyalties.iter().zip(&kept);
    let values: Vec<Value<'_>> = rows
        .flat_map(|(found, kept)| row_of(found, kept, as_of))
        .collect();
    let on_conflict = "ON CONFLICT (customer_id) DO UPDATE SET kind = excluded.kind, class = excluded.class,
         rung = excluded.rung, trust = excluded.trust, churn_permille = excluded.churn_permille,
         model = excluded.model, dealer = excluded.dealer, visits = excluded.visits,
         last_visit = excluded.last_visit, satisfaction = excluded.satisfaction,
         contribution = excluded.contribution, loyalty = excluded.loyalty, dependence = excluded.dependence,
         kept = excluded.kept, fitted_at = excluded.fitted_at, won_back_on = excluded.won_back_on,
         away_days = excluded.away_days, visits_since = excluded.visits_since, certainty = excluded.certainty";
    conn.insert_many("loyalty", &COLUMNS, on_conflict, &values)?;
    put_dealer_degrees(conn, loyalties)?;
    put_model_classes(conn, loyalties, now)?;
    let history: Vec<Value<'_>> = loyalties
        .iter()
        .filter(|(customer, loyalty)| {
            let before = known.get(&customer.uuid());
            before.is_none_or(|words| words.iter().ne(words_of(loyalty).iter()))
        })
        .flat_map(|(customer, loyalty)| {
            let [class, rung, trust] = words_of(loyalty);
            [
                customer.uuid().into(),
                now.into(),
                class.into(),
                rung.into(),
                trust.into(),
            ]
        })
        .collect();
    conn.insert_many(
        "loyalty_history",
        &["customer_id", "at", "class", "rung", "trust"],
        "ON CONFLICT (customer_id, at) DO UPDATE SET class = excluded.class, rung = excluded.rung,
         trust = excluded.trust",
        &history,
    )
}

/// Replaces what customers are to each dealer.
fn put_dealer_degrees(conn: &mut Conn<'_>, loyalties: &[Found]) -> Result<(), StoreError> {
    let customers: Vec<CustomerId> = loyalties.iter().map(|(customer, _)| *customer).collect();
    forget_dealer_degrees(conn, &customers)?;
    fn of_dealer(customer: CustomerId, each: &OfDealer) -> [Value<'_>; 6] {
        [
            customer.uuid().into(),
            (&each.dealer).into(),
            each.degrees.satisfaction.into(),
            each.degrees.contribution.into(),
            each.degrees.loyalty.into(),
            each.degrees.dependence.into(),
        ]
    }
    let values: Vec<Value<'_>> = loyalties
        .iter()
        .flat_map(|(customer, loyalty)| loyalty.dealers.iter().map(move |each| (*customer, each)))
        .flat_map(|(customer, each)| of_dealer(customer, each))
        .collect();
    let columns = [
        "customer_id",
        "dealer",
        "satisfaction",
        "contribution",
        "loyalty",
        "dependence",
    ];
    conn.insert_many("dealer_degrees", &columns, "", &values)
}

fn forget_dealer_degrees(conn: &mut Conn<'_>, customers: &[CustomerId]) -> Result<(), StoreError> {
    let sql = "DELETE FROM dealer_degrees WHERE customer_id IN (??)";
    conn.execute_in(sql, &[], &customer_keys(customers))?;
    Ok(())
}

fn words_of(loyalty: &Loyalty) -> [&'static str; 3] {
    [
        loyalty.class.map_or("", LoyaltyClass::key),
        Rung::key(loyalty.rung),
        trust_code(loyalty.trust),
    ]
}

fn row_of<'a>((customer, loyalty): &'a Found, kept: &'a Vec<u8>, as_of: AsOf) -> [Value<'a>; 20] {
    let [class, rung, trust] = words_of(loyalty);
    let rhythm = loyalty.rhythm.as_ref();
    let returned = loyalty.won_back.map(|(returned, _)| returned);
    let certainty = loyalty.won_back.map(|(_, sure)| certainty_code(sure));
    [
        customer.uuid().into(),
        loyalty.kind.key().into(),
        class.into(),
        rung.into(),
        trust.into(),
        loyalty.churn_permille().into(),
        (&loyalty.last_model).into(),
        (&loyalty.last_dealer).into(),
        rhythm.map_or(0, |rhythm| i64::from(rhythm.visits)).into(),
        rhythm.map(|rhythm| rhythm.last_visit).into(),
        loyalty.degrees.satisfaction.into(),
        loyalty.degrees.contribution.into(),
        loyalty.degrees.loyalty.into(),
        loyalty.degrees.dependence.into(),
        kept.into(),
        as_of.fitted_at.into(),
        returned.map(|returned| returned.on).into(),
        returned
            .map(|returned| i64::from(returned.away_days))
            .into(),
        returned
            .map(|returned| i64::from(returned.visits_since))
            .into(),
        certainty.into(),
    ]
}

/// Forgets the loyalty of customers who are gone or refused; of who refused, the history too.
pub(crate) fn forget_loyalties(
    conn: &mut Conn<'_>,
    gone: &[CustomerId],
    refused: &[CustomerId],
) -> Result<(), StoreError> {
    for customers in [gone, refused] {
        forget_dealer_degrees(conn, customers)?;
        let sql = "DELETE FROM loyalty WHERE customer_id IN (??)";
        conn.execute_in(sql, &[], &customer_keys(customers))?;
    }
    for sql in [
        "DELETE FROM loyalty_history WHERE customer_id IN (??)",
        "DELETE FROM model_loyalty_history WHERE customer_id IN (??)",
    ] {
        conn.execute_in(sql, &[], &customer_keys(refused))?;
    }
    Ok(())
}

/// Customers of whom nothing could be found by what was learnt are not asked for again because of it.
pub(crate) fn pass_over(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
    as_of: AsOf,
) -> Result<(), StoreError> {
    let sql = "UPDATE loyalty SET kept = NULL, fitted_at = ?1 WHERE fitted_at < ?1 AND customer_id IN (??)";
    conn.execute_in(sql, &[as_of.fitted_at.into()], &customer_keys(customers))?;
    Ok(())
}

/// Customers of a scope of whom anything happened, by how likely they stay away, the likeliest first; behind one, of one trust if not
/// empty.
pub(crate) fn list_loyalty(
    conn: &mut Conn<'_>,
    scope: &Scope,
    (trust, at_least, dealer): (&str, i64, &str),
    after: Option<(i64, CustomerId)>,
    limit: u32,
) -> Result<Vec<LoyaltyLine>, StoreError> {
    let (clause, dealers) = dealer_clause(scope, "l.dealer", 1);
    let sight = if matches!(scope, Scope::Headquarters) {
        clause
    } else {
        format!(
            "EXISTS (SELECT 1 FROM record_links l WHERE l.customer_id = y.customer_id AND {clause})"
        )
    };
    let of_dealer = if dealer.is_empty() {
        "?7 = ''"
    } else {
        "y.dealer = ?7"
    };
    let (churn, customer) = after.unwrap_or((i64::MAX, Uuid::nil().into()));
    let sql = format!(
        "SELECT y.customer_id, y.kind, y.class, y.rung, y.trust, y.churn_permille, y.visits, y.last_visit, y.dealer,
             y.model, y.won_back_on, y.away_days, y.visits_since, y.certainty
         FROM loyalty y WHERE {sight} AND {of_dealer} AND y.trust <> '' AND (?2 = '' OR y.trust = ?2)
         AND y.churn_permille >= ?3
         AND (y.churn_permille < ?4 OR (y.churn_permille = ?4 AND y.customer_id > ?5))
         ORDER BY y.churn_permille DESC, y.customer_id LIMIT ?6"
    );
    let values = [
        dealers,
        trust.into(),
        at_least.into(),
        churn.into(),
        customer.uuid().into(),
        limit.into(),
        dealer.into(),
    ];
    conn.query(&sql, &values, |row| {
        Ok(LoyaltyLine {
            customer: row.get::<Uuid>(0)?.into(),
            kind: row.get(1)?,
            class: row.get(2)?,
            rung: row.get(3)?,
            trust: row.get(4)?,
            churn_permille: row.get(5)?,
            visits: row.get(6)?,
            last_visit: row.get(7)?,
            dealer: row.get(8)?,
            model: row.get(9)?,
            won_back: read_won_back(row)?,
        })
    })
}

fn read_won_back(row: &DbRow<'_>) -> Result<Option<WonBackLine>, StoreError> {
    let Some(on) = row.get(10)? else {
        return Ok(None);
    };
    Ok(Some(WonBackLine {
        on,
        away_days: row.get::<Option<i64>>(11)?.unwrap_or_default(),
        visits_since: row.get::<Option<i64>>(12)?.unwrap_or_default(),
        certainty: row.get::<Option<String>>(13)?.unwrap_or_default(),
    }))
}

/// What was learnt, with the instant it was; the body only if it is newer than `known`.
pub(crate) fn find_fitted(
    conn: &mut Conn<'_>,
    known: Timestamp,
) -> Result<Option<(Timestamp, String)>, StoreError> {
    let sql = "SELECT fitted_at, body FROM fitted WHERE name = 'all' AND fitted_at > ?1";
    conn.query_opt(sql, &[known.into()], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Keeps what was learnt, unless something was kept since an instant.
pub(crate) fn put_fitted(
    conn: &mut Conn<'_>,
    body: &str,
    (since, now): (Timestamp, Timestamp),
) -> Result<(), StoreError> {
    conn.execute(
        "INSERT INTO fitted (name, body, fitted_at) VALUES ('all', ?1, ?2)
         ON CONFLICT (name) DO UPDATE SET body = excluded.body, fitted_at = excluded.fitted_at
             WHERE fitted.fitted_at <= ?3",
        &[body.into(), now.into(), since.into()],
    )?;
    Ok(())
}

/// A car by its id.
pub(crate) fn find_vehicle(
    conn: &mut Conn<'_>,
    vehicle: VehicleId,
) -> Result<Option<Vehicle>, StoreError> {
    let sql = format!(
        "SELECT {} FROM vehicles WHERE vehicle_id = ?1",
        vehicles::VEHICLE_COLUMNS
    );
    conn.query_opt(&sql, &[vehicle.uuid().into()], |row| {
        vehicles::read_at(row, 0)
    })
}

/// Cars after a VIN, for walks over all.
pub(crate) fn walk_vehicles(
    conn: &mut Conn<'_>,
    after: &str,
    limit: usize,
) -> Result<Vec<Vehicle>, StoreError> {
    let sql = format!(
        "SELECT {} FROM vehicles WHERE vin > ?1 ORDER BY vin LIMIT ?2",
        vehicles::VEHICLE_COLUMNS
    );
    conn.query(&sql, &[after.into(), (limit as i64).into()], |row| {
        vehicles::read_at(row, 0)
    })
}

/// Visits of cars, whoever made them, by time.
pub(crate) fn visits_of_cars(
    conn: &mut Conn<'_>,
    vins: &[&str],
) -> Result<Vec<Happening>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql = format!(
        "SELECT {} FROM facts WHERE kind = 'visit' AND vin IN (??)",
        facts::FACT_COLUMNS
    );
    let mut visits = conn.query_in(&sql, &[], &keys, facts::read)?;
    visits.sort_unstable_by_key(|visit| (visit.happened_at, visit.id));
    Ok(visits)
}

/// Groups of occupations of those who own or drive cars now and then, by VIN.
pub(crate) fn occupations_of_cars(
    conn: &mut Conn<'_>,
    vins: &[&str],
) -> Result<Vec<(String, String)>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let sql = "SELECT p.vin, l.occupation FROM vehicle_parties p
         JOIN record_links l ON l.source_record_id = p.source_record_id
         WHERE l.occupation <> '' AND p.vin IN (??) ORDER BY p.last_at";
    conn.query_in(sql, &[], &keys, |row| Ok((row.get(0)?, row.get(1)?)))
}

/// Whether a scope has to do with a car: by a record of its parties or a visit of it, or a dealer by having received one of
/// those who have it now; a customer by having a part in it now. Who sold it reads of it no more.
pub(crate) fn knows_car(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vin: &str,
    now: Timestamp,
) -> Result<bool, StoreError> {
    match scope {
        Scope::Headquarters => Ok(true),
        Scope::Customer(customer) => {
            // He is no dealer's: his part is looked for among all.
            conn.see_all_dealers()?;
            let customer = super::current_customer(conn, *customer)?;
            Ok(customers_now(conn, vin)?.contains(&customer))
        }
        Scope::Region(_) => is_of_dealers(conn, scope, vin),
        Scope::Dealer(dealer) => {
            if is_of_dealers(conn, scope, vin)? {
                return Ok(true);
            }
            // Whose file is open to him may be another dealer's customer until now.
            conn.see_all_dealers()?;
            for customer in customers_now(conn, vin)? {
                if is_received(conn, dealer, customer, now)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
    }
}

/// The customers who have a part in a car now.
fn customers_now(conn: &mut Conn<'_>, vin: &str) -> Result<Vec<CustomerId>, StoreError> {
    let claims = claims_of(conn, &[vin.into()])?
        .remove(vin)
        .unwrap_or_default();
    let current = claims.iter().filter(|claim| claim.is_current(&claims));
    Ok(current.filter_map(|claim| claim.customer).collect())
}

/// Whether a record of a car's parties, or a visit of it, is of a dealer in the scope.
fn is_of_dealers(conn: &mut Conn<'_>, scope: &Scope, vin: &str) -> Result<bool, StoreError> {
    let (sql, value) = dealer_clause(scope, "dealer", 2);
    let by_visit =
        format!("SELECT 1 FROM facts WHERE vin = ?1 AND withdrawn_at IS NULL AND {sql} LIMIT 1");
    if conn
        .query_opt(&by_visit, &[vin.into(), value], |_| Ok(()))?
        .is_some()
    {
        return Ok(true);
    }
    let by_party = format!(
        "SELECT 1 FROM vehicle_parties p JOIN record_links l ON l.source_record_id = p.source_record_id
         WHERE p.vin = ?1 AND l.{sql} LIMIT 1"
    );
    let found = conn.query_opt(&by_party, &[vin.into(), value], |_| Ok(()))?;
    Ok(found.is_some())
}

/// How many customers walks go over.
pub(crate) fn count_customers(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM scores WHERE state <> 'gone'";
    Ok(conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0))
}

/// How many cars walks go over.
pub(crate) fn count_vehicles(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    let sql = "SELECT count(*) FROM vehicles";
    Ok(conn.query_opt(sql, &[], |row| row.get(0))?.unwrap_or(0))
}

/// Customers by id after one, for walks over all who are known.
pub(crate) fn walk_customers(
    conn: &mut Conn<'_>,
    after: Uuid,
    limit: usize,
) -> Result<Vec<CustomerId>, StoreError> {
    let sql = "SELECT customer_id FROM scores WHERE state <> 'gone' AND customer_id > ?1 ORDER BY customer_id LIMIT ?2";
    conn.query(sql, &[after.into(), (limit as i64).into()], |row| {
        Ok(row.get::<Uuid>(0)?.into())
    })
}

/// Dealers of a scope among those given.
pub(crate) fn dealers_in(
    conn: &mut Conn<'_>,
    scope: &Scope,
    dealers: Vec<String>,
) -> Result<Vec<String>, StoreError> {
    match scope {
        Scope::Headquarters | Scope::Customer(_) => Ok(dealers),
        Scope::Dealer(own) => Ok(dealers
            .into_iter()
            .filter(|dealer| dealer == own.as_str())
            .collect()),
        Scope::Region(region) => {
            let keys: Vec<Value<'_>> = dealers.iter().map(Value::from).collect();
            let sql = "SELECT dealer FROM dealer_regions WHERE region = ?1 AND dealer IN (??)";
            conn.query_in(sql, &[Value::Text(region)], &keys, |row| row.get(0))
        }
    }
}
