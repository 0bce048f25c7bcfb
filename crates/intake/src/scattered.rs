//! Records whose rows do not stand together in a file.
//!
//! A file is read as a stream, and rows that follow each other with one key are one record. If more rows of it come further
//! down, the record is whole nowhere: taken in one after the other, the later rows would take the place of the earlier.
//! So all its rows are quarantined, the first ones too, and come back in one file to be put together.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use marque_tabular::{Next, Problem, Table};

use crate::Refusal;

/// Keys of the records that are scattered over a file, as hashes.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scattered(HashSet<u64>);

impl Scattered {
    /// Reads a table to its end. While it is read, a hash is held for each record that has a key in `column`; without a
    /// column nothing is held, since each row is a record.
    ///
    /// # Errors
    /// Whatever stops the reading.
    pub(crate) fn find(table: &mut Table, column: Option<usize>) -> Result<Self, Problem> {
        let (mut seen, mut scattered) = (HashSet::new(), HashSet::new());
        let mut last = String::new();
        loop {
            match table.next_row()? {
                Next::End => return Ok(Self(scattered)),
                // One that cannot be read parts those before from those after it.
                Next::Bad(_) => last.clear(),
                Next::Row => {
                    let key = column.map_or("", |column| table.get(column));
                    if key != last {
                        key.clone_into(&mut last);
                        let is_first = key.trim().is_empty() || seen.insert(hash(key));
                        if !is_first {
                            scattered.insert(hash(key));
                        }
                    }
                }
            }
        }
    }

    /// Whether rows of this key stand in several places.
    pub(crate) fn has(&self, key: &str) -> bool {
        self.0.contains(&hash(key))
    }
}

/// What is said of each row of a scattered record.
pub(crate) fn refusal(column: &'static str) -> Refusal {
    Refusal {
        field: column,
        rule: "rows_apart",
        zh: format!(
            "{column}相同的行没有连续排列（或中间有错误行）。请将它们排在一起后，整单重新发送。"
        ),
        en: format!(
            "Rows with this {column} do not follow each other, or a faulty row stands between them. Sort the file by \
             {column}, mend what is faulty, and send all rows of it together."
        ),
    }
}

/// Of the key without blanks around it: so it is read by the services.
fn hash(key: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    key.trim().hash(&mut hasher);
    hasher.finish()
}
