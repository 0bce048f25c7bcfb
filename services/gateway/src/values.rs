//! Values as JSON has them: instants, money, texts that may be numbers, findings.

use std::fmt;

use marque_api::{
    intake::v1::{Finding, RowOutcome, Severity},
    service_history::v1::Money,
};
use marque_core::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, ObjectBuilder, OneOfBuilder, RefOr, Schema, SchemaFormat, schema::Type,
    },
};

/// An instant, RFC 3339 in UTC.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant(Timestamp);

impl From<prost_types::Timestamp> for Instant {
    fn from(time: prost_types::Timestamp) -> Self {
        let micros = time.seconds.saturating_mul(1_000_000);
        Self(Timestamp::from_micros(
            micros.saturating_add(i64::from(time.nanos / 1000)),
        ))
    }
}

impl Serialize for Instant {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339())
    }
}

impl PartialSchema for Instant {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some("RFC 3339, UTC"))
            .examples(["2026-11-21T08:30:00Z"])
            .into()
    }
}

impl ToSchema for Instant {}

/// The instant of an optional protobuf time.
pub(crate) fn instant(time: Option<prost_types::Timestamp>) -> Option<Instant> {
    time.map(Instant::from)
}

/// An amount with its currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Money)]
pub(crate) struct MoneyView {
    /// Decimal text with two decimals; negative for a refund.
    #[schema(example = "129.00")]
    amount: String,
    /// ISO 4217.
    #[schema(example = "CNY")]
    currency: String,
}

impl MoneyView {
    /// Chinese yuan, of so many fen.
    pub(crate) fn cny(minor: i64) -> Self {
        Self {
            amount: marque_core::Money::cny(minor).amount(),
            currency: "CNY".to_owned(),
        }
    }
}

impl From<Money> for MoneyView {
    fn from(Money { minor, currency }: Money) -> Self {
        Self {
            amount: marque_core::Money::cny(minor).amount(),
            currency,
        }
    }
}

/// A remark on one field of a row.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Finding)]
pub(crate) struct FindingView {
    /// Canonical column.
    #[schema(example = "id_number")]
    field: String,
    /// Stable id of the rule.
    rule: String,
    /// info, warning, error (the field was left out) or reject (the row was).
    #[schema(example = "warning")]
    severity: &'static str,
    /// What is wrong and how to fill the field, in Chinese. Never the value.
    message_zh: String,
    /// The same in English.
    message_en: String,
}

impl From<Finding> for FindingView {
    fn from(finding: Finding) -> Self {
        let severity = severity_name(finding.severity());
        let Finding {
            field,
            rule,
            severity: _,
            message_zh,
            message_en,
        } = finding;
        Self {
            field,
            rule,
            severity,
            message_zh,
            message_en,
        }
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Unspecified => "unknown",
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Reject => "reject",
    }
}

/// The outcome of a row as JSON and the query parameter `outcome` have it.
pub(crate) fn outcome_name(outcome: RowOutcome) -> &'static str {
    match outcome {
        RowOutcome::Unspecified => "unknown",
        RowOutcome::Accepted => "accepted",
        RowOutcome::AcceptedWithFindings => "accepted_with_findings",
        RowOutcome::Quarantined => "quarantined",
        RowOutcome::Unchanged => "unchanged",
        RowOutcome::Erased => "erased",
    }
}

/// The same for every list of messages.
pub(crate) fn views<M, V: From<M>>(messages: Vec<M>) -> Vec<V> {
    messages.into_iter().map(V::from).collect()
}

/// A text that callers may also write as a number, such as an odometer reading or a price.
#[derive(Default, Serialize)]
pub(crate) struct Text(pub(crate) String);

impl Text {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Text {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextVisitor)
    }
}

struct TextVisitor;

impl de::Visitor<'_> for TextVisitor {
    type Value = Text;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }

    fn visit_str<E>(self, text: &str) -> Result<Text, E> {
        Ok(Text(text.to_owned()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Text, E> {
        Ok(Text(number.to_string()))
    }
}

impl PartialSchema for Text {
    fn schema() -> RefOr<Schema> {
        let of = |kind| ObjectBuilder::new().schema_type(kind);
        OneOfBuilder::new()
            .item(of(Type::String))
            .item(of(Type::Number))
            .into()
    }
}

impl ToSchema for Text {}

/// The bytes of a file, as the document describes them.
pub(crate) struct Binary;

impl PartialSchema for Binary {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
            .description(Some("The bytes of a file"))
            .into()
    }
}

impl ToSchema for Binary {}
