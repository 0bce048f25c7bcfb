//! Everything Marque keeps about a person, for the person (PIPL Art. 45: access and portability), as JSON or as an archive.
//!
//! Unlike a profile it is whole or it is refused: a part left out without a word would be a wrong answer. That it holds
//! every personal field of the dictionary, and what no field names, is seen by the scenario `rights`; that the map of personal data
//! (`migrations/personal-data.txt`) names a part for every table by a test.

use axum::{body::Body, extract::State, response::IntoResponse as _};
use http::{HeaderMap, HeaderValue, header};
use marque_api::{
    complaint::v1::{Complaint, GetComplaintRequest, ListComplaintsRequest},
    customer::v1::{
        Customer, ExportCustomerRequest, ExportCustomerResponse, ListHistoryRequest,
        ListSourceRecordsRequest,
    },
    scoring::v1::{GetLoyaltyRequest, ListScoreHistoryRequest},
    vehicle::v1::ListCustomerVehiclesRequest,
};
use marque_errors::ErrorCode;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::{IntoParams, ToSchema};

use super::{
    archive::{CaseFile, Source, archive},
    complaints::ComplaintView,
    customers::{self, CustomerView, HistoryEntryView, SourceRecordView},
    exported::{self, FactView, HeldRowView, RowView, Told},
    loyalty::{DueDates, LoyaltyView, of_customer},
    scores::{self, ScoreQuery, ScoreView},
    vehicles::CustomerVehicleView,
    visits::VisitView,
};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Path, Query},
    problem::{Answer, Failure},
    state::App,
    values::{Binary, views},
};

/// Entries asked for at a time.
pub(super) const PAGE: i32 = 1_000;
/// Cars asked for at a time.
const CARS: i32 = 100;

/// Everything there is about a person, in clear.
#[derive(Serialize, ToSchema)]
pub(crate) struct PersonalData {
    /// Who he is to us, with where each value comes from.
    customer: CustomerView,
    /// What each dealer's system says of him, as it came.
    source_records: Vec<SourceRecordView>,
    /// What was done with his file and by whom.
    history: Vec<HistoryEntryView>,
    /// His cars, present and past.
    vehicles: Vec<CustomerVehicleView>,
    /// Dealers' rows of cars that name him, as they last came.
    vehicle_rows: Vec<RowView>,
    /// All his visits to workshops, with their lines and the columns of the dealers' own.
    visits: Vec<VisitView>,
    /// Versions of visits that corrections replaced.
    earlier_visits: Vec<VisitView>,
    /// All his complaints, with their course.
    complaints: Vec<ComplaintView>,
    /// Purchases, payments, assessments and benefits, also those that were corrected or taken back; whether or not he consents to be scored.
    facts: Vec<FactView>,
    /// Rows of visits, cars, purchases, payments and assessments that were not taken in as they came and lie under a key of his until they are
    /// mended or forgotten.
    held_rows: Vec<HeldRowView>,
    /// His score as it is now and how it comes about; absent if he withdrew consent or none was computed.
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<ScoreView>,
    /// Every score he has had.
    score_history: Vec<ScoreView>,
    /// His loyalty.
    #[serde(skip_serializing_if = "Option::is_none")]
    loyalty: Option<LoyaltyView>,
    /// What is due next for his cars.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_dates: Option<DueDates>,
}

/// In which form.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FormQuery {
    /// json or zip; as `Accept` says (`application/zip`) if not said.
    format: String,
}

/// Everything about me, as a file to keep or to take elsewhere: one JSON file, or a ZIP archive with one a part and the files of my complaints.
///
/// It is whole: if a part cannot be had now, the answer is an error or an archive that breaks off, and one asks again.
#[utoipa::path(get, path = "/v1/me/personal-data", tag = "me", params(FormQuery),
    responses((status = 200, description = "Everything", content((PersonalData = "application/json"), (Binary = "application/zip")))))]
pub(crate) async fn get_my_personal_data(
    State(app): State<App>,
    call: Call,
    Query(query): Query<FormQuery>,
    headers: HeaderMap,
) -> Answer {
    let form = Form::of(&query, &headers)?;
    let customer = customers::find(&app, &call, call.own_customer()?, true).await?;
    // Of one who was merged, the facts are found under the id he now has.
    let id = customer.id.clone();
    let records = pages(|token| source_records(&app, &call, &id, token)).await?;
    let gathered = gather(&app, &call, customer, records).await?;
    form.write(&app, &call, gathered)
}

/// Why somebody else hands the data out.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExportBody {
    /// At least ten characters; goes on record.
    #[schema(example = "asked for at the counter, identity card seen")]
    reason: String,
}

