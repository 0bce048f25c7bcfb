//! What is only shown of a visit, encoded: one blob for its head, one for its lines. All that somebody typed as text stands
//! in one sealed part of the head, that of the lines too: anybody may write a phone anywhere. New fields get new tags; none
//! is ever given another meaning, since old visits are read for ever.

use std::{collections::HashMap, mem, sync::LazyLock};

use marque_core::{DealerCode, Timestamp};
use marque_db::StoreError;
use marque_quality::{Field, Finding, Params, RecordKind, Rule, Severity};
use marque_vault::{Place, Vault, VaultError};
use prost::Message;

use super::{naming::Redaction, stored::Blobs};
use crate::domain::{Header, Line, LineKind, Personal};

#[derive(Clone, PartialEq, Message)]
struct StoredHeader {
    #[prost(string, tag = "1")]
    kind: String,
    #[prost(sint64, optional, tag = "2")]
    opened_at: Option<i64>,
    #[prost(sint64, optional, tag = "3")]
    closed_at: Option<i64>,
    /// Only of a release that did not seal it, as are the texts below.
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
    /// Sealed [`StoredTexts`]; empty if there is nothing to seal.
    #[prost(bytes = "vec", tag = "11")]
    sealed: Vec<u8>,
    #[prost(uint32, tag = "12")]
    transport_minutes: u32,
}

/// All that was typed as text.
#[derive(Clone, PartialEq, Message)]
struct StoredTexts {
    #[prost(string, tag = "1")]
    complaint_text: String,
    #[prost(string, tag = "2")]
    signatures: String,
    #[prost(message, repeated, tag = "3")]
    extra: Vec<StoredColumn>,
    #[prost(string, tag = "4")]
    adviser: String,
    #[prost(string, tag = "5")]
    diagnosis: String,
    #[prost(string, tag = "6")]
    towing: String,
    #[prost(string, tag = "7")]
    substitute: String,
    #[prost(string, tag = "8")]
    next_advice: String,
    /// Of each line, in the lines' order.
    #[prost(message, repeated, tag = "9")]
    lines: Vec<StoredLineTexts>,
    #[prost(string, repeated, tag = "10")]
    fault_codes: Vec<String>,
}

