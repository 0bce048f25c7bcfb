//! A dealer's row of a purchase, a payment or an assessment: from text to a fact.

use std::borrow::Cow;

use chrono::NaiveDate;
use marque_core::{DealerCode, Timestamp, business_date, source_record_id};
use marque_errors::Violation;
use marque_insight::value::Indicator;
use marque_intake::Refusal;
use marque_quality::{
    date,
    number::parse_money_fen,
    text::{present, tidy},
    vin::Vin,
};

use crate::domain::{GRANTED, Happening, USED, fact_id, happening::Kind};

/// A row as typed.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct FactRow<'a> {
    pub(crate) key: &'a str,
    pub(crate) customer_key: &'a str,
    pub(crate) vin: &'a str,
    pub(crate) amount: &'a str,
    pub(crate) date: &'a str,
    pub(crate) paid_date: &'a str,
    pub(crate) subject: &'a str,
    pub(crate) value: &'a str,
    pub(crate) valid_until: &'a str,
    pub(crate) withdrawn: &'a str,
}

/// What is wrong with one column of a row, and how to mend it; no value of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    field: &'static str,
    reason: &'static str,
    zh: String,
    en: String,
}

impl Wrong {
    /// As an answer to a live write.
    pub(crate) fn into_violation(self) -> Violation {
        Violation::new(self.field, self.reason, self.en)
    }

    /// As the reason why a row of a file is held back; `column` is the field's name in files of this kind.
    pub(crate) fn into_refusal(self, column: &'static str) -> Refusal {
        let rule = match self.reason {
            "MISSING" => "missing",
            "TOO_LONG" => "too_long",
            "UNKNOWN" => "unknown",
            "IN_FUTURE" => "in_future",
            _ => "invalid",
        };
        Refusal {
            field: column,
            rule,
            zh: self.zh,
            en: self.en,
        }
    }

    /// The column of the API that is wrong.
    pub(crate) fn field(&self) -> &'static str {
        self.field
    }
}

/// Longest key of a dealer's system.
const KEY_MAX: usize = 128;
/// Subjects of an assessment beside the six indicators: key, names in Chinese files, least and greatest value.
const SUBJECTS: [(&str, &[&str], f64, f64); 5] = [
    ("standing", &["社会地位", "地位", "身份地位"], 1.0, 5.0),
    ("intention", &["购买意向", "购车意向", "意向"], 1.0, 5.0),
    (
        "purchase_probability",
        &["购买概率", "购车概率", "购买可能性"],
        0.0,
        1.0,
    ),
    ("survey", &["满意度", "满意度调查", "回访满意度"], 1.0, 5.0),
    ("contact", &["联系", "互动记录", "沟通"], 0.0, 1.0),
];

/// Words by which a row takes back what its key said before, and those by which it does not.
const WITHDRAWN: [&str; 9] = [
    "yes",
    "y",
    "true",
    "1",
    "是",
    "作废",
    "已作废",
    "已取消",
    "撤回",
];
const STANDS: [&str; 8] = ["no", "n", "false", "0", "否", "有效", "正常", "未作废"];

/// Reads a row; what is wrong with it otherwise, field by field. Of one that is withdrawn only the key matters.
pub(crate) fn read(
    kind: Kind,
    row: &FactRow<'_>,
    (dealer, source): (&DealerCode, &str),
    now: Timestamp,
) -> Result<Happening, Vec<Wrong>> {
    let mut reader = Reader {
        today: business_date(now),
        wrong: Vec::new(),
    };
    let key = reader.key("key", row.key);
    if reader.withdrawn(row.withdrawn) {
        return reader.end(withdrawal(kind, &key, (dealer, source), now));
    }
    let customer = reader.key("customer_key", row.customer_key);
    let happened = match kind {
        Kind::Payment => reader.date("date", row.date),
        _ => reader.past_date("date", row.date),
    };
    let mut fact = Happening {
        id: fact_id(dealer.as_str(), source, kind, &key),
        kind,
        record: Some(source_record_id(dealer, source, &customer)),
        dealer: dealer.to_string(),
        vin: String::new(),
        happened_at: happened.unwrap_or(now),
        ended_at: None,
        amount_minor: None,
        level: None,
        odometer_km: 0,
        code: String::new(),
        version: now.as_micros(),
        withdrawn_at: None,
    };
    match kind {
        Kind::Purchase => {
            fact.vin = reader.vin(row.vin);
            fact.amount_minor = reader.amount(row.amount, false);
        }
        Kind::Payment => {
            fact.amount_minor = reader.amount(row.amount, true);
            if present(Some(row.paid_date)).is_some() {
                fact.ended_at = reader.past_date("paid_date", row.paid_date);
            }
        }
        Kind::Assessment => {
            (fact.code, fact.level) = reader.assessment(row);
            fact.ended_at = reader.valid_until(row.valid_until, happened);
        }
        Kind::Benefit => fact.code = reader.benefit(row),
        Kind::Visit | Kind::Complaint => {
            reader.note(
                "kind",
                "UNKNOWN",
                "只接收购车、付款、评估和权益；进厂与投诉由各自的服务接收",
                "purchase, payment, assessment or benefit; visits and complaints have services of their own",
            );
        }
    }
    reader.end(fact)
}

