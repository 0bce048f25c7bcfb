//! What is wrong with a setting, where it was set, and what to write instead.

use figment::error::{Actual, Kind};

/// A configuration that cannot be read. Names keys and sources, never values: a value may be secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// The file given does not exist.
    #[error(
        "there is no configuration file {path}: leave --config away to run on defaults, or name one that exists"
    )]
    NoFile {
        /// The path as given.
        path: String,
    },
    /// The file is not TOML.
    #[error("{place} is not valid TOML: {problem}")]
    Syntax {
        /// The file.
        place: String,
        /// Line, column and what was expected.
        problem: String,
    },
    /// A key nobody knows.
    #[error("{key} in {place} is not a setting: {advice}")]
    UnknownKey {
        /// Dotted key.
        key: String,
        /// The file, variable or flag it came from.
        place: String,
        /// The settings there are.
        advice: String,
    },
    /// A value of the wrong kind.
    #[error("{key} in {place} cannot be used: {advice}")]
    BadValue {
        /// Dotted key.
        key: String,
        /// The file, variable or flag it came from.
        place: String,
        /// What to write instead.
        advice: String,
    },
}

impl ConfigError {
    pub(crate) fn from_figment(error: &figment::Error) -> Self {
        let place = place_of(error);
        let mut path = error.path.clone();
        match &error.kind {
            Kind::UnknownField(name, known) => {
                if path.last() != Some(name) {
                    path.push(name.clone());
                }
                Self::UnknownKey {
                    key: path.join("."),
                    place,
                    advice: list_of(known),
                }
            }
            Kind::Message(text) if path.is_empty() => Self::Syntax {
                place,
                problem: without_quote(text),
            },
            kind => Self::BadValue {
                key: path.join("."),
                place,
                advice: advice_of(kind),
            },
        }
    }
}

/// Where a value came from, in the words of the person who wrote it.
fn place_of(error: &figment::Error) -> String {
    let Some(metadata) = &error.metadata else {
        return "the configuration".to_owned();
    };
    match &metadata.source {
        Some(figment::Source::File(path)) => path.display().to_string(),
        _ if metadata.name.contains("environment") => {
            format!(
                "the environment (MARQUE__{})",
                error.path.join("__").to_uppercase()
            )
        }
        _ => "the flags".to_owned(),
    }
}

/// Figment's own text quotes the value; ours says what was expected and which kind of thing was found.
fn advice_of(kind: &Kind) -> String {
    match kind {
        Kind::InvalidType(found, expected) | Kind::InvalidValue(found, expected) => {
            format!("write {} instead of {}", in_words(expected), kind_of(found))
        }
        Kind::UnknownVariant(_, known) => list_of(known),
        Kind::InvalidLength(_, expected) => format!("write {expected}"),
        Kind::MissingField(name) => format!("{name} is missing"),
        Kind::Message(text) if text.contains("socket address") => {
            "write host:port, such as 127.0.0.1:8080".to_owned()
        }
        Kind::Message(text) => without_quote(text),
        _ => "the value has the wrong form".to_owned(),
    }
}

/// What was expected, for people who do not know Rust.
fn in_words(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number",
        "f32" | "f64" => "a number",
        "a string" => "text",
        "a boolean" => "true or false",
        other => other.strip_prefix("struct ").map_or(other, |_| "a section"),
    }
}

fn kind_of(found: &Actual) -> &'static str {
    match found {
        Actual::Bool(_) => "true or false",
        Actual::Unsigned(_) | Actual::Signed(_) | Actual::Float(_) => "a number",
        Actual::Char(_) | Actual::Str(_) => "text",
        Actual::Seq => "a list",
        Actual::Map => "a section",
        _ => "something else",
    }
}

fn list_of(known: &[&str]) -> String {
    format!("write one of {}", known.join(", "))
}

/// A TOML error shows the line it stumbled over, with its value: only the position and the expectation stay.
fn without_quote(text: &str) -> String {
    let told = text
        .lines()
        .filter(|line| !line.contains('|') && !line.trim().is_empty());
    told.collect::<Vec<_>>().join(", ")
}
