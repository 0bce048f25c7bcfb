//! Findings: what is wrong with which field, why, and how to mend it. No finding contains a value of the record.

use serde::{Serialize, Serializer, ser::SerializeStruct};

use crate::{
    dictionary::{Bilingual, Field, Lang},
    standard::{self, Write, day_words},
};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// For information: the value was understood and made regular.
    Info,
    /// Doubtful; kept.
    Warning,
    /// Wrong; the field is left out of the clean record.
    Error,
    /// The row cannot be taken at all and is quarantined.
    Reject,
}

/// The six dimensions of data quality.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Dimension {
    /// Is it there?
    Completeness,
    /// Has it the form it must have?
    Validity,
    /// Can it be true?
    Accuracy,
    /// Does it agree with the rest?
    Consistency,
    /// Is it there once?
    Uniqueness,
    /// Was it entered in time?
    Timeliness,
}

impl Dimension {
    /// Every dimension.
    pub const ALL: [Self; 6] = [
        Self::Completeness,
        Self::Validity,
        Self::Accuracy,
        Self::Consistency,
        Self::Uniqueness,
        Self::Timeliness,
    ];

    /// Name in both languages.
    pub const fn label(self) -> Bilingual {
        match self {
            Self::Completeness => Bilingual {
                zh: "完整性",
                en: "completeness",
            },
            Self::Validity => Bilingual {
                zh: "有效性",
                en: "validity",
            },
            Self::Accuracy => Bilingual {
                zh: "准确性",
                en: "accuracy",
            },
            Self::Consistency => Bilingual {
                zh: "一致性",
                en: "consistency",
            },
            Self::Uniqueness => Bilingual {
                zh: "唯一性",
                en: "uniqueness",
            },
            Self::Timeliness => Bilingual {
                zh: "及时性",
                en: "timeliness",
            },
        }
    }
}

/// Severity, dimension and texts of a rule.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct RuleEntry {
    /// Stable key, such as `vin_check_digit`.
    pub id: &'static str,
    /// Dimension it counts under.
    pub dimension: Dimension,
    /// Severity of its findings.
    pub severity: Severity,
    /// What is wrong; `{field}`, `{other}`, `{number}` and `{day}` are filled in.
    pub text: Bilingual,
    /// What to do.
    pub fix: Bilingual,
}

include!(concat!(env!("OUT_DIR"), "/rules.rs"));

impl Rule {
    /// Severity, dimension and texts.
    pub fn entry(self) -> &'static RuleEntry {
        &RULES[self as usize]
    }
}

/// A rule is written as its stable key.
impl Serialize for Rule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.entry().id)
    }
}

/// What a text needs besides the field: never a value of the record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Params {
    /// The other field concerned.
    pub other: Option<Field>,
    /// A count, or the bound of a range: in the unit people write, a day as YYYYMMDD or as the year that begins with it.
    pub number: Option<i64>,
}

/// One thing found in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Finding {
    /// The field concerned.
    pub field: Field,
    /// The rule broken.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// What the text needs besides the field.
    pub params: Params,
}

impl Finding {
    /// A finding with the rule's own severity.
    pub fn new(field: Field, rule: Rule) -> Self {
        Self {
            field,
            rule,
            severity: rule.entry().severity,
            params: Params::default(),
        }
    }

    /// The same with a count in its text.
    pub fn with_number(self, number: i64) -> Self {
        Self {
            params: Params {
                number: Some(number),
                ..self.params
            },
            ..self
        }
    }

    /// The same with another field in its text.
    pub fn with_other(self, other: Field) -> Self {
        Self {
            params: Params {
                other: Some(other),
                ..self.params
            },
            ..self
        }
    }

