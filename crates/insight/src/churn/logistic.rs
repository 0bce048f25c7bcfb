//! Logistic regression by Newton's method, with a gentle pull towards a starting point.

/// A fitted regression.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Logistic<const N: usize> {
    pub(super) weights: [f64; N],
}

/// Strength of the pull: as if a few customers spoke for the starting point. Keeps a reason that was seen twice from being
/// given an infinite weight.
const RIDGE: f64 = 2.0;
const MOST_STEPS: usize = 50;

impl<const N: usize> Logistic<N> {
    /// Fits to rows of (features, whether it happened), pulled towards `start`.
    pub(super) fn fit(rows: &[([f64; N], bool)], start: [f64; N]) -> Self {
        let mut fitted = Self { weights: start };
        for _ in 0..MOST_STEPS {
            let (gradient, hessian) = fitted.derivatives(rows, &start);
            let Some(step) = solve(hessian, gradient) else {
                break;
            };
            // A step beyond reason is held back: far from the optimum the quadratic is no guide.
            let longest = step
                .iter()
                .fold(0.0_f64, |longest, each| longest.max(each.abs()));
            let share = (2.0 / longest.max(2.0)).min(1.0);
            fitted
                .weights
                .iter_mut()
                .zip(step)
                .for_each(|(weight, step)| *weight -= share * step);
            if longest < 1e-10 {
                break;
            }
        }
        fitted
    }

    pub(super) fn probability(&self, features: &[f64; N]) -> f64 {
        let log_odds: f64 = self
            .weights
            .iter()
            .zip(features)
            .map(|(weight, feature)| weight * feature)
            .sum();
        1.0 / (1.0 + (-log_odds).exp())
    }

    /// Gradient and Hessian of the penalised negative log likelihood.
    fn derivatives(
        &self,
        rows: &[([f64; N], bool)],
        start: &[f64; N],
    ) -> ([f64; N], [[f64; N]; N]) {
        let mut gradient: [f64; N] =
            std::array::from_fn(|index| RIDGE * (self.weights[index] - start[index]));
        let mut hessian = [[0.0; N]; N];
        (0..N).for_each(|index| hessian[index][index] = RIDGE);
        for (features, happened) in rows {
            let probability = self.probability(features);
            let miss = probability - f64::from(u8::from(*happened));
            let spread = probability * (1.0 - probability);
            for row in 0..N {
                gradient[row] += miss * features[row];
                for column in 0..N {
                    hessian[row][column] += spread * features[row] * features[column];
                }
            }
        }
        (gradient, hessian)
    }
}

/// Solves a symmetric positive definite system by Gaussian elimination with pivoting.
fn solve<const N: usize>(mut matrix: [[f64; N]; N], mut right: [f64; N]) -> Option<[f64; N]> {
    for column in 0..N {
        let pivot = (column..N).max_by(|&left, &other| {
            matrix[left][column]
                .abs()
                .total_cmp(&matrix[other][column].abs())
        })?;
        if matrix[pivot][column].abs() < 1e-12 {
            return None;
        }
        matrix.swap(column, pivot);
        right.swap(column, pivot);
        let pivot_row = matrix[column];
        for row in column + 1..N {
            let share = matrix[row][column] / pivot_row[column];
            matrix[row]
                .iter_mut()
                .zip(pivot_row)
                .for_each(|(cell, above)| *cell -= share * above);
            right[row] -= share * right[column];
        }
    }
    let mut solution = [0.0; N];
    for row in (0..N).rev() {
        let known: f64 = (row + 1..N)
            .map(|column| matrix[row][column] * solution[column])
            .sum();
        solution[row] = (right[row] - known) / matrix[row][row];
    }
    Some(solution)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_linear_system_is_solved() {
        let solution = solve([[0.0, 2.0], [3.0, 1.0]], [4.0, 5.0]).unwrap();
        assert!((solution[0] - 1.0).abs() < 1e-12 && (solution[1] - 2.0).abs() < 1e-12);
        assert_eq!(solve([[1.0, 1.0], [1.0, 1.0]], [1.0, 2.0]), None);
    }

    #[test]
    fn frequencies_become_probabilities() {
        let rows: Vec<([f64; 2], bool)> = (0..4_000)
            .map(|index| {
                let (has_reason, turn) = (index % 2 == 1, index / 2 % 10);
                (
                    [1.0, f64::from(u8::from(has_reason))],
                    if has_reason { turn < 8 } else { turn < 2 },
                )
            })
            .collect();
        let fitted = Logistic::fit(&rows, [0.0; 2]);
        assert!((fitted.probability(&[1.0, 0.0]) - 0.2).abs() < 0.005);
        assert!((fitted.probability(&[1.0, 1.0]) - 0.8).abs() < 0.005);
    }

    #[test]
    fn nothing_seen_leaves_the_start_and_everything_alike_stays_finite() {
        assert_eq!(Logistic::fit(&[], [0.0, 1.0]).weights, [0.0, 1.0]);
        let all = vec![([1.0], true); 1_000];
        let weight = Logistic::fit(&all, [0.0]).weights[0];
        assert!(weight > 2.0 && weight.is_finite());
    }
}
