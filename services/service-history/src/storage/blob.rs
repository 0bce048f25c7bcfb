//! What is only shown of a visit, encoded: one blob for its head, one for its lines. New fields get new tags; none is
//! ever given another meaning, since old visits are read for ever.

use std::{collections::HashMap, sync::LazyLock};

use marque_core::{DealerCode, Timestamp};
use marque_db::StoreError;
use marque_quality::{Field, Finding, Params, RecordKind, Rule, Severity};
use marque_vault::{Place, Vault, VaultError};
use prost::Message;

use crate::domain::{Header, Line, LineKind, Personal};

#[derive(Clone, PartialEq, Message)]
struct StoredHeader {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(sint64, optional, tag = "2")]
    opened_at: Option<i64>,
    #[prost(sint64, optional, tag = "3")]
    closed_at: Option<i64>,
    #[prost(string, tag = "4")]
    adviser: String,
    #[prost(string, tag = "5")]
    diagnosis: String,
    #[prost(sint64, optional, tag = "6")]
    amount_minor: Option<i64>,
    #[prost(string, tag = "7")]
    towing: String,
    #[prost(string, tag = "8")]
    substitute: String,
    #[prost(string, tag = "9")]
    next_advice: String,
    #[prost(message, repeated, tag = "10")]
    findings: Vec<StoredFinding>,
    /// A sealed [`StoredPersonal`]; empty if there is nothing to seal.
    #[prost(bytes = "vec", tag = "11")]
    sealed: Vec<u8>,
    #[prost(uint32, tag = "12")]
    transport_minutes: u32,
    #[prost(string, repeated, tag = "13")]
    fault_codes: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredPersonal {
    #[prost(string, tag = "1")]
    complaint_text: String,
    #[prost(string, tag = "2")]
    signatures: String,
    #[prost(message, repeated, tag = "3")]
    extra: Vec<StoredColumn>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredColumn {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// A finding by the names of its field and rule, which do not change from release to release.
#[derive(Clone, PartialEq, Message)]
struct StoredFinding {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    rule: String,
    /// From 1, information, to 4, rejected.
    #[prost(int32, tag = "3")]
    severity: i32,
    #[prost(string, tag = "4")]
    other: String,
    #[prost(int64, optional, tag = "5")]
    number: Option<i64>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredLines {
    #[prost(message, repeated, tag = "1")]
    lines: Vec<StoredLine>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredLine {
    /// 1 labour, 2 part, 3 other.
    #[prost(uint32, tag = "1")]
    kind: u32,
    #[prost(string, tag = "2")]
    code: String,
    #[prost(string, tag = "3")]
    name: String,
    #[prost(sint64, tag = "4")]
    quantity_milli: i64,
    /// A release that wrote 0 where nobody typed any left it out of the bytes, as it does what is absent.
    #[prost(sint64, optional, tag = "5")]
    unit_price_minor: Option<i64>,
    #[prost(string, tag = "6")]
    technician: String,
    #[prost(string, tag = "7")]
    payer: String,
    #[prost(string, tag = "8")]
    fault_code: String,
    /// Nobody typed a quantity: that of the line is one for the release before, which knows no other.
    #[prost(bool, tag = "9")]
    quantity_assumed: bool,
}

/// Encodes a head, its personal part sealed to the order.
pub(crate) fn header_blob(
    vault: &Vault,
    dealer: &DealerCode,
    order_number: &str,
    header: Header,
) -> Result<Vec<u8>, VaultError> {
    let Header {
        kind,
        opened_at,
        closed_at,
        adviser,
        diagnosis,
        amount_minor,
        towing,
        substitute,
        transport_minutes,
        fault_codes,
        next_advice,
        findings,
        personal,
    } = header;
    let sealed = if personal.is_empty() {
        Vec::new()
    } else {
        let row = row_of(dealer.as_str(), order_number);
        vault.seal(place(&row), &personal_bytes(personal))?
    };
    let stored = StoredHeader {
        kind,
        opened_at: opened_at.map(Timestamp::as_micros),
        closed_at: closed_at.map(Timestamp::as_micros),
        adviser,
        diagnosis,
        amount_minor,
        towing,
        substitute,
        next_advice,
        findings: findings.iter().map(store_finding).collect(),
        sealed,
        transport_minutes,
        fault_codes,
    };
    Ok(stored.encode_to_vec())
}

/// A head without its personal part.
pub(crate) fn without_personal(blob: &[u8]) -> Result<Vec<u8>, StoreError> {
    let mut stored = StoredHeader::decode(blob).map_err(broken)?;
    stored.sealed.clear();
    Ok(stored.encode_to_vec())
}

/// A head with its personal part sealed under the current key; `None` if it is, or there is none.
pub(super) fn reseal_header(
    vault: &Vault,
    dealer: &str,
    order_number: &str,
    blob: &[u8],
) -> Result<Option<Vec<u8>>, VaultError> {
    let mut stored = StoredHeader::decode(blob).map_err(|_| VaultError::Unreadable)?;
    let row = row_of(dealer, order_number);
    let Some(sealed) = vault.reseal(place(&row), &stored.sealed)? else {
        return Ok(None);
    };
    stored.sealed = sealed;
    Ok(Some(stored.encode_to_vec()))
}

/// Encodes lines.
pub(crate) fn lines_blob(lines: Vec<Line>) -> Vec<u8> {
    let lines = lines.into_iter().map(|line| {
        let (quantity_milli, quantity_assumed) = line.assumed_quantity();
        let Line {
            kind,
            code,
            name,
            quantity_milli: _,
            unit_price_minor,
            technician,
            payer,
            fault_code,
        } = line;
        let kind = match kind {
            LineKind::Unknown => 0,
            LineKind::Labour => 1,
            LineKind::Part => 2,
            LineKind::Other => 3,
        };
        StoredLine {
            kind,
            code,
            name,
            quantity_milli,
            unit_price_minor,
            technician,
            payer,
            fault_code,
            quantity_assumed,
        }
    });
    StoredLines {
        lines: lines.collect(),
    }
    .encode_to_vec()
}

/// Decodes a head and opens its personal part.
pub(super) fn read_header(
    vault: &Vault,
    dealer: &str,
    order_number: &str,
    blob: &[u8],
) -> Result<Header, StoreError> {
    let stored = StoredHeader::decode(blob).map_err(broken)?;
    let personal = if stored.sealed.is_empty() {
        Personal::default()
    } else {
        let row = row_of(dealer, order_number);
        read_personal(&vault.open(place(&row), &stored.sealed).map_err(broken)?)?
    };
    Ok(Header {
        kind: stored.kind,
        opened_at: stored.opened_at.map(Timestamp::from_micros),
        closed_at: stored.closed_at.map(Timestamp::from_micros),
        adviser: stored.adviser,
        diagnosis: stored.diagnosis,
        amount_minor: stored.amount_minor,
        towing: stored.towing,
        substitute: stored.substitute,
        transport_minutes: stored.transport_minutes,
        fault_codes: stored.fault_codes,
        next_advice: stored.next_advice,
        findings: stored.findings.iter().filter_map(read_finding).collect(),
        personal,
    })
}

/// Decodes lines.
pub(super) fn read_lines(blob: &[u8]) -> Result<Vec<Line>, StoreError> {
    let lines = StoredLines::decode(blob).map_err(broken)?.lines;
    Ok(lines
        .into_iter()
        .map(|line| {
            let StoredLine {
                kind,
                code,
                name,
                quantity_milli,
                unit_price_minor,
                technician,
                payer,
                fault_code,
                quantity_assumed,
            } = line;
            let kind = match kind {
                1 => LineKind::Labour,
                2 => LineKind::Part,
                3 => LineKind::Other,
                _ => LineKind::Unknown,
            };
            Line {
                kind,
                code,
                name,
                quantity_milli: (!quantity_assumed).then_some(quantity_milli),
                unit_price_minor,
                technician,
                payer,
                fault_code,
            }
        })
        .collect())
}

fn personal_bytes(personal: Personal) -> Vec<u8> {
    let Personal {
        complaint_text,
        signatures,
        extra,
    } = personal;
    let extra = extra
        .into_iter()
        .map(|(name, value)| StoredColumn { name, value })
        .collect();
    StoredPersonal {
        complaint_text,
        signatures,
        extra,
    }
    .encode_to_vec()
}

fn read_personal(bytes: &[u8]) -> Result<Personal, StoreError> {
    let StoredPersonal {
        complaint_text,
        signatures,
        extra,
    } = StoredPersonal::decode(bytes).map_err(broken)?;
    let extra = extra
        .into_iter()
        .map(|column| (column.name, column.value))
        .collect();
    Ok(Personal {
        complaint_text,
        signatures,
        extra,
    })
}

/// The row that a personal part is sealed to.
fn row_of(dealer: &str, order_number: &str) -> String {
    format!("{dealer}\u{1f}{order_number}")
}

fn place(row: &str) -> Place<'_> {
    Place::new("visits", row, "personal")
}

fn broken(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Decode {
        column: 0,
        source: Box::new(error),
    }
}

fn store_finding(finding: &Finding) -> StoredFinding {
    let severity = match finding.severity {
        Severity::Info => 1,
        Severity::Warning => 2,
        Severity::Error => 3,
        Severity::Reject => 4,
    };
    StoredFinding {
        field: finding.field.column().to_owned(),
        rule: finding.rule.entry().id.to_owned(),
        severity,
        other: finding
            .params
            .other
            .map_or_else(String::new, |field| field.column().to_owned()),
        number: finding.params.number,
    }
}

/// The finding, unless this release no longer knows its rule or field.
fn read_finding(stored: &StoredFinding) -> Option<Finding> {
    static RULES: LazyLock<HashMap<&str, Rule>> = LazyLock::new(|| {
        Rule::ALL
            .into_iter()
            .map(|rule| (rule.entry().id, rule))
            .collect()
    });
    static FIELDS: LazyLock<HashMap<&str, Field>> = LazyLock::new(|| {
        Field::of(RecordKind::Visits)
            .map(|field| (field.column(), field))
            .collect()
    });
    let severity = match stored.severity {
        2 => Severity::Warning,
        3 => Severity::Error,
        4 => Severity::Reject,
        _ => Severity::Info,
    };
    Some(Finding {
        field: *FIELDS.get(stored.field.as_str())?,
        rule: *RULES.get(stored.rule.as_str())?,
        severity,
        params: Params {
            other: FIELDS.get(stored.other.as_str()).copied(),
            number: stored.number,
        },
    })
}
