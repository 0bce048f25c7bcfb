//! The standard of a qualified record: its versions, a trial of another, and counting anew.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::MeansView;
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Json, Query},
    problem::Answer,
    state::App,
    values::{Instant, instant, views},
};

/// Which versions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StandardQuery {
    /// customers, vehicles, visits or complaints; all if not said.
    kind: String,
}

/// A version of the standard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Standard)]
pub(crate) struct StandardView {
    /// Kind of record.
    kind: String,
    /// Version, from 1.
    version: i32,
    /// draft or effective.
    state: String,
    /// First day in force, once effective.
    effective_from: String,
    /// Whether it is in force today.
    in_force: bool,
    /// The whole standard as TOML.
    text: String,
    /// When it was put; absent for the one that came with the release.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
}

impl From<pb::Standard> for StandardView {
    fn from(standard: pb::Standard) -> Self {
        let pb::Standard {
            kind,
            version,
            state,
            effective_from,
            text,
            in_force,
            created_at,
        } = standard;
        Self {
            kind,
            version,
            state,
            effective_from,
            in_force,
            text,
            created_at: instant(created_at),
        }
    }
}

/// Versions of the standard.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Standards {
    /// Newest first.
    standards: Vec<StandardView>,
}

/// A standard as text.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct StandardBody {
    /// The whole standard as TOML: kind, version, state, effective_from and purposes with their checks. Take the one in force and
    /// change it.
    text: String,
}

/// What would change for one dealer (or, without one, for all) and purpose.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReplayChange)]
pub(crate) struct ReplayChangeView {
    /// Dealer; absent for all together.
    #[serde(skip_serializing_if = "String::is_empty")]
    dealer: String,
    /// Purpose, or `overall`.
    purpose: String,
    /// By the standard in force.
    before: MeansView,
    /// By the one that was sent.
    after: MeansView,
}

impl From<pb::ReplayChange> for ReplayChangeView {
    fn from(change: pb::ReplayChange) -> Self {
        let pb::ReplayChange {
            dealer,
            purpose,
            before,
            after,
        } = change;
        Self {
            dealer,
            purpose,
            before: before.unwrap_or_default().into(),
            after: after.unwrap_or_default().into(),
        }
    }
}

/// What another standard would change.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Replayed {
    /// All together first, then dealers by how far they would fall.
    changes: Vec<ReplayChangeView>,
    /// Qualified records that would no longer be.
    lost: i64,
    /// Records that would become qualified.
    gained: i64,
}

/// What a recount found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Recounted {
    /// Records counted.
    records: i64,
    /// Counters there are.
    counters: i64,
    /// Counters that were wrong and were put right.
    differing: i64,
}

/// Versions of the standard, newest first, and which is in force.
#[utoipa::path(get, path = "/v1/quality/standard", tag = "quality", params(StandardQuery),
    responses((status = 200, description = "Versions of the standard", body = Standards)))]
pub(crate) async fn get_standard(
    State(app): State<App>,
    call: Call,
    Query(StandardQuery { kind }): Query<StandardQuery>,
) -> Answer {
    let request = pb::GetStandardRequest { kind };
    let get = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.get_standard(request).await
        });
    let pb::GetStandardResponse { standards } = get.await?;
    ok(&Standards {
        standards: views(standards),
    })
}

/// Put a version: a draft, or one that is effective from a day on. What is or was in force stays as it is.
#[utoipa::path(put, path = "/v1/quality/standard", tag = "quality", request_body = StandardBody,
    responses((status = 200, description = "The version as put", body = StandardView)))]
pub(crate) async fn put_standard(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Json(StandardBody { text }): Json<StandardBody>,
) -> Answer {
    conditions.check_standing()?;
    let request = pb::PutStandardRequest { text };
    let put = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.put_standard(request).await
        });
    let pb::PutStandardResponse { standard } = put.await?;
    ok(&StandardView::from(standard.unwrap_or_default()))
}

/// What another standard would say of the records there are. Changes nothing.
#[utoipa::path(post, path = "/v1/quality/standard/replay", tag = "quality", request_body = StandardBody,
    responses((status = 200, description = "What would change", body = Replayed)))]
pub(crate) async fn replay_standard(
    State(app): State<App>,
    call: Call,
    Json(StandardBody { text }): Json<StandardBody>,
) -> Answer {
    let request = pb::ReplayStandardRequest { text };
    let replay = app
        .clients
        .quality
        .read_once(&call, request, |mut client, request| async move {
            client.replay_standard(request).await
        });
    let pb::ReplayStandardResponse {
        changes,
        lost,
        gained,
    } = replay.await?;
    ok(&Replayed {
        changes: views(changes),
        lost,
        gained,
    })
}

/// Count all records anew; scorecards that differ are put right.
#[utoipa::path(post, path = "/v1/quality/recount", tag = "quality",
    responses((status = 200, description = "What was found", body = Recounted)))]
pub(crate) async fn recount(State(app): State<App>, call: Call) -> Answer {
    let request = pb::RecountRequest {};
    let recount = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.recount(request).await
        });
    let pb::RecountResponse {
        records,
        counters,
        differing,
    } = recount.await?;
    ok(&Recounted {
        records,
        counters,
        differing,
    })
}
