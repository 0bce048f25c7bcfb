//! A Rust file, told apart into code, strings and comments.
//!
//! Checks look for names in code, for SQL in strings and for promises in comments; one must not be taken for the other.
//! Every part keeps the length and the lines of the file, so that an offset means the same in all of them.

/// A Rust file.
pub(crate) struct Source {
    /// Path from the root of the workspace.
    pub(crate) path: String,
    /// The file with strings and comments blanked.
    pub(crate) code: String,
    /// The file with everything but the insides of strings blanked.
    pub(crate) strings: String,
    /// The file with everything but comments blanked.
    pub(crate) comments: String,
    /// Offset at which a closing `#[cfg(test)] mod tests` begins; the file's end if there is none.
    pub(crate) tests_at: usize,
}

/// What a byte belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    Code,
    String,
    Comment,
}

impl Source {
    /// Tells a file's parts apart.
    pub(crate) fn read(path: String, text: &str) -> Self {
        let parts = parts(text.as_bytes());
        let only = |wanted: Part| {
            let kept = text.bytes().zip(&parts).map(|(byte, part)| {
                if *part == wanted || byte == b'\n' {
                    byte
                } else {
                    b' '
                }
            });
            String::from_utf8_lossy(&kept.collect::<Vec<u8>>()).into_owned()
        };
        let code = only(Part::Code);
        let tests_at = code.find("#[cfg(test)]\nmod ").unwrap_or(code.len());
        Self {
            path,
            strings: only(Part::String),
            comments: only(Part::Comment),
            tests_at,
            code,
        }
    }

    /// Whether the whole file is a test, a bench or an example.
    pub(crate) fn is_test(&self) -> bool {
        let apart = ["/tests/", "/examples/", "/benches/", "/build/"];
        apart.iter().any(|folder| self.path.contains(folder))
            || self.path.starts_with("tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.ends_with("/build.rs")
    }

    /// Code that is shipped: without the file's tests.
    pub(crate) fn shipped(&self) -> &str {
        if self.is_test() {
            ""
        } else {
            &self.code[..self.tests_at]
        }
    }

    /// Insides of strings in shipped code.
    pub(crate) fn shipped_strings(&self) -> &str {
        if self.is_test() {
            ""
        } else {
            &self.strings[..self.tests_at]
        }
    }

    /// The line of an offset, counted from 1.
    pub(crate) fn line(&self, offset: usize) -> usize {
        line(&self.code, offset)
    }
}

/// The line of an offset in a text, counted from 1.
pub(crate) fn line(text: &str, offset: usize) -> usize {
    text[..offset].matches('\n').count() + 1
}

/// Offsets at which `word` stands in `text` by itself, not as a part of a longer name.
pub(crate) fn words<'a>(text: &'a str, word: &'a str) -> impl Iterator<Item = usize> + 'a {
    let is_name =
        |byte: Option<&u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    let bytes = text.as_bytes();
    text.match_indices(word)
        .map(|(at, _)| at)
        .filter(move |at| {
            let before = at.checked_sub(1).and_then(|at| bytes.get(at));
            let (first, last) = (word.as_bytes().first(), word.as_bytes().last());
            let (after, joins) = (bytes.get(at + word.len()), |edge, next| {
                is_name(edge) && is_name(next)
            });
            !joins(first, before) && !joins(last, after)
        })
}

/// Offsets at which a crate is named as the beginning of a path or as a whole import: `tonic::Status`, `use tonic;`.
pub(crate) fn crate_uses<'a>(code: &'a str, name: &'a str) -> impl Iterator<Item = usize> + 'a {
    words(code, name).filter(move |at| {
        let (before, after) = (code[..*at].trim_end(), code[at + name.len()..].trim_start());
        !before.ends_with("::") && (after.starts_with("::") || before.ends_with("use"))
    })
}

/// What each byte belongs to. Quotes count as code, so that the insides of strings stand alone.
fn parts(text: &[u8]) -> Vec<Part> {
    let mut parts = vec![Part::Code; text.len()];
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let (part, length) = match rest[0] {
            b'/' if rest.starts_with(b"//") => (Part::Comment, until(rest, b"\n")),
            b'/' if rest.starts_with(b"/*") => (Part::Comment, block_comment(rest)),
            b'"' => (Part::String, quoted(rest)),
            b'r' if at == 0 || !text[at - 1].is_ascii_alphanumeric() => match raw_string(rest) {
                Some(length) => (Part::String, length),
                None => (Part::Code, 1),
            },
            b'\'' => (Part::Code, character(rest)),
            _ => (Part::Code, 1),
        };
        let end = (at + length).min(text.len());
        match part {
            // The quotes stay code.
            Part::String => parts[at + 1..end.saturating_sub(1).max(at + 1)].fill(Part::String),
            other => parts[at..end].fill(other),
        }
        at = end;
    }
    parts
}

