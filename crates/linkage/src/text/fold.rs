//! Folding: one written form for what a reader takes to be the same text.

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

use super::han::simplified;

/// Full-width forms to half-width, traditional characters to simplified, Latin letters to lower case without accents,
/// any run of white space to one space, ends trimmed.
pub fn fold(raw: &str) -> String {
    let mut folded = String::with_capacity(raw.len());
    let mut pending_space = false;
    for character in raw.chars().map(half_width) {
        if character.is_whitespace() || character.is_control() {
            pending_space = !folded.is_empty();
            continue;
        }
        if pending_space {
            folded.push(' ');
            pending_space = false;
        }
        push_folded(character, &mut folded);
    }
    folded
}

/// As [`fold`], upper case and without any space, dot or dash: the form of codes, plates and VINs.
pub fn fold_code(raw: &str) -> String {
    raw.chars()
        .map(half_width)
        .filter(|c| c.is_alphanumeric() || *c == '*')
        .flat_map(char::to_uppercase)
        .collect()
}

/// Only the digits, full-width ones included.
pub fn digits(raw: &str) -> String {
    raw.chars()
        .map(half_width)
        .filter(char::is_ascii_digit)
        .collect()
}

/// The half-width form of a full-width character; others as they are.
pub fn half_width(character: char) -> char {
    match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(character as u32 - 0xfee0).unwrap_or(character),
        _ => character,
    }
}

/// True for the characters of the common Chinese planes.
pub fn is_han(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{20000}'..='\u{323af}')
}

fn push_folded(character: char, folded: &mut String) {
    if character.is_ascii() {
        folded.push(character.to_ascii_lowercase());
    } else if is_han(character) {
        folded.push(simplified(character));
    } else if let Some(letters) = without_stroke(character) {
        folded.push_str(letters);
    } else {
        folded.extend(
            character
                .nfkd()
                .filter(|c| !is_combining_mark(*c))
                .flat_map(char::to_lowercase),
        );
    }
}

/// Latin letters that Unicode does not take apart, as they are commonly written without them.
fn without_stroke(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' | 'ẞ' => "ss",
        'ø' | 'Ø' => "o",
        'ł' | 'Ł' => "l",
        'đ' | 'Đ' | 'ð' | 'Ð' => "d",
        'æ' | 'Æ' => "ae",
        'œ' | 'Œ' => "oe",
        'þ' | 'Þ' => "th",
        'ı' => "i",
        'ħ' | 'Ħ' => "h",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn width_case_accents_script_and_spaces_fold() {
        assert_eq!(fold("  Ｊｏｓé　 MÜLLER\t"), "jose muller");
        assert_eq!(fold("Łódź, Großstraße Ærø"), "lodz, grossstrasse aero");
        assert_eq!(fold("張偉"), "张伟");
        assert_eq!(fold_code("藏ＥＤ·５２ 231"), "藏ED52231");
        assert_eq!(digits("+86 １38-0000"), "861380000");
    }
}
