//! Lines of a repair order, and reading them from JSON.

use marque_quality::{
    Field, Finding, RecordKind, Rule, VisitRow,
    clean::{CleanVisitLine, LineKind as CleanKind},
};
use serde_json::{Map, Value};

/// What a line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Not said.
    #[default]
    Unknown,
    Labour,
    Part,
    /// Work given to another firm, towing, a spare car and the like.
    Other,
}

/// One line of a repair order.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: LineKind,
    pub(crate) code: String,
    pub(crate) name: String,
    /// Thousandths: 1.5 hours is 1500.
    pub(crate) quantity_milli: i64,
    /// Fen.
    pub(crate) unit_price_minor: i64,
    pub(crate) technician: String,
    pub(crate) payer: String,
    pub(crate) fault_code: String,
}

/// Most lines of an order; more is a mistake of the export.
const LINES_MAX: usize = 2_000;

impl Line {
    /// A line from its cleaned cells and the columns that quality does not know.
    pub(crate) fn new(
        line: CleanVisitLine<'_>,
        typed_kind: Option<&str>,
        payer: &str,
        fault_code: &str,
    ) -> Self {
        let text = |value: Option<std::borrow::Cow<'_, str>>| {
            value.map_or_else(String::new, std::borrow::Cow::into_owned)
        };
        let kind = match line.line_kind {
            Some(CleanKind::Labour) => LineKind::Labour,
            Some(CleanKind::Part) => LineKind::Part,
            None if typed_kind.is_some_and(is_other) => LineKind::Other,
            None => LineKind::Unknown,
        };
        Self {
            kind,
            code: text(line.code),
            name: text(line.name),
            quantity_milli: line.quantity_milli.unwrap_or(1_000),
            unit_price_minor: line.unit_price_fen.unwrap_or(0),
            technician: text(line.technician),
            payer: payer.trim().to_owned(),
            fault_code: fault_code.trim().to_owned(),
        }
    }
}

/// Words for lines that are neither labour nor part.
pub(crate) fn is_other(typed: &str) -> bool {
    matches!(
        typed.trim().to_lowercase().as_str(),
        "other" | "其他" | "其它" | "外协" | "委外" | "外加工" | "拖车" | "代步车"
    )
}

/// Reads a JSON array of lines. Each line's keys are the canonical columns or their usual headers, its values text or
/// numbers. `clean` turns one line's cells into a line and its findings. What is no array of objects is one finding.
pub(crate) fn read_lines(
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
                // In a line `kind` is the line's, not the visit's.
                "kind" | "line_kind" => row.line_kind = Some(value),
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
    let canonical = Field::of(RecordKind::Visits).find(|field| field.column() == key);
    canonical.or_else(|| Field::recognise(RecordKind::Visits, key))
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
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
        let json = r#"[{"name":"机油","quantity":4,"payer":"warranty"},{"项目名称":"更换机滤"}]"#;
        assert_eq!(
            names(json),
            (vec!["机油 warranty".to_owned(), "更换机滤 ".to_owned()], 0)
        );
    }

    #[test]
    fn what_is_no_array_of_objects_is_a_finding() {
        for json in ["{}", "[1]", "[{", "lines"] {
            assert_eq!(names(json), (Vec::new(), 1), "{json}");
        }
    }
}