fn until(text: &[u8], end: &[u8]) -> usize {
    text.windows(end.len())
        .position(|window| window == end)
        .unwrap_or(text.len())
}

fn block_comment(text: &[u8]) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < text.len() {
        if text[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

fn quoted(text: &[u8]) -> usize {
    let mut at = 1;
    while at < text.len() && text[at] != b'"' {
        at += if text[at] == b'\\' { 2 } else { 1 };
    }
    at + 1
}

/// Length of `r"…"` or `r#"…"#`; `None` if it is a name that begins with an r.
fn raw_string(text: &[u8]) -> Option<usize> {
    let hashes = text[1..].iter().take_while(|byte| **byte == b'#').count();
    if text.get(1 + hashes) != Some(&b'"') {
        return None;
    }
    let mut end = vec![b'"'];
    end.resize(1 + hashes, b'#');
    let inside = 2 + hashes;
    Some(inside + until(&text[inside..], &end) + end.len())
}

/// Length of a character, or 1 for the quote of a lifetime.
fn character(text: &[u8]) -> usize {
    if text.get(1) == Some(&b'\\') {
        return 3 + until(&text[3.min(text.len())..], b"'") + 1;
    }
    let width = match text.get(1) {
        Some(0xf0..) => 4,
        Some(0xe0..) => 3,
        Some(0xc0..) => 2,
        _ => 1,
    };
    if text.get(1 + width) == Some(&b'\'') {
        width + 2
    } else {
        1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_not_code() {
        let source = Source::read(
            "crates/x/src/lib.rs".to_owned(),
            "use a::b; // tonic::Status\nlet q = \"SELECT 'x' \\\" FROM t\"; /* a /* b */ axum:: */ let c = '\"'; let d: &'a str = r#\"raw \" one\"#;\n",
        );
        assert!(
            !source.code.contains("tonic")
                && !source.code.contains("SELECT")
                && !source.code.contains("axum")
        );
        assert!(source.code.contains("use a::b;") && source.code.contains("let d: &'a str = r"));
        assert!(
            source.strings.contains("SELECT 'x' \\\" FROM t")
                && source.strings.contains("raw \" one")
        );
        assert!(source.comments.contains("tonic::Status") && source.comments.contains("axum::"));
        assert_eq!(source.code.len(), source.strings.len());
    }

    #[test]
    fn the_tests_at_the_end_are_not_shipped() {
        let source = Source::read(
            "crates/x/src/lib.rs".to_owned(),
            "fn a() {}\n#[cfg(test)]\nmod tests { use tokio::test; }\n",
        );
        assert_eq!(source.shipped().trim(), "fn a() {}");
    }

    #[test]
    fn a_crate_is_known_by_its_path_and_not_by_a_part_of_a_name() {
        let found = |code: &str| crate_uses(code, "postgres").count();
        assert_eq!(
            found("use postgres::Client; fn f(c: postgres::Client) {}"),
            2
        );
        assert_eq!(
            found("use crate::postgres::Session; mod postgres; my_postgres::x()"),
            0
        );
        assert_eq!(found("use postgres;"), 1);
    }
}
