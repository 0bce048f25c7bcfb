//! The table itself: typed columns, rows whose cells fit them.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Words, codes, dates in ISO form.
    Text,
    /// Whole numbers up to 2^53, such as counts.
    Integer,
    /// Other numbers, such as rates and means.
    Number,
}

impl Kind {
    /// The kind of a word: text, integer or number.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "text" => Some(Self::Text),
            "integer" => Some(Self::Integer),
            "number" => Some(Self::Number),
            _ => None,
        }
    }

    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Integer => "integer",
            Self::Number => "number",
        }
    }

    fn takes(self, cell: &Cell) -> bool {
        match (self, cell) {
            (_, Cell::Empty) | (Self::Text, Cell::Text(_)) | (Self::Number, Cell::Number(_)) => {
                true
            }
            (Self::Integer, Cell::Number(number)) => number.fract() == 0.0,
            _ => false,
        }
    }
}

/// A column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// Its name, the same in every file.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
}

impl Column {
    /// A column of a name and a kind.
    pub fn new(name: impl Into<String>, kind: Kind) -> Self {
        Self {
            name: name.into(),
            kind,
        }
    }
}

/// One value.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known.
    Empty,
    /// A word.
    Text(String),
    /// A number; whole in a column of integers.
    Number(f64),
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<i64> for Cell {
    fn from(number: i64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<f64> for Cell {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<T: Into<Self>> From<Option<T>> for Cell {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Empty, Into::into)
    }
}

/// A row that does not fit the columns.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Misshapen {
    /// Too few or too many cells.
    #[error("row {row} has {cells} cells for {columns} columns")]
    Width {
        /// Number of the row, from 0.
        row: usize,
        /// Cells it has.
        cells: usize,
        /// Columns there are.
        columns: usize,
    },
    /// A cell of another kind than its column.
    #[error("row {row} holds something that column {column} cannot")]
    Kind {
        /// Number of the row, from 0.
        row: usize,
        /// Name of the column.
        column: String,
    },
}

/// A table: each row has a cell for each column, and each cell is of its column's kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// A table of these columns and rows.
    ///
    /// # Errors
    /// [`Misshapen`] if a row does not fit the columns.
    pub fn new(columns: Vec<Column>, rows: Vec<Vec<Cell>>) -> Result<Self, Misshapen> {
        for (row, cells) in rows.iter().enumerate() {
            if cells.len() != columns.len() {
                let (cells, columns) = (cells.len(), columns.len());
                return Err(Misshapen::Width {
                    row,
                    cells,
                    columns,
                });
            }
            let wrong = columns
                .iter()
                .zip(cells)
                .find(|(column, cell)| !column.kind.takes(cell));
            if let Some((column, _)) = wrong {
                let column = column.name.clone();
                return Err(Misshapen::Kind { row, column });
            }
        }
        Ok(Self { columns, rows })
    }

    /// Its columns.
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    /// Its rows.
    pub fn rows(&self) -> &[Vec<Cell>] {
        &self.rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_that_does_not_fit_is_named() {
        let columns = vec![
            Column::new("dealer", Kind::Text),
            Column::new("customers", Kind::Integer),
        ];
        let row = |cells: Vec<Cell>| Table::new(columns.clone(), vec![cells]);
        assert!(row(vec!["D001".into(), Cell::Empty]).is_ok());
        assert_eq!(
            row(vec!["D001".into()]),
            Err(Misshapen::Width {
                row: 0,
                cells: 1,
                columns: 2
            })
        );
        for wrong in [Cell::from(0.5), Cell::from("many")] {
            let column = "customers".to_owned();
            assert_eq!(
                row(vec!["D001".into(), wrong]),
                Err(Misshapen::Kind { row: 0, column })
            );
        }
    }
}
