//! Fellegi–Sunter: what a comparison found, what each finding weighs, and how the weights add up.

mod file;
mod household;
mod learn;
mod lookalike;
mod model;
mod sample;
mod train;
mod weights;

pub use file::ModelError;
pub use learn::Decision as StewardDecision;
pub use model::{ClassModel, FieldModel, LevelModel, Model, Provenance};
pub use sample::Sample;
pub use train::{TrainOptions, retrain, train};
pub use weights::{Reason, Weights, probability};

/// The most fields one comparison may have.
pub const MAX_FIELDS: usize = 16;

/// The level that says that a value is missing on one side or both: it weighs nothing.
pub const MISSING: u8 = 0;

/// A field as the comparator offers it to the model.
#[derive(Clone, Debug)]
pub struct FieldSpec {
    /// Name in reports and model files.
    pub name: String,
    /// Fields that tell of the same circumstance share a group; see [`Correlation`].
    pub correlation: Option<Correlation>,
    /// What it tells of.
    pub tells: Tells,
    /// Levels from 1 on; level 0 is always "missing".
    pub levels: &'static [LevelSpec],
}

/// What a field tells of: in lists of households that makes the difference between a person and his relatives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tells {
    /// A person and not the relatives under one roof: birthday, gender, further given names.
    Person,
    /// A person, by what his relatives are called apart from him: the given name.
    GivenName,
    /// A family: its name, which a person keeps as a rule.
    Family,
    /// Anything that may change or be shared.
    Circumstance,
}

/// Evidence that does not add up freely: of one group only the strongest side counts in full.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Correlation {
    /// Which circumstance: such as one household, or one name written in two columns.
    pub group: u8,
    /// Fields of one side add up among themselves.
    pub side: u8,
    /// What share (0..=1) of the weaker sides' bits counts.
    pub share: f32,
}

/// A level of agreement and where training starts.
#[derive(Clone, Copy, Debug)]
pub struct LevelSpec {
    /// Name in words, for reasons shown to people.
    pub name: &'static str,
    /// First guess of the probability of this level among pairs of one entity.
    pub m: f32,
    /// True if agreement on a rare value weighs more than on a common one.
    pub by_frequency: bool,
}

/// Shorthand for level tables.
pub const fn level(name: &'static str, m: f32) -> LevelSpec {
    LevelSpec {
        name,
        m,
        by_frequency: false,
    }
}

/// Shorthand for a level whose weight follows the value's frequency.
pub const fn by_frequency(name: &'static str, m: f32) -> LevelSpec {
    LevelSpec {
        name,
        m,
        by_frequency: true,
    }
}

/// A contradiction that forbids two records to be one, whatever else agrees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Veto {
    /// Two different valid identity numbers.
    DifferentIdentityNumbers,
    /// Two full names that have nothing in common.
    DifferentNames,
    /// Different genders and birthdays far apart.
    DifferentGenderAndBirthday,
    /// A person and an organisation.
    PersonAndOrganisation,
    /// A steward said that they differ.
    Steward,
}

impl Veto {
    /// In words, for reasons shown to people.
    pub fn words(self) -> &'static str {
        match self {
            Self::DifferentIdentityNumbers => "two different valid identity numbers",
            Self::DifferentNames => "two full names with nothing in common",
            Self::DifferentGenderAndBirthday => "different genders and birthdays far apart",
            Self::PersonAndOrganisation => "a person and an organisation",
            Self::Steward => "a steward said that they differ",
        }
    }
}

/// What comparing two records found.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Which set of weights applies (persons, organisations, …).
    pub class: u8,
    /// The level of each field, [`MISSING`] beyond the last.
    pub levels: [u8; MAX_FIELDS],
    /// For levels by frequency: how probable it is that another record carries this very value; 0 = use the level's own u.
    pub share: [f32; MAX_FIELDS],
    /// A contradiction, if any.
    pub veto: Option<Veto>,
}

impl Default for Outcome {
    fn default() -> Self {
        Self {
            class: 0,
            levels: [MISSING; MAX_FIELDS],
            share: [0.0; MAX_FIELDS],
            veto: None,
        }
    }
}

impl Outcome {
    /// Notes the level of a field.
    pub fn set(&mut self, field: usize, level: u8) {
        self.levels[field] = level;
    }

    /// Notes the level of a field and how common the shared value is.
    pub fn set_shared(&mut self, field: usize, level: u8, share: f32) {
        self.levels[field] = level;
        self.share[field] = share;
    }

    /// The outcome of a word made by [`Outcome::pattern`]; how common shared values were is not in it.
    pub fn of_pattern(class: u8, pattern: u64) -> Self {
        let mut outcome = Self {
            class,
            ..Self::default()
        };
        for (field, level) in outcome.levels.iter_mut().enumerate() {
            *level = (pattern >> (4 * field) & 15) as u8;
        }
        outcome
    }

    /// The levels as one word, four bits a field.
    pub fn pattern(&self) -> u64 {
        self.levels
            .iter()
            .rev()
            .fold(0, |word, level| word << 4 | u64::from(*level))
    }
}

/// Compares records by number; the batch engine knows records only through this.
pub trait Comparator: Sync {
    /// How many records there are.
    fn len(&self) -> usize;
    /// True without records.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// The fields that [`Comparator::compare`] reports on.
    fn fields(&self) -> &[FieldSpec];
    /// The names of the classes of pairs; at least one.
    fn classes(&self) -> &[&'static str];
    /// Compares two records; symmetric.
    fn compare(&self, left: u32, right: u32) -> Outcome;
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn an_outcome_comes_back_from_its_pattern(class in 0_u8..2, levels in proptest::array::uniform16(0_u8..16)) {
            let outcome = Outcome { class, levels, ..Outcome::default() };
            let back = Outcome::of_pattern(class, outcome.pattern());
            proptest::prop_assert_eq!((back.class, back.levels), (class, levels));
        }
    }
}
