//! Invented cases that the stub of the complaint role answers with: every field filled.

use marque_api::complaint::v1 as complaint;

use super::samples::{CUSTOMER, RECORD, at, text};

pub(super) fn complaint(whole: bool) -> complaint::Complaint {
    let clock = complaint::Clock {
        kind: text("first_response"),
        state: text("running"),
        due_at: at(3600),
        due_local: text("2026-01-01T09:00:00+08:00"),
        budget_seconds: 3600,
        used_seconds: 60,
        overdue: false,
        escalated_to: text("none"),
        provisional: true,
    };
    let task = complaint::Task {
        id: text("tsk_1"),
        department: text("parts"),
        text: text("find the part"),
        owner: text("S17"),
        due_at: at(7200),
        needed: true,
        state: text("done"),
        outcome: text("it is here"),
        created_at: at(60),
        finished_at: at(600),
        kind: text("satisfaction_call"),
        escalated_to: text("manager"),
    };
    let entry = complaint::Entry {
        act: text("moved"),
        at: at(60),
        actor: text("somebody"),
        from: text("received"),
        to: text("acknowledged"),
        note: text("called back"),
    };
    complaint::Complaint {
        id: text("cmp_1"),
        number: text("T00000427"),
        dealer: text("D001"),
        source: text("dms"),
        complaint_key: text("TS1"),
        source_record_id: text(RECORD),
        customer_id: text(CUSTOMER),
        vin: text("LSVAA4182E2123456"),
        visit_id: text("vis_1"),
        channel: text("phone"),
        category: text("service.repair"),
        severity: text("high"),
        text: if whole {
            text("it squeaks again")
        } else {
            String::new()
        },
        wish: if whole {
            text("a car that does not")
        } else {
            String::new()
        },
        department: text("service"),
        part: text("BRK-1"),
        fault: text("F1"),
        state: text("acknowledged"),
        open: true,
        escalated_to: text("warning"),
        opened_at: at(0),
        recorded_at: at(1),
        acknowledged_at: at(60),
        resolved_at: None,
        closed_at: None,
        updated_at: at(60),
        reopened: 1,
        repeat_of: text("cmp_0"),
        repeats_elsewhere: true,
        satisfaction_resolution: 4,
        satisfaction_handling: 5,
        version: 3,
        clocks: vec![clock],
        tasks: if whole { vec![task] } else { Vec::new() },
        entries: if whole { vec![entry] } else { Vec::new() },
        next_states: vec![text("in_progress"), text("withdrawn")],
        tier: text("major"),
        attachments: if whole {
            vec![attachment()]
        } else {
            Vec::new()
        },
        compensations: if whole {
            vec![compensation("asked")]
        } else {
            Vec::new()
        },
        warnings: if whole { vec![warning()] } else { Vec::new() },
        findings: Vec::new(),
    }
}

pub(super) fn case_task() -> complaint::CaseTask {
    complaint::CaseTask {
        task: complaint(true).tasks.pop(),
        overdue: true,
        complaint_id: text("cmp_1"),
        complaint_number: text("T00000427"),
        dealer: text("D001"),
        vin: text("LSVAA4182E2123456"),
        category: text("service.repair"),
        severity: text("high"),
        complaint_state: text("in_progress"),
    }
}

pub(super) fn work_year() -> complaint::WorkYear {
    complaint::WorkYear {
        year: 2026,
        source: text("国办发明电〔2025〕7号"),
        off: vec![complaint::DaySpan {
            from: text("2026-10-01"),
            to: text("2026-10-07"),
        }],
        on: vec![text("2026-10-10")],
        put_at: at(60),
    }
}

pub(super) fn calendar() -> complaint::Calendar {
    complaint::Calendar {
        dealer: text("D001"),
        opens: text("09:00"),
        closes: text("18:00"),
        offset_minutes: 480,
        every_day: false,
        closed_days: vec![text("2026-11-11")],
        open_days: vec![text("2026-11-22")],
    }
}

