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
    /// By the vehicle licence: car, bus, van or truck; empty if not known.
    pub(crate) class: String,
    /// By the vehicle licence: private or operating; empty if not known.
    pub(crate) licensed_use: String,
    /// 0 if not known.
    pub(crate) seats: i64,
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
    /// Whether it is an order without a VIN that is taken for the purchase of a car told of.
    pub(crate) is_assumed: bool,
}

/// How long before and after the day of an order the car may be sold to be taken for the one ordered: a car is built and driven to
/// the dealer, and a day may be mistyped.
const SOLD_BEFORE_DAYS: i64 = 7;
const SOLD_AFTER_DAYS: i64 = 120;
/// Orders times cars that are compared.
const MOST_PAIRS: usize = 10_000;

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

    /// Takes what dealers have said of purchases, payments and assessments back to an instant: what came after it goes, and what
    /// stood then and was corrected or withdrawn since comes back.
    pub(crate) fn as_told_by(&mut self, at: Timestamp, stood: Vec<Happening>) {
        let is_later = |fact: &Happening| {
            let is_told = !matches!(
                fact.kind,
                happening::Kind::Visit | happening::Kind::Complaint
            );
            is_told && fact.version > at.as_micros()
        };
        self.happenings.retain(|fact| !is_later(fact));
        self.happenings.extend(stood);
        self.happenings
            .sort_unstable_by_key(|fact| (fact.happened_at, fact.version, fact.id));
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

    /// Cars he bought, by date. An order and the vehicle service's word on one VIN are one purchase; an order without a VIN is taken
    /// for that of a car that the same dealer sold him about then, each for one, the nearest days first.
    pub(crate) fn purchases(&self) -> Vec<Purchase<'_>> {
        let orders: Vec<&Happening> = self
            .of(happening::Kind::Purchase)
            .filter(|order| order.record.is_some())
            .collect();
        let is_ordered = |vin: &str| orders.iter().any(|order| order.vin == vin);
        let told: Vec<(NaiveDate, &Car)> = self
            .cars
            .iter()
            .filter(|car| car.is_first_owner && !is_ordered(&car.vehicle.vin))
            .filter_map(|car| Some((car.vehicle.sale_date?, car)))
            .collect();
        let (assumed, taken) = matched(&orders, &told);
        let ordered = orders
            .iter()
            .zip(assumed)
            .filter_map(|(order, is_assumed)| {
                Some(Purchase {
                    date: business_date(order.happened_at),
                    record: order.record?,
                    happening: Some(*order),
                    is_assumed,
                })
            });
        let told = told.iter().zip(taken).filter(|(_, is_taken)| !is_taken);
        let told = told.map(|((date, car), _)| Purchase {
            date: *date,
            record: car.record,
            happening: None,
            is_assumed: false,
        });
        let mut purchases: Vec<Purchase<'_>> = ordered.chain(told).collect();
        purchases.sort_by_key(|purchase| purchase.date);
        purchases
    }
}

/// Which orders without a VIN are taken for a car told of, and which cars are.
fn matched(orders: &[&Happening], told: &[(NaiveDate, &Car)]) -> (Vec<bool>, Vec<bool>) {
    let (mut assumed, mut taken) = (vec![false; orders.len()], vec![false; told.len()]);
    // Of a fleet nobody can tell which order is which car's.
    if orders.len() * told.len() > MOST_PAIRS {
        return (assumed, taken);
    }
    let mut near: Vec<(i64, usize, usize)> = Vec::new();
    for (order_place, order) in orders.iter().enumerate() {
        for (car_place, (sold, car)) in told.iter().enumerate() {
            let after = (*sold - business_date(order.happened_at)).num_days();
            let is_near = (-SOLD_BEFORE_DAYS..=SOLD_AFTER_DAYS).contains(&after);
            let is_of_dealer = car.vehicle.selling_dealer == order.dealer;
            if order.vin.is_empty() && is_of_dealer && is_near {
                near.push((after.abs(), order_place, car_place));
            }
        }
    }
    near.sort_unstable();
    for (_, order, car) in near {
        if !assumed[order] && !taken[car] {
            (assumed[order], taken[car]) = (true, true);
        }
    }
    (assumed, taken)
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
    /// since. The rule is the vehicle service's own, but for a car bought back while another dealer still names an owner in between.
    pub(crate) fn is_current(&self, all: &[Self]) -> bool {
        let is_succeeded = all.iter().any(|other| {
            let is_another = matches!(
                (other.customer, self.customer), (Some(new), Some(old)) if new != old
            );
            // Of owners whom nobody took back the last to become it is one, however often the others are named again.
            let is_later = if self.is_owner {
                !other.is_taken_back() && other.first_at > self.first_at
            } else {
                other.first_at > self.last_at
            };
            other.vin == self.vin && is_another && (other.is_owner || !self.is_owner) && is_later
        });
        !self.is_taken_back() && !is_succeeded
    }

    fn is_taken_back(&self) -> bool {
        self.ended_at.is_some_and(|ended| ended >= self.last_at)
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

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn owner(record: u128, first: i64, last: i64, ended: Option<i64>) -> Claim {
        Claim {
            vin: "LMVCA1A60R1000001".into(),
            is_owner: true,
            record: Uuid::from_u128(record).into(),
            customer: Some(Uuid::from_u128(record).into()),
            first_at: Timestamp::from_micros(first),
            last_at: Timestamp::from_micros(last),
            ended_at: ended.map(Timestamp::from_micros),
        }
    }

    #[test]
    fn of_those_who_are_named_the_last_to_become_owner_has_the_car() {
        for (claims, current) in [
            // Sent again after the sale.
            ([owner(1, 1, 8, None), owner(2, 5, 5, None)], [false, true]),
            // Bought back from who bought it.
            (
                [owner(1, 1, 8, Some(5)), owner(2, 5, 5, Some(8))],
                [true, false],
            ),
            // Named by mistake.
            (
                [owner(1, 1, 1, None), owner(2, 5, 5, Some(6))],
                [true, false],
            ),
        ] {
            let held = [0, 1].map(|at: usize| claims[at].is_current(&claims));
            assert_eq!(held, current, "{claims:?}");
        }
    }
}
