//! The few statistics the tests need. All tails are upper tails; all results are in [0, 1].

/// Rounds after which the usual share has settled, or goes to and fro between near neighbours.
const ROUNDS: usize = 12;
/// A count that the usual share explains less often than this is not usual.
const UNUSUAL: f64 = 0.05;

/// P(X ≥ `count`) for a Poisson variable of the given mean.
pub fn poisson_tail(count: u64, mean: f64) -> f64 {
    if count == 0 {
        return 1.0;
    }
    if mean <= 0.0 {
        return 0.0;
    }
    // Sum upwards from `count`: the terms fall from there on whenever the tail is small.
    let start = count as f64 * mean.ln() - mean - ln_factorial(count);
    if (count as f64) < mean {
        return 1.0
            - (0..count)
                .map(|k| (k as f64 * mean.ln() - mean - ln_factorial(k)).exp())
                .sum::<f64>()
                .min(1.0);
    }
    let (mut term, mut sum) = (1.0, 0.0);
    for k in count + 1..count + 1000 {
        sum += term;
        term *= mean / k as f64;
        if term < sum * 1e-15 {
            break;
        }
    }
    (start.exp() * sum).min(1.0)
}

/// P(X ≥ `successes`) of `trials` with the given probability: exact while the sum is short, else by the Poisson or normal limit.
pub fn binomial_tail(successes: u64, trials: u64, probability: f64) -> f64 {
    if successes == 0 {
        return 1.0;
    }
    if probability <= 0.0 || successes > trials {
        return 0.0;
    }
    let (n, p) = (trials as f64, probability.min(1.0 - 1e-12));
    let ln_term = |k: u64| {
        ln_factorial(trials) - ln_factorial(k) - ln_factorial(trials - k)
            + k as f64 * p.ln()
            + (n - k as f64) * (1.0 - p).ln()
    };
    let mean = n * p;
    if (successes as f64) <= mean {
        return 1.0
            - (0..successes)
                .map(|k| ln_term(k).exp())
                .sum::<f64>()
                .min(1.0);
    }
    let (mut sum, mut k) = (0.0, successes);
    while k <= trials {
        let term = ln_term(k).exp();
        sum += term;
        if term < sum * 1e-15 {
            break;
        }
        k += 1;
    }
    sum.min(1.0)
}

/// P(X ≥ `value`) for a chi square variable: the upper incomplete gamma function by its series or continued fraction
/// (Abramowitz and Stegun 1964, 6.5.29 and 6.5.31).
pub fn chi_square_tail(value: f64, degrees: u32) -> f64 {
    if value <= 0.0 || degrees == 0 {
        return 1.0;
    }
    let (a, x) = (f64::from(degrees) / 2.0, value / 2.0);
    let scale = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for n in 1..1000 {
            term *= x / (a + f64::from(n));
            sum += term;
            if term < sum * 1e-15 {
                break;
            }
        }
        return (1.0 - scale * sum).clamp(0.0, 1.0);
    }
    // Lentz's method for the continued fraction.
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1e300, 1.0 / b);
    let mut fraction = d;
    for n in 1..1000 {
        let n = f64::from(n);
        let an = -n * (n - a);
        b += 2.0;
        d = 1.0 / (an * d + b);
        c = b + an / c;
        fraction *= d * c;
        if (d * c - 1.0).abs() < 1e-15 {
            break;
        }
    }
    (scale * fraction).clamp(0.0, 1.0)
}

/// ln Γ(a) of a positive half integer or integer, by recurrence into Stirling's series.
fn ln_gamma(a: f64) -> f64 {
    let (mut shifted, mut product) = (a, 1.0);
    while shifted < 20.0 {
        product *= shifted;
        shifted += 1.0;
    }
    (shifted - 0.5) * shifted.ln() - shifted + 0.918_938_533_204_672_7 + 1.0 / (12.0 * shifted)
        - 1.0 / (360.0 * shifted.powi(3))
        - f64::ln(product)
}

/// Lower end of the 95 % interval of a share (Wilson 1927).
pub fn wilson_lower(successes: u64, trials: u64) -> f64 {
    if trials == 0 {
        return 0.0;
    }
    let (n, z) = (trials as f64, 1.96);
    let share = successes as f64 / n;
    let centre = share + z * z / (2.0 * n);
    let spread = z * (share * (1.0 - share) / n + z * z / (4.0 * n * n)).sqrt();
    ((centre - spread) / (1.0 + z * z / n)).max(0.0)
}

/// Ends of the 95 % confidence interval of a share (Wilson 1927); 0 and 1 of nothing.
pub fn wilson_interval(successes: u64, trials: u64) -> (f64, f64) {
    if trials == 0 {
        return (0.0, 1.0);
    }
    let upper = 1.0 - wilson_lower(trials.saturating_sub(successes), trials);
    (wilson_lower(successes, trials), upper)
}

