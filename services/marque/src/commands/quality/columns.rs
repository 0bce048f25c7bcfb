//! Which column of the file is which field, as an import of it would have it; and the two columns that only a file of many dealers has.

use std::io::{Read, Seek};

use anyhow::{anyhow, bail};
use marque_quality::{CustomerRow, Field, Finding, RecordKind};
use marque_tabular::{Format, HeaderMap, Limits, Mapping, Problem, Row, Schema, Table};

/// What `--map` says.
pub(super) struct Named {
    mapping: Mapping,
    /// The header of the meter, which an import of customers does not read.
    odometer: Option<String>,
}

impl Named {
    /// Reads pairs of `field=header`.
    pub(super) fn parse(pairs: &[String], kind: RecordKind) -> anyhow::Result<Self> {
        let (mut mapping, mut odometer) = (Mapping::new(), None);
        for pair in pairs {
            let (name, header) = pair
                .split_once('=')
                .ok_or_else(|| anyhow!("--map {pair}: write field=header"))?;
            match name {
                "odometer_km" if kind == RecordKind::Customers => {
                    odometer = Some(header.to_owned())
                }
                "dealer_id" => mapping = mapping.with("dealer", header),
                name => mapping = mapping.with(name, header),
            }
        }
        Ok(Self { mapping, odometer })
    }
}

/// The columns of a file by what they mean.
pub(super) struct Columns {
    map: HeaderMap,
    /// Fields that a row may have, and their places among the columns of an import.
    fields: Vec<(Field, usize)>,
    /// Whether they are keys of objects, so that a row may have a field under another key than the next.
    are_keys: bool,
    /// The place of the dealer among the columns of an import.
    dealer: Option<usize>,
    /// The dealer's place in the file, under a name that no import takes for his code.
    named_dealer: Option<usize>,
    /// The meter's place in the file, where a customers file has it.
    odometer: Option<usize>,
    /// Headers of columns that nothing is read from: they are not known, or stand for a field that another column has.
    pub(super) unread: Vec<String>,
}

