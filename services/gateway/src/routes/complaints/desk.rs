//! The desk's view: a case and everything beside it, in one call.

use axum::extract::State;
use marque_api::complaint::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{solutions::SolutionView, views::ComplaintView};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    routes::profile::{self, CarFacts, Facts},
    state::App,
    values::views,
};

/// A case and everything beside it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct DeskView {
    /// The case with clocks, tasks and course.
    complaint: ComplaintView,
    /// Other cases of the customer or the vehicle in the caller's scope, newest first.
    earlier: Vec<ComplaintView>,
    /// Cases like it, likest first.
    similar: Vec<SimilarComplaint>,
    /// Approved solutions that fit it, best first.
    solutions: Vec<SolutionView>,
    /// What other roles know of the customer: vehicles, visits, score, loyalty. Left out while he is not known.
    #[serde(skip_serializing_if = "Option::is_none")]
    customer: Option<Facts>,
    /// What they know of the car it is about, whoever the customer is: the car, its visits, what is due for it. Left out of a
    /// case without a VIN.
    #[serde(skip_serializing_if = "Option::is_none")]
    vehicle: Option<CarFacts>,
}

/// A case that is like another.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SimilarComplaint {
    /// The case, without course and tasks.
    #[serde(flatten)]
    complaint: ComplaintView,
    /// What both have in common: vehicle, fault, part, category or words.
    #[schema(example = json!(["fault", "words"]))]
    alike: Vec<String>,
}

/// Everything the desk needs beside a case, at once.
///
/// What other roles know of the customer and of the car comes part by part, as in his profile: one whose role is down says
/// `unavailable`.
#[utoipa::path(get, path = "/v1/complaints/{id}/desk", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    responses((status = 200, description = "The desk's view", body = DeskView)))]
pub(crate) async fn get_desk(State(app): State<App>, call: Call, Path(id): Path<String>) -> Answer {
    let get = app.clients.complaint.read(
        &call,
        pb::GetDeskRequest { id },
        |mut client, request| async move { client.get_desk(request).await },
    );
    let pb::GetDeskResponse {
        complaint,
        earlier,
        similar,
        solutions,
        likeness,
    } = get.await?;
    let reasons = likeness.into_iter().map(|likeness| likeness.reasons);
    let similar = similar
        .into_iter()
        .zip(reasons.chain(std::iter::repeat(Vec::new())))
        .map(|(complaint, alike)| SimilarComplaint {
            complaint: complaint.into(),
            alike,
        })
        .collect();
    let complaint = complaint.unwrap_or_default();
    let about = (complaint.customer_id.as_str(), complaint.vin.as_str());
    let (customer, vehicle) = profile::beside(&app, call, about).await;
    ok(&DeskView {
        complaint: complaint.into(),
        earlier: views(earlier),
        similar,
        solutions: views(solutions),
        customer,
        vehicle,
    })
}

/// What is looked for.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SearchBody {
    /// Words, Chinese or English, or a VIN: then the cases of the car, open ones first, at most 20. In the body, since they may say who
    /// somebody is.
    #[schema(example = "刹车异响")]
    query: String,
    /// Most cases, at most 50; 10 if not said.
    limit: i32,
}

/// Cases that were found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundComplaints {
    /// Best first, without course and tasks.
    complaints: Vec<ComplaintView>,
}

/// Cases in the caller's scope whose words fit a query best, or those of a car.
#[utoipa::path(post, path = "/v1/complaints/search", tag = "complaints", request_body = SearchBody,
    responses((status = 200, description = "Cases, best first", body = FoundComplaints)))]
pub(crate) async fn search_complaints(
    State(app): State<App>,
    call: Call,
    Json(SearchBody { query, limit }): Json<SearchBody>,
) -> Answer {
    let search = app.clients.complaint.read(
        &call,
        pb::SearchComplaintsRequest { query, limit },
        |mut client, request| async move { client.search_complaints(request).await },
    );
    ok(&FoundComplaints {
        complaints: views(search.await?.complaints),
    })
}
