//! The desk's view, search and solutions on gRPC.

use marque_api::complaint::v1 as pb;
use marque_auth::CallContext;
use marque_ledger::Keyed;
use tonic::Request;

use super::{ComplaintGrpc, convert, read};
use crate::{
    app::{Desk, SolutionDraft, Wanted},
    domain::{Among, SolutionState},
    error::{Error, Result},
};

/// Hits where the caller does not say, and at most.
const HITS: i32 = 10;
const MOST_HITS: i32 = 50;

fn limit(wish: i32) -> usize {
    let wish = if wish <= 0 { HITS } else { wish };
    wish.min(MOST_HITS) as usize
}

fn among(request: &pb::SearchSolutionsRequest) -> Result<Among> {
    match (request.approved_only, request.drafts_only) {
        (true, true) => {
            let message = "no draft is approved: ask for the one or the other";
            Err(Error::field("drafts_only", "NOT_ALLOWED", message))
        }
        (true, false) => Ok(Among::InForce),
        (false, true) => Ok(Among::Drafts),
        (false, false) => Ok(Among::All),
    }
}

impl ComplaintGrpc {
    pub(super) async fn get_desk_of(
        &self,
        request: Request<pb::GetDeskRequest>,
    ) -> Result<pb::GetDeskResponse> {
        let (ctx, _, _, request) = read(request)?;
        let Desk {
            shown,
            earlier,
            similar,
            solutions,
        } = self.app.desk(ctx, Wanted::read(&request.id)?).await?;
        let (similar, reasons): (Vec<_>, Vec<_>) = similar.into_iter().unzip();
        let likeness = |reasons: Vec<&str>| pb::Likeness {
            reasons: reasons.into_iter().map(str::to_owned).collect(),
        };
        Ok(pb::GetDeskResponse {
            complaint: Some(convert::shown_to_pb(shown)),
            earlier: earlier.into_iter().map(convert::own_case_to_pb).collect(),
            similar: similar.into_iter().map(convert::own_case_to_pb).collect(),
            likeness: reasons.into_iter().map(likeness).collect(),
            solutions: solutions.into_iter().map(convert::proposed_to_pb).collect(),
        })
    }

    pub(super) async fn search_complaints_of(
        &self,
        request: Request<pb::SearchComplaintsRequest>,
    ) -> Result<pb::SearchComplaintsResponse> {
        let (ctx, _, _, request) = read(request)?;
        let most = limit(request.limit);
        let found = self.app.search_cases(ctx, request.query, most).await?;
        Ok(pb::SearchComplaintsResponse {
            complaints: found.into_iter().map(convert::shown_to_pb).collect(),
        })
    }

    pub(super) async fn put_solution_of(
        &self,
        request: Request<pb::PutSolutionRequest>,
    ) -> Result<pb::PutSolutionResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let id = match wire.id.as_str() {
            "" => None,
            id => Some(convert::solution_id(id)?),
        };
        let draft = SolutionDraft {
            id,
            title: wire.title.clone(),
            text: wire.text.clone(),
            category: wire.category.clone(),
            part: wire.part.clone(),
            fault: wire.fault.clone(),
            expected_version: wire.expected_version,
        };
        self.app
            .put_solution(ctx, key, (draft, wire), |proposed| {
                pb::PutSolutionResponse {
                    solution: Some(convert::proposed_to_pb(proposed)),
                }
            })
            .await
    }

    pub(super) async fn decide_solution_of(
        &self,
        request: Request<pb::DecideSolutionRequest>,
    ) -> Result<pb::DecideSolutionResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let request = keyed.request();
        let state = match request.decision.as_str() {
            "approve" => SolutionState::Approved,
            "reject" => SolutionState::Rejected,
            "retire" => SolutionState::Retired,
            _ => {
                let message = "write approve, reject or retire";
                return Err(Error::field("decision", "FORMAT", message));
            }
        };
        let id = convert::solution_id(&request.id)?;
        let decision = (id, state, request.expected_version);
        self.app
            .decide_solution(ctx, keyed, decision, |decided| pb::DecideSolutionResponse {
                solution: Some(convert::proposed_to_pb(decided)),
            })
            .await
    }

    pub(super) async fn get_solution_of(
        &self,
        request: Request<pb::GetSolutionRequest>,
    ) -> Result<pb::GetSolutionResponse> {
        let (ctx, _, _, request) = read(request)?;
        let id = convert::solution_id(&request.id)?;
        let (proposed, versions) = self.app.get_solution(ctx, id).await?;
        Ok(pb::GetSolutionResponse {
            solution: Some(convert::proposed_to_pb(proposed)),
            versions: versions.into_iter().map(convert::solution_to_pb).collect(),
        })
    }

    pub(super) async fn search_solutions_of(
        &self,
        request: Request<pb::SearchSolutionsRequest>,
    ) -> Result<pb::SearchSolutionsResponse> {
        let (ctx, _, _, request) = read(request)?;
        let among = among(&request)?;
        let most = limit(request.limit);
        let found = self
            .app
            .search_solutions(ctx, request.query, among, most)
            .await?;
        Ok(pb::SearchSolutionsResponse {
            solutions: found.into_iter().map(convert::proposed_to_pb).collect(),
        })
    }

    pub(super) async fn use_solution_of(
        &self,
        request: Request<pb::UseSolutionRequest>,
    ) -> Result<pb::UseSolutionResponse> {
        let ctx = CallContext::of(&request)?;
        let keyed = Keyed::of(request)?;
        let pb::UseSolutionRequest {
            id,
            solution_id,
            only_new,
        } = keyed.request();
        let (what, only_new) = (
            (Wanted::read(id)?, convert::solution_id(solution_id)?),
            *only_new,
        );
        self.app
            .use_solution(ctx, keyed, (what, only_new), |used| {
                pb::UseSolutionResponse {
                    solution: Some(convert::proposed_to_pb(used)),
                }
            })
            .await
    }
}
