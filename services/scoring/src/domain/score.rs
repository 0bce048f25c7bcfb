//! A customer's score as it is kept.

use chrono::NaiveDate;
use marque_core::{CustomerId, Timestamp};
use marque_insight::{
    rank::Kind,
    value::{Inputs, Model, WeightedSum},
};

use super::{Basis, Dossier};

/// Whether a customer has a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// He has one.
    Scored,
    /// Nothing is known that one could rest on.
    Unscored,
    /// He does not want one.
    OptedOut,
    /// No record is his any more: he was merged away.
    Gone,
}

impl State {
    const ALL: [Self; 4] = [Self::Scored, Self::Unscored, Self::OptedOut, Self::Gone];

    /// Stable code for storage.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Scored => "scored",
            Self::Unscored => "unscored",
            Self::OptedOut => "opted_out",
            Self::Gone => "gone",
        }
    }

    /// The state of a code.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.code() == code)
    }
}

/// A row of scores: a customer as he was assessed at an instant.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) customer: CustomerId,
    pub(crate) state: State,
    pub(crate) kind: Kind,
    pub(crate) brands: Vec<String>,
    /// 0 unless scored, like the two after it.
    pub(crate) sum: WeightedSum,
    pub(crate) hundredths: i64,
    pub(crate) confidence: i64,
    pub(crate) model_version: String,
    pub(crate) inputs: Inputs,
    pub(crate) assessed_at: Timestamp,
    pub(crate) assessed_on: NaiveDate,
    /// Number of the change that made it so.
    pub(crate) change: i64,
}

impl Row {
    /// Assesses a customer under a model. Of who refused, nothing is computed and nothing kept.
    pub(crate) fn assess(
        dossier: &Dossier,
        model: &Model,
        (at, on): (Timestamp, NaiveDate),
    ) -> Self {
        let mut row = Self::without_basis(dossier.customer, dossier.kind(), model, (at, on));
        if dossier.records.is_empty() {
            row.state = State::Gone;
            return row;
        }
        if dossier.has_refused {
            return row.refused();
        }
        row.brands = dossier.brands().into_iter().map(str::to_owned).collect();
        row.inputs = Basis::of(dossier, on).inputs;
        row.weigh(model);
        row
    }

    /// The row of who does not want one: nothing that was computed of him is left.
    pub(crate) fn refused(self) -> Self {
        Self {
            state: State::OptedOut,
            brands: Vec::new(),
            sum: WeightedSum(0),
            hundredths: 0,
            confidence: 0,
            inputs: Inputs::default(),
            ..self
        }
    }

    /// Computes sum and score of the inputs under a model.
    pub(crate) fn weigh(&mut self, model: &Model) {
        model.version().clone_into(&mut self.model_version);
        if let Some(assessment) = model.assess(&self.inputs) {
            self.state = State::Scored;
            self.sum = assessment.sum;
            self.hundredths = model.score(assessment.sum).hundredths();
            self.confidence = i64::from(assessment.confidence);
        } else {
            self.state = State::Unscored;
            (self.sum, self.hundredths, self.confidence) = (WeightedSum(0), 0, 0);
        }
    }

    /// A customer of whom nothing is known that a score could rest on.
    pub(crate) fn without_basis(
        customer: CustomerId,
        kind: Kind,
        model: &Model,
        (at, on): (Timestamp, NaiveDate),
    ) -> Self {
        Self {
            customer,
            state: State::Unscored,
            kind,
            brands: Vec::new(),
            sum: WeightedSum(0),
            hundredths: 0,
            confidence: 0,
            model_version: model.version().to_owned(),
            inputs: Inputs::default(),
            assessed_at: at,
            assessed_on: on,
            change: 0,
        }
    }

    /// Whether a row says more than that the customer exists, which his records say already: only such rows are kept.
    pub(crate) fn says_something(&self) -> bool {
        match self.state {
            State::Scored | State::OptedOut => true,
            State::Unscored => !self.inputs.is_empty(),
            State::Gone => false,
        }
    }

    /// Whether anybody would see a difference, time and inputs apart.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        self.state == other.state
            && self.kind == other.kind
            && self.brands == other.brands
            && self.sum == other.sum
            && self.hundredths == other.hundredths
            && self.confidence == other.confidence
            && self.model_version == other.model_version
    }
}
