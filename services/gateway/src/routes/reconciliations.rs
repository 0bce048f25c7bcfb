//! Looking again at who is who: reconciliations, what was moved, and the model that weighs.

use axum::extract::State;
use marque_api::customer::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Query},
    problem::Answer,
    routes::paging,
    state::App,
    values::{Instant, instant, views},
};

/// Who is looked at.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = ReconciliationRequest)]
pub(crate) struct ReconciliationBody {
    /// Look at all customers and not only at those that changed since the last time.
    whole: bool,
}

/// A look at all customers, or at those that changed since the one before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reconciliation)]
pub(crate) struct ReconciliationView {
    /// running or done.
    #[schema(example = "done")]
    state: String,
    /// True if it looks at all customers.
    whole: bool,
    /// Who asked for it; `customer.reconcile` if it came by itself.
    #[schema(example = "customer.reconcile")]
    started_by: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    started_at: Option<Instant>,
    /// When it was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Instant>,
    /// Customers looked at so far.
    #[schema(example = 1200)]
    looked_at: i64,
    /// Customers joined into others.
    #[schema(example = 3)]
    joined: i64,
    /// Customers parted off others.
    #[schema(example = 1)]
    parted: i64,
    /// Records that went from one customer to another.
    #[schema(example = 0)]
    moved: i64,
    /// Pairs put before the steward.
    #[schema(example = 7)]
    asked: i64,
    /// Pairs taken out of the stewards' queue, since they do not hold any more.
    #[schema(example = 2)]
    closed: i64,
}

impl From<pb::Reconciliation> for ReconciliationView {
    fn from(reconciliation: pb::Reconciliation) -> Self {
        let pb::Reconciliation {
            state,
            whole,
            started_by,
            started_at,
            finished_at,
            looked_at,
            joined,
            parted,
            moved,
            asked,
            closed,
        } = reconciliation;
        Self {
            state,
            whole,
            started_by,
            started_at: instant(started_at),
            finished_at: instant(finished_at),
            looked_at,
            joined,
            parted,
            moved,
            asked,
            closed,
        }
    }
}

/// The last reconciliations.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ReconciliationList {
    /// The newest first, at most twenty.
    reconciliations: Vec<ReconciliationView>,
}

/// Look again at who is who, in the background.
///
/// Customers whom later records show to be one are joined, those that fall apart are parted, what is likely goes to the
/// stewards' queue. What stewards decided stands, and each act can be undone. While one is at work, asking again answers with it.
#[utoipa::path(post, path = "/v1/reconciliations", tag = "duplicates",
    request_body = ReconciliationBody,
    responses((status = 200, description = "The one that is at work now", body = ReconciliationView)))]
pub(crate) async fn start_reconciliation(
    State(app): State<App>,
    call: Call,
    Json(ReconciliationBody { whole }): Json<ReconciliationBody>,
) -> Answer {
    let request = pb::StartReconciliationRequest { whole };
    let start = app
        .clients
        .customer
        .write(&call, request, |mut client, request| async move {
            client.start_reconciliation(request).await
        });
    let running = start.await?.reconciliation.unwrap_or_default();
    ok(&ReconciliationView::from(running))
}

/// The last reconciliations: how far the one at work is, and what those before did.
#[utoipa::path(get, path = "/v1/reconciliations", tag = "duplicates",
    responses((status = 200, description = "The last ones", body = ReconciliationList)))]
pub(crate) async fn list_reconciliations(State(app): State<App>, call: Call) -> Answer {
    let list = app.clients.customer.read(
        &call,
        pb::ListReconciliationsRequest {},
        |mut client, request| async move { client.list_reconciliations(request).await },
    );
    ok(&ReconciliationList {
        reconciliations: views(list.await?.reconciliations),
    })
}

/// Which moves.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct MovesQuery {
    /// linkage (what the service did by itself) or people; all if not said.
    by: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// Records that went from one customer to another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Move)]
