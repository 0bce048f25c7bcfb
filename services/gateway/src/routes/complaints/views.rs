//! Cases as JSON. What is not known is left out.

use marque_api::complaint::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use super::{AttachmentView, CompensationView};
use crate::{
    routes::vehicles::is_zero,
    values::{FindingView, Instant, instant, views},
};

/// A complaint case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Complaint)]
pub(crate) struct ComplaintView {
    /// Id.
    #[schema(example = "cmp_0193a1b2c3d47e5f8a9b0c1d2e3f4a5b")]
    id: String,
    /// Number to say aloud.
    #[schema(example = "T00000427")]
    number: String,
    /// Dealer.
    dealer: String,
    /// Source system of a case that came from one.
    #[serde(skip_serializing_if = "String::is_empty")]
    source: String,
    /// Key there.
    #[serde(skip_serializing_if = "String::is_empty")]
    complaint_key: String,
    /// Source record of who complains.
    #[serde(skip_serializing_if = "String::is_empty")]
    source_record_id: String,
    /// Customer that record now belongs to.
    #[serde(skip_serializing_if = "String::is_empty")]
    customer_id: String,
    /// VIN.
    #[serde(skip_serializing_if = "String::is_empty")]
    vin: String,
    /// Visit it is about.
    #[serde(skip_serializing_if = "String::is_empty")]
    visit_id: String,
    /// phone, visit, wechat, callback, web, app, email, letter, regulator, press or other.
    #[schema(example = "phone")]
    channel: String,
    /// Code of the category tree.
    #[schema(example = "service.repair")]
    category: String,
    /// low, medium, high or critical.
    #[schema(example = "high")]
    severity: String,
    /// By which its clocks go: vip, major, ordinary or small. Left out while nobody has said or told it; its times are then those of
    /// an ordinary customer.
    #[serde(skip_serializing_if = "String::is_empty")]
    tier: String,
    /// The customer's words; left out for callers who see only that there is a case.
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    /// What he wishes.
    #[serde(skip_serializing_if = "String::is_empty")]
    wish: String,
    /// Department responsible.
    department: String,
    /// Part.
    #[serde(skip_serializing_if = "String::is_empty")]
    part: String,
    /// Fault.
    #[serde(skip_serializing_if = "String::is_empty")]
    fault: String,
    /// received, acknowledged, in_progress, waiting_customer, waiting_parts, waiting_oem, resolved, followed_up, closed,
    /// reopened or withdrawn.
    #[schema(example = "in_progress")]
    state: String,
    /// Whether work remains to be done.
    open: bool,
    /// Highest step of the escalation so far: none, warning, agent, manager, region or headquarters.
    escalated_to: String,
    /// When he complained.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<Instant>,
    /// When it came to us.
    #[serde(skip_serializing_if = "Option::is_none")]
    recorded_at: Option<Instant>,
    /// When it was first answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    acknowledged_at: Option<Instant>,
    /// When it was last resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_at: Option<Instant>,
    /// When it was closed or withdrawn.
    #[serde(skip_serializing_if = "Option::is_none")]
    closed_at: Option<Instant>,
    /// When it last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    updated_at: Option<Instant>,
    /// How often it was re-opened.
    #[serde(skip_serializing_if = "is_zero")]
    reopened: i32,
    /// The case it repeats within 30 days.
    #[serde(skip_serializing_if = "String::is_empty")]
    repeat_of: String,
    /// Whether it repeats a case of another dealer, which the caller may not see.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeats_elsewhere: bool,
    /// Satisfaction with the resolution, 1 to 5.
    #[serde(skip_serializing_if = "is_zero")]
    satisfaction_resolution: i32,
    /// Satisfaction with the handling, 1 to 5.
    #[serde(skip_serializing_if = "is_zero")]
    satisfaction_handling: i32,
    /// Grows with each change.
    version: i64,
    /// What is to be done by when.
    clocks: Vec<ClockView>,
    /// Tasks of departments; left out of lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tasks: Vec<TaskView>,
    /// Its course, newest last; left out of lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    entries: Vec<EntryView>,
    /// Files, without their bytes; left out of lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    attachments: Vec<AttachmentView>,
    /// Compensations, oldest first; left out of lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    compensations: Vec<CompensationView>,
    /// How near its car is to thresholds of the three guarantees; left out of lists.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
    /// What is doubtful in how it was typed and is not put right yet, such as a VIN whose check digit is wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<FindingView>,
    /// States the caller can move it to now: none for which a task has to end first, none for which it is too late.
    next_states: Vec<String>,
}

impl From<pb::Complaint> for ComplaintView {
    fn from(complaint: pb::Complaint) -> Self {
        Self {
            id: complaint.id,
            number: complaint.number,
            dealer: complaint.dealer,
            source: complaint.source,
            complaint_key: complaint.complaint_key,
            source_record_id: complaint.source_record_id,
            customer_id: complaint.customer_id,
            vin: complaint.vin,
            visit_id: complaint.visit_id,
            channel: complaint.channel,
            category: complaint.category,
            severity: complaint.severity,
            tier: complaint.tier,
            text: complaint.text,
            wish: complaint.wish,
            department: complaint.department,
            part: complaint.part,
            fault: complaint.fault,
            state: complaint.state,
            open: complaint.open,
            escalated_to: complaint.escalated_to,
            opened_at: instant(complaint.opened_at),
            recorded_at: instant(complaint.recorded_at),
            acknowledged_at: instant(complaint.acknowledged_at),
            resolved_at: instant(complaint.resolved_at),
            closed_at: instant(complaint.closed_at),
            updated_at: instant(complaint.updated_at),
            reopened: complaint.reopened,
            repeat_of: complaint.repeat_of,
            repeats_elsewhere: complaint.repeats_elsewhere,
            satisfaction_resolution: complaint.satisfaction_resolution,
            satisfaction_handling: complaint.satisfaction_handling,
            version: complaint.version,
            clocks: views(complaint.clocks),
            tasks: views(complaint.tasks),
            entries: views(complaint.entries),
            attachments: views(complaint.attachments),
            compensations: views(complaint.compensations),
            warnings: views(complaint.warnings),
            findings: views(complaint.findings),
            next_states: complaint.next_states,
        }
    }
}