/// The usual share among many units, fewer than half of which may be far off: pooled over the half with the lowest shares, then
/// over all units whose counts that share explains, and so on until it settles (forward search; Hadi 1992, Atkinson and Riani
/// 2000). A trimmed mean would keep some of the cheats where many cheat alike, and they would cover each other.
pub fn usual_share(units: impl Iterator<Item = (u64, u64)>) -> f64 {
    let mut units: Vec<(u64, u64)> = units.filter(|(_, trials)| *trials > 0).collect();
    units.sort_by(|a, b| (a.0 * b.1).cmp(&(b.0 * a.1)));
    let pooled = |units: &[(u64, u64)]| {
        let add = |sum: (u64, u64), unit: &(u64, u64)| (sum.0 + unit.0, sum.1 + unit.1);
        units.iter().fold((0, 0), add)
    };
    let mut usual = pooled(&units[..units.len().div_ceil(2)]);
    for _ in 0..ROUNDS {
        // Where nothing was seen yet, the next one is no wonder.
        let share = (usual.0 + 1) as f64 / (usual.1 + 1) as f64;
        let explained = |unit: &&(u64, u64)| binomial_tail(unit.0, unit.1, share) >= UNUSUAL;
        let kept: Vec<(u64, u64)> = units.iter().filter(explained).copied().collect();
        let next = pooled(&kept);
        if next == usual {
            break;
        }
        usual = next;
    }
    if usual.1 == 0 {
        0.0
    } else {
        usual.0 as f64 / usual.1 as f64
    }
}

/// The p values adjusted for how many there are: of those adjusted to `q` or less, a share of `q` is expected to be false
/// (Benjamini and Hochberg 1995).
pub fn adjusted(p_values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    let tests = p_values.len() as f64;
    let mut adjusted = vec![1.0; p_values.len()];
    let mut least: f64 = 1.0;
    for (rank, at) in order.into_iter().enumerate().rev() {
        least = least.min(p_values[at] * tests / (rank as f64 + 1.0));
        adjusted[at] = least;
    }
    adjusted
}

/// ln n!, exact to rounding up to 20 and by Stirling's series beyond.
fn ln_factorial(n: u64) -> f64 {
    if n <= 20 {
        return (2..=n).map(|k| k as f64).product::<f64>().ln();
    }
    let x = n as f64 + 1.0;
    (x - 0.5) * x.ln() - x + 0.918_938_533_204_672_7 + 1.0 / (12.0 * x) - 1.0 / (360.0 * x.powi(3))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tails_agree_with_published_values() {
        assert!((poisson_tail(3, 1.0) - 0.080_301).abs() < 1e-6);
        assert!((poisson_tail(1, 5.0) - 0.993_262).abs() < 1e-6);
        assert!((binomial_tail(8, 10, 0.5) - 0.054_687_5).abs() < 1e-9);
        assert!((binomial_tail(2, 10, 0.5) - 0.989_257_812_5).abs() < 1e-9);
        assert!(binomial_tail(156, 289, 0.0657) < 1e-80);
    }

    #[test]
    fn the_tail_of_chi_square_agrees_with_published_values() {
        for (value, degrees, tail) in [
            (16.919, 9, 0.05),
            (21.666, 9, 0.01),
            (3.841, 1, 0.05),
            (8.343, 9, 0.5),
        ] {
            assert!(
                (chi_square_tail(value, degrees) - tail).abs() < 1e-4,
                "{value}"
            );
        }
        assert!(chi_square_tail(200.0, 9) < 1e-35);
    }

    #[test]
    fn the_wilson_bound_agrees_with_a_published_value() {
        assert!((wilson_lower(4, 10) - 0.1682).abs() < 1e-4);
    }

    #[test]
    fn discoveries_follow_the_example_of_the_paper() {
        let p = [
            0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0344, 0.0459, 0.324, 0.4262,
            0.5719, 0.6528, 0.759, 1.0,
        ];
        let adjusted = adjusted(&p);
        assert_eq!(adjusted.iter().filter(|q| **q <= 0.05).count(), 4);
        assert!((adjusted[3] - 0.035_625).abs() < 1e-9, "0.0095 × 15 / 4");
    }

    #[test]
    fn a_few_cheats_do_not_move_the_usual_share() {
        let honest = (0..20).map(|_| (1, 100));
        let share = usual_share(honest.chain([(50, 100), (60, 100)]));
        assert!((share - 0.01).abs() < 1e-9);
    }

    #[test]
    fn four_in_ten_that_cheat_alike_do_not_cover_each_other() {
        let honest = (0..60).map(|unit| (unit % 3, 200));
        let cheats = (0..40).map(|unit| (8 + unit % 7, 200));
        let share = usual_share(honest.chain(cheats));
        assert!((0.003..0.007).contains(&share), "{share}");
    }

    proptest! {
        #[test]
        fn tails_are_probabilities_and_fall(count in 1u64..200, mean in 0.001f64..150.0) {
            let (here, next) = (poisson_tail(count, mean), poisson_tail(count + 1, mean));
            prop_assert!((0.0..=1.0).contains(&here) && next <= here + 1e-9);
        }
    }
}
