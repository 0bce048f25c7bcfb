//! The knowledge base.

use axum::extract::State;
use http::StatusCode;
use marque_api::complaint::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{Preconditions, json, located, ok, tagged},
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    routes::vehicles::is_zero,
    state::App,
    values::{Instant, instant, views},
};

/// An entry of the knowledge base.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Solution)]
pub(crate) struct SolutionView {
    /// Id.
    id: String,
    /// What it is about.
    title: String,
    /// What is to be done.
    text: String,
    /// Code of the category tree.
    #[serde(skip_serializing_if = "String::is_empty")]
    category: String,
    /// Part.
    #[serde(skip_serializing_if = "String::is_empty")]
    part: String,
    /// Fault.
    #[serde(skip_serializing_if = "String::is_empty")]
    fault: String,
    /// draft, approved, rejected (a draft that is not to be: what was approved before it stays in force) or retired.
    #[schema(example = "approved")]
    state: String,
    /// Grows with each version.
    version: i64,
    /// Who wrote this version.
    author: String,
    /// Who approved it.
    #[serde(skip_serializing_if = "String::is_empty")]
    approved_by: String,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    /// Cases it was used on.
    #[serde(skip_serializing_if = "is_zero")]
    used: i32,
    /// Of these, ended and not re-opened.
    #[serde(skip_serializing_if = "is_zero")]
    succeeded: i32,
    /// Of these, re-opened.
    #[serde(skip_serializing_if = "is_zero")]
    failed: i32,
}

impl From<pb::Solution> for SolutionView {
    fn from(solution: pb::Solution) -> Self {
        let pb::Solution {
            id,
            title,
            text,
            category,
            part,
            fault,
            state,
            version,
            author,
            approved_by,
            updated_at,
            used,
            succeeded,
            failed,
        } = solution;
        Self {
            id,
            title,
            text,
            category,
            part,
            fault,
            state,
            version,
            author,
            approved_by,
            updated_at: instant(updated_at),
            used,
            succeeded,
            failed,
        }
    }
}

/// A solution as it is written.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SolutionBody {
    /// What it is about.
    title: String,
    /// What is to be done. Never about a person.
    text: String,
    /// Code of the category tree; left out if it fits many.
    category: String,
    /// Part.
    part: String,
    /// Fault.
    fault: String,
}

impl SolutionBody {
    fn into_request(self, id: String, expected_version: i64) -> pb::PutSolutionRequest {
        let Self {
            title,
            text,
            category,
            part,
            fault,
        } = self;
        pb::PutSolutionRequest {
            id,
            title,
            text,
            category,
            part,
            fault,
            expected_version,
        }
    }
}

/// Write a new solution. It is a draft until it is approved.
#[utoipa::path(post, path = "/v1/solutions", tag = "complaints", request_body = SolutionBody,
    responses((status = 201, description = "As stored", body = SolutionView)))]
pub(crate) async fn create_solution(
    State(app): State<App>,
    call: Call,
    Json(body): Json<SolutionBody>,
) -> Answer {
    let solution = put(&app, &call, body.into_request(String::new(), 0)).await?;
    let (path, version) = (format!("/v1/solutions/{}", solution.id), solution.version);
    let answer = json(StatusCode::CREATED, &SolutionView::from(solution));
    Ok(located(tagged(answer, version), path))
}

/// Write a new version of a solution. It is a draft until it is approved; the earlier version is kept.
#[utoipa::path(put, path = "/v1/solutions/{id}", tag = "complaints",
    params(("id" = String, Path, description = "The solution")),
    request_body = SolutionBody,
    responses((status = 200, description = "As stored", body = SolutionView)))]
pub(crate) async fn put_solution(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Json(body): Json<SolutionBody>,
) -> Answer {
    let expected = conditions.replaced_version()?;
    let put = put(&app, &call, body.into_request(id, expected)).await;
    answer(put.map_err(|failure| conditions.told(failure))?)
}

async fn put(app: &App, call: &Call, request: pb::PutSolutionRequest) -> Answer<pb::Solution> {
    let put = app
        .clients
        .complaint
        .write(call, request, |mut client, request| async move {
            client.put_solution(request).await
        });
    Ok(put.await?.solution.unwrap_or_default())
}

