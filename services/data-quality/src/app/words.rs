//! Words that people give reasons with: they are kept in the open, so they must not name anybody.

use marque_errors::Violation;

use crate::error::{Error, Result};

/// Longest run of digits: more may be a phone or an ID number.
const DIGITS: usize = 6;

/// Refuses a text that is too short, too long, or may hold somebody's number.
pub(super) fn check_words(field: &str, text: &str, least: usize) -> Result<()> {
    let length = text.trim().chars().count();
    let violation = if length < least {
        Violation::new(
            field,
            "TOO_SHORT",
            format!("say why, in at least {least} characters"),
        )
    } else if length > 500 {
        Violation::new(field, "TOO_LONG", "at most 500 characters")
    } else if may_name_somebody(text) {
        Violation::new(
            field,
            "PERSONAL",
            "leave out phones, ID numbers and addresses: say the id of the record instead",
        )
    } else {
        return Ok(());
    };
    Err(Error::Invalid(vec![violation]))
}

/// Whether a text holds what may be somebody's number or e-mail address.
pub(super) fn may_name_somebody(text: &str) -> bool {
    text.contains('@') || has_number(text)
}

fn has_number(text: &str) -> bool {
    let mut run = 0;
    text.chars().any(|c| {
        run = match c {
            c if c.is_numeric() => run + 1,
            ' ' | '-' => run,
            _ => 0,
        };
        run > DIGITS
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reason_that_may_name_somebody_is_refused() {
        assert!(check_words("reason", "two brothers share the phone", 10).is_ok());
        assert!(check_words("reason", "ok", 10).is_err());
        assert!(check_words("reason", "it is 138 0013 8000 of his wife", 10).is_err());
        assert!(check_words("reason", "since 2026-11 the same", 10).is_ok());
    }
}
