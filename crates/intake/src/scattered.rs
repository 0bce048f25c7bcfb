//! Records whose rows do not stand together in a file, or one of whose rows cannot be read.
//!
//! A file is read as a stream, and rows that follow each other with one key are one record. If more rows of it come further
//! down, or one of its rows is faulty, the record is whole nowhere: taken in one after the other, the later rows, or the
//! mended one, would take the place of the others. So all its rows are quarantined, the first ones too, and come back in one
//! file to be put together.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use marque_tabular::{Next, Problem, Row, RowFault, Table};

use crate::Refusal;

/// Keys of the records that are whole nowhere in a file, as hashes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scattered(HashSet<u64>);

impl Scattered {
    /// Reads a table to its end. While it is read, a hash is held for each record that has a key in `column`; without a
    /// column nothing is held, since each row is a record.
    ///
    /// # Errors
    /// Whatever stops the reading.
    pub(crate) fn find(table: &mut Table, column: Option<usize>) -> Result<Self, Problem> {
        let mut search = Search::default();
        loop {
            match (table.next_row()?, column) {
                (Next::End, _) => return Ok(Self(search.scattered)),
                (_, None) => {}
                (_, Some(column)) if is_under_the_table(table, column) => search.pass(""),
                (Next::Row, Some(_)) if continues_another(table) => search.pass_continuation(),
                (Next::Row, Some(column)) => search.pass(table.get(column)),
                (Next::Bad(problem), Some(column)) => {
                    search.pass_faulty(Faulty::of(table, column, &problem.fault));
                }
            }
        }
    }

    /// Whether the record of this key is whole nowhere.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains(&hash(key))
    }
}

/// What is known of the rows passed so far.
#[derive(Default)]
struct Search {
    seen: HashSet<u64>,
    scattered: HashSet<u64>,
    /// The key of the last row that could be read.
    last: String,
    /// The row before this one, if it could not be read.
    faulty: Option<Faulty>,
}

impl Search {
    fn pass(&mut self, key: &str) {
        let before = self.faulty.take();
        if key == self.last && before.is_none() {
            return;
        }
        key.clone_into(&mut self.last);
        let is_first = key.trim().is_empty() || self.seen.insert(hash(key));
        if !is_first || before.is_some_and(|row| row.may_be_of(key)) {
            self.scattered.insert(hash(key));
        }
    }

    fn pass_faulty(&mut self, row: Faulty) {
        if let Some(key) = &row.key {
            self.scattered.insert(hash(key));
        }
        if row.may_be_of(&self.last) {
            self.scattered.insert(hash(&self.last));
        }
        self.faulty = Some(row);
    }

    /// A row that names no record is refused, and the one it continues is not whole without it.
    fn pass_continuation(&mut self) {
        if !self.last.trim().is_empty() {
            self.scattered.insert(hash(&self.last));
        }
        self.last.clear();
        self.faulty = None;
    }
}

/// Whether a row has nothing of what every record must have, so that it can only go on with the one before it.
fn continues_another(table: &Table) -> bool {
    let mut places = table.schema().columns.iter().enumerate();
    places.all(|(place, column)| !column.is_required || table.get(place).trim().is_empty())
}

/// Whether a row is of no record: a sum, a remark, a rule or the end mark of DOS that programs put under their tables, and
/// between the records. Its key is missing or is that word itself.
fn is_under_the_table(table: &Table, column: usize) -> bool {
    let cells = || table.row().iter();
    let says_nothing = |cell: &str| !cell.chars().any(char::is_alphanumeric);
    let key = table.get(column).trim();
    let is_keyless = key.is_empty() && (cells().any(is_sum_or_remark) || cells().all(says_nothing));
    is_keyless || is_sum_or_remark(key)
}

/// Whether a cell is what stands beside a sum, or under a table.
pub(crate) fn is_sum_or_remark(cell: &str) -> bool {
    const SUMS: [&str; 5] = ["合计", "总计", "小计", "共计", "本页"];
    const REMARKS: [&str; 5] = ["制表", "审核人", "打印人", "打印时间", "导出时间"];
    // Not more than the word alone: a brand of oil begins with it.
    const ENGLISH: [&str; 3] = ["total", "subtotal", "grandtotal"];
    let letters = cell.chars().filter(|letter| !letter.is_whitespace());
    let bare: String = letters.take(16).collect();
    let word = bare.trim_end_matches([':', '：']);
    let mut chinese = SUMS.into_iter().chain(REMARKS);
    chinese.any(|beginning| bare.starts_with(beginning))
        || ENGLISH.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// A row that cannot be read: of the record before it, of the one after it or of one of its own.
struct Faulty {
    row: Row,
    /// Where the key stands, if no cell is missing or too many before it.
    place: usize,
    /// By how many cells it may have been shifted.
    reach: usize,
    /// What stands at its place; `None` if it cannot be made out.
    key: Option<String>,
}

impl Faulty {
    fn of(table: &Table, column: usize, fault: &RowFault) -> Self {
        let row = table.row().clone();
        let reach = match fault {
            RowFault::WrongWidth { expected, found } => expected.abs_diff(*found),
            RowFault::UnclosedQuote | RowFault::BadBytes => row.len(),
            _ => 0,
        };
        let key = bare(table.get(column));
        let is_legible =
            *fault != RowFault::BadJsonLine && !key.is_empty() && !key.contains('\u{fffd}');
        Self {
            key: is_legible.then(|| key.to_owned()),
            place: table.header_map().source_column(column).unwrap_or(0),
            row,
            reach,
        }
    }

    /// Whether it may be a row of the record of this key beside it.
    fn may_be_of(&self, key: &str) -> bool {
        let key = key.trim();
        if key.is_empty() || self.key.is_none() {
            return !key.is_empty();
        }
        let mut places = self.place.saturating_sub(self.reach)..=self.place + self.reach;
        places.any(|place| bare(self.row.field(place)) == key)
    }
}

/// A cell without blanks around it and without quotes that were never closed.
fn bare(cell: &str) -> &str {
    cell.trim_matches(|letter: char| letter.is_whitespace() || letter == '"')
}

/// What is said of each row of a record that is whole nowhere.
pub(crate) fn refusal(column: &'static str) -> Refusal {
    Refusal {
        field: column,
        rule: "rows_apart",
        zh: format!(
            "{column}相同的行没有连续排列，或其中有错误行。请改正错误行并将它们排在一起，整单重新发送。"
        ),
        en: format!(
            "Rows with this {column} do not follow each other, or a row of them or beside them is faulty. Sort the file by \
             {column}, mend what is faulty, and send all rows of it together."
        ),
    }
}

/// What is said of a row in which a sum or a remark stands as the key.
pub(crate) fn no_record(column: &'static str) -> Refusal {
    Refusal {
        field: column,
        rule: "no_record",
        zh: format!("{column}一栏是合计或备注，不是一条记录。无需改正，删除该行即可。"),
        en: format!(
            "A sum or a remark stands under {column}: this row is no record. Nothing is to be mended; leave it out."
        ),
    }
}

/// Of the key without blanks around it: so it is read by the services.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.trim().hash(&mut hasher);
    hasher.finish()
}
