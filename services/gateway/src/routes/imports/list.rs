//! All imports.

use axum::extract::State;
use marque_api::intake::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::views::ImportView;
use crate::{
    answer::ok, edge::Call, extract::Query, intake, problem::Answer, routes::paging::Paging,
    state::App, values::views,
};

/// A page of imports.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ImportPage {
    /// Newest first.
    imports: Vec<ImportView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
    /// Kinds of rows whose imports are missing here, since the role that takes them is down or late: ask again later.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    unavailable_kinds: Vec<String>,
}

/// Imports of all kinds in the caller's scope, newest first.
///
/// If a role that takes files is down, the imports of the others are listed, and `unavailable_kinds` says what is missing.
#[utoipa::path(get, path = "/v1/imports", tag = "imports", params(Paging),
    responses((status = 200, description = "A page of imports", body = ImportPage)))]
pub(crate) async fn list_imports(
    State(app): State<App>,
    call: Call,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListImportsRequest {
        page_size,
        page_token,
    };
    let pb::ListImportsResponse {
        imports,
        next_page_token,
        unavailable_kinds,
    } = intake::list(
        &app.clients.imports,
        &call.meta,
        &request,
        app.settings.part_deadline,
    )
    .await?;
    ok(&ImportPage {
        imports: views(imports),
        next_page_token,
        unavailable_kinds,
    })
}
