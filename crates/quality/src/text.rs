//! Folding of typed text: full-width to half-width, invisible characters out, spaces tidied.

use std::borrow::Cow;

use crate::inline::Inline;

/// The half-width form of one character: U+FF01–U+FF5E to ASCII, the ideographic space to a space.
pub const fn half_width(character: char) -> char {
    match character {
        '\u{FF01}'..='\u{FF5E}' => ((character as u32 - 0xFEE0) as u8) as char,
        '\u{3000}' | '\u{A0}' | '\t' => ' ',
        _ => character,
    }
}

/// Characters nobody sees: controls, zero-width characters, byte-order mark, direction marks.
const fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\0'..='\u{8}' | '\u{A}'..='\u{1F}' | '\u{7F}'..='\u{9F}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}' | '\u{FEFF}'
    )
}

/// The text without the white space around it: [`str::trim`] with a quick answer for the usual cell, which has none.
pub fn trimmed(text: &str) -> &str {
    let may_be_space = |byte: u8| byte <= b' ' || byte == 0xC2 || (0xE1..=0xE3).contains(&byte);
    match text.as_bytes() {
        [] => text,
        [first, .., last] if last.is_ascii() && *last > b' ' && !may_be_space(*first) => text,
        // A wide space ends in three bytes that begin with E1, E2 or E3, or in two that begin with C2.
        [first, .., third, second, last]
            if *last >= 0x80
                && !may_be_space(*third)
                && *second != 0xC2
                && !may_be_space(*first) =>
        {
            text
        }
        _ => text.trim(),
    }
}

/// Free text made regular: full-width ASCII to half-width, invisible characters removed, runs of spaces to one, ends trimmed.
///
/// Allocates only if something changes.
pub fn tidy(input: &str) -> Cow<'_, str> {
    let trimmed = trimmed(input);
    if is_tidy(trimmed) {
        return Cow::Borrowed(trimmed);
    }
    let mut out = String::with_capacity(trimmed.len());
    for character in trimmed
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(half_width)
    {
        if character != ' ' || !out.ends_with(' ') {
            out.push(character);
        }
    }
    let start = out.len() - out.trim_start().len();
    out.drain(..start);
    out.truncate(out.trim_end().len());
    Cow::Owned(out)
}

/// What people said, as they wrote it: punctuation, widths and spaces are theirs. Lines end alike, what nobody sees is taken out, and
/// the space around it is cut off.
///
/// Allocates only if something changes.
pub fn as_said(input: &str) -> Cow<'_, str> {
    let text = trimmed(input);
    if !text.contains(|character: char| character == '\r' || is_noise(character)) {
        return Cow::Borrowed(text);
    }
    let lines = text.replace("\r\n", "\n").replace('\r', "\n");
    let said: String = lines.chars().filter(|c| !is_noise(*c)).collect();
    Cow::Owned(trimmed(&said).to_owned())
}

/// Characters that nobody says: controls but for tabs and line ends, marks of order and direction. Joiners stay, which make one
/// picture of several.
const fn is_noise(character: char) -> bool {
    is_invisible(character) && !matches!(character, '\n' | '\r' | '\u{200C}' | '\u{200D}')
}

/// Whether [`tidy`] would return the trimmed text as it stands. Works on bytes: Chinese text of the common planes needs
/// no decoding, as only the lead bytes C2, E2, E3 and EF can begin a character that changes.
fn is_tidy(trimmed: &str) -> bool {
    let bytes = trimmed.as_bytes();
    let mut previous = 0;
    for (i, &byte) in bytes.iter().enumerate() {
        match byte {
            0..=0x1F | 0x7F => return false,
            b' ' if previous == b' ' => return false,
            0xC2 => return false,
            0xE2 if matches!(bytes[i + 1], 0x80 | 0x81) => return false,
            0xE3 if bytes[i + 1] == 0x80 && bytes[i + 2] == 0x80 => return false,
            0xEF if bytes[i + 1] >= 0xBB => return false,
            _ => {}
        }
        previous = byte;
    }
    true
}

/// A code or a number without what programs put round it so that it stays a text: `="0311"`, `'0311`.
pub fn unquoted(text: &str) -> &str {
    text.trim_matches(|character: char| {
        let is_mark = matches!(
            half_width(character),
            '=' | '"' | '\'' | '`' | '“' | '”' | '‘' | '’'
        );
        is_mark || character.is_whitespace() || is_invisible(character)
    })
}

/// A code made regular: half-width, upper-case, without spaces, invisible characters and the quotes of [`unquoted`]. `None` if it is
/// longer than `N` bytes.
pub fn fold_code<const N: usize>(input: &str) -> Option<Inline<N>> {
    if input.len() <= N && input.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Inline::of_upper(input);
    }
    let mut code = Inline::new();
    for character in unquoted(input).chars() {
        let character = half_width(character);
        if character.is_whitespace() || is_invisible(character) {
            continue;
        }
        if !code.push(character.to_ascii_uppercase()) {
            return None;
        }
    }
    Some(code)
}

