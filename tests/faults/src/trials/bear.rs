//! What a system bears, and how quick it is at half of that: in one process, and with a role a process.

use std::{net::SocketAddr, time::Duration};

use marque_load::{Kind, Load, Mix, Pace, Stock, Tally};

/// Callers of the closed loop that finds the peak.
const CALLERS: usize = 32;
/// Connections of the open one.
const CONNECTIONS: usize = 128;
/// Caches and connections warm up for so long.
const WARM_UP: Duration = Duration::from_secs(3);

/// What came of it.
#[derive(Debug)]
pub struct Borne {
    /// Requests served a second by callers who each send the next one as soon as the last is answered.
    pub peak: f64,
    /// Requests that came at half of that pace, whether or not others were answered.
    pub half: Tally,
}

/// Finds the peak of a server that knows the stock, and then sends half as many requests for as long.
pub async fn bear(server: SocketAddr, stock: Stock, span: Duration, seed: u64) -> Borne {
    let load = |pace, span| Load {
        server,
        pace,
        span,
        connections: CONNECTIONS,
        seed,
    };
    let (mix, _) = load(Pace::Closed(CALLERS), WARM_UP)
        .run(Mix::new(stock, seed))
        .await;
    let (mix, seconds) = load(Pace::Closed(CALLERS), span).run(mix).await;
    let peak = sum(seconds).good() as f64 / span.as_secs_f64();
    let (_, seconds) = load(Pace::Open(peak / 2.0), span).run(mix).await;
    Borne {
        peak,
        half: sum(seconds),
    }
}

fn sum(seconds: Vec<Tally>) -> Tally {
    let mut all = Tally::default();
    for second in seconds {
        all.add(second);
    }
    all
}

impl Borne {
    /// Quantile of the time of profiles at half of the peak, in milliseconds; 0 if there was none.
    pub fn profile_ms(&self, share: f64) -> f64 {
        let kinds = self.half.kinds(share);
        let profile = kinds.iter().find(|(kind, _, _)| *kind == Kind::Profile);
        profile.map_or(0.0, |(_, _, ms)| *ms)
    }
}
