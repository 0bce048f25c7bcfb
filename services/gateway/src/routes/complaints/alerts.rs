//! Clusters of cases, for headquarters.

use axum::extract::State;
use marque_api::complaint::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::{
    answer::ok,
    edge::Call,
    extract::Query,
    problem::Answer,
    routes::paging::Paging,
    state::App,
    values::{Instant, instant, views},
};

/// Cars of one part, model and model year complain more often than chance explains.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintAlert)]
pub(crate) struct AlertView {
    /// Id.
    id: String,
    /// Part.
    part: String,
    /// Model.
    model: String,
    /// Model year: the period of production.
    model_year: i32,
    /// Begin of the span that was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<Instant>,
    /// Its end.
    #[serde(skip_serializing_if = "Option::is_none")]
    to: Option<Instant>,
    /// Cars that complained of the part in the span.
    hit: i64,
    /// Cars there are of the model and year.
    fleet: i64,
    /// What they are compared with: `other_cars` of models with the part, or the cluster's own `past`.
    #[schema(example = "other_cars")]
    baseline: String,
    /// Cars that complained there.
    baseline_hit: i64,
    /// Cars there; for `past`, cars times spans of the same length.
    baseline_fleet: f64,
    /// Cars that would have complained at the baseline's rate.
    expected: f64,
    /// How likely so many or more are by chance.
    p_value: f64,
    /// The same controlled for all clusters that were looked at (Benjamini and Hochberg).
    q_value: f64,
    /// When it was first told.
    #[serde(skip_serializing_if = "Option::is_none")]
    raised_at: Option<Instant>,
    /// When it was last found so; the numbers are of then.
    #[serde(skip_serializing_if = "Option::is_none")]
    seen_at: Option<Instant>,
    /// Cases of the cluster in the span, newest first, at most fifty.
    complaint_ids: Vec<String>,
}

impl From<pb::ClusterAlert> for AlertView {
    fn from(alert: pb::ClusterAlert) -> Self {
        let pb::ClusterAlert {
            id,
            part,
            model,
            model_year,
            from,
            to,
            hit,
            fleet,
            baseline,
            baseline_hit,
            baseline_fleet,
            expected,
            p_value,
            q_value,
            raised_at,
            seen_at,
            complaint_ids,
        } = alert;
        Self {
            id,
            part,
            model,
            model_year,
            from: instant(from),
            to: instant(to),
            hit,
            fleet,
            baseline,
            baseline_hit,
            baseline_fleet,
            expected,
            p_value,
            q_value,
            raised_at: instant(raised_at),
            seen_at: instant(seen_at),
            complaint_ids,
        }
    }
}

/// Alerts of clusters.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct ComplaintAlerts {
    /// Newest first.
    alerts: Vec<AlertView>,
    /// Left out on the last page.
    #[serde(
        skip_serializing_if = "String::is_empty",
        serialize_with = "crate::edge::places::sealed"
    )]
    next_page_token: String,
}

/// Clusters: a part, model and model year with more cases than chance explains, with the numbers behind it.
///
/// For headquarters. Each cluster is told once, as the event `marque.complaint.clusters.raised`; as long as it stays out of
/// the ordinary its numbers are brought up to date.
#[utoipa::path(get, path = "/v1/complaints/alerts", tag = "complaints", params(Paging),
    responses((status = 200, description = "A page of alerts", body = ComplaintAlerts)))]
pub(crate) async fn list_complaint_alerts(
    State(app): State<App>,
    call: Call,
    Query(paging): Query<Paging>,
) -> Answer {
    let (page_size, page_token) = paging.into_parts();
    let request = pb::ListAlertsRequest {
        page_size,
        page_token,
    };
    let list = app
        .clients
        .complaint
        .read(&call, request, |mut client, request| async move {
            client.list_alerts(request).await
        });
    let pb::ListAlertsResponse {
        alerts,
        next_page_token,
    } = list.await?;
    ok(&ComplaintAlerts {
        alerts: views(alerts),
        next_page_token,
    })
}
