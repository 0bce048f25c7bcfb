//! Curves from a feature to points: data of the model, not code.

use serde::{Deserialize, Serialize};

/// How the feature is read before it is interpolated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scale {
    /// As it is.
    #[default]
    Linear,
    /// By ln(1 + x): the second 100,000 yuan say less than the first. For features that are never negative.
    Log,
}

/// A piecewise curve through knots, level beyond its ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "CurveData", into = "CurveData")]
pub struct Curve {
    scale: Scale,
    /// (feature as given, points), by rising feature.
    knots: Vec<(f64, f64)>,
    /// The knots' features on the scale, so that scoring takes one logarithm and not one a knot.
    scaled: Vec<f64>,
}

/// The curve as it stands in a model file: `{ scale = "log", knots = [[0, 1], [100000, 50]] }`.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct CurveData {
    #[serde(default)]
    scale: Scale,
    knots: Vec<(f64, f64)>,
}

/// Why knots do not make a curve.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum CurveError {
    /// A curve needs a start and an end.
    #[error("a curve needs at least two knots")]
    TooFewKnots,
    /// The feature must rise from knot to knot.
    #[error("knot {index}: the feature {at} must be above that of the knot before")]
    NotRising {
        /// Which knot, from 1.
        index: usize,
        /// Its feature.
        at: f64,
    },
    /// Points lie between 1 and 100.
    #[error("knot {index}: {points} points are outside 1 to 100")]
    PointsOutOfRange {
        /// Which knot, from 1.
        index: usize,
        /// Its points.
        points: f64,
    },
    /// The logarithmic scale starts at zero.
    #[error("a logarithmic curve cannot have a knot below zero")]
    NegativeOnLogScale,
}

impl Curve {
    /// A curve through knots (feature, points).
    ///
    /// # Errors
    /// When there are fewer than two knots, the feature does not rise, or points are outside 1 to 100.
    pub fn new(scale: Scale, knots: Vec<(f64, f64)>) -> Result<Self, CurveError> {
        if knots.len() < 2 {
            return Err(CurveError::TooFewKnots);
        }
        for (index, &(at, points)) in knots.iter().enumerate() {
            let rises = at.is_finite() && (index == 0 || at > knots[index - 1].0);
            if !rises {
                return Err(CurveError::NotRising {
                    index: index + 1,
                    at,
                });
            }
            if !(1.0..=100.0).contains(&points) {
                return Err(CurveError::PointsOutOfRange {
                    index: index + 1,
                    points,
                });
            }
        }
        if scale == Scale::Log && knots[0].0 < 0.0 {
            return Err(CurveError::NegativeOnLogScale);
        }
        let scaled = knots.iter().map(|&(at, _)| on_scale(scale, at)).collect();
        Ok(Self {
            scale,
            knots,
            scaled,
        })
    }

    /// The points of a feature.
    pub fn points(&self, feature: f64) -> f64 {
        let x = on_scale(
            self.scale,
            feature.max(if self.scale == Scale::Log {
                0.0
            } else {
                f64::MIN
            }),
        );
        let next = self.scaled.partition_point(|&knot| knot <= x);
        if next == 0 {
            return self.knots[0].1;
        }
        if next == self.knots.len() {
            return self.knots[next - 1].1;
        }
        let share = (x - self.scaled[next - 1]) / (self.scaled[next] - self.scaled[next - 1]);
        let (low, high) = (self.knots[next - 1].1, self.knots[next].1);
        low + share * (high - low)
    }

    /// The feature nearest to `from` at which the curve reaches `points`, if it ever does.
    pub fn feature_for(&self, points: f64, from: f64) -> Option<f64> {
        let crossings = self
            .knots
            .windows(2)
            .zip(self.scaled.windows(2))
            .filter_map(|(knots, scaled)| {
                let (low, high) = (knots[0].1, knots[1].1);
                if !(low.min(high)..=low.max(high)).contains(&points) {
                    return None;
                }
                let share = if high == low {
                    0.0
                } else {
                    (points - low) / (high - low)
                };
                Some(self.off_scale(scaled[0] + share * (scaled[1] - scaled[0])))
            });
        crossings.min_by(|left, right| (left - from).abs().total_cmp(&(right - from).abs()))
    }

