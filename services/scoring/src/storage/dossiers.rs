//! Dossiers of many customers in few statements.

use marque_core::{CustomerId, SourceRecordId};
use marque_db::{Conn, Row, StoreError, Value};
use marque_insight::rank::Kind;
use rustc_hash::{FxHashMap, FxHashSet};
use uuid::Uuid;

use super::{
    corrupt, customer_keys,
    facts::{self, FACT_COLUMNS},
    links::{Purpose, refused},
    uuids,
    vehicles::{self, VEHICLE_COLUMNS},
};
use crate::domain::{Buyer, Car, Claim, Dossier, Record, Vehicle};

/// Everything that is known of the customers; one that is not known has an empty dossier.
pub(crate) fn load(
    conn: &mut Conn<'_>,
    customers: &[CustomerId],
) -> Result<Vec<Dossier>, StoreError> {
    let mut dossiers = load_own(conn, customers)?;
    add_buyers(conn, &mut dossiers)?;
    let refused = refused(conn, Purpose::Scoring, customers)?;
    for dossier in &mut dossiers {
        dossier.has_refused = refused.contains(&dossier.customer);
    }
    Ok(dossiers)
}

/// Records, facts and cars, without what others did.
fn load_own(conn: &mut Conn<'_>, customers: &[CustomerId]) -> Result<Vec<Dossier>, StoreError> {
    let mut dossiers: Vec<Dossier> = customers.iter().copied().map(Dossier::new).collect();
    let places: FxHashMap<CustomerId, usize> = customers.iter().copied().zip(0..).collect();
    let mut owner: FxHashMap<SourceRecordId, usize> = FxHashMap::default();
    let sql = "SELECT source_record_id, customer_id, dealer, kind, referrer, region_code, birth_year, occupation,
         recorded_at
         FROM record_links WHERE customer_id IN (??)";
    for record in conn.query_in(sql, &[], &customer_keys(customers), read_record)? {
        let place = places[&record.customer];
        owner.insert(record.id, place);
        dossiers[place].records.push(record);
    }
    let keys = uuids(owner.keys().map(|record| record.uuid()));
    let sql = format!(
        "SELECT {FACT_COLUMNS} FROM facts WHERE withdrawn_at IS NULL AND kind <> 'benefit'
         AND source_record_id IN (??)"
    );
    for fact in conn.query_in(&sql, &[], &keys, facts::read)? {
        if let Some(place) = fact.record.and_then(|record| owner.get(&record)) {
            dossiers[*place].happenings.push(fact);
        }
    }
    for dossier in &mut dossiers {
        dossier.records.sort_unstable_by_key(|record| record.id);
        dossier
            .happenings
            .sort_unstable_by_key(|fact| (fact.happened_at, fact.version, fact.id));
    }
    add_cars(conn, &mut dossiers, &owner, &keys)?;
    Ok(dossiers)
}

fn read_record(row: &Row<'_>) -> Result<Record, StoreError> {
    let kind: String = row.get(3)?;
    Ok(Record {
        id: row.get::<Uuid>(0)?.into(),
        customer: row.get::<Uuid>(1)?.into(),
        dealer: row.get(2)?,
        kind: Kind::parse(&kind).ok_or_else(|| corrupt(3, "no kind of customer"))?,
        referrer: row.get::<Option<Uuid>>(4)?.map(SourceRecordId::from),
        region_code: row.get(5)?,
        birth_year: row.get(6)?,
        occupation: row.get(7)?,
        recorded_at: row.get(8)?,
    })
}

