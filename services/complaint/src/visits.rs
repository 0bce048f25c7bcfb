//! Which car a visit was with, as the service-history service says to this caller.

use marque_api::service_history::v1::{
    GetVisitRequest, service_history_service_client::ServiceHistoryServiceClient,
};
use marque_core::VisitId;
use marque_rpc::{CallMeta, RpcTransport};
use tonic::Code;

use crate::error::{Error, Result};

/// Asks the service-history service.
#[derive(Debug, Clone)]
pub(crate) struct Visits {
    client: ServiceHistoryServiceClient<RpcTransport>,
}

impl Visits {
    pub(crate) fn new(transport: RpcTransport) -> Self {
        Self {
            client: ServiceHistoryServiceClient::new(transport),
        }
    }

    /// The VIN of a visit as it was given. A visit to another dealer is as unknown as one that the caller may not see, or that is none.
    pub(crate) async fn vin_of(
        &self,
        meta: &CallMeta,
        visit: VisitId,
        dealer: &str,
    ) -> Result<String> {
        let request = GetVisitRequest {
            id: visit.to_string(),
            ..GetVisitRequest::default()
        };
        let answer = self.client.clone().get_visit(meta.outgoing(request)).await;
        let visit = match answer {
            Ok(answer) => answer.into_inner().visit.unwrap_or_default(),
            Err(status) if status.code() == Code::NotFound => return Err(Error::VisitUnknown),
            Err(status) => return Err(Error::Visits(Box::new(status))),
        };
        if visit.dealer == dealer {
            Ok(visit.vin)
        } else {
            Err(Error::VisitUnknown)
        }
    }
}
