//! What people said, encoded and sealed to its row. New fields get new tags; none is ever given another meaning.

use marque_db::StoreError;
use marque_quality::{Field, Finding, Params, RecordKind, Rule};
use marque_vault::{Place, Vault, VaultError};
use prost::Message;

use crate::domain::Words;

#[derive(Clone, PartialEq, Message)]
struct StoredWords {
    #[prost(string, tag = "1")]
    text: String,
    #[prost(string, tag = "2")]
    wish: String,
    #[prost(message, repeated, tag = "3")]
    extra: Vec<StoredColumn>,
    #[prost(message, repeated, tag = "4")]
    findings: Vec<StoredFinding>,
}

/// A finding by the names of its field and rule, which do not change from release to release.
#[derive(Clone, PartialEq, Message)]
struct StoredFinding {
    #[prost(string, tag = "1")]
    field: String,
    #[prost(string, tag = "2")]
    rule: String,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
    /// The other field concerned; empty if there is none.
    #[prost(string, tag = "4")]
    other: String,
}

#[derive(Clone, PartialEq, Message)]
struct StoredColumn {
    #[prost(string, tag = "1")]
    name: String,
    #[prost(string, tag = "2")]
    value: String,
}

/// Seals the words of a case.
pub(super) fn seal_words(vault: &Vault, row: &[u8], words: &Words) -> Result<Vec<u8>, VaultError> {
    let stored = StoredWords {
        text: words.text.clone(),
        wish: words.wish.clone(),
        extra: words
            .extra
            .iter()
            .map(|(name, value)| StoredColumn {
                name: name.clone(),
                value: value.clone(),
            })
            .collect(),
        findings: words.findings.iter().map(store_finding).collect(),
    };
    vault.seal(
        Place::new("complaints", row, "body"),
        &stored.encode_to_vec(),
    )
}

/// Opens them.
pub(super) fn open_words(vault: &Vault, row: &[u8], sealed: &[u8]) -> Result<Words, StoreError> {
    let opened = vault
        .open(Place::new("complaints", row, "body"), sealed)
        .map_err(broken)?;
    let StoredWords {
        text,
        wish,
        extra,
        findings,
    } = StoredWords::decode(opened.as_slice()).map_err(broken)?;
    let extra = extra
        .into_iter()
        .map(|column| (column.name, column.value))
        .collect();
    Ok(Words {
        text,
        wish,
        extra,
        findings: findings.iter().filter_map(read_finding).collect(),
    })
}

fn store_finding(finding: &Finding) -> StoredFinding {
    let other = finding.params.other;
    StoredFinding {
        field: finding.field.column().to_owned(),
        rule: finding.rule.entry().id.to_owned(),
        number: finding.params.number,
        other: other.map_or_else(String::new, |field| field.column().to_owned()),
    }
}

/// The finding, unless this release no longer knows its rule or field.
fn read_finding(stored: &StoredFinding) -> Option<Finding> {
    let field = |column: &str| {
        let mut fields = Field::of(RecordKind::Complaints);
        fields.find(|field| field.column() == column)
    };
    let mut rules = Rule::ALL.into_iter();
    let mut finding = Finding::new(
        field(&stored.field)?,
        rules.find(|rule| rule.entry().id == stored.rule)?,
    );
    finding.params = Params {
        other: field(&stored.other),
        number: stored.number,
    };
    Some(finding)
}

/// Seals one text; nothing stays nothing.
pub(super) fn seal_text(
    vault: &Vault,
    place: (&'static str, &[u8], &'static str),
    text: &str,
) -> Result<Vec<u8>, VaultError> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let (table, row, field) = place;
    vault.seal(Place::new(table, row, field), text.as_bytes())
}

/// Opens one text.
pub(super) fn open_text(
    vault: &Vault,
    place: (&'static str, &[u8], &'static str),
    sealed: &[u8],
) -> Result<String, StoreError> {
    if sealed.is_empty() {
        return Ok(String::new());
    }
    let (table, row, field) = place;
    let opened = vault
        .open(Place::new(table, row, field), sealed)
        .map_err(broken)?;
    String::from_utf8(opened.to_vec()).map_err(broken)
}

pub(super) fn broken(error: impl std::error::Error + Send + Sync + 'static) -> StoreError {
    StoreError::Decode {
        column: 0,
        source: Box::new(error),
    }
}
