//! Measures the live ranks (memory, one event) and a what-if question. Usage: ranks [CUSTOMERS].

use std::io::Write;
use std::time::{Duration, Instant};

use marque_insight::rank::{Kind, LiveRanks, Member, what_if};
use marque_insight::value::{Fact, Facts, Inputs, Model, WeightedSum, Weights};

#[expect(
    dead_code,
    reason = "the examples use their part of the worlds the tests share"
)]
#[path = "../tests/common/mod.rs"]
mod common;

use common::dice::Dice;

const EVENTS: usize = 1_000_000;
const ASKED: u64 = 1_000_000;

fn main() -> anyhow::Result<()> {
    let customers: u64 = std::env::args()
        .nth(1)
        .map_or(Ok(10_000_000), |count| count.parse())?;
    measure_live_ranks(customers)?;
    measure_what_if()
}

fn measure_live_ranks(customers: u64) -> anyhow::Result<()> {
    let mut out = std::io::stdout();
    let mut dice = Dice::new(1);
    let start = Instant::now();
    let load: Vec<([u8; 16], WeightedSum)> = (0..customers)
        .map(|id| (uuid_like(id), random_sum(&mut dice)))
        .collect();
    let mut ranks = LiveRanks::load(load.into_iter());
    writeln!(
        out,
        "{customers} customers with 16-byte ids loaded in {:.2} s",
        start.elapsed().as_secs_f64()
    )?;
    writeln!(out, "memory {:.1} MB", ranks.heap_bytes() as f64 / 1e6)?;
    let mut took: Vec<Duration> = (0..EVENTS)
        .map(|_| {
            let (id, sum) = (uuid_like(dice.below(customers)), random_sum(&mut dice));
            let start = Instant::now();
            std::hint::black_box(ranks.place(id, sum));
            start.elapsed()
        })
        .collect();
    took.sort_unstable();
    let at = |share: f64| took[((EVENTS - 1) as f64 * share) as usize].as_secs_f64() * 1e6;
    writeln!(
        out,
        "{EVENTS} events, each to exact rank and tier: median {:.2} us, p99 {:.2} us, p99.9 {:.2} us, worst {:.0} us",
        at(0.5),
        at(0.99),
        at(0.999),
        at(1.0)
    )?;
    writeln!(
        out,
        "memory after them {:.1} MB",
        ranks.heap_bytes() as f64 / 1e6
    )?;
    Ok(())
}

/// Ids in the order of time with random tails, as UUIDv7 are.
fn uuid_like(number: u64) -> [u8; 16] {
    let tail = number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    ((u128::from(number) << 64) | u128::from(tail)).to_be_bytes()
}

/// Scores as they fall: bell-shaped, in hundredths of a point.
fn random_sum(dice: &mut Dice) -> WeightedSum {
    let hundredths = (5_000.0 + 1_200.0 * dice.normal())
        .round()
        .clamp(100.0, 10_000.0) as i64;
    WeightedSum(hundredths * 10_000_000_000_000)
}

fn measure_what_if() -> anyhow::Result<()> {
    let mut dice = Dice::new(2);
    let population: Vec<Member<u64>> = (0..ASKED).map(|id| member(id, &mut dice)).collect();
    let now = Model::shipped();
    let then = now.with_weights(
        "what-if",
        Weights::new([30.0, 15.0, 15.0, 10.0, 20.0, 10.0])?,
    );
    let (start, cpu) = (Instant::now(), cpu_seconds()?);
    let answer = what_if(&population, &now, &then);
    let (took, cpu) = (start.elapsed().as_secs_f64(), cpu_seconds()? - cpu);
    let movers = answer.movers.len();
    writeln!(
        std::io::stdout(),
        "what-if over {ASKED} customers from facts: {took:.3} s wall, {cpu:.2} s CPU, {movers} would move"
    )?;
    Ok(())
}

/// CPU time of this process so far: on a shared machine the steadier figure. Linux counts it in hundredths of a second.
fn cpu_seconds() -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let ticks = stat
        .split_whitespace()
        .skip(13)
        .take(2)
        .map(str::parse::<f64>);
    Ok(ticks.sum::<Result<f64, _>>()? / 100.0)
}

fn member(id: u64, dice: &mut Dice) -> Member<u64> {
    let mut facts = Facts::default();
    for fact in Fact::ALL {
        let (low, high) = fact.range();
        if dice.happens(0.9) {
            facts.set(
                fact,
                (low + dice.exponential(1.0) * (high - low).min(100.0) / 10.0).round(),
            );
        }
    }
    facts.set(Fact::PurchaseAmount, (11.5 + dice.normal()).exp());
    facts.set(Fact::PurchaseProbability, dice.share());
    let kind = if dice.happens(0.05) {
        Kind::Organization
    } else {
        Kind::Person
    };
    Member {
        id,
        kind,
        inputs: Inputs {
            facts,
            ..Inputs::default()
        },
    }
}
