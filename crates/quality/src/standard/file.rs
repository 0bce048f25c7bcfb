//! Reading and checking a standard's TOML. Whatever is wrong is named with its place and what would be right.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use serde::Deserialize;

use super::{
    Applies, Check, OVERALL, Purpose, Range, Reason, Standard, State, Test, invention,
    range::{self, RangeEntry},
    release,
};
use crate::{
    dictionary::{Field, RecordKind},
    finding::Dimension,
};

/// Why a text is not a standard: what is wrong, where, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandardError(String);

impl std::fmt::Display for StandardError {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(&self.0)
    }
}

impl std::error::Error for StandardError {}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    kind: String,
    version: u32,
    state: State,
    effective_from: String,
    #[serde(default)]
    without: BTreeMap<Dimension, Reason>,
    #[serde(default)]
    range: Vec<RangeEntry>,
    #[serde(default)]
    invention: toml::Table,
    purpose: Vec<PurposeEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PurposeEntry {
    id: String,
    pass: f64,
    dimensions: BTreeMap<Dimension, f64>,
    check: Vec<CheckEntry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckEntry {
    id: String,
    dimension: Dimension,
    #[serde(default)]
    fields: Vec<String>,
    test: Test,
    weight: f64,
    #[serde(default)]
    applies: Applies,
}

impl Standard {
    /// Reads a standard. A range that sets one end alone has the release's other end, with the rule that is broken there.
    ///
    /// # Errors
    /// The first thing that is wrong: an unknown kind, field, dimension or test, a weight that is not positive, a check that
    /// stands there twice, a dimension with checks but without weight, one that is judged and said not to be, a range whose
    /// bounds cannot be, a threshold of invention that is unknown or cannot be, a purpose without a name of its own.
    pub fn parse(text: &str) -> Result<Self, StandardError> {
        let standard = Self::parse_kept(text)?;
        standard.check_purposes()?;
        Ok(standard)
    }

    /// Reads a standard that an earlier release may have taken, which did not look at the names of purposes.
    ///
    /// # Errors
    /// As of [`Self::parse`], but for those names.
    pub fn parse_kept(text: &str) -> Result<Self, StandardError> {
        let mut standard = Self::read(text)?;
        let on = standard.effective_from;
        let release = release(standard.kind, on);
        let place = place(standard.kind, standard.version);
        for range in &mut standard.ranges {
            if let Some(known) = release.range(range.field, range.measure) {
                let completed = range::complete(range, known, on);
                completed.map_err(|what| wrong_range(&place, range.field.column(), &what))?;
            }
        }
        Ok(standard)
    }

    /// Whether each purpose has a name of its own: scores, cards and alerts are kept by it.
    ///
    /// # Errors
    /// The first purpose without a name, with that of the mean of all ([`OVERALL`]), or with that of another.
    pub fn check_purposes(&self) -> Result<(), StandardError> {
        for (at, purpose) in self.purposes.iter().enumerate() {
            let id = purpose.id.as_str();
            let what = if id.trim().is_empty() || id.trim() != id {
                "give it a name, such as sale, without blanks around it"
            } else if id == OVERALL {
                "that is the mean of all purposes: give it another name"
            } else if self.purposes[..at].iter().any(|known| known.id == id) {
                "it stands there twice: give one of the two another name"
            } else {
                continue;
            };
            return Err(StandardError(format!("purpose {id:?}: {what}")));
        }
        Ok(())
    }

    /// Reads a standard as it stands there, which all of the release's do.
    pub(super) fn read(text: &str) -> Result<Self, StandardError> {
        let file: File = toml::from_str(text).map_err(|error| StandardError(error.to_string()))?;
        let kind = RecordKind::ALL
            .into_iter()
            .find(|kind| kind.code() == file.kind);
        let kind = kind.ok_or_else(|| {
            StandardError(format!(
                "kind {:?} is unknown: use {}",
                file.kind,
                RecordKind::ALL.map(RecordKind::code).join(", ")
            ))
        })?;
        let effective_from = NaiveDate::parse_from_str(&file.effective_from, "%Y-%m-%d");
        let effective_from = effective_from.map_err(|_| {
            StandardError(format!(
                "effective_from {:?} is no day: write YYYY-MM-DD",
                file.effective_from
            ))
        })?;
        if file.purpose.is_empty() {
            return Err(StandardError(
                "a standard needs at least one [[purpose]]".to_owned(),
            ));
        }
        let purposes: Vec<Purpose> = file
            .purpose
            .into_iter()
            .map(|entry| purpose(kind, entry))
            .collect::<Result<_, _>>()?;
        check_without(&file.without, &purposes)?;
        let place = place(kind, file.version);
        let ranges = ranges((kind, &place), &file.range, effective_from)?;
        let invention = invention::read(kind, &file.invention)
            .map_err(|what| StandardError(format!("{place}, invention: {what}")))?;
        Ok(Self {
            kind,
            version: file.version,
            state: file.state,
            effective_from,
            without: file.without.into_iter().collect(),
            ranges,
            invention,
            purposes,
        })
    }
}

fn place(kind: RecordKind, version: u32) -> String {
    format!("{} version {version}", kind.code())
}

fn wrong_range(place: &str, column: &str, what: &str) -> StandardError {
    StandardError(format!("{place}, range {column:?}: {what}"))
}

/// What is said not to be judged must not be, and the reason must be there in both languages.
fn check_without(
    without: &BTreeMap<Dimension, Reason>,
    purposes: &[Purpose],
) -> Result<(), StandardError> {
    for (dimension, reason) in without {
        if reason.zh.trim().is_empty() || reason.en.trim().is_empty() {
            return Err(StandardError(format!(
                "without {dimension:?}: say why in both languages, zh and en"
            )));
        }
        let judges =
            |purpose: &&Purpose| purpose.dimensions.iter().any(|(own, _)| own == dimension);
        if let Some(purpose) = purposes.iter().find(judges) {
            return Err(StandardError(format!(
                "without {dimension:?}: purpose {:?} gives it a weight; take out one of the two",
                purpose.id
            )));
        }
    }
    Ok(())
}

/// The ranges, each once.
fn ranges(
    (kind, place): (RecordKind, &str),
    entries: &[RangeEntry],
    on: NaiveDate,
) -> Result<Vec<Range>, StandardError> {
    let mut ranges: Vec<Range> = Vec::with_capacity(entries.len());
    for entry in entries {
        let wrong = |what: String| wrong_range(place, &entry.field, &what);
        let range = range::read(kind, entry, on).map_err(wrong)?;
        if ranges
            .iter()
            .any(|known| known.is_of(range.field, range.measure))
        {
            let measure = range.measure.code();
            return Err(wrong(format!("its {measure} stands there twice")));
        }
        ranges.push(range);
    }
    Ok(ranges)
}

fn purpose(kind: RecordKind, entry: PurposeEntry) -> Result<Purpose, StandardError> {
    let place = format!("purpose {:?}", entry.id);
    let wrong = |what: String| Err(StandardError(format!("{place}: {what}")));
    if !(0.0..=100.0).contains(&entry.pass) {
        return wrong(format!("pass {} lies outside 0 to 100", entry.pass));
    }
    if let Some((dimension, weight)) = entry
        .dimensions
        .iter()
        .find(|(_, weight)| !is_weight(**weight))
    {
        return wrong(format!(
            "the weight {weight} of {dimension:?} must be positive"
        ));
    }
    let mut checks: Vec<Check> = Vec::with_capacity(entry.check.len());
    for candidate in entry.check {
        if checks.iter().any(|known| known.id == candidate.id) {
            return wrong(format!("check {:?} stands there twice", candidate.id));
        }
        if !entry.dimensions.contains_key(&candidate.dimension) {
            return wrong(format!(
                "check {:?} counts under {:?}, which has no weight in dimensions",
                candidate.id, candidate.dimension
            ));
        }
        checks.push(check(kind, &place, candidate)?);
    }
    Ok(Purpose {
        id: entry.id,
        pass: entry.pass,
        dimensions: entry.dimensions.into_iter().collect(),
        checks,
    })
}

fn check(kind: RecordKind, place: &str, entry: CheckEntry) -> Result<Check, StandardError> {
    let wrong = |what: String| StandardError(format!("{place}, check {:?}: {what}", entry.id));
    if !is_weight(entry.weight) {
        return Err(wrong(format!(
            "the weight {} must be positive",
            entry.weight
        )));
    }
    let needs_fields = matches!(
        entry.test,
        Test::AnyFilled | Test::AllFilled | Test::NoFinding
    );
    if needs_fields == entry.fields.is_empty() {
        return Err(wrong(
            if needs_fields {
                "name the fields it looks at"
            } else {
                "this test looks at no fields"
            }
            .to_owned(),
        ));
    }
    let find = |column: &String| {
        let known = || {
            Field::of(kind)
                .map(Field::column)
                .collect::<Vec<_>>()
                .join(", ")
        };
        Field::of(kind)
            .find(|field| field.column() == column)
            .ok_or_else(|| {
                wrong(format!(
                    "{column:?} is no field of {}: use {}",
                    kind.code(),
                    known()
                ))
            })
    };
    let fields = entry.fields.iter().map(find).collect::<Result<_, _>>()?;
    Ok(Check {
        dimension: entry.dimension,
        fields,
        test: entry.test,
        weight: entry.weight,
        applies: entry.applies,
        id: entry.id.clone(),
    })
}

const fn is_weight(weight: f64) -> bool {
    weight > 0.0 && weight.is_finite()
}
