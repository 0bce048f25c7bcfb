//! What a vehicle is and is used for, as the law of inspections asks.
//!
//! The vehicle licence is believed first, as far as the dealer's row has it; then what series and model say in words. Of all others
//! the law's most usual case is assumed, a private passenger car, and whoever reads a date is told so.

use chrono::NaiveDate;
use marque_insight::law::{Use, Vehicle as LawVehicle, VehicleClass};
use serde::{Deserialize, Serialize};

use super::Vehicle;

/// Seats of a car, and of a bus, where the licence does not say.
const CAR_SEATS: u8 = 5;
const BUS_SEATS: u8 = 20;
/// What has more is a bus to the law.
const MOST_CAR_SEATS: u8 = 9;

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
    seats: u8,
    /// `None` where nothing is said of it.
    vehicle_use: Option<Use>,
}

impl Usage {
    /// What a vehicle's licence says, and where it says nothing, its definition.
    pub(crate) fn of(vehicle: &Vehicle) -> Self {
        let named = Self::named(&format!("{} {}", vehicle.series, vehicle.model));
        let (class, usual_seats) = match vehicle.class.as_str() {
            "truck" => (VehicleClass::Truck, CAR_SEATS),
            "van" => (VehicleClass::Van, CAR_SEATS),
            "bus" => (VehicleClass::Passenger, BUS_SEATS),
            "car" => (VehicleClass::Passenger, CAR_SEATS),
            _ => (named.class, named.seats),
        };
        let seats = u8::try_from(vehicle.seats).ok().filter(|seats| *seats > 0);
        let vehicle_use = match vehicle.licensed_use.as_str() {
            "private" => Some(Use::Private),
            "operating" => Some(Use::Operating),
            _ => named.vehicle_use,
        };
        Self {
            class,
            seats: seats.unwrap_or(usual_seats),
            vehicle_use,
        }
    }

    /// What series and model name in words.
    fn named(definition: &str) -> Self {
        let text = definition.to_lowercase();
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
        let (class, seats) = match () {
            () if names(TRUCK) => (VehicleClass::Truck, CAR_SEATS),
            () if names(VAN) => (VehicleClass::Van, CAR_SEATS),
            () if names(BUS) => (VehicleClass::Passenger, BUS_SEATS),
            () => (VehicleClass::Passenger, CAR_SEATS),
        };
        let vehicle_use = match () {
            () if names(NOT_OPERATING) => Some(Use::Private),
            () if names(OPERATING) => Some(Use::Operating),
            () => None,
        };
        Self {
            class,
            seats,
            vehicle_use,
        }
    }

    /// What the law asks of a vehicle registered on a day.
    pub(crate) fn in_law(self, registered: NaiveDate) -> LawVehicle {
        LawVehicle {
            class: self.class,
            vehicle_use: self.vehicle_use.unwrap_or(Use::Private),
            seats: self.seats,
            registered,
            lost_easings: false,
        }
    }

    /// As what the vehicle was taken, in Chinese and English, and whether that is assumed.
    pub(crate) fn in_words(self) -> (String, String) {
        let class = match self.class {
            VehicleClass::Truck => ("货车", "truck"),
            VehicleClass::Van => ("面包车", "van"),
            VehicleClass::Passenger if self.seats > MOST_CAR_SEATS => ("客车", "bus"),
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
            class: String::new(),
            licensed_use: String::new(),
            seats: 0,
        }
    }

    #[test]
    fn the_licence_is_believed_before_the_name() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        for ((class, vehicle_use, seats), next, words) in [
            // By its name alone it would be a truck.
            (
                ("car", "private", 5),
                "2027-01-31",
                "as a private passenger car",
            ),
            (
                ("car", "operating", 5),
                "2026-07-31",
                "as an operating passenger car",
            ),
            (("car", "private", 14), "2027-01-31", "as a private bus"),
            (("van", "private", 7), "2027-01-31", "as a private van"),
            (
                ("truck", "operating", 3),
                "2027-01-31",
                "as an operating truck",
            ),
        ] {
            let vehicle = Vehicle {
                class: class.to_owned(),
                licensed_use: vehicle_use.to_owned(),
                seats,
                ..vehicle("T7 皮卡")
            };
            let usage = Usage::of(&vehicle);
            let law = InspectionLaw::shipped();
            let found = law.next(usage.in_law(day("2021-01-15")), day("2026-06-15"));
            assert_eq!(found.unwrap().expires, day(next), "{words}");
            assert_eq!(usage.in_words().1, words);
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
