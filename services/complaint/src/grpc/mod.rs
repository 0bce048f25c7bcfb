//! The service on gRPC: converts, calls the app, converts back.

mod alerts;
mod calendar;
mod care;
mod compensate;
mod convert;
mod files;
mod knowledge;
mod list;
mod report;
mod tasks;
mod watch;
mod years;

use marque_api::complaint::v1::{self as pb, complaint_service_server::ComplaintService};
use marque_auth::CallContext;
use marque_core::{PageRequest, PageToken};
use marque_errors::status;
use marque_ledger::IdempotencyKey;
use marque_rpc::CallMeta;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    app::{
        Amendment, AsRead, CaseApp, Ending, MoveRequest, NewTask, Reading, Said, TaskAmendment,
        Wanted,
    },
    domain::TaskState,
    error::{Error, Result},
    follow::OwnEvents,
};

#[derive(Debug, Clone)]
pub(crate) struct ComplaintGrpc {
    app: CaseApp,
    events: OwnEvents,
}

/// Who calls, what goes along with calls made for him, his idempotency key, and what he asks.
type Call<T> = (CallContext, CallMeta, Option<IdempotencyKey>, T);

fn read<T>(request: Request<T>) -> Result<Call<T>> {
    let ctx = CallContext::of(&request)?;
    let meta = CallMeta::of(&request);
    let key = IdempotencyKey::of(request.metadata())?;
    Ok((ctx, meta, key, request.into_inner()))
}

impl ComplaintGrpc {
    pub(crate) fn new(app: CaseApp, events: OwnEvents) -> Self {
        Self { app, events }
    }

    async fn open(
        &self,
        request: Request<pb::OpenComplaintRequest>,
    ) -> Result<pb::OpenComplaintResponse> {
        let (ctx, meta, key, request) = read(request)?;
        let copy = request.clone();
        let raw = convert::raw_of(&copy);
        self.app
            .open(ctx, &meta, key, request, raw, |opened| {
                pb::OpenComplaintResponse {
                    complaint: Some(convert::shown_to_pb(opened.shown)),
                    possible_repeats: opened
                        .similar
                        .into_iter()
                        .map(convert::case_to_pb)
                        .collect(),
                }
            })
            .await
    }

    async fn find_repeats(
        &self,
        request: Request<pb::FindRepeatsRequest>,
    ) -> Result<pb::FindRepeatsResponse> {
        let (ctx, meta, _, request) = read(request)?;
        let cases = self.app.find_repeats(ctx, &meta, request).await?;
        Ok(pb::FindRepeatsResponse {
            complaints: cases.into_iter().map(convert::case_to_pb).collect(),
        })
    }

    async fn get(
        &self,
        request: Request<pb::GetComplaintRequest>,
    ) -> Result<pb::GetComplaintResponse> {
        let (ctx, _, _, request) = read(request)?;
        let reading = Reading::of(request.personal_data);
        let wanted = Wanted::read(&request.id)?;
        let shown = self.app.get(ctx, wanted, reading).await?;
        Ok(pb::GetComplaintResponse {
            complaint: Some(convert::shown_to_pb(shown)),
        })
    }

    async fn list(
        &self,
        request: Request<pb::ListComplaintsRequest>,
    ) -> Result<pb::ListComplaintsResponse> {
        let (ctx, _, _, request) = read(request)?;
        let list = list::list_name(&request);
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let filter = list::filter_of(request)?;
        let page = self.app.list(ctx, filter, page).await?;
        Ok(pb::ListComplaintsResponse {
            complaints: page.entries.into_iter().map(convert::shown_to_pb).collect(),
            next_page_token: page
                .next
                .map_or_else(String::new, |key| PageToken::write(&key, &list)),
        })
    }

