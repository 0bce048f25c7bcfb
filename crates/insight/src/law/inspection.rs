//! When a vehicle's periodic inspection falls due, by a dated table of the law.

use std::sync::LazyLock;

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// The class of a vehicle, as the inspection rules tell them apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum VehicleClass {
    /// Cars and buses, vans excepted.
    Passenger,
    /// Vans (面包车): passenger cars to which the easings do not apply.
    Van,
    /// Trucks.
    Truck,
}

/// What a vehicle is used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Use {
    /// Not for hire.
    Private,
    /// Carries passengers or goods for money.
    Operating,
}

/// What the rules ask about a vehicle.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Vehicle {
    /// Its class.
    pub class: VehicleClass,
    /// Its use.
    pub vehicle_use: Use,
    /// Seats, the driver's included.
    pub seats: u8,
    /// Date of first registration.
    pub registered: NaiveDate,
    /// Whether it was in an accident with casualties or its keeper was punished for an illegal modification: then the
    /// easings do not apply.
    pub lost_easings: bool,
}

/// One inspection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inspection {
    /// Valid up to this day.
    pub expires: NaiveDate,
    /// The first day on which the next may be applied for: three months before (登记规定 Art. 54).
    pub apply_from: NaiveDate,
    /// Whether the vehicle has to be driven to a station; otherwise a sticker is applied for.
    pub on_site: bool,
    /// The law that says so.
    pub source: String,
}

/// The dated table.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InspectionLaw {
    law: Vec<Law>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Law {
    in_force: NaiveDate,
    source: String,
    #[serde(default)]
    not_after_casualty: bool,
    rules: Vec<Rule>,
}

/// A term that starts at an age of `from_months` up to, not including, `to_months`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    class: VehicleClass,
    #[serde(rename = "use")]
    vehicle_use: Option<Use>,
    most_seats: Option<u8>,
    from_months: u32,
    to_months: Option<u32>,
    term_months: u32,
    on_site: bool,
}

/// The table cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the inspection table cannot be read: {0}")]
pub struct InspectionTableError(String);

/// How far ahead inspections are listed: no vehicle is on the road longer.
const OLDEST_MONTHS: u32 = 60 * 12;

impl InspectionLaw {
    /// The table that ships with Marque; read once.
    pub fn shipped() -> &'static Self {
        static SHIPPED: LazyLock<InspectionLaw> = LazyLock::new(|| {
            InspectionLaw::from_toml(include_str!("../../data/inspection.toml"))
                .expect("the shipped table is valid, a test reads it")
        });
        &SHIPPED
    }

    /// Reads a table.
    ///
    /// # Errors
    /// When it is not of the right shape or a term has no length.
    pub fn from_toml(text: &str) -> Result<Self, InspectionTableError> {
        let mut table: Self =
            toml::from_str(text).map_err(|error| InspectionTableError(error.to_string()))?;
        if table
            .law
            .iter()
            .flat_map(|law| &law.rules)
            .any(|rule| rule.term_months == 0)
        {
            return Err(InspectionTableError(
                "term_months must be above 0".to_owned(),
            ));
        }
        table.law.sort_by_key(|law| std::cmp::Reverse(law.in_force));
        Ok(table)
    }

    /// All inspections of a vehicle, from the first on, as far as the law says anything.
    pub fn schedule(&self, vehicle: Vehicle) -> impl Iterator<Item = Inspection> + '_ {
        let mut age = 0;
        std::iter::from_fn(move || {
            let (law, rule) = self.rule_at(vehicle, age)?;
            age += rule.term_months;
            let expires = end_of_month(vehicle.registered, age)?;
            Some(Inspection {
                expires,
                apply_from: (expires + Days::new(1)).checked_sub_months(Months::new(3))?,
                on_site: rule.on_site,
                source: law.source.clone(),
            })
        })
    }

    /// The inspection whose validity ends on or after `today`.
    pub fn next(&self, vehicle: Vehicle, today: NaiveDate) -> Option<Inspection> {
        self.schedule(vehicle)
            .find(|inspection| inspection.expires >= today)
    }

    /// The newest law in force at the end of the term that has a rule for the vehicle at this age.
    fn rule_at(&self, vehicle: Vehicle, age: u32) -> Option<(&Law, &Rule)> {
        let fitting = self
            .law
            .iter()
            .filter(|law| !(law.not_after_casualty && vehicle.lost_easings));
        fitting.filter(|_| age < OLDEST_MONTHS).find_map(|law| {
            let rule = law.rules.iter().find(|rule| rule.fits(vehicle, age))?;
            let end = end_of_month(vehicle.registered, age + rule.term_months)?;
            (law.in_force <= end && law.applies_to(vehicle)).then_some((law, rule))
        })
    }
}

