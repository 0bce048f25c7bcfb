//! A complaint as typed, made into coded values and words.

use std::borrow::Cow;

use marque_core::{Timestamp, business_date};
use marque_errors::Violation;
use marque_quality::{
    ComplaintRow, Field, Finding, Lang, Rule, Severity as Grade, clean_complaint,
    date::TypedDate,
    text::{fold_code, present},
    vin::Vin,
};

use super::visited;
use crate::domain::{
    CHANNEL_LIST, DEPARTMENT_LIST, OTHER, Severity, State, Tier, Words, category_code,
    find_category, find_channel, find_department, holds_identifier,
};

/// What callers and files say of a complaint.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Raw<'a> {
    pub(crate) columns: ComplaintRow<'a>,
    pub(crate) wish: &'a str,
    pub(crate) visit: &'a str,
    pub(crate) part: &'a str,
    pub(crate) fault: &'a str,
    pub(crate) tier: &'a str,
}

/// A complaint that can be opened.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) complaint_key: String,
    pub(crate) customer_key: String,
    pub(crate) vin: String,
    pub(crate) visit: String,
    pub(crate) channel: &'static str,
    pub(crate) category: String,
    /// As it was said, but at least as serious as its category is.
    pub(crate) severity: Severity,
    /// Whether the severity was said and understood.
    pub(crate) is_severity_read: bool,
    /// Whether anything was said of these.
    pub(crate) says_channel: bool,
    pub(crate) says_category: bool,
    pub(crate) says_department: bool,
    /// Nothing if it was not said.
    pub(crate) tier: Option<Tier>,
    pub(crate) department: &'static str,
    pub(crate) part: String,
    pub(crate) fault: String,
    pub(crate) opened_at: Option<Timestamp>,
    /// How it stands in the system it comes from, if that was said and understood.
    pub(crate) state: Option<State>,
    /// When it ended there.
    pub(crate) ended_at: Option<Timestamp>,
    pub(crate) words: Words,
}

impl Draft {
    /// Takes out what the customer who complains himself has no say in: the key of a dealer's system, under which others' cases can be
    /// found, what he is to us, and since when he waits.
    pub(crate) fn leave_to_the_house(&mut self) {
        self.complaint_key.clear();
        self.tier = None;
        self.opened_at = None;
    }
}

/// Longest code of a part or fault.
const CODE_CHARS: usize = 64;

/// Reads a complaint; what no code stands for is kept among the words. Also what was found in it.
pub(crate) fn read(raw: &Raw<'_>, now: Timestamp) -> (Draft, Vec<Finding>) {
    let cleaned = clean_complaint(&raw.columns, business_date(now));
    let (row, mut findings) = (cleaned.record, cleaned.findings);
    let text = |value: &Option<Cow<'_, str>>| value.as_deref().unwrap_or_default().to_owned();
    let (category, channel, department) = (
        text(&row.category),
        text(&row.channel),
        text(&row.department),
    );
    let code = category_code(&category);
    let is_code = find_category(&category).is_some() || code != OTHER;
    let ended_at = ended_at(row.closed_at, &findings, now);
    let known = [
        (Field::ComplaintCategory, is_code),
        (Field::ComplaintChannel, find_channel(&channel).is_some()),
        (
            Field::ComplaintDepartment,
            find_department(&department).is_some(),
        ),
        (Field::ComplaintSeverity, row.severity.is_some()),
        (Field::ComplaintState, row.state.is_some()),
        (Field::ComplaintClosedAt, ended_at.is_some()),
    ];
    let extra = unread_words(&raw.columns, known, &mut findings);
    let opened_at = row
        .opened_at
        .map(|typed| Timestamp::from_micros(typed.instant().timestamp_micros()));
    let draft = Draft {
        complaint_key: text(&row.complaint_key),
        customer_key: text(&row.customer_key),
        vin: vin_of(row.vin.as_ref(), raw.columns.vin),
        visit: raw.visit.trim().to_owned(),
        channel: find_channel(&channel).unwrap_or("other"),
        is_severity_read: row.severity.is_some(),
        says_channel: !channel.is_empty(),
        says_category: !category.is_empty(),
        says_department: !department.is_empty(),
        severity: row
            .severity
            .map_or(Severity::Medium, Severity::from)
            .at_least_of(&code),
        tier: Tier::parse(raw.tier.trim()),
        department: find_department(&department)
            .or_else(|| find_category(&code).map(|each| each.department))
            .unwrap_or("customer_care"),
        category: code,
        part: raw.part.trim().to_owned(),
        fault: raw.fault.trim().to_owned(),
        opened_at,
        // What has an end and no state is closed.
        state: row.state.map(State::from).or_else(|| {
            ended_at
                .map(|_| State::Closed)
                .filter(|_| present(raw.columns.state).is_none())
        }),
        ended_at,
        words: Words {
            text: text(&row.text),
            wish: raw.wish.trim().to_owned(),
            extra,
            findings: standing(&findings),
        },
    };
    (draft, findings)
}