    /// Stable key of the text, for clients that bring their own.
    pub fn message_key(&self) -> &'static str {
        self.rule.entry().id
    }

    /// What is wrong, in words.
    pub fn text(&self, lang: Lang) -> String {
        self.fill(self.rule.entry().text.get(lang), lang)
    }

    /// What to do about it, with the field's own instruction from the dictionary.
    pub fn how_to_fix(&self, lang: Lang) -> String {
        let fix = self.fill(self.rule.entry().fix.get(lang), lang);
        let space = if lang == Lang::En { " " } else { "" };
        format!("{fix}{space}{}", self.field.entry().fill.get(lang))
    }

    /// What is wrong and what to do about it, as sentences that follow each other.
    pub fn message(&self, lang: Lang) -> String {
        let stop = match lang {
            Lang::Zh => "。",
            Lang::En => ". ",
        };
        format!("{}{stop}{}", self.text(lang), self.how_to_fix(lang))
    }

    fn fill(&self, template: &str, lang: Lang) -> String {
        let label = |field: Field| field.entry().label.get(lang);
        let mut text = template.replace("{field}", label(self.field));
        if let Some(other) = self.params.other {
            text = text.replace("{other}", label(other));
        }
        for (gap, write) in [
            ("{number}", plain_words as Write),
            ("{day}", day_words as Write),
        ] {
            if text.contains(gap)
                && let Some(number) = self.number_words(lang, write)
            {
                text = text.replace(gap, &number);
            }
        }
        text
    }

    /// The number in words; of a range that does not tell its bound, those of the release.
    fn number_words(&self, lang: Lang, write: Write) -> Option<String> {
        let own = self.params.number.map(|number| write(number, lang));
        own.or_else(|| standard::release_bounds(self.field, self.rule, (lang, write)))
    }
}

fn plain_words(number: i64, _: Lang) -> String {
    number.to_string()
}

impl Serialize for Finding {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut out = serializer.serialize_struct("Finding", 7)?;
        out.serialize_field("field", self.field.column())?;
        out.serialize_field("rule", self.rule.entry().id)?;
        out.serialize_field("severity", &self.severity)?;
        out.serialize_field("text", &self.text(Lang::En))?;
        out.serialize_field("text_zh", &self.text(Lang::Zh))?;
        out.serialize_field("how_to_fix", &self.how_to_fix(Lang::En))?;
        out.serialize_field("how_to_fix_zh", &self.how_to_fix(Lang::Zh))?;
        out.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_name_the_field_and_fill_every_gap() {
        let finding = Finding::new(Field::CustomerVin, Rule::VinLength).with_number(16);
        assert!(finding.text(Lang::Zh).contains("16"));
        assert!(finding.text(Lang::En).contains("16"));
        assert!(
            finding
                .how_to_fix(Lang::En)
                .contains(Field::CustomerVin.entry().fill.en)
        );
    }

    #[test]
    fn a_message_is_sentences() {
        let finding = Finding::new(Field::CustomerIdNumber, Rule::IdCheckCharacter);
        let (zh, en) = (finding.message(Lang::Zh), finding.message(Lang::En));
        assert!(zh.contains("抄错。请对照"), "{zh}");
        assert!(en.contains("miscopied. Compare"), "{en}");
    }

    #[test]
    fn a_bound_is_told_as_people_write_it_and_else_that_of_the_release() {
        let year = Finding::new(Field::VehicleModelYear, Rule::NumberOutOfRange);
        let early = Finding::new(Field::VisitOpenedAt, Rule::DateTooEarly);
        let day = early.with_number(20_150_601);
        for (finding, zh, en) in [
            (year.with_number(1990), "1990", "1990"),
            (year, "1980–今天+1年", "1980–today+1y"),
            (day, "早于2015-06-01", "before 2015-06-01"),
            (early.with_number(1980), "早于1980年", "before 1980"),
            (early, "早于1980年", "before 1980"),
        ] {
            assert!(
                finding.text(Lang::Zh).ends_with(zh),
                "{}",
                finding.text(Lang::Zh)
            );
            assert!(
                finding.text(Lang::En).ends_with(en),
                "{}",
                finding.text(Lang::En)
            );
        }
    }

    #[test]
    fn templates_have_no_unknown_gaps() {
        for rule in Rule::ALL {
            for template in [
                rule.entry().text.zh,
                rule.entry().text.en,
                rule.entry().fix.zh,
                rule.entry().fix.en,
            ] {
                let rest = template
                    .replace("{field}", "")
                    .replace("{other}", "")
                    .replace("{number}", "")
                    .replace("{day}", "");
                assert!(
                    !rest.contains(['{', '}']),
                    "{}: {template}",
                    rule.entry().id
                );
            }
        }
    }
}
