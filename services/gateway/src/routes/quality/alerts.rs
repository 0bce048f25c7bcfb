//! Alerts: the list of tasks of a dealer's manager.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use marque_core::Timestamp;
use marque_errors::Violation;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{TextView, text};
use crate::{
    answer::ok,
    edge::Call,
    extract::{Json, Path, Query},
    problem::{Answer, Failure},
    routes::paging,
    state::App,
    values::{Instant, instant, views},
};

/// Which alerts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AlertsQuery {
    /// open (default; snoozed ones that woke among them), acknowledged, snoozed, closed or all.
    state: String,
    /// One dealer only.
    dealer: String,
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

/// Something a manager should look at.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Alert)]
pub(crate) struct AlertView {
    /// Id.
    id: String,
    /// score_fell, burst_started or entries_look_invented.
    kind: String,
    /// Dealer.
    dealer: String,
    /// Staff number, if it is about one.
    #[serde(skip_serializing_if = "String::is_empty")]
    clerk: String,
    /// What exactly: the kind of sign, or the month.
    detail: String,
    /// What happened, in words.
    text: TextView,
    /// open, acknowledged, snoozed or closed.
    state: String,
    /// Until when it sleeps.
    #[serde(skip_serializing_if = "Option::is_none")]
    snoozed_until: Option<Instant>,
    /// What came of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    outcome: String,
    /// Remark.
    #[serde(skip_serializing_if = "String::is_empty")]
    remark: String,
    /// When it was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    raised_at: Option<Instant>,
    /// When its state last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Instant>,
    /// Who changed it.
    #[serde(skip_serializing_if = "String::is_empty")]
    changed_by: String,
    /// With kind score_fell: from where to where, as it was when the alert was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    fall: Option<ScoreFallView>,
    /// With the other kinds: what was counted of the sign when the alert was raised.
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<SignFiguresView>,
}

/// The score of a month and of the month before.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreFall)]
pub(crate) struct ScoreFallView {
    /// Mean total of the month before, 0 to 100.
    before: f64,
    /// Mean total of the month.
    after: f64,
    /// Records of the month before.
    records_before: i64,
    /// Records of the month so far.
    records_after: i64,
}

impl From<pb::ScoreFall> for ScoreFallView {
    fn from(fall: pb::ScoreFall) -> Self {
        let pb::ScoreFall {
            before,
            after,
            records_before,
            records_after,
        } = fall;
        Self {
            before,
            after,
            records_before,
            records_after,
        }
    }
}

/// What was counted of a sign of invention.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SignFigures)]
pub(crate) struct SignFiguresView {
    /// Entries that bear the sign; of a burst its size.
    count: i64,
    /// Entries it was looked for in.
    of: i64,
    /// How many would bear the sign if nothing were made up.
    expected: f64,
    /// How much of what was seen is beyond the usual, 0 to 1.
    strength: f64,
    /// Probability of seeing this much by chance.
    p: f64,
    /// The p value over all tests of all dealers and clerks.
    q: f64,
    /// Of a burst: how long the span is in which so many came, in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    window_s: Option<i64>,
    /// Of a burst within a minute: when it began.
    #[serde(skip_serializing_if = "Option::is_none")]
    burst_at: Option<Instant>,
}

impl From<pb::SignFigures> for SignFiguresView {
    fn from(sign: pb::SignFigures) -> Self {
        let pb::SignFigures {
            count,
            of,
            expected,
            strength,
            p,
            q,
            window_s,
            burst_at,
        } = sign;
        Self {
            count,
            of,
            expected,
            strength,
            p,
            q,
            window_s,
            burst_at: instant(burst_at),
        }
    }
}

impl From<pb::Alert> for AlertView {
    fn from(alert: pb::Alert) -> Self {
        let pb::Alert {
            id,
            kind,
            dealer,
            clerk,
            detail,
            text: what,
            state,
            snoozed_until,
            outcome,
            remark,
            raised_at,
            changed_at,
            changed_by,
            fall,
            sign,
        } = alert;
        Self {
            id,
            kind,
            dealer,
            clerk,
            detail,
            text: text(what),
            state,
            snoozed_until: instant(snoozed_until),
            outcome,
            remark,
            raised_at: instant(raised_at),
            changed_at: instant(changed_at),
            changed_by,
            fall: fall.map(ScoreFallView::from),
            sign: sign.map(SignFiguresView::from),
        }
    }
}

/// A page of alerts.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct AlertPage {
    /// Newest first.
    alerts: Vec<AlertView>,
    /// For the next page; empty on the last.
    #[serde(serialize_with = "crate::edge::places::sealed")]
    next_page_token: String,
}

/// A word on an alert.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct AlertDecisionBody {
    /// acknowledge, snooze or close.
    #[schema(example = "close")]
    decision: String,
    /// For snooze: until when, RFC 3339; a year from now at most. Then it is open again.
    until: String,
    /// For close: mended, explained, disciplined or not_confirmed.
    #[schema(example = "mended")]
    outcome: String,
    /// Remark, without names or numbers of people.
    remark: String,
}

/// Alerts of the caller's scope, newest first.
#[utoipa::path(get, path = "/v1/quality/alerts", tag = "quality", params(AlertsQuery),
    responses((status = 200, description = "A page of alerts", body = AlertPage)))]
pub(crate) async fn list_alerts(
    State(app): State<App>,
    call: Call,
    Query(query): Query<AlertsQuery>,
) -> Answer {
    let AlertsQuery {
        state,
        dealer,
        page_size,
        page_token,
    } = query;
    let request = pb::ListAlertsRequest {
        state,
        dealer,
        page_size: paging::size(page_size),
        page_token,
    };
    let list = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.list_alerts(request).await
        });
    let pb::ListAlertsResponse {
        alerts,
        next_page_token,
    } = list.await?;
    ok(&AlertPage {
        alerts: views(alerts),
        next_page_token,
    })
}

/// Acknowledge an alert, let it sleep, or close it with what came of it.
#[utoipa::path(post, path = "/v1/quality/alerts/{id}/decision", tag = "quality",
    params(("id" = String, Path, description = "The alert")),
    request_body = AlertDecisionBody,
    responses((status = 200, description = "The alert as decided", body = AlertView)))]
pub(crate) async fn decide_alert(
    State(app): State<App>,
    call: Call,
    Path(id): Path<String>,
    Json(body): Json<AlertDecisionBody>,
) -> Answer {
    let AlertDecisionBody {
        decision,
        until,
        outcome,
        remark,
    } = body;
    let request = pb::DecideAlertRequest {
        id,
        decision,
        until: read_instant("until", &until)?,
        outcome,
        remark,
    };
    let decide = app
        .clients
        .quality
        .write(&call, request, |mut client, request| async move {
            client.decide_alert(request).await
        });
    let pb::DecideAlertResponse { alert } = decide.await?;
    ok(&AlertView::from(alert.unwrap_or_default()))
}

/// An instant of a body; nothing if it is empty.
pub(super) fn read_instant(field: &str, text: &str) -> Answer<Option<prost_types::Timestamp>> {
    if text.is_empty() {
        return Ok(None);
    }
    let Some(instant) = Timestamp::parse_rfc3339(text) else {
        let violation = Violation::new(field, "FORMAT", "expected an instant in RFC 3339");
        return Err(Failure::fields(vec![violation]));
    };
    let micros = instant.as_micros();
    Ok(Some(prost_types::Timestamp {
        seconds: micros.div_euclid(1_000_000),
        nanos: (micros.rem_euclid(1_000_000) * 1000) as i32,
    }))
}
