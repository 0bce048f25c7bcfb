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

/// Create or replace the terms of a model, or of one car by its certificate, for cars sold from a day on.
///
/// Counters and due dates follow. Less than the law asks is refused. Goes on record.
#[utoipa::path(put, path = "/v1/guarantee-terms", tag = "scores", request_body = GuaranteeTerms,
    responses((status = 200, description = "As stored", body = GuaranteeTerms)))]
pub(crate) async fn put_guarantee_terms(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(terms): Json<GuaranteeTerms>,
) -> Answer {
    conditions.check_unconditional()?;
    let terms = pb::GuaranteeTerms {
        vehicle_id: terms.vehicle_id,
        model: terms.model,
        sold_from: terms.sold_from,
        period_months: terms.period_months,
        period_km: terms.period_km,
        repair_months: terms.repair_months,
        repair_km: terms.repair_km,
    };
    let request = pb::PutGuaranteeTermsRequest { terms: Some(terms) };
    let put = app
        .clients
        .scoring
        .write(&call, request, |mut client, request| async move {
            client.put_guarantee_terms(request).await
        });
    ok(&GuaranteeTerms::from(put.await?.terms.unwrap_or_default()))
}
