//! The mileage model of a fleet: group rates, how fast a car's own record takes over, and how far predictions err.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::forecast::{Drive, Forecast, drives, faded_sum, pooled_rate};
use super::history::{History, Profile};
use super::season::Season;

/// Everything the prediction of one car needs to know of the others. Fit it on the fleet, freeze it with a version.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MileageModel {
    pub(super) season: Season,
    /// Natural logarithm of the fleet's usual km a day.
    pub(super) fleet_log_rate: f64,
    /// What each occupation, model and fleet adds to it.
    pub(super) effects: [FxHashMap<String, f64>; 3],
    /// Days of own driving that weigh as much as all that is borrowed.
    pub(super) prior_days: f64,
    /// Days after which a car's record counts half.
    pub(super) half_life_days: f64,
    pub(super) errors: Errors,
}

/// Logarithmic errors of predictions, ln(actual time / predicted time), by how many stretches the car had and how far ahead
/// the prediction went. Taken from held-out visits, not from a formula, so that an 80 % band holds 80 %, whatever the shape
/// of the errors (split conformal prediction).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Errors {
    cells: [[Error; HORIZONS]; RECORDS],
}

/// Quantiles of the logarithmic error.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Error {
    /// 10 %.
    pub(super) low: f64,
    /// The median: predictions are moved by it, so that as many are early as late.
    pub(super) usual: f64,
    /// 90 %.
    pub(super) high: f64,
}

/// A half-life at which nothing fades in the life of a car. Finite, since JSON has no infinity.
const NEVER_FADES: f64 = 1e9;
const RECORDS: usize = 4;
const HORIZONS: usize = 3;
/// Below this many held-out visits a cell takes the quantiles of all.
const FEWEST_ERRORS: usize = 60;
/// The band of a model that has seen nothing: half to double.
const UNKNOWN_ERROR: Error = Error {
    low: -0.693,
    usual: 0.0,
    high: 0.693,
};
/// Cars tried for the two constants; more would not change them.
const CARS_TRIED: usize = 4_000;
/// Cars of a group that weigh as much as the fleet: a group of three borrows, a group of a thousand stands alone.
const GROUP_SHRINKAGE: f64 = 10.0;

impl MileageModel {
    /// The model that knows nothing of others. A car still borrows of what is usual, so that two readings of two days are no rate.
    pub fn uninformed() -> Self {
        Self {
            season: Season::FLAT,
            fleet_log_rate: DEFAULT_KM_A_DAY.ln(),
            effects: Default::default(),
            prior_days: UNLEARNT_PRIOR_DAYS,
            half_life_days: NEVER_FADES,
            errors: Errors {
                cells: [[UNKNOWN_ERROR; HORIZONS]; RECORDS],
            },
        }
    }

    /// Fits the model to a fleet.
    pub fn fit(fleet: &[History]) -> Self {
        let mut model = Self::uninformed();
        model.fit_rates(fleet);
        model.season = Season::fit(&model.intervals_with_rates(fleet));
        model.fit_rates(fleet);
        model.fit_constants(fleet);
        model.errors = Errors::of(&model, fleet);
        model
    }

    /// Predicts for one car.
    pub fn forecast<'a>(&'a self, history: &'a History) -> Option<Forecast<'a>> {
        Forecast::new(self, history)
    }

    /// Km a day expected of a car by its groups alone.
    pub fn borrowed_rate(&self, profile: &Profile) -> f64 {
        let groups = profile.groups();
        let effects = groups.iter().zip(&self.effects);
        let known = effects.filter_map(|(group, effects)| effects.get((*group)?));
        (self.fleet_log_rate + known.sum::<f64>()).exp()
    }

    /// The season of the fleet.
    pub fn season(&self) -> &Season {
        &self.season
    }

    /// Days of own driving that weigh as much as what is borrowed.
    pub fn prior_days(&self) -> f64 {
        self.prior_days
    }

    /// Fleet rate and group effects on the logarithmic scale, by backfitting with shrinkage.
    fn fit_rates(&mut self, fleet: &[History]) {
        let cars: Vec<(&History, f64, f64)> = fleet
            .iter()
            .filter_map(|history| self.car_rate(history))
            .collect();
        let weight: f64 = cars.iter().map(|car| car.2).sum();
        if weight == 0.0 {
            return;
        }
        self.fleet_log_rate = cars.iter().map(|car| car.1 * car.2).sum::<f64>() / weight;
        self.effects = Default::default();
        for _ in 0..4 {
            for dimension in 0..self.effects.len() {
                self.effects[dimension] = self.fit_effects(&cars, dimension);
            }
        }
    }

    fn fit_effects(
        &self,
        cars: &[(&History, f64, f64)],
        dimension: usize,
    ) -> FxHashMap<String, f64> {
        let mut sums: FxHashMap<&str, (f64, f64)> = FxHashMap::default();
        for (history, log_rate, weight) in cars {
            let groups = history.profile.groups();
            let Some(group) = groups[dimension] else {
                continue;
            };
            let own = self.effects[dimension].get(group).copied().unwrap_or(0.0);
            let rest = log_rate - (self.borrowed_rate(&history.profile).ln() - own);
            let sum = sums.entry(group).or_default();
            sum.0 += rest * weight;
            sum.1 += weight;
        }
        sums.into_iter()
            .map(|(group, (sum, weight))| (group.to_owned(), sum / (weight + GROUP_SHRINKAGE)))
            .collect()
    }