/// The words of coded columns that no code stands for, and of an end that cannot be, by their columns: none is lost, and each has a
/// finding.
fn unread_words(
    columns: &ComplaintRow<'_>,
    known: [(Field, bool); 6],
    findings: &mut Vec<Finding>,
) -> Vec<(String, String)> {
    let mut unread = Vec::new();
    for (field, _) in known.into_iter().filter(|(_, is_known)| !is_known) {
        let Some(word) = present(columns.get(field)) else {
            continue;
        };
        unread.push((field.column().to_owned(), word.to_owned()));
        if findings.iter().all(|finding| finding.field != field) {
            findings.push(Finding::new(field, Rule::ChoiceUnknown));
        }
    }
    unread
}

/// When a case ended, if that can be: not before it began and not in the future. A day without a time means its last second.
fn ended_at(typed: Option<TypedDate>, findings: &[Finding], now: Timestamp) -> Option<Timestamp> {
    let is_before = |finding: &Finding| {
        (finding.field, finding.rule) == (Field::ComplaintClosedAt, Rule::DateOrder)
    };
    let typed = typed.filter(|_| !findings.iter().any(is_before))?;
    let mut ended = typed.instant().timestamp_micros();
    if typed.time.is_none() {
        ended += DAY_MICROS - SECOND_MICROS;
    }
    Some(Timestamp::from_micros(ended).min(now))
}

/// Microseconds of a day and of a second.
const DAY_MICROS: i64 = 86_400_000_000;
const SECOND_MICROS: i64 = 1_000_000;

/// The findings that stay with a case. What is typed here needs no key of a source.
fn standing(findings: &[Finding]) -> Vec<Finding> {
    let stays = |finding: &&Finding| finding.rule != Rule::SourceKeyMissing;
    findings.iter().filter(stays).copied().collect()
}

/// The VIN as it is kept: one whose check digit is wrong too, for makers abroad compute none; nothing where it cannot be one.
fn vin_of(clean: Option<&Vin>, typed: Option<&str>) -> String {
    if let Some(vin) = clean {
        return vin.as_str().to_owned();
    }
    let Some(folded) = fold_code::<VIN_BYTES>(typed.unwrap_or_default()) else {
        return String::new();
    };
    let vin = folded.as_str();
    let is_plain = vin.len() == 17
        && vin
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() && !b"IOQ".contains(&byte));
    if is_plain {
        vin.to_owned()
    } else {
        String::new()
    }
}

/// No VIN that was typed is longer without its blanks, in bytes.
const VIN_BYTES: usize = 64;

/// A VIN as it may be typed: in any width and case, with blanks.
pub(crate) fn check_vin(typed: &str) -> Result<String, Violation> {
    match vin_of(None, Some(typed)) {
        vin if vin.is_empty() => Err(Violation::new("vin", "FORMAT", WRONG_VIN)),
        vin => Ok(vin),
    }
}

/// What is found in a VIN that can be one, such as that its check digit is wrong: it is kept all the same.
pub(crate) fn findings_of_vin(vin: &str, now: Timestamp) -> Vec<Finding> {
    let columns = ComplaintRow {
        vin: Some(vin),
        ..ComplaintRow::default()
    };
    let mut findings = clean_complaint(&columns, business_date(now)).findings;
    findings.retain(|finding| finding.field == Field::ComplaintVin);
    findings
}

/// What is said of a VIN that cannot be one.
const WRONG_VIN: &str =
    "a VIN has 17 characters without I, O and Q: read it again, or leave it out";

