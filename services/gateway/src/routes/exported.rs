//! What is shown to nobody but the person it is about, in the answer with everything about him: dealers' rows of his cars as they came,
//! earlier versions of his visits, and what was told of his purchases, payments and assessments.

use marque_api::{
    intake::v1::{Column, HeldRow},
    scoring::v1 as scoring,
    scoring::v1::ExportFactsRequest,
    service_history::v1::{ExportVisitsRequest, ExportVisitsResponse},
    vehicle::v1 as vehicle,
    vehicle::v1::ExportRowsRequest,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    personal_data::{PAGE, Page, if_there},
    visits::VisitView,
};
use crate::{
    edge::Call,
    problem::Answer,
    state::App,
    values::{Instant, MoneyView, instant, views},
};

/// A column of a dealer's row, as it came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RowColumn)]
pub(crate) struct ColumnView {
    /// Its header.
    name: String,
    /// What stood in it.
    value: String,
}

impl From<Column> for ColumnView {
    fn from(Column { name, value }: Column) -> Self {
        Self { name, value }
    }
}

/// A dealer's row of a car that names the customer, as it last came.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptVehicleRow)]
pub(crate) struct RowView {
    /// Dealer.
    dealer: String,
    /// Source system.
    source: String,
    /// VIN.
    vin: String,
    /// What it says he is: owner, driver, payer.
    roles: Vec<String>,
    /// The columns that we know, without the owner's key where it is another's.
    columns: Vec<ColumnView>,
    /// Columns of the dealer's own, if the row names him or nobody as the owner, but for the keys of driver and payer that are another's; of a row
    /// that names another as the owner none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    extra: Vec<ColumnView>,
    /// When it came.
    #[serde(skip_serializing_if = "Option::is_none")]
    received_at: Option<Instant>,
}

impl From<vehicle::ExportedRow> for RowView {
    fn from(row: vehicle::ExportedRow) -> Self {
        let vehicle::ExportedRow {
            dealer,
            source,
            vin,
            roles,
            columns,
            extra,
            received_at,
        } = row;
        Self {
            dealer,
            source,
            vin,
            roles,
            columns: views(columns),
            extra: views(extra),
            received_at: instant(received_at),
        }
    }
}

/// A purchase, payment, assessment or benefit as it is kept.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptFact)]
pub(crate) struct FactView {
    /// Its id.
    id: String,
    /// purchase, payment, assessment or benefit.
    kind: String,
    /// Source record of the customer.
    #[serde(skip_serializing_if = "String::is_empty")]
    source_record_id: String,
    /// Dealer.
    dealer: String,
    /// VIN.
    #[serde(skip_serializing_if = "String::is_empty")]
    vin: String,
    /// When it was; of a payment when it fell due.
    #[serde(skip_serializing_if = "Option::is_none")]
    happened_at: Option<Instant>,
    /// When it was paid, or the last day on which an assessment holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_at: Option<Instant>,
    /// Price or amount.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyView>,
    /// Value of an assessment.
    #[serde(skip_serializing_if = "Option::is_none")]
    value: Option<f64>,
    /// Subject of an assessment; a benefit and whether it was granted or used.
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    /// When it was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    said_at: Option<Instant>,
    /// When the dealer took it back.
    #[serde(skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Instant>,
    /// When another word took its place; absent of what stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    replaced_at: Option<Instant>,
}

impl From<scoring::ExportedFact> for FactView {
    fn from(fact: scoring::ExportedFact) -> Self {
        let scoring::ExportedFact {
            id,
            kind,
            source_record_id,
            dealer,
            vin,
            happened_at,
            ended_at,
            amount_minor,
            value,
            subject,
            said_at,
            withdrawn_at,
            replaced_at,
        } = fact;
        Self {
            id,
            kind,
            source_record_id,
            dealer,
            vin,
            happened_at: instant(happened_at),
            ended_at: instant(ended_at),
            amount: amount_minor.map(MoneyView::cny),
            value,
            subject,
            said_at: instant(said_at),
            withdrawn_at: instant(withdrawn_at),
            replaced_at: instant(replaced_at),
        }
    }
}

