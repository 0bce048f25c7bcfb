//! Which readings of a car agree with each other, and so which are wrong.

use std::cmp::Reverse;

use super::{Implausible, Meter, gap, km_a_day};

/// So few kilometres are a matter of reading: no meter is wrong for them.
const SLIP_KM: i64 = 50;

/// A reading is compared with so many before it, and so many after: the work grows with their number, and not with its square.
const REACH: usize = 64;

/// Of two chains as long the one that is driven at more than so many times the pace of the other is not the true one.
const TIMES_THE_PACE: i64 = 2;

/// A pace in kilometres a day that speaks against no chain.
const USUAL_PACE: i64 = 50;

/// A chain of readings that agree. The longer one is the greater, then the one whose fastest stretch is the slower.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Chain {
    length: usize,
    km_a_day: Reverse<i64>,
}

impl Chain {
    const OF_ONE: Self = Self {
        length: 1,
        km_a_day: Reverse(0),
    };

    fn extended(self, km_a_day: i64) -> Self {
        Self {
            length: self.length + 1,
            km_a_day: self.km_a_day.min(Reverse(km_a_day)),
        }
    }

    /// This and another one that begins where this one ends.
    fn joined(self, other: Self) -> Self {
        Self {
            length: self.length + other.length - 1,
            km_a_day: self.km_a_day.min(other.km_a_day),
        }
    }
}

/// Says of readings that follow each other which ones lie outside the longest chain. None does, where fewer than a majority agree; of
/// chains as long that are driven at a like pace, neither.
pub(super) fn outliers(told: &[Meter]) -> Vec<bool> {
    if told.windows(2).all(|pair| agree(pair[0], pair[1])) {
        return vec![false; told.len()];
    }
    let through = through(told);
    let best = through.iter().copied().max().unwrap_or(Chain::OF_ONE);
    let is_majority = best.length * 2 > told.len();
    let believable = best.km_a_day.0.max(USUAL_PACE) * TIMES_THE_PACE;
    let is_outside = |chain: &Chain| chain.length < best.length || chain.km_a_day.0 > believable;
    through
        .iter()
        .map(|chain| is_majority && is_outside(chain))
        .collect()
}

/// Of each reading the best chain in which it stands.
fn through(told: &[Meter]) -> Vec<Chain> {
    let count = told.len();
    let mut until = vec![Chain::OF_ONE; count];
    for later in 0..count {
        for earlier in later.saturating_sub(REACH)..later {
            if let Some(pace) = pace(told[earlier], told[later]) {
                until[later] = until[later].max(until[earlier].extended(pace));
            }
        }
    }
    let mut since = vec![Chain::OF_ONE; count];
    for earlier in (0..count).rev() {
        for later in earlier + 1..count.min(earlier + 1 + REACH) {
            if let Some(pace) = pace(told[earlier], told[later]) {
                since[earlier] = since[earlier].max(since[later].extended(pace));
            }
        }
    }
    let both = until.into_iter().zip(since);
    both.map(|(until, since)| until.joined(since)).collect()
}

/// Kilometres a day between two readings that agree.
fn pace(earlier: Meter, later: Meter) -> Option<i64> {
    agree(earlier, later).then(|| km_a_day(earlier, later).max(0))
}

fn agree(earlier: Meter, later: Meter) -> bool {
    match gap(earlier, later) {
        None => true,
        Some(Implausible::Backwards) => earlier.km - later.km <= SLIP_KM,
        Some(Implausible::TooFast { .. }) => false,
    }
}
