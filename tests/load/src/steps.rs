//! The peak, and steps at multiples of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use tokio::task::JoinHandle;

use crate::{Load, Mix, Pace, Report, Step, StockSize, System, Tally};

/// What is to be measured.
#[derive(Debug, Clone)]
pub struct Plan {
    /// What the system knows before.
    pub stock: StockSize,
    /// Length of a step.
    pub step: Duration,
    /// Length of the measurement of the peak.
    pub peak: Duration,
    /// Callers of the closed loop that finds the peak.
    pub callers: usize,
    /// Connections of the open steps.
    pub connections: usize,
    /// Multiples of the peak, in their order.
    pub multiples: Vec<f64>,
    /// Seed of schedule and mix.
    pub seed: u64,
}

/// After each step, a calm second or two, so that one step does not pay for another.
const REST: Duration = Duration::from_secs(2);
/// For how long the return to normal is watched.
const WATCHED: Duration = Duration::from_secs(15);
/// The share of the peak at which the return is watched.
const NORMAL: f64 = 0.8;

/// Fills the system, finds its peak, and runs the steps.
///
/// # Errors
/// If the system cannot be filled or does not settle.
pub async fn run_steps(system: &System, plan: &Plan) -> anyhow::Result<Report> {
    let stock = system.fill(plan.stock).await?;
    let mut mix = Mix::new(stock, plan.seed);
    let load = |pace, span, seed| Load {
        server: system.http,
        pace,
        span,
        connections: plan.connections,
        seed,
    };
    // Caches and connections warm up; cases to move are opened.
    (mix, _) = load(Pace::Closed(plan.callers), Duration::from_secs(3), 0)
        .run(mix)
        .await;
    let closed = load(Pace::Closed(plan.callers), plan.peak, plan.seed);
    let watch = Watch::begin(system);
    let seconds;
    (mix, seconds) = closed.run(mix).await;
    let mut peak = watch.end(0.0, plan.peak, seconds);
    peak.multiple = 1.0;
    let rate = peak.goodput;
    let mut steps = Vec::new();
    for (number, multiple) in plan.multiples.iter().enumerate() {
        system.settle().await?;
        tokio::time::sleep(REST).await;
        let open = load(
            Pace::Open(rate * multiple),
            plan.step,
            plan.seed + number as u64,
        );
        let watch = Watch::begin(system);
        let seconds;
        (mix, seconds) = open.run(mix).await;
        let mut step = watch.end(rate * multiple, plan.step, seconds);
        step.multiple = *multiple;
        steps.push(step);
    }
    let after = load(Pace::Open(rate * NORMAL), WATCHED, plan.seed);
    let (_, seconds) = after.run(mix).await;
    let recovery = recovered_after(&seconds[..seconds.len().min(WATCHED.as_secs() as usize)]);
    Ok(Report {
        peak,
        steps,
        recovery,
    })
}

/// Memory and processor of a system while a step runs.
struct Watch<'a> {
    system: &'a System,
    began: Instant,
    cpu: Duration,
    memory: JoinHandle<()>,
    most: Arc<AtomicU64>,
}

impl<'a> Watch<'a> {
    fn begin(system: &'a System) -> Self {
        let most = Arc::new(AtomicU64::new(0));
        let (seen, probe) = (Arc::clone(&most), system.memory_probe());
        let memory = tokio::spawn(async move {
            loop {
                seen.fetch_max(probe.kilobytes(), Ordering::Relaxed);
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        });
        Self {
            system,
            began: Instant::now(),
            cpu: system.cpu(),
            memory,
            most,
        }
    }

    fn end(self, offered: f64, span: Duration, seconds: Vec<Tally>) -> Step {
        self.memory.abort();
        let cpu = self.system.cpu().saturating_sub(self.cpu).as_secs_f64()
            / self.began.elapsed().as_secs_f64();
        let memory_mb = self.most.load(Ordering::Relaxed) as f64 / 1024.0;
        let mut tally = Tally::default();
        for second in seconds {
            tally.add(second);
        }
        Step {
            multiple: 0.0,
            offered,
            goodput: tally.good() as f64 / span.as_secs_f64(),
            tally,
            memory_mb,
            cpu,
        }
    }
}

/// Seconds until good answers are 95 % of those due, and stay so; `None` if they never are.
fn recovered_after(seconds: &[Tally]) -> Option<usize> {
    let is_well = |second: &Tally| second.good() * 100 >= second.all() * 95;
    let bad = seconds.iter().rposition(|second| !is_well(second));
    let from = bad.map_or(0, |at| at + 1);
    (from < seconds.len()).then_some(from)
}

#[cfg(test)]
mod tests {
    use crate::{Ending, Kind};

    use super::*;

    #[test]
    fn it_is_well_again_from_the_second_after_the_last_bad_one() {
        let second = |good: u64| {
            let mut tally = Tally::default();
            for number in 0..100 {
                let ending = if number < good {
                    Ending::Good
                } else {
                    Ending::Refused
                };
                tally.note(Kind::Lookup, ending, Duration::ZERO);
            }
            tally
        };
        let well = |goods: &[u64]| {
            recovered_after(&goods.iter().map(|good| second(*good)).collect::<Vec<_>>())
        };
        assert_eq!(well(&[95, 100]), Some(0));
        assert_eq!(well(&[10, 96, 94, 99]), Some(3));
        assert_eq!(well(&[100, 94]), None);
    }
}
