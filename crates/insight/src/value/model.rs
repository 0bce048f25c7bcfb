//! The value model: weights, terms and curves under one version, and the scoring of one customer.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Curve, Facts, Feature, Indicator, Points, Prior, Score, WeightedSum, Weights, WeightsError,
};

/// One part of an indicator: a feature, its curve, and how much it counts beside the others.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Term {
    /// What is read.
    pub feature: Feature,
    /// How much it counts within the indicator.
    #[serde(default = "one")]
    pub weight: f64,
    /// For rates and shares: what is believed before anything is seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prior: Option<Prior>,
    /// Feature to points.
    pub curve: Curve,
}

fn one() -> f64 {
    1.0
}

/// A frozen, versioned model. Two models with the same version are the same model: change anything, change the version.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    version: String,
    neutral: Points,
    weights: Weights,
    terms: [Vec<Term>; Indicator::COUNT],
}

/// What is known of a customer: indicators somebody already put on 1 to 100, facts, or both.
///
/// A given indicator wins over the facts of the same indicator.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Inputs {
    /// Indicators given as points.
    pub given: [Option<Points>; Indicator::COUNT],
    /// Raw facts.
    pub facts: Facts,
}

impl Inputs {
    /// Whether nothing is known: no model makes a score of that.
    pub fn is_empty(&self) -> bool {
        self.given.iter().all(Option::is_none) && self.facts.is_empty()
    }
}

/// A customer's value under one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Assessment {
    /// The six indicators; unknown ones stand at the model's neutral points.
    pub points: [Points; Indicator::COUNT],
    /// Share of each indicator that rests on something known, 0 to 1.
    pub known: [f64; Indicator::COUNT],
    /// What ranks are made by.
    pub sum: WeightedSum,
    /// Per cent of the weight that rests on something known, 0 to 100, rounded down.
    pub confidence: u8,
}

/// Why a model file cannot be used.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum ModelError {
    /// The text is no model; the message of the TOML reader names line and column.
    #[error("the model file cannot be read: {0}")]
    Syntax(String),
    /// Scores without a version could not be replayed.
    #[error("the model needs a version, such as version = \"2026-11\"")]
    NoVersion,
    /// Neutral points outside the scale.
    #[error("neutral is {0}; write 1 to 100")]
    Neutral(f64),
    /// The weights do not work.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// A term that cannot count.
    #[error("a term of {} has the weight {weight}; write a number above 0", indicator.key())]
    TermWeight {
        /// Whose term it is.
        indicator: Indicator,
        /// The weight as given.
        weight: f64,
    },
    /// A prior that is no prior.
    #[error("a prior of {} is negative or not a number", indicator.key())]
    Prior {
        /// Whose prior it is.
        indicator: Indicator,
    },
}

/// The model as it stands in its file.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelData {
    version: String,
    #[serde(default = "neutral")]
    neutral: f64,
    weights: BTreeMap<Indicator, f64>,
    #[serde(default)]
    terms: BTreeMap<Indicator, Vec<Term>>,
}

fn neutral() -> f64 {
    50.0
}

impl Model {
    /// The model that ships with Marque: the weights of the trade (20/15/15/20/20/10) and curves set by judgement, to be
    /// replaced by a calibration run over one's own customers.
    pub fn shipped() -> Self {
        Self::from_toml(include_str!("../../data/value-model.toml"))
            .expect("the shipped model is valid, a test reads it")
    }

    /// Reads a model file.
    ///
    /// # Errors
    /// When it is not TOML of the right shape, or a weight, curve or prior is impossible.
    pub fn from_toml(text: &str) -> Result<Self, ModelError> {
        let data: ModelData =
            toml::from_str(text).map_err(|error| ModelError::Syntax(error.to_string()))?;
        let weights =
            Indicator::ALL.map(|indicator| data.weights.get(&indicator).copied().unwrap_or(0.0));
        let mut terms = data.terms;
        let terms = Indicator::ALL.map(|indicator| terms.remove(&indicator).unwrap_or_default());
        if !(1.0..=100.0).contains(&data.neutral) {
            return Err(ModelError::Neutral(data.neutral));
        }
        Self::new(
            data.version,
            Points::from_curve(data.neutral),
            Weights::new(weights)?,
            terms,
        )
    }

