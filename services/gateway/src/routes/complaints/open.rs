//! Opening a case, and what it may repeat.

use axum::extract::State;
use http::StatusCode;
use marque_api::complaint::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::views::ComplaintView;
use crate::{
    answer::{json, located, ok, tagged},
    edge::Call,
    extract::Json,
    problem::Answer,
    state::App,
    values::views,
};

/// A complaint.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = NewComplaint)]
pub(crate) struct ComplaintBody {
    /// Dealer whose case it is.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system of the keys below.
    #[schema(example = "dms")]
    source: String,
    /// Key of the customer in that system, or
    customer_key: String,
    /// the customer. One of the two is needed; a customer's own token needs neither.
    customer_id: String,
    /// Key of the complaint in that system, if it has one.
    complaint_key: String,
    /// VIN; that of the visit if not said.
    vin: String,
    /// Visit it is about: one to the dealer, with the car if one is said.
    visit_id: String,
    /// phone, visit, wechat, callback, web, app, email, letter, regulator, press or other; Chinese words too.
    #[schema(example = "phone")]
    channel: String,
    /// Code of the category tree, a dealer's word for it, or a code of the dealer's own.
    #[schema(example = "service.repair")]
    category: String,
    /// low, medium (the default), high or critical.
    #[schema(example = "high")]
    severity: String,
    /// The customer's words, at most 20,000 characters.
    text: String,
    /// What he wishes, at most 20,000 characters.
    wish: String,
    /// sales, service, parts, finance, customer_care or other; the category's own if not said.
    department: String,
    /// Part.
    part: String,
    /// Fault.
    fault: String,
    /// When he complained; now if not said.
    opened_at: String,
    /// It is another matter than the case that is open already.
    another_matter: bool,
    /// What the customer is to us: vip, major, ordinary or small; if not said, what the scoring service tells.
    tier: String,
}

impl From<ComplaintBody> for pb::OpenComplaintRequest {
    fn from(body: ComplaintBody) -> Self {
        let ComplaintBody {
            dealer,
            source,
            customer_key,
            customer_id,
            complaint_key,
            vin,
            visit_id,
            channel,
            category,
            severity,
            text,
            wish,
            department,
            part,
            fault,
            opened_at,
            another_matter,
            tier,
        } = body;
        Self {
            dealer,
            source,
            customer_key,
            customer_id,
            complaint_key,
            vin,
            visit_id,
            channel,
            category,
            severity,
            text,
            wish,
            department,
            part,
            fault,
            opened_at,
            another_matter,
            tier,
        }
    }
}

/// A case that was opened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpenedComplaint {
    /// The case.
    #[serde(flatten)]
    complaint: ComplaintView,
    /// Other open cases of the customer or the vehicle.
    possible_repeats: Vec<ComplaintView>,
}

/// Open a case. Its clocks begin at once.
///
/// Where the same customer's case of the same vehicle and category is open, it is refused with that case's number, unless
/// `another_matter` says that it is something else.
#[utoipa::path(post, path = "/v1/complaints", tag = "complaints", request_body = ComplaintBody,
    responses((status = 201, description = "As opened", body = OpenedComplaint)))]
pub(crate) async fn open_complaint(
    State(app): State<App>,
    call: Call,
    Json(body): Json<ComplaintBody>,
) -> Answer {
    let open = app.clients.complaint.write(
        &call,
        pb::OpenComplaintRequest::from(body),
        |mut client, request| async move { client.open_complaint(request).await },
    );
    let pb::OpenComplaintResponse {
        complaint,
        possible_repeats,
    } = open.await?;
    let complaint = complaint.unwrap_or_default();
    let (path, version) = (
        format!("/v1/complaints/{}", complaint.id),
        complaint.version,
    );
    let answer = json(
        StatusCode::CREATED,
        &OpenedComplaint {
            complaint: complaint.into(),
            possible_repeats: views(possible_repeats),
        },
    );
    Ok(located(tagged(answer, version), path))
}

/// Whose open cases are wanted.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct RepeatsBody {
    /// Dealer.
    dealer: String,
    /// Source system of the key.
    source: String,
    /// Key of the customer, or
    customer_key: String,
    /// the customer, or
    customer_id: String,
    /// the vehicle.
    vin: String,
}

/// Open cases.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Repeats {
    /// Newest first, without words.
    complaints: Vec<ComplaintView>,
}

/// Open cases of a customer or a vehicle, to be looked at before another is opened.
#[utoipa::path(post, path = "/v1/complaints/repeats", tag = "complaints", request_body = RepeatsBody,
    responses((status = 200, description = "Open cases", body = Repeats)))]
pub(crate) async fn find_repeats(
    State(app): State<App>,
    call: Call,
    Json(body): Json<RepeatsBody>,
) -> Answer {
    let RepeatsBody {
        dealer,
        source,
        customer_key,
        customer_id,
        vin,
    } = body;
    let request = pb::FindRepeatsRequest {
        dealer,
        source,
        customer_key,
        customer_id,
        vin,
    };
    let find = app
        .clients
        .complaint
        .read(&call, request, |mut client, request| async move {
            client.find_repeats(request).await
        });
    ok(&Repeats {
        complaints: views(find.await?.complaints),
    })
}
