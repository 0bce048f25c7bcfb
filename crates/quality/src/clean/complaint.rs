//! Complaints.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Cleaned, Notes};
use crate::{
    date::TypedDate,
    dictionary::{ComplaintRow, Field, RecordKind},
    finding::Rule,
    standard::{Standard, release},
    vin::Vin,
};

/// How serious a complaint is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ComplaintSeverity {
    /// 低.
    Low,
    /// 中.
    Medium,
    /// 高.
    High,
    /// 紧急.
    Critical,
}

const SEVERITIES: &[(ComplaintSeverity, &[&str])] = &[
    (
        ComplaintSeverity::Low,
        &["low", "低", "一般", "轻微", "普通", "轻", "minor", "normal"],
    ),
    (
        ComplaintSeverity::Medium,
        &["medium", "中", "中等", "较重", "中级"],
    ),
    (
        ComplaintSeverity::High,
        &["high", "高", "严重", "重大", "重", "major"],
    ),
    (
        ComplaintSeverity::Critical,
        &[
            "critical",
            "紧急",
            "特急",
            "特别重大",
            "危急",
            "非常严重",
            "urgent",
        ],
    ),
];

impl ComplaintSeverity {
    /// Stable code for storage and the wire.
    pub fn code(self) -> &'static str {
        SEVERITIES
            .iter()
            .find(|(severity, _)| *severity == self)
            .map_or("", |(_, words)| words[0])
    }
}

/// How a complaint stands in the system it comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ComplaintState {
    /// 待处理.
    Received,
    /// 已受理.
    Acknowledged,
    /// 处理中.
    InProgress,
    /// 等待客户.
    WaitingCustomer,
    /// 待件.
    WaitingParts,
    /// 等待厂家.
    WaitingOem,
    /// 已解决.
    Resolved,
    /// 已回访.
    FollowedUp,
    /// 已结案.
    Closed,
    /// 重新打开.
    Reopened,
    /// 已撤诉.
    Withdrawn,
}

/// What dealers' systems call them; the first word is the code.
const STATES: &[(ComplaintState, &[&str])] = &[
    (
        ComplaintState::Received,
        &[
            "received",
            "新建",
            "待处理",
            "未处理",
            "待受理",
            "未受理",
            "已登记",
            "已接收",
            "new",
            "open",
            "pending",
        ],
    ),
    (
        ComplaintState::Acknowledged,
        &["acknowledged", "已受理", "受理", "已响应", "accepted"],
    ),
    (
        ComplaintState::InProgress,
        &[
            "in_progress",
            "处理中",
            "进行中",
            "跟进中",
            "已派工",
            "未结案",
            "未关闭",
            "processing",
            "in progress",
            "ongoing",
        ],
    ),
    (
        ComplaintState::WaitingCustomer,
        &["waiting_customer", "等待客户", "待客户"],
    ),
    (
        ComplaintState::WaitingParts,
        &["waiting_parts", "待件", "等待配件", "待配件", "等件"],
    ),
    (
        ComplaintState::WaitingOem,
        &["waiting_oem", "等待厂家", "待厂家"],
    ),
    (
        ComplaintState::Resolved,
        &["resolved", "已解决", "已处理", "处理完毕", "solved"],
    ),
    (ComplaintState::FollowedUp, &["followed_up", "已回访"]),
    (
        ComplaintState::Closed,
        &[
            "closed",
            "已关闭",
            "关闭",
            "已结案",
            "结案",
            "已完成",
            "完成",
            "已办结",
            "办结",
            "done",
            "finished",
            "completed",
        ],
    ),
    (
        ComplaintState::Reopened,
        &["reopened", "重新打开", "重开", "再次投诉"],
    ),
    (
        ComplaintState::Withdrawn,
        &[
            "withdrawn",
            "已撤销",
            "撤销",
            "已撤诉",
            "撤诉",
            "已撤回",
            "撤回",
            "已取消",
            "取消",
            "作废",
            "cancelled",
            "canceled",
        ],
    ),
];

impl ComplaintState {
    /// Stable code for storage and the wire.
    pub fn code(self) -> &'static str {
        STATES
            .iter()
            .find(|(state, _)| *state == self)
            .map_or("", |(_, words)| words[0])
    }
}

/// A complaint row, typed and normalised. Fields mean what the dictionary says.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the dictionary, which says what each means"
)]
pub struct CleanComplaint<'a> {
    pub complaint_key: Option<Cow<'a, str>>,
    pub customer_key: Option<Cow<'a, str>>,
    pub vin: Option<Vin>,
    /// What the VIN probably is where I, O or Q was typed: to be confirmed, never taken silently.
    pub vin_suggestion: Option<Vin>,
    pub opened_at: Option<TypedDate>,
    pub channel: Option<Cow<'a, str>>,
    pub category: Option<Cow<'a, str>>,
    pub severity: Option<ComplaintSeverity>,
    pub text: Option<Cow<'a, str>>,
    pub department: Option<Cow<'a, str>>,
    pub state: Option<ComplaintState>,
    pub closed_at: Option<TypedDate>,
}

/// Cleans one complaint row. `today` is the business day of the check, which names the release's standard whose ranges hold.
pub fn clean_complaint<'a>(
    row: &ComplaintRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanComplaint<'a>> {
    clean_complaint_by(release(RecordKind::Complaints, today), row, today)
}

