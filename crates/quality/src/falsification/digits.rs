//! Digits that somebody invents differ from digits that happen, the last ones most (Diekmann 2007; Benford's first digits
//! single nobody out). What is usual is what the network writes, for it likes an 8 and avoids a 4.

use super::{
    Kind,
    stats::chi_square_tail,
    trial::{Facet, Trial},
};

/// How often each digit was seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Digits([u64; 10]);

/// Fewer digits than these tell nothing.
const ENOUGH: u64 = 60;
/// The median of chi square with nine degrees of freedom.
const MEDIAN: f64 = 8.343;

impl Digits {
    /// Counts the lowest digit of a number.
    pub(super) const fn add(&mut self, number: u64) {
        self.0[(number % 10) as usize] += 1;
    }

    pub(super) fn merge(&mut self, other: &Self) {
        for (ours, theirs) in self.0.iter_mut().zip(other.0) {
            *ours += theirs;
        }
    }

    fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Shares, each digit having been seen once more than it was: none is impossible.
    fn shares(&self) -> [f64; 10] {
        let total = self.total() as f64 + 10.0;
        self.0.map(|count| (count as f64 + 1.0) / total)
    }

    /// Pearson's chi square against usual shares.
    fn chi_square(&self, usual: &[f64; 10]) -> f64 {
        let total = self.total() as f64;
        let term = |(count, share): (&u64, &f64)| {
            let expected = total * share;
            (*count as f64 - expected).powi(2) / expected
        };
        self.0.iter().zip(usual).map(term).sum()
    }

    /// The share of digits that would have to be others to be as usual.
    fn distance(&self, usual: &[f64; 10]) -> f64 {
        let total = self.total().max(1) as f64;
        let gap = |(count, share): (&u64, &f64)| (*count as f64 / total - share).max(0.0);
        self.0.iter().zip(usual).map(gap).sum()
    }
}

/// One test for each unit, in their order. Dealers differ by habit, so that chi square is divided by what is usual of it in
/// the network (as in genomic control, Devlin and Roeder 1999). They must lie so much otherwise (`large`, the share of them that would
/// have to be others) to matter.
pub(super) fn compare<'a>(units: impl Iterator<Item = &'a Digits>, large: f64) -> Vec<Trial> {
    let units: Vec<&Digits> = units.collect();
    let usual = usual(&units);
    let mut spread: Vec<f64> = units
        .iter()
        .filter(|digits| digits.total() >= ENOUGH)
        .map(|digits| digits.chi_square(&usual))
        .collect();
    spread.sort_by(f64::total_cmp);
    let habit = spread
        .get(spread.len() / 2)
        .map_or(1.0, |median| (median / MEDIAN).max(1.0));
    units
        .into_iter()
        .map(|digits| trial(digits, &usual, (habit, large)))
        .collect()
}

fn trial(digits: &Digits, usual: &[f64; 10], (habit, large): (f64, f64)) -> Trial {
    let of = digits.total();
    let distance = digits.distance(usual);
    // What the distance would be by chance: half of the mean absolute deviations of ten shares of about a tenth.
    let by_chance = 1.2 / (of.max(1) as f64).sqrt();
    Trial {
        kind: Kind::DigitPattern,
        facet: Facet::All,
        count: (distance * of as f64).round() as u64,
        of: if of < ENOUGH { 0 } else { of },
        usual: by_chance.min(1.0),
        expected: (by_chance * of as f64).min(of as f64),
        p: if of < ENOUGH {
            1.0
        } else {
            chi_square_tail(digits.chi_square(usual) / habit, 9)
        },
        is_large: of >= ENOUGH && distance > large + by_chance,
    }
}

/// Shares over the three quarters of the units that are most alike; all digits alike where there are too few units.
fn usual(units: &[&Digits]) -> [f64; 10] {
    let known: Vec<&Digits> = units
        .iter()
        .copied()
        .filter(|digits| digits.total() > 0)
        .collect();
    if known.len() < 3 {
        return [0.1; 10];
    }
    let pooled = |units: &[&Digits]| {
        let mut sum = Digits::default();
        for digits in units {
            sum.merge(digits);
        }
        sum.shares()
    };
    let first = pooled(&known);
    let mut ranked = known;
    ranked.sort_by(|a, b| a.distance(&first).total_cmp(&b.distance(&first)));
    ranked.truncate((ranked.len() * 3).div_ceil(4));
    pooled(&ranked)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const LARGE: f64 = 0.15;

    fn of(numbers: impl IntoIterator<Item = u64>) -> Digits {
        let mut digits = Digits::default();
        for number in numbers {
            digits.add(number);
        }
        digits
    }

    #[test]
    fn who_favours_two_digits_stands_out_and_nobody_else_does() {
        let mut units: Vec<Digits> = (0..20)
            .map(|unit| of((0..300).map(|n: u64| (n * 7919 + unit * 104_729) / 13)))
            .collect();
        units.push(of((0..300).map(|n| if n % 3 == 0 { 7 } else { n * 31 })));
        let trials = compare(units.iter(), LARGE);
        let found: Vec<usize> = (0..trials.len())
            .filter(|i| trials[*i].is_large && trials[*i].p < 1e-6)
            .collect();
        assert_eq!(found, [20]);
    }

    #[test]
    fn a_habit_of_the_whole_network_is_no_sign() {
        let units: Vec<Digits> = (0..20)
            .map(|_| of((0..300).map(|n| if n % 2 == 0 { 0 } else { n })))
            .collect();
        assert!(
            compare(units.iter(), LARGE)
                .iter()
                .all(|trial| !trial.is_large)
        );
    }

    proptest! {
        #[test]
        fn few_digits_tell_nothing(numbers in proptest::collection::vec(0u64..10, 0..59)) {
            let trial = compare([of(numbers)].iter(), LARGE)[0];
            prop_assert!(trial.p >= 1.0 && !trial.is_large);
        }
    }
}
