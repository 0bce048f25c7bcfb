//! What binds a customer's records to him, on gRPC.

use marque_api::customer::v1 as pb;
use marque_auth::CallContext;
use marque_core::CustomerId;
use tonic::Request;

use super::{
    CustomerGrpc,
    convert::{customer_id, evidence_to_pb, record_to_pb, time},
};
use crate::{
    app::{Bond, Brought, Cohesion, Nearest},
    error::Result,
};

impl CustomerGrpc {
    pub(super) async fn cohesion(
        &self,
        request: Request<pb::GetCohesionRequest>,
    ) -> Result<pb::GetCohesionResponse> {
        let ctx = CallContext::of(&request)?;
        let id = customer_id(&request.into_inner().customer_id)?;
        let Cohesion {
            customer,
            bonds,
            is_whole,
        } = self.app.cohesion(ctx.clone(), id).await?;
        let bonds = bonds.into_iter();
        Ok(pb::GetCohesionResponse {
            customer_id: customer.to_string(),
            bonds: bonds.map(|bond| bond_to_pb(&ctx, bond, customer)).collect(),
            whole: is_whole,
        })
    }
}

fn bond_to_pb(ctx: &CallContext, bond: Bond, customer: CustomerId) -> pb::Bond {
    pb::Bond {
        source_record: Some(record_to_pb(ctx, bond.record, customer)),
        nearest: bond.nearest.map(nearest_to_pb),
        held_by: bond.held_by as i32,
        stands_alone: bond.stands_alone,
    }
}

fn nearest_to_pb(nearest: Nearest) -> pb::Resemblance {
    let Nearest {
        record,
        probability,
        evidence,
        brought,
    } = nearest;
    let Brought {
        by,
        act,
        actor,
        reason,
        at,
    } = brought;
    pb::Resemblance {
        source_record_id: record.map_or_else(String::new, |record| record.to_string()),
        probability: f64::from(probability),
        evidence: evidence.into_iter().map(evidence_to_pb).collect(),
        brought_by: by.as_str().to_owned(),
        merge_id: act.map_or_else(String::new, |act| act.to_string()),
        actor,
        reason,
        brought_at: at.and_then(time),
    }
}
