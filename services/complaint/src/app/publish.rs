//! Telling the others what became of cases: one event for all that changed together. Ids and coded values, no words.

use marque_api::complaint::v1 as pb;
use marque_core::{Clock, ComplaintId, DealerCode, SourceRecordId, Timestamp};
use marque_db::{Conn, StoreError};
use marque_events::{NewEvent, publish, to_proto_time};
use prost::Message as _;

use crate::{
    domain::{Alert, Case, Ladder, Severity, Step, TASK_ID},
    storage::Due,
};

/// Event type of cases opened.
pub(super) const OPENED: &str = "marque.complaint.cases.opened";
/// Of cases moved to another state.
pub(super) const MOVED: &str = "marque.complaint.cases.moved";
/// Of cases whose coded values changed.
pub(super) const AMENDED: &str = "marque.complaint.cases.amended";
/// Of cases whose clocks run out at another time, for the dealer's hours or the working days of a year are others.
pub(super) const RESCHEDULED: &str = "marque.complaint.cases.rescheduled";
/// Of cases of people who were erased: they are nobody's and without words.
pub(super) const ERASED: &str = "marque.complaint.cases.erased";
/// Of notes.
pub(super) const NOTED: &str = "marque.complaint.cases.noted";
/// Of tasks given or ended.
pub(super) const TASKED: &str = "marque.complaint.cases.tasked";
/// Of files that came.
pub(super) const ATTACHED: &str = "marque.complaint.cases.attached";
/// Of compensations asked for and decided.
pub(super) const COMPENSATED: &str = "marque.complaint.cases.compensated";
/// Of thresholds of the three guarantees that a case's car came near.
pub(super) const WARNED: &str = "marque.complaint.cases.warned";
/// Of clusters that are out of the ordinary.
const CLUSTERS_RAISED: &str = "marque.complaint.clusters.raised";
/// Of steps of the escalation.
pub(super) const ESCALATED: &str = "marque.complaint.cases.escalated";

/// One change of one case.
pub(super) struct Change(pub(super) pb::CaseChange);

impl Change {
    /// A case as it is after the change.
    pub(super) fn of(case: &Case, at: Timestamp) -> Self {
        Self(pb::CaseChange {
            id: case.id.to_string(),
            dealer: case.dealer.clone(),
            source_record_id: case
                .record
                .map_or_else(String::new, |record| record.to_string()),
            vin: case.vin.clone(),
            category: case.category.clone(),
            severity: case.severity.code().to_owned(),
            department: case.department.clone(),
            state: case.state.code().to_owned(),
            at: Some(to_proto_time(at)),
            version: case.version,
            opened_at: Some(to_proto_time(case.opened_at)),
            satisfaction_resolution: case.satisfaction[0] as i32,
            satisfaction_handling: case.satisfaction[1] as i32,
            ended_at: ended_at(case, at).map(to_proto_time),
            ..pb::CaseChange::default()
        })
    }

    /// A case of which a step of the escalation was taken.
    pub(super) fn escalated(case: &Due, step: Step, at: Timestamp) -> Self {
        Self(pb::CaseChange {
            id: case.case.to_string(),
            dealer: case.dealer.clone(),
            source_record_id: case.record.map_or_else(String::new, |record| {
                SourceRecordId::from(record).to_string()
            }),
            vin: case.vin.clone(),
            category: case.category.clone(),
            severity: Severity::of_rank(case.severity).code().to_owned(),
            department: case.department.clone(),
            state: case.state.clone(),
            clock: case.ladder.code().to_owned(),
            step: step.code().to_owned(),
            task_id: match &case.ladder {
                Ladder::Clock(_) => String::new(),
                Ladder::Task(term) => format!("{TASK_ID}{}", term.task.as_simple()),
            },
            at: Some(to_proto_time(at)),
            version: case.version + 1,
            opened_at: Some(to_proto_time(case.opened_at)),
            satisfaction_resolution: 0,
            satisfaction_handling: 0,
            ended_at: None,
            ..pb::CaseChange::default()
        })
    }

    /// How a compensation of it stands, and its worth.
    pub(super) fn compensated(mut self, state: &str, amount: i64) -> Self {
        state.clone_into(&mut self.0.compensation);
        self.0.amount_minor = amount;
        self
    }

    /// The threshold its car came near.
    pub(super) fn warned(mut self, rule: &str) -> Self {
        rule.clone_into(&mut self.0.rule);
        self
    }

    /// The dealer who had it before, if it was handed over.
    pub(super) fn handed_over_by(mut self, dealer: Option<&str>) -> Self {
        dealer
            .unwrap_or_default()
            .clone_into(&mut self.0.from_dealer);
        self
    }

    /// The state it was in before.
    pub(super) fn from(mut self, state: &str) -> Self {
        state.clone_into(&mut self.0.from_state);
        self
    }
}

/// When a case that is not open any more ended.
fn ended_at(case: &Case, at: Timestamp) -> Option<Timestamp> {
    let ended = case.resolved_at.or(case.closed_at).unwrap_or(at);
    (!case.state.is_open()).then_some(ended)
}

pub(super) fn one(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    kind: &'static str,
    change: Change,
) -> Result<(), StoreError> {
    all(conn, clock, kind, vec![change])
}

pub(super) fn all(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    kind: &'static str,
    changes: Vec<Change>,
) -> Result<(), StoreError> {
    let changes: Vec<pb::CaseChange> = changes.into_iter().map(|change| change.0).collect();
    let Some(first) = changes.first() else {
        return Ok(());
    };
    let is_one_dealers = changes.iter().all(|change| change.dealer == first.dealer);
    let dealer: Option<DealerCode> = first.dealer.parse().ok().filter(|_| is_one_dealers);
    let event = NewEvent {
        kind,
        subject: first.id.clone(),
        dealer: dealer.as_ref(),
        data: pb::CasesChanged { changes }.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}

/// Tells of clusters that are new.
pub(super) fn clusters(
    conn: &mut Conn<'_>,
    clock: &dyn Clock,
    raised: &[(Alert, Vec<ComplaintId>)],
) -> Result<(), StoreError> {
    let Some((first, _)) = raised.first() else {
        return Ok(());
    };
    let clusters = raised.iter().map(alert_to_pb).collect();
    let event = NewEvent {
        kind: CLUSTERS_RAISED,
        subject: first.id.to_string(),
        dealer: None,
        data: pb::ClustersRaised { clusters }.encode_to_vec(),
        traceparent: "",
    };
    publish(conn, clock, &event)
}

/// A cluster on the wire, with the numbers behind it.
pub(crate) fn alert_to_pb((alert, cases): &(Alert, Vec<ComplaintId>)) -> pb::ClusterAlert {
    let found = &alert.finding;
    pb::ClusterAlert {
        id: format!("clu_{}", alert.id.as_simple()),
        part: found.cluster.part.clone(),
        model: found.cluster.model.clone(),
        model_year: found.cluster.model_year as i32,
        from: Some(to_proto_time(alert.span.0)),
        to: Some(to_proto_time(alert.span.1)),
        hit: found.hit,
        fleet: found.fleet,
        baseline: found.baseline.code().to_owned(),
        baseline_hit: found.baseline_hit,
        baseline_fleet: found.baseline_fleet,
        expected: found.expected,
        p_value: found.p_value,
        q_value: found.q_value,
        raised_at: Some(to_proto_time(alert.raised_at)),
        seen_at: Some(to_proto_time(alert.seen_at)),
        complaint_ids: cases.iter().map(ToString::to_string).collect(),
    }
}
