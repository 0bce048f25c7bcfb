//! A score as JSON has it.

use marque_api::scoring::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::values::{Instant, instant, views};

/// A customer's score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
pub(crate) struct ScoreView {
    /// The customer it belongs to now.
    customer_id: String,
    /// scored, unscored (nothing is known that a score could rest on) or opted_out.
    #[schema(example = "scored")]
    status: &'static str,
    /// person or organization: ranked apart.
    #[schema(example = "person")]
    kind: String,
    /// 1.00 to 100.00.
    #[schema(example = 73.5)]
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f64>,
    /// Per cent of the weight that rests on something known.
    confidence: i32,
    /// vip, major, ordinary or small; absent for past scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    tier: Option<String>,
    /// From 1; ties go to the smaller id.
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<i64>,
    /// Ranked customers of the kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<i64>,
    /// Where he stands among the customers of each brand he drives.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    brands: Vec<StandingView>,
    /// Version of the model.
    model_version: String,
    /// When the score was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    assessed_at: Option<Instant>,
    /// The six indicators; with features and facts if an explanation was asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    indicators: Vec<IndicatorView>,
    /// What alone would lift him to the next tier, the smallest rise first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    lifts: Vec<LiftView>,
    /// The explanation for the customer himself, a sentence each; of who has no score why there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    words: Option<Words>,
    /// Whether inputs and model, computed again, give the same.
    replayed: bool,
}

/// Where a customer stands in a group.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standing)]
pub(crate) struct StandingView {
    /// Brand of the group; absent for all customers of the kind.
    #[serde(skip_serializing_if = "String::is_empty")]
    brand: String,
    /// vip, major, ordinary or small.
    tier: String,
    /// From 1.
    rank: i64,
    /// Ranked customers of the group.
    size: i64,
    /// True if he keeps a tier that his rank alone would not give him any more; absent otherwise.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    held: bool,
}

/// One indicator of a score.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreIndicator)]
pub(crate) struct IndicatorView {
    /// Which of the six.
    #[schema(example = "transaction_amount")]
    indicator: String,
    /// 1 to 100.
    points: f64,
    /// Share of the whole weight, 0 to 1.
    weight: f64,
    /// Points of the score it brings.
    contribution: f64,
    /// Share that rests on something known, 0 to 1.
    known: f64,
    /// What it was computed from.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    features: Vec<FeatureView>,
    /// Who gave the points as they are; absent where they were computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    given: Option<GivenView>,
}

/// Points that somebody gave for an indicator: they count instead of what would be computed, for as long as they hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = GivenPoints)]
pub(crate) struct GivenView {
    /// The assessment that says so.
    evidence: EvidenceView,
    /// The last day on which it holds.
    valid_until: String,
}

/// One feature of an indicator.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreFeature)]
pub(crate) struct FeatureView {
    /// Its name.
    #[schema(example = "visit_rate")]
    feature: String,
    /// Its value; absent where nothing is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Points off its curve, or the neutral ones.
    points: f64,
    /// The facts it was computed from.
    facts: Vec<FactView>,
}

/// A fact with the records it rests on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreFact)]
pub(crate) struct FactView {
    /// Its name.
    #[schema(example = "visit_count")]
    fact: String,
    /// Its value.
    value: f64,
    /// The newest twenty of the records.
    evidence: Vec<EvidenceView>,
}

/// A record a fact rests on.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreEvidence)]
pub(crate) struct EvidenceView {
    /// Source record of the customer.
    source_record_id: String,
    /// visit, purchase, payment, assessment, complaint, vehicle or referral.
    kind: String,
    /// Id of the visit, complaint or other fact.
    #[serde(skip_serializing_if = "String::is_empty")]
    id: String,
    /// Business date.
    date: String,
    /// Dealer it happened at.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// What is assumed of it: order_without_vin is an order that is taken for the purchase of a car which its dealer sold him.
    #[serde(skip_serializing_if = "String::is_empty")]
    assumed: String,
}

