//! Tasks of departments: on a case, and lists across cases.

use axum::extract::State;
use http::StatusCode;
use marque_api::complaint::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    views::{ComplaintView, TaskView},
    work,
};
use crate::{
    answer::{Preconditions, json, ok},
    edge::Call,
    extract::{Json, Path, Query},
    problem::Answer,
    routes::paging,
    state::App,
    values::views,
};

/// Which tasks.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct TasksQuery {
    /// open, done or cancelled; open if not said.
    state: String,
    /// Dealer.
    dealer: String,
    /// sales, service, parts, finance, customer_care or other.
    department: String,
    /// Who does it, by his code at the dealer.
    owner: String,
    /// Only those due until then: RFC 3339, or a date in China, which is included.
    due_until: String,
    /// Only open ones whose due time has passed.
    overdue: bool,
    /// Only those without which their case cannot be resolved.
    needed: bool,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A task, and which case it is of.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintTaskOfCase)]
pub(crate) struct CaseTaskView {
    /// The task.
    #[serde(flatten)]
    task: TaskView,
    /// Whether its due time has passed while it is open.
    overdue: bool,
    /// The case.
    complaint_id: String,
    /// Its number to say aloud.
    #[schema(example = "T00000427")]
    complaint_number: String,
    /// Its dealer.
    dealer: String,
    /// Its VIN.
    #[serde(skip_serializing_if = "String::is_empty")]
    vin: String,
    /// Its category.
    category: String,
    /// Its severity.
    severity: String,
    /// Its state.
    complaint_state: String,
}

impl From<pb::CaseTask> for CaseTaskView {
    fn from(found: pb::CaseTask) -> Self {
        let pb::CaseTask {
            task,
            overdue,
            complaint_id,
            complaint_number,
            dealer,
            vin,
            category,
            severity,
            complaint_state,
        } = found;
        Self {
            task: task.unwrap_or_default().into(),
            overdue,
            complaint_id,
            complaint_number,
            dealer,
            vin,
            category,
            severity,
            complaint_state,
        }
    }
}

/// A page of tasks.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TaskPage {
    /// The soonest due first; those without a due time come last.
    tasks: Vec<CaseTaskView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Tasks of all cases in the caller's scope, such as the open ones of a department, the soonest due first.
#[utoipa::path(get, path = "/v1/complaints/tasks", tag = "complaints", params(TasksQuery),
    responses((status = 200, description = "A page of tasks", body = TaskPage)))]
pub(crate) async fn list_complaint_tasks(
    State(app): State<App>,
    call: Call,
    Query(query): Query<TasksQuery>,
) -> Answer {
    let TasksQuery {
        state,
        dealer,
        department,
        owner,
        due_until,
        overdue,
        needed,
        page_size,
        page_token,
    } = query;
    let request = pb::ListTasksRequest {
        state,
        dealer,
        department,
        owner,
        due_until,
        overdue,
        needed,
        page_size: paging::size(page_size),
        page_token,
    };
    let list = app
        .clients
        .complaint
        .read(&call, request, |mut client, request| async move {
            client.list_tasks(request).await
        });
    let pb::ListTasksResponse {
        tasks,
        next_page_token,
    } = list.await?;
    ok(&TaskPage {
        tasks: views(tasks),
        next_page_token,
    })
}

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
    /// RFC 3339, or a date in the dealer's zone. If it is left out, one that the case needs is due when the configuration says.
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
    conditions: Preconditions,
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
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let added = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.add_task(request).await
        });
    let added = added.await.map_err(|failure| conditions.told(failure))?;
    let task = added.task.unwrap_or_default();
    Ok(json(StatusCode::CREATED, &TaskView::from(task)))
}

/// What of a task is to be other than it is; what is left out stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct TaskAmendmentBody {
    /// sales, service, parts, finance, customer_care or other.
    department: String,
    /// Who does it, by his code at the dealer.
    #[schema(example = "S18")]
    owner: String,
    /// RFC 3339, or a date in the dealer's zone.
    #[schema(example = "2026-11-25")]
    due_at: String,
    /// What is to be empty from now on: owner or due_at. A task that the case needs is then due when the configuration says.
    clear: Vec<String>,
    /// Why.
    note: String,
}

/// Give an open task to another department or owner, or another due time.
#[utoipa::path(post, path = "/v1/complaints/{id}/tasks/{task}/amendments", tag = "complaints",
    params(("id" = String, Path, description = "Id or number"), ("task" = String, Path, description = "The task")),
    request_body = TaskAmendmentBody,
    responses((status = 200, description = "The task as it now stands", body = TaskView)))]
pub(crate) async fn amend_complaint_task(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path((id, task_id)): Path<(String, String)>,
    Json(body): Json<TaskAmendmentBody>,
) -> Answer {
    let TaskAmendmentBody {
        department,
        owner,
        due_at,
        clear,
        note,
    } = body;
    let request = pb::AmendTaskRequest {
        id,
        task_id,
        department,
        owner,
        due_at,
        clear,
        note,
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let amended = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.amend_task(request).await
        });
    let amended = amended.await.map_err(|failure| conditions.told(failure))?;
    ok(&TaskView::from(amended.task.unwrap_or_default()))
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
    conditions: Preconditions,
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
        expected_version: conditions.expected_version()?.unwrap_or(0),
    };
    let finished = app
        .clients
        .complaint
        .write(&call, request, |mut client, request| async move {
            client.finish_task(request).await
        });
    let finished = finished.await.map_err(|failure| conditions.told(failure))?;
    work::answer(finished.complaint)
}
