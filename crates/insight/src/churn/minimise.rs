//! The simplex method of Nelder and Mead: minimises a smooth function of a few variables without derivatives.
//!
//! Our likelihoods have four parameters and are cheap; a simplex that is restarted until it no longer moves finds their
//! optimum to eight digits, and there is nothing in it that a new version of a library could change.

/// A minimum.
#[derive(Clone, Debug)]
pub(super) struct Minimum<const N: usize> {
    pub(super) at: [f64; N],
    pub(super) value: f64,
    /// Whether restarting from it moved it no more.
    pub(super) has_converged: bool,
}

const MOST_STEPS: usize = 2_000;
const MOST_RESTARTS: usize = 20;
/// A simplex is done when its corners' values agree to this share.
const TOLERANCE: f64 = 1e-13;
/// A restart that gains less than this share ends the search.
const GAIN: f64 = 1e-12;

/// Minimises `function` from `start`, with a first simplex of edge 0.5. Values that are not finite count as very bad.
pub(super) fn minimise<const N: usize>(
    start: [f64; N],
    function: impl Fn(&[f64; N]) -> f64,
) -> Minimum<N> {
    let guarded = |at: &[f64; N]| {
        Some(function(at))
            .filter(|value| value.is_finite())
            .unwrap_or(f64::MAX)
    };
    let mut best = (start, guarded(&start));
    for restart in 0..MOST_RESTARTS {
        // A flattened simplex may stop short of the minimum; a fresh one from where it stopped does not.
        let edge = 0.5 / (1.0 + restart as f64);
        let next = descend(best.0, edge, &guarded);
        let gain = best.1 - next.1;
        let is_done = restart > 0 && gain <= GAIN * best.1.abs();
        if next.1 < best.1 {
            best = next;
        }
        if is_done {
            return Minimum {
                at: best.0,
                value: best.1,
                has_converged: true,
            };
        }
    }
    Minimum {
        at: best.0,
        value: best.1,
        has_converged: false,
    }
}

fn descend<const N: usize>(
    start: [f64; N],
    edge: f64,
    function: &impl Fn(&[f64; N]) -> f64,
) -> ([f64; N], f64) {
    let corner = |index: usize| {
        let mut at = start;
        if index > 0 {
            at[index - 1] += edge;
        }
        (at, function(&at))
    };
    let mut simplex: Vec<([f64; N], f64)> = (0..=N).map(corner).collect();
    for _ in 0..MOST_STEPS {
        simplex.sort_by(|left, right| left.1.total_cmp(&right.1));
        if (simplex[N].1 - simplex[0].1).abs() <= TOLERANCE * (1.0 + simplex[0].1.abs()) {
            break;
        }
        step(&mut simplex, function);
    }
    simplex.sort_by(|left, right| left.1.total_cmp(&right.1));
    simplex[0]
}

/// Replaces the worst corner by its reflection, expansion or contraction, or shrinks the simplex towards the best.
fn step<const N: usize>(simplex: &mut [([f64; N], f64)], function: &impl Fn(&[f64; N]) -> f64) {
    let centre: [f64; N] = std::array::from_fn(|axis| {
        simplex[..N]
            .iter()
            .map(|corner| corner.0[axis])
            .sum::<f64>()
            / N as f64
    });
    let worst = simplex[N];
    let moved = |share: f64| {
        let at = std::array::from_fn(|axis| centre[axis] + share * (worst.0[axis] - centre[axis]));
        (at, function(&at))
    };
    let reflected = moved(-1.0);
    if reflected.1 < simplex[0].1 {
        let expanded = moved(-2.0);
        simplex[N] = if expanded.1 < reflected.1 {
            expanded
        } else {
            reflected
        };
    } else if reflected.1 < simplex[N - 1].1 {
        simplex[N] = reflected;
    } else {
        let contracted = if reflected.1 < worst.1 {
            moved(-0.5)
        } else {
            moved(0.5)
        };
        if contracted.1 < reflected.1.min(worst.1) {
            simplex[N] = contracted;
            return;
        }
        let best = simplex[0].0;
        for corner in &mut simplex[1..] {
            let at = std::array::from_fn(|axis| corner.0[axis].midpoint(best[axis]));
            *corner = (at, function(&at));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bottom_of_rosenbrocks_valley_is_found() {
        let valley =
            |at: &[f64; 2]| (1.0 - at[0]).powi(2) + 100.0 * (at[1] - at[0] * at[0]).powi(2);
        let minimum = minimise([-1.2, 1.0], valley);
        assert!(minimum.has_converged);
        assert!(
            (minimum.at[0] - 1.0).abs() < 1e-5 && (minimum.at[1] - 1.0).abs() < 1e-5,
            "{minimum:?}"
        );
    }

    #[test]
    fn forbidden_ground_is_walked_around() {
        let function = |at: &[f64; 1]| {
            if at[0] <= 0.0 {
                f64::NAN
            } else {
                at[0] - at[0].ln()
            }
        };
        assert!((minimise([3.0], function).at[0] - 1.0).abs() < 1e-5);
    }
}