/// One indicator that alone would carry him over the border.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreLift)]
pub(crate) struct LiftView {
    /// The tier that would be reached.
    tier: String,
    /// The indicator.
    indicator: String,
    /// Its points now.
    points: f64,
    /// The points it needs.
    needed: f64,
    /// Features that alone would bring those points.
    features: Vec<FeatureLiftView>,
}

/// One feature that alone would bring an indicator to the needed points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreFeatureLift)]
pub(crate) struct FeatureLiftView {
    /// Its name.
    feature: String,
    /// Its value now.
    #[serde(skip_serializing_if = "Option::is_none")]
    now: Option<f64>,
    /// The value it needs.
    needed: f64,
}

/// An explanation in plain words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreWords)]
pub(crate) struct Words {
    /// Chinese.
    zh: Vec<String>,
    /// English.
    en: Vec<String>,
}

/// Hundredths of a point as a number.
pub(crate) fn score_of(hundredths: i64) -> f64 {
    hundredths as f64 / 100.0
}

impl From<pb::Score> for ScoreView {
    fn from(score: pb::Score) -> Self {
        let state = score.state();
        let is_scored = state == pb::ScoreState::Scored;
        let standing = score.standing;
        let words = (!score.words_en.is_empty()).then_some(Words {
            zh: score.words_zh,
            en: score.words_en,
        });
        Self {
            customer_id: score.customer_id,
            status: status(state),
            kind: score.kind,
            score: is_scored.then(|| score_of(score.hundredths)),
            confidence: score.confidence,
            rank: standing.as_ref().map(|standing| standing.rank),
            size: standing.as_ref().map(|standing| standing.size),
            tier: standing.map(|standing| standing.tier),
            brands: views(score.brands),
            model_version: score.model_version,
            assessed_at: instant(score.assessed_at),
            indicators: views(score.indicators),
            lifts: views(score.lifts),
            words,
            replayed: score.replayed,
        }
    }
}

fn status(state: pb::ScoreState) -> &'static str {
    match state {
        pb::ScoreState::Scored => "scored",
        pb::ScoreState::OptedOut => "opted_out",
        pb::ScoreState::Unscored | pb::ScoreState::Unspecified => "unscored",
    }
}

impl From<pb::Standing> for StandingView {
    fn from(standing: pb::Standing) -> Self {
        Self {
            brand: standing.brand,
            tier: standing.tier,
            rank: standing.rank,
            size: standing.size,
            held: standing.held,
        }
    }
}

impl From<pb::Indicator> for IndicatorView {
    fn from(indicator: pb::Indicator) -> Self {
        Self {
            indicator: indicator.key,
            points: indicator.points,
            weight: indicator.weight,
            contribution: indicator.contribution,
            known: indicator.known,
            features: views(indicator.features),
            given: indicator.given.map(|given| GivenView {
                evidence: given.evidence.unwrap_or_default().into(),
                valid_until: given.valid_until,
            }),
        }
    }
}

impl From<pb::Feature> for FeatureView {
    fn from(feature: pb::Feature) -> Self {
        Self {
            feature: feature.key,
            value: feature.value,
            points: feature.points,
            facts: views(feature.facts),
        }
    }
}

impl From<pb::FactUsed> for FactView {
    fn from(fact: pb::FactUsed) -> Self {
        Self {
            fact: fact.key,
            value: fact.value,
            evidence: views(fact.evidence),
        }
    }
}

impl From<pb::Evidence> for EvidenceView {
    fn from(evidence: pb::Evidence) -> Self {
        Self {
            source_record_id: evidence.source_record_id,
            kind: evidence.kind,
            id: evidence.fact_id,
            date: evidence.date,
            dealer: evidence.dealer,
            assumed: evidence.assumed,
        }
    }
}

impl From<pb::Lift> for LiftView {
    fn from(lift: pb::Lift) -> Self {
        Self {
            tier: lift.tier,
            indicator: lift.indicator,
            points: lift.points,
            needed: lift.needed,
            features: views(lift.features),
        }
    }
}

impl From<pb::FeatureLift> for FeatureLiftView {
    fn from(lift: pb::FeatureLift) -> Self {
        Self {
            feature: lift.key,
            now: lift.now,
            needed: lift.needed,
        }
    }
}
