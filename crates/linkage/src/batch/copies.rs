//! Rows that say all the same, more of them than any block holds: a few are linked and stand for the others.

use std::hash::Hasher as _;

use rayon::prelude::*;
use rustc_hash::FxHasher;

use super::Linked;
use crate::cluster::{Cut, CutReason, Edge};
use crate::schema::{Mapping, Role, is_missing};
use crate::table::{Table, TableFull};

/// Up to so many rows that say the same are linked as they are; the smallest block holds as many.
const MOST_LINKED: usize = 60;
/// So many stand for all where there are more.
const KEPT: usize = 16;

/// Which rows of a table are linked, and which are only more copies of some of them.
pub struct Copies {
    /// Rows that are linked, in their order.
    linked: Vec<u32>,
    /// Rows that say the same, in their order: the first [`KEPT`] are linked.
    groups: Vec<Vec<u32>>,
    rows: usize,
}

impl Copies {
    /// Looks for rows that hold the same in all columns that are compared; `None` if no row has so many copies.
    pub fn find(table: &Table, mapping: &Mapping) -> Option<Self> {
        let compared: Vec<usize> = (0..mapping.roles.len())
            .filter(|column| !matches!(mapping.roles[*column], Role::RowId | Role::Ignore))
            .collect();
        let groups = many_alike(table, &compared);
        if groups.is_empty() {
            return None;
        }
        let mut is_linked = vec![true; table.rows()];
        for row in groups.iter().flat_map(|group| &group[KEPT..]) {
            is_linked[*row as usize] = false;
        }
        let linked = (0..table.rows() as u32).filter(|row| is_linked[*row as usize]);
        Some(Self {
            linked: linked.collect(),
            groups,
            rows: table.rows(),
        })
    }

    /// The rows that are linked.
    ///
    /// # Errors
    /// None that the whole table did not give.
    pub fn linked_rows(&self, table: &Table) -> Result<Table, TableFull> {
        let columns = table.headers().len();
        let mut linked = Table::new(table.headers().to_vec());
        for row in &self.linked {
            linked.push_row((0..columns).map(|column| table.cell(*row as usize, column)))?;
        }
        Ok(linked)
    }

    /// What was found, told of all rows: the copies are where those that stand for them came together. If these did not,
    /// copies stay alone, and that comes to light as a cut.
    #[must_use]
    pub fn told_of_all(&self, mut found: Linked) -> Linked {
        let row_of = |record: u32| self.linked[record as usize];
        let mut entity: Vec<u32> = (0..self.rows as u32).collect();
        for (record, of) in found.clusters.entity.iter().enumerate() {
            entity[row_of(record as u32) as usize] = row_of(*of);
        }
        for edge in &mut found.edges {
            let Edge { left, right, .. } = *edge;
            (edge.left, edge.right) = (row_of(left), row_of(right));
        }
        for cut in &mut found.clusters.cuts {
            cut.records = (row_of(cut.records.0), row_of(cut.records.1));
        }
        for group in &self.groups {
            let (kept, others) = group.split_at(KEPT);
            let first = entity[kept[0] as usize];
            if kept.iter().all(|row| entity[*row as usize] == first) {
                for row in others {
                    entity[*row as usize] = first;
                }
            } else {
                found.clusters.cuts.push(Cut {
                    left_size: kept.len(),
                    right_size: others.len(),
                    bits: 0.0,
                    records: (kept[0], others[0]),
                    why: CutReason::TooLargeForItsEvidence,
                });
            }
        }
        found.clusters.entity = entity;
        found
    }
}