pub(super) fn solution() -> complaint::Solution {
    complaint::Solution {
        id: text("sol_1"),
        title: text("brakes squeak after new pads"),
        text: text("chamfer the pads and bed them in"),
        category: text("service.repair"),
        part: text("BRK-1"),
        fault: text("F1"),
        state: text("approved"),
        version: 2,
        author: text("S17"),
        approved_by: text("HQ1"),
        updated_at: at(0),
        used: 9,
        succeeded: 7,
        failed: 1,
    }
}

pub(super) fn change() -> complaint::CaseChange {
    complaint::CaseChange {
        id: text("cmp_1"),
        dealer: text("D001"),
        source_record_id: text(RECORD),
        vin: text("LSVAA4182E2123456"),
        category: text("service.repair"),
        severity: text("high"),
        department: text("service"),
        state: text("acknowledged"),
        from_state: text("received"),
        clock: text("first_response"),
        step: text("warning"),
        at: at(60),
        version: 3,
        opened_at: at(0),
        satisfaction_resolution: 0,
        satisfaction_handling: 0,
        ended_at: None,
        compensation: text("approved"),
        amount_minor: 30_000,
        rule: text("repair_days"),
        from_dealer: text("D002"),
        task_id: text("tsk_1"),
    }
}

pub(super) fn report_line() -> complaint::ReportLine {
    let spread = |met| {
        Some(complaint::Spread {
            met,
            p50_seconds: 600,
            p90_seconds: 3_000,
            p99_seconds: 9_000,
            on_time_rate: 0.875,
            decided: 40,
        })
    };
    complaint::ReportLine {
        key: text("D001"),
        cases: 40,
        open: 8,
        first_response: spread(39),
        resolution: spread(30),
        reopen_rate: 0.125,
        satisfaction_resolution: 4.25,
        satisfaction_handling: 4.5,
        asked: 12,
        ageing: vec![3, 2, 1, 1, 1],
        handling_score: 87.5,
        compensations: 2,
        compensated_minor: 50_050,
        ended: 32,
        asked_resolution: 12,
        scored: true,
    }
}

/// Of cases that nobody has answered, solved or graded yet.
pub(super) fn unmeasured_line() -> complaint::ReportLine {
    complaint::ReportLine {
        key: text("D002"),
        cases: 1,
        open: 1,
        ageing: vec![1, 0, 0, 0, 0],
        ..complaint::ReportLine::default()
    }
}

pub(super) fn attachment() -> complaint::Attachment {
    complaint::Attachment {
        id: text("att_1"),
        media_type: text("application/pdf"),
        name: text("刹车 1.pdf"),
        size: 8,
        sha256: text("5f0c"),
        added_at: at(90),
        added_by: text("somebody"),
    }
}

pub(super) fn compensation(state: &str) -> complaint::Compensation {
    let is_decided = state != "asked";
    complaint::Compensation {
        id: text("com_1"),
        kind: text("voucher"),
        amount_minor: 30_000,
        state: text(state),
        reason: text("he waited three days"),
        asked_by: text("somebody"),
        asked_at: at(90),
        decided_by: if is_decided {
            text("the manager")
        } else {
            String::new()
        },
        decided_at: at(120).filter(|_| is_decided),
        decision_note: if is_decided {
            text("he is right")
        } else {
            String::new()
        },
        may_decide: if is_decided {
            Vec::new()
        } else {
            vec![text("manager"), text("hq_admin")]
        },
    }
}

fn warning() -> complaint::GuaranteeWarning {
    complaint::GuaranteeWarning {
        rule: text("same_defect"),
        level: text("warning"),
        count: 3,
        reached_at: 5,
        at: at(30),
        subject: text("P0300"),
    }
}

pub(super) fn alert() -> complaint::ClusterAlert {
    complaint::ClusterAlert {
        id: text("clu_1"),
        part: text("BRK-1"),
        model: text("S5 Plus"),
        model_year: 2025,
        from: at(0),
        to: at(7_776_000),
        hit: 14,
        fleet: 900,
        baseline: text("other_cars"),
        baseline_hit: 7,
        baseline_fleet: 2_400.0,
        expected: 2.625,
        p_value: 0.000_25,
        q_value: 0.001,
        raised_at: at(7_776_000),
        seen_at: at(7_776_600),
        complaint_ids: vec![text("cmp_1")],
    }
}
