//! Reconciliation on gRPC, what it moved, and the model it weighs by.

use marque_api::customer::v1 as pb;
use marque_auth::CallContext;
use marque_core::{PageRequest, PageToken, Timestamp};
use marque_errors::Violation;
use marque_linkage::batch::CalibrationBin;
use tonic::Request;
use uuid::Uuid;

use super::{CustomerGrpc, convert::time};
use crate::{
    app::{Moved, Report},
    error::{Error, Result},
    storage::{MovedBy, Reconciliation},
};

impl CustomerGrpc {
    pub(super) async fn look_again(
        &self,
        request: Request<pb::StartReconciliationRequest>,
    ) -> Result<pb::StartReconciliationResponse> {
        let ctx = CallContext::of(&request)?;
        let whole = request.into_inner().whole;
        let running = self.app.start_reconciliation(ctx, whole).await?;
        Ok(pb::StartReconciliationResponse {
            reconciliation: Some(to_pb(running)),
        })
    }

    pub(super) async fn looks(
        &self,
        request: Request<pb::ListReconciliationsRequest>,
    ) -> Result<pb::ListReconciliationsResponse> {
        let ctx = CallContext::of(&request)?;
        let last = self.app.reconciliations(ctx).await?;
        Ok(pb::ListReconciliationsResponse {
            reconciliations: last.into_iter().map(to_pb).collect(),
        })
    }

    pub(super) async fn moved(
        &self,
        request: Request<pb::ListMovesRequest>,
    ) -> Result<pb::ListMovesResponse> {
        let ctx = CallContext::of(&request)?;
        let request = request.into_inner();
        let by = MovedBy::parse(&request.by).ok_or_else(|| {
            let message = "linkage, people, or nothing for all";
            Error::Invalid(vec![Violation::new("by", "UNKNOWN", message)])
        })?;
        let list = format!("moves?{}", by.as_str());
        let page = PageRequest::read(request.page_size, &request.page_token, &list)?;
        let before = page.after.as_ref().and_then(|token| read_place(&token.key));
        let (moves, next) = self.app.moves(ctx, by, before, page.size).await?;
        let next =
            next.map(|(at, id)| PageToken::write(&format!("{} {id}", at.as_micros()), &list));
        Ok(pb::ListMovesResponse {
            moves: moves.into_iter().map(move_to_pb).collect(),
            next_page_token: next.unwrap_or_default(),
        })
    }

    pub(super) async fn weights(
        &self,
        request: Request<pb::GetMatcherRequest>,
    ) -> Result<pb::GetMatcherResponse> {
        let ctx = CallContext::of(&request)?;
        let Report {
            matcher,
            reliability,
        } = self.app.matcher_report(ctx).await?;
        let decider = matcher.decider();
        let model = decider.model();
        Ok(pb::GetMatcherResponse {
            model: model.to_toml(),
            decisions: i64::try_from(model.provenance.decisions).unwrap_or(i64::MAX),
            sure: f64::from(decider.sure),
            likely: f64::from(decider.likely),
            reliability: reliability.into_iter().map(bin_to_pb).collect(),
        })
    }
}

fn read_place(key: &str) -> Option<(Timestamp, Uuid)> {
    let (at, id) = key.split_once(' ')?;
    Some((Timestamp::from_micros(at.parse().ok()?), id.parse().ok()?))
}

fn move_to_pb(Moved { act, from, into }: Moved) -> pb::Move {
    pb::Move {
        merge_id: act.id.to_string(),
        act: act.act.as_str().to_owned(),
        from: from.to_string(),
        into: into.to_string(),
        records: i32::try_from(act.records.len()).unwrap_or(i32::MAX),
        at: time(act.at),
        actor: act.actor,
        reason: act.reason,
        undone_at: act.undone_at.and_then(time),
    }
}

fn bin_to_pb(bin: CalibrationBin) -> pb::Reliability {
    let CalibrationBin {
        from,
        to,
        pairs,
        stated,
        observed,
    } = bin;
    pb::Reliability {
        from: f64::from(from),
        to: f64::from(to),
        pairs: i64::try_from(pairs).unwrap_or(i64::MAX),
        stated,
        observed,
    }
}

fn to_pb(reconciliation: Reconciliation) -> pb::Reconciliation {
    let Reconciliation {
        id: _,
        started_by,
        started_at,
        finished_at,
        since,
        checkpoint: _,
        progress,
    } = reconciliation;
    let state = if finished_at.is_some() {
        "done"
    } else {
        "running"
    };
    pb::Reconciliation {
        state: state.to_owned(),
        whole: since == Timestamp::from_micros(0),
        started_by,
        started_at: time(started_at),
        finished_at: finished_at.and_then(time),
        looked_at: progress.looked_at,
        joined: progress.joined,
        parted: progress.parted,
        moved: progress.moved,
        asked: progress.asked,
        closed: progress.closed,
    }
}
