//! What a customer is worth: facts → features → curves → six indicators → one exact score.

mod calibrate;
mod curve;
mod explain;
mod fact;
mod feature;
mod finer;
mod indicator;
mod lift;
mod model;
mod points;
mod weights;

pub use calibrate::{CalibrationError, FEWEST_CUSTOMERS, calibrate};
pub use curve::{Curve, CurveError, Scale};
pub use explain::{Evidence, Explanation, FactPart, IndicatorPart, Language, TermPart, explain};
pub use fact::{Fact, Facts};
pub use feature::{Feature, Prior};
pub(crate) use finer::Finer;
pub use indicator::Indicator;
pub use lift::{FeatureLift, Lift, lifts};
pub use model::{Assessment, Inputs, Model, ModelError, Term};
pub use points::{Points, PointsError};
pub use weights::{Score, WeightedSum, Weights, WeightsError};
