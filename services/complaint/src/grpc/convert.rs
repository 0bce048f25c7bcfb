//! Between the wire and the domain: every field by name.

use chrono::NaiveDate;
use marque_api::complaint::v1 as pb;
use marque_events::to_proto_time;
use marque_quality::ComplaintRow;
use uuid::Uuid;

use super::care::{attachment_to_pb, compensation_to_pb, warning_to_pb};
use crate::{
    app::{Numbered, Proposed, Raw, Shown, ShownClock},
    domain::{
        Entry, Hours, Solution, Standing, State, Step, TASK_ID, Task, Tier, Words, step_code,
    },
    error::{Error, Result},
};

pub(super) fn raw_of(request: &pb::OpenComplaintRequest) -> Raw<'_> {
    // A complaint typed here has no key of its own unless it came from a system.
    let key = match request.complaint_key.trim() {
        "" => None,
        key => Some(key),
    };
    Raw {
        columns: ComplaintRow {
            complaint_key: key,
            customer_key: Some(&request.customer_key),
            vin: Some(&request.vin),
            opened_at: Some(&request.opened_at),
            channel: Some(&request.channel),
            category: Some(&request.category),
            severity: Some(&request.severity),
            text: Some(&request.text),
            department: Some(&request.department),
            state: None,
            closed_at: None,
        },
        wish: &request.wish,
        visit: &request.visit_id,
        part: &request.part,
        fault: &request.fault,
        tier: &request.tier,
    }
}

/// A case of which no more is told than that it is there, and its coded values.
pub(super) fn case_to_pb(case: Numbered) -> pb::Complaint {
    bare(case, true)
}

/// A case of the caller's scope, without what belongs to it.
pub(super) fn own_case_to_pb(case: Numbered) -> pb::Complaint {
    bare(case, false)
}

/// A case with everything that belongs to it.
pub(super) fn shown_to_pb(shown: Shown) -> pb::Complaint {
    let case = Numbered {
        case: shown.case,
        number: shown.number,
    };
    let compensations = shown.compensations.into_iter();
    let next_states = shown.next.into_iter();
    pb::Complaint {
        clocks: shown.clocks.into_iter().map(clock_to_pb).collect(),
        tasks: shown.tasks.into_iter().map(task_to_pb).collect(),
        entries: shown.course.into_iter().map(entry_to_pb).collect(),
        next_states: next_states.map(|state| state.code().to_owned()).collect(),
        attachments: shown
            .attachments
            .into_iter()
            .map(attachment_to_pb)
            .collect(),
        compensations: compensations
            .map(|(each, may_decide)| compensation_to_pb(each, &may_decide))
            .collect(),
        warnings: shown.warnings.into_iter().map(warning_to_pb).collect(),
        repeats_elsewhere: shown.repeats_elsewhere,
        ..bare(case, shown.is_foreign)
    }
}

/// The case alone; of a foreign one nobody's words.
fn bare(Numbered { case, number }: Numbered, is_foreign: bool) -> pb::Complaint {
    let words = if is_foreign {
        Words::default()
    } else {
        case.words
    };
    let [satisfaction_resolution, satisfaction_handling] =
        case.satisfaction.map(|points| points as i32);
    pb::Complaint {
        id: case.id.to_string(),
        number: number.to_string(),
        dealer: case.dealer,
        source: case.source,
        complaint_key: case.complaint_key,
        source_record_id: case
            .record
            .map_or_else(String::new, |record| record.to_string()),
        customer_id: case
            .customer
            .map_or_else(String::new, |customer| customer.to_string()),
        vin: case.vin,
        visit_id: case.visit,
        channel: case.channel,
        category: case.category,
        severity: case.severity.code().to_owned(),
        tier: case.tier.map_or("", Tier::code).to_owned(),
        text: words.text,
        wish: words.wish,
        department: case.department,
        part: case.part,
        fault: case.fault,
        state: case.state.code().to_owned(),
        open: case.state.is_open(),
        escalated_to: step_code(case.level).to_owned(),
        opened_at: Some(to_proto_time(case.opened_at)),
        recorded_at: Some(to_proto_time(case.recorded_at)),
        acknowledged_at: case.acknowledged_at.map(to_proto_time),
        resolved_at: case.resolved_at.map(to_proto_time),
        closed_at: case.closed_at.map(to_proto_time),
        updated_at: Some(to_proto_time(case.updated_at)),
        reopened: case.reopened as i32,
        repeat_of: case
            .repeat_of
            .map_or_else(String::new, |earlier| earlier.to_string()),
        satisfaction_resolution,
        satisfaction_handling,
        version: case.version,
        ..pb::Complaint::default()
    }
}

fn clock_to_pb(shown: ShownClock) -> pb::Clock {
    let ShownClock {
        clock,
        due_local,
        used,
        is_overdue,
        is_provisional,
    } = shown;
    let state = match clock.standing {
        Standing::Running => "running",
        Standing::Paused => "paused",
        Standing::Met => "met",
        Standing::Stopped => "stopped",
    };
    // The step before the one that comes next is the last that was taken.
    let last = clock
        .next_step
        .map_or(Step::Headquarters.number(), |next| next.number() - 1);
    pb::Clock {
        kind: clock.kind.code().to_owned(),
        state: state.to_owned(),
        due_at: clock.due_at.map(to_proto_time),
        due_local,
        budget_seconds: clock.budget / 1_000_000,
        used_seconds: used / 1_000_000,
        overdue: is_overdue,
        escalated_to: step_code(last).to_owned(),
        provisional: is_provisional,
    }
}

