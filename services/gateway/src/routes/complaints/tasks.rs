//! Tasks of departments on a case.

use axum::extract::State;
use http::StatusCode;
use marque_api::complaint::v1 as pb;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{
    views::{ComplaintView, TaskView},
    work,
};
use crate::{
    answer::json,
    edge::Call,
    extract::{Json, Path},
    problem::Answer,
    state::App,
};

/// A task to be given.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TaskBody {
    /// sales, service, parts, finance, customer_care or other.
    #[schema(example = "parts")]
    department: String,
    /// What is to be done.
    text: String,
    /// Who does it, by his code at the dealer.
    owner: String,
    /// RFC 3339, or a date in the dealer's zone.
    #[schema(example = "2026-11-23")]
    due_at: String,
    /// The case can be resolved without it.
    optional: bool,
}

/// Give a department a task. A case cannot be resolved while one that it needs is open.
#[utoipa::path(post, path = "/v1/complaints/{id}/tasks", tag = "complaints",
    params(("id" = String, Path, description = "Id or number")),
    request_body = TaskBody,
    responses((status = 201, description = "The task", body = TaskView)))]
pub(crate) async fn add_complaint_task(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Json(body): Json<TaskBody>,
) -> Answer {
    let TaskBody {
        department,
        text,
        owner,
        due_at,
        optional,
    } = body;
    let request = pb::AddTaskRequest {
        id,
        department,
        text,
        owner,
        due_at,
        optional,
    };
    let added = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.add_task(request).await
        });
    let task = added.await?.task.unwrap_or_default();
    Ok(json(StatusCode::CREATED, &TaskView::from(task)))
}

/// How a task ended.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct OutcomeBody {
    /// What came of it.
    outcome: String,
    /// It is not needed any more.
    cancelled: bool,
    /// Of a satisfaction call: with the resolution, 1 to 5.
    satisfaction_resolution: i32,
    /// And with the handling.
    satisfaction_handling: i32,
}

/// End a task with its outcome.
#[utoipa::path(post, path = "/v1/complaints/{id}/tasks/{task}/outcome", tag = "complaints",
    params(("id" = String, Path, description = "Id or number"), ("task" = String, Path, description = "The task")),
    request_body = OutcomeBody,
    responses((status = 200, description = "The case as it now stands", body = ComplaintView)))]
pub(crate) async fn finish_complaint_task(
    State(app): State<App>,
    call: Call,
    Path((id, task_id)): Path<(String, String)>,
    Json(body): Json<OutcomeBody>,
) -> Answer {
    let OutcomeBody {
        outcome,
        cancelled,
        satisfaction_resolution,
        satisfaction_handling,
    } = body;
    let request = pb::FinishTaskRequest {
        id,
        task_id,
        outcome,
        cancelled,
        satisfaction_resolution,
        satisfaction_handling,
    };
    let finished = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.finish_task(request).await
        });
    work::answer(finished.await?.complaint)
}