/// Groups of more than [`MOST_LINKED`] rows that hold the same in these columns, and not nothing.
fn many_alike(table: &Table, columns: &[usize]) -> Vec<Vec<u32>> {
    if table.rows() <= MOST_LINKED {
        return Vec::new();
    }
    let hashes: Vec<u64> = (0..table.rows())
        .into_par_iter()
        .with_min_len(4096)
        .map(|row| hash_of(table, columns, row))
        .collect();
    // Rows of a thinly filled place have few copies: hardly any need be looked at twice.
    let places = (table.rows() / 4).next_power_of_two().max(1024);
    let place_of = |hash: u64| (hash >> 32) as usize & (places - 1);
    let mut filled = vec![0_u32; places];
    for hash in &hashes {
        filled[place_of(*hash)] += 1;
    }
    let mut crowded: Vec<(u64, u32)> = hashes
        .iter()
        .enumerate()
        .filter(|(_, hash)| filled[place_of(**hash)] as usize > MOST_LINKED)
        .map(|(row, hash)| (*hash, row as u32))
        .collect();
    crowded.sort_unstable();
    let same = |left: u32, right: u32| {
        let cell = |row: u32, column: usize| table.cell(row as usize, column).trim();
        columns
            .iter()
            .all(|column| cell(left, *column) == cell(right, *column))
    };
    let says_nothing = |row: u32| {
        columns
            .iter()
            .all(|column| is_missing(table.cell(row as usize, *column).trim()))
    };
    crowded
        .chunk_by(|left, right| left.0 == right.0 && same(left.1, right.1))
        .filter(|group| group.len() > MOST_LINKED && !says_nothing(group[0].1))
        .map(|group| group.iter().map(|(_, row)| *row).collect())
        .collect()
}

fn hash_of(table: &Table, columns: &[usize], row: usize) -> u64 {
    let mut hasher = FxHasher::default();
    for column in columns {
        hasher.write(table.cell(row, *column).trim().as_bytes());
        hasher.write_u8(0xff);
    }
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use super::super::{BatchOptions, link};
    use super::*;
    use crate::general::GeneralRecords;
    use crate::schema::recognise;

    fn linked(copies: usize) -> Linked {
        let headers = ["id", "first_name", "surname", "dob", "email"];
        let mut table = Table::new(headers.map(str::to_owned).to_vec());
        let mut push = |first: &str, surname: &str, dob: &str| {
            let id = format!("r{}", table.rows());
            let email = format!("{first}@{surname}.no");
            table
                .push_row([id.as_str(), first, surname, dob, &email])
                .unwrap();
        };
        for person in 0..90 {
            let dob = format!(
                "{}-0{}-{}",
                1940 + person / 2,
                1 + person % 9,
                10 + person % 17
            );
            push(
                &format!("Ola{person}"),
                &format!("Berg{}", person % 30),
                &dob,
            );
        }
        for _ in 0..copies {
            push("Xavier", "Quimby", "1966-06-06");
        }
        let mapping = recognise(&table, None);
        let whole = Copies::find(&table, &mapping).expect("there are many copies");
        let rows = whole.linked_rows(&table).unwrap();
        assert_eq!(rows.rows(), 90 + KEPT);
        let records = GeneralRecords::from_table(&rows, &mapping).unwrap();
        let options = records.options(BatchOptions::default());
        whole.told_of_all(link(&records, None, options))
    }

    #[test]
    fn a_row_is_one_entity_whatever_the_number_of_its_copies() {
        for copies in [61, 128, 1_000] {
            let found = linked(copies).clusters;
            assert_eq!(found.entity.len(), 90 + copies);
            assert!(found.entity[90..].iter().all(|entity| *entity == 90));
            assert!(found.cuts.is_empty());
        }
    }

    #[test]
    fn few_copies_and_rows_of_nothing_are_linked_as_they_are() {
        let mut table = Table::new(["name", "city"].map(str::to_owned).to_vec());
        for _ in 0..200 {
            table.push_row(["", "unknown"]).unwrap();
        }
        for row in 0..MOST_LINKED {
            table.push_row(["Ola Berg", "Oslo"]).unwrap();
            table
                .push_row([format!("Kari {row}").as_str(), "Bergen"])
                .unwrap();
        }
        let mapping = Mapping {
            roles: vec![Role::FullName, Role::Place],
        };
        assert!(Copies::find(&table, &mapping).is_none());
    }
}