    /// The scale of the feature.
    pub fn scale(&self) -> Scale {
        self.scale
    }

    /// Whether more of the feature means more points, judged by the ends.
    pub fn is_rising(&self) -> bool {
        self.knots[self.knots.len() - 1].1 >= self.knots[0].1
    }

    /// The points at the knots, from the lowest feature to the highest.
    pub(crate) fn knot_points(&self) -> Vec<f64> {
        self.knots.iter().map(|&(_, points)| points).collect()
    }

    fn off_scale(&self, x: f64) -> f64 {
        match self.scale {
            Scale::Linear => x,
            Scale::Log => x.exp_m1(),
        }
    }
}

fn on_scale(scale: Scale, feature: f64) -> f64 {
    match scale {
        Scale::Linear => feature,
        Scale::Log => feature.ln_1p(),
    }
}

impl TryFrom<CurveData> for Curve {
    type Error = CurveError;

    fn try_from(data: CurveData) -> Result<Self, CurveError> {
        Self::new(data.scale, data.knots)
    }
}

impl From<Curve> for CurveData {
    fn from(curve: Curve) -> Self {
        Self {
            scale: curve.scale,
            knots: curve.knots,
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_curve_passes_through_its_knots_and_is_level_beyond() {
        for scale in [Scale::Linear, Scale::Log] {
            let curve =
                Curve::new(scale, vec![(0.0, 1.0), (10.0, 40.0), (1_000.0, 100.0)]).unwrap();
            for (feature, points) in [
                (-5.0, 1.0),
                (0.0, 1.0),
                (10.0, 40.0),
                (1_000.0, 100.0),
                (1e9, 100.0),
            ] {
                assert!(
                    (curve.points(feature) - points).abs() < 1e-9,
                    "{scale:?} {feature}"
                );
            }
        }
    }

    #[test]
    fn the_logarithmic_scale_lifts_the_middle() {
        let knots = vec![(0.0, 1.0), (1_000_000.0, 100.0)];
        let linear = Curve::new(Scale::Linear, knots.clone()).unwrap();
        let log = Curve::new(Scale::Log, knots).unwrap();
        assert!(log.points(1_000.0) > 45.0 && linear.points(1_000.0) < 2.0);
    }

    #[test]
    fn impossible_knots_are_refused() {
        let refuse = |knots| Curve::new(Scale::Log, knots).unwrap_err();
        assert_eq!(refuse(vec![(0.0, 1.0)]), CurveError::TooFewKnots);
        assert_eq!(
            refuse(vec![(0.0, 1.0), (0.0, 2.0)]),
            CurveError::NotRising { index: 2, at: 0.0 }
        );
        assert_eq!(
            refuse(vec![(0.0, 0.0), (1.0, 2.0)]),
            CurveError::PointsOutOfRange {
                index: 1,
                points: 0.0
            }
        );
        assert_eq!(
            refuse(vec![(-1.0, 1.0), (1.0, 2.0)]),
            CurveError::NegativeOnLogScale
        );
    }

    proptest! {
        #[test]
        fn the_inverse_leads_back_to_the_points(points in 1.0_f64..=100.0) {
            let curve = Curve::new(Scale::Log, vec![(0.0, 1.0), (500.0, 60.0), (90_000.0, 100.0)]).unwrap();
            let feature = curve.feature_for(points, 0.0).unwrap();
            prop_assert!((curve.points(feature) - points).abs() < 1e-6);
        }

        #[test]
        fn a_rising_curve_never_falls(left in 0.0_f64..1e6, right in 0.0_f64..1e6) {
            let curve = Curve::new(Scale::Log, vec![(0.0, 1.0), (500.0, 60.0), (90_000.0, 100.0)]).unwrap();
            prop_assert!(curve.points(left.min(right)) <= curve.points(left.max(right)));
        }
    }
}
