//! Complaints on which work remains to be done.

use marque_api::complaint::v1::ListComplaintsRequest;
use serde::Serialize;
use utoipa::ToSchema;

use super::part::Part;
use crate::{edge::Call, routes::complaints::ComplaintView, state::App, values::views};

/// Cases a profile shows.
const OPEN_CASES: i32 = 20;

/// Complaints that are not closed.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenComplaints {
    /// Newest first, without course and tasks. Of cases of other dealers not what was said.
    complaints: Vec<ComplaintView>,
}

/// What the complaint role says of a customer.
pub(super) async fn of(app: &App, call: &Call, customer: &str) -> Part<OpenComplaints> {
    let request = ListComplaintsRequest {
        customer_id: customer.to_owned(),
        state: "open".to_owned(),
        page_size: OPEN_CASES,
        ..ListComplaintsRequest::default()
    };
    let answer = app
        .clients
        .complaint
        .read_once(call, request, |mut client, request| async move {
            client.list_complaints(request).await
        })
        .await;
    Part::of(answer, |list| OpenComplaints {
        complaints: views(list.complaints),
    })
}
