//! Changes of cases as they happen, as server-sent events.

use std::borrow::Cow;

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use futures::{StreamExt as _, stream};
use http::{HeaderMap, HeaderValue, header};
use marque_api::complaint::v1 as pb;
use marque_core::Timestamp;
use serde::{Deserialize, Serialize};
use tonic::Status;
use utoipa::{
    IntoParams, PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, schema::Type},
};

use crate::{
    edge::{Call, Places},
    extract::Query,
    problem::{Answer, Failure},
    state::App,
    values::{Instant, MoneyView, instant},
};

/// From where on.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FeedQuery {
    /// Id of the last event that was read; from now on if not said. `Last-Event-ID` says the same and goes first.
    after: Option<String>,
}

/// One change of one case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintChange)]
pub(crate) struct ChangeView {
    /// The case.
    id: String,
    /// Dealer.
    dealer: String,
    /// Dealer whose case it was until now, where it was handed over.
    #[serde(skip_serializing_if = "String::is_empty")]
    from_dealer: String,
    /// VIN.
    #[serde(skip_serializing_if = "String::is_empty")]
    vin: String,
    /// Category.
    category: String,
    /// Severity.
    severity: String,
    /// Department.
    department: String,
    /// State after the change.
    state: String,
    /// State before it, where it changed.
    #[serde(skip_serializing_if = "String::is_empty")]
    from_state: String,
    /// Clock and step of an escalation; `task` where a task was not done in time.
    #[serde(skip_serializing_if = "String::is_empty")]
    clock: String,
    /// Step.
    #[serde(skip_serializing_if = "String::is_empty")]
    step: String,
    /// That task.
    #[serde(skip_serializing_if = "String::is_empty")]
    task_id: String,
    /// How a compensation stands: asked, approved or refused.
    #[serde(skip_serializing_if = "String::is_empty")]
    compensation: String,
    /// And its worth.
    #[serde(skip_serializing_if = "Option::is_none")]
    amount: Option<MoneyView>,
    /// Rule of the three guarantees that a warning is of.
    #[serde(skip_serializing_if = "String::is_empty")]
    rule: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
    /// Version of the case after the change.
    version: i64,
}

impl From<pb::CaseChange> for ChangeView {
    fn from(change: pb::CaseChange) -> Self {
        let pb::CaseChange {
            id,
            dealer,
            source_record_id: _,
            vin,
            category,
            severity,
            department,
            state,
            from_state,
            clock,
            step,
            at,
            version,
            opened_at: _,
            satisfaction_resolution: _,
            satisfaction_handling: _,
            ended_at: _,
            compensation,
            amount_minor,
            rule,
            from_dealer,
            task_id,
        } = change;
        let amount = (!compensation.is_empty()).then(|| MoneyView::cny(amount_minor));
        Self {
            id,
            dealer,
            from_dealer,
            vin,
            category,
            severity,
            department,
            state,
            from_state,
            clock,
            step,
            task_id,
            compensation,
            amount,
            rule,
            at: instant(at),
            version,
        }
    }
}

/// An event of the stream as the document describes it: its `data` is a list of [`ChangeView`], as text.
struct FeedEvent;

impl PartialSchema for FeedEvent {
    fn schema() -> RefOr<Schema> {
        let text = |words: &str| {
            ObjectBuilder::new()
                .schema_type(Type::String)
                .description(Some(words))
        };
        let data = text("A list of `ComplaintChange`").content_media_type("application/json");
        ObjectBuilder::new()
            .description(Some("One event of the complaint feed"))
            .property(
                "id",
                text("Place to go on from, of use to this reader alone; `lost` has none"),
            )
            .property("event", text("What happened").examples(["moved"]))
            .property("data", data)
            .required("event")
            .required("data")
            .into()
    }
}

impl ToSchema for FeedEvent {
    fn name() -> Cow<'static, str> {
        "ComplaintEvent".into()
    }

    fn schemas(schemas: &mut Vec<(String, RefOr<Schema>)>) {
        schemas.push((ChangeView::name().into_owned(), ChangeView::schema()));
        ChangeView::schemas(schemas);
    }
}

/// Changes of cases in the caller's scope as they happen, as server-sent events.
///
/// The event's name is opened, moved, amended, rescheduled, noted, tasked, escalated, attached, compensated, warned or erased, its data a list of changes, its id the place to
/// go on from after a break (`Last-Event-ID`). Where a `Last-Event-ID` cannot be opened the first event is `lost`, and what follows is from now on.
#[utoipa::path(get, path = "/v1/complaints/feed", tag = "complaints", params(FeedQuery),
    responses((status = 200, description = "An endless stream", body = FeedEvent, content_type = "text/event-stream")))]
pub(crate) async fn watch_complaints(
    State(app): State<App>,
    call: Call,
    headers: HeaderMap,
    Query(query): Query<FeedQuery>,
) -> Answer {
    let places = Places::of_request();
    let start = start(&headers, &query, &places)?;
    let request = pb::WatchComplaintsRequest {
        after: start.position(),
    };
    let changes = app
        .clients
        .complaint
        .client()
        .watch_complaints(call.meta.outgoing(request))
        .await?
        .into_inner();
    let events = changes.map(move |message| {
        message.map(|message| {
            let id = id_of(message.position, app.clock.now(), &places);
            Bytes::from(event(&id, message))
        })
    });
    let lost: Option<Result<Bytes, Status>> =
        (start == Start::Lost).then(|| Ok(Bytes::from_static(LOST)));
    let mut response = Response::new(Body::from_stream(stream::iter(lost).chain(events)));
    let kind = HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(header::CONTENT_TYPE, kind);
    Ok(response)
}