/// Cleans one complaint row by the ranges of a standard.
pub fn clean_complaint_by<'a>(
    standard: &Standard,
    row: &ComplaintRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanComplaint<'a>> {
    let mut notes = Notes::new(today, standard);
    let (vin, vin_suggestion) = notes.vin(Field::ComplaintVin, row.vin);
    let complaint = CleanComplaint {
        complaint_key: notes.own_key(Field::ComplaintComplaintKey, row.complaint_key),
        customer_key: notes.key(Field::ComplaintCustomerKey, row.customer_key),
        vin,
        vin_suggestion,
        opened_at: notes.date_in_range(Field::ComplaintOpenedAt, row.opened_at),
        channel: notes.text(Field::ComplaintChannel, row.channel),
        category: notes.text(Field::ComplaintCategory, row.category),
        severity: notes.choice_or(
            Field::ComplaintSeverity,
            row.severity,
            SEVERITIES,
            Rule::SeverityUnknown,
        ),
        text: notes.words(Field::ComplaintText, row.text),
        department: notes.text(Field::ComplaintDepartment, row.department),
        state: notes.choice(Field::ComplaintState, row.state, STATES),
        closed_at: notes.date_in_range(Field::ComplaintClosedAt, row.closed_at),
    };
    notes.order(
        (Field::ComplaintOpenedAt, complaint.opened_at),
        (Field::ComplaintClosedAt, complaint.closed_at),
    );
    if complaint.text.is_none() {
        notes.add(Field::ComplaintText, Rule::WordsMissing);
    }
    notes.into_cleaned(complaint)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{dictionary::Lang, finding::Severity};

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    #[test]
    fn a_complaint_is_typed() {
        let row = ComplaintRow {
            complaint_key: Some("T1"),
            severity: Some("严重"),
            text: Some("仪表报警"),
            opened_at: Some("2026/3/5"),
            ..ComplaintRow::default()
        };
        let cleaned = clean_complaint(&row, today());
        assert!(cleaned.findings.is_empty());
        assert_eq!(cleaned.record.severity, Some(ComplaintSeverity::High));
    }

    #[test]
    fn the_ordinary_severity_is_one_in_both_languages() {
        let read = |word| {
            let row = ComplaintRow {
                severity: Some(word),
                ..ComplaintRow::default()
            };
            clean_complaint(&row, today()).record.severity
        };
        for word in ["一般", "普通", "normal"] {
            assert_eq!(read(word), Some(ComplaintSeverity::Low), "{word}");
        }
    }

    /// What is found in a row of these: opened, closed, state.
    fn found(opened: &str, closed: &str, state: &str) -> Vec<(Field, Rule)> {
        let row = ComplaintRow {
            complaint_key: Some("T1"),
            text: Some("仪表报警"),
            opened_at: Some(opened),
            closed_at: Some(closed),
            state: Some(state),
            ..ComplaintRow::default()
        };
        let cleaned = clean_complaint(&row, today());
        assert!(!cleaned.is_rejected());
        let findings = cleaned.findings.iter();
        findings.map(|one| (one.field, one.rule)).collect()
    }

    #[test]
    fn an_end_that_cannot_be_and_a_state_that_nobody_knows_are_found() {
        let ended = Field::ComplaintClosedAt;
        for (opened, closed, state, expected) in [
            ("2026-03-05", "2026-03-05", "已结案", vec![]),
            // Of a day without a time nobody knows when on it.
            ("2026-03-05 10:00", "2026-03-05", "结案", vec![]),
            ("", "2026-03-05", "", vec![]),
            ("2026-03-05", "无", "无", vec![]),
            (
                "2026-03-05",
                "2026-03-04",
                "已结案",
                vec![(ended, Rule::DateOrder)],
            ),
            (
                "2026-03-05 10:00",
                "2026-03-05 09:59",
                "closed",
                vec![(ended, Rule::DateOrder)],
            ),
            (
                "2026-03-05",
                "2026-11-22",
                "已结案",
                vec![(ended, Rule::DateInFuture)],
            ),
            (
                "2026-03-05",
                "",
                "再说吧",
                vec![(Field::ComplaintState, Rule::ChoiceUnknown)],
            ),
        ] {
            assert_eq!(found(opened, closed, state), expected, "{closed} {state}");
        }
    }

    #[test]
    fn each_word_means_one_state_and_the_dictionary_bids_clerks_write_those() {
        let mut words: Vec<&str> = STATES
            .iter()
            .flat_map(|(_, words)| *words)
            .copied()
            .collect();
        let count = words.len();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), count, "a word means two states");
        let fill = Field::ComplaintState.entry().fill;
        let bidden = fill.zh.trim_end_matches("等。").split('、');
        let bidden = bidden.chain(fill.en["Such as ".len()..fill.en.len() - 1].split(", "));
        for word in bidden {
            assert!(words.contains(&word), "{word}");
        }
    }

    #[test]
    fn a_complaint_without_number_or_text_is_rejected() {
        let whole = ComplaintRow {
            complaint_key: Some("T1"),
            text: Some("x"),
            ..ComplaintRow::default()
        };
        assert!(!clean_complaint(&whole, today()).is_rejected());
        for row in [
            ComplaintRow {
                complaint_key: None,
                ..whole
            },
            ComplaintRow {
                text: Some(" "),
                ..whole
            },
        ] {
            assert!(clean_complaint(&row, today()).is_rejected());
        }
    }

    #[test]
    fn what_the_customer_said_is_kept_whole_however_long() {
        let said = "响".repeat(20_001);
        let row = ComplaintRow {
            complaint_key: Some("T1"),
            text: Some(&said),
            ..ComplaintRow::default()
        };
        let cleaned = clean_complaint(&row, today());
        assert_eq!(cleaned.record.text.as_deref(), Some(said.as_str()));
        let [long] = &cleaned.findings[..] else {
            panic!("one remark: {:?}", cleaned.findings);
        };
        assert_eq!(
            (long.rule, long.severity),
            (Rule::WordsLong, Severity::Warning)
        );
        assert_eq!(
            long.text(Lang::En),
            "text is longer than 20000 characters; it is kept whole"
        );
    }
}