impl Law {
    /// Vans are passenger cars in the text and have no part in the easings.
    fn applies_to(&self, vehicle: Vehicle) -> bool {
        !(self.not_after_casualty && vehicle.class == VehicleClass::Van)
    }
}

impl Rule {
    fn fits(&self, vehicle: Vehicle, age: u32) -> bool {
        let class = if vehicle.class == VehicleClass::Van {
            VehicleClass::Passenger
        } else {
            vehicle.class
        };
        self.class == class
            && self
                .vehicle_use
                .is_none_or(|vehicle_use| vehicle_use == vehicle.vehicle_use)
            && self.most_seats.is_none_or(|most| vehicle.seats <= most)
            && age >= self.from_months
            && self.to_months.is_none_or(|end| age < end)
    }
}

/// The last day of the month `months` after a date.
fn end_of_month(date: NaiveDate, months: u32) -> Option<NaiveDate> {
    date.with_day(1)?
        .checked_add_months(Months::new(months + 1))?
        .pred_opt()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn car(registered: &str) -> Vehicle {
        Vehicle {
            class: VehicleClass::Passenger,
            vehicle_use: Use::Private,
            seats: 5,
            registered: registered.parse().unwrap(),
            lost_easings: false,
        }
    }

    fn schedule(vehicle: Vehicle, count: usize) -> Vec<(String, bool)> {
        let law = InspectionLaw::shipped();
        law.schedule(vehicle)
            .take(count)
            .map(|each| (each.expires.to_string(), each.on_site))
            .collect()
    }

    #[test]
    fn a_private_car_of_2020_follows_the_standards_vector() {
        let law = InspectionLaw::shipped();
        let car = car("2020-05-18");
        let expected = [
            ("2022-05-31", false),
            ("2024-05-31", false),
            ("2026-05-31", true),
            ("2028-05-31", false),
            ("2030-05-31", true),
            ("2031-05-31", true),
            ("2032-05-31", true),
        ];
        let found = schedule(car, 7);
        let found: Vec<(&str, bool)> = found.iter().map(|each| (each.0.as_str(), each.1)).collect();
        assert_eq!(found, expected);
        let next = law.next(car, "2026-01-01".parse().unwrap()).unwrap();
        assert_eq!(next.apply_from.to_string(), "2026-03-01");
    }

    #[test]
    fn without_the_easings_the_text_holds() {
        let mut van = car("2023-02-28");
        van.class = VehicleClass::Van;
        let wrecked = Vehicle {
            lost_easings: true,
            ..car("2023-02-28")
        };
        for vehicle in [van, wrecked] {
            let found = schedule(vehicle, 20);
            assert!(found.iter().all(|each| each.1), "always on site");
            let dates: Vec<&str> = found.iter().map(|each| each.0.as_str()).collect();
            assert_eq!(
                dates[..4],
                ["2025-02-28", "2027-02-28", "2029-02-28", "2030-02-28"]
            );
            assert_eq!(
                dates[12..14],
                ["2038-08-31", "2039-02-28"],
                "half-yearly after fifteen years"
            );
        }
    }

    #[test]
    fn other_vehicles_have_their_own_rows() {
        let taxi = Vehicle {
            vehicle_use: Use::Operating,
            ..car("2023-01-31")
        };
        assert_eq!(
            schedule(taxi, 6)[4..],
            [
                ("2028-01-31".to_owned(), true),
                ("2028-07-31".to_owned(), true)
            ]
        );
        let truck = Vehicle {
            class: VehicleClass::Truck,
            ..car("2023-01-31")
        };
        assert_eq!(
            schedule(truck, 11)[9..],
            [
                ("2033-01-31".to_owned(), true),
                ("2033-07-31".to_owned(), true)
            ]
        );
        let coach = Vehicle {
            seats: 30,
            ..car("2023-01-31")
        };
        assert_eq!(schedule(coach, 1)[0].0, "2024-01-31");
    }

    #[test]
    fn a_broken_table_is_refused() {
        assert!(
            InspectionLaw::from_toml("law = 3")
                .unwrap_err()
                .to_string()
                .contains("line 1")
        );
        let endless = "[[law]]\nin_force = \"2030-01-01\"\nsource = \"x\"\nrules = [{ class = \"truck\", from_months = 0, term_months = 0, on_site = true }]";
        assert!(InspectionLaw::from_toml(endless).is_err());
    }
}
