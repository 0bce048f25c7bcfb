//! Facts and points of a record, encoded. New fields get new tags; columns and rules are kept by name, which never changes.

use std::{collections::HashMap, sync::LazyLock};

use chrono::NaiveDate;
use marque_core::Timestamp;
use marque_db::StoreError;
use marque_quality::{
    Field, Finding, Params, RecordKind, Rule,
    party::PartyKind,
    standard::{Measure, Measured},
};
use prost::Message;
use uuid::Uuid;

use super::broken;
use crate::domain::{Evidence, Points, Scored, severity_code, severity_of};

#[derive(Clone, PartialEq, Message)]
struct StoredFacts {
    #[prost(sint64, tag = "1")]
    entered_at: i64,
    #[prost(string, tag = "2")]
    event_date: String,
    /// 1 person, 2 organisation.
    #[prost(uint32, tag = "3")]
    party: u32,
    #[prost(bool, optional, tag = "4")]
    is_repeated: Option<bool>,
    #[prost(string, repeated, tag = "5")]
    filled: Vec<String>,
    #[prost(message, repeated, tag = "6")]
    findings: Vec<StoredFinding>,
    #[prost(message, repeated, tag = "7")]
    measures: Vec<StoredMeasure>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredMeasure {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    measure: String,
    #[prost(sint64, tag = "3")]
    value: i64,
}

#[derive(Clone, PartialEq, Message)]
struct StoredFinding {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    rule: String,
    #[prost(int64, tag = "3")]
    severity: i64,
    #[prost(string, tag = "4")]
    other: String,
    #[prost(int64, optional, tag = "5")]
    number: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredScored {
    #[prost(message, repeated, tag = "1")]
    points: Vec<StoredPoints>,
    #[prost(bool, tag = "2")]
    is_suspicious: bool,
}

#[derive(Clone, PartialEq, Message)]
struct StoredPoints {
    #[prost(string, tag = "1")]
    purpose: String,
    #[prost(bool, tag = "2")]
    is_qualified: bool,
    #[prost(int64, tag = "3")]
    total: i64,
    /// One more than the points of each dimension; 0 where no check applied.
    #[prost(int64, repeated, tag = "4")]
    dimensions: Vec<i64>,
}

/// Encodes what is known of a record besides its columns in the table.
pub(super) fn facts_blob(evidence: &Evidence) -> Vec<u8> {
    let column = |field: &Field| field.column().to_owned();
    let finding = |finding: &Finding| StoredFinding {
        field: column(&finding.field),
        rule: finding.rule.entry().id.to_owned(),
        severity: severity_code(finding.severity),
        other: finding
            .params
            .other
            .as_ref()
            .map_or_else(String::new, column),
        number: finding.params.number,
    };
    let measure = |measured: &Measured| StoredMeasure {
        field: column(&measured.field),
        measure: measured.measure.code().to_owned(),
        value: measured.value,
    };
    StoredFacts {
        entered_at: evidence.entered_at.as_micros(),
        event_date: evidence
            .event_date
            .map_or_else(String::new, |date| date.to_string()),
        party: match evidence.party {
            None => 0,
            Some(PartyKind::Person) => 1,
            Some(PartyKind::Organization) => 2,
        },
        is_repeated: evidence.is_repeated,
        filled: evidence.filled.iter().map(column).collect(),
        findings: evidence.findings.iter().map(finding).collect(),
        measures: evidence.measures.iter().map(measure).collect(),
    }
    .encode_to_vec()
}

/// What stands beside the facts in the table.
pub(super) struct Beside {
    pub(super) id: Uuid,
    pub(super) kind: RecordKind,
    pub(super) dealer: String,
    pub(super) clerk: String,
    pub(super) version: i64,
    pub(super) entry: Vec<u8>,
}

/// Decodes facts. Rules and columns that this release no longer knows are passed over.
pub(super) fn read_facts(beside: Beside, blob: &[u8]) -> Result<Evidence, StoreError> {
    let stored = StoredFacts::decode(blob).map_err(|_| broken("facts"))?;
    let Beside {
        id,
        kind,
        dealer,
        clerk,
        version,
        entry,
    } = beside;
    let field = |column: &String| field_of(kind, column);
    let finding = |stored: &StoredFinding| {
        Some(Finding {
            field: field(&stored.field)?,
            rule: rule_of(&stored.rule)?,
            severity: severity_of(stored.severity),
            params: Params {
                other: field(&stored.other),
                number: stored.number,
            },
        })
    };
    let measured = |stored: &StoredMeasure| {
        Some(Measured {
            field: field(&stored.field)?,
            measure: Measure::of_code(&stored.measure)?,
            value: stored.value,
        })
    };
    Ok(Evidence {
        id,
        kind,
        dealer,
        clerk,
        version,
        entered_at: Timestamp::from_micros(stored.entered_at),
        event_date: stored.event_date.parse::<NaiveDate>().ok(),
        party: match stored.party {
            1 => Some(PartyKind::Person),
            2 => Some(PartyKind::Organization),
            _ => None,
        },
        is_repeated: stored.is_repeated,
        filled: stored.filled.iter().filter_map(field).collect(),
        findings: stored.findings.iter().filter_map(finding).collect(),
        entry,
        measures: stored.measures.iter().filter_map(measured).collect(),
    })
}

/// Encodes points.
pub(super) fn scored_blob(scored: &Scored) -> Vec<u8> {
    let points = scored.points.iter().map(|points| StoredPoints {
        purpose: points.purpose.clone(),
        is_qualified: points.is_qualified,
        total: points.total,
        dimensions: points
            .dimensions
            .iter()
            .map(|score| score.map_or(0, |score| score + 1))
            .collect(),
    });
    StoredScored {
        points: points.collect(),
        is_suspicious: scored.is_suspicious,
    }
    .encode_to_vec()
}

/// Decodes points.
pub(super) fn read_scored(blob: &[u8]) -> Result<Scored, StoreError> {
    let stored = StoredScored::decode(blob).map_err(|_| broken("points"))?;
    let points = stored.points.into_iter().map(|points| {
        let mut dimensions = [None; 6];
        for (dimension, stored) in dimensions.iter_mut().zip(&points.dimensions) {
            *dimension = (*stored > 0).then(|| stored - 1);
        }
        Points {
            purpose: points.purpose,
            is_qualified: points.is_qualified,
            total: points.total,
            dimensions,
        }
    });
    Ok(Scored {
        points: points.collect(),
        is_suspicious: stored.is_suspicious,
    })
}

/// The field of a column.
fn field_of(kind: RecordKind, column: &str) -> Option<Field> {
    static FIELDS: LazyLock<HashMap<(RecordKind, &str), Field>> = LazyLock::new(|| {
        let of = |kind| Field::of(kind).map(move |field| ((kind, field.column()), field));
        RecordKind::ALL.into_iter().flat_map(of).collect()
    });
    FIELDS.get(&(kind, column)).copied()
}

/// The rule of a key.
fn rule_of(id: &str) -> Option<Rule> {
    static RULES: LazyLock<HashMap<&str, Rule>> =
        LazyLock::new(|| Rule::ALL.map(|rule| (rule.entry().id, rule)).into());
    RULES.get(id).copied()
}