#[derive(Clone, PartialEq, Message)]
struct StoredLineTexts {
    #[prost(string, tag = "1")]
    code: String,
    #[prost(string, tag = "2")]
    name: String,
    #[prost(string, tag = "3")]
    technician: String,
    #[prost(string, tag = "4")]
    payer: String,
    #[prost(string, tag = "5")]
    fault_code: String,
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
    /// Only of a release that did not seal it, as are the other texts.
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

/// Encodes a visit, its texts sealed to the order: the head and the lines.
pub(crate) fn visit_blobs(
    vault: &Vault,
    dealer: &DealerCode,
    order_number: &str,
    header: Header,
    lines: Vec<Line>,
) -> Result<Blobs, VaultError> {
    Opened::of(header, lines).seal(vault, dealer.as_str(), order_number)
}

/// Decodes a visit and opens its texts. Of a visit without the blob of its lines the head.
pub(super) fn read_visit(
    vault: &Vault,
    dealer: &str,
    order_number: &str,
    blobs: (&[u8], &[u8]),
) -> Result<(Header, Vec<Line>), StoreError> {
    Ok(Opened::read(vault, dealer, order_number, blobs)?.into_parts())
}

/// A visit without what its customer said and signed and without columns that we do not know, and in the other texts without what
/// names him.
pub(super) fn without_personal(
    vault: &Vault,
    dealer: &str,
    order_number: &str,
    blobs: (&[u8], &[u8]),
    redaction: &Redaction<'_>,
) -> Result<Blobs, StoreError> {
    let mut opened = Opened::read(vault, dealer, order_number, blobs)?;
    opened.texts.forget(redaction);
    opened.seal(vault, dealer, order_number).map_err(broken)
}

/// A visit whose texts a release before stored beside the sealed part, with these sealed too; `None` of any other, and of one that no key
/// opens.
pub(super) fn seal_open_texts(
    vault: &Vault,
    dealer: &str,
    order_number: &str,
    blobs: (&[u8], &[u8]),
) -> Result<Option<Blobs>, StoreError> {
    // What cannot be read is left to whoever asks for it.
    if !has_open_texts(blobs).unwrap_or(false) {
        return Ok(None);
    }
    let Ok(opened) = Opened::read(vault, dealer, order_number, blobs) else {
        return Ok(None);
    };
    let sealed = opened.seal(vault, dealer, order_number);
    sealed.map(Some).map_err(broken)
}

/// Whether a text stands beside the sealed part.
fn has_open_texts((header, lines): (&[u8], &[u8])) -> Result<bool, StoreError> {
    let mut head = StoredHeader::decode(header).map_err(broken)?;
    let mut lines = StoredLines::decode(lines).map_err(broken)?.lines;
    let mut beside = StoredTexts::default();
    beside.gather(&mut head, &mut lines);
    let none = StoredTexts {
        lines: vec![StoredLineTexts::default(); lines.len()],
        ..StoredTexts::default()
    };
    Ok(beside != none)
}

/// A head with its texts sealed under the current key; `None` if they are, or there are none.
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

/// A visit with its texts open: they stand in `texts`, whatever release wrote it.
struct Opened {
    head: StoredHeader,
    lines: Vec<StoredLine>,
    texts: StoredTexts,
}

impl Opened {
    fn of(header: Header, lines: Vec<Line>) -> Self {
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
        let Personal {
            complaint_text,
            signatures,
            extra,
        } = personal;
        let (lines, line_texts) = lines.into_iter().map(store_line).unzip();
        let column = |(name, value)| StoredColumn { name, value };
        Self {
            head: StoredHeader {
                kind,
                opened_at: opened_at.map(Timestamp::as_micros),
                closed_at: closed_at.map(Timestamp::as_micros),
                amount_minor,
                findings: findings.iter().map(store_finding).collect(),
                transport_minutes,
                ..StoredHeader::default()
            },
            lines,
            texts: StoredTexts {
                complaint_text,
                signatures,
                extra: extra.into_iter().map(column).collect(),
                adviser,
                diagnosis,
                towing,
                substitute,
                next_advice,
                lines: line_texts,
                fault_codes,
            },
        }
    }

    fn read(
        vault: &Vault,
        dealer: &str,
        order_number: &str,
        (header, lines): (&[u8], &[u8]),
    ) -> Result<Self, StoreError> {
        let mut head = StoredHeader::decode(header).map_err(broken)?;
        let mut lines = StoredLines::decode(lines).map_err(broken)?.lines;
        let mut texts = if head.sealed.is_empty() {
            StoredTexts::default()
        } else {
            let row = row_of(dealer, order_number);
            let opened = vault.open(place(&row), &head.sealed).map_err(broken)?;
            StoredTexts::decode(opened.as_slice()).map_err(broken)?
        };
        texts.gather(&mut head, &mut lines);
        Ok(Self { head, lines, texts })
    }

    fn seal(self, vault: &Vault, dealer: &str, order_number: &str) -> Result<Blobs, VaultError> {
        let Self {
            mut head,
            lines,
            texts,
        } = self;
        head.sealed = if texts == StoredTexts::default() {
            Vec::new()
        } else {
            let row = row_of(dealer, order_number);
            vault.seal(place(&row), &texts.encode_to_vec())?
        };
        let lines = StoredLines { lines };
        Ok((head.encode_to_vec(), lines.encode_to_vec()))
    }

