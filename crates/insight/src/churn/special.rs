//! Special functions the models need.

/// Natural logarithm of the gamma function for x > 0, to 1e-13 (Lanczos, g = 7, nine terms).
pub(super) fn ln_gamma(x: f64) -> f64 {
    const G: f64 = 7.0;
    const COEFFICIENTS: [f64; 9] = [
        0.999_999_999_999_809_9,
        676.520_368_121_885_1,
        -1_259.139_216_722_402_8,
        771.323_428_777_653_1,
        -176.615_029_162_140_6,
        12.507_343_278_686_905,
        -0.138_571_095_265_720_12,
        9.984_369_578_019_572e-6,
        1.505_632_735_149_311_6e-7,
    ];
    if x < 0.5 {
        // Reflection, where the series loses digits.
        return (std::f64::consts::PI / (std::f64::consts::PI * x).sin()).ln() - ln_gamma(1.0 - x);
    }
    let x = x - 1.0;
    let terms = COEFFICIENTS[1..]
        .iter()
        .zip(1..)
        .map(|(coefficient, index)| coefficient / (x + f64::from(index)));
    let sum = COEFFICIENTS[0] + terms.sum::<f64>();
    let t = x + G + 0.5;
    0.5 * std::f64::consts::TAU.ln() + (x + 0.5) * t.ln() - t + sum.ln()
}

/// Gauss' hypergeometric function 2F1(a, b; c; z) for 0 ≤ z < 1 and c > 0.
///
/// By its power series, after Euler's transformation where that makes the terms fall faster.
pub(super) fn hyp2f1(a: f64, b: f64, c: f64, z: f64) -> f64 {
    if c - a - b < 0.0 {
        (1.0 - z).powf(c - a - b) * power_series(c - a, c - b, c, z)
    } else {
        power_series(a, b, c, z)
    }
}

fn power_series(a: f64, b: f64, c: f64, z: f64) -> f64 {
    const MOST_TERMS: u32 = 100_000;
    let (mut term, mut sum) = (1.0, 1.0);
    for index in 0..MOST_TERMS {
        let n = f64::from(index);
        term *= (a + n) * (b + n) / (c + n) / (n + 1.0) * z;
        sum += term;
        if term.abs() < 1e-15 * f64::abs(sum) {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ln_gamma_meets_factorials_and_halves() {
        let mut factorial: f64 = 1.0;
        for n in 1..20_u32 {
            assert!(
                (ln_gamma(f64::from(n)) - factorial.ln()).abs() < 1e-12,
                "{n}"
            );
            factorial *= f64::from(n);
        }
        assert!((ln_gamma(0.5) - std::f64::consts::PI.sqrt().ln()).abs() < 1e-13);
        assert!((ln_gamma(0.01) - 4.599_479_878_042_021).abs() < 1e-12);
        assert!((ln_gamma(1_000.0) - 5_905.220_423_209_181).abs() < 1e-8);
    }

    #[test]
    fn hyp2f1_meets_its_closed_forms() {
        for z in [0.0, 0.1, 0.5, 0.9, 0.99] {
            assert!(
                (hyp2f1(1.0, 2.0, 2.0, z) * (1.0 - z) - 1.0).abs() < 1e-10,
                "(1 - z)^-1 at {z}"
            );
            if z > 0.0 {
                let log = -f64::ln(1.0 - z) / z;
                assert!(
                    (hyp2f1(1.0, 1.0, 2.0, z) / log - 1.0).abs() < 1e-9,
                    "-ln(1 - z) / z at {z}"
                );
            }
        }
    }
}
