//! Addresses on one street: of sixty houses from which two hundred customers come, some have four or five. A copied address stands
//! far above the other houses of its street.

use rustc_hash::FxHashMap;

use super::{state::EntryState, stats::poisson_tail};

/// Fewer houses of a street than these say nothing of the others.
const HOUSES: u64 = 8;
/// A house that chance makes as full as it is, in one street of so many, is as the others.
const USUAL: f64 = 0.01;
/// Rounds in which the mean of houses settles.
const ROUNDS: usize = 30;

/// Houses of each street, and the records of all of them.
pub(super) struct Streets(FxHashMap<u64, (u64, u64)>);

impl Streets {
    pub(super) fn of(state: &EntryState) -> Self {
        let mut streets: FxHashMap<u64, (u64, u64)> = FxHashMap::default();
        for (address, street) in &state.street_of {
            let (houses, records) = streets.entry(*street).or_default();
            *houses += 1;
            *records += records_of(state, *address);
        }
        Self(streets)
    }

    /// Whether so many give the address as the other houses of its street lead to expect of one of them.
    pub(super) fn explain(&self, state: &EntryState, address: u64) -> bool {
        let street = state.street_of.get(&address);
        let Some((houses, records)) = street.and_then(|street| self.0.get(street)) else {
            return false;
        };
        if *houses < HOUSES {
            return false;
        }
        let own = records_of(state, address);
        let mean = mean_of_all((records - own) as f64 / (houses - 1) as f64);
        poisson_tail(own, mean) * *houses as f64 > USUAL
    }
}

fn records_of(state: &EntryState, address: u64) -> u64 {
    (state.by_address.get(&address)).map_or(0, |group| u64::from(group.records))
}

/// The mean of all houses of a street by the mean of those from which anybody came (of a Poisson variable without its zeros).
fn mean_of_all(seen: f64) -> f64 {
    let next = |mean: f64| seen * (1.0 - (-mean).exp());
    (0..ROUNDS).fold(seen, |mean, _| next(mean))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn houses_that_nobody_came_from_count_too() {
        assert!(mean_of_all(1.0) < 0.1);
        assert!((mean_of_all(1.582) - 1.0).abs() < 0.01);
        assert!((mean_of_all(9.0) - 9.0).abs() < 0.01);
    }
}