/// A row of a file that was not taken in as it came and is held back under a key of his, until it is mended or forgotten.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = HeldRow)]
pub(crate) struct HeldRowView {
    /// Import.
    import_id: String,
    /// Kind of its rows.
    #[schema(example = "visits")]
    kind: String,
    /// Dealer.
    dealer: String,
    /// Source system.
    source: String,
    /// Line in the file, the header being line 1.
    line: i64,
    /// What stood in it, without the keys of others.
    columns: Vec<ColumnView>,
}

impl From<HeldRow> for HeldRowView {
    fn from(row: HeldRow) -> Self {
        let HeldRow {
            import_id,
            kind,
            dealer,
            source,
            line,
            columns,
        } = row;
        Self {
            import_id,
            kind,
            dealer,
            source,
            line,
            columns: views(columns),
        }
    }
}

/// A visit as it stands, or a version of one that was replaced.
pub(super) enum Told {
    Standing(VisitView),
    Earlier(VisitView),
}

pub(super) async fn visits(app: &App, call: &Call, id: &str, token: String) -> Page<Told> {
    let export = export_visits(app, call, id, token, false).await?;
    let standing = views(export.visits).into_iter().map(Told::Standing);
    let earlier = views(export.earlier).into_iter().map(Told::Earlier);
    Ok((standing.chain(earlier).collect(), export.next_page_token))
}

pub(super) async fn rows(app: &App, call: &Call, id: &str, token: String) -> Page<RowView> {
    let export = export_rows(app, call, id, token, false).await?;
    Ok((views(export.rows), export.next_page_token))
}

pub(super) async fn facts(app: &App, call: &Call, id: &str, token: String) -> Page<FactView> {
    let export = export_facts(app, call, id, token, false).await?;
    Ok((views(export.facts), export.next_page_token))
}

/// Rows of visits that are held back.
pub(super) async fn held_visits(
    app: &App,
    call: &Call,
    id: &str,
    token: String,
) -> Page<HeldRowView> {
    let export = export_visits(app, call, id, token, true).await?;
    Ok((views(export.held_rows), export.next_page_token))
}

/// Rows of cars that are held back.
pub(super) async fn held_cars(
    app: &App,
    call: &Call,
    id: &str,
    token: String,
) -> Page<HeldRowView> {
    let export = export_rows(app, call, id, token, true).await?;
    Ok((views(export.held_rows), export.next_page_token))
}

/// Rows of purchases, payments and assessments that are held back.
pub(super) async fn held_facts(
    app: &App,
    call: &Call,
    id: &str,
    token: String,
) -> Page<HeldRowView> {
    let export = export_facts(app, call, id, token, true).await?;
    Ok((views(export.held_rows), export.next_page_token))
}

async fn export_visits(
    app: &App,
    call: &Call,
    id: &str,
    page_token: String,
    held_rows: bool,
) -> Answer<ExportVisitsResponse> {
    let request = ExportVisitsRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token,
        held_rows,
    };
    let export = app
        .clients
        .visits
        .read(call, request, |mut client, request| async move {
            client.export_visits(request).await
        });
    export.await
}

async fn export_rows(
    app: &App,
    call: &Call,
    id: &str,
    page_token: String,
    held_rows: bool,
) -> Answer<vehicle::ExportRowsResponse> {
    let request = ExportRowsRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token,
        held_rows,
    };
    let export = app
        .clients
        .vehicle
        .read(call, request, |mut client, request| async move {
            client.export_rows(request).await
        });
    export.await
}

/// Of whom nothing was told yet the scoring service knows nothing.
async fn export_facts(
    app: &App,
    call: &Call,
    id: &str,
    page_token: String,
    held_rows: bool,
) -> Answer<scoring::ExportFactsResponse> {
    let request = ExportFactsRequest {
        customer_id: id.to_owned(),
        page_size: PAGE,
        page_token,
        held_rows,
    };
    let export = app
        .clients
        .scoring
        .read(call, request, |mut client, request| async move {
            client.export_facts(request).await
        });
    Ok(if_there(export.await)?.unwrap_or_default())
}
