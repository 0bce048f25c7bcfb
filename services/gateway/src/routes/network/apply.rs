//! A whole network at once.

use axum::extract::{Request, State};
use marque_api::network::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    csv::{Lines, read_csv},
    views::NetworkBody,
};
use crate::{
    answer::ok,
    edge::Call,
    extract::{is_type, read_body, read_json, violation, wrong_type},
    problem::{Answer, Failure},
    state::App,
};

/// Largest network, in bytes: what one message to the network service holds.
const MAX_BYTES: usize = 4 * 1024 * 1024 - 4096;

/// What a network changed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Applied {
    /// Dealers created or changed.
    dealers: i32,
    /// Staff created or changed.
    staff: i32,
}

/// Apply a whole network at once: dealers and staff, all or nothing. A CSV holds either dealers (`code`, `name`, `region`, `group`,
/// `departments` and `phones` with semicolons between) or staff (`dealer`, `code`, `name`, `department`, `phone`, `active`), by its headers.
#[utoipa::path(post, path = "/v1/network", tag = "network",
    request_body(content((NetworkBody = "application/json"), (NetworkBody = "application/toml"), (String = "text/csv"))),
    responses((status = 200, description = "What was created or changed", body = Applied)))]
pub(crate) async fn apply_network(State(app): State<App>, call: Call, request: Request) -> Answer {
    let (network, lines) = read_network(request).await?;
    let network: pb::ApplyNetworkRequest = network.into();
    let apply = app
        .clients
        .network
        .write(&call, network, |mut client, request| async move {
            client.apply_network(request).await
        });
    let applied = apply
        .await
        .map_err(|failure| failure.map_fields(|field| lines.name(field)))?;
    let pb::ApplyNetworkResponse { dealers, staff } = applied;
    ok(&Applied { dealers, staff })
}

async fn read_network(request: Request) -> Answer<(NetworkBody, Lines)> {
    let by_entry = |body| (body, Lines::default());
    if is_type(request.headers(), &["application/json"]) {
        read_json(&read_body(request, MAX_BYTES).await?).map(by_entry)
    } else if is_type(request.headers(), &["application/toml"]) {
        read_toml(&read_body(request, MAX_BYTES).await?).map(by_entry)
    } else if is_type(request.headers(), &["text/csv"]) {
        read_csv(read_body(request, MAX_BYTES).await?)
    } else {
        Err(wrong_type("application/json, application/toml or text/csv"))
    }
}

/// TOML's own error text quotes the line; only its kind goes to the caller.
fn read_toml(bytes: &[u8]) -> Answer<NetworkBody> {
    let unreadable = || Failure::invalid("TOML_INVALID", "the body is not TOML that can be read");
    let text = std::str::from_utf8(bytes).map_err(|_| unreadable())?;
    let table: toml::Table = text.parse().map_err(|_| unreadable())?;
    serde_path_to_error::deserialize(table).map_err(|error| {
        let path = error.path().to_string();
        Failure::fields(vec![violation(&path, error.into_inner().message())])
    })
}
