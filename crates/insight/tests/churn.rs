//! Churn: BG/NBD recovers the world it was invented from, and its probabilities come true.

#[expect(
    dead_code,
    reason = "each test binary uses its part of the shared worlds"
)]
mod common;

use common::dice::Dice;
use marque_insight::churn::{
    BgNbd, ChurnModel, Circumstances, Comings, Outcome, Reason, calibration,
};

/// A customer of the BG/NBD world watched for `age`, and whether he came in the `window` after it.
fn customer(truth: &BgNbd, age: f64, window: f64, dice: &mut Dice) -> (Comings, bool) {
    let rate = dice.gamma(truth.r, truth.alpha);
    let leaving = dice.beta(truth.a, truth.b);
    let (mut time, mut comings) = (
        0.0,
        Comings {
            frequency: 0.0,
            recency: 0.0,
            age,
        },
    );
    loop {
        time += dice.exponential(rate);
        if time > age {
            return (comings, time <= age + window);
        }
        comings.frequency += 1.0;
        comings.recency = time;
        if dice.happens(leaving) {
            return (comings, false);
        }
    }
}

fn world(seed: u64, count: usize) -> (BgNbd, Vec<(Comings, bool)>) {
    let truth = BgNbd::new(0.8, 6.0, 0.9, 2.5).expect("all above zero");
    let mut dice = Dice::new(seed);
    let customers = (0..count)
        .map(|_| {
            let age = 10.0 + 50.0 * dice.share();
            customer(&truth, age, 26.0, &mut dice)
        })
        .collect();
    (truth, customers)
}

#[test]
fn the_parameters_of_an_invented_world_are_found_again() {
    let (truth, customers) = world(1, 40_000);
    let comings: Vec<Comings> = customers.iter().map(|customer| customer.0).collect();
    let fitted = BgNbd::fit(&comings).unwrap();
    for (name, fitted, truth) in [
        ("r", fitted.r, truth.r),
        ("alpha", fitted.alpha, truth.alpha),
        ("a", fitted.a, truth.a),
        ("b", fitted.b, truth.b),
    ] {
        assert!(
            (fitted / truth - 1.0).abs() < 0.15,
            "{name}: {fitted} for {truth}"
        );
    }
}

#[test]
fn the_unit_of_time_does_not_matter() {
    let (_, customers) = world(2, 3_000);
    let fit = |unit: f64| {
        let scaled = customers.iter().map(|(each, _)| Comings {
            recency: each.recency * unit,
            age: each.age * unit,
            ..*each
        });
        BgNbd::fit(&scaled.collect::<Vec<_>>()).unwrap()
    };
    let (weeks, days) = (fit(1.0), fit(7.0));
    assert!(
        (weeks.r / days.r - 1.0).abs() < 1e-4
            && (weeks.alpha * 7.0 / days.alpha - 1.0).abs() < 1e-4
    );
}

#[test]
fn the_probability_to_stay_away_comes_true() {
    let (_, customers) = world(3, 20_000);
    let model = BgNbd::fit(
        &customers
            .iter()
            .map(|customer| customer.0)
            .collect::<Vec<_>>(),
    )
    .unwrap();
    let (_, fresh) = world(4, 20_000);
    let outcomes: Vec<(f64, bool)> = fresh
        .iter()
        .map(|(comings, came)| (model.stays_away(comings, 26.0), !came))
        .collect();
    let calibration = calibration(&outcomes, 10);
    assert!(calibration.error < 0.02, "{calibration:?}");
    assert!(calibration.brier < 0.22, "{calibration:?}");
}

/// A world in which a third have an open complaint, and half of those stay away whatever their rhythm says.
#[test]
fn complaints_are_learnt_weighed_and_named() {
    let (truth, customers) = world(5, 12_000);
    let mut dice = Dice::new(6);
    let outcomes: Vec<Outcome> = customers
        .iter()
        .map(|&(comings, came)| {
            let complains = dice.happens(1.0 / 3.0);
            let stayed_away = !came || complains && dice.happens(0.5);
            let circumstances = Circumstances {
                open_complaints: u32::from(complains),
                visits: 5,
                lateness: 1.0,
                ..Circumstances::default()
            };
            Outcome {
                comings,
                circumstances,
                stayed_away,
            }
        })
        .collect();
    let (learn, check) = outcomes.split_at(8_000);
    let model = ChurnModel::fit(truth, 26.0, learn);
    let stated = check.iter().map(|each| {
        (
            model.risk(&each.comings, &each.circumstances).probability,
            each.stayed_away,
        )
    });
    assert!(calibration(&stated.collect::<Vec<_>>(), 10).error < 0.04);
    let (same, curve) = ChurnModel::fit_calibrated(truth, 26.0, learn);
    assert_eq!(same, model, "the model is fitted to all of them");
    let curve = curve.unwrap();
    assert_eq!(curve.bins.iter().map(|bin| bin.count).sum::<usize>(), 8_000);
    assert!(curve.error < 0.04, "{curve:?}");
    assert!(
        ChurnModel::fit_calibrated(truth, 26.0, &learn[..99])
            .1
            .is_none()
    );
    let comings = Comings {
        frequency: 6.0,
        recency: 50.0,
        age: 52.0,
    };
    let calm = Circumstances {
        visits: 5,
        lateness: 1.0,
        ..Circumstances::default()
    };
    let angry = Circumstances {
        open_complaints: 1,
        ..calm
    };
    let (calm, angry) = (model.risk(&comings, &calm), model.risk(&comings, &angry));
    assert!(
        angry.probability > calm.probability + 0.2,
        "{calm:?} {angry:?}"
    );
    assert_eq!(
        (calm.reasons, angry.reasons),
        (vec![], vec![Reason::OpenComplaint])
    );
}

#[test]
fn without_outcomes_the_rhythm_stands_as_it_is() {
    let (truth, customers) = world(7, 10);
    let model = ChurnModel::fit(truth, 26.0, &[]);
    for (comings, _) in customers {
        let risk = model.risk(
            &comings,
            &Circumstances {
                visits: 5,
                ..Circumstances::default()
            },
        );
        assert!((risk.probability - truth.stays_away(&comings, 26.0)).abs() < 1e-9);
    }
}
