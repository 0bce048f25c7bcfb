//! The vehicle and what it was built as.

use chrono::NaiveDate;
use marque_core::{Timestamp, VehicleId};
use uuid::Uuid;

use crate::domain::{Amendment, Licence};

/// What a car was built as, apart from the car.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub(crate) struct Definition {
    pub(crate) brand: String,
    pub(crate) series: String,
    pub(crate) model: String,
    /// 0 if not known.
    pub(crate) model_year: i32,
    /// Code of `marque_quality`'s energy types; empty if not known.
    pub(crate) energy_type: String,
}

/// One car.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Vehicle {
    pub(crate) id: VehicleId,
    pub(crate) vin: String,
    pub(crate) definition: Definition,
    pub(crate) licence: Licence,
    pub(crate) color: String,
    pub(crate) sale_date: Option<NaiveDate>,
    pub(crate) selling_dealer: String,
    pub(crate) insurance_expiry: Option<NaiveDate>,
    pub(crate) inspection_due: Option<NaiveDate>,
    pub(crate) warranty_end: Option<NaiveDate>,
    /// Newest plausible reading in km; 0 if there is none.
    pub(crate) odometer_km: i64,
    pub(crate) odometer_at: Timestamp,
    /// Grows with each change; 0 before the first.
    pub(crate) version: i64,
    pub(crate) updated_at: Timestamp,
}

/// Namespace of the ids of definitions: fixed for ever.
const DEFINITIONS: Uuid = Uuid::from_u128(0x3f0c_51b2_7f41_5d6a_8a0e_52d7_9a61_c4e8);

impl Definition {
    /// The id that its content gives: equal definitions are one row, without asking first.
    pub(crate) fn id(&self) -> Uuid {
        let Self {
            brand,
            series,
            model,
            model_year,
            energy_type,
        } = self;
        let name =
            format!("{brand}\u{1f}{series}\u{1f}{model}\u{1f}{model_year}\u{1f}{energy_type}");
        Uuid::new_v5(&DEFINITIONS, name.as_bytes())
    }
}

impl Vehicle {
    /// A car of which nothing but its VIN is known yet.
    pub(crate) fn new(id: VehicleId, vin: &str) -> Self {
        Self {
            id,
            vin: vin.to_owned(),
            definition: Definition::default(),
            licence: Licence::default(),
            color: String::new(),
            sale_date: None,
            selling_dealer: String::new(),
            insurance_expiry: None,
            inspection_due: None,
            warranty_end: None,
            odometer_km: 0,
            odometer_at: Timestamp::default(),
            version: 0,
            updated_at: Timestamp::default(),
        }
    }

    /// Takes over what a row says: the newest word on each field wins, but of the sale the first that names it, until the
    /// row that named it is corrected, and a guess takes no word's place.
    pub(crate) fn amend(&mut self, amendment: &Amendment) {
        let Amendment {
            definition,
            guessed_year,
            licence,
            color,
            sale,
            sale_before,
            insurance_expiry,
            inspection_due,
            warranty_end,
        } = amendment;
        newest(&mut self.definition.brand, &definition.brand);
        newest(&mut self.definition.series, &definition.series);
        newest(&mut self.definition.model, &definition.model);
        newest(&mut self.definition.energy_type, &definition.energy_type);
        if definition.model_year != 0 {
            self.definition.model_year = definition.model_year;
        } else if self.definition.model_year == 0 {
            self.definition.model_year = *guessed_year;
        }
        newest(&mut self.licence.class, &licence.class);
        newest(&mut self.licence.vehicle_use, &licence.vehicle_use);
        if licence.seats != 0 {
            self.licence.seats = licence.seats;
        }
        newest(&mut self.color, color);
        if self.sale_date.is_none() || self.sale_date == sale_before.date {
            self.sale_date = sale.date.or(self.sale_date);
        }
        if self.selling_dealer.is_empty() || self.selling_dealer == sale_before.dealer {
            newest(&mut self.selling_dealer, &sale.dealer);
        }
        self.insurance_expiry = insurance_expiry.or(self.insurance_expiry);
        self.inspection_due = inspection_due.or(self.inspection_due);
        self.warranty_end = warranty_end.or(self.warranty_end);
    }
}

fn newest(field: &mut String, word: &str) {
    if !word.is_empty() && field != word {
        word.clone_into(field);
    }
}

#[cfg(test)]
mod tests {
    use marque_core::ManualClock;

    use super::*;
    use crate::domain::Sale;

    fn car() -> Vehicle {
        Vehicle::new(VehicleId::new(&ManualClock::default()), "LJ1EEKRN7R4000001")
    }

    fn day(day: u32) -> Option<NaiveDate> {
        NaiveDate::from_ymd_opt(2024, 3, day)
    }

    fn sale(on: u32, dealer: &str) -> Sale {
        Sale {
            date: day(on),
            dealer: dealer.into(),
        }
    }

    #[test]
    fn the_newest_word_wins_but_of_the_sale_the_first() {
        let mut vehicle = car();
        let first = Amendment {
            color: "white".into(),
            sale: sale(5, "D1"),
            warranty_end: day(6),
            ..Amendment::default()
        };
        let second = Amendment {
            color: "black".into(),
            sale: sale(9, "D2"),
            ..Amendment::default()
        };
        vehicle.amend(&first);
        vehicle.amend(&second);
        assert_eq!(
            (vehicle.color.as_str(), vehicle.selling_dealer.as_str()),
            ("black", "D1")
        );
        assert_eq!((vehicle.sale_date, vehicle.warranty_end), (day(5), day(6)));
    }

    #[test]
    fn a_year_by_the_vin_stands_until_somebody_says_one_and_never_after() {
        let mut vehicle = car();
        let guessed = Amendment {
            guessed_year: 2024,
            ..Amendment::default()
        };
        let typed = Amendment {
            definition: Definition {
                model_year: 2023,
                ..Definition::default()
            },
            ..Amendment::default()
        };
        for (amendment, expected) in [(&guessed, 2024), (&typed, 2023), (&guessed, 2023)] {
            vehicle.amend(amendment);
            assert_eq!(vehicle.definition.model_year, expected);
        }
    }

    #[test]
    fn whoever_named_the_sale_may_correct_it_and_nobody_else() {
        let mut vehicle = car();
        let said = |sale: Sale, sale_before: Sale| Amendment {
            sale,
            sale_before,
            ..Amendment::default()
        };
        vehicle.amend(&said(sale(5, "D1"), Sale::default()));
        vehicle.amend(&said(sale(7, "D3"), sale(6, "D2")));
        assert_eq!(
            (vehicle.sale_date, vehicle.selling_dealer.as_str()),
            (day(5), "D1")
        );
        vehicle.amend(&said(sale(8, "D4"), sale(5, "D1")));
        assert_eq!(
            (vehicle.sale_date, vehicle.selling_dealer.as_str()),
            (day(8), "D4")
        );
        vehicle.amend(&said(Sale::default(), sale(8, "D4")));
        assert_eq!(
            (vehicle.sale_date, vehicle.selling_dealer.as_str()),
            (day(8), "D4"),
            "what a row no longer says takes nothing away"
        );
    }
}