    fn into_parts(self) -> (Header, Vec<Line>) {
        let Self { head, lines, texts } = self;
        let StoredTexts {
            complaint_text,
            signatures,
            extra,
            adviser,
            diagnosis,
            towing,
            substitute,
            next_advice,
            lines: line_texts,
            fault_codes,
        } = texts;
        let column = |column: StoredColumn| (column.name, column.value);
        let header = Header {
            kind: head.kind,
            opened_at: head.opened_at.map(Timestamp::from_micros),
            closed_at: head.closed_at.map(Timestamp::from_micros),
            adviser,
            diagnosis,
            amount_minor: head.amount_minor,
            towing,
            substitute,
            transport_minutes: head.transport_minutes,
            fault_codes,
            next_advice,
            findings: head.findings.iter().filter_map(read_finding).collect(),
            personal: Personal {
                complaint_text,
                signatures,
                extra: extra.into_iter().map(column).collect(),
            },
        };
        let mut line_texts = line_texts.into_iter();
        let line = |line| read_line(line, line_texts.next().unwrap_or_default());
        (header, lines.into_iter().map(line).collect())
    }
}

impl StoredTexts {
    /// Takes in the texts that a release before stored beside the sealed part.
    fn gather(&mut self, head: &mut StoredHeader, lines: &mut [StoredLine]) {
        for (text, beside) in [
            (&mut self.adviser, &mut head.adviser),
            (&mut self.diagnosis, &mut head.diagnosis),
            (&mut self.towing, &mut head.towing),
            (&mut self.substitute, &mut head.substitute),
            (&mut self.next_advice, &mut head.next_advice),
        ] {
            if !beside.is_empty() {
                *text = mem::take(beside);
            }
        }
        if self.lines.is_empty() {
            self.lines = lines.iter_mut().map(StoredLine::take_texts).collect();
        }
    }

    /// Drops what its customer said and signed and what nobody knows, and takes what names him out of the other texts.
    fn forget(&mut self, redaction: &Redaction<'_>) {
        let Self {
            complaint_text,
            signatures,
            extra,
            adviser,
            diagnosis,
            towing,
            substitute,
            next_advice,
            lines,
            fault_codes,
        } = self;
        complaint_text.clear();
        signatures.clear();
        extra.clear();
        for text in [adviser, diagnosis, towing, substitute, next_advice] {
            *text = redaction.of_text(text);
        }
        for line in lines {
            line.forget(redaction);
        }
        for code in fault_codes {
            *code = redaction.of_code(code);
        }
    }
}

impl StoredLineTexts {
    fn forget(&mut self, redaction: &Redaction<'_>) {
        let Self {
            code,
            name,
            technician,
            payer,
            fault_code,
        } = self;
        for text in [name, technician, payer] {
            *text = redaction.of_text(text);
        }
        for code in [code, fault_code] {
            *code = redaction.of_code(code);
        }
    }
}

impl StoredLine {
    fn take_texts(&mut self) -> StoredLineTexts {
        StoredLineTexts {
            code: mem::take(&mut self.code),
            name: mem::take(&mut self.name),
            technician: mem::take(&mut self.technician),
            payer: mem::take(&mut self.payer),
            fault_code: mem::take(&mut self.fault_code),
        }
    }
}

fn store_line(line: Line) -> (StoredLine, StoredLineTexts) {
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
    let stored = StoredLine {
        kind,
        quantity_milli,
        unit_price_minor,
        quantity_assumed,
        ..StoredLine::default()
    };
    let texts = StoredLineTexts {
        code,
        name,
        technician,
        payer,
        fault_code,
    };
    (stored, texts)
}

fn read_line(line: StoredLine, texts: StoredLineTexts) -> Line {
    let StoredLineTexts {
        code,
        name,
        technician,
        payer,
        fault_code,
    } = texts;
    let kind = match line.kind {
        1 => LineKind::Labour,
        2 => LineKind::Part,
        3 => LineKind::Other,
        _ => LineKind::Unknown,
    };
    Line {
        kind,
        code,
        name,
        quantity_milli: (!line.quantity_assumed).then_some(line.quantity_milli),
        unit_price_minor: line.unit_price_minor,
        technician,
        payer,
        fault_code,
    }
}

/// The row that texts are sealed to.
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
