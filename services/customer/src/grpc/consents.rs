//! What customers agree to, for the services that act on it, on gRPC.

use marque_api::customer::v1::{self as pb, consent_service_server::ConsentService};
use marque_auth::CallContext;
use marque_errors::Violation;
use tonic::Request;

use super::{Answer, answer};
use crate::{
    app::CustomerApp,
    error::{Error, Result},
};

/// Most customers in one question: a page of any list holds no more.
const MOST_CUSTOMERS: usize = 1_000;

#[derive(Debug, Clone)]
pub(crate) struct ConsentGrpc {
    app: CustomerApp,
}

impl ConsentGrpc {
    pub(crate) fn new(app: CustomerApp) -> Self {
        Self { app }
    }

    async fn withdrawn(
        &self,
        request: Request<pb::ListWithdrawnRequest>,
    ) -> Result<pb::ListWithdrawnResponse> {
        let ctx = CallContext::of(&request)?;
        let pb::ListWithdrawnRequest {
            customer_ids,
            purposes,
        } = request.into_inner();
        if customer_ids.len() > MOST_CUSTOMERS {
            let message = format!("at most {MOST_CUSTOMERS} customers at once");
            let violation = Violation::new("customer_ids", "TOO_MANY", message);
            return Err(Error::Invalid(vec![violation]));
        }
        // An id that cannot be is as unknown as one that is not.
        let customers = customer_ids
            .iter()
            .filter_map(|id| id.parse().ok())
            .collect();
        let withdrawn = self.app.who_withdrew(&ctx, customers, purposes).await?;
        Ok(pb::ListWithdrawnResponse {
            customer_ids: withdrawn.iter().map(ToString::to_string).collect(),
        })
    }
}

#[tonic::async_trait]
impl ConsentService for ConsentGrpc {
    async fn list_withdrawn(
        &self,
        request: Request<pb::ListWithdrawnRequest>,
    ) -> Answer<pb::ListWithdrawnResponse> {
        answer(self.withdrawn(request).await)
    }
}
