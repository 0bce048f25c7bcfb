//! The standard of a qualified record: versioned data that says what a record must be for a purpose, and scores it.
//!
//! A standard is a TOML file (see `data/standards/`): checks with weights, grouped by purpose. It is a draft until it is
//! declared effective from a date; [`effective_on`] picks the one in force, and scoring the same record by two versions
//! shows what a new one would change. The ranges of a standard say between which bounds numbers and days must lie,
//! its thresholds from what on entries look invented.

mod file;
mod invention;
mod judge;
mod range;
mod score;

use std::sync::LazyLock;

use chrono::NaiveDate;
pub use file::StandardError;
pub(crate) use judge::release_bounds;
pub use judge::{greatest, release};
pub use range::{Bound, Measure, Measured, Measures, Range};
pub(crate) use range::{Write, day_words};
pub use score::{Facts, Record, Score};
use serde::{Deserialize, Serialize};

use crate::{
    dictionary::{Field, RecordKind},
    falsification::Settings,
    finding::Dimension,
};

/// A version of the standard for one kind of record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Standard {
    /// The kind of record it is for.
    pub kind: RecordKind,
    /// Rises with every change.
    pub version: u32,
    /// Whether it may come into force.
    pub state: State,
    /// First day in force, once effective.
    pub effective_from: NaiveDate,
    /// Dimensions that no purpose judges, and why.
    pub without: Vec<(Dimension, Reason)>,
    /// Between which bounds numbers and days must lie; what is not named here has the bounds of the release.
    pub ranges: Vec<Range>,
    /// Thresholds of the signs of invention, for kinds of record whose entries are compared.
    pub invention: Settings,
    /// What records are used for; each has its own checks.
    pub purposes: Vec<Purpose>,
}

/// Why a dimension is not judged, in both languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reason {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A draft can be tried on stored records but is never in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Being written.
    Draft,
    /// In force from its date on, until a later version is.
    Effective,
}

/// The name of the mean of all purposes, which none of them may have.
pub const OVERALL: &str = "overall";

/// What a record must be for one purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Purpose {
    /// `sale`, `service`, `marketing` or another, unique within the standard and not [`OVERALL`].
    pub id: String,
    /// Score from which a record is qualified, 0 to 100.
    pub pass: f64,
    /// Weight of each dimension in the total; those without an applicable check drop out.
    pub dimensions: Vec<(Dimension, f64)>,
    /// The checks.
    pub checks: Vec<Check>,
}

/// One thing that is expected of a record.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    /// Stable name, unique within the purpose.
    pub id: String,
    /// Dimension it counts under.
    pub dimension: Dimension,
    /// Fields it looks at.
    pub fields: Vec<Field>,
    /// What must hold.
    pub test: Test,
    /// Weight within its dimension.
    pub weight: f64,
    /// Whose records it concerns.
    pub applies: Applies,
}

/// What a check asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// At least one of the fields holds a usable value.
    AnyFilled,
    /// All of the fields hold usable values.
    AllFilled,
    /// No rule of the check's dimension was broken by a field that was filled; not applicable if none was.
    NoFinding,
    /// The record is not one of several for the same customer in one source; not applicable if unknown.
    NotRepeated,
    /// Entered at most this many days after what it records; not applicable if either day is unknown.
    EnteredWithinDays(u16),
}

/// Whose records a check concerns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Default)]
#[serde(rename_all = "snake_case")]
pub enum Applies {
    /// All.
    #[default]
    All,
    /// Persons only.
    Person,
    /// Organisations only.
    Organization,
}

/// The texts of the standards that come with the crate, oldest first, in the order of [`RecordKind::ALL`]. What one that
/// was in force says is never changed: records are judged by it again when somebody asks what they were.
const BUILT_IN: [&[&str]; 4] = [
    &[
        include_str!("../../data/standards/customers.toml"),
        include_str!("../../data/standards/customers-2.toml"),
    ],
    &[
        include_str!("../../data/standards/vehicles.toml"),
        include_str!("../../data/standards/vehicles-2.toml"),
    ],
    &[
        include_str!("../../data/standards/visits.toml"),
        include_str!("../../data/standards/visits-2.toml"),
    ],
    &[
        include_str!("../../data/standards/complaints.toml"),
        include_str!("../../data/standards/complaints-2.toml"),
    ],
];

/// The standards that come with the crate, the versions of each kind of record, oldest first.
pub fn built_in() -> &'static [Standard] {
    static PARSED: LazyLock<Vec<Standard>> = LazyLock::new(|| {
        let texts = BUILT_IN.iter().copied().flatten();
        texts
            .map(|text| Standard::read(text).expect("a test reads every standard of the crate"))
            .collect()
    });
    &PARSED
}

/// The texts of the standards that come with the crate for a kind of record, oldest first.
pub const fn built_in_texts(kind: RecordKind) -> &'static [&'static str] {
    BUILT_IN[kind as usize]
}

/// The standard in force on a day: the highest effective version whose date has come.
pub fn effective_on(standards: &[Standard], kind: RecordKind, day: NaiveDate) -> Option<&Standard> {
    let in_force = |standard: &&Standard| {
        standard.kind == kind
            && standard.state == State::Effective
            && standard.effective_from <= day
    };
    standards
        .iter()
        .filter(in_force)
        .max_by_key(|standard| (standard.effective_from, standard.version))
}

impl Standard {
    /// The purpose of that name.
    pub fn purpose(&self, id: &str) -> Option<&Purpose> {
        self.purposes.iter().find(|purpose| purpose.id == id)
    }
}

#[cfg(test)]
mod tests;
