//! A file comes in: streamed into its role as it arrives.

use std::collections::BTreeMap;

use axum::{
    body::Body,
    extract::{Query as Pairs, Request, State},
};
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, StatusCode, Uri};
use marque_api::intake::v1::ImportStart;
use tonic::Status;
use utoipa::IntoParams;

use super::views::ImportView;
use crate::{
    answer::{json, located},
    edge::Call,
    extract::{is_type, read_json, refuse_coding},
    intake::{ImportError, Part, chunk, importer, send, start},
    problem::{Answer, Failure},
    state::App,
    values::Binary,
};

/// A mapping of columns as one JSON object: `{"phone": "联系电话"}`.
const MAPPING: HeaderName = HeaderName::from_static("x-marque-mapping");

/// What is coming.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct ImportQuery {
    /// customers, vehicles, visits, complaints, verifications, purchases, payments or assessments.
    #[param(example = "customers")]
    kind: String,
    /// Code of the dealer whose data it is.
    #[param(example = "D001")]
    dealer: String,
    /// Source system at the dealer.
    #[param(example = "dms")]
    source: String,
    /// Report only, write nothing.
    #[param(required = false)]
    dry_run: bool,
    /// csv, xlsx or ndjson; found out if not said.
    #[param(required = false)]
    format: String,
    /// `column:header` where a header is not a usual one; may be repeated.
    #[param(required = false)]
    map: Vec<String>,
}

/// Import a file of any size: CSV (UTF-8 or GB18030), XLSX or NDJSON.
///
/// The answer comes when all bytes are on disk; the work goes on behind: see `GET /v1/imports/{id}`. The same file
/// again changes nothing.
#[utoipa::path(post, path = "/v1/imports", tag = "imports",
    params(ImportQuery,
        ("x-marque-mapping" = Option<String>, Header, description = "Mapping of columns to headers as a JSON object, UTF-8", example = "{\"phone\": \"Tel. 1\"}")),
    request_body(content((String = "text/csv"), (Binary = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"), (String = "application/x-ndjson"))),
    responses((status = 202, description = "Taken in", body = ImportView)))]
pub(crate) async fn create_import(State(app): State<App>, call: Call, request: Request) -> Answer {
    let begin = ImportQuery::read(request.uri())?.into_start(request.headers())?;
    refuse_wrapping(request.headers())?;
    let importer = importer(&app.clients.imports, &begin.kind).map_err(Status::from)?;
    let parts =
        stream::once(std::future::ready(Ok(start(begin)))).chain(chunks(request.into_body()));
    let sent = send(
        importer,
        Box::pin(parts),
        app.settings.body_stall,
        call.outgoing_write(()),
    );
    let import = call.answered(sent.await?).import.unwrap_or_default();
    let path = format!("/v1/imports/{}", import.id);
    Ok(located(
        json(StatusCode::ACCEPTED, &ImportView::from(import)),
        path,
    ))
}

/// Refuses what is not the file itself, of which nothing could be read but that it is no table.
fn refuse_wrapping(headers: &HeaderMap) -> Answer<()> {
    refuse_coding(headers)?;
    if !is_type(headers, &["multipart/form-data"]) {
        return Ok(());
    }
    let detail =
        "send the file itself as the body and not in a form, as curl does with --data-binary @FILE";
    let failure = Failure::invalid("CONTENT_TYPE_UNSUPPORTED", detail);
    Err(failure.with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE))
}

fn chunks(body: Body) -> impl futures::Stream<Item = Part> + Send {
    body.into_data_stream().map(|bytes| match bytes {
        Ok(bytes) => Ok(chunk(bytes)),
        Err(_) => Err(ImportError::Broken),
    })
}

impl ImportQuery {
    /// Reads the query by hand, for `map` may be repeated and nothing else may.
    fn read(uri: &Uri) -> Answer<Self> {
        let pairs = Pairs::<Vec<(String, String)>>::try_from_uri(uri).map_err(|_| {
            Failure::invalid("QUERY_INVALID", "the query is not percent-encoded UTF-8")
        })?;
        let mut query = Self::default();
        let mut seen = Vec::new();
        for (name, value) in pairs.0 {
            if name != "map" && seen.contains(&name) {
                return Err(Failure::field(
                    name,
                    "REPEATED",
                    "the parameter is there twice: keep one",
                ));
            }
            match name.as_str() {
                "kind" => query.kind = value,
                "dealer" => query.dealer = value,
                "source" => query.source = value,
                "format" => query.format = value,
                "map" => query.map.push(value),
                "dry_run" => query.dry_run = read_flag(&value)?,
                _ => {
                    let known = "known: kind, dealer, source, dry_run, format, map";
                    return Err(Failure::field(
                        name.chars().take(64).collect::<String>(),
                        "UNKNOWN_FIELD",
                        known,
                    ));
                }
            }
            seen.push(name);
        }
        Ok(query)
    }

    fn into_start(self, headers: &HeaderMap) -> Answer<ImportStart> {
        let Self {
            kind,
            dealer,
            source,
            dry_run,
            format,
            map,
        } = self;
        for (name, value) in [("kind", &kind), ("dealer", &dealer), ("source", &source)] {
            if value.is_empty() {
                return Err(Failure::field(
                    name,
                    "REQUIRED",
                    "the query parameter is needed",
                ));
            }
        }
        let mut mapping = mapping_header(headers)?;
        for entry in map {
            let (column, header) = entry
                .split_once(':')
                .ok_or_else(|| Failure::field("map", "FORMAT", "column:header"))?;
            mapping.insert(column.to_owned(), header.to_owned());
        }
        Ok(ImportStart {
            kind,
            dealer,
            source,
            dry_run,
            format,
            mapping,
        })
    }
}

fn read_flag(text: &str) -> Answer<bool> {
    text.parse()
        .map_err(|_| Failure::field("dry_run", "FORMAT", "true or false"))
}

fn mapping_header(headers: &HeaderMap) -> Answer<BTreeMap<String, String>> {
    let wrong = || {
        Failure::field(
            MAPPING.as_str(),
            "FORMAT",
            r#"a JSON object of column to header, such as {"phone": "联系电话"}"#,
        )
    };
    match headers.get(MAPPING) {
        None => Ok(BTreeMap::new()),
        Some(value) => read_json(value.as_bytes()).map_err(|_| wrong()),
    }
}