/// Everything about a customer in clear, to be handed out to him who has no app; against a reason that goes on record.
#[utoipa::path(post, path = "/v1/customers/{id}/personal-data", tag = "customers",
    params(("id" = String, Path, description = "Customer id"), FormQuery),
    request_body = ExportBody,
    responses((status = 200, description = "Everything", content((PersonalData = "application/json"), (Binary = "application/zip")))))]
pub(crate) async fn export_personal_data(
    State(app): State<App>,
    call: Call,
    Path(customer_id): Path<String>,
    Query(query): Query<FormQuery>,
    headers: HeaderMap,
    Json(ExportBody { reason }): Json<ExportBody>,
) -> Answer {
    let form = Form::of(&query, &headers)?;
    let request = ExportCustomerRequest {
        customer_id,
        reason,
    };
    let export = app
        .clients
        .rights
        .write(&call, request, |mut client, request| async move {
            client.export_customer(request).await
        });
    let ExportCustomerResponse {
        customer,
        source_records,
    } = export.await?;
    let records = views(source_records);
    let gathered = gather(&app, &call, customer.unwrap_or_default(), records).await?;
    form.write(&app, &call, gathered)
}

/// How the data are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Json,
    Zip,
}

impl Form {
    fn of(query: &FormQuery, headers: &HeaderMap) -> Answer<Self> {
        let accepted = headers.get(header::ACCEPT);
        let wants_zip = accepted
            .and_then(|value| value.to_str().ok())
            .is_some_and(|value| value.contains(ZIP));
        match query.format.as_str() {
            "" if wants_zip => Ok(Self::Zip),
            "" | "json" => Ok(Self::Json),
            "zip" => Ok(Self::Zip),
            _ => Err(Failure::field("format", "FORMAT", "json or zip")),
        }
    }

    fn write(self, app: &App, call: &Call, (data, files): Gathered) -> Answer {
        let (mut answer, name) = match self {
            Self::Json => (ok(&data)?, "attachment; filename=\"personal-data.json\""),
            Self::Zip => {
                let source = Source {
                    client: app.clients.complaint.client(),
                    meta: call.meta.clone(),
                };
                let archive = archive_of(&data, files, source).map_err(|error| {
                    tracing::error!(%error, "an archive cannot be written");
                    Failure::new(
                        ErrorCode::Internal,
                        "INTERNAL",
                        "the archive cannot be written",
                    )
                })?;
                let kind = [(header::CONTENT_TYPE, HeaderValue::from_static(ZIP))];
                let name = "attachment; filename=\"personal-data.zip\"";
                ((kind, archive).into_response(), name)
            }
        };
        answer
            .headers_mut()
            .insert(header::CONTENT_DISPOSITION, HeaderValue::from_static(name));
        Ok(answer)
    }
}

const ZIP: &str = "application/zip";

fn archive_of(data: &PersonalData, files: Vec<CaseFile>, source: Source) -> std::io::Result<Body> {
    let Value::Object(parts) = serde_json::to_value(data)? else {
        return Err(std::io::Error::other("the data have no parts"));
    };
    archive(&parts, files, source)
}

/// The data, and the files of his cases, whose bytes come with an archive only.
type Gathered = (PersonalData, Vec<CaseFile>);

async fn gather(
    app: &App,
    call: &Call,
    customer: Customer,
    source_records: Vec<SourceRecordView>,
) -> Answer<Gathered> {
    let id = customer.id.as_str();
    let history = pages(|token| history(app, call, id, token)).await?;
    let (vehicles, told, complaints) = tokio::try_join!(
        pages(|token| vehicles(app, call, id, token)),
        pages(|token| exported::visits(app, call, id, token)),
        complaints(app, call, id),
    )?;
    let (vehicle_rows, facts) = tokio::try_join!(
        pages(|token| exported::rows(app, call, id, token)),
        pages(|token| exported::facts(app, call, id, token)),
    )?;
    let held_rows = held_rows(app, call, id).await?;
    let (mut visits, mut earlier_visits) = (Vec::new(), Vec::new());
    for visit in told {
        match visit {
            Told::Standing(visit) => visits.push(visit),
            Told::Earlier(visit) => earlier_visits.push(visit),
        }
    }
    let (score, score_history, loyalty, due_dates) = tokio::try_join!(
        score(app, call, id),
        pages(|token| score_history(app, call, id, token)),
        loyalty(app, call, id),
        due_dates(app, call, id),
    )?;
    let files = complaints.iter().flat_map(CaseFile::of).collect();
    let data = PersonalData {
        customer: customer.into(),
        source_records,
        history,
        vehicles,
        vehicle_rows,
        visits,
        earlier_visits,
        complaints: views(complaints),
        facts,
        held_rows,
        score,
        score_history,
        loyalty,
        due_dates,
    };
    Ok((data, files))
}

