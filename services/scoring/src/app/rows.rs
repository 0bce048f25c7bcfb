//! A dealer's row of a purchase, a payment or an assessment: from text to a fact.

use chrono::NaiveDate;
use marque_core::{DealerCode, Timestamp, business_date, source_record_id};
use marque_errors::Violation;
use marque_insight::value::Indicator;
use marque_quality::{date, number::parse_money_fen, text::present, vin::Vin};

use crate::domain::{Happening, fact_id, happening::Kind};

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
}

/// Longest key of a dealer's system.
const KEY_MAX: usize = 128;
/// Subjects of an assessment with the range of their values, beside the six indicators.
const SUBJECTS: [(&str, f64, f64); 5] = [
    ("standing", 1.0, 5.0),
    ("intention", 1.0, 5.0),
    ("purchase_probability", 0.0, 1.0),
    ("survey", 1.0, 5.0),
    ("contact", 0.0, 1.0),
];

/// Reads a row; what is wrong with it otherwise, field by field.
pub(crate) fn read(
    kind: Kind,
    row: &FactRow<'_>,
    (dealer, source): (&DealerCode, &str),
    now: Timestamp,
) -> Result<Happening, Vec<Violation>> {
    let mut reader = Reader {
        today: business_date(now),
        wrong: Vec::new(),
    };
    let key = reader.key("key", row.key);
    let customer = reader.key("customer_key", row.customer_key);
    let happened = reader.date("date", row.date);
    let mut fact = Happening {
        id: fact_id(dealer.as_str(), source, kind, key),
        kind,
        record: Some(source_record_id(dealer, source, customer)),
        dealer: dealer.to_string(),
        vin: String::new(),
        happened_at: happened.unwrap_or(now),
        ended_at: None,
        amount_minor: None,
        level: None,
        odometer_km: 0,
        code: String::new(),
        version: now.as_micros(),
    };
    match kind {
        Kind::Purchase => {
            fact.vin = reader.vin(row.vin);
            fact.amount_minor = reader.amount(row.amount, false);
            if happened.is_some_and(|at| business_date(at) > reader.today) {
                reader.note("date", "IN_FUTURE", "the purchase lies in the future");
            }
        }
        Kind::Payment => {
            fact.amount_minor = reader.amount(row.amount, true);
            if present(Some(row.paid_date)).is_some() {
                fact.ended_at = reader.date("paid_date", row.paid_date);
            }
        }
        Kind::Assessment => (fact.code, fact.level) = reader.assessment(row),
        Kind::Visit | Kind::Complaint => {
            let message =
                "purchase, payment or assessment; visits and complaints have services of their own";
            reader.note("kind", "UNKNOWN", message);
        }
    }
    if reader.wrong.is_empty() {
        Ok(fact)
    } else {
        Err(reader.wrong)
    }
}

/// Collects what is wrong.
struct Reader {
    today: NaiveDate,
    wrong: Vec<Violation>,
}

impl Reader {
    fn note(&mut self, field: &str, reason: &'static str, message: impl Into<String>) {
        self.wrong.push(Violation::new(field, reason, message));
    }

    fn key<'a>(&mut self, field: &str, typed: &'a str) -> &'a str {
        let key = present(Some(typed)).unwrap_or_default();
        if key.is_empty() {
            self.note(field, "MISSING", "the number it has in the dealer's system");
        } else if key.chars().count() > KEY_MAX {
            self.note(field, "TOO_LONG", format!("at most {KEY_MAX} characters"));
        }
        key
    }

    fn date(&mut self, field: &str, typed: &str) -> Option<Timestamp> {
        let Some(typed) = present(Some(typed)) else {
            self.note(field, "MISSING", "a date such as 2026-11-21");
            return None;
        };
        if let Ok(date) = date::parse(typed, self.today) {
            Some(Timestamp::from_micros(date.instant().timestamp_micros()))
        } else {
            self.note(field, "INVALID", "write a date such as 2026-11-21");
            None
        }
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
                "17 characters without I, O and Q, as on the licence",
            );
            String::new()
        }
    }

    fn amount(&mut self, typed: &str, is_needed: bool) -> Option<i64> {
        let Some(typed) = present(Some(typed)) else {
            if is_needed {
                self.note("amount", "MISSING", "yuan, such as 1280.00");
            }
            return None;
        };
        let fen = parse_money_fen(typed).filter(|fen| *fen >= 0);
        if fen.is_none() {
            self.note("amount", "INVALID", "yuan, such as 1280.00, not below zero");
        }
        fen
    }

    fn assessment(&mut self, row: &FactRow<'_>) -> (String, Option<f64>) {
        let subject = present(Some(row.subject))
            .unwrap_or_default()
            .to_lowercase();
        let indicator = Indicator::ALL.into_iter().any(|each| each.key() == subject);
        let range = SUBJECTS
            .iter()
            .find(|(name, ..)| *name == subject)
            .map(|(_, low, high)| (*low, *high))
            .or_else(|| indicator.then_some((1.0, 100.0)));
        let Some((low, high)) = range else {
            let names = SUBJECTS.map(|(name, ..)| name).join(", ");
            let indicators = Indicator::ALL.map(Indicator::key).join(", ");
            self.note(
                "subject",
                "UNKNOWN",
                format!("one of {names}, {indicators}"),
            );
            return (subject, None);
        };
        // A contact is one by being there.
        let typed = present(Some(row.value)).unwrap_or(if subject == "contact" { "1" } else { "" });
        let value = typed.parse::<f64>().ok();
        let value = value.filter(|value| (low..=high).contains(value));
        if value.is_none() {
            self.note("value", "INVALID", format!("a number from {low} to {high}"));
        }
        (subject, value)
    }
}
