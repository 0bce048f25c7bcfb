//! Facts that come live: purchases, payments, assessments.

use axum::extract::State;
use marque_api::scoring::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    answer::ok, edge::Call, extract::Json, problem::Answer, state::App, values::Text, yuan::Yuan,
};

/// A car bought.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PurchaseRow {
    /// Code of the dealer.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system at the dealer.
    #[schema(example = "dms")]
    source: String,
    /// Number of the order at the dealer.
    #[schema(example = "SO-2026-0193")]
    key: String,
    /// The customer's key at the dealer.
    customer_key: String,
    /// VIN, if it is known yet.
    vin: String,
    /// Price in yuan, or with its currency.
    amount: Yuan,
    /// Date of the purchase.
    #[schema(example = "2026-11-20")]
    date: String,
    /// Take back what this key said before: nothing rests on it from then on, and only the key matters.
    withdrawn: bool,
}

/// A payment that falls or fell due.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct PaymentRow {
    /// Code of the dealer.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system at the dealer.
    #[schema(example = "dms")]
    source: String,
    /// Number of the payment at the dealer.
    key: String,
    /// The customer's key at the dealer.
    customer_key: String,
    /// Yuan, or with its currency.
    amount: Yuan,
    /// The day it falls due.
    #[schema(example = "2026-11-30")]
    due_date: String,
    /// The day it was paid; empty while it is open.
    paid_date: String,
    /// Take back what this key said before: nothing rests on it from then on, and only the key matters.
    withdrawn: bool,
}

/// Somebody's word on a customer.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AssessmentRow {
    /// Code of the dealer.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system at the dealer.
    #[schema(example = "crm")]
    source: String,
    /// Number of the assessment at the dealer.
    key: String,
    /// The customer's key at the dealer.
    customer_key: String,
    /// standing, intention or survey (1 to 5), purchase_probability (0 to 1), contact, or one of the six indicators (1 to 100).
    #[schema(example = "intention")]
    subject: String,
    /// Its value; a contact needs none.
    value: Text,
    /// When it was given.
    #[schema(example = "2026-11-20")]
    date: String,
    /// The last day on which it holds; twelve months if not said, but standing and survey hold on.
    #[schema(example = "2027-05-31")]
    valid_until: String,
    /// Take back what this key said before: nothing rests on it from then on, and only the key matters.
    withdrawn: bool,
}

/// A benefit granted to a customer alone, or used by him.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct BenefitRow {
    /// Code of the dealer.
    #[schema(example = "D001")]
    dealer: String,
    /// Source system at the dealer.
    #[schema(example = "dms")]
    source: String,
    /// Number of this use or grant at the dealer.
    #[schema(example = "BU-2026-17")]
    key: String,
    /// The customer's key at the dealer.
    customer_key: String,
    /// Name of a benefit of the plan that counts.
    #[schema(example = "free_towing")]
    benefit: String,
    /// used, or granted for once more than the plan entitles him; used if not said.
    #[schema(example = "used")]
    what: String,
    /// When it was.
    #[schema(example = "2026-11-20")]
    date: String,
    /// Take back what this key said before: nothing rests on it from then on, and only the key matters.
    withdrawn: bool,
}

/// What became of a fact.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PutFact {
    /// Id of the fact.
    id: String,
    /// Source record of the customer it belongs to.
    source_record_id: String,
    /// The customer that record now belongs to; absent until he arrives.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
    /// Whether anything changed.
    changed: bool,
}

/// Create, replace or withdraw a purchase, found by dealer, source and order number. The score follows at once.
#[utoipa::path(post, path = "/v1/purchases", tag = "scores", request_body = PurchaseRow,
    responses((status = 200, description = "As stored", body = PutFact)))]
pub(crate) async fn put_purchase(
    State(app): State<App>,
    call: Call,
    Json(row): Json<PurchaseRow>,
) -> Answer {
    let columns = pb::FactColumns {
        kind: "purchase".to_owned(),
        key: row.key,
        customer_key: row.customer_key,
        vin: row.vin,
        amount: row.amount.0.0,
        date: row.date,
        withdrawn: yes(row.withdrawn),
        ..pb::FactColumns::default()
    };
    put(&app, &call, row.dealer, row.source, columns).await
}

/// Create, replace or withdraw a payment, found by dealer, source and number. The score follows at once.
#[utoipa::path(post, path = "/v1/payments", tag = "scores", request_body = PaymentRow,
    responses((status = 200, description = "As stored", body = PutFact)))]
pub(crate) async fn put_payment(
    State(app): State<App>,
    call: Call,
    Json(row): Json<PaymentRow>,
) -> Answer {
    let columns = pb::FactColumns {
        kind: "payment".to_owned(),
        key: row.key,
        customer_key: row.customer_key,
        amount: row.amount.0.0,
        date: row.due_date,
        paid_date: row.paid_date,
        withdrawn: yes(row.withdrawn),
        ..pb::FactColumns::default()
    };
    let put = put(&app, &call, row.dealer, row.source, columns).await;
    put.map_err(|failure| failure.rename(&[("date", "due_date")]))
}

/// Create, replace or withdraw an assessment, found by dealer, source and number. The score follows at once.
#[utoipa::path(post, path = "/v1/assessments", tag = "scores", request_body = AssessmentRow,
    responses((status = 200, description = "As stored", body = PutFact)))]
pub(crate) async fn put_assessment(
    State(app): State<App>,
    call: Call,
    Json(row): Json<AssessmentRow>,
) -> Answer {
    let columns = pb::FactColumns {
        kind: "assessment".to_owned(),
        key: row.key,
        customer_key: row.customer_key,
        date: row.date,
        subject: row.subject,
        value: row.value.0,
        valid_until: row.valid_until,
        withdrawn: yes(row.withdrawn),
        ..pb::FactColumns::default()
    };
    put(&app, &call, row.dealer, row.source, columns).await
}

/// Record, correct or withdraw one use of a benefit, or a grant to a customer alone, found by dealer, source and number.
#[utoipa::path(post, path = "/v1/benefits", tag = "scores", request_body = BenefitRow,
    responses((status = 200, description = "As stored", body = PutFact)))]
pub(crate) async fn put_benefit(
    State(app): State<App>,
    call: Call,
    Json(row): Json<BenefitRow>,
) -> Answer {
    let columns = pb::FactColumns {
        kind: "benefit".to_owned(),
        key: row.key,
        customer_key: row.customer_key,
        subject: row.benefit,
        value: row.what,
        date: row.date,
        withdrawn: yes(row.withdrawn),
        ..pb::FactColumns::default()
    };
    let put = put(&app, &call, row.dealer, row.source, columns).await;
    put.map_err(|failure| failure.rename(&[("subject", "benefit"), ("value", "what")]))
}

fn yes(is_so: bool) -> String {
    if is_so {
        "yes".to_owned()
    } else {
        String::new()
    }
}

async fn put(
    app: &App,
    call: &Call,
    dealer: String,
    source: String,
    columns: pb::FactColumns,
) -> Answer {
    let request = pb::PutFactRequest {
        dealer,
        source,
        columns: Some(columns),
    };
    let put = app
        .clients
        .scoring
        .write(call, request, |mut client, request| async move {
            client.put_fact(request).await
        });
    let put = put.await?;
    ok(&PutFact {
        id: put.id,
        source_record_id: put.source_record_id,
        customer_id: put.customer_id,
        changed: put.changed,
    })
}
