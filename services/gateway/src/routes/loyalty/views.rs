//! A customer's loyalty as JSON has it.

use marque_api::scoring::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::benefits::BenefitView;
use crate::values::views;

/// A customer's loyalty.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Loyalty)]
pub(crate) struct LoyaltyView {
    /// The customer it belongs to now.
    customer_id: String,
    /// True if he does not want to be assessed; then nothing else is there.
    opted_out: bool,
    /// loyal, general, marginal or lost; absent for who never came.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "loyal")]
    class: String,
    /// potential, new, satisfied, retained or loyal.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "retained")]
    rung: String,
    /// trusting, half_trusting, lost or won_back; absent of whom nothing happened.
    #[serde(skip_serializing_if = "String::is_empty")]
    trust: String,
    /// Of who was won back, how.
    #[serde(skip_serializing_if = "Option::is_none")]
    won_back: Option<WonBackView>,
    /// How he comes.
    #[serde(skip_serializing_if = "Option::is_none")]
    rhythm: Option<RhythmView>,
    /// How likely he stays away.
    #[serde(skip_serializing_if = "Option::is_none")]
    churn: Option<ChurnView>,
    /// The four degrees overall.
    #[serde(skip_serializing_if = "Option::is_none")]
    degrees: Option<DegreesView>,
    /// What he is entitled to, what was granted to him and what he used this year.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    benefits: Vec<BenefitView>,
    /// By model.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    models: Vec<ModelLoyaltyView>,
    /// By dealer, as far as the caller sees them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    dealers: Vec<DealerDegreesView>,
    /// Business day of the assessment.
    #[serde(skip_serializing_if = "String::is_empty")]
    assessed_on: String,
}

/// How a customer who was lost came back.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WonBack)]
pub(crate) struct WonBackView {
    /// The day on which he came again.
    on: String,
    /// Days he had stayed away until then.
    away_days: i32,
    /// Visits since, that one included.
    visits_since: i32,
    /// tentative (that one visit alone, or something speaks against him), likely (one more) or settled (two more at least).
    #[schema(example = "tentative")]
    certainty: String,
}

impl From<pb::WonBack> for WonBackView {
    fn from(back: pb::WonBack) -> Self {
        Self {
            on: back.on,
            away_days: back.away_days,
            visits_since: back.visits_since,
            certainty: back.certainty,
        }
    }
}

/// A rhythm of coming.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Rhythm)]
pub(crate) struct RhythmView {
    /// Visits, those within a week taken together.
    visits: i32,
    /// The first day.
    first_visit: String,
    /// The last day.
    last_visit: String,
    /// His usual days between visits.
    interval_days: f64,
    /// Time since his last visit over that interval; 1 is on time.
    lateness: f64,
}

/// How likely a customer stays away.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Churn)]
pub(crate) struct ChurnView {
    /// 0 to 1.
    probability: f64,
    /// Days ahead for which it is stated.
    window_days: i32,
    /// What speaks for it, the heaviest first.
    reasons: Vec<ReasonView>,
    /// Customers it was learnt from; 0 for the model that ships.
    learnt_from: i64,
    /// How it went with customers, not seen by the model, who were given about the same probability.
    #[serde(skip_serializing_if = "Option::is_none")]
    alike: Option<ChurnBinView>,
}

/// Customers who were given about the same probability, and how it went with them.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChurnBin)]
pub(crate) struct ChurnBinView {
    /// Customers in it.
    customers: i64,
    /// Their mean probability to stay away, as it was stated.
    stated: f64,
    /// The share of them that stayed away.
    happened: f64,
}

impl From<pb::ChurnBin> for ChurnBinView {
    fn from(bin: pb::ChurnBin) -> Self {
        Self {
            customers: bin.customers,
            stated: bin.stated,
            happened: bin.happened,
        }
    }
}