    async fn move_case(
        &self,
        request: Request<pb::MoveComplaintRequest>,
    ) -> Result<pb::MoveComplaintResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let request = MoveRequest {
            wanted: Wanted::read(&wire.id)?,
            to: convert::state_of(&wire.to, &wire.waiting_for)?,
            note: wire.note.clone(),
            satisfaction: convert::satisfaction_of(
                wire.satisfaction_resolution,
                wire.satisfaction_handling,
            )?,
            told_customer: wire.told_customer,
            expected_version: wire.expected_version,
        };
        self.app
            .move_case(ctx, key, (request, wire), |shown| {
                pb::MoveComplaintResponse {
                    complaint: Some(convert::shown_to_pb(shown)),
                }
            })
            .await
    }

    async fn amend(
        &self,
        request: Request<pb::AmendComplaintRequest>,
    ) -> Result<pb::AmendComplaintResponse> {
        let (ctx, meta, key, wire) = read(request)?;
        let wanted = Wanted::read(&wire.id)?;
        let amendment = Amendment {
            severity: wire.severity.clone(),
            category: wire.category.clone(),
            department: wire.department.clone(),
            part: wire.part.clone(),
            fault: wire.fault.clone(),
            tier: wire.tier.clone(),
            vin: wire.vin.clone(),
            visit: wire.visit_id.clone(),
            channel: wire.channel.clone(),
            source: wire.source.clone(),
            customer_key: wire.customer_key.clone(),
            customer_id: wire.customer_id.clone(),
            dealer: wire.dealer.clone(),
            clear: wire.clear.clone(),
            note: wire.note.clone(),
            expected_version: wire.expected_version,
        };
        self.app
            .amend(ctx, &meta, key, wanted, (amendment, wire), |shown| {
                pb::AmendComplaintResponse {
                    complaint: Some(convert::shown_to_pb(shown)),
                }
            })
            .await
    }

    async fn add_note(&self, request: Request<pb::AddNoteRequest>) -> Result<pb::AddNoteResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let case = AsRead::read(&wire.id, wire.expected_version)?;
        let said = Said {
            note: wire.note.clone(),
            told_customer: wire.told_customer || wire.law_answer,
            law_answer: wire.law_answer,
        };
        let note = (said, wire);
        self.app
            .add_note(ctx, key, case, note, |shown| pb::AddNoteResponse {
                complaint: Some(convert::shown_to_pb(shown)),
            })
            .await
    }

    async fn add_task(&self, request: Request<pb::AddTaskRequest>) -> Result<pb::AddTaskResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let case = AsRead::read(&wire.id, wire.expected_version)?;
        let task = NewTask {
            department: wire.department.clone(),
            text: wire.text.clone(),
            owner: wire.owner.clone(),
            due_at: wire.due_at.clone(),
            is_needed: !wire.optional,
        };
        self.app
            .add_task(ctx, key, case, (task, wire), |task, shown| {
                pb::AddTaskResponse {
                    task: Some(convert::task_to_pb(task)),
                    complaint: Some(convert::shown_to_pb(shown)),
                }
            })
            .await
    }

    async fn amend_task(
        &self,
        request: Request<pb::AmendTaskRequest>,
    ) -> Result<pb::AmendTaskResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let case = AsRead::read(&wire.id, wire.expected_version)?;
        let task = (case, convert::task_id(&wire.task_id)?);
        let amendment = TaskAmendment {
            department: wire.department.clone(),
            owner: wire.owner.clone(),
            due_at: wire.due_at.clone(),
            clear: wire.clear.clone(),
            note: wire.note.clone(),
        };
        self.app
            .amend_task(ctx, key, task, (amendment, wire), |task, shown| {
                pb::AmendTaskResponse {
                    task: Some(convert::task_to_pb(task)),
                    complaint: Some(convert::shown_to_pb(shown)),
                }
            })
            .await
    }

    async fn finish_task(
        &self,
        request: Request<pb::FinishTaskRequest>,
    ) -> Result<pb::FinishTaskResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let case = AsRead::read(&wire.id, wire.expected_version)?;
        let task = (case, convert::task_id(&wire.task_id)?);
        let state = if wire.cancelled {
            TaskState::Cancelled
        } else {
            TaskState::Done
        };
        let ending = Ending {
            outcome: wire.outcome.clone(),
            state,
            satisfaction: convert::satisfaction_of(
                wire.satisfaction_resolution,
                wire.satisfaction_handling,
            )?,
        };
        let end = (ending, wire);
        self.app
            .finish_task(ctx, key, task, end, |shown| pb::FinishTaskResponse {
                complaint: Some(convert::shown_to_pb(shown)),
            })
            .await
    }
}

type Answer<T> = std::result::Result<Response<T>, Status>;

fn answer<T>(result: Result<T>) -> Answer<T> {
    result.map(Response::new).map_err(|error| status(&error))
}

#[tonic::async_trait]
impl ComplaintService for ComplaintGrpc {
    async fn open_complaint(
        &self,
        request: Request<pb::OpenComplaintRequest>,
    ) -> Answer<pb::OpenComplaintResponse> {
        answer(self.open(request).await)
    }

    async fn find_repeats(
        &self,
        request: Request<pb::FindRepeatsRequest>,
    ) -> Answer<pb::FindRepeatsResponse> {
        answer(self.find_repeats(request).await)
    }

    async fn get_complaint(
        &self,
        request: Request<pb::GetComplaintRequest>,
    ) -> Answer<pb::GetComplaintResponse> {
        answer(self.get(request).await)
    }

    async fn list_complaints(
        &self,
        request: Request<pb::ListComplaintsRequest>,
    ) -> Answer<pb::ListComplaintsResponse> {
        answer(self.list(request).await)
    }

    async fn move_complaint(
        &self,
        request: Request<pb::MoveComplaintRequest>,
    ) -> Answer<pb::MoveComplaintResponse> {
        answer(self.move_case(request).await)
    }

    async fn amend_complaint(
        &self,
        request: Request<pb::AmendComplaintRequest>,
    ) -> Answer<pb::AmendComplaintResponse> {
        answer(self.amend(request).await)
    }

    async fn add_note(&self, request: Request<pb::AddNoteRequest>) -> Answer<pb::AddNoteResponse> {
        answer(self.add_note(request).await)
    }

