//! Clusters on gRPC.

use marque_api::complaint::v1 as pb;
use marque_core::{PageRequest, PageToken};
use tonic::Request;

use super::{ComplaintGrpc, read};
use crate::{app::alert_to_pb, error::Result};

/// The list, so that a page token is of no use in another.
const LIST: &str = "complaint_alerts";

impl ComplaintGrpc {
    pub(super) async fn list_alerts_of(
        &self,
        request: Request<pb::ListAlertsRequest>,
    ) -> Result<pb::ListAlertsResponse> {
        let (ctx, _, _, request) = read(request)?;
        let page = PageRequest::read(request.page_size, &request.page_token, LIST)?;
        let (alerts, next) = self.app.list_alerts(ctx, page).await?;
        Ok(pb::ListAlertsResponse {
            alerts: alerts.iter().map(alert_to_pb).collect(),
            next_page_token: next.map_or_else(String::new, |key| PageToken::write(&key, LIST)),
        })
    }
}
