//! Words that callers give: reasons, channels, versions of notices.

use marque_errors::Violation;

use crate::error::{Error, Result};

/// Most characters of a reason.
const MOST: usize = 500;

/// Fewest characters of a reason that somebody can make sense of.
const SHORTEST_REASON: usize = 10;

/// Checks a reason without which something may not be done.
///
/// # Errors
/// [`Error::Invalid`] if it says too little or cannot stand in a record.
pub(super) fn check_reason(reason: &str) -> Result<()> {
    if reason.trim().chars().count() < SHORTEST_REASON {
        let message = format!("why, in at least {SHORTEST_REASON} characters");
        return Err(Error::Invalid(vec![Violation::new(
            "reason",
            "TOO_SHORT",
            message,
        )]));
    }
    check_words(&[("reason", reason)])
}

/// Checks fields of free text: not too long, and on one line, for they stand in records that people read.
///
/// # Errors
/// [`Error::Invalid`] with all fields that are wrong.
pub(super) fn check_words(words: &[(&str, &str)]) -> Result<()> {
    let violations: Vec<Violation> = words
        .iter()
        .filter_map(|(field, text)| violation(field, text))
        .collect();
    if violations.is_empty() {
        Ok(())
    } else {
        Err(Error::Invalid(violations))
    }
}

fn violation(field: &str, text: &str) -> Option<Violation> {
    if text.chars().count() > MOST {
        Some(Violation::new(
            field,
            "TOO_LONG",
            format!("at most {MOST} characters"),
        ))
    } else if text.contains(char::is_control) {
        Some(Violation::new(
            field,
            "CONTROL_CHARACTER",
            "no line breaks or control characters",
        ))
    } else {
        None
    }
}
