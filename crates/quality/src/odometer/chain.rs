//! Which readings of a car agree with each other, and so which are wrong, or of another meter.

use std::{cmp::Reverse, ops::Range};

use super::{Implausible, Meter, gap, km_a_day};

/// So few kilometres are a matter of reading: no meter is wrong for them.
const SLIP_KM: i64 = 50;

/// A reading is compared with so many before it, and so many after: the work grows with their number, and not with its square.
const REACH: usize = 64;

/// Of two chains as long the one that is driven at more than so many times the pace of the other is not the true one.
const TIMES_THE_PACE: i64 = 2;

/// A pace in kilometres a day that speaks against no chain.
const USUAL_PACE: i64 = 50;

/// So many readings that agree prove a meter that nobody recorded, as the estimate of mileage has it (`marque_insight::mileage::judge`): no slip
/// of the pen is repeated from visit to visit.
const PROOF: usize = 2;

/// A meter that shows no more was put in at that visit or shortly before,
const FRESH_KM: i64 = 300;

/// if the one before showed more than so many times as much.
const FAR_BELOW: i64 = 5;

/// What the readings of a car say together.
pub(super) struct Told {
    /// Of each whether it lies outside of those that agree.
    pub(super) is_outlier: Vec<bool>,
    /// The place of the first reading of a meter that replaced another.
    pub(super) new_meter: Option<usize>,
}

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

/// Says of readings that follow each other which ones are wrong, and from which on they are of a new meter. Those outside the longest chain that
/// agree with each other, and come after all others or before, are of another meter, or nobody knows which are right: they are not wrong.
pub(super) fn told(readings: &[Meter]) -> Told {
    let mut is_outlier = outliers(readings);
    let new_meter = if !is_outlier.contains(&true) {
        clean_break(readings)
    } else if let Some(place) = fresh_meter(readings) {
        // A chain that passes over some of the old readings or of the new is one by accident.
        is_outlier.fill(false);
        Some(place)
    } else {
        another_meter(readings, &mut is_outlier)
    };
    Told {
        is_outlier,
        new_meter,
    }
}

/// Takes back that readings are wrong which prove another meter. Who reads more than before, and not less, has typed more than the meter shows
/// or has a used one: nobody knows, and no meter is proved.
fn another_meter(told: &[Meter], is_outlier: &mut [bool]) -> Option<usize> {
    let first = is_outlier.iter().position(|is_outside| !is_outside)?;
    let last = is_outlier.iter().rposition(|is_outside| !is_outside)?;
    let (before, after) = (proved(told, 0..first), proved(told, last + 1..told.len()));
    for place in before.iter().chain(&after) {
        is_outlier[*place] = false;
    }
    let begins = |old: usize, new: usize| (told[new].km < told[old].km).then_some(new);
    let of_last = after.first().and_then(|new| begins(last, *new));
    of_last
        .or_else(|| before.last().and_then(|old| begins(*old, first)))
        .or_else(|| overtaken(told, is_outlier))
}

/// The first reading of a new meter that shows more by now than the old one did: then the longest chain leads from the one to the other, past the
/// first readings of the new one, which was driven on at a like pace. None of these is wrong.
fn overtaken(told: &[Meter], is_outlier: &mut [bool]) -> Option<usize> {
    let outside: Vec<usize> = (0..told.len()).filter(|at| is_outlier[*at]).collect();
    let runs = outside.chunk_by(|one, next| one + 1 == *next);
    let mut found = runs.filter_map(|run| {
        let (start, end) = (*run.first()?, *run.last()? + 1);
        let believed = (start.saturating_sub(REACH)..start).filter(|at| !is_outlier[*at]);
        let old: Vec<Meter> = believed.map(|at| told[at]).collect();
        let kept = proved(told, start..end);
        let new: Vec<Meter> = kept.iter().map(|at| told[*at]).collect();
        is_driven_on(&old, &new, *told.get(end)?).then_some(kept)
    });
    let kept = found.next()?;
    for place in &kept {
        is_outlier[*place] = false;
    }
    kept.first().copied()
}

/// Whether the next reading is of the meter of the new ones, which show less than the old.
fn is_driven_on(old: &[Meter], new: &[Meter], next: Meter) -> bool {
    let (Some(before), Some(first), Some(last)) = (old.last(), new.first(), new.last()) else {
        return false;
    };
    let believable = fastest(old).max(fastest(new)) * TIMES_THE_PACE;
    first.km < before.km && agree(*last, next) && km_a_day(*last, next) <= believable
}

/// The places of those of a part that agree with each other; none if they prove nothing.
fn proved(told: &[Meter], part: Range<usize>) -> Vec<usize> {
    let is_outlier = outliers(&told[part.clone()]);
    let kept = part.zip(is_outlier).filter(|(_, is_outside)| !is_outside);
    let kept: Vec<usize> = kept.map(|(place, _)| place).collect();
    let mut pairs = kept.windows(2);
    if kept.len() >= PROOF && pairs.all(|pair| agree(told[pair[0]], told[pair[1]])) {
        kept
    } else {
        Vec::new()
    }
}

/// Where no majority agrees: the one place at which the meter falls, if all before agree, all after do, and these are driven at a like pace.
fn clean_break(told: &[Meter]) -> Option<usize> {
    let mut breaks = (1..told.len()).filter(|place| !agree(told[place - 1], told[*place]));
    let (place, None) = (breaks.next()?, breaks.next()) else {
        return None;
    };
    let (old, new) = told.split_at(place);
    let is_proved = old.len() >= PROOF && new.len() >= PROOF;
    let believable = fastest(old).max(USUAL_PACE) * TIMES_THE_PACE;
    let falls = told[place].km < told[place - 1].km;
    (is_proved && falls && fastest(new) <= believable).then_some(place)
}

/// The same where a majority agrees, and the new meter was read first when it had hardly been driven: nobody who mistypes the kilometres of a
/// car that was driven thousands writes so few.
fn fresh_meter(told: &[Meter]) -> Option<usize> {
    let place = clean_break(told)?;
    let is_fresh = told[place].km <= FRESH_KM && told[place - 1].km > FRESH_KM * FAR_BELOW;
    is_fresh.then_some(place)
}

/// Kilometres a day on the fastest stretch of readings that agree.
fn fastest(told: &[Meter]) -> i64 {
    let paces = told.windows(2).map(|pair| km_a_day(pair[0], pair[1]));
    paces.max().unwrap_or(0)
}

/// Says of readings that follow each other which ones lie outside the longest chain. None does, where fewer than a majority agree; of
/// chains as long that are driven at a like pace, neither.
fn outliers(told: &[Meter]) -> Vec<bool> {
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