/// What a reader hears first whose place is lost. Browsers pass over an event without data.
const LOST: &[u8] = b"event: lost\ndata: []\n\n";

/// Where a reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Start {
    /// With what comes.
    Now,
    /// After this place.
    After(i64),
    /// With what comes, though he has read before: where, cannot be told any more.
    Lost,
}

impl Start {
    /// As the role is asked for it.
    const fn position(self) -> i64 {
        match self {
            Self::After(position) => position,
            Self::Now | Self::Lost => -1,
        }
    }
}

/// The id of an event: its place, which all dealers' events number. Sealed with the moment, so that the id of a sign of life does not
/// tell whether there was anything between it and the one before.
fn id_of(position: i64, now: Timestamp, places: &Places) -> String {
    places.seal(&format!("{position} {}", now.as_micros()))
}

/// The place of an event's id.
fn position_of(id: &str, places: &Places) -> Option<i64> {
    places.open(id).split_once(' ')?.0.parse().ok()
}

/// Where a reader goes on.
fn start(headers: &HeaderMap, query: &FeedQuery, places: &Places) -> Answer<Start> {
    if let Some(last) = headers.get("last-event-id") {
        return Ok(after_break(last, places));
    }
    let Some(after) = &query.after else {
        return Ok(Start::Now);
    };
    let position = position_of(after, places);
    position.map(Start::After).ok_or_else(|| {
        Failure::invalid(
            "EVENT_ID_INVALID",
            "after is the id of an event of this feed, as it came to you: leave it out to begin now",
        )
    })
}

/// Where a browser goes on by itself: refused, it would never ask again.
fn after_break(last: &HeaderValue, places: &Places) -> Start {
    let id = last.to_str().unwrap_or_default();
    position_of(id, places).map_or(Start::Lost, Start::After)
}

/// A message in the form of the HTML standard; one without changes is a comment that keeps the connection open.
fn event(id: &str, message: pb::WatchComplaintsResponse) -> String {
    let pb::WatchComplaintsResponse {
        position: _,
        kind,
        changes,
    } = message;
    if changes.is_empty() {
        return format!("id: {id}\n: nothing new\n\n");
    }
    let changes: Vec<ChangeView> = changes.into_iter().map(ChangeView::from).collect();
    let data = serde_json::to_string(&changes).expect("a view is maps with text keys");
    format!("id: {id}\nevent: {kind}\ndata: {data}\n\n")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use marque_auth::{PlaceSeal, Scope};

    use super::*;

    fn places(dealer: &str) -> Places {
        let seal = PlaceSeal::under(b"a secret of thirty-two bytes....");
        Places::new(&seal, "/Watch", &Scope::Dealer(dealer.parse().unwrap()))
    }

    #[test]
    fn a_change_is_an_event_and_silence_a_comment() {
        let silence = pb::WatchComplaintsResponse::default();
        assert_eq!(event("x", silence), "id: x\n: nothing new\n\n");
        let told = pb::WatchComplaintsResponse {
            position: 8,
            kind: "moved".to_owned(),
            changes: vec![pb::CaseChange::default()],
        };
        let text = event("y", told);
        assert!(text.starts_with("id: y\nevent: moved\ndata: [{"), "{text}");
        assert!(text.ends_with("}]\n\n") && text.lines().count() == 4);
    }

    #[test]
    fn a_reader_goes_on_where_he_stopped() {
        let (own, now) = (places("D001"), Timestamp::default());
        let from = |last: Option<&str>, after: Option<&str>| {
            let mut headers = HeaderMap::new();
            if let Some(last) = last {
                headers.insert("last-event-id", last.parse().unwrap());
            }
            let after = after.map(str::to_owned);
            start(&headers, &FeedQuery { after }, &own)
        };
        let (third, ninth) = (id_of(3, now, &own), id_of(9, now, &own));
        assert_eq!(from(None, None).unwrap(), Start::Now);
        assert_eq!(from(None, Some(&third)).unwrap(), Start::After(3));
        assert_eq!(from(Some(&ninth), Some(&third)).unwrap(), Start::After(9));
        let anothers = id_of(9, now, &places("D002"));
        // A plain number is a position of the gRPC stream, and no id of this feed.
        for wrong in ["x", "-1", "", "9", anothers.as_str()] {
            assert_eq!(from(Some(wrong), None).unwrap(), Start::Lost, "{wrong}");
            assert!(from(None, Some(wrong)).is_err(), "{wrong}");
        }
        assert_eq!(Start::Lost.position(), Start::Now.position());
    }

    #[test]
    fn an_id_does_not_tell_whether_others_have_been_busy() {
        let own = places("D001");
        let now = Timestamp::default();
        let later = now.plus(Duration::from_secs(10));
        assert_ne!(id_of(7, now, &own), id_of(7, later, &own));
    }
}