/// The word on a solution.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct SolutionDecisionBody {
    /// approve, reject (of a draft) or retire.
    #[schema(example = "approve")]
    decision: String,
}

/// Approve the version of a solution that stands, reject the draft, or retire the solution; for headquarters.
///
/// What was approved before a rejected draft stays in force; a retired solution has no version in force.
#[utoipa::path(post, path = "/v1/solutions/{id}/decision", tag = "complaints",
    params(("id" = String, Path, description = "The solution")),
    request_body = SolutionDecisionBody,
    responses((status = 200, description = "As it now stands", body = SolutionView)))]
pub(crate) async fn decide_solution(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
    Json(SolutionDecisionBody { decision }): Json<SolutionDecisionBody>,
) -> Answer {
    let request = pb::DecideSolutionRequest {
        id,
        decision,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let decide = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.decide_solution(request).await
        });
    let decided = decide.await.map_err(|failure| conditions.told(failure))?;
    answer(decided.solution.unwrap_or_default())
}

fn answer(solution: pb::Solution) -> Answer {
    let version = solution.version;
    Ok(tagged(ok(&SolutionView::from(solution))?, version))
}

/// A solution with its earlier versions.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct SolutionHistory {
    /// As it stands.
    #[serde(flatten)]
    solution: SolutionView,
    /// Earlier versions, newest first.
    versions: Vec<SolutionView>,
}

/// One solution with its versions, how often it was used, and with what success.
#[utoipa::path(get, path = "/v1/solutions/{id}", tag = "complaints",
    params(("id" = String, Path, description = "The solution")),
    responses((status = 200, description = "The solution", body = SolutionHistory)))]
pub(crate) async fn get_solution(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
) -> Answer {
    let get = app.clients.complaint.read(
        &call,
        pb::GetSolutionRequest { id },
        |mut client, request| async move { client.get_solution(request).await },
    );
    let pb::GetSolutionResponse { solution, versions } = get.await?;
    ok(&SolutionHistory {
        solution: solution.unwrap_or_default().into(),
        versions: views(versions),
    })
}

/// Which solutions.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct SolutionsQuery {
    /// Words, Chinese or English; the latest if not said.
    query: String,
    /// Only approved ones.
    approved: bool,
    /// Only drafts, which wait for approval.
    drafts: bool,
    /// Most solutions, at most 50; 10 if not said.
    limit: i32,
}

/// Solutions that were found.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct FoundSolutions {
    /// Best first.
    solutions: Vec<SolutionView>,
}

/// Solutions that fit a query best.
#[utoipa::path(get, path = "/v1/solutions", tag = "complaints", params(SolutionsQuery),
    responses((status = 200, description = "Solutions, best first", body = FoundSolutions)))]
pub(crate) async fn search_solutions(
    State(app): State<App>,
    call: Call,
    Query(SolutionsQuery {
        query,
        approved,
        drafts,
        limit,
    }): Query<SolutionsQuery>,
) -> Answer {
    let request = pb::SearchSolutionsRequest {
        query,
        approved_only: approved,
        limit,
        drafts_only: drafts,
    };
    let search = app
        .clients
        .complaint
        .read(&call, request, |mut client, request| async move {
            client.search_solutions(request).await
        });
    ok(&FoundSolutions {
        solutions: views(search.await?.solutions),
    })
}

/// Note that a solution was used on a case. Once is enough: again changes nothing.
#[utoipa::path(put, path = "/v1/complaints/{id}/solutions/{solution}", tag = "complaints",
    params(("id" = String, Path, description = "Id or number"), ("solution" = String, Path, description = "The solution")),
    responses((status = 200, description = "The solution with its counts", body = SolutionView)))]
pub(crate) async fn use_solution(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path((id, solution_id)): Path<(String, String)>,
) -> Answer {
    let request = pb::UseSolutionRequest {
        id,
        solution_id,
        only_new: conditions.wants_absence(),
    };
    let used = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.use_solution(request).await
        });
    let used = used.await.map_err(|failure| conditions.told(failure))?;
    ok(&SolutionView::from(used.solution.unwrap_or_default()))
}