    /// A car's own logarithmic rate and how much it says, 0 to 1.
    fn car_rate<'a>(&self, history: &'a History) -> Option<(&'a History, f64, f64)> {
        let (km, days) = faded_sum(&drives(history, &self.season), NEVER_FADES);
        (km > 0.0 && days > 0.0).then(|| (history, (km / days).ln(), days / (days + 90.0)))
    }

    fn intervals_with_rates(
        &self,
        fleet: &[History],
    ) -> Vec<(chrono::NaiveDate, chrono::NaiveDate, f64, f64)> {
        let of_car = |history: &History| {
            let rate = self
                .car_rate(history)
                .map_or(0.0, |(_, log_rate, _)| log_rate.exp());
            let intervals: Vec<_> = history
                .intervals()
                .map(|(from, to, km)| (from, to, km, rate))
                .collect();
            intervals.into_iter().filter(move |_| rate > 0.0)
        };
        fleet.iter().flat_map(of_car).collect()
    }

    /// Chooses how fast the own record takes over and how fast it fades by what predicts held-out visits best.
    fn fit_constants(&mut self, fleet: &[History]) {
        let step = fleet.len().div_ceil(CARS_TRIED).max(1);
        let held_out: Vec<HeldOut> = fleet
            .iter()
            .step_by(step)
            .filter_map(|history| HeldOut::of(self, history))
            .filter(|held_out| !held_out.drives.is_empty())
            .collect();
        let mut best = (f64::INFINITY, UNLEARNT_PRIOR_DAYS, 365.0);
        for prior_days in [2.0, 5.0, 15.0, 30.0, 60.0, 120.0, 240.0] {
            for half_life in [30.0, 60.0, 120.0, 240.0, 480.0, NEVER_FADES] {
                let total: f64 = held_out
                    .iter()
                    .map(|each| each.error(prior_days, half_life).1.abs())
                    .sum();
                if !held_out.is_empty() && total < best.0 {
                    best = (total, prior_days, half_life);
                }
            }
        }
        (self.prior_days, self.half_life_days) = (best.1, best.2);
    }
}

/// Km a day of a fleet of which nothing is known: 12,000 km a year.
const DEFAULT_KM_A_DAY: f64 = 33.0;
/// Days of own driving that weigh as much as that, until a fleet shows how many.
const UNLEARNT_PRIOR_DAYS: f64 = 60.0;

/// A car's newest point as a question, and what is known to answer it.
struct HeldOut {
    drives: Vec<Drive>,
    borrowed: f64,
    /// Km from the last known point to the held-out one.
    rest_km: f64,
    /// Driving days it took.
    days: f64,
}

impl HeldOut {
    /// `None` when there is nothing to predict from, or the car did not move.
    fn of(model: &MileageModel, history: &History) -> Option<Self> {
        let (&(date, km), past) = (history.points.last()?, history.without_newest());
        let last = past.points.last()?;
        let (rest_km, days) = (km - last.1, model.season.driving_days(last.0, date));
        let borrowed = model.borrowed_rate(&past.profile);
        let drives = drives(&past, &model.season);
        (rest_km > 0.0 && days >= 1.0).then_some(Self {
            drives,
            borrowed,
            rest_km,
            days,
        })
    }

    /// (predicted days, logarithmic error) under the two constants.
    fn error(&self, prior_days: f64, half_life_days: f64) -> (f64, f64) {
        let (rate, _) = pooled_rate(&self.drives, self.borrowed, prior_days, half_life_days);
        let predicted = (self.rest_km / rate.max(0.1)).max(1.0);
        (predicted, (self.days / predicted).ln())
    }
}

impl Errors {
    /// From predicting each car's newest point from the others.
    fn of(model: &MileageModel, fleet: &[History]) -> Self {
        let mut by_cell: [[Vec<f64>; HORIZONS]; RECORDS] = Default::default();
        for held_out in fleet
            .iter()
            .filter_map(|history| HeldOut::of(model, history))
        {
            let (days, error) = held_out.error(model.prior_days, model.half_life_days);
            by_cell[record(held_out.drives.len())][horizon(days)].push(error);
        }
        let all = quantiles(by_cell.iter().flatten().flatten().copied().collect())
            .unwrap_or(UNKNOWN_ERROR);
        Self {
            cells: by_cell.map(|row| row.map(|errors| quantiles(errors).unwrap_or(all))),
        }
    }

    /// The error to expect of a prediction `days` ahead from so many stretches.
    pub(super) fn band(&self, stretches: usize, days: f64) -> Error {
        self.cells[record(stretches)][horizon(days)]
    }
}

fn record(intervals: usize) -> usize {
    [1, 3, 7].partition_point(|&end| end < intervals)
}

fn horizon(days: f64) -> usize {
    [60.0, 180.0].partition_point(|&end| end < days)
}

fn quantiles(mut errors: Vec<f64>) -> Option<Error> {
    if errors.len() < FEWEST_ERRORS {
        return None;
    }
    errors.sort_by(f64::total_cmp);
    let at = |share: f64| errors[(share * (errors.len() - 1) as f64).round() as usize];
    Some(Error {
        low: at(0.1),
        usual: at(0.5),
        high: at(0.9),
    })
}
