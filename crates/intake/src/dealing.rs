//! Rows that name another dealer than the one whose import it is.

use marque_core::DealerCode;
use marque_quality::text::present;

use crate::Refusal;

/// The column that names the dealer of a row, where a kind of file has it.
pub(crate) const COLUMN: &str = "dealer";

/// Whether a cell names another dealer. A code does; what can be no code is a dealer's name, of which nothing is known here.
pub(crate) fn names_another(cell: &str, dealer: &DealerCode) -> bool {
    if cell == dealer.as_str() {
        return false;
    }
    let Some(named) = present(Some(cell)) else {
        return false;
    };
    let is_same = bare(named).eq_ignore_ascii_case(bare(dealer.as_str()));
    !is_same && named.parse::<DealerCode>().is_ok()
}

/// A code without the zeros in front, which spreadsheet programs take away.
fn bare(code: &str) -> &str {
    code.trim_start_matches('0')
}

/// What is said of a row of another dealer.
pub(crate) fn refusal() -> Refusal {
    Refusal {
        field: COLUMN,
        rule: "dealer_differs",
        zh: "这一行是另一家经销商的：请按经销商分文件导入；若这一列另有含义，请改列名".to_owned(),
        en: "the row is of another dealer than the import: send a file for each dealer, or rename the column if it means something \
             else"
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_another_dealer_and_a_name_does_not() {
        let is_other = |cell: &str, dealer: &str| names_another(cell, &dealer.parse().unwrap());
        for cell in [
            "",
            " ",
            "-",
            "NULL",
            "D001",
            " D001 ",
            "d001",
            "石家庄众诚汽车",
        ] {
            assert!(!is_other(cell, "D001"), "{cell}");
        }
        assert!(!is_other("17", "0017"), "a spreadsheet took the zeros away");
        for cell in ["D002", "B", "NOPE", "D0010"] {
            assert!(is_other(cell, "D001"), "{cell}");
        }
    }
}