/// Why somebody may stay away.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ChurnReason)]
pub(crate) struct ReasonView {
    /// late, first_visits, open_complaint, repeated_complaint, lukewarm, moved_away or car_sold.
    reason: String,
    /// In Chinese.
    zh: String,
    /// In English.
    en: String,
}

/// The four degrees, 0 to 100; absent where nothing is known.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Degrees)]
pub(crate) struct DegreesView {
    /// What he says: surveys, lowered by complaints.
    #[serde(skip_serializing_if = "Option::is_none")]
    satisfaction: Option<f64>,
    /// What he brings: his spend beside others of his kind.
    #[serde(skip_serializing_if = "Option::is_none")]
    contribution: Option<f64>,
    /// What he does: visits made of those expected, buying again, bringing others.
    #[serde(skip_serializing_if = "Option::is_none")]
    loyalty: Option<f64>,
    /// How much of his need he covers here.
    #[serde(skip_serializing_if = "Option::is_none")]
    dependence: Option<f64>,
}

/// Loyalty to one model.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ModelLoyalty)]
pub(crate) struct ModelLoyaltyView {
    /// Model.
    model: String,
    /// loyal, general, marginal or lost; absent for who never came with one.
    #[serde(skip_serializing_if = "String::is_empty")]
    class: String,
    /// How he comes with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    rhythm: Option<RhythmView>,
}

/// Degrees at one dealer.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DealerDegrees)]
pub(crate) struct DealerDegreesView {
    /// Dealer.
    dealer: String,
    /// The degrees there.
    degrees: DegreesView,
}

impl From<pb::Loyalty> for LoyaltyView {
    fn from(loyalty: pb::Loyalty) -> Self {
        let (window_days, learnt_from) = (loyalty.window_days, loyalty.learnt_from);
        let reasons: Vec<ReasonView> = views(loyalty.reasons);
        let alike = loyalty.alike.map(ChurnBinView::from);
        Self {
            customer_id: loyalty.customer_id,
            opted_out: loyalty.opted_out,
            class: loyalty.class,
            rung: loyalty.rung,
            trust: loyalty.trust,
            won_back: loyalty.won_back.map(WonBackView::from),
            rhythm: loyalty.rhythm.map(RhythmView::from),
            churn: loyalty.churn.map(|probability| ChurnView {
                probability,
                window_days,
                reasons,
                learnt_from,
                alike,
            }),
            degrees: loyalty.degrees.map(DegreesView::from),
            benefits: views(loyalty.benefits),
            models: views(loyalty.models),
            dealers: views(loyalty.dealers),
            assessed_on: loyalty.assessed_on,
        }
    }
}

impl From<pb::Rhythm> for RhythmView {
    fn from(rhythm: pb::Rhythm) -> Self {
        Self {
            visits: rhythm.visits,
            first_visit: rhythm.first_visit,
            last_visit: rhythm.last_visit,
            interval_days: rhythm.interval_days,
            lateness: rhythm.lateness,
        }
    }
}

impl From<pb::ChurnReason> for ReasonView {
    fn from(reason: pb::ChurnReason) -> Self {
        Self {
            reason: reason.key,
            zh: reason.zh,
            en: reason.en,
        }
    }
}

impl From<pb::Degrees> for DegreesView {
    fn from(degrees: pb::Degrees) -> Self {
        Self {
            satisfaction: degrees.satisfaction,
            contribution: degrees.contribution,
            loyalty: degrees.loyalty,
            dependence: degrees.dependence,
        }
    }
}

impl From<pb::ModelLoyalty> for ModelLoyaltyView {
    fn from(model: pb::ModelLoyalty) -> Self {
        Self {
            model: model.model,
            class: model.class,
            rhythm: model.rhythm.map(RhythmView::from),
        }
    }
}

impl From<pb::DealerDegrees> for DealerDegreesView {
    fn from(dealer: pb::DealerDegrees) -> Self {
        Self {
            dealer: dealer.dealer,
            degrees: dealer.degrees.unwrap_or_default().into(),
        }
    }
}
