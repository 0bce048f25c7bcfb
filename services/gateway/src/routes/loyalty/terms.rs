//! What the maker promises under the three guarantees.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::Json,
    problem::Answer,
    state::App,
    values::views,
};

/// What is promised to cars under the three guarantees: months or km from the sale, whichever is first.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct GuaranteeTerms {
    /// The one car that has this certificate; absent for all cars of the model.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "")]
    vehicle_id: String,
    /// Model, or series where cars have no model; empty for all others.
    #[schema(example = "S5 Plus")]
    model: String,
    /// For cars sold on this day or later; whenever sold if it is left out.
    #[schema(example = "2026-01-01")]
    sold_from: String,
    /// Three-guarantees period in months: 24 at least, as the law asks.
    #[schema(example = 36)]
    period_months: u32,
    /// Three-guarantees period in km: 50,000 at least.
    #[schema(example = 80000)]
    period_km: u32,
    /// Repair period in months: 36 at least.
    #[schema(example = 60)]
    repair_months: u32,
    /// Repair period in km: 60,000 at least.
    #[schema(example = 150_000)]
    repair_km: u32,
    /// Usage fee per 1,000 km as a share of the price, in hundredths of a per cent: 50 at most, as the law asks, and if it is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 50)]
    usage_fee_basis_points: Option<u32>,
    /// Capacity that the traction battery may lose, in per cent of what it had; absent if the certificate does not say.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(example = 20)]
    battery_fade_percent: Option<u32>,
    /// Parts that wear, each with a term of its own; 100 at most.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    wear_parts: Vec<WearPart>,
    /// Takes back what was promised to these cars from this day on; nothing else is read then.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(example = false)]
    withdrawn: bool,
}

/// A part that wears: months or km from the sale, whichever is first.
#[derive(Debug, Default, Deserialize, Serialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct WearPart {
    /// What it is called.
    #[schema(example = "雨刮片")]
    name: String,
    /// Its term in months; 0 if time does not count.
    #[schema(example = 6)]
    months: u32,
    /// Its term in km; 0 if distance does not count.
    #[schema(example = 10000)]
    km: u32,
}

impl From<pb::WearPart> for WearPart {
    fn from(part: pb::WearPart) -> Self {
        let pb::WearPart { name, months, km } = part;
        Self { name, months, km }
    }
}

impl From<WearPart> for pb::WearPart {
    fn from(part: WearPart) -> Self {
        let WearPart { name, months, km } = part;
        Self { name, months, km }
    }
}

impl From<GuaranteeTerms> for pb::GuaranteeTerms {
    fn from(terms: GuaranteeTerms) -> Self {
        Self {
            vehicle_id: terms.vehicle_id,
            model: terms.model,
            sold_from: terms.sold_from,
            period_months: terms.period_months,
            period_km: terms.period_km,
            repair_months: terms.repair_months,
            repair_km: terms.repair_km,
            withdrawn: terms.withdrawn,
            usage_fee_basis_points: terms.usage_fee_basis_points,
            battery_fade_percent: terms.battery_fade_percent,
            wear_parts: views(terms.wear_parts),
        }
    }
}

impl From<pb::GuaranteeTerms> for GuaranteeTerms {
    fn from(terms: pb::GuaranteeTerms) -> Self {
        Self {
            vehicle_id: terms.vehicle_id,
            model: terms.model,
            sold_from: terms.sold_from,
            period_months: terms.period_months,
            period_km: terms.period_km,
            repair_months: terms.repair_months,
            repair_km: terms.repair_km,
            usage_fee_basis_points: terms.usage_fee_basis_points,
            battery_fade_percent: terms.battery_fade_percent,
            wear_parts: views(terms.wear_parts),
            withdrawn: terms.withdrawn,
        }
    }
}

/// All promises.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct GuaranteeTermsList {
    /// By model, the newest first; those of single cars are shown with their counters.
    guarantee_terms: Vec<GuaranteeTerms>,
}

/// What the maker promises under the three guarantees above the law's least, by model.
#[utoipa::path(get, path = "/v1/guarantee-terms", tag = "scores",
    responses((status = 200, description = "The promises", body = GuaranteeTermsList)))]
pub(crate) async fn list_guarantee_terms(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.scoring.read(
        &call,
        pb::ListGuaranteeTermsRequest {},
        |mut client, request| async move { client.list_guarantee_terms(request).await },
    );
    ok(&GuaranteeTermsList {
        guarantee_terms: views(list.await?.terms),
    })
}

/// Create, replace or take back the terms of a model, or of one car by its certificate, for cars sold from a day on.
///
/// Counters and due dates follow. Less than the law asks is refused. Goes on record.
#[utoipa::path(put, path = "/v1/guarantee-terms", tag = "scores", request_body = GuaranteeTerms,
    responses((status = 200, description = "As stored; what was taken back as it was", body = GuaranteeTerms)))]
pub(crate) async fn put_guarantee_terms(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(terms): Json<GuaranteeTerms>,
) -> Answer {
    let request = pb::PutGuaranteeTermsRequest {
        terms: Some(terms.into()),
        only_new: conditions.wants_absence(),
    };
    let put = app
        .clients
        .scoring
        .write(&call, request, |mut client, request| async move {
            client.put_guarantee_terms(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    ok(&GuaranteeTerms::from(put.terms.unwrap_or_default()))
}
