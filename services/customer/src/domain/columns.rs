//! The columns of a customer's row as they came.

use std::fmt;

use marque_quality::{CustomerRow, Field};

/// The canonical columns, in the order of the import schema; their place is how they are kept, so the list only grows.
pub(crate) const COLUMNS: [Field; 26] = [
    Field::CustomerSourceKey,
    Field::CustomerKind,
    Field::CustomerName,
    Field::CustomerIdNumber,
    Field::CustomerCreditCode,
    Field::CustomerPhone,
    Field::CustomerPhone2,
    Field::CustomerEmail,
    Field::CustomerWechat,
    Field::CustomerGender,
    Field::CustomerBirthday,
    Field::CustomerAddress,
    Field::CustomerRegionCode,
    Field::CustomerOccupation,
    Field::CustomerIndustry,
    Field::CustomerIncomeBand,
    Field::CustomerHobbies,
    Field::CustomerExplicitRequests,
    Field::CustomerSpecialNeeds,
    Field::CustomerAcquisitionChannel,
    Field::CustomerReferrerKey,
    Field::CustomerContactName,
    Field::CustomerPlate,
    Field::CustomerVin,
    Field::CustomerClerk,
    Field::CustomerRecordedAt,
];

/// A row: the columns that have a value, and those nobody knows.
#[derive(Clone, PartialEq, Eq, Default)]
pub(crate) struct Columns {
    /// Place in [`COLUMNS`] and text, in order of places.
    pub(crate) known: Vec<(u8, String)>,
    /// Header and text.
    pub(crate) extra: Vec<(String, String)>,
}

impl Columns {
    /// Sets a column, unless the text is blank. To be called in the order of [`COLUMNS`].
    pub(crate) fn push(&mut self, place: usize, text: &str) {
        if !text.trim().is_empty() {
            self.known.push((place as u8, text.to_owned()));
        }
    }

    /// The row as the validators want it.
    pub(crate) fn row(&self) -> CustomerRow<'_> {
        let mut row = CustomerRow::default();
        for (place, text) in &self.known {
            if let Some(field) = COLUMNS.get(usize::from(*place)) {
                row.set(*field, Some(text));
            }
        }
        row
    }

    /// The text of a column.
    pub(crate) fn get(&self, field: Field) -> Option<&str> {
        let place = COLUMNS.iter().position(|known| *known == field)?;
        let found = self
            .known
            .iter()
            .find(|(known, _)| usize::from(*known) == place);
        found.map(|(_, text)| text.as_str())
    }
}

/// Shows how many columns there are and nothing of what they hold.
impl fmt::Debug for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Columns({} known, {} extra)",
            self.known.len(),
            self.extra.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_are_those_of_the_import_schema() {
        let schema: Vec<&str> = marque_tabular::CUSTOMERS
            .columns
            .iter()
            .map(|column| column.name)
            .collect();
        let ours: Vec<&str> = COLUMNS.iter().map(|field| field.column()).collect();
        // What the schema has beyond them, the dealer, is no column of a customer.
        assert_eq!(ours, schema[..ours.len()]);
    }

    #[test]
    fn blank_columns_are_not_there() {
        let mut columns = Columns::default();
        columns.push(2, " 王五 ");
        columns.push(5, "  ");
        assert_eq!(columns.get(Field::CustomerName), Some(" 王五 "));
        assert_eq!(columns.get(Field::CustomerPhone), None);
        assert!(!format!("{columns:?}").contains('王'));
    }
}
