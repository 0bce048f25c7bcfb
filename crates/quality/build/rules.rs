//! `data/rules.toml` as the enum `Rule` and the table of its texts.

use std::{collections::BTreeSet, fmt::Write};

use crate::{Bilingual, camel};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    rule: Vec<Entry>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    id: String,
    dimension: String,
    severity: String,
    text: Bilingual,
    fix: Bilingual,
}

/// The enum in the order of the file, and one `RuleEntry` each.
pub(crate) fn generate(file: &str) -> String {
    let file: File =
        toml::from_str(file).unwrap_or_else(|error| panic!("data/rules.toml: {error}"));
    let mut seen = BTreeSet::new();
    let (mut variants, mut table) = (String::new(), String::new());
    for entry in &file.rule {
        assert!(
            seen.insert(&entry.id),
            "data/rules.toml: rule {:?} stands there twice",
            entry.id
        );
        let place = format!("data/rules.toml: {}", entry.id);
        writeln!(
            variants,
            "    /// {}\n    {},",
            entry.text.en,
            camel(&entry.id)
        )
        .expect("writes to memory");
        writeln!(
            table,
            "    RuleEntry {{ id: {:?}, dimension: Dimension::{}, severity: Severity::{}, text: {}, fix: {} }},",
            entry.id,
            camel(&entry.dimension),
            camel(&entry.severity),
            entry.text.code(&place),
            entry.fix.code(&place),
        )
        .expect("writes to memory");
    }
    let names: Vec<String> = file
        .rule
        .iter()
        .map(|entry| format!("Rule::{}", camel(&entry.id)))
        .collect();
    let count = names.len();
    format!(
        "/// What can be wrong with a value or a record. Texts, severity and dimension: `data/rules.toml`.\n\
         #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]\n#[repr(u8)]\npub enum Rule {{\n{variants}}}\n\n\
         impl Rule {{\n    /// Every rule.\n    pub const ALL: [Self; {count}] = [{}];\n}}\n\n\
         static RULES: [RuleEntry; {count}] = [\n{table}];\n",
        names.join(", ")
    )
}