fn add_cars(
    conn: &mut Conn<'_>,
    dossiers: &mut [Dossier],
    owner: &FxHashMap<SourceRecordId, usize>,
    records: &[Value<'_>],
) -> Result<(), StoreError> {
    let sql = "SELECT DISTINCT vin FROM vehicle_parties WHERE source_record_id IN (??)";
    let vins: Vec<String> = conn.query_in(sql, &[], records, |row| row.get(0))?;
    let keys: Vec<Value<'_>> = vins.iter().map(Value::from).collect();
    let claims = claims_of(conn, &keys)?;
    let sql = format!("SELECT {VEHICLE_COLUMNS} FROM vehicles WHERE vin IN (??)");
    let vehicles: FxHashMap<String, Vehicle> = conn
        .query_in(&sql, &[], &keys, |row| vehicles::read_at(row, 0))?
        .into_iter()
        .map(|vehicle| (vehicle.vin.clone(), vehicle))
        .collect();
    for (vin, claims) in claims {
        let Some(vehicle) = vehicles.get(&vin) else {
            continue;
        };
        for claim in &claims {
            let Some(&place) = owner.get(&claim.record) else {
                continue;
            };
            add_car(&mut dossiers[place], vehicle, claim, &claims);
        }
    }
    for dossier in dossiers {
        dossier
            .cars
            .sort_unstable_by(|a, b| a.vehicle.vin.cmp(&b.vehicle.vin));
    }
    Ok(())
}

/// Two records of one customer that claim one car make one car of it.
fn add_car(dossier: &mut Dossier, vehicle: &Vehicle, claim: &Claim, all: &[Claim]) {
    let (is_current, is_first_owner) = (claim.is_current(all), claim.is_first(all));
    let known = dossier
        .cars
        .iter_mut()
        .find(|car| car.vehicle.vin == vehicle.vin);
    match known {
        Some(car) => {
            car.is_current |= is_current;
            car.is_first_owner |= is_first_owner;
            car.record = car.record.min(claim.record);
        }
        None => dossier.cars.push(Car {
            vehicle: vehicle.clone(),
            record: claim.record,
            is_current,
            is_first_owner,
        }),
    }
}

pub(super) fn claims_of(
    conn: &mut Conn<'_>,
    vins: &[Value<'_>],
) -> Result<FxHashMap<String, Vec<Claim>>, StoreError> {
    let sql =
        "SELECT p.vin, p.role, p.source_record_id, l.customer_id, p.first_at, p.last_at, p.ended_at
         FROM vehicle_parties p LEFT JOIN record_links l ON l.source_record_id = p.source_record_id
         WHERE p.vin IN (??)";
    let read = |row: &Row<'_>| {
        let role: String = row.get(1)?;
        Ok(Claim {
            vin: row.get(0)?,
            is_owner: role == "owner",
            record: row.get::<Uuid>(2)?.into(),
            customer: row.get::<Option<Uuid>>(3)?.map(CustomerId::from),
            first_at: row.get(4)?,
            last_at: row.get(5)?,
            ended_at: row.get(6)?,
        })
    };
    let mut by_vin: FxHashMap<String, Vec<Claim>> = FxHashMap::default();
    for claim in conn.query_in(sql, &[], vins, read)? {
        by_vin.entry(claim.vin.clone()).or_default().push(claim);
    }
    Ok(by_vin)
}

/// Who has a car now: its owner before its driver, the newest word before older ones. Cars of who does not want to be
/// scored or cared for come with `true`; cars of nobody who is known are left out.
pub(crate) fn owners_of(
    conn: &mut Conn<'_>,
    vins: &[&str],
) -> Result<FxHashMap<String, (CustomerId, bool)>, StoreError> {
    let keys: Vec<Value<'_>> = vins.iter().map(|vin| Value::Text(vin)).collect();
    let mut owners: FxHashMap<String, CustomerId> = FxHashMap::default();
    for (vin, claims) in claims_of(conn, &keys)? {
        let current = claims
            .iter()
            .filter(|claim| claim.customer.is_some() && claim.is_current(&claims))
            .max_by_key(|claim| (claim.is_owner, claim.last_at, claim.record));
        if let Some(customer) = current.and_then(|claim| claim.customer) {
            owners.insert(vin, customer);
        }
    }
    let customers: Vec<CustomerId> = owners.values().copied().collect();
    let mut silent = refused(conn, Purpose::Scoring, &customers)?;
    silent.extend(refused(conn, Purpose::Care, &customers)?);
    let known = owners
        .into_iter()
        .map(|(vin, customer)| (vin, (customer, silent.contains(&customer))));
    Ok(known.collect())
}

/// Adds whom the customers referred, as far as those bought.
fn add_buyers(conn: &mut Conn<'_>, dossiers: &mut [Dossier]) -> Result<(), StoreError> {
    let mut named: FxHashMap<SourceRecordId, usize> = FxHashMap::default();
    for (place, dossier) in dossiers.iter().enumerate() {
        named.extend(dossier.records.iter().map(|record| (record.id, place)));
    }
    let sql = "SELECT DISTINCT referrer, customer_id FROM record_links
         WHERE referrer IS NOT NULL AND referrer IN (??)";
    let keys = uuids(named.keys().map(|record| record.uuid()));
    let referrals: Vec<(SourceRecordId, CustomerId)> = conn.query_in(sql, &[], &keys, |row| {
        Ok((row.get::<Uuid>(0)?.into(), row.get::<Uuid>(1)?.into()))
    })?;
    if referrals.is_empty() {
        return Ok(());
    }
    let mut referred: Vec<CustomerId> = referrals.iter().map(|(_, customer)| *customer).collect();
    referred.sort_unstable();
    referred.dedup();
    let bought: FxHashMap<CustomerId, chrono::NaiveDate> = load_own(conn, &referred)?
        .iter()
        .filter_map(|other| Some((other.customer, other.purchases().first()?.date)))
        .collect();
    let mut counted: FxHashSet<(usize, CustomerId)> = FxHashSet::default();
    for (record, customer) in referrals {
        let place = named[&record];
        let is_other = dossiers[place].customer != customer;
        if let Some(&bought_on) = bought.get(&customer)
            && is_other
            && counted.insert((place, customer))
        {
            dossiers[place].buyers.push(Buyer {
                named: record,
                bought_on,
            });
        }
    }
    for dossier in dossiers {
        dossier
            .buyers
            .sort_unstable_by_key(|buyer| (buyer.bought_on, buyer.named));
    }
    Ok(())
}