/// What takes a fact back: what it said is known.
fn withdrawal(
    kind: Kind,
    key: &str,
    (dealer, source): (&DealerCode, &str),
    now: Timestamp,
) -> Happening {
    Happening {
        id: fact_id(dealer.as_str(), source, kind, key),
        kind,
        record: None,
        dealer: dealer.to_string(),
        vin: String::new(),
        happened_at: now,
        ended_at: None,
        amount_minor: None,
        level: None,
        odometer_km: 0,
        code: String::new(),
        version: now.as_micros(),
        withdrawn_at: Some(now),
    }
}

/// Collects what is wrong.
struct Reader {
    today: NaiveDate,
    wrong: Vec<Wrong>,
}

impl Reader {
    fn note(
        &mut self,
        field: &'static str,
        reason: &'static str,
        zh: impl Into<String>,
        en: impl Into<String>,
    ) {
        self.wrong.push(Wrong {
            field,
            reason,
            zh: zh.into(),
            en: en.into(),
        });
    }

    fn key<'a>(&mut self, field: &'static str, typed: &'a str) -> Cow<'a, str> {
        let key = tidy(present(Some(typed)).unwrap_or_default());
        if key.is_empty() {
            self.note(
                field,
                "MISSING",
                "请填写源系统中的编号",
                "the number it has in the dealer's system",
            );
        } else if key.chars().count() > KEY_MAX {
            self.note(
                field,
                "TOO_LONG",
                format!("最多 {KEY_MAX} 个字符"),
                format!("at most {KEY_MAX} characters"),
            );
        }
        key
    }

    fn date(&mut self, field: &'static str, typed: &str) -> Option<Timestamp> {
        let Some(typed) = present(Some(typed)) else {
            self.note(
                field,
                "MISSING",
                "请填写日期，例如 2026-11-21",
                "a date such as 2026-11-21",
            );
            return None;
        };
        let date = self.instant(typed);
        if date.is_none() {
            self.note(
                field,
                "INVALID",
                "日期无法识别，请写成 2026-11-21 的形式",
                "write a date such as 2026-11-21",
            );
        }
        date
    }

    /// The date of what has happened: not after today.
    fn past_date(&mut self, field: &'static str, typed: &str) -> Option<Timestamp> {
        let date = self.date(field, typed);
        if date.is_some_and(|at| business_date(at) > self.today) {
            self.note(
                field,
                "IN_FUTURE",
                "日期晚于今天，请在发生之后填报",
                "it lies in the future: tell it once it has happened",
            );
        }
        date
    }

    fn instant(&self, typed: &str) -> Option<Timestamp> {
        let date = date::parse(typed, self.today).ok()?;
        Some(Timestamp::from_micros(date.instant().timestamp_micros()))
    }

    fn end(self, fact: Happening) -> Result<Happening, Vec<Wrong>> {
        if self.wrong.is_empty() {
            Ok(fact)
        } else {
            Err(self.wrong)
        }
    }

    fn withdrawn(&mut self, typed: &str) -> bool {
        let typed = present(Some(typed)).unwrap_or_default().to_lowercase();
        let is_withdrawn = WITHDRAWN.contains(&typed.as_str());
        if !is_withdrawn && !typed.is_empty() && !STANDS.contains(&typed.as_str()) {
            self.note(
                "withdrawn",
                "INVALID",
                format!(
                    "“作废”一栏只认：作废填 {}；有效填 {}，或留空",
                    WITHDRAWN.join("、"),
                    STANDS.join("、")
                ),
                format!(
                    "to take it back: {}; if it stands: {}, or leave it empty",
                    WITHDRAWN.join(", "),
                    STANDS.join(", ")
                ),
            );
        }
        is_withdrawn
    }