    async fn add_task(&self, request: Request<pb::AddTaskRequest>) -> Answer<pb::AddTaskResponse> {
        answer(self.add_task(request).await)
    }

    async fn amend_task(
        &self,
        request: Request<pb::AmendTaskRequest>,
    ) -> Answer<pb::AmendTaskResponse> {
        answer(self.amend_task(request).await)
    }

    async fn finish_task(
        &self,
        request: Request<pb::FinishTaskRequest>,
    ) -> Answer<pb::FinishTaskResponse> {
        answer(self.finish_task(request).await)
    }

    async fn get_calendar(
        &self,
        request: Request<pb::GetCalendarRequest>,
    ) -> Answer<pb::GetCalendarResponse> {
        answer(self.get_calendar_of(request).await)
    }

    async fn put_calendar(
        &self,
        request: Request<pb::PutCalendarRequest>,
    ) -> Answer<pb::PutCalendarResponse> {
        answer(self.put_calendar_of(request).await)
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Answer<pb::ListTasksResponse> {
        answer(self.list_tasks_of(request).await)
    }

    async fn list_work_years(
        &self,
        request: Request<pb::ListWorkYearsRequest>,
    ) -> Answer<pb::ListWorkYearsResponse> {
        answer(self.list_work_years_of(request).await)
    }

    async fn put_work_year(
        &self,
        request: Request<pb::PutWorkYearRequest>,
    ) -> Answer<pb::PutWorkYearResponse> {
        answer(self.put_work_year_of(request).await)
    }

    async fn add_attachment(
        &self,
        request: Request<Streaming<pb::AddAttachmentRequest>>,
    ) -> Answer<pb::AddAttachmentResponse> {
        answer(self.add_attachment_of(request).await)
    }

    async fn list_attachments(
        &self,
        request: Request<pb::ListAttachmentsRequest>,
    ) -> Answer<pb::ListAttachmentsResponse> {
        answer(self.list_attachments_of(request).await)
    }

    type GetAttachmentStream = files::Bytes;

    async fn get_attachment(
        &self,
        request: Request<pb::GetAttachmentRequest>,
    ) -> Answer<files::Bytes> {
        answer(self.get_attachment_of(request).await)
    }

    async fn ask_compensation(
        &self,
        request: Request<pb::AskCompensationRequest>,
    ) -> Answer<pb::AskCompensationResponse> {
        answer(self.ask_compensation_of(request).await)
    }

    async fn decide_compensation(
        &self,
        request: Request<pb::DecideCompensationRequest>,
    ) -> Answer<pb::DecideCompensationResponse> {
        answer(self.decide_compensation_of(request).await)
    }

    async fn list_alerts(
        &self,
        request: Request<pb::ListAlertsRequest>,
    ) -> Answer<pb::ListAlertsResponse> {
        answer(self.list_alerts_of(request).await)
    }

    async fn get_desk(&self, request: Request<pb::GetDeskRequest>) -> Answer<pb::GetDeskResponse> {
        answer(self.get_desk_of(request).await)
    }

    async fn search_complaints(
        &self,
        request: Request<pb::SearchComplaintsRequest>,
    ) -> Answer<pb::SearchComplaintsResponse> {
        answer(self.search_complaints_of(request).await)
    }

    async fn put_solution(
        &self,
        request: Request<pb::PutSolutionRequest>,
    ) -> Answer<pb::PutSolutionResponse> {
        answer(self.put_solution_of(request).await)
    }

    async fn decide_solution(
        &self,
        request: Request<pb::DecideSolutionRequest>,
    ) -> Answer<pb::DecideSolutionResponse> {
        answer(self.decide_solution_of(request).await)
    }

    async fn get_solution(
        &self,
        request: Request<pb::GetSolutionRequest>,
    ) -> Answer<pb::GetSolutionResponse> {
        answer(self.get_solution_of(request).await)
    }

    async fn search_solutions(
        &self,
        request: Request<pb::SearchSolutionsRequest>,
    ) -> Answer<pb::SearchSolutionsResponse> {
        answer(self.search_solutions_of(request).await)
    }

    async fn use_solution(
        &self,
        request: Request<pb::UseSolutionRequest>,
    ) -> Answer<pb::UseSolutionResponse> {
        answer(self.use_solution_of(request).await)
    }

    type WatchComplaintsStream = watch::Changes;

    async fn watch_complaints(
        &self,
        request: Request<pb::WatchComplaintsRequest>,
    ) -> Answer<watch::Changes> {
        let ctx = CallContext::of(&request).map_err(|error| status(&Error::from(error)))?;
        let deadline = CallMeta::of(&request).deadline();
        let after = request.into_inner().after;
        let whence = (self.app.clone(), self.events.clone());
        let changes = watch::watch(whence, ctx, deadline, after);
        Ok(Response::new(changes))
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Answer<pb::GetReportResponse> {
        answer(self.get_report_of(request).await)
    }
}
