//! Cells that a spreadsheet program would take for formulas: people open the file of quarantined rows in one, and what stands
//! in it came from somebody else. Such a cell has an apostrophe in front of it while it is out, and loses it when the mended file
//! comes back.

use std::borrow::Cow;

/// What keeps a cell from being a formula.
const GUARD: char = '\'';

/// The cell as it may be opened.
pub(crate) fn guarded(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches(GUARD)) {
        Cow::Owned(format!("{GUARD}{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell as it was before [`guarded`]; of any other cell, nothing.
pub(crate) fn unguarded(cell: &str) -> Option<&str> {
    let bare = cell.strip_prefix(GUARD)?;
    is_formula(bare.trim_start_matches(GUARD)).then_some(bare)
}

/// Whether a spreadsheet program would compute it. Phones and amounts begin with signs too; of digits and signs alone nothing can be
/// computed that does harm.
fn is_formula(cell: &str) -> bool {
    cell.starts_with(['=', '+', '-', '@', '\t', '\r'])
        && cell
            .chars()
            .any(|each| !each.is_ascii_digit() && !"+-., ()/".contains(each))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn formulas_are_guarded_and_numbers_are_not() {
        for (cell, out) in [
            ("=1+2", "'=1+2"),
            ("=HYPERLINK(\"http://x\")", "'=HYPERLINK(\"http://x\")"),
            ("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\t=1", "'\t=1"),
            ("'=1", "''=1"),
            ("+86 138-1234-5678", "+86 138-1234-5678"),
            ("-20.00", "-20.00"),
            ("-", "-"),
            ("王小明", "王小明"),
            ("'90", "'90"),
            ("", ""),
        ] {
            assert_eq!(guarded(cell), out);
        }
    }

    proptest! {
        #[test]
        fn what_went_out_comes_back(cell in "[=+@'a1-]{0,5}") {
            let out = guarded(&cell).into_owned();
            prop_assert_eq!(unguarded(&out).unwrap_or(&out), cell);
        }
    }
}
