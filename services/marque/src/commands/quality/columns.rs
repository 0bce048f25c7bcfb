//! Which column of the file is which field; and the two columns that only a file of many dealers has.

use anyhow::{anyhow, bail};
use marque_quality::{CustomerRow, Field, Finding, RecordKind};
use marque_tabular::{Row, Schema};

/// The columns of a file by what they mean.
pub(super) struct Columns {
    /// Field and place, at most one place a field.
    fields: Vec<(Field, usize)>,
    /// Further places of the same fields.
    others: Vec<(Field, usize)>,
    /// The place of the second phone, if it has a name of the first.
    second_phone: Option<usize>,
    /// Whether they are keys of objects, so that a row may have a field at a further place alone.
    are_keys: bool,
    /// The dealer whose row it is.
    pub(super) dealer: Option<usize>,
    /// The meter, where a customers file has it.
    pub(super) odometer: Option<usize>,
    /// Headers of columns that nothing is read from: they are not known, or stand for a field that another column has.
    pub(super) unread: Vec<String>,
}

const DEALER: [&str; 24] = [
    "dealer_id",
    "dealerid",
    "dealer",
    "dealer_code",
    "dealer_no",
    "dealer_key",
    "dealer_name",
    "store",
    "store_id",
    "store_code",
    "shop",
    "shop_id",
    "经销商",
    "经销商代码",
    "经销商编号",
    "经销商编码",
    "经销商号",
    "经销商名称",
    "经销店",
    "门店",
    "门店编号",
    "门店代码",
    "店代码",
    "4S店",
];
const ODOMETER: [&str; 10] = [
    "mileage",
    "mileage_km",
    "odometer",
    "odometer_km",
    "km",
    "里程",
    "里程数",
    "行驶里程",
    "公里数",
    "里程表读数",
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
            others: Vec::new(),
            second_phone: None,
            are_keys: false,
            dealer: None,
            odometer: None,
            unread: Vec::new(),
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
            let bare = bare(header);
            if columns.dealer.is_none() && is_one_of(bare, &DEALER) {
                columns.dealer = Some(place);
            } else if kind == RecordKind::Customers
                && columns.odometer.is_none()
                && is_one_of(bare, &ODOMETER)
            {
                columns.odometer = Some(place);
            } else if let Some(field) = field_of(kind, bare) {
                columns.place(field, (place, bare));
            } else if !bare.is_empty() {
                columns.unread.push(bare.to_owned());
            }
        }
        columns.give_second_phone(headers);
        if columns.fields.is_empty() {
            let known: Vec<&str> = Field::of(kind).map(Field::column).collect();
            bail!(
                "no column of this file is recognised as a field of {}: its first row must hold the headers, such as {}, or else --map field=header",
                kind.code(),
                known.join(", ")
            );
        }
        Ok(columns)
    }

    /// Recognises the keys of objects: of several that mean one field each row is read by the first that says something.
    pub(super) fn recognise_keys(
        keys: &[String],
        kind: RecordKind,
        mapping: &[String],
    ) -> anyhow::Result<Self> {
        let mut columns = Self::recognise(keys, kind, mapping)?;
        for (_, place) in &columns.others {
            columns.unread.retain(|key| key != bare(&keys[*place]));
        }
        columns.are_keys = true;
        Ok(columns)
    }

    /// A file with two columns for a phone has two phones, as it has where it is imported.
    fn give_second_phone(&mut self, headers: &[String]) {
        let mut others = self.others.iter();
        let second = others.position(|(field, _)| *field == Field::CustomerPhone);
        let Some(at) = second.filter(|_| !self.has(Field::CustomerPhone2)) else {
            return;
        };
        let (_, place) = self.others.remove(at);
        self.unread.retain(|header| header != bare(&headers[place]));
        self.fields.push((Field::CustomerPhone2, place));
        self.second_phone = Some(place);
    }

    fn place(&mut self, field: Field, (place, header): (usize, &str)) {
        if self.has(field) {
            self.others.push((field, place));
            self.unread.push(header.to_owned());
        } else {
            self.fields.push((field, place));
        }
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
            "odometer_km" if kind == RecordKind::Customers => self.odometer = Some(place),
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

    /// The cell of a field in a row.
    pub(super) fn cell<'a>(&self, row: &'a Row, field: Field) -> Option<&'a str> {
        let known = self.fields.iter().find(|(known, _)| *known == field);
        known.and_then(|(field, place)| self.read(row, *field, *place))
    }

    /// The cells of all fields in a row.
    pub(super) fn cells<'a>(&self, row: &'a Row) -> impl Iterator<Item = (Field, Option<&'a str>)> {
        let fields = self.fields.iter();
        fields.map(move |(field, place)| (*field, self.read(row, *field, *place)))
    }

    fn read<'a>(&self, row: &'a Row, field: Field, place: usize) -> Option<&'a str> {
        if !self.are_keys {
            return row.get(place);
        }
        if self.second_phone == Some(place) {
            return self.filled(row, Field::CustomerPhone).nth(1);
        }
        self.filled(row, field).next().or_else(|| row.get(place))
    }

    /// The cells of a row that mean a field and say something, in the order in which they are taken.
    fn filled<'a>(&self, row: &'a Row, field: Field) -> impl Iterator<Item = &'a str> {
        let second = self.second_phone.filter(|_| field == Field::CustomerPhone);
        let places = self.fields.iter().chain(&self.others);
        places
            .filter(move |(known, place)| *known == field || second == Some(*place))
            .filter_map(move |(_, place)| row.get(*place))
            .filter(|cell| !cell.is_empty())
    }

    /// What of an object another key says otherwise, which is not read. Of a table the header is told once.
    pub(super) fn said_twice(&self, row: &Row) -> Vec<Finding> {
        if !self.are_keys || self.others.is_empty() {
            return Vec::new();
        }
        let fields = self.fields.iter().map(|(field, _)| *field);
        let said_twice = fields.filter_map(|field| {
            let rule = field.said_twice()?;
            let has_second = field == Field::CustomerPhone && self.second_phone.is_some();
            let cells: Vec<&str> = self.filled(row, field).collect();
            let (read, others) = cells.split_at_checked(1 + usize::from(has_second))?;
            let is_other = others.iter().any(|other| !read.contains(other));
            is_other.then(|| Finding::new(field, rule))
        });
        said_twice.collect()
    }

    /// The cells of a customer.
    pub(super) fn customer<'a>(&self, row: &'a Row) -> CustomerRow<'a> {
        let mut cells = CustomerRow::default();
        for (field, cell) in self.cells(row) {
            cells.set(field, cell);
        }
        cells
    }
}