pub(crate) struct MoveView {
    /// For `POST /v1/merges/{id}/undo`.
    #[schema(example = "mrg_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    merge_id: String,
    /// merged, split or moved.
    #[schema(example = "merged")]
    act: String,
    /// The customer that the records left, as his id was then.
    from: String,
    /// The customer they went to, as his id was then.
    into: String,
    /// How many records.
    #[schema(example = 2)]
    records: i32,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
    /// Who did it; `linkage` if the service did by itself.
    #[schema(example = "linkage")]
    actor: String,
    /// Why, in words.
    #[schema(example = "late evidence, probability 0.998: same phone +11.9, same rare name +7.1")]
    reason: String,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    undone_at: Option<Instant>,
}

impl From<pb::Move> for MoveView {
    fn from(moved: pb::Move) -> Self {
        let pb::Move {
            merge_id,
            act,
            from,
            into,
            records,
            at,
            actor,
            reason,
            undone_at,
        } = moved;
        Self {
            merge_id,
            act,
            from,
            into,
            records,
            at: instant(at),
            actor,
            reason,
            undone_at: instant(undone_at),
        }
    }
}

/// A page of moves.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MovePage {
    /// The newest first.
    moves: Vec<MoveView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Merges, splits and moves of records, the newest first: what linkage did by itself, and what people did.
#[utoipa::path(get, path = "/v1/merges", tag = "duplicates", params(MovesQuery),
    responses((status = 200, description = "A page of moves", body = MovePage)))]
pub(crate) async fn list_moves(
    State(app): State<App>,
    call: Call,
    Query(query): Query<MovesQuery>,
) -> Answer {
    let request = pb::ListMovesRequest {
        by: query.by,
        page_size: paging::size(query.page_size),
        page_token: query.page_token,
    };
    let list = app
        .clients
        .customer
        .read(&call, request, |mut client, request| async move {
            client.list_moves(request).await
        });
    let pb::ListMovesResponse {
        moves,
        next_page_token,
    } = list.await?;
    ok(&MovePage {
        moves: views(moves),
        next_page_token,
    })
}

/// Decided pairs that were said to be about as probable.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Reliability)]
pub(crate) struct ReliabilityView {
    /// From this probability on.
    #[schema(example = 0.75)]
    from: f64,
    /// Up to this.
    #[schema(example = 0.9)]
    to: f64,
    /// Pairs that stewards decided.
    #[schema(example = 120)]
    pairs: i64,
    /// The mean of what was said of them.
    #[schema(example = 0.83)]
    stated: f64,
    /// The share of them that stewards called the same: as large as `stated` if the model is right.
    #[schema(example = 0.81)]
    observed: f64,
}

impl From<pb::Reliability> for ReliabilityView {
    fn from(bin: pb::Reliability) -> Self {
        let pb::Reliability {
            from,
            to,
            pairs,
            stated,
            observed,
        } = bin;
        Self {
            from,
            to,
            pairs,
            stated,
            observed,
        }
    }
}

/// The model that weighs records.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Matcher {
    /// The model as a file (TOML): version, provenance, weights by class, field and level. `marque link --model` takes it.
    model: String,
    /// Words of stewards that moved it.
    #[schema(example = 320)]
    decisions: i64,
    /// From this probability on records are linked.
    #[schema(example = 0.95)]
    sure: f64,
    /// From this probability on a pair goes to the steward.
    #[schema(example = 0.3)]
    likely: f64,
    /// What was said of pairs, and what stewards said then.
    reliability: Vec<ReliabilityView>,
}

/// The model that weighs records as it is now, with what stewards taught it, and how often it was right.
#[utoipa::path(get, path = "/v1/matcher", tag = "duplicates",
    responses((status = 200, description = "The model", body = Matcher)))]
pub(crate) async fn get_matcher(State(app): State<App>, call: Call) -> Answer {
    let get = app.clients.customer.read(
        &call,
        pb::GetMatcherRequest {},
        |mut client, request| async move { client.get_matcher(request).await },
    );
    let pb::GetMatcherResponse {
        model,
        decisions,
        sure,
        likely,
        reliability,
    } = get.await?;
    ok(&Matcher {
        model,
        decisions,
        sure,
        likely,
        reliability: views(reliability),
    })
}