    fn valid_until(&mut self, typed: &str, given: Option<Timestamp>) -> Option<Timestamp> {
        let typed = present(Some(typed))?;
        let Some(until) = self.instant(typed) else {
            self.note(
                "valid_until",
                "INVALID",
                "有效期至应为日期，例如 2027-11-21；留空则自评估日起十二个月内有效",
                "a date such as 2027-11-21; if it is left empty, the assessment holds for twelve months",
            );
            return None;
        };
        if given.is_some_and(|given| until < given) {
            self.note(
                "valid_until",
                "INVALID",
                "有效期早于评估日期",
                "it ends before the day of the assessment",
            );
        }
        Some(until)
    }

    fn vin(&mut self, typed: &str) -> String {
        let Some(typed) = present(Some(typed)) else {
            return String::new();
        };
        if let Ok(vin) = Vin::parse(typed) {
            vin.as_str().to_owned()
        } else {
            self.note(
                "vin",
                "INVALID",
                "车架号为 17 位，不含 I、O、Q，请照行驶证填写",
                "17 characters without I, O and Q, as on the licence",
            );
            String::new()
        }
    }

    fn amount(&mut self, typed: &str, is_needed: bool) -> Option<i64> {
        let Some(typed) = present(Some(typed)) else {
            if is_needed {
                self.note(
                    "amount",
                    "MISSING",
                    "请填写金额（元），例如 1280.00",
                    "yuan, such as 1280.00",
                );
            }
            return None;
        };
        let fen = parse_money_fen(typed).filter(|fen| *fen >= 0);
        if fen.is_none() {
            self.note(
                "amount",
                "INVALID",
                "金额（元）应为不小于零的数，例如 1280.00",
                "yuan, such as 1280.00, not below zero",
            );
        }
        fen
    }

    fn benefit(&mut self, row: &FactRow<'_>) -> String {
        let what = present(Some(row.value)).unwrap_or(USED).to_lowercase();
        if ![USED, GRANTED].contains(&what.as_str()) {
            self.note(
                "value",
                "UNKNOWN",
                "应为 used（已使用）或 granted（单独授予）",
                "used or granted",
            );
        }
        let benefit = present(Some(row.subject)).unwrap_or_default();
        if benefit.is_empty() {
            self.note(
                "subject",
                "MISSING",
                "请填写现行权益方案中的权益名称",
                "the name of a benefit of the plan that counts",
            );
        }
        format!("{what}:{benefit}")
    }

    fn assessment(&mut self, row: &FactRow<'_>) -> (String, Option<f64>) {
        let typed = present(Some(row.subject))
            .unwrap_or_default()
            .to_lowercase();
        let Some((subject, low, high)) = subject_of(&typed) else {
            let keys = || SUBJECTS.iter().map(|(key, ..)| *key);
            let names = || SUBJECTS.iter().map(|(_, names, ..)| names[0]);
            let all_keys: Vec<&str> = keys().chain(Indicator::ALL.map(Indicator::key)).collect();
            let indicators = Indicator::ALL.map(|each| each.chinese()[0]);
            let all_names: Vec<&str> = names().chain(indicators).collect();
            self.note(
                "subject",
                "UNKNOWN",
                format!("评估项目应为：{}", all_names.join("、")),
                format!("one of {}", all_keys.join(", ")),
            );
            return (typed, None);
        };
        // A contact is one by being there.
        let typed = present(Some(row.value)).unwrap_or(if subject == "contact" { "1" } else { "" });
        let value = tidy(typed).parse::<f64>().ok();
        let value = value.filter(|value| (low..=high).contains(value));
        if value.is_none() {
            self.note(
                "value",
                "INVALID",
                format!("应为 {low} 到 {high} 之间的数"),
                format!("a number from {low} to {high}"),
            );
        }
        (subject.to_owned(), value)
    }
}

/// The subject of a word with the range of its values; an indicator given as points is one too.
fn subject_of(typed: &str) -> Option<(&'static str, f64, f64)> {
    let own = SUBJECTS
        .iter()
        .find(|(key, names, ..)| *key == typed || names.contains(&typed))
        .map(|(key, _, low, high)| (*key, *low, *high));
    own.or_else(|| {
        let indicator = Indicator::ALL
            .into_iter()
            .find(|each| each.key() == typed || each.chinese().contains(&typed))?;
        Some((indicator.key(), 1.0, 100.0))
    })
}
