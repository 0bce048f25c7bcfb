//! Mileage: the back-test on invented fleets with known truth.

#[expect(
    dead_code,
    reason = "each test binary uses its part of the shared worlds"
)]
mod common;

use common::fleet::{World, fleet};
use marque_insight::mileage::{History, MileageModel, Profile, Reading, back_test};

/// The figures of issue 5 have to hold in a tidy world, the usual one and a wild one, each learnt from other cars.
#[test]
fn held_out_visits_are_predicted_better_than_by_rule_or_line_and_the_band_is_honest() {
    let wild = World {
        between: 0.7,
        drift: 0.4,
        weekly: 0.8,
        typos: 0.04,
        replaced_meters: 0.05,
    };
    let tidy = World {
        between: 0.3,
        drift: 0.1,
        weekly: 0.3,
        typos: 0.0,
        replaced_meters: 0.0,
    };
    for (name, world, seed) in [
        ("usual", World::USUAL, 1),
        ("wild", wild, 3),
        ("tidy", tidy, 5),
    ] {
        let model = MileageModel::fit(&fleet(world, 6_000, seed));
        let result = back_test(&model, &fleet(world, 3_000, seed + 1));
        let (ours, rule, line) = (result.model, result.three_months, result.last_two_points);
        assert!(result.visits > 2_000);
        assert!(
            ours.median_days * 2.0 <= rule.median_days,
            "{name}: {result:?}"
        );
        assert!(
            ours.median_days < line.median_days && ours.p90_days < line.p90_days,
            "{name}: {result:?}"
        );
        assert!(
            (0.75..=0.85).contains(&result.coverage),
            "{name}: {result:?}"
        );
    }
}

#[test]
fn one_reading_borrows_and_ten_stand_alone() {
    let model = MileageModel::fit(&fleet(World::USUAL, 4_000, 7));
    let profile = |occupation: &str| Profile {
        occupation: Some(occupation.into()),
        ..Profile::default()
    };
    let start = chrono::NaiveDate::from_ymd_opt(2023, 1, 1).unwrap();
    let readings = |count: u64, km_a_day: u64| -> Vec<Reading> {
        let reading = |index| Reading {
            date: start + chrono::Days::new(60 * index),
            km: (60 * index * km_a_day) as u32,
            meter_replaced: false,
        };
        (0..count).map(reading).collect()
    };
    let rate = |occupation, count, km_a_day| {
        let history = History::new(profile(occupation), None, &readings(count, km_a_day));
        let forecast = model.forecast(&history).unwrap();
        (forecast.daily_km(), forecast.own_share())
    };
    let (driver, teacher) = (rate("driver", 1, 0), rate("teacher", 1, 0));
    assert!(
        driver.0 > 5.0 * teacher.0,
        "borrowed: {driver:?} {teacher:?}"
    );
    assert_eq!(driver.1, 0.0);
    let long = rate("teacher", 11, 150);
    assert!(
        (long.0 - 150.0).abs() < 40.0 && long.1 > 0.6,
        "own: {long:?}"
    );
    let unknown_occupation = model.borrowed_rate(&Profile::default());
    assert!(unknown_occupation > teacher.0 && unknown_occupation < driver.0);
}

#[test]
fn before_a_fleet_is_known_two_readings_of_two_days_are_no_rate() {
    let date = |month, day| chrono::NaiveDate::from_ymd_opt(2026, month, day).unwrap();
    let read = |date, km| Reading {
        date,
        km,
        meter_replaced: false,
    };
    let model = MileageModel::uninformed();
    let forecast = |readings: &[Reading]| {
        let history = History::new(Profile::default(), None, readings);
        let forecast = model.forecast(&history).unwrap();
        (forecast.daily_km(), forecast.own_share())
    };
    let two_days = forecast(&[read(date(7, 9), 18_000), read(date(7, 10), 18_500)]);
    assert!(two_days.0 < 45.0 && two_days.1 < 0.05, "{two_days:?}");
    let half_a_year = forecast(&[read(date(1, 9), 0), read(date(7, 9), 18_100)]);
    assert!(
        half_a_year.0 > 80.0 && half_a_year.1 > 0.7,
        "{half_a_year:?}"
    );
    assert_eq!(MileageModel::fit(&[]).prior_days(), model.prior_days());
}

#[test]
fn the_season_of_the_fleet_is_found() {
    let model = MileageModel::fit(&fleet(World::USUAL, 6_000, 11));
    let factors = model.season().factors();
    assert!(
        factors[1] > 1.1 && factors[9] > 1.05,
        "holiday months: {factors:?}"
    );
    assert!(
        factors[10] < 0.95 && factors[11] < 0.95,
        "quiet months: {factors:?}"
    );
}

#[test]
fn an_empty_fleet_and_an_empty_history_are_no_accident() {
    let model = MileageModel::fit(&[]);
    let nothing = History::new(Profile::default(), None, &[]);
    assert!(model.forecast(&nothing).is_none());
    let result = back_test(&model, &[nothing]);
    assert_eq!(result.visits, 0);
}

#[test]
fn a_fitted_model_is_kept_and_read_back_unchanged() {
    let model = MileageModel::fit(&fleet(World::USUAL, 800, 13));
    let kept = toml::to_string(&model).expect("a model is numbers and names");
    assert_eq!(
        toml::from_str::<MileageModel>(&kept).expect("what was written is read"),
        model
    );
}
