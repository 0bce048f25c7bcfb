//! What a source last told of a car, by which the same rows again are known.
//!
//! A file may have several rows of one car, and each of them is the same again if it says what it said before at its place among them.
//! A row that is left out of the next file takes nothing back.

use uuid::Uuid;

/// The rows of one car in the file that named it last, or the one live row.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Told {
    /// The import; nil for a live row.
    pub(crate) file: Uuid,
    /// How many of the rows have come in that import.
    pub(crate) came: usize,
    /// Keyed hashes of the rows, in their order; none if nothing was told yet.
    pub(crate) rows: Vec<[u8; 16]>,
}

/// More rows of one car than this are not told apart: there the last one stands for all.
const MOST: usize = 32;

impl Told {
    /// Hears a row of a file, or a live one. Whether it is nothing new.
    pub(crate) fn hear(&mut self, file: Option<Uuid>, row: [u8; 16]) -> bool {
        let is_last = self.rows.last() == Some(&row);
        let Some(file) = file else {
            if !is_last {
                *self = Self::once(Uuid::nil(), row);
            }
            return is_last;
        };
        if self.file != file {
            (self.file, self.came) = (file, 0);
        }
        let came = self.came;
        if self.rows.get(came) == Some(&row) {
            self.came += 1;
            return true;
        }
        if came == 0 && is_last {
            *self = Self::once(file, row);
            return true;
        }
        if came > 0 && self.rows[came - 1] == row {
            return true;
        }
        self.rows.truncate(came);
        if came < MOST {
            self.rows.push(row);
            self.came += 1;
        } else {
            *self = Self::once(file, row);
        }
        false
    }

    /// Whether it must be kept for the rows of the same file that are still to come, though nothing new was heard since `stored`.
    pub(crate) fn goes_on(&self, stored: &Self) -> bool {
        self != stored && (self.came < self.rows.len() || self.file == stored.file)
    }

    fn once(file: Uuid, row: [u8; 16]) -> Self {
        Self {
            file,
            came: 1,
            rows: vec![row],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of the rows of a file are nothing new.
    fn send(told: &mut Told, file: u128, rows: &str) -> Vec<bool> {
        let hear = |row: u8| told.hear(Some(Uuid::from_u128(file)), [row; 16]);
        rows.bytes().map(hear).collect()
    }

    #[test]
    fn each_row_is_compared_with_what_it_said_before() {
        let mut told = Told::default();
        assert_eq!(send(&mut told, 1, "ab"), [false, false]);
        assert_eq!(send(&mut told, 2, "ab"), [true, true]);
        assert_eq!(send(&mut told, 3, "aab"), [true, true, true], "typed twice");
        assert_eq!(send(&mut told, 4, "ac"), [true, false]);
        assert_eq!(send(&mut told, 5, "ac"), [true, true]);
        assert_eq!(send(&mut told, 6, "c"), [true], "a row less");
        assert_eq!(
            send(&mut told, 7, "xc"),
            [false, false],
            "c is newer than x"
        );
        assert_eq!(send(&mut told, 8, "xcz"), [true, true, false]);
        assert_eq!(send(&mut told, 9, "xcz"), [true, true, true]);
    }

    #[test]
    fn what_changes_and_changes_back_is_new_each_time() {
        let mut told = Told::default();
        for (file, row) in (1..).zip(["a", "b", "a"]) {
            assert_eq!(send(&mut told, file, row), [false]);
        }
        assert!(told.hear(None, *b"aaaaaaaaaaaaaaaa"));
        assert!(!told.hear(None, *b"bbbbbbbbbbbbbbbb"));
        assert_eq!(send(&mut told, 4, "b"), [true]);
    }

    #[test]
    fn a_live_row_is_compared_with_the_last() {
        let mut told = Told::default();
        send(&mut told, 1, "ab");
        assert!(!told.hear(None, [b'a'; 16]));
        assert_eq!(send(&mut told, 2, "ab"), [true, false]);
    }

    #[test]
    fn of_very_many_rows_the_last_stands_for_all() {
        let mut told = Told::default();
        let rows: String = ('!'..='~').collect();
        assert!(send(&mut told, 1, &rows).iter().all(|same| !same));
        assert!(told.rows.len() <= MOST);
    }

    #[test]
    fn it_is_kept_while_rows_of_the_file_are_to_come() {
        let mut told = Told::default();
        send(&mut told, 1, "ab");
        let stored = told.clone();
        send(&mut told, 2, "a");
        assert!(told.goes_on(&stored), "b may be in the next batch");
        let stored = told.clone();
        send(&mut told, 2, "b");
        assert!(told.goes_on(&stored));
        let stored = told.clone();
        send(&mut told, 3, "ab");
        assert!(!told.goes_on(&stored), "the same file again writes nothing");
    }
}
