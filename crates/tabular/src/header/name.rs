//! Comparing headers, whatever their case, width, blanks and remarks.

/// A header without what people vary: case, width, blanks and joining marks.
pub(crate) fn comparable(header: &str) -> String {
    comparable_characters(header).collect()
}

/// The characters of [`comparable`].
pub(crate) fn comparable_characters(header: &str) -> impl Iterator<Item = char> {
    header
        .chars()
        .map(half_width)
        .filter(|character| {
            !character.is_whitespace()
                && !matches!(character, '_' | '-' | '.' | ':' | '*' | '/' | '\u{feff}')
        })
        .flat_map(char::to_lowercase)
}

/// A header without what stands in brackets, such as the unit.
pub(crate) fn without_remarks(header: &str) -> String {
    let mut depth = 0_usize;
    header
        .chars()
        .map(half_width)
        .filter(|character| match character {
            '(' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        _ => character,
    }
}
