//! When the next maintenance falls due: by distance or by time, whichever comes first.

use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

use super::forecast::{BandedDate, Forecast};

/// A step of a maintenance plan: after so many km or so many months.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Distance, in km.
    pub km: u32,
    /// Time, in months.
    pub months: u32,
}

/// The maintenance plan of a model: the first service after the sale, then every so often.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MaintenancePlan {
    /// From sale to the first service.
    pub first: Step,
    /// From each service to the next.
    pub every: Step,
}

/// From where the plan counts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Since {
    /// The sale: nothing has been done yet.
    Sale {
        /// Date of the sale.
        date: NaiveDate,
    },
    /// The last maintenance.
    Service {
        /// Its date.
        date: NaiveDate,
        /// Distance driven by then over all meters, in km; `None` if nobody read it, or what was read is not believed: then it is
        /// estimated.
        driven_km: Option<f64>,
    },
}

/// What makes a maintenance fall due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueBy {
    /// The distance is reached first.
    Distance,
    /// The months are over first.
    Time,
}

/// The next maintenance.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Due {
    /// When. The band ends where the months are over.
    pub when: BandedDate,
    /// At which distance over all meters, in km; `None` if nothing says how far the car had come at its last service.
    pub at_km: Option<f64>,
    /// What comes first.
    pub by: DueBy,
}

/// The next maintenance of a plan. Without a forecast (no reading at all) the months decide.
pub fn next_maintenance(
    plan: &MaintenancePlan,
    since: Since,
    forecast: Option<&Forecast<'_>>,
) -> Due {
    let (date, driven_km, step) = match since {
        Since::Sale { date } => (date, Some(0.0), plan.first),
        Since::Service { date, driven_km } => (date, driven_km, plan.every),
    };
    let forecast = forecast.copied();
    let (driven_km, forecast) = match (driven_km, forecast) {
        // The band is of what is driven after the service, not of the estimate as well.
        (None, Some(forecast)) => {
            let estimate = forecast.estimate(date);
            (Some(estimate), Some(forecast.reckoned_from(date)))
        }
        known => known,
    };
    let at_km = driven_km.map(|km| km + f64::from(step.km));
    let months_over = date
        .checked_add_months(Months::new(step.months))
        .unwrap_or(NaiveDate::MAX);
    let by_time = BandedDate {
        date: months_over,
        earliest: months_over,
        latest: months_over,
    };
    let by_km = forecast.zip(at_km);
    match by_km.and_then(|(forecast, at_km)| forecast.date_of(at_km)) {
        Some(by_km) => Due {
            when: BandedDate {
                date: by_km.date.min(months_over),
                earliest: by_km.earliest.min(months_over),
                latest: by_km.latest.min(months_over),
            },
            at_km,
            by: if by_km.date <= months_over {
                DueBy::Distance
            } else {
                DueBy::Time
            },
        },
        None => Due {
            when: by_time,
            at_km,
            by: DueBy::Time,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::super::{History, MileageModel, Profile, Reading};
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> NaiveDate {
        NaiveDate::from_ymd_opt(year, month, day).unwrap()
    }

    fn history(readings: &[(NaiveDate, u32)]) -> History {
        let readings: Vec<Reading> = readings
            .iter()
            .map(|&(date, km)| Reading {
                date,
                km,
                meter_replaced: false,
            })
            .collect();
        History::new(Profile::default(), None, &readings)
    }

    #[test]
    fn the_seed_car_reaches_20_000_km_on_7_september_2025() {
        let history = history(&[(date(2025, 1, 10), 12_000), (date(2025, 7, 9), 18_000)]);
        let model = MileageModel::uninformed();
        let forecast = model.forecast(&history).unwrap();
        // 6,000 km in 180 days, and 33 km a day for the 60 that are borrowed.
        assert!((forecast.daily_km() - 33.25).abs() < 0.001);
        assert_eq!(forecast.date_of(20_000.0).unwrap().date, date(2025, 9, 7));
    }

    #[test]
    fn whichever_comes_first_decides() {
        let plan = MaintenancePlan {
            first: Step {
                km: 5_000,
                months: 6,
            },
            every: Step {
                km: 10_000,
                months: 12,
            },
        };
        let model = MileageModel::uninformed();
        let much = history(&[(date(2025, 1, 1), 0), (date(2025, 3, 1), 4_720)]);
        let due = next_maintenance(
            &plan,
            Since::Sale {
                date: date(2025, 1, 1),
            },
            model.forecast(&much).as_ref(),
        );
        assert_eq!((due.by, due.at_km), (DueBy::Distance, Some(5_000.0)));
        assert!(due.when.date < date(2025, 3, 10));
        let little = history(&[(date(2025, 1, 1), 10_000), (date(2025, 7, 1), 11_000)]);
        let since = Since::Service {
            date: date(2025, 1, 1),
            driven_km: Some(10_000.0),
        };
        let due = next_maintenance(&plan, since, model.forecast(&little).as_ref());
        assert_eq!(
            (due.by, due.when.date, due.at_km),
            (DueBy::Time, date(2026, 1, 1), Some(20_000.0))
        );
    }

    #[test]
    fn a_service_without_an_odometer_counts_from_what_was_driven_by_its_day() {
        let plan = MaintenancePlan {
            first: Step {
                km: 5_000,
                months: 6,
            },
            every: Step {
                km: 10_000,
                months: 24,
            },
        };
        // 33 km a day, as is borrowed.
        let steady = history(&[(date(2025, 1, 1), 3_300), (date(2025, 4, 11), 6_600)]);
        let model = MileageModel::uninformed();
        let forecast = model.forecast(&steady).unwrap();
        // Before, between and after the readings, and long after.
        for (day, expected) in [
            (date(2024, 9, 23), 0.0),
            (date(2024, 12, 2), 2_310.0),
            (date(2025, 2, 20), 4_950.0),
            (date(2025, 4, 11), 6_600.0),
            (date(2025, 7, 20), 9_900.0),
            (date(2026, 4, 11), 18_645.0),
        ] {
            let since = Since::Service {
                date: day,
                driven_km: None,
            };
            let due = next_maintenance(&plan, since, Some(&forecast));
            assert!((forecast.estimate(day) - expected).abs() < 0.001, "{day}");
            assert_eq!(due.at_km, Some(forecast.estimate(day) + 10_000.0));
            // 10,000 km take 303 days.
            let days = (due.when.date - day).num_days();
            assert_eq!((due.by, days), (DueBy::Distance, 303), "{day}");
            assert!(due.when.earliest > day, "{day}");
        }
        let since = Since::Service {
            date: date(2025, 7, 20),
            driven_km: None,
        };
        let unknown = next_maintenance(&plan, since, None);
        assert_eq!(
            (unknown.by, unknown.when.date, unknown.at_km),
            (DueBy::Time, date(2027, 7, 20), None)
        );
    }

    #[test]
    fn a_car_without_a_reading_goes_by_the_calendar() {
        let plan = MaintenancePlan {
            first: Step {
                km: 5_000,
                months: 6,
            },
            every: Step {
                km: 10_000,
                months: 12,
            },
        };
        let due = next_maintenance(
            &plan,
            Since::Sale {
                date: date(2025, 8, 31),
            },
            None,
        );
        assert_eq!((due.by, due.when.date), (DueBy::Time, date(2026, 2, 28)));
    }
}
