//! All findings and suspects as JSON, written as it goes so that memory does not grow with the file.

use std::io::Write;

use marque_quality::{
    Finding, RecordKind, Rule,
    falsification::{Kind, Sign, Suspect, dealer_and_clerk},
};
use serde_json::json;

use super::check::Checked;

/// Writes `{rows, findings: [{line, field, rule, kind, severity, strength}], suspects: {dealers, clerks}}`.
pub(super) fn write(mut out: impl Write, checked: &Checked) -> anyhow::Result<()> {
    write!(out, "{{\"rows\":{},\"findings\":[", checked.rows)?;
    let unreadable = checked
        .unreadable
        .iter()
        .map(|(line, reason)| of_row(*line, reason));
    let rules = checked
        .findings
        .iter()
        .map(|(line, finding)| of_rule(*line, finding, kind_of(checked, *line, finding.rule)));
    let signs = checked
        .signs
        .iter()
        .map(|(line, _, sign)| of_sign(checked.kind, *line, *sign));
    for (i, finding) in unreadable.chain(rules).chain(signs).enumerate() {
        if i > 0 {
            out.write_all(b",\n")?;
        }
        serde_json::to_writer(&mut out, &finding)?;
    }
    let suspects = json!({ "dealers": suspects(&checked.dealer_suspects, false), "clerks": suspects(&checked.clerk_suspects, true) });
    write!(out, "],\"suspects\":{suspects}}}")?;
    out.flush()?;
    Ok(())
}

/// A row that could not be read at all.
fn of_row(line: u64, reason: &str) -> serde_json::Value {
    json!({
        "line": line,
        "field": "",
        "rule": reason.to_lowercase(),
        "kind": null,
        "severity": "reject",
        "strength": null,
    })
}

fn of_rule(line: u64, finding: &Finding, kind: Option<Kind>) -> serde_json::Value {
    json!({
        "line": line,
        "field": finding.field.column(),
        "rule": finding.message_key(),
        "kind": kind.map(Kind::code),
        "severity": finding.severity,
        "strength": null,
    })
}

/// What a broken rule may be a sign of. Most rules are broken by carelessness alone, and of two readings that contradict each other
/// nobody knows which is wrong.
fn kind_of(checked: &Checked, line: u64, rule: Rule) -> Option<Kind> {
    let is_of_car = matches!(rule, Rule::OdometerBackwards | Rule::OdometerTooFast);
    let is_wrong = is_of_car && checked.wrong_readings.contains(&line);
    is_wrong.then_some(Kind::FakeMileage)
}

fn of_sign(kind: RecordKind, line: u64, sign: Sign) -> serde_json::Value {
    json!({
        "line": line,
        "field": sign.kind.column(kind),
        "rule": sign.kind.code(),
        "kind": sign.kind.code(),
        "severity": "warning",
        "strength": round(sign.strength),
    })
}

fn suspects(suspects: &[Suspect], are_clerks: bool) -> Vec<serde_json::Value> {
    let of = |suspect: &Suspect| {
        let (dealer, clerk) = dealer_and_clerk(&suspect.unit);
        let mut value = json!({
            "dealer": dealer,
            "kind": suspect.kind.code(),
            "strength": round(suspect.strength),
            "p": suspect.p,
        });
        if are_clerks {
            value["clerk"] = clerk.into();
        }
        value
    };
    suspects.iter().map(of).collect()
}

fn round(strength: f64) -> f64 {
    (strength * 1000.0).round() / 1000.0
}
