//! Alerts: told to others as events, kept as a list of tasks, closed with what came of them.

use std::time::Duration;

use marque_api::quality::v1 as pb;
use marque_auth::{CallContext, Role};
use marque_core::{AlertId, Clock, PageRequest, Timestamp};
use marque_db::{Conn, StoreError};
use marque_errors::Violation;
use marque_events::{NewEvent, publish, to_proto_time};
use marque_ledger::{Entry, Keyed, record};
use marque_quality::falsification::Kind;
use prost::Message;

use super::{QualityApp, words::check_words};
use crate::{
    domain::{
        Alert, AlertKind, AlertState, Figures, Mean, OUTCOMES, SignFigures, clerk_code, rounded,
    },
    error::{Error, Result},
    storage::{self, AlertFilter, KeptSuspect},
};

/// Event type of alerts that were raised.
const RAISED: &str = "marque.quality.alerts.raised";
/// The longest that an alert sleeps: nobody puts it off for ever.
const LONGEST_SLEEP: Duration = Duration::from_hours(366 * 24);
/// Most suspects in one answer.
const MOST_SUSPECTS: u32 = 1000;

/// What somebody says about an alert.
#[derive(Debug, Clone)]
pub(crate) enum AlertWord {
    Acknowledge,
    Snooze(Timestamp),
    /// With one of [`OUTCOMES`].
    Close(String),
}

/// Tells of alerts: one event a dealer.
pub(super) fn publish_raised(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    raised: &[Alert],
) -> std::result::Result<(), StoreError> {
    for of_dealer in raised.chunk_by(|a, b| a.dealer == b.dealer) {
        let dealer = of_dealer[0].dealer.parse().ok();
        let event = NewEvent {
            kind: RAISED,
            subject: of_dealer[0].id.to_string(),
            dealer: dealer.as_ref(),
            data: pb::AlertsRaised {
                alerts: of_dealer.iter().map(told).collect(),
            }
            .encode_to_vec(),
            traceparent: "",
        };
        publish(conn, clock, &event)?;
    }
    Ok(())
}

/// An alert as events tell of it: the clerk by his coded id.
fn told(alert: &Alert) -> pb::Alert {
    pb::Alert {
        clerk: clerk_code(&alert.dealer, &alert.clerk),
        ..alert_to_pb(alert.clone())
    }
}

/// An alert on the wire.
pub(crate) fn alert_to_pb(alert: Alert) -> pb::Alert {
    let Alert {
        id,
        kind,
        dealer,
        clerk,
        detail,
        state,
        snoozed_until,
        outcome,
        remark,
        raised_at,
        changed_at,
        changed_by,
        figures,
    } = alert;
    let text = words(kind, Kind::of_code(&detail), &figures);
    let (fall, sign) = match figures {
        Figures::Unknown => (None, None),
        Figures::Fall { before, after } => (Some(fall_to_pb(before, after)), None),
        Figures::Sign(sign) => (None, Some(sign_to_pb(Kind::of_code(&detail), sign))),
    };
    pb::Alert {
        id: id.to_string(),
        kind: kind.code().to_owned(),
        dealer,
        clerk,
        detail,
        text: Some(text),
        state: state.code().to_owned(),
        snoozed_until: snoozed_until.map(to_proto_time),
        outcome,
        remark,
        raised_at: Some(to_proto_time(raised_at)),
        changed_at: Some(to_proto_time(changed_at)),
        changed_by,
        fall,
        sign,
    }
}

/// What happened, with the figures as far as they are known.
fn words(kind: AlertKind, sign: Option<Kind>, figures: &Figures) -> pb::Text {
    let (zh, en) = kind.text();
    let (more_zh, more_en) = match (figures, sign) {
        (Figures::Fall { before, after }, _) => fall_in_words(*before, *after),
        (Figures::Sign(figures), Some(sign)) => {
            let evidence = figures.evidence(sign);
            (evidence.zh, evidence.en)
        }
        (_, Some(sign)) => {
            let reason = sign.reason();
            (reason.zh.to_owned(), reason.en.to_owned())
        }
        (_, None) => {
            let (zh, en) = (zh.to_owned(), en.to_owned());
            return pb::Text { zh, en };
        }
    };
    pb::Text {
        zh: format!("{zh}：{more_zh}"),
        en: format!("{en}: {more_en}"),
    }
}

fn fall_in_words(before: Mean, after: Mean) -> (String, String) {
    let (from, to) = (before.value(), after.value());
    let (earlier, later) = (before.records, after.records);
    (
        format!("由 {from:.1} 分（{earlier} 条记录）降至 {to:.1} 分（{later} 条记录）"),
        format!("from {from:.1} ({earlier} records) to {to:.1} ({later} records)"),
    )
}

