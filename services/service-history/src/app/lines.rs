//! Reading the lines of a repair order from JSON.

use marque_quality::{Field, Finding, RecordKind, Rule, VisitRow};
use marque_tabular::bare_line_column;
use serde_json::{Map, Value};

use crate::domain::Line;

/// Most lines of an order; more is a mistake of the export.
const LINES_MAX: usize = 2_000;

/// Reads a JSON array of lines. Each line's keys are the canonical columns or their usual headers, its values text or
/// numbers. `clean` turns one line's cells into a line and its findings. What is no array of objects is one finding.
pub(super) fn read_lines(
    json: &str,
    mut clean: impl FnMut(&VisitRow<'_>, &str, &str) -> (Option<Line>, Vec<Finding>),
) -> (Vec<Line>, Vec<Finding>) {
    let wrong = || {
        (
            Vec::new(),
            vec![Finding::new(Field::VisitLines, Rule::LinesForm)],
        )
    };
    let Ok(objects) = serde_json::from_str::<Vec<Map<String, Value>>>(json) else {
        return wrong();
    };
    if objects.len() > LINES_MAX {
        return wrong();
    }
    let (mut lines, mut findings) = (Vec::with_capacity(objects.len()), Vec::new());
    for object in &objects {
        let cells: Vec<(&str, String)> = object
            .iter()
            .map(|(key, value)| (key.as_str(), cell(value)))
            .collect();
        let mut row = VisitRow::default();
        let (mut payer, mut fault_code) = ("", "");
        for (key, value) in &cells {
            match *key {
                "payer" => payer = value,
                "fault_code" => fault_code = value,
                // In a line they are the line's, not the visit's.
                "kind" | "type" | "line_kind" => row.line_kind = Some(value),
                key => {
                    if let Some(field) = field_of(key) {
                        row.set(field, Some(value));
                    }
                }
            }
        }
        let (line, found) = clean(&row, payer, fault_code);
        lines.extend(line);
        findings.extend(found);
    }
    findings.dedup();
    (lines, findings)
}

/// The field of a key. Canonical names come first, for recognising the others compares all headers there are.
fn field_of(key: &str) -> Option<Field> {
    let name = bare_line_column(key).unwrap_or(key);
    let canonical = Field::of(RecordKind::Visits).find(|field| field.column() == name);
    canonical.or_else(|| Field::recognise(RecordKind::Visits, key))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Object(money) if is_money(money) => {
            format!("{} {}", cell(&money["amount"]), cell(&money["currency"]))
        }
        other => other.to_string(),
    }
}

/// Whether it is an amount with its currency, as answers have money.
fn is_money(object: &Map<String, Value>) -> bool {
    object.len() == 2 && object.contains_key("amount") && object.contains_key("currency")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(json: &str) -> (Vec<String>, usize) {
        let (lines, findings) = read_lines(json, |row, payer, _| {
            let line = Line {
                name: row.name.unwrap_or("?").to_owned(),
                payer: payer.to_owned(),
                ..Line::default()
            };
            (Some(line), Vec::new())
        });
        (
            lines
                .into_iter()
                .map(|line| format!("{} {}", line.name, line.payer))
                .collect(),
            findings.len(),
        )
    }

    #[test]
    fn lines_are_objects_under_canonical_or_usual_keys() {
        let json = r#"[{"name":"机油","quantity":4,"payer":"warranty"},{"项目名称":"更换机滤"},{"名称":"机滤"}]"#;
        let lines = ["机油 warranty", "更换机滤 ", "机滤 "].map(str::to_owned);
        assert_eq!(names(json), (lines.to_vec(), 0));
    }

    #[test]
    fn what_is_no_array_of_objects_is_a_finding() {
        for json in ["{}", "[1]", "[{", "lines"] {
            assert_eq!(names(json), (Vec::new(), 1), "{json}");
        }
    }
}
