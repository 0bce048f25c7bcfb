//! A table of text, held as one string: the form in which files reach the engine.

/// Rows and columns of text.
#[derive(Clone, Debug, Default)]
pub struct Table {
    headers: Vec<String>,
    text: String,
    ends: Vec<u32>,
}

/// The table would exceed what it can address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the file holds more than 4 GiB of text: link it in parts, or take the incremental engine")]
pub struct TableFull;

impl Table {
    /// An empty table with these columns.
    pub fn new(headers: Vec<String>) -> Self {
        Self {
            headers,
            text: String::new(),
            ends: Vec::new(),
        }
    }

    /// Appends a row; missing cells are empty, surplus ones dropped.
    ///
    /// # Errors
    /// If the text would pass 4 GiB.
    pub fn push_row<'a>(
        &mut self,
        cells: impl IntoIterator<Item = &'a str>,
    ) -> Result<(), TableFull> {
        let mut cells = cells.into_iter();
        for _ in 0..self.headers.len() {
            self.text.push_str(cells.next().unwrap_or(""));
            self.ends
                .push(u32::try_from(self.text.len()).map_err(|_| TableFull)?);
        }
        Ok(())
    }

    /// Appends all rows of a table of the same columns: files are read in parts.
    ///
    /// # Errors
    /// If the text would pass 4 GiB.
    pub fn append(&mut self, rows: &Self) -> Result<(), TableFull> {
        let start = self.text.len();
        u32::try_from(start + rows.text.len()).map_err(|_| TableFull)?;
        self.text.push_str(&rows.text);
        let start = start as u32;
        self.ends.extend(rows.ends.iter().map(|end| start + end));
        Ok(())
    }

    /// Names of the columns.
    pub fn headers(&self) -> &[String] {
        &self.headers
    }

    /// How many rows.
    pub fn rows(&self) -> usize {
        self.ends.len().checked_div(self.headers.len()).unwrap_or(0)
    }

    /// The cell, white space at its ends included.
    pub fn cell(&self, row: usize, column: usize) -> &str {
        let at = row * self.headers.len() + column;
        let start = if at == 0 { 0 } else { self.ends[at - 1] };
        &self.text[start as usize..self.ends[at] as usize]
    }

    /// The column of this name; upper and lower case alike.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.headers
            .iter()
            .position(|header| header == name)
            .or_else(|| {
                let wanted = name.trim().to_lowercase();
                self.headers
                    .iter()
                    .position(|header| header.trim().to_lowercase() == wanted)
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_come_back_as_they_were_put() {
        let mut table = Table::new(vec!["a".into(), "b".into()]);
        table.push_row(["1", "张"]).unwrap();
        table.push_row(["2"]).unwrap();
        assert_eq!(
            (
                table.rows(),
                table.cell(0, 1),
                table.cell(1, 0),
                table.cell(1, 1)
            ),
            (2, "张", "2", "")
        );
        let copy = table.clone();
        table.append(&copy).unwrap();
        assert_eq!(
            (table.rows(), table.cell(2, 0), table.cell(2, 1)),
            (4, "1", "张")
        );
        assert_eq!((table.column("B"), table.column("c")), (Some(1), None));
        assert_eq!(Table::new(vec![]).rows(), 0);
    }
}