pub(super) fn task_to_pb(task: Task) -> pb::Task {
    let Task {
        id,
        department,
        text,
        owner,
        due_at,
        is_needed,
        state,
        outcome,
        created_at,
        finished_at,
        kind,
        level,
    } = task;
    pb::Task {
        id: format!("{TASK_ID}{}", id.as_simple()),
        department,
        text,
        owner,
        due_at: due_at.map(to_proto_time),
        needed: is_needed,
        state: state.code().to_owned(),
        outcome,
        created_at: Some(to_proto_time(created_at)),
        finished_at: finished_at.map(to_proto_time),
        kind: kind.code().to_owned(),
        escalated_to: step_code(level).to_owned(),
    }
}

/// A solution with what came of it.
pub(super) fn proposed_to_pb(proposed: Proposed) -> pb::Solution {
    let Proposed { solution, uses } = proposed;
    pb::Solution {
        used: uses.used as i32,
        succeeded: uses.succeeded as i32,
        failed: uses.failed as i32,
        ..solution_to_pb(solution)
    }
}

pub(super) fn solution_to_pb(solution: Solution) -> pb::Solution {
    let Solution {
        id,
        version,
        state,
        title,
        text,
        category,
        part,
        fault,
        author,
        approved_by,
        updated_at,
    } = solution;
    pb::Solution {
        id: format!("{SOLUTION}{}", id.as_simple()),
        title,
        text,
        category,
        part,
        fault,
        state: state.code().to_owned(),
        version,
        author,
        approved_by,
        updated_at: Some(to_proto_time(updated_at)),
        used: 0,
        succeeded: 0,
        failed: 0,
    }
}

/// How the id of a solution begins.
const SOLUTION: &str = "sol_";

/// The id of a solution; one that cannot be is as unknown as one that is not.
pub(super) fn solution_id(text: &str) -> Result<Uuid> {
    text.strip_prefix(SOLUTION)
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or(Error::SolutionUnknown)
}

/// The id of a task; one that cannot be is as unknown as one that is not.
pub(super) fn task_id(text: &str) -> Result<Uuid> {
    text.strip_prefix(TASK_ID)
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or(Error::TaskUnknown)
}

fn entry_to_pb(entry: Entry) -> pb::Entry {
    let Entry {
        act,
        at,
        actor,
        from,
        to,
        note,
    } = entry;
    pb::Entry {
        act: act.to_owned(),
        at: Some(to_proto_time(at)),
        actor,
        from,
        to,
        note,
    }
}

/// The state a caller names; `waiting` says for whom apart.
pub(super) fn state_of(to: &str, waiting_for: &str) -> Result<State> {
    let code = match (to, waiting_for) {
        ("waiting", "") => {
            let message = "say for whom: customer, parts or oem";
            return Err(Error::field("waiting_for", "REQUIRED", message));
        }
        ("waiting", whom) => format!("waiting_{whom}"),
        (to, whom) if !whom.is_empty() && to.strip_prefix("waiting_") != Some(whom) => {
            let message = "leave it out, or write waiting for to";
            return Err(Error::field("waiting_for", "NOT_ALLOWED", message));
        }
        (to, _) => to.to_owned(),
    };
    State::parse(&code).ok_or_else(|| {
        let known: Vec<&str> = State::ALL.iter().map(|state| state.code()).collect();
        Error::field("to", "FORMAT", format!("write one of {}", known.join(", ")))
    })
}

/// Grades of 1 to 5, or 0 where none was given.
pub(super) fn satisfaction_of(resolution: i32, handling: i32) -> Result<[i64; 2]> {
    for (field, grade) in [
        ("satisfaction_resolution", resolution),
        ("satisfaction_handling", handling),
    ] {
        if !(0..=5).contains(&grade) {
            return Err(Error::field(field, "FORMAT", "a grade is 1 to 5"));
        }
    }
    Ok([i64::from(resolution), i64::from(handling)])
}

pub(super) fn hours_to_pb(dealer: String, hours: &Hours) -> pb::Calendar {
    let days = |days: &std::collections::BTreeSet<NaiveDate>| {
        days.iter().map(NaiveDate::to_string).collect()
    };
    let time = |minute: i64| format!("{:02}:{:02}", minute / 60, minute % 60);
    pb::Calendar {
        dealer,
        opens: time(hours.opens),
        closes: time(hours.closes),
        offset_minutes: hours.offset_minutes as i32,
        every_day: hours.every_day,
        closed_days: days(&hours.closed),
        open_days: days(&hours.open),
    }
}

pub(super) fn hours_of(calendar: &pb::Calendar) -> Result<Hours> {
    Ok(Hours {
        opens: minute("opens", &calendar.opens)?,
        closes: minute("closes", &calendar.closes)?,
        offset_minutes: i64::from(calendar.offset_minutes),
        every_day: calendar.every_day,
        closed: dates("closed_days", &calendar.closed_days)?,
        open: dates("open_days", &calendar.open_days)?,
    })
}

fn minute(field: &str, text: &str) -> Result<i64> {
    let wrong = || {
        Error::field(
            field,
            "FORMAT",
            "write a time of day as HH:MM, such as 09:00",
        )
    };
    let (hours, minutes) = text.split_once(':').ok_or_else(wrong)?;
    let number = |text: &str, most: i64| -> Option<i64> {
        let is_plain = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse()
            .ok()
            .filter(|number| is_plain && *number <= most)
    };
    Ok(number(hours, 24).ok_or_else(wrong)? * 60 + number(minutes, 59).ok_or_else(wrong)?)
}

fn dates(field: &str, days: &[String]) -> Result<std::collections::BTreeSet<NaiveDate>> {
    days.iter()
        .map(|day| {
            day.parse()
                .map_err(|_| Error::field(field, "FORMAT", "write days as YYYY-MM-DD"))
        })
        .collect()
}
