//! What the maker promises under the three guarantees, by the certificates given with its cars: the law's least, or more.

use chrono::NaiveDate;
use marque_insight::law::guarantees::Terms;
use serde::{Deserialize, Serialize};

use super::Vehicle;

/// The terms of cars sold on a day or later, until another promise for the same cars follows.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Promise {
    /// The one car that has this certificate; empty for all of a model.
    pub(crate) vin: String,
    /// Model, or series where cars have no model; empty for all others.
    pub(crate) model: String,
    pub(crate) sold_from: NaiveDate,
    pub(crate) terms: Terms,
    pub(crate) particulars: Particulars,
}

/// What a certificate says beside its periods and its fee (SAMR Order 43, Art. 9). It is shown as it was given; nothing is counted by it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Particulars {
    /// Capacity that the traction battery may lose, in per cent of what it had; `None` if not said.
    pub(crate) battery_fade_percent: Option<u32>,
    pub(crate) wear_parts: Vec<WearPart>,
}

/// A part that wears, with a term of its own from the sale.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct WearPart {
    pub(crate) name: String,
    /// 0 if time does not count.
    pub(crate) months: u32,
    /// 0 if distance does not count.
    pub(crate) km: u32,
}

/// Whose word a car's terms are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum GrantedBy {
    /// Nobody promised anything: the law's least.
    Law,
    /// The maker, for the model.
    Model,
    /// The certificate of this car.
    Car,
}

impl GrantedBy {
    /// The name on the wire.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Law => "law",
            Self::Model => "model",
            Self::Car => "car",
        }
    }
}

/// The terms that a car has.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Granted {
    pub(crate) terms: Terms,
    pub(crate) particulars: Particulars,
    pub(crate) by: GrantedBy,
    /// For cars sold on this day or later; `None` of the law's least.
    pub(crate) sold_from: Option<NaiveDate>,
}

impl Granted {
    /// The law's least.
    pub(crate) const LAW: Self = Self {
        terms: Terms::STATUTORY,
        particulars: Particulars {
            battery_fade_percent: None,
            wear_parts: Vec::new(),
        },
        by: GrantedBy::Law,
        sold_from: None,
    };

    /// The terms of a car: those of its own certificate before those of its model, and these before those of all others; of each the
    /// newest that began when it was sold. Never below the law's least.
    pub(crate) fn to(vehicle: &Vehicle, promises: &[Promise]) -> Self {
        let newest = |vin: &str, model: &str| {
            let held = promises.iter().filter(|promise| {
                (promise.vin.as_str(), promise.model.as_str()) == (vin, model)
                    && vehicle.sale_date >= Some(promise.sold_from)
            });
            held.max_by_key(|promise| promise.sold_from)
        };
        let of_car = newest(&vehicle.vin, "").map(|promise| (promise, GrantedBy::Car));
        let of_model = || newest("", vehicle.model_name()).or_else(|| newest("", ""));
        let found = of_car.or_else(|| Some((of_model()?, GrantedBy::Model)));
        found.map_or(Self::LAW, |(promise, by)| Self {
            terms: promise.terms.at_least_by_law(),
            particulars: promise.particulars.clone(),
            by,
            sold_from: Some(promise.sold_from),
        })
    }
}
