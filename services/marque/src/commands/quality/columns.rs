//! Which column of the file is which field; and the two columns that only a file of many dealers has.

use anyhow::{anyhow, bail};
use marque_quality::{CustomerRow, Field, RecordKind};
use marque_tabular::Row;

/// The columns of a file by what they mean.
pub(super) struct Columns {
    /// Field and place, at most one place a field.
    pub(super) fields: Vec<(Field, usize)>,
    /// The dealer whose row it is.
    pub(super) dealer: Option<usize>,
    /// The meter, where a customers file has it.
    pub(super) odometer: Option<usize>,
}

const DEALER: [&str; 8] = [
    "dealer_id",
    "dealer",
    "dealer_code",
    "dealer_key",
    "经销商",
    "经销商代码",
    "经销商编号",
    "门店",
];
const ODOMETER: [&str; 6] = [
    "mileage",
    "odometer",
    "odometer_km",
    "里程",
    "行驶里程",
    "公里数",
];

impl Columns {
    /// Recognises the headers; a mapping `field=header` comes first.
    pub(super) fn recognise(
        headers: &[String],
        kind: RecordKind,
        mapping: &[String],
    ) -> anyhow::Result<Self> {
        let mut columns = Self {
            fields: Vec::new(),
            dealer: None,
            odometer: None,
        };
        let mut taken = vec![false; headers.len()];
        for pair in mapping {
            let place = columns.map(pair, headers, kind)?;
            taken[place] = true;
        }
        for (place, header) in headers
            .iter()
            .enumerate()
            .filter(|(place, _)| !taken[*place])
        {
            let bare = header.trim().trim_start_matches('\u{FEFF}');
            if columns.dealer.is_none() && is_one_of(bare, &DEALER) {
                columns.dealer = Some(place);
            } else if kind == RecordKind::Customers
                && columns.odometer.is_none()
                && is_one_of(bare, &ODOMETER)
            {
                columns.odometer = Some(place);
            } else if let Some(field) = Field::recognise(kind, bare)
                && !columns.has(field)
            {
                columns.fields.push((field, place));
            }
        }
        if columns.fields.is_empty() {
            let known: Vec<&str> = Field::of(kind).map(Field::column).collect();
            bail!(
                "no column of this file is recognised as a field of {}: give headers such as {}, or --map field=header",
                kind.code(),
                known.join(", ")
            );
        }
        Ok(columns)
    }

    /// Whether the file has a field.
    pub(super) fn has(&self, field: Field) -> bool {
        self.fields.iter().any(|(known, _)| *known == field)
    }

    fn map(&mut self, pair: &str, headers: &[String], kind: RecordKind) -> anyhow::Result<usize> {
        let (name, header) = pair
            .split_once('=')
            .ok_or_else(|| anyhow!("--map {pair}: write field=header"))?;
        let place = headers
            .iter()
            .position(|known| known.trim() == header.trim())
            .ok_or_else(|| {
                anyhow!(
                    "--map {pair}: the file has no header {header:?}; it has {}",
                    headers.join(", ")
                )
            })?;
        match name {
            "dealer" | "dealer_id" => self.dealer = Some(place),
            _ => {
                let field = Field::of(kind).find(|field| field.column() == name);
                let known = || {
                    Field::of(kind)
                        .map(Field::column)
                        .collect::<Vec<_>>()
                        .join(", ")
                };
                self.fields.push((
                    field.ok_or_else(|| {
                        anyhow!(
                            "--map {pair}: {name:?} is no field of {}; known are {}",
                            kind.code(),
                            known()
                        )
                    })?,
                    place,
                ));
            }
        }
        Ok(place)
    }

    /// The cells of a customer.
    pub(super) fn customer<'a>(&self, row: &'a Row) -> CustomerRow<'a> {
        let mut cells = CustomerRow::default();
        for (field, place) in &self.fields {
            cells.set(*field, row.get(*place));
        }
        cells
    }
}

fn is_one_of(header: &str, known: &[&str]) -> bool {
    known.iter().any(|name| name.eq_ignore_ascii_case(header))
}
