//! One visit and its earlier versions.

use axum::extract::State;
use marque_api::service_history::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::{strangers::without_strangers, views::VisitView};
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::Path,
    problem::Answer,
    state::App,
    values::views,
};

/// One visit with its lines.
#[utoipa::path(get, path = "/v1/visits/{id}", tag = "visits",
    params(("id" = String, Path, description = "Visit id")),
    responses((status = 200, description = "The visit", body = VisitView)))]
pub(crate) async fn get_visit(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
) -> Answer {
    let ask = |strangers| {
        let request = pb::GetVisitRequest {
            id: id.clone(),
            strangers,
        };
        app.clients
            .visits
            .read(&call, request, |mut client, request| async move {
                client.get_visit(request).await
            })
    };
    let get = without_strangers(&app, &call, ask, visit_of);
    let visit = get.await?.visit.unwrap_or_default();
    let (version, owner) = (visit.version, visit.customer_id.clone());
    conditions.read_owned(version, &owner, &VisitView::from(visit))
}

fn visit_of(answer: &pb::GetVisitResponse) -> &[pb::Visit] {
    answer.visit.as_slice()
}

/// Versions of a visit.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VersionList {
    /// Newest first.
    versions: Vec<VisitView>,
}

fn versions_of(answer: &pb::ListVisitVersionsResponse) -> &[pb::Visit] {
    &answer.versions
}

/// Earlier versions of a visit that was corrected, newest first.
#[utoipa::path(get, path = "/v1/visits/{id}/versions", tag = "visits",
    params(("id" = String, Path, description = "Visit id")),
    responses((status = 200, description = "All versions", body = VersionList)))]
pub(crate) async fn list_visit_versions(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    let ask = |strangers| {
        let request = pb::ListVisitVersionsRequest {
            id: id.clone(),
            strangers,
        };
        app.clients
            .visits
            .read(&call, request, |mut client, request| async move {
                client.list_visit_versions(request).await
            })
    };
    let list = without_strangers(&app, &call, ask, versions_of);
    ok(&VersionList {
        versions: views(list.await?.versions),
    })
}
