//! Many weak signs of one unit as one piece of evidence.
//!
//! Two strangers with one phone say little; three such pairs, and five customers whose other records give another number, say a
//! lot, though none of them does alone. Signs are sorted into classes that honest records show at known rates. Each sign counts
//! with the logarithm of how much more frequent its class is where numbers are invented (the most powerful weights there are:
//! Neyman and Pearson 1933), and the p value of the sum is exact: honest signs are independent rare events, so that their
//! weighted sum is compound Poisson, whose distribution is computed by recursion (Panjer 1981).

/// Signs of one class: how many were seen, how many honest records show on average, and how much one of them weighs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Class {
    pub(super) seen: u64,
    pub(super) expected: f64,
    /// In steps of a quarter of a natural logarithm; 0 says nothing.
    pub(super) weight: usize,
}

/// More than this many signs of one class are as good as this many.
const ENOUGH: u64 = 60;

/// The probability that honest records show signs that weigh as much together, or more.
pub(super) fn together(classes: &[Class]) -> f64 {
    let weighing = || classes.iter().filter(|class| class.weight > 0);
    let seen: usize = weighing()
        .map(|class| class.seen.min(ENOUGH) as usize * class.weight)
        .sum();
    if seen == 0 {
        return 1.0;
    }
    let rate: f64 = weighing().map(|class| class.expected).sum();
    let heaviest = weighing().map(|class| class.weight).max().unwrap_or(1);
    // Beyond the weight that was seen, terms fall fast.
    let last = seen + heaviest * (40 + rate as usize * 2);
    let mut terms = vec![0.0; last + 1];
    terms[0] = (-rate).exp();
    for sum in 1..=last {
        let earlier = |class: &Class| {
            let rest = sum.checked_sub(class.weight);
            rest.map_or(0.0, |rest| {
                class.weight as f64 * class.expected * terms[rest]
            })
        };
        terms[sum] = weighing().map(earlier).sum::<f64>() / sum as f64;
    }
    terms[seen..].iter().sum::<f64>().min(1.0)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{super::stats::poisson_tail, *};

    const fn class(seen: u64, expected: f64, weight: usize) -> Class {
        Class {
            seen,
            expected,
            weight,
        }
    }

    #[test]
    fn weak_signs_of_two_classes_are_strong_together() {
        let (pairs, others) = (class(2, 0.05, 18), class(9, 4.0, 3));
        let alone = [together(&[pairs]), together(&[others])];
        let both = together(&[pairs, others]);
        assert!(both < alone[0] / 3.0 && both < alone[1], "{alone:?} {both}");
    }

    #[test]
    fn nothing_seen_is_no_evidence() {
        assert!(together(&[class(0, 0.1, 9), class(7, 3.0, 0)]) >= 1.0);
    }

    #[test]
    fn the_recursion_agrees_with_the_sum_over_both_distributions() {
        // Of two classes with means 0.5 and 2: P(3a + b >= 8), summed by hand over both Poisson distributions.
        let term = |k: u32, mean: f64| (1..=k).fold((-mean).exp(), |p, i| p * mean / f64::from(i));
        let mut direct = 0.0;
        for a in 0..40 {
            for b in 0..60 {
                if 3 * a + b >= 8 {
                    direct += term(a, 0.5) * term(b, 2.0);
                }
            }
        }
        let said = together(&[class(2, 0.5, 3), class(2, 2.0, 1)]);
        assert!((said - direct).abs() < 1e-9, "{said} {direct}");
    }

    proptest! {
        #[test]
        fn one_class_is_a_poisson_variable(seen in 1u64..40, expected in 0.001f64..20.0, weight in 1usize..20) {
            let said = together(&[class(seen, expected, weight)]);
            prop_assert!((said - poisson_tail(seen, expected)).abs() < 1e-9);
        }
    }
}
