//! One case, and lists of cases.

use axum::extract::State;
use marque_api::complaint::v1 as pb;
use marque_auth::Scope;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::ComplaintView;
use crate::{
    answer::{Preconditions, ok},
    edge::Call,
    extract::{Path, Query},
    problem::Answer,
    routes::{
        customers::check_shown,
        paging::{self, Paging},
    },
    state::App,
    values::views,
};

/// One case with its clocks, tasks and course.
#[utoipa::path(get, path = "/v1/complaints/{id}", tag = "complaints",
    params(("id" = String, Path, description = "Id, or the number that is said aloud", example = "T00000427")),
    responses((status = 200, description = "The case", body = ComplaintView)))]
pub(crate) async fn get_complaint(
    State(app): State<App>,
    call: Call,
    conditions: Preconditions,
    Path(id): Path<String>,
) -> Answer {
    let get = app.clients.complaint.read(
        &call,
        pb::GetComplaintRequest {
            id,
            personal_data: false,
        },
        |mut client, request| async move { client.get_complaint(request).await },
    );
    let complaint = get.await?.complaint.unwrap_or_default();
    let (version, owner) = (complaint.version, complaint.customer_id.clone());
    conditions.read_owned(version, &owner, &ComplaintView::from(complaint))
}

/// Which cases.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct ComplaintsQuery {
    /// A state, or open for all that work remains to be done on.
    state: String,
    /// Dealer.
    dealer: String,
    /// Customer.
    customer_id: String,
    /// low, medium, high or critical.
    severity: String,
    /// Code of the category tree.
    category: String,
    /// Department.
    department: String,
    /// Escalated to this step or further: warning, agent, manager, region or headquarters.
    escalated_to: String,
    /// Only cases of which a clock has run out.
    overdue: bool,
    /// Only cases with a compensation that waits for its decision.
    compensation_asked: bool,
    /// opened (if not said): the newest first. due: by the clock that runs out next, the longest overdue first; only cases of which
    /// one runs.
    sort: String,
    /// Only cases of which a clock runs out until then: RFC 3339, or a date in China, which is included.
    due_until: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintPage {
    /// Newest first or by what is due next, without course and tasks.
    complaints: Vec<ComplaintView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// Cases, newest first or by what is due next.
#[utoipa::path(get, path = "/v1/complaints", tag = "complaints", params(ComplaintsQuery),
    responses((status = 200, description = "A page of cases", body = ComplaintPage)))]
pub(crate) async fn list_complaints(
    State(app): State<App>,
    call: Call,
    Query(query): Query<ComplaintsQuery>,
) -> Answer {
    let ComplaintsQuery {
        state,
        dealer,
        customer_id,
        severity,
        category,
        department,
        escalated_to,
        overdue,
        compensation_asked,
        sort,
        due_until,
        page_size,
        page_token,
    } = query;
    let mut request = pb::ListComplaintsRequest {
        state,
        dealer,
        customer_id,
        vin: String::new(),
        severity,
        category,
        department,
        escalated_to,
        overdue,
        page_size: paging::size(page_size),
        page_token,
        compensation_asked,
        sort,
        due_until,
    };
    if let Scope::Dealer(own) = &call.identity.scope
        && !request.customer_id.is_empty()
        && check_shown(&app, &call, &request.customer_id)
            .await
            .is_err()
    {
        // Of whom he may not be shown he knows his own cases alone.
        let asked = std::mem::replace(&mut request.dealer, own.to_string());
        if !asked.is_empty() && asked != request.dealer {
            return ok(&ComplaintPage {
                complaints: Vec::new(),
                next_page_token: String::new(),
            });
        }
    }
    page(&app, &call, request).await
}

/// My complaints, newest first.
#[utoipa::path(get, path = "/v1/me/complaints", tag = "me", params(Paging),
    responses((status = 200, description = "A page of cases", body = ComplaintPage)))]
pub(crate) async fn list_my_complaints(
    State(app): State<App>,
    call: Call,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListComplaintsRequest {
        customer_id: call.own_customer()?,
        page_size,
        page_token,
        ..pb::ListComplaintsRequest::default()
    };
    page(&app, &call, request).await
}

async fn page(app: &App, call: &Call, request: pb::ListComplaintsRequest) -> Answer {
    let list = app
        .clients
        .complaint
        .read(call, request, |mut client, request| async move {
            client.list_complaints(request).await
        });
    let pb::ListComplaintsResponse {
        complaints,
        next_page_token,
    } = list.await?;
    ok(&ComplaintPage {
        complaints: views(complaints),
        next_page_token,
    })
}