/// What keeps a live complaint from being opened: whoever typed it is there to correct it.
pub(crate) fn violations(raw: &Raw<'_>, draft: &Draft, findings: &[Finding]) -> Vec<Violation> {
    let is_given = |value: Option<&str>| value.is_some_and(|value| !value.trim().is_empty());
    let mut wrong = Vec::new();
    if draft.words.text.is_empty() {
        wrong.push(Violation::new(
            "text",
            "REQUIRED",
            "write down what the customer said",
        ));
    }
    if is_given(raw.columns.vin) && draft.vin.is_empty() {
        wrong.push(Violation::new("vin", "FORMAT", WRONG_VIN));
    }
    if is_given(raw.columns.severity) && !draft.is_severity_read {
        let message = "write low, medium, high or critical";
        wrong.push(Violation::new("severity", "FORMAT", message));
    }
    for (column, list) in [("channel", CHANNEL_LIST), ("department", DEPARTMENT_LIST)] {
        if draft.words.extra.iter().any(|(unread, _)| unread == column) {
            wrong.push(Violation::new(column, "FORMAT", format!("write {list}")));
        }
    }
    if is_given(raw.columns.opened_at) && draft.opened_at.is_none() {
        let message = "write when he complained as 2026-11-21 16:00 or RFC 3339, not in the future";
        wrong.push(Violation::new("opened_at", "FORMAT", message));
    }
    if !raw.tier.trim().is_empty() && Tier::parse(raw.tier.trim()).is_none() {
        wrong.push(Violation::new(
            "tier",
            "FORMAT",
            "write vip, major, ordinary or small",
        ));
    }
    for (field, value) in [("part", &draft.part), ("fault", &draft.fault)] {
        wrong.extend(check_code(field, value).err());
    }
    wrong.extend(visited::check_id(&draft.visit).err());
    for (field, words) in [("text", &draft.words.text), ("wish", &draft.words.wish)] {
        wrong.extend(check_words(field, words).err());
    }
    let told = [
        Field::ComplaintComplaintKey,
        Field::ComplaintCustomerKey,
        Field::ComplaintText,
    ];
    // A key of its own is what a file's rows need, not what is typed here.
    for finding in standing(findings)
        .iter()
        .filter(|finding| finding.severity >= Grade::Error)
    {
        if told.contains(&finding.field)
            && wrong
                .iter()
                .all(|each| each.field != finding.field.column())
        {
            wrong.push(violation(finding));
        }
    }
    wrong
}

/// Words of people, as long as they may be typed: nothing of what is said is cut off.
fn check_words(field: &'static str, words: &str) -> Result<(), Violation> {
    let (length, most) = (words.chars().count(), Field::ComplaintText.max_chars());
    if length <= most {
        return Ok(());
    }
    let message =
        format!("at most {most} characters, these are {length}: add the rest as a note or a file");
    Err(Violation::new(field, "TOO_LONG", message))
}

/// A code of a part or fault, as it may be typed: it lies in clear and goes into alerts and reports, so nobody's number may stand in it.
pub(crate) fn check_code(field: &'static str, value: &str) -> Result<(), Violation> {
    if value.chars().count() > CODE_CHARS || value.contains(char::is_control) {
        let message = "a code has at most 64 characters, none of them a line break or the like";
        return Err(Violation::new(field, "FORMAT", message));
    }
    if holds_identifier(value) {
        let message =
            "no phone or ID number belongs here: write the code alone, and the number as a note";
        return Err(Violation::new(field, "NOT_ALLOWED", message));
    }
    Ok(())
}

fn violation(finding: &Finding) -> Violation {
    Violation::new(
        finding.field.column(),
        finding.rule.entry().id.to_uppercase(),
        finding.message(Lang::En),
    )
}

/// The channel of a word, or what to write.
pub(crate) fn channel(word: &str) -> Result<&'static str, Violation> {
    find_channel(word)
        .ok_or_else(|| Violation::new("channel", "FORMAT", format!("write {CHANNEL_LIST}")))
}

/// The department of a word, or what to write.
pub(crate) fn department(word: &str) -> Result<&'static str, Violation> {
    find_department(word)
        .ok_or_else(|| Violation::new("department", "FORMAT", format!("write {DEPARTMENT_LIST}")))
}
