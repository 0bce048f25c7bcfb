//! Opening hours of dealers on gRPC.

use marque_api::complaint::v1 as pb;
use tonic::Request;

use super::{ComplaintGrpc, convert, read};
use crate::error::Result;

impl ComplaintGrpc {
    pub(super) async fn get_calendar_of(
        &self,
        request: Request<pb::GetCalendarRequest>,
    ) -> Result<pb::GetCalendarResponse> {
        let (ctx, meta, _, request) = read(request)?;
        let (dealer, hours) = self.app.get_hours(ctx, &meta, &request.dealer).await?;
        Ok(pb::GetCalendarResponse {
            calendar: Some(convert::hours_to_pb(dealer.to_string(), &hours)),
        })
    }

    pub(super) async fn put_calendar_of(
        &self,
        request: Request<pb::PutCalendarRequest>,
    ) -> Result<pb::PutCalendarResponse> {
        let (ctx, meta, _, request) = read(request)?;
        let calendar = request.calendar.unwrap_or_default();
        let hours = convert::hours_of(&calendar)?;
        let shown = convert::hours_to_pb(calendar.dealer.clone(), &hours);
        let recomputed = self
            .app
            .put_hours(ctx, &meta, &calendar.dealer, hours)
            .await?;
        Ok(pb::PutCalendarResponse {
            calendar: Some(shown),
            recomputed: recomputed as i32,
        })
    }
}