/// Whether a character is a Chinese ideograph that names are written in (CJK unified and extensions A–G, and 〇).
pub const fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{3400}'..='\u{4DBF}' | '\u{4E00}'..='\u{9FFF}' | '\u{20000}'..='\u{3134F}' | '〇')
}

/// The value of an optional cell: `None` when it is absent, blank, or one of the marks people type for "nothing".
pub fn present(cell: Option<&str>) -> Option<&str> {
    let text = trimmed(cell?);
    (!means_nothing(text)).then_some(text)
}

/// Told by the first byte or character where possible, as every cell of every row passes here.
fn means_nothing(text: &str) -> bool {
    let bytes = text.as_bytes();
    match bytes {
        [] => true,
        [b'1'..=b'9', ..] => false,
        _ if bytes.len() > 12 => false,
        [first, ..] if first.is_ascii() => {
            matches!(text, "-" | "--" | "/" | "\\" | "." | "0" | "?")
                || matches!(first, b'n' | b'N' | b'u' | b'U' | b'#')
                    && NOTHING.iter().any(|mark| text.eq_ignore_ascii_case(mark))
        }
        [0xE4 | 0xE6 | 0xE7, ..] => matches!(
            text,
            "无" | "暂无" | "没有" | "空" | "不详" | "未知" | "未填"
        ),
        _ => matches!(text, "—" | "——" | "、" | "？"),
    }
}

/// What programs write for "nothing".
const NOTHING: [&str; 9] = [
    "null",
    "none",
    "nil",
    "n/a",
    "na",
    "nan",
    "#n/a",
    "undefined",
    "unknown",
];

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tidying_follows_the_table() {
        for (typed, expected) in [
            ("  张三 ", "张三"),
            ("ＡＢＣ１２３", "ABC123"),
            ("张\u{200B}三", "张三"),
            ("李　四", "李 四"),
            ("a  \t b", "a b"),
            ("\u{FEFF}王五\u{3000}", "王五"),
            ("（车主）", "(车主)"),
            ("", ""),
        ] {
            assert_eq!(tidy(typed), expected, "{typed:?}");
        }
    }

    #[test]
    fn what_people_said_stays_as_they_wrote_it() {
        for (typed, expected) in [
            ("left front\nright mirror", "left front\nright mirror"),
            (
                " 一、刹车异响，很响！ \r\n二、　漏油（左）\r三、抖动：ＡＢＣ  ",
                "一、刹车异响，很响！ \n二、　漏油（左）\n三、抖动：ＡＢＣ",
            ),
            ("first\n\nsecond", "first\n\nsecond"),
            ("\u{FEFF}\n one\t line\u{0}\u{202E} \n", "one\t line"),
            ("👩\u{200D}👧 生气", "👩\u{200D}👧 生气"),
            ("\n", ""),
        ] {
            assert_eq!(as_said(typed), expected, "{typed:?}");
        }
        assert!(matches!(as_said(" 异响，已来三次。"), Cow::Borrowed(_)));
    }

    #[test]
    fn a_regular_text_is_not_copied() {
        assert!(matches!(tidy(" 河北省石家庄市 12号 "), Cow::Borrowed(_)));
    }

    #[test]
    fn a_code_loses_the_quotes_that_kept_it_a_text() {
        for typed in [
            "=\"0311ab\"",
            "'0311AB",
            "’０３１１ＡＢ",
            " \"0311 ab\" ",
            "0311AB",
        ] {
            let code = fold_code::<40>(typed);
            assert_eq!(code.as_ref().map(Inline::as_str), Some("0311AB"), "{typed}");
        }
    }

    #[test]
    fn marks_for_nothing_are_nothing() {
        for mark in ["", " ", "-", "无", "NULL", "n/a", "暂无", "None"] {
            assert_eq!(present(Some(mark)), None, "{mark:?}");
        }
        assert_eq!(present(Some(" 无锡 ")), Some("无锡"));
    }

    proptest! {
        #[test]
        fn tidying_twice_is_tidying_once(text in "\\PC{0,40}") {
            let once = tidy(&text).into_owned();
            prop_assert_eq!(tidy(&once).into_owned(), once);
        }

        #[test]
        fn what_was_said_is_said_alike_again(text in "[a 中，\r\n\t\u{A0}\u{FEFF}\u{3000}]{0,20}") {
            let once = as_said(&text).into_owned();
            prop_assert_eq!(as_said(&once).into_owned(), once);
        }

        #[test]
        fn trimming_is_that_of_the_standard_library(text in "[ \t\u{A0}\u{2003}\u{3000}\u{1680}a中é1]{0,6}") {
            prop_assert_eq!(trimmed(&text), text.trim());
        }

        #[test]
        fn folding_never_panics_and_is_idempotent(text in ".{0,40}") {
            if let Some(code) = fold_code::<64>(&text) {
                prop_assert_eq!(fold_code::<64>(code.as_str()), Some(code));
            }
        }
    }
}