/// A header without what surrounds it.
fn bare(header: &str) -> &str {
    header.trim().trim_start_matches('\u{FEFF}')
}

/// The field of a header, by the dictionary or else by the names under which files are imported.
fn field_of(kind: RecordKind, header: &str) -> Option<Field> {
    Field::recognise(kind, header).or_else(|| {
        let columns = Schema::of(kind.code())?.columns.iter();
        let mut named =
            columns.filter(|column| column.aliases().any(|alias| is_alike(alias, header)));
        let column = named.next()?.name;
        Field::of(kind).find(|field| field.column() == column)
    })
}

fn is_one_of(header: &str, known: &[&str]) -> bool {
    known.iter().any(|name| is_alike(name, header))
}

/// Whether two headers differ in case, blanks and joining marks only, or in a remark in brackets.
fn is_alike(one: &str, other: &str) -> bool {
    let letters = |text: &str| -> Vec<char> {
        let front = text.split(['(', '（']).next().unwrap_or(text);
        let kept = front
            .chars()
            .filter(|c| !c.is_whitespace() && !"_-.:：*/".contains(*c));
        kept.flat_map(char::to_lowercase).collect()
    };
    letters(one) == letters(other)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognised(headers: &[&str]) -> Columns {
        let headers: Vec<String> = headers.iter().map(|header| (*header).to_owned()).collect();
        Columns::recognise(&headers, RecordKind::Customers, &[]).expect("columns are recognised")
    }

    #[test]
    fn a_dealer_and_the_usual_columns_are_recognised_in_chinese_and_english() {
        for headers in [
            ["经销商代码", "客户姓名", "手机号", "行驶里程", "建档日期"],
            [
                "Dealer ID",
                "Customer Name",
                "Mobile",
                "Odometer",
                "Created At",
            ],
            ["门店（编号）", "客户名称", "联系电话", "里程数", "创建时间"],
        ] {
            let columns = recognised(&headers);
            assert_eq!(
                (columns.dealer, columns.odometer),
                (Some(0), Some(3)),
                "{headers:?}"
            );
            let fields = [
                Field::CustomerName,
                Field::CustomerPhone,
                Field::CustomerRecordedAt,
            ];
            assert!(
                fields.iter().all(|field| columns.has(*field)),
                "{headers:?}"
            );
        }
    }

    #[test]
    fn a_column_that_nothing_is_read_from_is_named() {
        let columns = recognised(&["姓名", "手机", "手机号", "电话", "本店备注3", ""]);
        assert_eq!(columns.unread, ["电话", "本店备注3"]);
        assert!(columns.has(Field::CustomerPhone) && columns.has(Field::CustomerPhone2));
    }

    #[test]
    fn an_object_is_read_by_the_key_that_says_something() {
        let keys = ["姓名", "mobile", "手机", "tel", "库位"].map(str::to_owned);
        let columns = Columns::recognise_keys(&keys, RecordKind::Customers, &[]).expect("known");
        assert_eq!(columns.unread, ["库位"]);
        for (cells, phones, remarks) in [
            (["甲", "138", "139", "", ""], [Some("138"), Some("139")], 0),
            (["甲", "", "139", "137", ""], [Some("139"), Some("137")], 0),
            (["甲", "", "", "137", ""], [Some("137"), None], 0),
            (
                ["甲", "138", "139", "137", ""],
                [Some("138"), Some("139")],
                1,
            ),
            (
                ["甲", "138", "139", "138", ""],
                [Some("138"), Some("139")],
                0,
            ),
            (["甲", "", "", "", ""], [Some(""), None], 0),
        ] {
            let row = Row::of(1, cells);
            let read = [Field::CustomerPhone, Field::CustomerPhone2];
            assert_eq!(read.map(|field| columns.cell(&row, field)), phones);
            assert_eq!(columns.said_twice(&row).len(), remarks);
        }
    }

    #[test]
    fn names_that_only_imports_know_are_recognised_too() {
        assert!(recognised(&["姓名", "会员号"]).has(Field::CustomerSourceKey));
    }

    #[test]
    fn a_file_without_a_known_column_is_refused_with_what_to_do() {
        let refused = Columns::recognise(&["x".to_owned()], RecordKind::Visits, &[]);
        let text = refused.err().expect("refused").to_string();
        assert!(
            text.contains("--map field=header") && text.contains("order_number"),
            "{text}"
        );
    }
}
