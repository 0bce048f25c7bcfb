//! An invented fleet: drivers of many trades, seasons, drifting habits, visits when the workshop advised them or later, and
//! clerks who mistype.

use chrono::{Datelike, Days, NaiveDate};
use marque_insight::mileage::{History, Profile, Reading};

use super::dice::Dice;

/// Occupation and its usual km a day.
const OCCUPATIONS: [(&str, f64); 6] = [
    ("teacher", 18.0),
    ("clerk", 27.0),
    ("manager", 45.0),
    ("sales", 80.0),
    ("driver", 220.0),
    ("retired", 12.0),
];
const MODELS: [(&str, f64); 4] = [
    ("city", 0.8),
    ("family", 1.0),
    ("sport", 1.1),
    ("wagon", 1.3),
];
const SEASON: [f64; 12] = [
    1.1, 1.35, 0.95, 1.0, 1.1, 0.9, 1.05, 1.05, 0.9, 1.25, 0.85, 0.8,
];

/// How untidy the world is.
#[derive(Clone, Copy)]
pub(crate) struct World {
    /// Spread of drivers within their group, standard deviation of the logarithm.
    pub(crate) between: f64,
    /// How much a driver's habit wanders in a year, standard deviation of the logarithm.
    pub(crate) drift: f64,
    /// How much one week differs from the next, standard deviation of the logarithm.
    pub(crate) weekly: f64,
    /// Share of readings that are mistyped.
    pub(crate) typos: f64,
    /// Share of cars whose meter was replaced without a note.
    pub(crate) replaced_meters: f64,
}

impl World {
    /// A world as found in workshops.
    pub(crate) const USUAL: Self = Self {
        between: 0.45,
        drift: 0.25,
        weekly: 0.6,
        typos: 0.01,
        replaced_meters: 0.01,
    };
}

/// `cars` invented cars with two to twelve visits.
pub(crate) fn fleet(world: World, cars: usize, seed: u64) -> Vec<History> {
    let mut dice = Dice::new(seed);
    (0..cars).map(|_| car(world, &mut dice)).collect()
}

fn car(world: World, dice: &mut Dice) -> History {
    let (occupation, usual) = OCCUPATIONS[dice.below(6) as usize];
    let (model, factor) = MODELS[dice.below(4) as usize];
    let mut log_rate = (usual * factor).ln() + world.between * dice.normal();
    let sale = NaiveDate::from_ymd_opt(2021, 1, 1).expect("a day of the calendar")
        + Days::new(dice.below(1_000));
    let visits = 1 + dice.below(11);
    let (mut km, mut date, mut readings) = (0.0, sale, Vec::new());
    for visit in 0..visits {
        let plan: f64 = if visit == 0 { 5_000.0 } else { 8_000.0 };
        // He comes when the plan says so, give or take, or when half a year to a year is over, or when something breaks.
        let (until_km, until_days) = (plan * (0.15 * dice.normal()).exp(), 180 + dice.below(240));
        let breaks_after = if dice.happens(0.25) {
            20 + dice.below(150)
        } else {
            u64::MAX
        };
        let (mut driven, mut days) = (0.0, 0);
        while driven < until_km && days < until_days.min(breaks_after) {
            let season = SEASON[date.month0() as usize];
            driven += 7.0
                * log_rate.exp()
                * season
                * (world.weekly * dice.normal() - world.weekly.powi(2) / 2.0).exp();
            log_rate += world.drift * (7.0_f64 / 365.0).sqrt() * dice.normal();
            days += 7;
            date = date + Days::new(7);
        }
        km += driven;
        readings.push(Reading {
            date,
            km: km as u32,
            meter_replaced: false,
        });
    }
    spoil(world, &mut readings, dice);
    let known = |name: &str, dice: &mut Dice| dice.happens(0.85).then(|| name.to_owned());
    let profile = Profile {
        occupation: known(occupation, dice),
        model: known(model, dice),
        fleet: None,
    };
    let sale = dice.happens(0.8).then_some(sale);
    History::new(profile, sale, &readings)
}

/// Mistypes readings and replaces meters.
fn spoil(world: World, readings: &mut [Reading], dice: &mut Dice) {
    if readings.len() > 5 && dice.happens(world.replaced_meters) {
        let at = readings.len() / 2;
        let old = readings[at - 1].km;
        readings[at..]
            .iter_mut()
            .for_each(|reading| reading.km -= old);
    }
    // The newest reading is the one to be predicted, so it stays as it is.
    let typed = readings.len().saturating_sub(1);
    for reading in &mut readings[..typed] {
        if dice.happens(world.typos) {
            reading.km = if dice.happens(0.5) {
                reading.km * 10
            } else {
                reading.km / 10
            };
        }
    }
}
