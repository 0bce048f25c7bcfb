//! Part of a dealer's people.

/// Whose records of a dealer are meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Staff<'a> {
    /// Everybody's.
    All,
    /// Those of a clerk, by his staff number.
    Clerk(&'a str),
    /// Those of a department.
    Department(&'a str),
}
