//! Facts and points of a record, encoded, and what was measured sealed within the facts. New fields get new tags; columns and rules
//! are kept by name, which never changes.

use std::{collections::HashMap, sync::LazyLock};

use chrono::NaiveDate;
use marque_core::Timestamp;
use marque_db::StoreError;
use marque_quality::{
    Field, Finding, Params, RecordKind, Rule,
    party::PartyKind,
    standard::{Measure, Measured},
};
use marque_vault::{Place, Vault, VaultError};
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
    /// Never written any more: in the clear until the record is described again.
    #[prost(message, repeated, tag = "7")]
    open_measures: Vec<StoredMeasure>,
    /// Sealed [`StoredMeasures`]; empty if there are none.
    #[prost(bytes = "vec", tag = "8")]
    sealed: Vec<u8>,
    /// The record that it repeats; empty if it does none.
    #[prost(bytes = "vec", tag = "9")]
    repeats: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredMeasures {
    #[prost(message, repeated, tag = "1")]
    measures: Vec<StoredMeasure>,
    #[prost(message, repeated, tag = "2")]
    values: Vec<StoredValue>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredValue {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(sfixed64, tag = "2")]
    hash: i64,
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

/// Encodes what is known of a record besides its columns in the table; what was measured is sealed to the record, and the hashes with it.
pub(super) fn facts_blob(vault: &Vault, evidence: &Evidence) -> Result<Vec<u8>, StoreError> {
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
    let value = |(field, hash): &(Field, i64)| StoredValue {
        field: column(field),
        hash: *hash,
    };
    let sealed = if evidence.measures.is_empty() && evidence.values.is_empty() {
        Vec::new()
    } else {
        let measures = StoredMeasures {
            measures: evidence.measures.iter().map(measure).collect(),
            values: evidence.values.iter().map(value).collect(),
        };
        let sealed = vault.seal(place(evidence.id.as_bytes()), &measures.encode_to_vec());
        sealed.map_err(|error| StoreError::Other(Box::new(error)))?
    };
    let stored = StoredFacts {
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
        open_measures: Vec::new(),
        sealed,
        repeats: evidence
            .repeats
            .map_or_else(Vec::new, |other| other.as_bytes().to_vec()),
    };
    Ok(stored.encode_to_vec())
}

/// Facts with what was measured sealed under the current key; `None` if it is, or nothing was measured.
pub(super) fn reseal_facts(
    vault: &Vault,
    id: &[u8],
    blob: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let mut stored = StoredFacts::decode(blob).map_err(|_| VaultError::Unreadable)?;
    let Some(sealed) = vault.reseal(place(id), &stored.sealed)? else {
        return Ok(None);
    };
    stored.sealed = sealed;
    Ok(Some(stored.encode_to_vec()))
}

/// Where what was measured of a record is sealed.
fn place(id: &[u8]) -> Place<'_> {
    Place::new("records", id, "measures")
}

fn read_measures(
    vault: &Vault,
    id: Uuid,
    stored: &StoredFacts,
) -> Result<StoredMeasures, StoreError> {
    if stored.sealed.is_empty() {
        return Ok(StoredMeasures {
            measures: stored.open_measures.clone(),
            values: Vec::new(),
        });
    }
    let opened = vault.open(place(id.as_bytes()), &stored.sealed);
    let opened = opened.map_err(|_| broken("measures"))?;
    StoredMeasures::decode(opened.as_slice()).map_err(|_| broken("measures"))
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

/// Decodes facts and opens what was measured. Rules and columns that this release no longer knows are passed over.
pub(super) fn read_facts(
    vault: &Vault,
    beside: Beside,
    blob: &[u8],
) -> Result<Evidence, StoreError> {
    let stored = StoredFacts::decode(blob).map_err(|_| broken("facts"))?;
    let StoredMeasures { measures, values } = read_measures(vault, beside.id, &stored)?;
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
        measures: measures.iter().filter_map(measured).collect(),
        values: values
            .iter()
            .filter_map(|value| Some((field(&value.field)?, value.hash)))
            .collect(),
        repeats: Uuid::from_slice(&stored.repeats).ok(),
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

#[cfg(test)]
mod tests {
    use marque_vault::Keyring;

    use super::*;

    fn measured() -> Evidence {
        Evidence {
            id: Uuid::from_u128(7),
            kind: RecordKind::Customers,
            dealer: "D1".to_owned(),
            clerk: String::new(),
            version: 1,
            entered_at: Timestamp::from_micros(1),
            event_date: None,
            party: Some(PartyKind::Person),
            is_repeated: Some(false),
            filled: vec![Field::CustomerBirthday],
            findings: Vec::new(),
            entry: Vec::new(),
            measures: vec![Measured {
                field: Field::CustomerBirthday,
                measure: Measure::Year,
                value: 1986,
            }],
            values: vec![(Field::CustomerBirthday, -7)],
            repeats: Some(Uuid::from_u128(8)),
        }
    }

    fn read(vault: &Vault, blob: &[u8]) -> Result<Evidence, StoreError> {
        let beside = Beside {
            id: Uuid::from_u128(7),
            kind: RecordKind::Customers,
            dealer: "D1".to_owned(),
            clerk: String::new(),
            version: 1,
            entry: Vec::new(),
        };
        read_facts(vault, beside, blob)
    }

    #[test]
    fn what_was_measured_is_sealed_and_sealed_anew_under_another_key() {
        let mut ring = Keyring::generate().unwrap();
        let vault = Vault::new(&ring);
        let blob = facts_blob(&vault, &measured()).unwrap();
        let stored = StoredFacts::decode(&blob[..]).unwrap();
        assert!(stored.open_measures.is_empty() && !stored.sealed.is_empty());
        assert_eq!(read(&vault, &blob).unwrap(), measured());
        let strange = Vault::new(&Keyring::generate().unwrap());
        assert!(read(&strange, &blob).is_err());

        let id = Uuid::from_u128(7);
        let again = reseal_facts(&vault, id.as_bytes(), &blob).unwrap();
        assert_eq!(again, None, "it is under the current key");
        let added = ring.add_data_key().unwrap();
        assert!(ring.use_data_key(added));
        vault.replace(&ring);
        let again = reseal_facts(&vault, id.as_bytes(), &blob).unwrap().unwrap();
        assert_eq!(read(&vault, &again).unwrap(), measured());
    }

    #[test]
    fn what_was_kept_in_the_clear_is_still_read() {
        let vault = Vault::new(&Keyring::generate().unwrap());
        let year = StoredMeasure {
            field: "birthday".to_owned(),
            measure: "year".to_owned(),
            value: 1986,
        };
        let stored = StoredFacts {
            open_measures: vec![year],
            ..StoredFacts::default()
        };
        let kept = read(&vault, &stored.encode_to_vec()).unwrap();
        assert_eq!(kept.measures, measured().measures);
        let unmeasured = reseal_facts(&vault, kept.id.as_bytes(), &stored.encode_to_vec());
        assert_eq!(unmeasured.unwrap(), None);
    }
}