/// A clock of a case.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintClock)]
pub(crate) struct ClockView {
    /// first_response, next_update (of a resolved case the follow-up), resolution, law_answer or law_remedy.
    #[schema(example = "first_response")]
    kind: String,
    /// running, paused, met or stopped.
    state: String,
    /// When it runs out; of one that is paused only if it had run out before.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Instant>,
    /// The same in the dealer's zone.
    #[serde(skip_serializing_if = "String::is_empty")]
    #[schema(example = "2026-11-23T09:30:00+08:00")]
    due_local: String,
    /// Working seconds allowed; 0 for clocks of the law.
    budget_seconds: i64,
    /// Working seconds used.
    used_seconds: i64,
    /// Whether it ran out before what it waited for.
    overdue: bool,
    /// Last step of its escalation.
    escalated_to: String,
    /// Whether due_at may move: a year on the way to it has holidays that are not known yet.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    provisional: bool,
}

impl From<pb::Clock> for ClockView {
    fn from(clock: pb::Clock) -> Self {
        let pb::Clock {
            kind,
            state,
            due_at,
            due_local,
            budget_seconds,
            used_seconds,
            overdue,
            escalated_to,
            provisional,
        } = clock;
        Self {
            kind,
            state,
            due_at: instant(due_at),
            due_local,
            budget_seconds,
            used_seconds,
            overdue,
            escalated_to,
            provisional,
        }
    }
}

/// A task of a department.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintTask)]
pub(crate) struct TaskView {
    /// Id.
    id: String,
    /// sales, service, parts, finance, customer_care or other.
    department: String,
    /// What is to be done.
    text: String,
    /// Who does it.
    #[serde(skip_serializing_if = "String::is_empty")]
    owner: String,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none")]
    due_at: Option<Instant>,
    /// Whether the case cannot be resolved without it.
    needed: bool,
    /// open, done or cancelled.
    state: String,
    /// What came of it.
    #[serde(skip_serializing_if = "String::is_empty")]
    outcome: String,
    /// When it was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    created_at: Option<Instant>,
    /// When it ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    finished_at: Option<Instant>,
    /// `satisfaction_call`, `customer_word`, `discontent` or `compensation` of one that was made by itself.
    #[serde(skip_serializing_if = "String::is_empty")]
    kind: String,
    /// Who heard last that it was not done by its due time: none, manager, region or headquarters.
    escalated_to: String,
}

impl From<pb::Task> for TaskView {
    fn from(task: pb::Task) -> Self {
        let pb::Task {
            id,
            department,
            text,
            owner,
            due_at,
            needed,
            state,
            outcome,
            created_at,
            finished_at,
            kind,
            escalated_to,
        } = task;
        Self {
            id,
            department,
            text,
            owner,
            due_at: instant(due_at),
            needed,
            state,
            outcome,
            created_at: instant(created_at),
            finished_at: instant(finished_at),
            kind,
            escalated_to,
        }
    }
}

/// How near a case's car is to a threshold of the three guarantees.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintWarning)]
pub(crate) struct WarningView {
    /// repair_days, same_defect, unit_replaced and so on, as `GET /v1/vehicles/{id}/guarantees` names them.
    #[schema(example = "repair_days")]
    rule: String,
    /// Assembly, part or defect the rule counts.
    #[serde(skip_serializing_if = "String::is_empty")]
    subject: String,
    /// warning or reached.
    level: String,
    /// Days, repairs or replacements so far.
    count: i32,
    /// The count at which the threshold is reached.
    reached_at: i32,
    /// When it was told.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
}

impl From<pb::GuaranteeWarning> for WarningView {
    fn from(warning: pb::GuaranteeWarning) -> Self {
        let pb::GuaranteeWarning {
            rule,
            level,
            count,
            reached_at,
            at,
            subject,
        } = warning;
        Self {
            rule,
            subject,
            level,
            count,
            reached_at,
            at: instant(at),
        }
    }
}

/// One entry of a case's course.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ComplaintEntry)]
pub(crate) struct EntryView {
    /// opened, moved, filed (moved by a file), answered (moved by what the customer wrote or sent), noted, amended, corrected,
    /// escalated, paused, resumed, task_added, task_amended, task_finished, solution_used, attached, compensation, warned,
    /// ranked, lapsed (closed because nothing happened) or erased (its customer is; an open case is closed by it).
    act: String,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<Instant>,
    /// Who.
    actor: String,
    /// State, clock or value before.
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    /// And after.
    #[serde(skip_serializing_if = "String::is_empty")]
    to: String,
    /// What was said.
    #[serde(skip_serializing_if = "String::is_empty")]
    note: String,
}

impl From<pb::Entry> for EntryView {
    fn from(entry: pb::Entry) -> Self {
        let pb::Entry {
            act,
            at,
            actor,
            from,
            to,
            note,
        } = entry;
        Self {
            act,
            at: instant(at),
            actor,
            from,
            to,
            note,
        }
    }
}
