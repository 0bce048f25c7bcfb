//! The terms that the maker promises under the three guarantees: headquarters sets them, by model or for one car.

use chrono::NaiveDate;
use marque_auth::CallContext;
use marque_core::VehicleId;
use marque_errors::Violation;
use marque_insight::law::guarantees::Terms;
use marque_ledger::{Entry, record};

use super::ScoreApp;
use crate::{
    domain::Promise,
    error::{Error, Result},
    storage,
};

/// Longest term: twenty years, or more than the life of a car.
const MOST_MONTHS: u32 = 240;
const MOST_KM: u32 = 1_000_000;
/// Before every sale: a promise of which no day is said is for all of them.
const EVER: NaiveDate = NaiveDate::from_ymd_opt(1900, 1, 1).expect("a day of the calendar");

/// A promise as it is made.
#[derive(Debug, Clone)]
pub(crate) struct NewPromise {
    /// One car; otherwise those of the model.
    pub(crate) vehicle: Option<VehicleId>,
    /// Empty for all models without a promise of their own.
    pub(crate) model: String,
    /// For cars sold on this day or later; whenever sold if `None`.
    pub(crate) sold_from: Option<NaiveDate>,
    pub(crate) terms: Terms,
}

impl ScoreApp {
    /// The promises for models, the newest of each first.
    pub(crate) async fn list_promises(&self) -> Result<Vec<Promise>> {
        Ok(self.db.read(storage::list_promises).await?)
    }

    /// Keeps a promise: counters and due dates of its cars follow. On the record.
    pub(crate) async fn put_promise(&self, ctx: CallContext, new: NewPromise) -> Result<Promise> {
        check(&new)?;
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                // Whoever finds dues by the terms before is done, or begins after it.
                storage::lock(conn)?;
                let vin = match new.vehicle {
                    Some(vehicle) => {
                        let car = storage::find_vehicle(conn, vehicle)?;
                        car.ok_or(Error::VehicleUnknown)?.vin
                    }
                    None => String::new(),
                };
                let promise = Promise {
                    vin,
                    model: new.model.clone(),
                    sold_from: new.sold_from.unwrap_or(EVER),
                    terms: new.terms,
                };
                storage::put_promise(conn, &promise)?;
                if promise.vin.is_empty() {
                    storage::mark_model(conn, &promise.model)?;
                } else {
                    storage::mark_cars(conn, &[promise.vin.as_str()])?;
                }
                storage::ask_promised(conn, &promise, now)?;
                let car = new.vehicle.map(|vehicle| vehicle.to_string());
                let entry = Entry {
                    act: "guarantee_terms_put",
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

/// A maker may promise more than the law asks, and never less (SAMR Order 43, Art. 4).
fn check(new: &NewPromise) -> Result<()> {
    let (told, least) = (&new.terms, Terms::STATUTORY);
    let bounds = [
        (
            "period_months",
            told.period_months,
            least.period_months,
            MOST_MONTHS,
        ),
        ("period_km", told.period_km, least.period_km, MOST_KM),
        (
            "repair_months",
            told.repair_months,
            least.repair_months,
            MOST_MONTHS,
        ),
        ("repair_km", told.repair_km, least.repair_km, MOST_KM),
    ];
    let mut violations: Vec<Violation> = bounds
        .into_iter()
        .filter(|(_, told, least, most)| !(least..=most).contains(&told))
        .map(|(field, _, least, most)| {
            let message = format!("from the law's least, {least}, to {most}");
            Violation::new(field, "INVALID", message)
        })
        .collect();
    if new.vehicle.is_some() && !new.model.is_empty() {
        violations.push(Violation::new(
            "model",
            "INVALID",
            "either a model or a car",
        ));
    }
    if new.model.chars().count() > 100 {
        violations.push(Violation::new(
            "model",
            "TOO_LONG",
            "at most 100 characters",
        ));
    }
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(violations))
    }
}