/// Names of a dealer besides those of an import, which compares codes.
const DEALER: [&str; 9] = [
    "dealer_key",
    "dealer_name",
    "store",
    "shop",
    "shop_id",
    "经销商号",
    "经销商名称",
    "经销店",
    "门店",
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

/// Opens a file by the columns that are known of it.
pub(super) fn open(
    file: impl Read + Seek + Send + 'static,
    kind: RecordKind,
    named: &Named,
) -> anyhow::Result<Table> {
    let schema = Schema::of(kind.code()).ok_or_else(|| nothing_known(kind))?;
    let mapping = Some(named.mapping.clone());
    let opened = Table::open_any(file, None, Limits::default(), schema, mapping);
    opened.map_err(|problem| match problem {
        Problem::NoHeader { .. } => nothing_known(kind),
        problem => problem.into(),
    })
}

fn nothing_known(kind: RecordKind) -> anyhow::Error {
    let known: Vec<&str> = Field::of(kind).map(Field::column).collect();
    anyhow!(
        "no column of this file is recognised as a field of {}: its first row must hold the headers, such as {}, or else --map field=header",
        kind.code(),
        known.join(", ")
    )
}

impl Columns {
    /// The columns of a file as far as it is read; objects may bring new ones.
    pub(super) fn of(table: &Table, kind: RecordKind, named: &Named) -> anyhow::Result<Self> {
        let (schema, map) = (table.schema(), table.header_map().clone());
        let are_keys = table.reader().format() == Format::Ndjson;
        let is_there = |place: &usize| are_keys || map.source_column(*place).is_some();
        let place = |field: Field| Some((field, schema.column(field.column()).filter(is_there)?));
        let fields: Vec<(Field, usize)> = Field::of(kind).filter_map(place).collect();
        if !fields
            .iter()
            .any(|(_, place)| map.source_column(*place).is_some())
        {
            return Err(nothing_known(kind));
        }
        let dealer = schema
            .column("dealer")
            .filter(|place| map.source_column(*place).is_some());
        let named_dealer = match dealer {
            None => find(map.extras(), &DEALER),
            Some(_) => None,
        };
        let odometer = match &named.odometer {
            Some(header) => Some(mapped_odometer(table.headers(), header)?),
            None if kind == RecordKind::Customers => find(map.extras(), &ODOMETER),
            None => None,
        };
        let mut columns = Self {
            map,
            fields,
            are_keys,
            dealer,
            named_dealer,
            odometer,
            unread: Vec::new(),
        };
        columns.unread = columns.left_over(table.headers());
        Ok(columns)
    }

    /// Of objects a key that means a field besides another is read where the other says nothing.
    fn left_over(&self, headers: &[String]) -> Vec<String> {
        let extras: Vec<&(usize, String)> = if self.are_keys {
            self.map.unknown().collect()
        } else {
            self.map.extras().iter().collect()
        };
        let own = [self.named_dealer, self.odometer];
        let places = extras.iter().map(|(place, _)| *place);
        let unread = places.filter(|place| !own.contains(&Some(*place)));
        let headers = unread.map(|place| bare(&headers[place]));
        headers
            .filter(|header| !header.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether the file has a field.
    pub(super) fn has(&self, field: Field) -> bool {
        let mut fields = self.fields.iter();
        let known = fields.find(|(known, _)| *known == field);
        known.is_some_and(|(_, place)| self.map.source_column(*place).is_some())
    }

    /// Whether the file says whose each row is.
    pub(super) fn has_dealers(&self) -> bool {
        self.dealer.or(self.named_dealer).is_some()
    }

    /// The dealer whose row it is; empty if it does not say.
    pub(super) fn dealer<'a>(&self, row: &'a Row) -> &'a str {
        let named = || self.named_dealer.map_or("", |place| row.field(place));
        let dealer = self
            .dealer
            .map_or_else(named, |place| self.map.get(row, place));
        dealer.trim()
    }

    /// The meter of a customer's row.
    pub(super) fn odometer<'a>(&self, row: &'a Row) -> Option<&'a str> {
        row.get(self.odometer?)
    }

    /// The cell of a field in a row.
    pub(super) fn cell<'a>(&self, row: &'a Row, field: Field) -> Option<&'a str> {
        let known = self.fields.iter().find(|(known, _)| *known == field);
        known.and_then(|(_, place)| self.read(row, *place))
    }

    /// The cells of all fields in a row.
    pub(super) fn cells<'a>(&self, row: &'a Row) -> impl Iterator<Item = (Field, Option<&'a str>)> {
        let fields = self.fields.iter();
        fields.map(move |(field, place)| (*field, self.read(row, *place)))
    }

    fn read<'a>(&self, row: &'a Row, place: usize) -> Option<&'a str> {
        Some(self.map.get(row, place)).filter(|cell| !cell.is_empty())
    }

    /// What of an object another key says otherwise, which is not read. Of a table the header is told once.
    pub(super) fn said_twice(&self, row: &Row) -> Vec<Finding> {
        if !self.are_keys {
            return Vec::new();
        }
        let said_twice = self.fields.iter().filter_map(|(field, place)| {
            let rule = field.said_twice()?;
            let read = || [*field, Field::CustomerPhone2].map(|field| self.cell(row, field));
            let mut others = self.map.others(row, *place);
            let is_other = others.any(|other| !read().contains(&Some(other)));
            is_other.then(|| Finding::new(*field, rule))
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

fn mapped_odometer(headers: &[String], header: &str) -> anyhow::Result<usize> {
    let place = headers
        .iter()
        .position(|known| known.trim() == header.trim());
    let Some(place) = place else {
        bail!(
            "--map odometer_km={header}: the file has no such header; it has {}",
            headers.join(", ")
        );
    };
    Ok(place)
}

/// A header without what surrounds it.
fn bare(header: &str) -> &str {
    header.trim().trim_start_matches('\u{FEFF}')
}

/// The first of the columns left over that has one of these names.
fn find(extras: &[(usize, String)], names: &[&str]) -> Option<usize> {
    let mut extras = extras.iter();
    let found = extras.find(|(_, header)| names.iter().any(|name| is_alike(name, header)));
    found.map(|(place, _)| *place)
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
    use std::io::Cursor;

    use super::*;

    fn columns(kind: RecordKind, text: &str, pairs: &[&str]) -> anyhow::Result<(Table, Columns)> {
        let pairs: Vec<String> = pairs.iter().map(|pair| (*pair).to_owned()).collect();
        let named = Named::parse(&pairs, kind)?;
        let mut table = open(Cursor::new(text.as_bytes().to_vec()), kind, &named)?;
        table.next_row()?;
        let columns = Columns::of(&table, kind, &named)?;
        Ok((table, columns))
    }

    fn recognised(headers: &str) -> Columns {
        let read = columns(RecordKind::Customers, &format!("{headers}\n"), &[]);
        read.expect("columns are recognised").1
    }

    #[test]
    fn a_dealer_and_the_usual_columns_are_recognised_in_chinese_and_english() {
        for headers in [
            "经销商代码,客户姓名,手机号,行驶里程,建档日期",
            "Dealer ID,Customer Name,Mobile,Odometer,Created At",
            "门店（编号）,客户名称,联系电话,里程数,创建时间",
        ] {
            let columns = recognised(headers);
            let row = Row::of(2, ["D1", "孟晓岚", "138", "5000", "2026-03-05"]);
            assert!(columns.has_dealers(), "{headers}");
            assert_eq!(
                (columns.dealer(&row), columns.odometer(&row)),
                ("D1", Some("5000")),
                "{headers}"
            );
            let fields = [
                Field::CustomerName,
                Field::CustomerPhone,
                Field::CustomerRecordedAt,
            ];
            assert!(fields.iter().all(|field| columns.has(*field)), "{headers}");
            assert!(columns.unread.is_empty(), "{:?}", columns.unread);
        }
    }

    #[test]
    fn a_column_that_nothing_is_read_from_is_named() {
        let columns = recognised("姓名,手机,手机号,电话,本店备注3,");
        assert_eq!(columns.unread, ["电话", "本店备注3"]);
        assert!(columns.has(Field::CustomerPhone) && columns.has(Field::CustomerPhone2));
    }

    #[test]
    fn an_object_is_read_by_the_key_that_says_something() {
        let keys = r#"{"姓名":"甲","mobile":"138","手机":"139","tel":"137","库位":""}"#;
        let (_, columns) = columns(RecordKind::Customers, keys, &[]).expect("known");
        assert_eq!(columns.unread, ["库位"]);
        for (cells, phones, remarks) in [
            (["甲", "138", "139", "", ""], [Some("139"), Some("138")], 0),
            (["甲", "", "139", "137", ""], [Some("139"), Some("137")], 0),
            (["甲", "", "", "137", ""], [Some("137"), None], 0),
            (
                ["甲", "138", "139", "137", ""],
                [Some("139"), Some("138")],
                1,
            ),
            (
                ["甲", "138", "139", "138", ""],
                [Some("139"), Some("138")],
                0,
            ),
            (["甲", "", "", "", ""], [None, None], 0),
        ] {
            let row = Row::of(1, cells);
            let read = [Field::CustomerPhone, Field::CustomerPhone2];
            assert_eq!(read.map(|field| columns.cell(&row, field)), phones);
            assert_eq!(columns.said_twice(&row).len(), remarks);
        }
    }

    #[test]
    fn names_that_only_imports_know_are_recognised_too() {
        assert!(recognised("姓名,会员号").has(Field::CustomerSourceKey));
    }

    #[test]
    fn what_may_be_anybodys_is_a_lines_where_an_import_takes_it_for_one() {
        let visits = |headers: &str| {
            let read = columns(RecordKind::Visits, &format!("{headers}\n"), &[]);
            read.expect("columns are recognised").1
        };
        let of_line = [Field::VisitLineKind, Field::VisitCode, Field::VisitName];
        let with_lines = visits("工单号,类型,代码,名称,数量");
        assert!(of_line.iter().all(|field| with_lines.has(*field)));
        let bare = visits("工单号,类型,代码,名称");
        assert_eq!(bare.unread, ["类型", "代码", "名称"]);
        // Of two columns of one meaning the more telling is read, not the first.
        let orders = visits("委托书号,工单号");
        let row = Row::of(2, ["A1", "R1"]);
        assert_eq!(orders.cell(&row, Field::VisitOrderNumber), Some("R1"));
    }

    #[test]
    fn the_lines_of_an_order_are_no_name() {
        let list = r#"[{"名称":"机油"}]"#;
        let order = format!(r#"{{"工单号":"R1","维修项目":{list}}}"#);
        let (table, columns) = columns(RecordKind::Visits, &order, &[]).expect("known");
        let read = [Field::VisitName, Field::VisitLines];
        let cells = read.map(|field| columns.cell(table.row(), field));
        assert_eq!(cells, [None, Some(list)]);
    }

    #[test]
    fn what_is_mapped_is_read_from_there() {
        let pairs = ["dealer_id=片区", "odometer_km=表底数", "phone=老板电话"];
        let text = "片区,姓名,表底数,老板电话,手机\nD1,孟晓岚,5000,138,139\n";
        let (table, columns) = columns(RecordKind::Customers, text, &pairs).expect("known");
        let row = table.row();
        assert_eq!(
            (columns.dealer(row), columns.odometer(row)),
            ("D1", Some("5000"))
        );
        assert_eq!(columns.cell(row, Field::CustomerPhone), Some("138"));
        assert!(columns.unread.is_empty(), "{:?}", columns.unread);
    }

    #[test]
    fn what_cannot_be_read_is_refused_with_what_to_do() {
        let refused = |kind, text, pairs: &[&str]| {
            let read = columns(kind, text, pairs);
            read.err().expect("refused").to_string()
        };
        let unknown = refused(RecordKind::Visits, "x\n1\n", &[]);
        assert!(
            unknown.contains("--map field=header") && unknown.contains("order_number"),
            "{unknown}"
        );
        let dealers_alone = refused(RecordKind::Visits, "经销商代码\nD1\n", &[]);
        assert!(dealers_alone.contains("--map field=header"));
        for (pair, word) in [
            ("phone", "field=header"),
            ("fone=手机", "fone"),
            ("phone=座机", "座机"),
            ("odometer_km=里程", "姓名"),
        ] {
            let text = refused(RecordKind::Customers, "姓名,手机\n", &[pair]);
            assert!(text.contains(word), "{text}");
        }
    }
}
