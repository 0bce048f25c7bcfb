//! Findings on the wire and as they are kept.

use std::{collections::HashMap, sync::LazyLock};

use marque_api::intake::v1 as pb;
use marque_quality::{Field, Finding, Lang, Params, RecordKind, Rule, Severity};

use marque_tabular::RowFault;

use crate::{Outcome, Refusal, outcome::KeptFinding};

/// Findings as the wire has them, with their texts in both languages.
pub fn to_pb(findings: &[Finding]) -> Vec<pb::Finding> {
    findings.iter().map(one_to_pb).collect()
}

/// The outcome on the wire of a record with these findings.
pub fn outcome_of(outcome: Outcome, findings: &[Finding]) -> pb::RowOutcome {
    outcome.to_pb(
        findings
            .iter()
            .any(|finding| finding.severity > Severity::Info),
    )
}

fn one_to_pb(finding: &Finding) -> pb::Finding {
    pb::Finding {
        field: finding.field.column().to_owned(),
        rule: finding.rule.entry().id.to_owned(),
        severity: severity_to_pb(finding.severity) as i32,
        message_zh: finding.message(Lang::Zh),
        message_en: finding.message(Lang::En),
    }
}

fn severity_to_pb(severity: Severity) -> pb::Severity {
    match severity {
        Severity::Info => pb::Severity::Info,
        Severity::Warning => pb::Severity::Warning,
        Severity::Error => pb::Severity::Error,
        Severity::Reject => pb::Severity::Reject,
    }
}

fn severity_from_pb(severity: i32) -> Severity {
    match pb::Severity::try_from(severity) {
        Ok(pb::Severity::Warning) => Severity::Warning,
        Ok(pb::Severity::Error) => Severity::Error,
        Ok(pb::Severity::Reject) => Severity::Reject,
        _ => Severity::Info,
    }
}

pub(crate) fn keep(finding: &Finding) -> KeptFinding {
    KeptFinding {
        field: finding.field.column().to_owned(),
        rule: finding.rule.entry().id.to_owned(),
        severity: severity_to_pb(finding.severity) as i32,
        other: finding
            .params
            .other
            .map_or_else(String::new, |field| field.column().to_owned()),
        number: finding.params.number,
        text_zh: String::new(),
        text_en: String::new(),
    }
}

/// A fault of the row's form: wrong width, broken bytes and the like.
pub(crate) fn keep_fault(fault: &RowFault) -> KeptFinding {
    KeptFinding {
        field: String::new(),
        rule: fault.reason().to_lowercase(),
        severity: pb::Severity::Reject as i32,
        other: String::new(),
        number: None,
        text_zh: fault.message_zh(),
        text_en: fault.to_string(),
    }
}

/// What a service refuses in a column of its own.
pub(crate) fn keep_refusal(refusal: &Refusal) -> KeptFinding {
    KeptFinding {
        field: refusal.field.to_owned(),
        rule: refusal.rule.to_owned(),
        severity: pb::Severity::Reject as i32,
        other: String::new(),
        number: None,
        text_zh: refusal.zh.clone(),
        text_en: refusal.en.clone(),
    }
}

/// A kept finding with its texts. One of a rule or field that this release no longer knows keeps its names.
pub(crate) fn kept_to_pb(kept: &KeptFinding, kind: RecordKind) -> pb::Finding {
    static RULES: LazyLock<HashMap<&str, Rule>> = LazyLock::new(|| {
        Rule::ALL
            .into_iter()
            .map(|rule| (rule.entry().id, rule))
            .collect()
    });
    static FIELDS: LazyLock<HashMap<(RecordKind, &str), Field>> = LazyLock::new(|| {
        Field::ALL
            .into_iter()
            .map(|field| ((field.entry().kind, field.column()), field))
            .collect()
    });
    let known = RULES
        .get(kept.rule.as_str())
        .zip(FIELDS.get(&(kind, kept.field.as_str())));
    let Some((rule, field)) = known else {
        return pb::Finding {
            field: kept.field.clone(),
            rule: kept.rule.clone(),
            severity: kept.severity,
            message_zh: kept.text_zh.clone(),
            message_en: kept.text_en.clone(),
        };
    };
    one_to_pb(&Finding {
        field: *field,
        rule: *rule,
        severity: severity_from_pb(kept.severity),
        params: Params {
            other: FIELDS.get(&(kind, kept.other.as_str())).copied(),
            number: kept.number,
        },
    })
}

/// The kind of record of an import's kind.
pub(crate) fn record_kind(kind: &str) -> RecordKind {
    RecordKind::ALL
        .into_iter()
        .find(|known| known.code() == kind)
        .unwrap_or(RecordKind::Customers)
}
