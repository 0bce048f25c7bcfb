//! The back-test of due dates on invented fleets: the model is fitted on some cars and asked about others.

use std::io::Write;
use std::time::Instant;

use marque_insight::mileage::{MileageModel, back_test};

#[expect(
    dead_code,
    reason = "the examples use their part of the worlds the tests share"
)]
#[path = "../tests/common/mod.rs"]
mod common;

use common::fleet::{World, fleet};

const CARS: usize = 20_000;

fn main() -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let tidy = World {
        between: 0.3,
        drift: 0.1,
        weekly: 0.3,
        typos: 0.0,
        replaced_meters: 0.0,
    };
    let wild = World {
        between: 0.7,
        drift: 0.4,
        weekly: 0.8,
        typos: 0.04,
        replaced_meters: 0.05,
    };
    for (name, world, seed) in [
        ("tidy", tidy, 100),
        ("usual", World::USUAL, 200),
        ("wild", wild, 300),
    ] {
        let (learn, check) = (fleet(world, CARS, seed), fleet(world, CARS, seed + 1));
        let start = Instant::now();
        let model = MileageModel::fit(&learn);
        let fitted_in = start.elapsed().as_secs_f64();
        let result = back_test(&model, &check);
        writeln!(
            out,
            "{name} world, fitted on {CARS} cars in {fitted_in:.2} s, {} visits held out of others",
            result.visits
        )?;
        for (way, accuracy) in [
            ("model", result.model),
            ("three months", result.three_months),
            ("last two points", result.last_two_points),
        ] {
            let (median, p90) = (accuracy.median_days, accuracy.p90_days);
            writeln!(
                out,
                "  {way}: median absolute error {median} days, nine in ten within {p90}"
            )?;
        }
        writeln!(out, "  80 % band holds {:.1} %", result.coverage * 100.0)?;
    }
    Ok(())
}
