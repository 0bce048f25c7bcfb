//! Cutting a CSV text (RFC 4180) into rows and cells without copying, from any record boundary. A record ends with LF, CR LF, or a
//! CR alone, as old Macs and some dealer systems write it.

use super::error::{Fault, What};

/// One cell: where its content lies in the text. Quotes around it are left out; doubled quotes inside stay doubled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) start: usize,
    pub(super) end: usize,
}

/// Reads the cells of the record at `start` into `cells` and returns (end of the record's content, start of the next).
pub(super) fn read_record(
    text: &[u8],
    start: usize,
    cells: &mut Vec<Cell>,
) -> Result<(usize, usize), Fault> {
    cells.clear();
    let mut at = start;
    loop {
        let (cell, end) = if text.get(at) == Some(&b'"') {
            quoted_cell(text, at)?
        } else {
            plain_cell(text, at)?
        };
        cells.push(cell);
        match text.get(end) {
            Some(b',') => at = end + 1,
            Some(b'\n') => return Ok((end, end + 1)),
            Some(b'\r') if text.get(end + 1) == Some(&b'\n') => return Ok((end, end + 2)),
            Some(b'\r') => return Ok((end, end + 1)),
            Some(_) => {
                return Err(Fault {
                    at,
                    what: What::Quotes(
                        "there is text after a closing quote; double the quotes inside a cell",
                    ),
                });
            }
            None => return Ok((end, end)),
        }
    }
}

fn plain_cell(text: &[u8], start: usize) -> Result<(Cell, usize), Fault> {
    let mut end = start;
    while let Some(&byte) = text.get(end) {
        match byte {
            b',' | b'\n' | b'\r' => break,
            b'"' => {
                return Err(Fault {
                    at: start,
                    what: What::Quotes(
                        "there is a quote inside a cell that is not quoted; quote the cell and double the quote",
                    ),
                });
            }
            _ => end += 1,
        }
    }
    Ok((Cell { start, end }, end))
}

fn quoted_cell(text: &[u8], start: usize) -> Result<(Cell, usize), Fault> {
    let mut at = start + 1;
    loop {
        let Some(quote) = memchr::memchr(b'"', &text[at..]) else {
            return Err(Fault {
                at: start,
                what: What::Quotes("a quoted cell begins here and never ends; close the quote"),
            });
        };
        let quote = at + quote;
        if text.get(quote + 1) != Some(&b'"') {
            return Ok((
                Cell {
                    start: start + 1,
                    end: quote,
                },
                quote + 1,
            ));
        }
        at = quote + 2;
    }
}

/// Places at which the text can be cut into about `parts` runs of whole records, from `start` to the end.
///
/// Whether a line break ends a record depends on the quotes before it: an odd number means it lies inside a cell. So the
/// quotes of each part are counted first (all parts at once, by the caller's threads), and then each cut is moved to the
/// next line break outside quotes.
pub(super) fn cuts(text: &[u8], start: usize, parts: usize) -> Vec<usize> {
    use rayon::prelude::*;
    let length = text.len() - start;
    let parts = parts.min(length / 4_096 + 1);
    let rough: Vec<usize> = (0..=parts)
        .map(|part| start + length * part / parts)
        .collect();
    let quotes: Vec<usize> = rough
        .par_windows(2)
        .map(|ends| memchr::memchr_iter(b'"', &text[ends[0]..ends[1]]).count())
        .collect();
    let mut cuts = vec![start];
    let mut quotes_before = 0;
    for (part, count) in quotes.iter().enumerate().take(parts - 1) {
        quotes_before += count;
        let cut = next_record(text, rough[part + 1], quotes_before % 2 == 1);
        if cut > cuts[cuts.len() - 1] && cut < text.len() {
            cuts.push(cut);
        }
    }
    cuts.push(text.len());
    cuts
}

/// The place after the first line break outside quotes, from `at`.
fn next_record(text: &[u8], at: usize, mut is_quoted: bool) -> usize {
    for place in memchr::memchr3_iter(b'"', b'\n', b'\r', &text[at..]) {
        let after = at + place + 1;
        match text[at + place] {
            b'"' => is_quoted = !is_quoted,
            b'\r' if text.get(after) == Some(&b'\n') => {}
            _ if !is_quoted => return after,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn records(text: &str) -> Result<Vec<Vec<String>>, Fault> {
        let (mut at, mut cells, mut records) = (0, Vec::new(), Vec::new());
        while at < text.len() {
            let (_, next) = read_record(text.as_bytes(), at, &mut cells)?;
            records.push(
                cells
                    .iter()
                    .map(|cell| text[cell.start..cell.end].to_owned())
                    .collect(),
            );
            at = next;
        }
        Ok(records)
    }

    #[test]
    fn cells_are_cut_as_the_rfc_says() {
        let text = "a,b,\r\n\"x,\"\"y\"\"\nz\",,1\nlast,\"\",q";
        let expected = [
            vec!["a", "b", ""],
            vec!["x,\"\"y\"\"\nz", "", "1"],
            vec!["last", "", "q"],
        ];
        assert_eq!(records(text).unwrap(), expected);
    }

    #[test]
    fn a_record_ends_with_any_of_the_three_line_ends() {
        let expected = [vec!["a", "b"], vec!["1", "x\ry"], vec!["2", ""]];
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "1,\"x\ry\"", "2,"].join(end);
            assert_eq!(records(&text).unwrap(), expected, "{end:?}");
        }
    }

    #[test]
    fn broken_quotes_are_faults() {
        for text in ["a,b\"c,d\n", "a,\"b\"c\n", "a,\"never ends\nb,c\n"] {
            assert!(
                matches!(
                    records(text),
                    Err(Fault {
                        what: What::Quotes(_),
                        ..
                    })
                ),
                "{text}"
            );
        }
    }

    proptest! {
        // Texts of many kilobytes, or there would be nothing to cut: fewer of them.
        #![proptest_config(ProptestConfig::with_cases(40))]

        #[test]
        fn every_cut_is_the_start_of_a_record(
            rows in proptest::collection::vec(("[a-z]{1,9}", "[a-z,\n]{0,12}"), 1..1_500), parts in 1_usize..40,
            end in prop_oneof![Just("\n"), Just("\r\n"), Just("\r")],
        ) {
            let rows: Vec<String> = rows.iter().map(|(plain, quoted)| format!("{plain},\"{quoted}\"{end}")).collect();
            let text = rows.concat();
            let (mut starts, mut at, mut cells) = (vec![0], 0, Vec::new());
            while at < text.len() {
                (_, at) = read_record(text.as_bytes(), at, &mut cells).unwrap();
                starts.push(at);
            }
            for cut in cuts(text.as_bytes(), 0, parts) {
                prop_assert!(starts.binary_search(&cut).is_ok());
            }
        }
    }
}
