//! An hour under load with a fault every five minutes (reliability.md R18).

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use marque_load::{Ending, Load, Mix, Pace, Stock, Tally};

use super::matrix::{Fault, strike};
use crate::Cluster;

/// What a soak came to.
#[derive(Debug)]
pub struct Soaked {
    /// Requests due while nothing was wrong, and in the time after a fault in which it may still be felt.
    pub calm: Tally,
    /// Requests due in the windows of faults.
    pub struck: Tally,
    /// Minutes since the beginning and memory of all processes then, in MB.
    pub memory: Vec<(f64, f64)>,
    /// Faults.
    pub faults: usize,
}

/// A fault lasts this long.
const FAULT: Duration = Duration::from_secs(10);
/// And may be felt this long after it ended.
const FELT: Duration = Duration::from_secs(20);
/// Length of a span of load: the grain of calm and struck.
const SPAN: Duration = Duration::from_secs(5);

/// Mixed load for so long, with one of the faults every so often.
///
/// # Errors
/// If a process cannot be killed or does not get ready again.
pub async fn soak(
    cluster: &mut Cluster,
    stock: Stock,
    rate: f64,
    span: Duration,
    every: Duration,
    faults: &[Fault],
) -> anyhow::Result<Soaked> {
    let (is_struck, is_over) = (
        Arc::new(AtomicBool::new(false)),
        Arc::new(AtomicBool::new(false)),
    );
    let generator = begin(
        cluster.front.address,
        Mix::new(stock, 1),
        rate,
        Arc::clone(&is_struck),
        Arc::clone(&is_over),
    );
    let (began, mut next_fault, mut number, mut memory) = (Instant::now(), every, 0, Vec::new());
    while began.elapsed() < span {
        tokio::time::sleep(SPAN).await;
        memory.push((began.elapsed().as_secs_f64() / 60.0, cluster.memory_mb()));
        if began.elapsed() >= next_fault && began.elapsed() + FAULT + FELT < span {
            is_struck.store(true, Ordering::Relaxed);
            // The span under way may have begun before.
            strike(cluster, &faults[number % faults.len()])?;
            tokio::time::sleep(FAULT).await;
            cluster.heal()?;
            cluster.until_ready().await?;
            tokio::time::sleep(FELT).await;
            is_struck.store(false, Ordering::Relaxed);
            number += 1;
            next_fault += every;
        }
    }
    is_over.store(true, Ordering::Relaxed);
    let (calm, struck) = generator
        .join()
        .map_err(|_| anyhow::anyhow!("the generator panicked"))??;
    Ok(Soaked {
        calm,
        struck,
        memory,
        faults: number,
    })
}

type Generator = std::thread::JoinHandle<anyhow::Result<(Tally, Tally)>>;

fn begin(
    server: std::net::SocketAddr,
    mix: Mix,
    rate: f64,
    is_struck: Arc<AtomicBool>,
    is_over: Arc<AtomicBool>,
) -> Generator {
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        runtime.block_on(async move {
            let (mut mix, mut calm, mut struck, mut seed) =
                (mix, Tally::default(), Tally::default(), 1);
            while !is_over.load(Ordering::Relaxed) {
                let before = is_struck.load(Ordering::Relaxed);
                let load = Load {
                    server,
                    pace: Pace::Open(rate),
                    span: SPAN,
                    connections: 64,
                    seed,
                };
                let seconds;
                (mix, seconds) = load.run(mix).await;
                let is_calm = !before && !is_struck.load(Ordering::Relaxed);
                let tally = if is_calm { &mut calm } else { &mut struck };
                for second in seconds {
                    tally.add(second);
                }
                seed += 1;
            }
            Ok((calm, struck))
        })
    })
}

impl Soaked {
    /// Growth of memory in per cent of its mean an hour, by least squares over the second half: the first fills caches.
    pub fn slope(&self) -> f64 {
        let half = &self.memory[self.memory.len() / 2..];
        let count = half.len().max(1) as f64;
        let mean = |of: fn(&(f64, f64)) -> f64| half.iter().map(of).sum::<f64>() / count;
        let (time, size) = (mean(|point| point.0), mean(|point| point.1));
        let moved: f64 = half.iter().map(|(at, mb)| (at - time) * (mb - size)).sum();
        let spread: f64 = half.iter().map(|(at, _)| (at - time).powi(2)).sum();
        if spread == 0.0 || size == 0.0 {
            0.0
        } else {
            moved / spread * 60.0 * 100.0 / size
        }
    }

    /// Requests due in calm that were not served.
    pub fn calm_failures(&self) -> u64 {
        self.calm.count(|ending| ending != Ending::Good)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slope_is_told_in_per_cent_an_hour() {
        // From 100 MB, 1 MB more every minute; the mean of the second half is 145 MB.
        let memory = (0..60)
            .map(|minute| (f64::from(minute), 100.0 + f64::from(minute)))
            .collect();
        let soaked = Soaked {
            calm: Tally::default(),
            struck: Tally::default(),
            memory,
            faults: 0,
        };
        assert!(
            (soaked.slope() - 6000.0 / 144.5).abs() < 0.1,
            "{}",
            soaked.slope()
        );
    }
}
