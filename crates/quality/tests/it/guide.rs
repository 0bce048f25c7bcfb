//! The training page in the guide is the dictionary, word for word.

use std::{fmt::Write, path::Path};

use marque_quality::{Field, FieldEntry, RecordKind, dictionary::Bilingual};

const BEGIN: &str =
    "<!-- dictionary: written by MARQUE_WRITE_GUIDE=1 cargo test -p marque-quality guide -->\n";

/// The dictionary as the clerk reads it.
fn training_page() -> String {
    let mut page = String::new();
    for kind in RecordKind::ALL {
        let head = "| field · 字段 | how to fill · 怎么填 | rule · 规则 | right · 对 | wrong · 错 | owner · 负责部门 | data · 信息类别 |";
        writeln!(
            page,
            "\n## {}\n\n{head}\n|---|---|---|---|---|---|---|",
            kind.code()
        )
        .expect("memory");
        for entry in Field::of(kind).map(Field::entry) {
            writeln!(page, "{}", line(entry)).expect("memory");
        }
    }
    page
}

fn line(entry: &FieldEntry) -> String {
    let examples = |list: &[&str]| {
        list.iter()
            .map(|e| format!("`{}`", e.replace('\n', "↵")))
            .collect::<Vec<_>>()
            .join("<br>")
    };
    let both = |text: Bilingual| format!("{}<br>{}", text.zh, text.en);
    format!(
        "| `{}`<br>{} | {}{}<br>{} {} | {} | {} | {} | {} | {} |",
        entry.column,
        both(entry.label),
        entry.meaning.zh,
        entry.fill.zh,
        entry.meaning.en,
        entry.fill.en,
        both(entry.rule),
        examples(entry.good),
        examples(entry.bad),
        both(entry.owner_label()),
        both(entry.class.label()),
    )
}

#[test]
fn the_training_page_in_the_guide_is_the_dictionary() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guides/data-quality.md");
    let guide = std::fs::read_to_string(&path).expect("the guide is there");
    let (text, page) = guide
        .split_once(BEGIN)
        .expect("the guide has the mark where the dictionary begins");
    #[expect(
        clippy::disallowed_methods,
        reason = "a switch for whoever changed the dictionary"
    )]
    if std::env::var("MARQUE_WRITE_GUIDE").is_ok() {
        std::fs::write(&path, format!("{text}{BEGIN}{}", training_page()))
            .expect("the guide can be written");
        return;
    }
    assert!(
        page == training_page(),
        "the dictionary has changed: run MARQUE_WRITE_GUIDE=1 cargo test -p marque-quality guide"
    );
}
