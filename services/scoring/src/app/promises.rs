//! The terms that the maker promises under the three guarantees: headquarters sets them, by model or for one car.

use std::ops::RangeInclusive;

use chrono::NaiveDate;
use marque_auth::CallContext;
use marque_core::VehicleId;
use marque_db::Conn;
use marque_errors::Violation;
use marque_insight::law::guarantees::Terms;
use marque_ledger::{Entry, record};

use super::ScoreApp;
use crate::{
    domain::{Particulars, Promise},
    error::{Error, Result},
    storage,
};

/// Longest term: twenty years, or more than the life of a car.
const MOST_MONTHS: u32 = 240;
const MOST_KM: u32 = 1_000_000;
/// Most parts of a certificate that wear, and most characters of a name.
const MOST_WEAR_PARTS: usize = 100;
const LONGEST_NAME: usize = 100;
/// Before every sale: a promise of which no day is said is for all of them.
const EVER: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day of the calendar");

/// The cars a promise is made to.
#[derive(Debug, Clone)]
pub(crate) struct PromisedTo {
    /// One car; otherwise those of the model.
    pub(crate) vehicle: Option<VehicleId>,
    /// Empty for all models without a promise of their own.
    pub(crate) model: String,
    /// For cars sold on this day or later; whenever sold if `None`.
    pub(crate) sold_from: Option<NaiveDate>,
}

/// What is promised to them.
#[derive(Debug, Clone)]
pub(crate) struct NewPromise {
    pub(crate) terms: Terms,
    pub(crate) particulars: Particulars,
}

impl ScoreApp {
    /// The promises for models, the newest of each first.
    pub(crate) async fn list_promises(&self) -> Result<Vec<Promise>> {
        Ok(self.db.read(storage::list_promises).await?)
    }

    /// Keeps a promise, or takes the one back that there is to the same cars from the same day on: counters and due dates of the cars
    /// follow. Answers what is kept, or was. On the record; what was taken back already is answered again, and nothing changes.
    pub(crate) async fn put_promise(
        &self,
        ctx: CallContext,
        (to, only_new): (PromisedTo, bool),
        new: Option<NewPromise>,
    ) -> Result<Promise> {
        check(&to, new.as_ref())?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                // Whoever finds dues by the terms before is done, or begins after it.
                storage::lock(conn)?;
                let act = if new.is_some() {
                    "guarantee_terms_put"
                } else {
                    "guarantee_terms_withdrawn"
                };
                let (promise, is_changed) = change(conn, (&to, only_new), new.as_ref())?;
                if !is_changed {
                    return Ok(promise);
                }
                if promise.vin.is_empty() {
                    storage::mark_model(conn, &promise.model)?;
                } else {
                    storage::mark_cars(conn, &[promise.vin.as_str()])?;
                }
                storage::ask_promised(conn, &promise, now)?;
                let car = to.vehicle.map(|vehicle| vehicle.to_string());
                let entry = Entry {
                    act,
                    subject: car.as_ref().unwrap_or(&promise.model),
                    dealer: "",
                    detail: &promise.sold_from.to_string(),
                };
                record(conn, &ctx, now, &entry)?;
                Ok(promise)
            })
            .await
    }
}

/// The promise as it now is, or was until it was taken back, and whether anything changes by that.
fn change(
    conn: &mut Conn<'_>,
    (to, only_new): (&PromisedTo, bool),
    new: Option<&NewPromise>,
) -> Result<(Promise, bool)> {
    let vin = match to.vehicle {
        Some(vehicle) => {
            let car = storage::find_vehicle(conn, vehicle)?;
            car.ok_or(Error::VehicleUnknown)?.vin
        }
        None => String::new(),
    };
    let sold_from = to.sold_from.unwrap_or(EVER);
    let is_same = |known: &Promise| {
        known.vin == vin && known.model == to.model && known.sold_from == sold_from
    };
    if only_new
        && storage::promises_to(conn, &[vin.as_str()])?
            .iter()
            .any(is_same)
    {
        return Err(Error::Exists);
    }
    let Some(NewPromise { terms, particulars }) = new else {
        let cars = (vin.as_str(), to.model.as_str());
        let was = storage::take_back_promise(conn, cars, sold_from)?;
        return was.ok_or(Error::TermsUnknown);
    };
    let promise = Promise {
        vin,
        model: to.model.clone(),
        sold_from,
        terms: *terms,
        particulars: particulars.clone(),
    };
    storage::put_promise(conn, &promise)?;
    Ok((promise, true))
}

fn check(to: &PromisedTo, new: Option<&NewPromise>) -> Result<()> {
    let mut violations = new.map_or_else(Vec::new, beyond_the_law);
    violations.extend(new.map_or_else(Vec::new, |new| unlikely(&new.particulars)));
    if to.vehicle.is_some() && !to.model.is_empty() {
        violations.push(Violation::new(
            "model",
            "INVALID",
            "either a model or a car",
        ));
    }
    if to.model.chars().count() > LONGEST_NAME {
        violations.push(too_long("model"));
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(violations))
    }
}

/// A maker may promise more than the law asks, and never less (SAMR Order 43, Art. 4 and 27).
fn beyond_the_law(new: &NewPromise) -> Vec<Violation> {
    let (told, law) = (&new.terms, Terms::STATUTORY);
    let months = |least: u32| least..=MOST_MONTHS;
    let km = |least: u32| least..=MOST_KM;
    let bounds = [
        (
            "period_months",
            told.period_months,
            months(law.period_months),
        ),
        ("period_km", told.period_km, km(law.period_km)),
        (
            "repair_months",
            told.repair_months,
            months(law.repair_months),
        ),
        ("repair_km", told.repair_km, km(law.repair_km)),
        (
            "usage_fee_basis_points",
            told.fee_per_1000_km,
            0..=law.fee_per_1000_km,
        ),
    ];
    let beyond = bounds
        .into_iter()
        .filter(|(_, told, bounds)| !bounds.contains(told));
    let violation = |(field, _, bounds): (&str, u32, RangeInclusive<u32>)| {
        let message = format!(
            "from {} to {}: no promise is worse than the law",
            bounds.start(),
            bounds.end()
        );
        Violation::new(field, "INVALID", message)
    };
    beyond.map(violation).collect()
}

/// What no certificate says.
fn unlikely(particulars: &Particulars) -> Vec<Violation> {
    let mut violations = Vec::new();
    if particulars
        .battery_fade_percent
        .is_some_and(|percent| !(1..=99).contains(&percent))
    {
        let message = "per cent of the capacity, from 1 to 99";
        violations.push(Violation::new("battery_fade_percent", "INVALID", message));
    }
    if particulars.wear_parts.len() > MOST_WEAR_PARTS {
        let message = format!("at most {MOST_WEAR_PARTS} parts");
        violations.push(Violation::new("wear_parts", "TOO_LONG", message));
    }
    for part in &particulars.wear_parts {
        if part.name.chars().count() > LONGEST_NAME {
            violations.push(too_long("wear_parts"));
        }
        let has_term = part.months > 0 || part.km > 0;
        if part.name.is_empty() || !has_term || part.months > MOST_MONTHS || part.km > MOST_KM {
            let message = format!(
                "each with a name and a term of up to {MOST_MONTHS} months, {MOST_KM} km or both"
            );
            violations.push(Violation::new("wear_parts", "INVALID", message));
        }
    }
    violations
}

fn too_long(field: &str) -> Violation {
    let message = format!("at most {LONGEST_NAME} characters");
    Violation::new(field, "TOO_LONG", message)
}