async fn held_rows(app: &App, call: &Call, id: &str) -> Answer<Vec<HeldRowView>> {
    let mut rows = pages(|token| exported::held_visits(app, call, id, token)).await?;
    rows.extend(pages(|token| exported::held_cars(app, call, id, token)).await?);
    rows.extend(pages(|token| exported::held_facts(app, call, id, token)).await?);
    Ok(rows)
}

/// One page and the token of the next.
pub(super) type Page<V> = Answer<(Vec<V>, String)>;

/// All pages of a list. A token that leads back to its own page ends it.
async fn pages<V, F: Future<Output = Page<V>>>(page: impl Fn(String) -> F) -> Answer<Vec<V>> {
    let (mut all, mut token) = (Vec::new(), String::new());
    loop {
        let (entries, next) = page(token.clone()).await?;
        all.extend(entries);
        if next.is_empty() || next == token {
            return Ok(all);
        }
        token = next;
    }
}

/// What is not there is no failure.
pub(super) fn if_there<T>(answer: Answer<T>) -> Answer<Option<T>> {
    match answer {
        Err(failure) if failure.code() == ErrorCode::NotFound => Ok(None),
        other => other.map(Some),
    }
}

async fn source_records(app: &App, call: &Call, id: &str, token: String) -> Page<SourceRecordView> {
    let request = ListSourceRecordsRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token: token,
    };
    let list = app
        .clients
        .customer
        .read(call, request, |mut client, request| async move {
            client.list_source_records(request).await
        });
    let list = list.await?;
    Ok((views(list.source_records), list.next_page_token))
}

async fn history(app: &App, call: &Call, id: &str, token: String) -> Page<HistoryEntryView> {
    let request = ListHistoryRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token: token,
    };
    let list = app
        .clients
        .customer
        .read(call, request, |mut client, request| async move {
            client.list_history(request).await
        });
    let list = list.await?;
    Ok((views(list.entries), list.next_page_token))
}

async fn vehicles(app: &App, call: &Call, id: &str, token: String) -> Page<CustomerVehicleView> {
    let request = ListCustomerVehiclesRequest {
        customer_id: id.to_owned(),
        limit: CARS,
        page_token: token,
    };
    let list = app
        .clients
        .vehicle
        .read(call, request, |mut client, request| async move {
            client.list_customer_vehicles(request).await
        });
    let list = list.await?;
    Ok((views(list.vehicles), list.next_page_token))
}

/// Cases one by one: a list has neither course nor tasks.
async fn complaints(app: &App, call: &Call, id: &str) -> Answer<Vec<Complaint>> {
    let headers = pages(|token| complaint_headers(app, call, id, token)).await?;
    let mut whole = Vec::with_capacity(headers.len());
    for Complaint { id, .. } in headers {
        let request = GetComplaintRequest {
            id,
            personal_data: true,
        };
        let get = app
            .clients
            .complaint
            .read(call, request, |mut client, request| async move {
                client.get_complaint(request).await
            });
        whole.push(get.await?.complaint.unwrap_or_default());
    }
    Ok(whole)
}

async fn complaint_headers(app: &App, call: &Call, id: &str, token: String) -> Page<Complaint> {
    let request = ListComplaintsRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token: token,
        ..ListComplaintsRequest::default()
    };
    let list = app
        .clients
        .complaint
        .read(call, request, |mut client, request| async move {
            client.list_complaints(request).await
        });
    let list = list.await?;
    Ok((list.complaints, list.next_page_token))
}

async fn score(app: &App, call: &Call, id: &str) -> Answer<Option<ScoreView>> {
    if_there(scores::find(app, call, id.to_owned(), ScoreQuery::explained()).await)
}

async fn score_history(app: &App, call: &Call, id: &str, token: String) -> Page<ScoreView> {
    let request = ListScoreHistoryRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token: token,
        for_the_person: true,
    };
    let list = app
        .clients
        .scoring
        .read(call, request, |mut client, request| async move {
            client.list_score_history(request).await
        });
    match if_there(list.await)? {
        Some(list) => Ok((views(list.scores), list.next_page_token)),
        None => Ok((Vec::new(), String::new())),
    }
}

async fn loyalty(app: &App, call: &Call, id: &str) -> Answer<Option<LoyaltyView>> {
    let request = GetLoyaltyRequest {
        customer_id: id.to_owned(),
    };
    let get = app
        .clients
        .scoring
        .read(call, request, |mut client, request| async move {
            client.get_loyalty(request).await
        });
    let found = if_there(get.await)?;
    Ok(found.map(|answer| answer.loyalty.unwrap_or_default().into()))
}

async fn due_dates(app: &App, call: &Call, id: &str) -> Answer<Option<DueDates>> {
    let mut request = of_customer(id.to_owned());
    request.for_the_person = true;
    let get = app
        .clients
        .scoring
        .read(call, request, |mut client, request| async move {
            client.get_due_dates(request).await
        });
    Ok(if_there(get.await)?.map(DueDates::from))
}