    /// A model from its parts, in the order of [`Indicator::ALL`].
    ///
    /// # Errors
    /// When the version is empty or a term's weight or prior is impossible.
    pub fn new(
        version: String,
        neutral: Points,
        weights: Weights,
        terms: [Vec<Term>; Indicator::COUNT],
    ) -> Result<Self, ModelError> {
        if version.trim().is_empty() {
            return Err(ModelError::NoVersion);
        }
        for (indicator, terms) in Indicator::ALL.into_iter().zip(&terms) {
            for term in terms {
                if !(term.weight > 0.0 && term.weight.is_finite()) {
                    return Err(ModelError::TermWeight {
                        indicator,
                        weight: term.weight,
                    });
                }
                let is_usable = |prior: Prior| prior.events >= 0.0 && prior.exposure >= 0.0;
                if !term.prior.is_none_or(is_usable) {
                    return Err(ModelError::Prior { indicator });
                }
            }
        }
        Ok(Self {
            version,
            neutral,
            weights,
            terms,
        })
    }

    /// The model as a file, which [`Model::from_toml`] reads back unchanged.
    pub fn to_toml(&self) -> String {
        let data = ModelData {
            version: self.version.clone(),
            neutral: self.neutral.as_f64(),
            weights: Indicator::ALL
                .map(|indicator| (indicator, self.weights.given(indicator)))
                .into(),
            terms: Indicator::ALL.into_iter().zip(self.terms.clone()).collect(),
        };
        toml::to_string(&data).expect("a model is numbers and names, which TOML can write")
    }

    /// Scores one customer; `None` when nothing at all is known that counts.
    pub fn assess(&self, inputs: &Inputs) -> Option<Assessment> {
        let mut points = [self.neutral; Indicator::COUNT];
        let mut known = [0.0; Indicator::COUNT];
        for indicator in Indicator::ALL {
            let index = indicator as usize;
            if let Some(given) = inputs.given[index] {
                (points[index], known[index]) = (given, 1.0);
            } else if let Some((computed, share)) = self.computed(indicator, &inputs.facts) {
                (points[index], known[index]) = (computed, share);
            }
        }
        self.weigh(points, known)
    }

    /// The assessment under this model's weights of a customer another model with the same curves has assessed.
    pub(crate) fn reweigh(&self, assessment: &Assessment) -> Option<Assessment> {
        self.weigh(assessment.points, assessment.known)
    }

    /// Whether the two models differ in nothing but weights and version.
    pub(crate) fn has_the_curves_of(&self, other: &Self) -> bool {
        self.neutral == other.neutral && self.terms == other.terms
    }

    fn weigh(
        &self,
        points: [Points; Indicator::COUNT],
        known: [f64; Indicator::COUNT],
    ) -> Option<Assessment> {
        let known_share: f64 = Indicator::ALL
            .iter()
            .map(|&each| self.weights.share(each) * known[each as usize])
            .sum();
        // The tiny addition keeps a sum of shares such as 0.2 + 0.8 from falling to 99 per cent.
        let confidence = (known_share * 100.0 + 1e-9).floor() as u8;
        let sum = self.weights.sum(&points);
        (known_share > 0.0).then_some(Assessment {
            points,
            known,
            sum,
            confidence,
        })
    }

    /// One indicator from facts: the weighted mean of its terms, an unknown term standing at neutral.
    fn computed(&self, indicator: Indicator, facts: &Facts) -> Option<(Points, f64)> {
        let (mut sum, mut weight, mut known) = (0.0, 0.0, 0.0);
        for term in self.terms(indicator) {
            let feature = term.feature.value(facts, term.prior.unwrap_or(Prior::NONE));
            sum += term.weight
                * feature.map_or(self.neutral.as_f64(), |feature| term.curve.points(feature));
            known += if feature.is_some() { term.weight } else { 0.0 };
            weight += term.weight;
        }
        (known > 0.0).then(|| (Points::from_curve(sum / weight), known / weight))
    }

    /// The score shown for a sum.
    pub fn score(&self, sum: WeightedSum) -> Score {
        self.weights.score(sum)
    }

    /// The version every score carries.
    pub fn version(&self) -> &str {
        &self.version
    }

    /// The points of an indicator nothing is known of.
    pub fn neutral(&self) -> Points {
        self.neutral
    }

    /// The weights.
    pub fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The terms of one indicator.
    pub fn terms(&self, indicator: Indicator) -> &[Term] {
        &self.terms[indicator as usize]
    }

    /// The same model with other weights, for what-if questions.
    pub fn with_weights(&self, version: &str, weights: Weights) -> Self {
        Self {
            version: version.to_owned(),
            weights,
            ..self.clone()
        }
    }
}

#[cfg(test)]
mod tests;
