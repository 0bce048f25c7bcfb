//! The field dictionary on the wire: the crate's own, word for word.

use marque_api::quality::v1 as pb;
use marque_quality::{Field, FieldEntry, RecordKind, Rule, RuleEntry, dictionary::Bilingual};

use super::convert::{dimension_code, severity_code};

/// Fields of one kind or of all, and all rules.
pub(super) fn dictionary(kind: Option<RecordKind>) -> pb::GetDictionaryResponse {
    let fields = Field::ALL.into_iter().map(Field::entry);
    pb::GetDictionaryResponse {
        fields: fields
            .filter(|entry| kind.is_none_or(|kind| kind == entry.kind))
            .map(field_to_pb)
            .collect(),
        rules: Rule::ALL
            .into_iter()
            .map(Rule::entry)
            .map(rule_to_pb)
            .collect(),
    }
}

fn field_to_pb(entry: &FieldEntry) -> pb::DictionaryField {
    let FieldEntry {
        kind,
        column,
        label,
        headers,
        meaning,
        fill,
        rule,
        max_chars,
        good,
        bad,
        owner,
        class,
    } = *entry;
    let list = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect();
    pb::DictionaryField {
        kind: kind.code().to_owned(),
        column: column.to_owned(),
        label: Some(text(label)),
        headers: list(headers),
        meaning: Some(text(meaning)),
        fill: Some(text(fill)),
        rule: Some(text(rule)),
        good: list(good),
        bad: list(bad),
        owner: owner.to_owned(),
        class: class.code().to_owned(),
        owner_name: Some(text(entry.owner_label())),
        class_name: Some(text(class.label())),
        max_chars: max_chars.map(|most| most as i64),
    }
}

fn rule_to_pb(entry: &RuleEntry) -> pb::DictionaryRule {
    let RuleEntry {
        id,
        dimension,
        severity,
        text: what,
        fix,
    } = *entry;
    pb::DictionaryRule {
        id: id.to_owned(),
        dimension: dimension_code(dimension).to_owned(),
        severity: severity_code(severity).to_owned(),
        text: Some(text(what)),
        fix: Some(text(fix)),
    }
}

/// A text on the wire.
pub(super) fn text(text: Bilingual) -> pb::Text {
    pb::Text {
        zh: text.zh.to_owned(),
        en: text.en.to_owned(),
    }
}