fn fall_to_pb(before: Mean, after: Mean) -> pb::ScoreFall {
    pb::ScoreFall {
        before: rounded(before.value()),
        after: rounded(after.value()),
        records_before: before.records,
        records_after: after.records,
    }
}

fn sign_to_pb(kind: Option<Kind>, sign: SignFigures) -> pb::SignFigures {
    let SignFigures {
        strength,
        p,
        q,
        bearing,
        looked_at,
        expected,
        burst_at,
    } = sign;
    pb::SignFigures {
        count: bearing,
        of: looked_at,
        expected: rounded(expected),
        strength: rounded(strength),
        p,
        q,
        window_s: kind.and_then(Kind::window_s).map(i64::from),
        burst_at: burst_at.map(to_proto_time),
    }
}

impl QualityApp {
    /// Alerts of the caller's scope, newest first.
    pub(crate) async fn list_alerts(
        &self,
        ctx: CallContext,
        state: Option<AlertState>,
        dealer: String,
        page: PageRequest,
    ) -> Result<Vec<Alert>> {
        ctx.require([Role::Manager, Role::Steward, Role::HqAdmin])?;
        let filter = AlertFilter {
            state,
            dealer,
            now: self.clock.now(),
        };
        self.db
            .scan(move |conn| Ok(storage::list_alerts(conn, ctx.scope(), &filter, &page)?))
            .await
    }

    /// Takes a word on an alert.
    pub(crate) async fn decide_alert<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        (id, word, remark): (AlertId, AlertWord, String),
        answer: impl Fn(Alert) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require([Role::Manager, Role::Steward, Role::HqAdmin])?;
        let now = self.clock.now();
        check_words("remark", &remark, 0)?;
        check_word(&word, now)?;
        self.db
            .write(move |conn| {
                keyed.once(conn, &ctx, now, "DecideAlert", |conn| {
                    decide(conn, &ctx, now, (id, &word, &remark)).map(&answer)
                })
            })
            .await
    }

    /// Suspects of the caller's scope, strongest evidence first, and when they were told.
    pub(crate) async fn list_suspects(
        &self,
        ctx: CallContext,
        dealer: String,
        clerks: Option<bool>,
    ) -> Result<(Vec<KeptSuspect>, Option<Timestamp>)> {
        ctx.require([Role::Manager, Role::Steward, Role::Analyst, Role::HqAdmin])?;
        self.db
            .scan(move |conn| {
                let scope = ctx.scope();
                let suspects = storage::list_suspects(conn, scope, &dealer, clerks, MOST_SUSPECTS)?;
                Ok((suspects, storage::assessed_at(conn)?))
            })
            .await
    }
}

fn decide(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    (id, word, remark): (AlertId, &AlertWord, &str),
) -> Result<Alert> {
    let alert = storage::find_alert(conn, ctx.scope(), id)?;
    let mut alert = alert.ok_or(Error::AlertUnknown)?;
    if alert.state == AlertState::Closed {
        return Err(Error::AlertClosed);
    }
    say(&mut alert, word);
    remark.clone_into(&mut alert.remark);
    alert.changed_at = now;
    alert.changed_by = ctx.actor().to_string();
    storage::put_alert(conn, &alert)?;
    let subject = alert.id.to_string();
    let entry = Entry {
        act: "alert_decided",
        subject: &subject,
        dealer: &alert.dealer,
        detail: alert.state.code(),
    };
    record(conn, ctx, now, &entry)?;
    Ok(alert)
}

fn check_word(word: &AlertWord, now: Timestamp) -> Result<()> {
    let violation = match word {
        AlertWord::Snooze(until) if *until <= now => Violation::new(
            "until",
            "IN_THE_PAST",
            "until when the alert shall sleep: an instant to come",
        ),
        AlertWord::Snooze(until) if *until > now.plus(LONGEST_SLEEP) => Violation::new(
            "until",
            "TOO_FAR",
            "until when the alert shall sleep: a year at most; close it if nothing is to be done",
        ),
        AlertWord::Close(outcome) if !OUTCOMES.contains(&outcome.as_str()) => Violation::new(
            "outcome",
            "UNKNOWN",
            format!("what came of it: one of {}", OUTCOMES.join(", ")),
        ),
        _ => return Ok(()),
    };
    Err(Error::Invalid(vec![violation]))
}

fn say(alert: &mut Alert, word: &AlertWord) {
    alert.snoozed_until = None;
    match word {
        AlertWord::Acknowledge => alert.state = AlertState::Acknowledged,
        AlertWord::Snooze(until) => {
            alert.state = AlertState::Snoozed;
            alert.snoozed_until = Some(*until);
        }
        AlertWord::Close(outcome) => {
            alert.state = AlertState::Closed;
            alert.outcome.clone_from(outcome);
        }
    }
}
