//! Whose rows a file says they are: many programs write the dealer on each.

use marque_core::DealerCode;
use marque_quality::text::{present, tidy};
use marque_tabular::{Row, Table};

use crate::Refusal;

/// The column of dealers, in every kind of file.
pub(crate) const COLUMN: &str = "dealer";

/// What stands in a row's column of dealers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Named<'a> {
    /// The sender, or nobody.
    Sender,
    /// A code that is not the sender's.
    Another,
    /// What can be no code, such as the name of a house: nobody knows whose it is, and it is kept under its header.
    Words(&'a str, &'a str),
}

impl<'a> Named<'a> {
    /// What a row has under the column at this place of the schema.
    pub(crate) fn of(
        table: &'a Table,
        column: Option<usize>,
        row: &'a Row,
        sender: &DealerCode,
    ) -> Self {
        let headers = table.header_map();
        let cell = column.and_then(|column| present(Some(headers.get(row, column))));
        let Some(cell) = cell else {
            return Self::Sender;
        };
        match whose(cell, sender) {
            Whose::Sender => Self::Sender,
            Whose::Another => Self::Another,
            Whose::Nobodys => {
                let source = column.and_then(|column| headers.source_column(column));
                let header = source.and_then(|source| table.headers().get(source));
                Self::Words(header.map_or(COLUMN, String::as_str), cell)
            }
        }
    }

    /// The words to be kept, with their header.
    pub(crate) fn words(self) -> Option<(&'a str, &'a str)> {
        match self {
            Self::Words(header, text) => Some((header, text)),
            Self::Sender | Self::Another => None,
        }
    }
}

/// Whether a cell of the column of dealers has a code that is not the sender's.
pub(crate) fn is_anothers(cell: &str, sender: &DealerCode) -> bool {
    present(Some(cell)).is_some_and(|cell| whose(cell, sender) == Whose::Another)
}

/// Whose code a cell is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Sender,
    Another,
    Nobodys,
}

/// Spreadsheets change the case of codes and take the zeros from their beginning.
fn whose(cell: &str, sender: &DealerCode) -> Whose {
    let cell = tidy(cell);
    let bare = |code: &str| code.trim_start_matches('0').to_ascii_lowercase();
    if bare(&cell) == bare(sender.as_str()) {
        Whose::Sender
    } else if cell.parse::<DealerCode>().is_ok() {
        Whose::Another
    } else {
        Whose::Nobodys
    }
}

/// What is said of a row that bears another dealer's code.
pub(crate) fn refusal() -> Refusal {
    Refusal {
        field: COLUMN,
        rule: "dealer_differs",
        zh: "这一行写的是另一家经销商的代码。请以该经销商的名义发送；\
             如该列不是经销商代码，请改列名或删除该列。"
            .to_owned(),
        en: "The row bears the code of another dealer than the one it is sent for. Send each dealer's rows under his own code; \
             if the column holds something else, rename it or leave it out."
            .to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_senders_code_is_known_as_spreadsheets_leave_it() {
        for (sender, cell, expected) in [
            ("D1", "D1", Whose::Sender),
            ("D1", " d1 ", Whose::Sender),
            ("D1", "Ｄ１", Whose::Sender),
            ("0017", "17", Whose::Sender),
            ("D1", "D2", Whose::Another),
            ("D1", "1", Whose::Another),
            ("D1", "上海一店", Whose::Nobodys),
        ] {
            let sender: DealerCode = sender.parse().expect("a code");
            assert_eq!(whose(cell, &sender), expected, "{cell}");
        }
    }
}
