//! Lists of tasks across cases on gRPC.

use marque_api::complaint::v1 as pb;
use marque_core::{PageRequest, PageToken, Timestamp};
use tonic::Request;

use super::{
    ComplaintGrpc,
    convert::task_to_pb,
    list::{department_of, due_until},
    read,
};
use crate::{
    domain::TaskState,
    error::{Error, Result},
    storage::{CaseTask, TaskFilter},
};

impl ComplaintGrpc {
    pub(super) async fn list_tasks_of(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<pb::ListTasksResponse> {
        let (ctx, _, _, request) = read(request)?;
        let list = list_name(&request);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let (filter, is_overdue) = filter_of(request)?;
        let page = self.app.list_tasks(ctx, filter, is_overdue, page).await?;
        let now = page.now;
        Ok(pb::ListTasksResponse {
            tasks: page
                .tasks
                .into_iter()
                .map(|task| case_task_to_pb(task, now))
                .collect(),
            next_page_token: page
                .next
                .map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }
}

/// The list with its filters, so that a page token is of no use in another.
fn list_name(request: &pb::ListTasksRequest) -> String {
    let pb::ListTasksRequest {
        state,
        dealer,
        department,
        owner,
        due_until,
        overdue,
        needed,
        page_size: _,
        page_token: _,
    } = request;
    format!("complaint_tasks?{state}&{dealer}&{department}&{owner}&{due_until}&{overdue}&{needed}")
}

/// What the request asks for, and whether only for what is overdue.
fn filter_of(request: pb::ListTasksRequest) -> Result<(TaskFilter, bool)> {
    let state = match request.state.as_str() {
        "" | "open" => TaskState::Open,
        "done" => TaskState::Done,
        "cancelled" => TaskState::Cancelled,
        _ => {
            return Err(Error::field(
                "state",
                "FORMAT",
                "write open, done or cancelled",
            ));
        }
    };
    if request.overdue && state != TaskState::Open {
        let message = "only open tasks are overdue: leave state out";
        return Err(Error::field("overdue", "NOT_ALLOWED", message));
    }
    let filter = TaskFilter {
        state,
        dealer: request.dealer,
        department: department_of(&request.department)?,
        owner: request.owner.trim().to_owned(),
        due_until: due_until(request.due_until.trim())?,
        needed: request.needed,
    };
    Ok((filter, request.overdue))
}

fn case_task_to_pb(found: CaseTask, now: Timestamp) -> pb::CaseTask {
    let CaseTask {
        task,
        case,
        number,
        dealer,
        vin,
        category,
        severity,
        case_state,
    } = found;
    let is_overdue = task.state == TaskState::Open && task.due_at.is_some_and(|due| due < now);
    pb::CaseTask {
        task: Some(task_to_pb(task)),
        overdue: is_overdue,
        complaint_id: case.to_string(),
        complaint_number: number.to_string(),
        dealer,
        vin,
        category,
        severity: severity.code().to_owned(),
        complaint_state: case_state,
    }
}
