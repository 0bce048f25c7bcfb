//! Compensations on gRPC.

use marque_api::complaint::v1 as pb;
use tonic::Request;

use super::{ComplaintGrpc, care, read};
use crate::{
    app::{AsRead, Asked, Verdict},
    error::{Error, Result},
};

impl ComplaintGrpc {
    pub(super) async fn ask_compensation_of(
        &self,
        request: Request<pb::AskCompensationRequest>,
    ) -> Result<pb::AskCompensationResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let case = AsRead::read(&wire.id, wire.expected_version)?;
        let asked = Asked {
            kind: wire.kind.clone(),
            amount: wire.amount_minor,
            reason: wire.reason.clone(),
        };
        self.app
            .ask_compensation(ctx, key, case, (asked, wire), |compensation, shown| {
                let (compensation, complaint) = care::compensated_to_pb(&compensation.id, shown);
                pb::AskCompensationResponse {
                    compensation,
                    complaint,
                }
            })
            .await
    }

    pub(super) async fn decide_compensation_of(
        &self,
        request: Request<pb::DecideCompensationRequest>,
    ) -> Result<pb::DecideCompensationResponse> {
        let (ctx, _, key, wire) = read(request)?;
        let case = AsRead::read(&wire.id, wire.expected_version)?;
        let verdict = Verdict {
            id: care::compensation_id(&wire.compensation_id)?,
            is_approved: is_approved(&wire.decision)?,
            note: wire.note.clone(),
        };
        self.app
            .decide_compensation(ctx, key, case, (verdict, wire), |compensation, shown| {
                let (compensation, complaint) = care::compensated_to_pb(&compensation.id, shown);
                pb::DecideCompensationResponse {
                    compensation,
                    complaint,
                }
            })
            .await
    }
}

fn is_approved(decision: &str) -> Result<bool> {
    match decision {
        "approve" => Ok(true),
        "refuse" => Ok(false),
        _ => Err(Error::field(
            "decision",
            "FORMAT",
            "write approve or refuse",
        )),
    }
}
