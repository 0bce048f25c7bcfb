//! All findings and suspects as JSON, written as it goes so that memory does not grow with the file.

use std::io::Write;

use marque_quality::{
    Finding,
    falsification::{Assessment, Sign},
};
use serde_json::json;

use super::check::Checked;

/// Writes `{rows, findings: [{line, field, rule, kind, severity, strength}], suspects: {dealers, clerks}}`.
pub(super) fn write(mut out: impl Write, checked: &Checked) -> anyhow::Result<()> {
    write!(
        out,
        "{{\"rows\":{},\"unreadable\":{},\"findings\":[",
        checked.rows, checked.unreadable
    )?;
    let rules = checked
        .findings
        .iter()
        .map(|(line, finding)| of_rule(*line, finding));
    let signs = checked
        .signs
        .iter()
        .map(|(line, _, sign)| of_sign(*line, *sign));
    for (i, finding) in rules.chain(signs).enumerate() {
        if i > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut out, &finding)?;
    }
    let suspects = json!({ "dealers": suspects(&checked.by_dealer, false), "clerks": suspects(&checked.by_clerk, true) });
    write!(out, "],\"suspects\":{suspects}}}")?;
    out.flush()?;
    Ok(())
}

fn of_rule(line: u64, finding: &Finding) -> serde_json::Value {
    json!({
        "line": line,
        "field": finding.field.column(),
        "rule": finding.message_key(),
        "kind": null,
        "severity": finding.severity,
        "strength": null,
    })
}

fn of_sign(line: u64, sign: Sign) -> serde_json::Value {
    json!({
        "line": line,
        "field": sign.kind.column(),
        "rule": sign.kind.code(),
        "kind": sign.kind.code(),
        "severity": "warning",
        "strength": round(sign.strength),
    })
}

fn suspects(assessment: &Assessment, are_clerks: bool) -> Vec<serde_json::Value> {
    let of = |suspect: &marque_quality::falsification::Suspect| {
        let (dealer, clerk) = if are_clerks {
            suspect.unit.split_once('/').unwrap_or((&suspect.unit, ""))
        } else {
            (suspect.unit.as_str(), "")
        };
        let mut value = json!({
            "dealer": dealer,
            "kind": suspect.kind.code(),
            "strength": round(suspect.strength),
            "p": suspect.p,
            "count": suspect.count,
            "of": suspect.of,
            "reason": suspect.kind.reason().en,
        });
        if are_clerks {
            value["clerk"] = clerk.into();
        }
        value
    };
    assessment.suspects.iter().map(of).collect()
}

fn round(strength: f64) -> f64 {
    (strength * 1000.0).round() / 1000.0
}
