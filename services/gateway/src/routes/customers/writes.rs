//! Unmasking and consents.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::ConsentView;
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    state::App,
};

/// Why the whole values are needed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct UnmaskBody {
    /// At least ten characters; goes on record.
    #[schema(example = "customer on the phone asks which number we have")]
    reason: String,
}

/// The whole values.
#[derive(Serialize, ToSchema)]
pub(crate) struct Unmasked {
    /// ID number.
    id_number: String,
    /// Phones.
    phones: Vec<String>,
    /// Address.
    address: String,
}

/// The whole ID number, phones and address of a customer, against a reason that goes on record.
#[utoipa::path(post, path = "/v1/customers/{id}/unmask", tag = "customers",
    params(("id" = String, Path, description = "Customer id")),
    request_body = UnmaskBody,
    responses((status = 200, description = "The whole values", body = Unmasked)))]
pub(crate) async fn unmask(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
    Json(UnmaskBody { reason }): Json<UnmaskBody>,
) -> Answer {
    let request = pb::UnmaskRequest {
        customer_id,
        reason,
    };
    let unmask = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.unmask(request).await
        });
    let pb::UnmaskResponse {
        id_number,
        phones,
        address,
    } = unmask.await?;
    ok(&Unmasked {
        id_number,
        phones,
        address,
    })
}

/// Consent given or withdrawn.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ConsentBody {
    /// True: given; false: withdrawn.
    pub(crate) given: bool,
    /// Version of the notice that was shown.
    #[serde(default)]
    #[schema(example = "2026-03")]
    pub(crate) notice_version: String,
    /// Channel it came by.
    #[serde(default)]
    #[schema(example = "counter")]
    pub(crate) channel: String,
}

/// Give or withdraw a customer's consent for a purpose.
#[utoipa::path(put, path = "/v1/customers/{id}/consents/{purpose}", tag = "customers",
    params(
        ("id" = String, Path, description = "Customer id"),
        ("purpose" = String, Path, description = "marketing, care, scoring or sharing", example = "marketing")),
    request_body = ConsentBody,
    responses((status = 200, description = "As it now stands", body = ConsentView)))]
pub(crate) async fn put_consent(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path((customer_id, purpose)): Path<(String, String)>,
    Json(ConsentBody {
        given,
        notice_version,
        channel,
    }): Json<ConsentBody>,
) -> Answer {
    let request = pb::PutConsentRequest {
        customer_id,
        purpose,
        given,
        notice_version,
        channel,
        expected_version: conditions.replaced_version()?,
    };
    let put = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.put_consent(request).await
        });
    let put = put.await.map_err(|failure| conditions.told(failure))?;
    ok(&ConsentView::from(put.consent.unwrap_or_default()))
}
