//! What becomes of a file's columns: a fact can stand there and count for nothing, since a rate needs the time it was counted over.

use super::header::{Column, Header};
use crate::value::{Fact, Facts, Feature, Indicator, Model, Prior};

/// A column of facts from which no customer gets anything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdleColumn {
    /// Its header.
    pub name: String,
    /// The fact it would need beside it; `None` if the model does not read it at all.
    pub needs: Option<Fact>,
}

/// The columns of facts that count for nothing in a file with this header.
pub(super) fn idle_columns(header: &Header, model: &Model) -> Vec<IdleColumn> {
    let there: Vec<Fact> = header.columns.iter().copied().filter_map(fact_of).collect();
    let idle = |(column, name): (&Column, &String)| {
        let fact = fact_of(*column)?;
        let readers = readers(model, fact);
        (!is_computed(&readers, &there)).then(|| IdleColumn {
            name: name.clone(),
            needs: missing(&readers, &there),
        })
    };
    header
        .columns
        .iter()
        .zip(&header.names)
        .filter_map(idle)
        .collect()
}

/// The headers that mean nothing to scoring; their columns are kept as they came.
pub(super) fn kept_columns(header: &Header) -> Vec<String> {
    let named = header.columns.iter().zip(&header.names);
    named
        .filter(|(column, _)| **column == Column::Other)
        .map(|(_, name)| name.clone())
        .collect()
}

fn fact_of(column: Column) -> Option<Fact> {
    match column {
        Column::Fact(fact) => Some(fact),
        _ => None,
    }
}

/// The features of the model that read a fact.
fn readers(model: &Model, fact: Fact) -> Vec<Feature> {
    let terms = Indicator::ALL
        .into_iter()
        .flat_map(|indicator| model.terms(indicator));
    terms
        .map(|term| term.feature)
        .filter(|feature| feature.facts().contains(&fact))
        .collect()
}

/// Whether one of the features comes out where all facts of the file are known.
fn is_computed(features: &[Feature], there: &[Fact]) -> bool {
    // One is a value that every fact can have.
    let known = there
        .iter()
        .fold(Facts::default(), |facts, fact| facts.with(*fact, 1.0));
    features
        .iter()
        .any(|feature| feature.value(&known, Prior::NONE).is_some())
}

fn missing(features: &[Feature], there: &[Fact]) -> Option<Fact> {
    let mut wanted = features.iter().flat_map(|feature| feature.facts());
    wanted.find(|fact| !there.contains(fact)).copied()
}
