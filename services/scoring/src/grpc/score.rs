//! A score on the wire, with its explanation.

use marque_api::scoring::v1 as pb;
use marque_core::{FactId, VisitId};
use marque_events::to_proto_time;
use marque_insight::{
    rank::{Standing, Tier},
    value::{Fact, FactPart, IndicatorPart, Language, TermPart},
};

use super::words::words;
use crate::{
    app::{LiftTo, Shown},
    domain::{Cited, Evidence, State},
};

/// Records named for one fact; the count of all is the fact itself.
const EVIDENCE_SHOWN: usize = 20;

pub(super) fn to_pb(shown: &Shown) -> pb::Score {
    let row = &shown.row;
    pb::Score {
        customer_id: row.customer.to_string(),
        state: state(row.state) as i32,
        kind: row.kind.key().to_owned(),
        hundredths: row.hundredths,
        confidence: row.confidence as i32,
        standing: shown.standing.map(|standing| standing_to_pb(standing, "")),
        brands: shown
            .brands
            .iter()
            .map(|place| standing_to_pb(place.standing, &place.brand))
            .collect(),
        model_version: row.model_version.clone(),
        assessed_at: Some(to_proto_time(row.assessed_at)),
        indicators: indicators(shown),
        words_zh: words(shown, Language::Chinese),
        words_en: words(shown, Language::English),
        lifts: shown.lifts.as_ref().map_or_else(Vec::new, lifts),
        replayed: shown.is_replayed,
    }
}

fn state(state: State) -> pb::ScoreState {
    match state {
        State::Scored => pb::ScoreState::Scored,
        State::Unscored => pb::ScoreState::Unscored,
        State::OptedOut => pb::ScoreState::OptedOut,
        State::Gone => pb::ScoreState::Unspecified,
    }
}

pub(super) fn standing_to_pb(standing: Standing, brand: &str) -> pb::Standing {
    pb::Standing {
        tier: standing.tier.key().to_owned(),
        rank: standing.rank as i64,
        size: standing.size as i64,
        held: standing.tier != Tier::of(standing.rank, standing.size),
        brand: brand.to_owned(),
    }
}

/// With the explanation where there is one, without features where there is none.
fn indicators(shown: &Shown) -> Vec<pb::Indicator> {
    if let Some(explanation) = &shown.explanation {
        let parts = explanation.indicators.iter();
        return parts.map(|part| indicator(part, &shown.evidence)).collect();
    }
    let Some(assessment) = shown.assessment else {
        return Vec::new();
    };
    let all = marque_insight::value::Indicator::ALL.into_iter();
    all.map(|indicator| {
        let place = indicator as usize;
        let (points, weight) = (assessment.points[place].as_f64(), shown.weights[place]);
        pb::Indicator {
            key: indicator.key().to_owned(),
            points,
            weight,
            contribution: weight * points,
            known: assessment.known[place],
            features: Vec::new(),
            given: None,
        }
    })
    .collect()
}

fn indicator(part: &IndicatorPart, evidence: &[Evidence]) -> pb::Indicator {
    pb::Indicator {
        key: part.indicator.key().to_owned(),
        points: part.points.as_f64(),
        weight: part.weight,
        contribution: part.contribution,
        known: part.known,
        features: part
            .terms
            .iter()
            .map(|term| feature(term, evidence))
            .collect(),
        given: evidence.iter().find_map(|each| match each.of {
            Cited::Given(indicator, until) if indicator == part.indicator => {
                Some(pb::GivenPoints {
                    evidence: Some(evidence_to_pb(each)),
                    valid_until: until.map_or_else(String::new, |day| day.to_string()),
                })
            }
            _ => None,
        }),
    }
}

fn feature(term: &TermPart, evidence: &[Evidence]) -> pb::Feature {
    pb::Feature {
        key: term.feature.key().to_owned(),
        value: term.value,
        points: term.points,
        facts: term
            .facts
            .iter()
            .map(|fact| fact_used(fact, evidence))
            .collect(),
    }
}

fn fact_used(part: &FactPart, evidence: &[Evidence]) -> pb::FactUsed {
    let mut records: Vec<&Evidence> = if part.fact == Fact::MonthsSinceFirst {
        first_contact(evidence).into_iter().collect()
    } else {
        let cited = Cited::Fact(part.fact);
        evidence.iter().filter(|each| each.of == cited).collect()
    };
    records.sort_unstable_by_key(|evidence| std::cmp::Reverse(evidence.date));
    pb::FactUsed {
        key: part.fact.key().to_owned(),
        value: part.value,
        evidence: records
            .into_iter()
            .take(EVIDENCE_SHOWN)
            .map(evidence_to_pb)
            .collect(),
    }
}

/// The visit or purchase that the time since the first contact is counted from.
fn first_contact(evidence: &[Evidence]) -> Option<&Evidence> {
    let contacts = [Fact::VisitCount, Fact::PurchaseCount].map(Cited::Fact);
    let contacts = evidence.iter().filter(|each| contacts.contains(&each.of));
    contacts.min_by_key(|each| each.date)
}

fn evidence_to_pb(evidence: &Evidence) -> pb::Evidence {
    let fact_id = evidence.id.map(|id| match evidence.kind {
        "visit" => VisitId::from(id).to_string(),
        "complaint" => marque_core::ComplaintId::from(id).to_string(),
        _ => FactId::from(id).to_string(),
    });
    pb::Evidence {
        source_record_id: evidence.record.to_string(),
        kind: evidence.kind.to_owned(),
        fact_id: fact_id.unwrap_or_default(),
        date: evidence.date.to_string(),
        dealer: evidence.dealer.clone(),
        assumed: evidence.assumed.to_owned(),
    }
}

fn lifts(to: &LiftTo) -> Vec<pb::Lift> {
    to.lifts
        .iter()
        .map(|lift| pb::Lift {
            tier: to.tier.key().to_owned(),
            indicator: lift.indicator.key().to_owned(),
            points: lift.points.as_f64(),
            needed: lift.needed,
            features: lift
                .features
                .iter()
                .map(|feature| pb::FeatureLift {
                    key: feature.feature.key().to_owned(),
                    now: feature.now,
                    needed: feature.needed,
                })
                .collect(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use chrono::NaiveDate;
    use uuid::Uuid;

    use super::*;

    #[test]
    fn the_time_since_the_first_contact_rests_on_the_first_visit_or_purchase() {
        let cited = |fact: Fact, kind: &'static str, month: u32| Evidence {
            of: Cited::Fact(fact),
            record: Uuid::nil().into(),
            kind,
            id: None,
            date: NaiveDate::from_ymd_opt(2026, month, 1).expect("a day"),
            dealer: String::new(),
            assumed: "",
        };
        let evidence = [
            cited(Fact::ServiceAmount, "visit", 1),
            cited(Fact::VisitCount, "visit", 11),
            cited(Fact::PurchaseCount, "purchase", 3),
        ];
        let part = FactPart {
            fact: Fact::MonthsSinceFirst,
            value: 8.0,
            evidence: Vec::new(),
        };
        let shown = fact_used(&part, &evidence).evidence;
        let shown: Vec<(&str, &str)> = shown
            .iter()
            .map(|each| (each.kind.as_str(), each.date.as_str()))
            .collect();
        assert_eq!(shown, [("purchase", "2026-03-01")]);
    }
}
