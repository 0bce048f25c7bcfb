//! Fits BG/NBD to a CSV of frequency, recency, age, and predicts held_out purchases over window where those columns are
//! there. Used by docs/benchmarks/scoring.sh beside the Python package lifetimes.

use std::io::Write;

use anyhow::Context;
use marque_insight::churn::{BgNbd, Comings};

fn main() -> anyhow::Result<()> {
    let path = std::env::args().nth(1).context("name the CSV file")?;
    let text = std::fs::read_to_string(&path).with_context(|| format!("cannot read {path}"))?;
    let rows = text
        .lines()
        .skip(1)
        .map(numbers)
        .collect::<anyhow::Result<Vec<Vec<f64>>>>()?;
    let comings: Vec<Comings> = rows
        .iter()
        .map(|row| Comings {
            frequency: row[0],
            recency: row[1],
            age: row[2],
        })
        .collect();
    let model = BgNbd::fit(&comings)?;
    let mut out = std::io::stdout();
    let BgNbd {
        r,
        alpha,
        a,
        b,
        log_likelihood,
    } = model;
    writeln!(
        out,
        "r {r:.6}, alpha {alpha:.6}, a {a:.6}, b {b:.6}, log likelihood {:.4}",
        log_likelihood.unwrap_or(f64::NAN)
    )?;
    if rows[0].len() > 4 {
        let errors = || {
            rows.iter()
                .zip(&comings)
                .map(|(row, each)| model.expected_comings(each, row[4]) - row[3])
        };
        let count = rows.len() as f64;
        let (absolute, square) = (
            errors().map(f64::abs).sum::<f64>() / count,
            (errors().map(|error| error * error).sum::<f64>() / count).sqrt(),
        );
        writeln!(
            out,
            "mean absolute error {absolute:.5}, root mean square {square:.5}"
        )?;
    }
    Ok(())
}

fn numbers(line: &str) -> anyhow::Result<Vec<f64>> {
    let numbers: Vec<f64> = line
        .split(',')
        .map(|cell| cell.trim().parse().context("not a number"))
        .collect::<anyhow::Result<_>>()?;
    anyhow::ensure!(numbers.len() >= 3, "a row needs frequency, recency and age");
    Ok(numbers)
}
