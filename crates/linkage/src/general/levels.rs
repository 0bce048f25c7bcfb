//! The levels of agreement of each kind of field.

use crate::score::{LevelSpec, by_frequency, level};

/// What a field holds, which decides how it is compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum FieldKind {
    Given,
    Family,
    Text,
    Date,
    Age,
    Code,
    Phone,
    Email,
    Address,
    Number,
    Place,
    Postcode,
    Category,
}

pub(super) const NAME: &[LevelSpec] = &[
    by_frequency("same name", 0.72),
    level("short form or initial", 0.03),
    level("name nearly the same", 0.09),
    level("name similar", 0.05),
    by_frequency("name in the place of another", 0.02),
    level("given and family name swapped, nearly the same", 0.005),
    level("names differ", 0.085),
];
pub(super) const TEXT: &[LevelSpec] = &[
    by_frequency("same text", 0.50),
    level("nearly all words the same", 0.15),
    level("most words the same, or one contains the other", 0.12),
    level("some words the same", 0.10),
    level("few words the same", 0.06),
    level("no word the same", 0.07),
];
pub(super) const DATE: &[LevelSpec] = &[
    by_frequency("same date", 0.75),
    level("one digit differs, or day and month swapped", 0.10),
    level("two of day, month and year the same", 0.05),
    level("same year", 0.04),
    level("same year, no more is known of one", 0.02),
    level("a year or two apart, no more is known of one", 0.01),
    level("years near", 0.03),
    level("dates differ", 0.03),
];
pub(super) const AGE: &[LevelSpec] = &[
    by_frequency("same age", 0.55),
    level("ages differ by a year", 0.25),
    level("ages differ by two years", 0.08),
    level("ages differ by three to five years", 0.06),
    level("ages differ", 0.06),
];
pub(super) const CODE: &[LevelSpec] = &[
    by_frequency("same number", 0.85),
    level("number differs by one typing error", 0.08),
    level("number differs by two typing errors", 0.02),
    level("numbers differ", 0.05),
];
pub(super) const PHONE: &[LevelSpec] = &[
    by_frequency("same phone", 0.80),
    level("phone differs by one typing error", 0.05),
    level("phones differ", 0.15),
];
pub(super) const EMAIL: &[LevelSpec] = &[
    by_frequency("same e-mail", 0.70),
    level("e-mail nearly the same", 0.15),
    level("e-mail alike before the @", 0.05),
    level("e-mails differ", 0.10),
];
pub(super) const ADDRESS: &[LevelSpec] = &[
    by_frequency("same address", 0.55),
    level("same number, similar street", 0.15),
    level("same number, other street", 0.05),
    level("similar street, no number to compare", 0.08),
    level("similar street, other number", 0.05),
    level("address lines swapped", 0.04),
    level("addresses differ", 0.08),
];
pub(super) const NUMBER: &[LevelSpec] = &[
    by_frequency("same number", 0.80),
    level("number differs by one typing error", 0.08),
    level("numbers differ", 0.12),
];
pub(super) const PLACE: &[LevelSpec] = &[
    by_frequency("same place", 0.75),
    level("place nearly the same", 0.12),
    level("place similar", 0.04),
    level("places differ", 0.09),
];
pub(super) const POSTCODE: &[LevelSpec] = &[
    by_frequency("same postcode", 0.70),
    level("postcode differs by one typing error", 0.08),
    by_frequency("same postal area", 0.12),
    level("postcodes differ", 0.10),
];
pub(super) const CATEGORY: &[LevelSpec] = &[
    by_frequency("same", 0.80),
    level("nearly the same", 0.08),
    level("differ", 0.12),
];

impl FieldKind {
    pub(super) fn levels(self) -> &'static [LevelSpec] {
        match self {
            Self::Given | Self::Family => NAME,
            Self::Text => TEXT,
            Self::Date => DATE,
            Self::Age => AGE,
            Self::Code => CODE,
            Self::Phone => PHONE,
            Self::Email => EMAIL,
            Self::Address => ADDRESS,
            Self::Number => NUMBER,
            Self::Place => PLACE,
            Self::Postcode => POSTCODE,
            Self::Category => CATEGORY,
        }
    }
}
