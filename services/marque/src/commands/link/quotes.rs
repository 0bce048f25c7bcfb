//! Quotes that do not pair: an unclosed one would swallow the rows behind it, and nobody would miss them.

use std::borrow::Cow;

/// Cells longer than this are none: the quote that begins one was never closed.
const LONGEST_CELL: usize = 1 << 20;
/// A cell that runs over more lines than this is doubted, though it ends.
const MANY_LINES: usize = 20;

/// A text in which every quoted cell ends where it should.
pub(super) struct Mended<'text> {
    pub(super) text: Cow<'text, str>,
    /// Where cells begin whose quote was never closed: each is read as it stands in its line.
    pub(super) unclosed: Vec<usize>,
    /// Where cells begin that are left as they are and run over so many lines that a quote may be missing.
    pub(super) doubtful: Vec<usize>,
}

/// Reads cells whose quote is never closed as plain ones, by quoting them and their quotes.
pub(super) fn mend(text: &str, delimiter: u8) -> Mended<'_> {
    let bytes = text.as_bytes();
    let (mut unclosed, mut doubtful) = (Vec::new(), Vec::new());
    let (mut mended, mut copied, mut cell) = (String::new(), 0, 0);
    while cell < bytes.len() {
        let mut end = cell;
        if bytes[cell] == b'"' {
            if let Some(closed) = quoted_end(bytes, cell, delimiter) {
                end = closed;
                if line_ends(&text[cell..end]) > MANY_LINES {
                    doubtful.push(cell);
                }
            } else {
                end = plain_end(bytes, cell, delimiter);
                unclosed.push(cell);
                mended.push_str(&text[copied..cell]);
                mended.push('"');
                mended.push_str(&text[cell..end].replace('"', "\"\""));
                mended.push('"');
                copied = end;
            }
        }
        cell = plain_end(bytes, end, delimiter) + 1;
    }
    let text = if unclosed.is_empty() {
        Cow::Borrowed(text)
    } else {
        mended.push_str(&text[copied..]);
        Cow::Owned(mended)
    };
    Mended {
        text,
        unclosed,
        doubtful,
    }
}

/// How many lines end in a text: with LF, CR LF, or CR alone.
pub(super) fn line_ends(text: &str) -> usize {
    let feeds = text.matches('\n').count();
    if feeds > 0 {
        feeds
    } else {
        text.matches('\r').count()
    }
}

/// The place behind the quote that closes the cell begun at `start`. There is none if the next quote stands lines below and text
/// follows it: that one begins another cell. Blanks are no text: there are systems that pad their cells.
fn quoted_end(bytes: &[u8], start: usize, delimiter: u8) -> Option<usize> {
    let bytes = &bytes[..bytes.len().min(start + LONGEST_CELL)];
    let mut at = start + 1;
    loop {
        at += bytes[at..].iter().position(|&byte| byte == b'"')? + 1;
        if bytes.get(at) == Some(&b'"') {
            at += 1;
            continue;
        }
        let is_text = |byte: &&u8| **byte != b' ' || **byte == delimiter;
        let after = bytes[at..].iter().find(is_text);
        let is_end = after.is_none_or(|&byte| ends_cell(byte, delimiter));
        let is_one_line = || !bytes[start..at].iter().any(|byte| is_line_end(*byte));
        return (is_end || is_one_line()).then_some(at);
    }
}

/// Where a cell ends that is not quoted, or what follows the closing quote of one.
fn plain_end(bytes: &[u8], from: usize, delimiter: u8) -> usize {
    let length = bytes[from..]
        .iter()
        .position(|&byte| ends_cell(byte, delimiter));
    length.map_or(bytes.len(), |length| from + length)
}

fn ends_cell(byte: u8, delimiter: u8) -> bool {
    byte == delimiter || is_line_end(byte)
}

fn is_line_end(byte: u8) -> bool {
    byte == b'\n' || byte == b'\r'
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quote_that_is_never_closed_is_a_part_of_its_cell() {
        for (text, expected) in [
            ("a,b\n1,\"x\n2,y\n", "a,b\n1,\"\"\"x\"\n2,y\n"),
            ("a,b\n\"1,x\n2,\"y\"\n", "a,b\n\"\"\"1\",x\n2,\"y\"\n"),
            ("1,\"x\r\n2,\"y\r\n3,z", "1,\"\"\"x\"\r\n2,\"\"\"y\"\r\n3,z"),
            ("1,\"x\"\"\n2,y", "1,\"\"\"x\"\"\"\"\"\n2,y"),
            ("1,\"", "1,\"\"\"\""),
        ] {
            let mended = mend(text, b',');
            assert_eq!(mended.text, expected, "{text}");
            assert!(!mended.unclosed.is_empty());
        }
    }

    #[test]
    fn cells_that_end_are_left_as_they_are() {
        for text in [
            "",
            "a,b\n",
            "\"a\",\"b\"\n\"1\",\"x\ny\"\r\n",
            "1,\"He said \"\"no\"\"\nand left\",2",
            "1,\"x\ny\" ,2\n\"3\nz\"  \r\n4,\"5\n6\" ",
            "1,\"Bob\" Smith,2\n",
            "1,Robert \"Bob\" Smith,5\"\n",
        ] {
            let mended = mend(text, b',');
            assert_eq!(mended.text, text);
            assert!(mended.unclosed.is_empty() && mended.doubtful.is_empty());
        }
    }

    #[test]
    fn a_cell_of_very_many_lines_is_doubted() {
        let swallowed = "2,y,z\n".repeat(MANY_LINES);
        let text = format!("1,\"x,z\n{swallowed}3,5\",z\n");
        let mended = mend(&text, b',');
        assert_eq!((mended.doubtful, mended.unclosed), (vec![2], vec![]));
    }
}
