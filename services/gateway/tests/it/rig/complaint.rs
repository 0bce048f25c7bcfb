//! The stub of the complaint role.

use marque_api::complaint::v1::{
    self as pb,
    add_attachment_request::Part,
    complaint_service_server::{ComplaintService, ComplaintServiceServer},
    get_attachment_response::Part as Given,
};
use marque_rpc::Routes;
use tonic::{Request, Response, Status, Streaming};

use super::{Script, complaint_samples as samples};

struct Complaints(Script);

pub(super) fn routes(script: &Script) -> Routes {
    Routes::new(ComplaintServiceServer::new(Complaints(script.clone())))
}

#[tonic::async_trait]
impl ComplaintService for Complaints {
    async fn open_complaint(
        &self,
        request: Request<pb::OpenComplaintRequest>,
    ) -> Result<Response<pb::OpenComplaintResponse>, Status> {
        self.0
            .play(
                &request,
                pb::OpenComplaintResponse {
                    complaint: Some(samples::complaint(true)),
                    possible_repeats: vec![samples::complaint(false)],
                },
            )
            .await
    }

    async fn find_repeats(
        &self,
        request: Request<pb::FindRepeatsRequest>,
    ) -> Result<Response<pb::FindRepeatsResponse>, Status> {
        self.0
            .play(
                &request,
                pb::FindRepeatsResponse {
                    complaints: vec![samples::complaint(false)],
                },
            )
            .await
    }

