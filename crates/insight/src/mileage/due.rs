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
        /// Distance driven by then over all meters, in km.
        driven_km: f64,
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
    /// At which distance over all meters, in km.
    pub at_km: f64,
    /// What comes first.
    pub by: DueBy,
}

/// The next maintenance of a plan. Without a forecast (no reading at all) the months decide.
pub fn next_maintenance(
    plan: &MaintenancePlan,
    since: Since,
    forecast: Option<&Forecast<'_>>,
) -> Due {
    let (date, km, step) = match since {
        Since::Sale { date } => (date, 0.0, plan.first),
        Since::Service { date, driven_km } => (date, driven_km, plan.every),
    };
    let at_km = km + f64::from(step.km);
    let months_over = date
        .checked_add_months(Months::new(step.months))
        .unwrap_or(NaiveDate::MAX);
    let by_time = BandedDate {
        date: months_over,
        earliest: months_over,
        latest: months_over,
    };
    match forecast.and_then(|forecast| forecast.date_of(at_km)) {
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
        assert_eq!((due.by, due.at_km), (DueBy::Distance, 5_000.0));
        assert!(due.when.date < date(2025, 3, 10));
        let little = history(&[(date(2025, 1, 1), 10_000), (date(2025, 7, 1), 11_000)]);
        let since = Since::Service {
            date: date(2025, 1, 1),
            driven_km: 10_000.0,
        };
        let due = next_maintenance(&plan, since, model.forecast(&little).as_ref());
        assert_eq!(
            (due.by, due.when.date, due.at_km),
            (DueBy::Time, date(2026, 1, 1), 20_000.0)
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
