//! What a vehicle is and is used for, as the law of inspections asks, by the words of its definition.
//!
//! The vehicle service keeps no column of it. What series and model say in words is believed; of all others the law's most usual case
//! is assumed, a private passenger car, and whoever reads a date is told so.

use chrono::NaiveDate;
use marque_insight::law::{Use, Vehicle as LawVehicle, VehicleClass};
use serde::{Deserialize, Serialize};

use super::Vehicle;

/// Seats of a car, and of a bus: only whether there are more than nine matters.
const CAR_SEATS: u8 = 5;
const BUS_SEATS: u8 = 20;

/// Words by which a definition names what it is: Chinese ones anywhere, English ones whole.
const TRUCK: &[&str] = &[
    "货车",
    "卡车",
    "载货",
    "皮卡",
    "自卸",
    "牵引车",
    "truck",
    "pickup",
    "lorry",
];
const VAN: &[&str] = &["面包车", "微面", "minivan"];
const BUS: &[&str] = &["客车", "巴士", "中巴", "大巴", "bus", "coach", "minibus"];
const OPERATING: &[&str] = &["出租", "网约", "营运", "taxi", "cab"];
const NOT_OPERATING: &[&str] = &["非营运", "非运营"];

/// What a vehicle is and is used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Usage {
    class: VehicleClass,
    is_bus: bool,
    /// `None` where nothing is said of it.
    vehicle_use: Option<Use>,
}

impl Usage {
    /// What a vehicle's definition says.
    pub(crate) fn of(vehicle: &Vehicle) -> Self {
        let text = format!("{} {}", vehicle.series, vehicle.model).to_lowercase();
        let tokens: Vec<&str> = text
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .collect();
        let names = |words: &[&str]| {
            let is_named = |word: &&str| {
                if word.is_ascii() {
                    tokens.contains(word)
                } else {
                    text.contains(*word)
                }
            };
            words.iter().any(is_named)
        };
        let class = match () {
            () if names(TRUCK) => VehicleClass::Truck,
            () if names(VAN) => VehicleClass::Van,
            () => VehicleClass::Passenger,
        };
        let vehicle_use = match () {
            () if names(NOT_OPERATING) => Some(Use::Private),
            () if names(OPERATING) => Some(Use::Operating),
            () => None,
        };
        Self {
            class,
            is_bus: class == VehicleClass::Passenger && names(BUS),
            vehicle_use,
        }
    }

    /// What the law asks of a vehicle registered on a day.
    pub(crate) fn in_law(self, registered: NaiveDate) -> LawVehicle {
        LawVehicle {
            class: self.class,
            vehicle_use: self.vehicle_use.unwrap_or(Use::Private),
            seats: if self.is_bus { BUS_SEATS } else { CAR_SEATS },
            registered,
            lost_easings: false,
        }
    }

    /// As what the vehicle was taken, in Chinese and English, and whether that is assumed.
    pub(crate) fn in_words(self) -> (String, String) {
        let class = match self.class {
            VehicleClass::Truck => ("货车", "truck"),
            VehicleClass::Van => ("面包车", "van"),
            VehicleClass::Passenger if self.is_bus => ("客车", "bus"),
            VehicleClass::Passenger => ("小型客车", "passenger car"),
        };
        // How it is used makes no difference to a truck.
        match self.vehicle_use {
            Some(Use::Operating) => (
                format!("按营运{}", class.0),
                format!("as an operating {}", class.1),
            ),
            Some(Use::Private) => (
                format!("按非营运{}", class.0),
                format!("as a private {}", class.1),
            ),
            None if self.class == VehicleClass::Truck => {
                (format!("按{}", class.0), format!("as a {}", class.1))
            }
            None => (
                format!("未登记使用性质，暂按非营运{}", class.0),
                format!("its use is not on record: taken for a private {}", class.1),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use marque_core::VehicleId;
    use marque_insight::law::InspectionLaw;
    use uuid::Uuid;

    use super::*;

    fn vehicle(model: &str) -> Vehicle {
        Vehicle {
            id: VehicleId::from(Uuid::nil()),
            vin: String::new(),
            brand: String::new(),
            series: String::new(),
            model: model.to_owned(),
            model_year: 0,
            energy_type: String::new(),
            sale_date: None,
            insurance_expiry: None,
            inspection_due: None,
            warranty_end: None,
            selling_dealer: String::new(),
        }
    }

    #[test]
    fn the_next_inspection_goes_by_what_the_definition_says() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for (model, next, words) in [
            (
                "S5 Plus 1.5T",
                "2027-01-31",
                "its use is not on record: taken for a private passenger car",
            ),
            ("E3 出租车版", "2026-07-31", "as an operating passenger car"),
            ("E3 非营运版", "2027-01-31", "as a private passenger car"),
            ("T7 皮卡", "2027-01-31", "as a truck"),
            (
                "City bus 12",
                "2027-01-31",
                "its use is not on record: taken for a private bus",
            ),
            (
                "Advance",
                "2027-01-31",
                "its use is not on record: taken for a private passenger car",
            ),
        ] {
            let usage = Usage::of(&vehicle(model));
            let law = InspectionLaw::shipped();
            let found = law.next(usage.in_law(day("2021-01-15")), day("2026-06-15"));
            assert_eq!(found.unwrap().expires, day(next), "{model}");
            assert_eq!(usage.in_words().1, words, "{model}");
        }
    }
}
