//! One import.

use axum::extract::State;

use super::views::ImportView;
use crate::{answer::ok, edge::Call, extract::Path, intake, problem::Answer, state::App};

/// One import and how far it is.
#[utoipa::path(get, path = "/v1/imports/{id}", tag = "imports",
    params(("id" = String, Path, description = "Import id", example = "imp_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")),
    responses((status = 200, description = "The import", body = ImportView)))]
pub(crate) async fn get_import(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    let (_, import) = intake::find(&app.clients.imports, &call.meta, &id).await?;
    ok(&ImportView::from(import))
}
