//! The quarantined rows as a file.

use axum::{body::Body, extract::State, response::Response};
use futures::StreamExt as _;
use http::{HeaderValue, header};
use marque_api::intake::v1::DownloadQuarantineRequest;

use crate::{edge::Call, extract::Path, intake, problem::Answer, state::App};

/// The quarantined rows as a CSV that can be mended and sent again.
#[utoipa::path(get, path = "/v1/imports/{id}/quarantine", tag = "imports",
    params(("id" = String, Path, description = "Import id")),
    responses((status = 200, description = "The rows with a column of reasons", body = String, content_type = "text/csv")))]
pub(crate) async fn download_quarantine(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    let (importer, import) = intake::find(&app.clients.imports, &call.meta, &id).await?;
    let name = format!("attachment; filename=\"{}-quarantine.csv\"", import.id);
    let request = call.meta.outgoing(DownloadQuarantineRequest {
        import_id: import.id,
    });
    let chunks = importer
        .peer
        .client()
        .download_quarantine(request)
        .await?
        .into_inner();
    let bytes = chunks.map(|message| message.map(|message| message.chunk));
    let mut response = Response::new(Body::from_stream(bytes));
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/csv; charset=utf-8"),
    );
    if let Ok(name) = HeaderValue::try_from(name) {
        headers.insert(header::CONTENT_DISPOSITION, name);
    }
    Ok(response)
}
