//! Everything that is known of one customer: his records, what they brought, his cars, whom he referred.

use chrono::NaiveDate;
use marque_core::{CustomerId, SourceRecordId, Timestamp, VehicleId, business_date};
use marque_insight::rank;

use super::{Happening, happening};

/// A source record of the customer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Record {
    pub(crate) id: SourceRecordId,
    pub(crate) customer: CustomerId,
    pub(crate) dealer: String,
    pub(crate) kind: rank::Kind,
    /// Who referred him, as this record says.
    pub(crate) referrer: Option<SourceRecordId>,
    /// 0 if not known.
    pub(crate) region_code: i64,
    /// 0 if not known.
    pub(crate) birth_year: i64,
    /// Group of occupations; empty if not known.
    pub(crate) occupation: String,
    /// When it was typed.
    pub(crate) recorded_at: Timestamp,
}

/// A car as the vehicle service told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vehicle {
    pub(crate) id: VehicleId,
    pub(crate) vin: String,
    pub(crate) brand: String,
    pub(crate) series: String,
    pub(crate) model: String,
    /// 0 if not known.
    pub(crate) model_year: i64,
    pub(crate) energy_type: String,
    pub(crate) sale_date: Option<NaiveDate>,
    pub(crate) insurance_expiry: Option<NaiveDate>,
    pub(crate) inspection_due: Option<NaiveDate>,
    pub(crate) warranty_end: Option<NaiveDate>,
    pub(crate) selling_dealer: String,
}

impl Vehicle {
    /// The name by which cars of one model are compared: the model, or the series where no model is given.
    pub(crate) fn model_name(&self) -> &str {
        if self.model.is_empty() {
            &self.series
        } else {
            &self.model
        }
    }
}

/// A car the customer has or had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Car {
    pub(crate) vehicle: Vehicle,
    /// The record by which it is his.
    pub(crate) record: SourceRecordId,
    /// Whether it is his now.
    pub(crate) is_current: bool,
    /// Whether he was its first owner.
    pub(crate) is_first_owner: bool,
}

/// Somebody he referred who bought.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Buyer {
    /// The record of the customer's that was named.
    pub(crate) named: SourceRecordId,
    /// When the other first bought.
    pub(crate) bought_on: NaiveDate,
}

/// One customer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Dossier {
    pub(crate) customer: CustomerId,
    /// Whether he does not want to be scored.
    pub(crate) has_refused: bool,
    pub(crate) records: Vec<Record>,
    /// By time.
    pub(crate) happenings: Vec<Happening>,
    pub(crate) cars: Vec<Car>,
    pub(crate) buyers: Vec<Buyer>,
}

/// One purchase: of a car that was told of by an order, by the vehicle service, or by both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Purchase<'a> {
    pub(crate) date: NaiveDate,
    pub(crate) record: SourceRecordId,
    pub(crate) happening: Option<&'a Happening>,
}

impl Dossier {
    /// A customer of whom nothing is known yet.
    pub(crate) fn new(customer: CustomerId) -> Self {
        Self {
            customer,
            has_refused: false,
            records: Vec::new(),
            happenings: Vec::new(),
            cars: Vec::new(),
            buyers: Vec::new(),
        }
    }

    /// Person or organisation; records of one customer are of one kind.
    pub(crate) fn kind(&self) -> rank::Kind {
        self.records
            .first()
            .map_or(rank::Kind::Person, |record| record.kind)
    }

    /// Facts of one kind, by time.
    pub(crate) fn of(
        &self,
        kind: happening::Kind,
    ) -> impl DoubleEndedIterator<Item = &Happening> + Clone {
        self.happenings
            .iter()
            .filter(move |happening| happening.kind == kind)
    }

    /// Whether anything had happened by a day of which a degree could be made.
    pub(crate) fn is_known_on(&self, day: NaiveDate) -> bool {
        let mut happened = self.happenings.iter();
        let purchases = self.purchases();
        happened.any(|happening| business_date(happening.happened_at) <= day)
            || purchases.first().is_some_and(|first| first.date <= day)
            || self
                .buyers
                .first()
                .is_some_and(|first| first.bought_on <= day)
    }

    /// VINs of the cars he has.
    pub(crate) fn current_cars(&self) -> Vec<String> {
        let current = self.cars.iter().filter(|car| car.is_current);
        current.map(|car| car.vehicle.vin.clone()).collect()
    }

    /// Brands of the cars he has, each once.
    pub(crate) fn brands(&self) -> Vec<&str> {
        let current = self.cars.iter().filter(|car| car.is_current);
        let mut brands: Vec<&str> = current
            .map(|car| car.vehicle.brand.as_str())
            .filter(|brand| !brand.is_empty())
            .collect();
        brands.sort_unstable();
        brands.dedup();
        brands
    }

    /// Cars he bought, by date. An order and the vehicle service's word on one VIN are one purchase.
    pub(crate) fn purchases(&self) -> Vec<Purchase<'_>> {
        let orders = self.of(happening::Kind::Purchase);
        let mut purchases: Vec<Purchase<'_>> = orders
            .clone()
            .filter_map(|order| {
                Some(Purchase {
                    date: business_date(order.happened_at),
                    record: order.record?,
                    happening: Some(order),
                })
            })
            .collect();
        let is_ordered = |vin: &str| orders.clone().any(|order| order.vin == vin);
        let told = self
            .cars
            .iter()
            .filter(|car| car.is_first_owner && !is_ordered(&car.vehicle.vin));
        purchases.extend(told.filter_map(|car| {
            Some(Purchase {
                date: car.vehicle.sale_date?,
                record: car.record,
                happening: None,
            })
        }));
        purchases.sort_by_key(|purchase| purchase.date);
        purchases
    }
}

/// What one source record says of its part in a car, with the customer it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claim {
    pub(crate) vin: String,
    pub(crate) is_owner: bool,
    pub(crate) record: SourceRecordId,
    /// `None` until he arrives.
    pub(crate) customer: Option<CustomerId>,
    pub(crate) first_at: Timestamp,
    pub(crate) last_at: Timestamp,
    /// When the row that said so began to name somebody else.
    pub(crate) ended_at: Option<Timestamp>,
}

impl Claim {
    /// Whether the part is still held: its row has not named somebody else, and no other customer has become owner
    /// since. The rule is the vehicle service's own.
    pub(crate) fn is_current(&self, all: &[Self]) -> bool {
        let is_ended = self.ended_at.is_some_and(|ended| ended >= self.last_at);
        let is_succeeded = all.iter().any(|other| {
            let is_another = matches!(
                (other.customer, self.customer), (Some(new), Some(old)) if new != old
            );
            other.vin == self.vin
                && is_another
                && (other.is_owner || !self.is_owner)
                && other.first_at > self.last_at
        });
        !is_ended && !is_succeeded
    }

    /// Whether nobody else owned the car before.
    pub(crate) fn is_first(&self, all: &[Self]) -> bool {
        let before = |other: &Self| {
            other.vin == self.vin
                && other.is_owner
                && other.customer != self.customer
                && other.first_at < self.first_at
        };
        self.is_owner && !all.iter().any(before)
    }
}
