//! Turns the data files into code: the field dictionary into `Field`, the row types and their texts; the rule list into
//! `Rule` and its texts; the division list into a table. A field or rule without a complete entry stops the build here,
//! and code cannot name one that has no entry.

mod dictionary;
mod divisions;
mod rules;

use std::{env, fs, path::Path};

#[expect(
    clippy::print_stdout,
    reason = "cargo reads a build script's instructions from standard output"
)]
fn main() {
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rerun-if-changed=data");
    #[expect(
        clippy::disallowed_methods,
        reason = "cargo hands the output folder to build scripts in the environment"
    )]
    let out = env::var("OUT_DIR").expect("cargo sets OUT_DIR");
    let out = Path::new(&out);
    write(
        out,
        "divisions.rs",
        divisions::generate(&read("data/divisions.tsv")),
    );
    write(out, "rules.rs", rules::generate(&read("data/rules.toml")));
    write(out, "dictionary.rs", dictionary::generate(read));
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn write(out: &Path, name: &str, code: String) {
    fs::write(out.join(name), code).unwrap_or_else(|error| panic!("{name}: {error}"));
}

/// `vin_check_digit` → `VinCheckDigit`.
fn camel(snake: &str) -> String {
    snake
        .split('_')
        .map(|word| word[..1].to_uppercase() + &word[1..])
        .collect()
}

/// A text in both languages; neither may be empty.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Bilingual {
    zh: String,
    en: String,
}

impl Bilingual {
    fn code(&self, place: &str) -> String {
        assert!(
            !self.zh.trim().is_empty() && !self.en.trim().is_empty(),
            "{place}: the text must be there in Chinese and in English"
        );
        format!("Bilingual {{ zh: {:?}, en: {:?} }}", self.zh, self.en)
    }
}
