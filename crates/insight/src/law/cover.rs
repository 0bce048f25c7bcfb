//! Compulsory insurance and warranty: until when a vehicle is covered.

use chrono::{Datelike, Days, Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::inspection::Inspection;
use crate::mileage::{BandedDate, Forecast};

/// The last day of a compulsory insurance that starts on `start`: one year (交强险条例 Art. 20). A year from a 29 February is over
/// with the 28th.
pub fn compulsory_insurance_ends(start: NaiveDate) -> NaiveDate {
    let anniversary = start
        .checked_add_months(Months::new(12))
        .unwrap_or(NaiveDate::MAX);
    if anniversary.day() < start.day() {
        anniversary
    } else {
        anniversary - Days::new(1)
    }
}

/// The last day of the compulsory insurance in force on `today`, of a car insured since `start` without a day's gap; of one that
/// is insured later, of the first.
pub fn compulsory_insurance_in_force(start: NaiveDate, today: NaiveDate) -> NaiveDate {
    let mut ends = compulsory_insurance_ends(start);
    while ends < today {
        ends = compulsory_insurance_ends(ends + Days::new(1));
    }
    ends
}

/// Whether a compulsory insurance that ends on `insured_until` lets an inspection be applied for as soon as it may be:
/// without valid insurance there is no inspection (交强险条例 Art. 4), so the insurance is to be renewed first.
pub fn insurance_blocks(inspection: &Inspection, insured_until: NaiveDate) -> bool {
    insured_until < inspection.apply_from
}

/// What a warranty promises: so many months or km from its start, whichever ends first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WarrantyTerms {
    /// Time, in months.
    pub months: u32,
    /// Distance, in km.
    pub km: u32,
}

/// When a warranty ends: the day its months are over, or earlier when the forecast reaches its distance first. Without a
/// forecast, the months decide.
pub fn warranty_ends(
    terms: WarrantyTerms,
    start: NaiveDate,
    forecast: Option<&Forecast<'_>>,
) -> BandedDate {
    let months_over = start
        .checked_add_months(Months::new(terms.months))
        .unwrap_or(NaiveDate::MAX);
    let by_km = forecast.and_then(|forecast| forecast.date_of(f64::from(terms.km)));
    let earlier = |date: fn(&BandedDate) -> NaiveDate| {
        by_km
            .as_ref()
            .map_or(months_over, |by_km| date(by_km).min(months_over))
    };
    BandedDate {
        date: earlier(|by_km| by_km.date),
        earliest: earlier(|by_km| by_km.earliest),
        latest: earlier(|by_km| by_km.latest),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{InspectionLaw, Use, Vehicle, VehicleClass};
    use super::*;
    use crate::mileage::{History, MileageModel, Profile, Reading};

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn a_year_of_insurance_ends_on_the_day_before_the_anniversary() {
        assert_eq!(
            compulsory_insurance_ends(date("2025-03-01")),
            date("2026-02-28")
        );
        assert_eq!(
            compulsory_insurance_ends(date("2024-02-29")),
            date("2025-02-28")
        );
    }

    #[test]
    fn insurances_follow_each_other_from_the_sale_on() {
        let in_force =
            |start: &str, today: &str| compulsory_insurance_in_force(date(start), date(today));
        for (sold, ends) in [
            ("2024-02-28", "2027-02-27"),
            ("2024-02-29", "2027-02-28"),
            ("2020-02-29", "2027-02-28"),
            ("2024-03-01", "2027-02-28"),
            ("2026-11-24", "2027-11-23"),
            ("2026-12-31", "2027-12-30"),
        ] {
            assert_eq!(in_force(sold, "2026-11-24"), date(ends), "{sold}");
        }
        let (sold, last_day) = ("2025-03-02", "2026-03-01");
        assert_eq!(in_force(sold, last_day), date(last_day));
        assert_eq!(in_force(sold, "2026-03-02"), date("2027-03-01"));
    }

    #[test]
    fn insurance_comes_before_inspection() {
        let registered = date("2020-05-18");
        let vehicle = Vehicle {
            class: VehicleClass::Passenger,
            vehicle_use: Use::Private,
            seats: 5,
            registered,
            lost_easings: false,
        };
        let inspection = InspectionLaw::shipped()
            .next(vehicle, date("2026-01-01"))
            .unwrap();
        assert!(insurance_blocks(&inspection, date("2026-02-28")));
        assert!(!insurance_blocks(&inspection, date("2026-03-01")));
    }

    #[test]
    fn a_warranty_ends_by_whichever_comes_first() {
        let terms = WarrantyTerms {
            months: 36,
            km: 60_000,
        };
        let start = date("2024-01-01");
        assert_eq!(warranty_ends(terms, start, None).date, date("2027-01-01"));
        let reading = |day: &str, km| Reading {
            date: date(day),
            km,
            meter_replaced: false,
        };
        let readings = [reading("2024-01-01", 0), reading("2024-12-31", 36_500)];
        let (model, history) = (
            MileageModel::uninformed(),
            History::new(Profile::default(), None, &readings),
        );
        let ends = warranty_ends(terms, start, model.forecast(&history).as_ref());
        assert_eq!(
            ends.date,
            date("2025-09-17"),
            "260 days more at 90.5 km a day: a year of its own at 100, and the 60 days it borrows at 33"
        );
    }
}