    async fn get_complaint(
        &self,
        request: Request<pb::GetComplaintRequest>,
    ) -> Result<Response<pb::GetComplaintResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetComplaintResponse {
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn move_complaint(
        &self,
        request: Request<pb::MoveComplaintRequest>,
    ) -> Result<Response<pb::MoveComplaintResponse>, Status> {
        self.0
            .play(
                &request,
                pb::MoveComplaintResponse {
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn amend_complaint(
        &self,
        request: Request<pb::AmendComplaintRequest>,
    ) -> Result<Response<pb::AmendComplaintResponse>, Status> {
        self.0
            .play(
                &request,
                pb::AmendComplaintResponse {
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn add_note(
        &self,
        request: Request<pb::AddNoteRequest>,
    ) -> Result<Response<pb::AddNoteResponse>, Status> {
        self.0
            .play(
                &request,
                pb::AddNoteResponse {
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn add_task(
        &self,
        request: Request<pb::AddTaskRequest>,
    ) -> Result<Response<pb::AddTaskResponse>, Status> {
        self.0
            .play(
                &request,
                pb::AddTaskResponse {
                    task: samples::complaint(true).tasks.pop(),
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn amend_task(
        &self,
        request: Request<pb::AmendTaskRequest>,
    ) -> Result<Response<pb::AmendTaskResponse>, Status> {
        self.0
            .play(
                &request,
                pb::AmendTaskResponse {
                    task: samples::complaint(true).tasks.pop(),
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn finish_task(
        &self,
        request: Request<pb::FinishTaskRequest>,
    ) -> Result<Response<pb::FinishTaskResponse>, Status> {
        self.0
            .play(
                &request,
                pb::FinishTaskResponse {
                    complaint: Some(samples::complaint(true)),
                },
            )
            .await
    }

    async fn get_calendar(
        &self,
        request: Request<pb::GetCalendarRequest>,
    ) -> Result<Response<pb::GetCalendarResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetCalendarResponse {
                    calendar: Some(samples::calendar()),
                },
            )
            .await
    }

    async fn list_tasks(
        &self,
        request: Request<pb::ListTasksRequest>,
    ) -> Result<Response<pb::ListTasksResponse>, Status> {
        let tasks = pb::ListTasksResponse {
            tasks: vec![samples::case_task()],
            next_page_token: String::new(),
        };
        self.0.play(&request, tasks).await
    }

    async fn list_work_years(
        &self,
        request: Request<pb::ListWorkYearsRequest>,
    ) -> Result<Response<pb::ListWorkYearsResponse>, Status> {
        let years = pb::ListWorkYearsResponse {
            years: vec![samples::work_year()],
            missing: vec![2027],
            settled: true,
        };
        self.0.play(&request, years).await
    }

    async fn put_work_year(
        &self,
        request: Request<pb::PutWorkYearRequest>,
    ) -> Result<Response<pb::PutWorkYearResponse>, Status> {
        let put = pb::PutWorkYearResponse {
            year: Some(samples::work_year()),
        };
        self.0.play(&request, put).await
    }

    async fn put_calendar(
        &self,
        request: Request<pb::PutCalendarRequest>,
    ) -> Result<Response<pb::PutCalendarResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutCalendarResponse {
                    calendar: Some(samples::calendar()),
                    recomputed: 3,
                },
            )
            .await
    }

    async fn list_complaints(
        &self,
        request: Request<pb::ListComplaintsRequest>,
    ) -> Result<Response<pb::ListComplaintsResponse>, Status> {
        let asked = request.get_ref();
        let is_other = !asked.customer_id.is_empty() && asked.customer_id != super::CUSTOMER;
        let complaints = if is_other {
            Vec::new()
        } else {
            vec![samples::complaint(false)]
        };
        self.0
            .play(
                &request,
                pb::ListComplaintsResponse {
                    complaints,
                    next_page_token: String::new(),
                },
            )
            .await
    }

    async fn add_attachment(
        &self,
        request: Request<Streaming<pb::AddAttachmentRequest>>,
    ) -> Result<Response<pb::AddAttachmentResponse>, Status> {
        self.0.play(&request, ()).await?;
        let (mut messages, mut attachment) = (request.into_inner(), samples::attachment());
        attachment.size = 0;
        while let Some(message) = messages.message().await? {
            match message.part {
                Some(Part::Start(start)) => attachment.name = start.name,
                Some(Part::Chunk(chunk)) => attachment.size += chunk.len() as i64,
                None => return Err(Status::invalid_argument("empty message")),
            }
        }
        Ok(Response::new(pb::AddAttachmentResponse {
            attachment: Some(attachment),
        }))
    }

    async fn list_attachments(
        &self,
        request: Request<pb::ListAttachmentsRequest>,
    ) -> Result<Response<pb::ListAttachmentsResponse>, Status> {
        let attachments = vec![samples::attachment()];
        self.0
            .play(&request, pb::ListAttachmentsResponse { attachments })
            .await
    }

    type GetAttachmentStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<pb::GetAttachmentResponse, Status>>>;

    async fn get_attachment(
        &self,
        request: Request<pb::GetAttachmentRequest>,
    ) -> Result<Response<Self::GetAttachmentStream>, Status> {
        let parts = [
            Given::Attachment(samples::attachment()),
            Given::Chunk("%PDF".into()),
            Given::Chunk("-1.7".into()),
        ];
        let parts = parts.map(|part| Ok(pb::GetAttachmentResponse { part: Some(part) }));
        self.0
            .play(&request, tokio_stream::iter(parts.to_vec()))
            .await
    }

    async fn ask_compensation(
        &self,
        request: Request<pb::AskCompensationRequest>,
    ) -> Result<Response<pb::AskCompensationResponse>, Status> {
        let asked = pb::AskCompensationResponse {
            compensation: Some(samples::compensation("asked")),
            complaint: Some(samples::complaint(true)),
        };
        self.0.play(&request, asked).await
    }

    async fn decide_compensation(
        &self,
        request: Request<pb::DecideCompensationRequest>,
    ) -> Result<Response<pb::DecideCompensationResponse>, Status> {
        let decided = pb::DecideCompensationResponse {
            compensation: Some(samples::compensation("approved")),
            complaint: Some(samples::complaint(true)),
        };
        self.0.play(&request, decided).await
    }

    async fn list_alerts(
        &self,
        request: Request<pb::ListAlertsRequest>,
    ) -> Result<Response<pb::ListAlertsResponse>, Status> {
        let alerts = pb::ListAlertsResponse {
            alerts: vec![samples::alert()],
            next_page_token: "next".to_owned(),
        };
        self.0.play(&request, alerts).await
    }

    async fn get_desk(
        &self,
        request: Request<pb::GetDeskRequest>,
    ) -> Result<Response<pb::GetDeskResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetDeskResponse {
                    complaint: Some(samples::complaint(true)),
                    earlier: vec![samples::complaint(false)],
                    similar: vec![samples::complaint(false)],
                    likeness: vec![pb::Likeness {
                        reasons: vec!["fault".to_owned(), "words".to_owned()],
                    }],
                    solutions: vec![samples::solution()],
                },
            )
            .await
    }

    async fn search_complaints(
        &self,
        request: Request<pb::SearchComplaintsRequest>,
    ) -> Result<Response<pb::SearchComplaintsResponse>, Status> {
        self.0
            .play(
                &request,
                pb::SearchComplaintsResponse {
                    complaints: vec![samples::complaint(false)],
                },
            )
            .await
    }

    async fn put_solution(
        &self,
        request: Request<pb::PutSolutionRequest>,
    ) -> Result<Response<pb::PutSolutionResponse>, Status> {
        self.0
            .play(
                &request,
                pb::PutSolutionResponse {
                    solution: Some(samples::solution()),
                },
            )
            .await
    }

    async fn decide_solution(
        &self,
        request: Request<pb::DecideSolutionRequest>,
    ) -> Result<Response<pb::DecideSolutionResponse>, Status> {
        self.0
            .play(
                &request,
                pb::DecideSolutionResponse {
                    solution: Some(samples::solution()),
                },
            )
            .await
    }

    async fn get_solution(
        &self,
        request: Request<pb::GetSolutionRequest>,
    ) -> Result<Response<pb::GetSolutionResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetSolutionResponse {
                    solution: Some(samples::solution()),
                    versions: vec![samples::solution()],
                },
            )
            .await
    }

    async fn search_solutions(
        &self,
        request: Request<pb::SearchSolutionsRequest>,
    ) -> Result<Response<pb::SearchSolutionsResponse>, Status> {
        self.0
            .play(
                &request,
                pb::SearchSolutionsResponse {
                    solutions: vec![samples::solution()],
                },
            )
            .await
    }

    async fn use_solution(
        &self,
        request: Request<pb::UseSolutionRequest>,
    ) -> Result<Response<pb::UseSolutionResponse>, Status> {
        self.0
            .play(
                &request,
                pb::UseSolutionResponse {
                    solution: Some(samples::solution()),
                },
            )
            .await
    }

    type WatchComplaintsStream =
        tokio_stream::Iter<std::vec::IntoIter<Result<pb::WatchComplaintsResponse, Status>>>;

    async fn watch_complaints(
        &self,
        request: Request<pb::WatchComplaintsRequest>,
    ) -> Result<Response<Self::WatchComplaintsStream>, Status> {
        let told = pb::WatchComplaintsResponse {
            position: 42,
            kind: "moved".to_owned(),
            changes: vec![samples::change()],
        };
        self.0
            .play(&request, tokio_stream::iter(vec![Ok(told)]))
            .await
    }

    async fn get_report(
        &self,
        request: Request<pb::GetReportRequest>,
    ) -> Result<Response<pb::GetReportResponse>, Status> {
        self.0
            .play(
                &request,
                pb::GetReportResponse {
                    lines: vec![samples::report_line(), samples::unmeasured_line()],
                },
            )
            .await
    }
}
