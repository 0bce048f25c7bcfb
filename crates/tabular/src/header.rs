//! Which column of the file is which canonical column.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::{
    problem::Problem,
    row::Row,
    schema::{Column, Schema},
    writer::REASON_COLUMN_PREFIX,
};

/// Columns named explicitly: canonical name → header of the file. Wins over recognition.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapping {
    headers: BTreeMap<String, String>,
}

impl Mapping {
    /// A mapping of nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes the canonical column from this header.
    pub fn with(mut self, column: impl Into<String>, header: impl Into<String>) -> Self {
        self.headers.insert(column.into(), header.into());
        self
    }
}

impl<C: Into<String>, H: Into<String>> FromIterator<(C, H)> for Mapping {
    fn from_iter<I: IntoIterator<Item = (C, H)>>(pairs: I) -> Self {
        pairs
            .into_iter()
            .fold(Self::new(), |mapping, (column, header)| {
                mapping.with(column, header)
            })
    }
}

/// The file's columns in terms of a schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeaderMap {
    /// For each column of the schema, the file's column.
    columns: Vec<Option<usize>>,
    /// Columns of the file that are none of the schema's, with their headers.
    extras: Vec<(usize, String)>,
    /// Those of them that mean a column for which another one was taken, in the order of the schema and the most telling first.
    rivals: Vec<Rival>,
    /// Columns of the schema that the mapping names: they are read from where it says and from nowhere else.
    mapped: Vec<usize>,
    /// Whether each row is read by those of its keys that have a value.
    is_by_row: bool,
    /// The places of the first and the second phone in the schema.
    phones: Option<(usize, usize)>,
    /// The places of a line's name and of all lines in the schema, where either may stand under a key that means the name.
    lines: Option<(usize, usize)>,
}

/// A column of the file that means what another one was taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Rival {
    /// Place of the column in the schema.
    column: usize,
    /// Place of the header among its names.
    rank: usize,
    /// Place in the file.
    source: usize,
}

impl HeaderMap {
    /// Recognises the headers of a file. The mapping comes first, then canonical names, then the usual other names;
    /// what is left is kept under its own header. The reason columns of a mended file are passed over.
    ///
    /// # Errors
    /// [`Problem::NoHeader`], [`Problem::HeaderNotRecognised`] and the two about mappings.
    pub fn recognise(
        headers: &[String],
        schema: &Schema,
        mapping: Option<&Mapping>,
    ) -> Result<Self, Problem> {
        Self::of_table((headers, schema), mapping, schema.columns)
    }

    /// As [`Self::recognise`]; only these columns must be there.
    pub(crate) fn of_table(
        file: (&[String], &Schema),
        mapping: Option<&Mapping>,
        needed: &[Column],
    ) -> Result<Self, Problem> {
        Self::recognise_needed(file, mapping, needed, |columns, schema, finder| {
            give_second_phone(columns, schema, finder);
            give_line_columns(columns, schema, finder);
        })
    }

    /// The same of the keys of objects, which leave out what is not known: a record's own key, the schema's first column, is all that
    /// must be there. Every other column of a row that no mapping names is read from the first key that means it and has a value there,
    /// whatever the keys of other rows. A list of objects under a key that means the name of a line, such as 维修项目, is the lines of the
    /// row, unless they have a key of their own or a mapping says otherwise.
    ///
    /// # Errors
    /// As [`Self::recognise`].
    pub fn recognise_keys(
        keys: &[String],
        schema: &Schema,
        mapping: Option<&Mapping>,
    ) -> Result<Self, Problem> {
        Self::of_objects((keys, schema), mapping, &schema.columns[..1])
    }

    /// As [`Self::recognise_keys`]; only these columns must be there.
    pub(crate) fn of_objects(
        (keys, schema): (&[String], &Schema),
        mapping: Option<&Mapping>,
        needed: &[Column],
    ) -> Result<Self, Problem> {
        let mut map = Self::recognise_needed((keys, schema), mapping, needed, give_line_columns)?;
        map.is_by_row = !map.rivals.is_empty();
        let lines = schema.column("name").zip(schema.column("lines"));
        map.lines =
            lines.filter(|(name, lines)| !map.mapped.contains(name) && !map.mapped.contains(lines));
        Ok(map)
    }

    /// `settle` gives away what the names alone do not.
    fn recognise_needed(
        (headers, schema): (&[String], &Schema),
        mapping: Option<&Mapping>,
        needed: &[Column],
        settle: impl Fn(&mut [Option<usize>], &Schema, &mut Finder),
    ) -> Result<Self, Problem> {
        let mut finder = Finder::new(headers);
        let mut columns = vec![None; schema.columns.len()];
        let mut mapped = Vec::new();
        for (column, header) in mapping.iter().flat_map(|mapping| &mapping.headers) {
            let place = schema
                .column(column)
                .ok_or_else(|| unknown_column(schema, column))?;
            let found = finder
                .take_mapped(header)
                .ok_or_else(|| Problem::MappingHeaderAbsent {
                    column: column.clone(),
                    header: header.clone(),
                })?;
            columns[place] = Some(found);
            mapped.push(place);
        }
        for (place, column) in schema.columns.iter().enumerate() {
            columns[place] = columns[place].or_else(|| finder.take(column.name));
        }
        for (place, column) in schema.columns.iter().enumerate() {
            columns[place] =
                columns[place].or_else(|| column.aliases().find_map(|alias| finder.take(alias)));
        }
        settle(&mut columns, schema, &mut finder);
        check_required(&columns, schema.kind, needed)?;
        let extras = finder.into_extras(headers);
        Ok(Self {
            rivals: rivals(&extras, schema),
            columns,
            extras,
            mapped,
            is_by_row: false,
            phones: schema.column("phone").zip(schema.column("phone2")),
            lines: None,
        })
    }

    /// The file's column of a canonical column (by its place in the schema), if it has one; of objects the most telling of several.
    pub fn source_column(&self, column: usize) -> Option<usize> {
        *self.columns.get(column)?
    }

    /// The value of a canonical column (by its place in the schema); empty where the row has none.
    #[inline]
    pub fn get<'r>(&self, row: &'r Row, column: usize) -> &'r str {
        self.source_in(row, column)
            .map_or("", |source| row.field(source))
    }

    /// The row's field that a canonical column is read from. A list of objects under the name of a line is the lines of the row.
    #[inline]
    pub(crate) fn source_in(&self, row: &Row, column: usize) -> Option<usize> {
        let Some((name, lines)) = self.lines.filter(|_| !row.nested.is_empty()) else {
            return self.value_in(row, column);
        };
        match self.list_in(row, (name, lines)) {
            Some(list) if column == lines => Some(list),
            Some(list) if column == name => self.filled(row, name).find(|source| *source != list),
            _ => self.value_in(row, column),
        }
    }

    /// The row's field that has its lines under a key which means the name of one, such as 维修项目, unless they have a key of their own.
    fn list_in(&self, row: &Row, (name, lines): (usize, usize)) -> Option<usize> {
        let own = self.value_in(row, lines);
        if own.is_some_and(|source| !row.field(source).is_empty()) {
            return None;
        }
        let mut names = self.filled(row, name);
        names.find(|source| row.is_nested(*source) && is_list_of_objects(row.field(*source)))
    }

    /// The row's field with the value of a canonical column. The key of all records stands under one header, and what is mapped under the
    /// one that the mapping says.
    #[inline]
    fn value_in(&self, row: &Row, column: usize) -> Option<usize> {
        let taken = self.source_column(column);
        if !self.is_by_row || column == 0 || self.mapped.contains(&column) {
            return taken;
        }
        let filled = self.filled(row, column).next();
        filled.or_else(|| self.second_phone(row, column)).or(taken)
    }

    /// The row's fields that mean a column and have a value, the most telling first.
    fn filled<'r>(&'r self, row: &'r Row, column: usize) -> impl Iterator<Item = usize> {
        let taken = self.source_column(column).into_iter();
        taken
            .chain(self.rivals_of(column))
            .filter(move |source| !row.field(*source).is_empty())
    }

    fn rivals_of(&self, column: usize) -> impl Iterator<Item = usize> {
        let rivals = self.rivals.iter();
        let of_column = rivals.filter(move |rival| rival.column == column);
        of_column.map(|rival| rival.source)
    }

    /// An object with two keys for a phone has two phones.
    fn second_phone(&self, row: &Row, column: usize) -> Option<usize> {
        let (first, _) = self.phones.filter(|(_, second)| *second == column)?;
        self.filled(row, first).nth(1)
    }

    /// The values of a row that mean a canonical column besides the one that is read; they stay under their own headers. None of a
    /// column that the mapping names: whoever wrote it has said which he means.
    pub fn others<'r>(&'r self, row: &'r Row, column: usize) -> impl Iterator<Item = &'r str> {
        self.rivals_of(column)
            .filter(move |source| !self.mapped.contains(&column) && !self.is_read(row, *source))
            .map(move |source| row.field(source))
            .filter(|value| !value.is_empty())
    }

    /// The file's further columns: place and header.
    pub fn extras(&self) -> &[(usize, String)] {
        &self.extras
    }

    /// Those of them that mean no column of the schema, and not one for which another was taken either.
    pub fn unknown(&self) -> impl Iterator<Item = &(usize, String)> {
        let is_rival = |source: usize| self.rivals.iter().any(|rival| rival.source == source);
        self.extras
            .iter()
            .filter(move |(source, _)| !is_rival(*source))
    }

    /// The further columns of a row that have a value: header and value.
    pub fn extras_in<'r>(&'r self, row: &'r Row) -> impl Iterator<Item = (&'r str, &'r str)> {
        let extras = self.extras.iter();
        extras
            .filter(move |(source, _)| !self.is_read(row, *source))
            .map(move |(source, header)| (header.as_str(), row.field(*source)))
            .filter(|(_, value)| !value.is_empty())
    }

    /// Whether a canonical column of the row is read from this column of those left over.
    fn is_read(&self, row: &Row, source: usize) -> bool {
        if !self.is_by_row {
            return false;
        }
        let mut rivals = self.rivals.iter();
        let Some(rival) = rivals.find(|rival| rival.source == source) else {
            return false;
        };
        // What means the first of these may be read as the second.
        let seconds = [self.phones, self.lines].into_iter().flatten();
        let of_rival = seconds.filter(|(first, _)| *first == rival.column);
        let mut read = std::iter::once(rival.column).chain(of_rival.map(|(_, second)| second));
        read.any(|column| self.source_in(row, column) == Some(source))
    }
}

/// Whether the JSON of an array has objects in it, or nothing at all.
fn is_list_of_objects(json: &str) -> bool {
    let items = json.strip_prefix('[').map(str::trim_start);
    items.is_some_and(|items| items.starts_with(['{', ']']))
}

/// The columns left over whose headers mean a column of the schema too.
fn rivals(extras: &[(usize, String)], schema: &Schema) -> Vec<Rival> {
    if extras.is_empty() {
        return Vec::new();
    }
    let mut known: FxHashMap<String, (usize, usize)> = FxHashMap::default();
    for (place, column) in schema.columns.iter().enumerate() {
        let names = std::iter::once(column.name).chain(column.aliases());
        for (rank, name) in names.enumerate() {
            known.entry(comparable(name)).or_insert((place, rank));
        }
    }
    let rival = |(source, header): &(usize, String)| {
        let (column, rank) = *known.get(&comparable(&without_remarks(header)))?;
        Some(Rival {
            column,
            rank,
            source: *source,
        })
    };
    let mut rivals: Vec<Rival> = extras.iter().filter_map(rival).collect();
    rivals.sort_unstable();
    rivals
}

fn unknown_column(schema: &Schema, column: &str) -> Problem {
    let known: Vec<_> = schema.columns.iter().map(|column| column.name).collect();
    Problem::MappingUnknownColumn {
        kind: schema.kind,
        column: column.to_owned(),
        known: known.join(", "),
    }
}

/// `needed` are the first columns of the schema, all of them or none.
fn check_required(
    columns: &[Option<usize>],
    kind: &'static str,
    needed: &[Column],
) -> Result<(), Problem> {
    if columns.iter().all(Option::is_none) {
        return Err(Problem::NoHeader { kind });
    }
    let pairs = needed.iter().zip(columns);
    let missing: Vec<_> = pairs
        .filter(|(column, found)| column.is_required && found.is_none())
        .map(|(column, _)| column.name)
        .collect();
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Problem::HeaderNotRecognised { kind, missing })
    }
}

/// A file with two columns for a phone, such as 手机 and 联系电话, has two phones.
fn give_second_phone(columns: &mut [Option<usize>], schema: &Schema, finder: &mut Finder) {
    let (Some(phone), Some(second)) = (schema.column("phone"), schema.column("phone2")) else {
        return;
    };
    if columns[second].is_none() {
        columns[second] = schema.columns[phone]
            .aliases()
            .find_map(|alias| finder.take(alias));
    }
}

/// What a program calls just a type, a code or a name: a line's, where it can be nobody else's.
const BARE: [(&str, &[&str]); 3] = [
    ("line_kind", &["类型"]),
    ("code", &["代码", "编码"]),
    ("name", &["名称"]),
];

/// The canonical column that a bare key of a line means in a list of lines.
pub fn bare_line_column(key: &str) -> Option<&'static str> {
    let mut columns = BARE.iter();
    let meant = columns.find(|(_, headers)| headers.contains(&key));
    meant.map(|(column, _)| *column)
}

/// Bare names are a line's in a file that has a column only lines have; in another they may be anybody's.
fn give_line_columns(columns: &mut [Option<usize>], schema: &Schema, finder: &mut Finder) {
    const OF_LINES_ALONE: [&str; 2] = ["quantity", "unit_price"];
    let mut of_lines = OF_LINES_ALONE.iter();
    let has_lines = of_lines.any(|name| {
        let place = schema.column(name);
        place.is_some_and(|place| columns[place].is_some())
    });
    if !has_lines {
        return;
    }
    for (name, headers) in BARE {
        if let Some(place) = schema.column(name) {
            let mut headers = headers.iter();
            columns[place] = columns[place].or_else(|| headers.find_map(|one| finder.take(one)));
        }
    }
}

/// The headers not given away yet, by their comparable form.
struct Finder {
    exact: FxHashMap<String, usize>,
    places: FxHashMap<String, usize>,
    without_remarks: FxHashMap<String, usize>,
    is_taken: Vec<bool>,
}

impl Finder {
    fn new(headers: &[String]) -> Self {
        let mut finder = Self {
            exact: FxHashMap::default(),
            places: FxHashMap::default(),
            without_remarks: FxHashMap::default(),
            is_taken: vec![false; headers.len()],
        };
        for (place, header) in headers.iter().enumerate() {
            if header.starts_with(REASON_COLUMN_PREFIX) {
                finder.is_taken[place] = true;
                continue;
            }
            finder.exact.entry(header.clone()).or_insert(place);
            finder.places.entry(comparable(header)).or_insert(place);
            finder
                .without_remarks
                .entry(comparable(&without_remarks(header)))
                .or_insert(place);
        }
        finder
    }

    fn take_mapped(&mut self, header: &str) -> Option<usize> {
        let place = *self
            .exact
            .get(header.trim())
            .or_else(|| self.places.get(&comparable(header)))?;
        self.is_taken[place] = true;
        Some(place)
    }

    fn take(&mut self, name: &str) -> Option<usize> {
        let name = comparable(name);
        let candidates = [self.places.get(&name), self.without_remarks.get(&name)];
        let place = candidates
            .into_iter()
            .flatten()
            .copied()
            .find(|place| !self.is_taken[*place])?;
        self.is_taken[place] = true;
        Some(place)
    }

    fn into_extras(self, headers: &[String]) -> Vec<(usize, String)> {
        let left = headers
            .iter()
            .enumerate()
            .filter(|(place, _)| !self.is_taken[*place]);
        left.map(|(place, header)| {
            let name = if header.is_empty() {
                format!("column_{}", place + 1)
            } else {
                header.clone()
            };
            (place, name)
        })
        .collect()
    }
}

/// A header without what people vary: case, width, blanks and joining marks.
pub(crate) fn comparable(header: &str) -> String {
    comparable_characters(header).collect()
}

/// The characters of [`comparable`].
pub(crate) fn comparable_characters(header: &str) -> impl Iterator<Item = char> {
    header
        .chars()
        .map(half_width)
        .filter(|character| {
            !character.is_whitespace()
                && !matches!(character, '_' | '-' | '.' | ':' | '*' | '/' | '\u{feff}')
        })
        .flat_map(char::to_lowercase)
}

/// A header without what stands in brackets, such as the unit.
pub(crate) fn without_remarks(header: &str) -> String {
    let mut depth = 0_usize;
    header
        .chars()
        .map(half_width)
        .filter(|character| match character {
            '(' | '[' | '【' => {
                depth += 1;
                false
            }
            ')' | ']' | '】' => {
                depth = depth.saturating_sub(1);
                false
            }
            _ => depth == 0,
        })
        .collect()
}

fn half_width(character: char) -> char {
    match character {
        '\u{ff01}'..='\u{ff5e}' => {
            char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character)
        }
        _ => character,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::{
        ALL, ASSESSMENTS, COMPLAINTS, CUSTOMERS, PAYMENTS, PURCHASES, VEHICLES, VERIFICATIONS,
        VISITS,
    };

    fn headers(text: &str) -> Vec<String> {
        text.split(',').map(str::to_owned).collect()
    }

    fn recognised(schema: &Schema, text: &str) -> Vec<&'static str> {
        let map = HeaderMap::recognise(&headers(text), schema, None).unwrap();
        let mut found: Vec<_> = (0..schema.columns.len())
            .filter_map(|place| Some((map.source_column(place)?, schema.columns.get(place)?.name)))
            .collect();
        found.sort_unstable();
        found.into_iter().map(|(_, name)| name).collect()
    }

    #[test]
    fn usual_headers_are_recognised_in_any_order() {
        let cases = [
            (
                &CUSTOMERS,
                "手机号,车主,客户编号,身份证号码",
                vec!["phone", "name", "source_key", "id_number"],
            ),
            (
                &CUSTOMERS,
                "客户 编号,姓　名,ＶＩＮ码,生日",
                vec!["source_key", "name", "vin", "birthday"],
            ),
            (
                &CUSTOMERS,
                "REC_ID,ctype,Name,ID_NO,mobile,created_at",
                vec![
                    "source_key",
                    "kind",
                    "name",
                    "id_number",
                    "phone",
                    "recorded_at",
                ],
            ),
            (
                &CUSTOMERS,
                "客户编号（必填）,客户名称*,手机,联系电话",
                vec!["source_key", "name", "phone", "phone2"],
            ),
            (
                &VEHICLES,
                "车架号,车牌号码,车系,车主编号,交强险到期日",
                vec!["vin", "plate", "series", "owner_key", "insurance_expiry"],
            ),
            (
                &VISITS,
                "工单号,VIN,进厂时间,行驶里程(km),结算金额（元）",
                vec!["order_number", "vin", "opened_at", "odometer_km", "amount"],
            ),
            (
                &COMPLAINTS,
                "投诉编号,投诉内容,责任部门",
                vec!["complaint_key", "text", "department"],
            ),
            (
                &VERIFICATIONS,
                "客户编号,回访结果,通话时长（秒）",
                vec!["source_key", "outcome", "duration_s"],
            ),
            (
                &PURCHASES,
                "合同编号,客户编号,VIN码,成交价（元）,购车日期",
                vec!["purchase_key", "customer_key", "vin", "amount", "date"],
            ),
            (
                &PAYMENTS,
                "收款单号,客户号,应收金额,到期日,到账日期",
                vec!["payment_key", "customer_key", "amount", "date", "paid_date"],
            ),
            (
                &ASSESSMENTS,
                "问卷编号,客户编码,评估项目,评分,评估日期",
                vec!["assessment_key", "customer_key", "subject", "value", "date"],
            ),
        ];
        for (schema, text, expected) in cases {
            assert_eq!(recognised(schema, text), expected, "{text}");
        }
    }

    #[test]
    fn every_canonical_name_and_alias_is_recognised_alone() {
        for schema in ALL {
            for (place, column) in schema.columns.iter().enumerate() {
                for name in std::iter::once(column.name).chain(column.aliases()) {
                    let mut file = vec![name.to_owned()];
                    let required = schema
                        .columns
                        .iter()
                        .filter(|other| other.is_required && other.name != column.name);
                    file.extend(required.map(|other| other.name.to_owned()));
                    let map = HeaderMap::recognise(&file, schema, None).unwrap();
                    let shared = schema.columns.iter().any(|other| {
                        other.name != column.name
                            && std::iter::once(other.name)
                                .chain(other.aliases())
                                .any(|alias| comparable(alias) == comparable(name))
                    });
                    assert!(
                        map.source_column(place) == Some(0) || shared,
                        "{}: {name}",
                        schema.kind
                    );
                }
            }
        }
    }

    #[test]
    fn the_mapping_wins_and_the_rest_is_kept() {
        let mapping = Mapping::new().with("phone", "老板电话").with("name", "B");
        let file = headers("编号,姓名,B,老板电话,手机,marque_reason");
        let map = HeaderMap::recognise(&file, &CUSTOMERS, Some(&mapping)).unwrap();
        let column = |name| map.source_column(CUSTOMERS.column(name).unwrap());
        assert_eq!(
            (column("phone"), column("name"), column("phone2")),
            (Some(3), Some(2), Some(4))
        );
        assert_eq!(map.extras(), [(1, "姓名".to_owned())]);
    }

    #[test]
    fn orders_and_members_are_recognised_by_what_workshops_call_them() {
        for (order, customer) in [
            ("维修工单号", "会员编号"),
            ("RO号", "会员卡号"),
            ("工单编码", "顾客编号"),
            ("ro号", "客户档案号"),
        ] {
            let text = format!("{order},车架号,{customer}");
            let found = recognised(&VISITS, &text);
            assert_eq!(found, ["order_number", "vin", "customer_key"], "{text}");
        }
        assert_eq!(
            recognised(&CUSTOMERS, "会员编号,姓名"),
            ["source_key", "name"]
        );
    }

    #[test]
    fn headers_of_exports_and_of_english_files_are_recognised() {
        for (schema, text, expected) in [
            (
                &CUSTOMERS,
                "客户编号,姓名,客户手机,客户性别,客户生日,统一信用代码,来源,客户地址",
                "source_key name phone gender birthday credit_code acquisition_channel address",
            ),
            (
                &CUSTOMERS,
                "源记录号,公司名称,联系电话1,联系电话2,身份证件号码,车辆识别代码,称谓",
                "source_key name phone phone2 id_number vin gender",
            ),
            (
                &CUSTOMERS,
                "Customer Number,Client Name,Mobile Number,Work Phone,ID Card Number,VIN Number",
                "source_key name phone phone2 id_number vin",
            ),
            (
                &CUSTOMERS,
                "id,name,Contact Number",
                "source_key name phone",
            ),
            (
                &VEHICLES,
                "VIN/车架号,车辆颜色,购车时间,商业险到期日,车型名称",
                "vin color sale_date insurance_expiry model",
            ),
            (
                &VISITS,
                "工单号,车架号,接车日期,交车日期,入厂里程,业务接待,总费用",
                "order_number vin opened_at closed_at odometer_km adviser amount",
            ),
            (
                &VISITS,
                "工单号,车架号,送修日期,维修项目,price,总费用",
                "order_number vin opened_at name unit_price amount",
            ),
            (
                &VISITS,
                "工单号,车架号,类型,代码,名称,数量",
                "order_number vin line_kind code name quantity",
            ),
            (&VISITS, "工单号,车架号,类型,代码,名称", "order_number vin"),
            (
                &COMPLAINTS,
                "工单号,投诉内容,责任科室,车辆识别代码",
                "complaint_key text department vin",
            ),
        ] {
            let expected: Vec<&str> = expected.split_whitespace().collect();
            assert_eq!(recognised(schema, text), expected, "{text}");
        }
    }

    #[test]
    fn the_compulsory_insurance_goes_before_the_commercial_one() {
        let file = headers("vin,商业险到期日,交强险到期日");
        let map = HeaderMap::recognise(&file, &VEHICLES, None).unwrap();
        let expiry = VEHICLES.column("insurance_expiry").unwrap();
        assert_eq!(map.source_column(expiry), Some(2));
    }

    #[test]
    fn a_file_with_an_old_and_a_new_header_keeps_the_key_it_had() {
        for (schema, text) in [
            (&CUSTOMERS, "customer_id,member_no,name"),
            (&CUSTOMERS, "编号,会员编号,姓名"),
            (&CUSTOMERS, "会员号,客户档案号,姓名"),
            (&VISITS, "委托书号,RO号,vin"),
            (&VISITS, "ro_no,工单编码,vin"),
        ] {
            let map = HeaderMap::recognise(&headers(text), schema, None).unwrap();
            assert_eq!(map.source_column(0), Some(0), "{text}");
        }
        let visits = headers("委托书号,vin,会员编号,customer_id");
        let map = HeaderMap::recognise(&visits, &VISITS, None).unwrap();
        let customer = VISITS.column("customer_key").unwrap();
        assert_eq!(map.source_column(customer), Some(3));
    }

    #[test]
    fn a_second_column_for_the_name_is_known_as_one() {
        let file = headers("客户编号,姓名,手机,车主姓名（必填）,爱车");
        let map = HeaderMap::recognise(&file, &CUSTOMERS, None).unwrap();
        let row = Row::of(2, ["K1", "孟晓岚", "138", "李四", "小白"]);
        let name = CUSTOMERS.column("name").unwrap();
        assert_eq!(map.others(&row, name).collect::<Vec<_>>(), ["李四"]);
        assert_eq!(map.extras().len(), 2, "and kept under its own header");
        let unknown: Vec<_> = map.unknown().map(|(place, _)| *place).collect();
        assert_eq!(unknown, [4], "what means the name is not unknown");
    }

    /// What an object is read as that has these values under the keys of the whole file, and what is left of it.
    fn read_object(keys: &str, values: [&str; 7]) -> (Vec<(&'static str, String)>, Vec<String>) {
        let map = HeaderMap::recognise_keys(&headers(keys), &CUSTOMERS, None).unwrap();
        let row = Row::of(1, values);
        let cell = |(place, column): (usize, &Column)| {
            let value = map.get(&row, place).to_owned();
            (!value.is_empty()).then_some((column.name, value))
        };
        let read = CUSTOMERS.columns.iter().enumerate().filter_map(cell);
        let left = map.extras_in(&row);
        (
            read.collect(),
            left.map(|(header, _)| header.to_owned()).collect(),
        )
    }

    #[test]
    fn an_object_is_read_by_its_own_keys_whatever_the_keys_of_others() {
        let keys = "customer_id,address,addr,mobile,phone,tel,id";
        let (read, left) = read_object(keys, ["K1", "", "某路 1 号", "138", "", "", ""]);
        let expected = [
            ("source_key", "K1"),
            ("phone", "138"),
            ("address", "某路 1 号"),
        ];
        assert_eq!(read, expected.map(|(name, value)| (name, value.to_owned())));
        assert!(left.is_empty(), "{left:?}");
        // A record's own key is never read from elsewhere.
        let (read, left) = read_object(keys, ["", "甲", "", "", "", "", "17"]);
        assert_eq!(read, [("address", "甲".to_owned())]);
        assert_eq!(left, ["id"]);
    }

    #[test]
    fn two_keys_of_an_object_for_a_phone_are_two_phones_and_what_is_over_is_told() {
        let keys = "customer_id,address,addr,mobile,phone,tel,id";
        let values = ["K1", "甲", "乙", "138", "139", "021", ""];
        let (read, left) = read_object(keys, values);
        let expected = [
            ("source_key", "K1"),
            ("phone", "139"),
            ("phone2", "138"),
            ("address", "甲"),
        ];
        assert_eq!(read, expected.map(|(name, value)| (name, value.to_owned())));
        assert_eq!(left, ["addr", "tel"]);
        let map = HeaderMap::recognise_keys(&headers(keys), &CUSTOMERS, None).unwrap();
        let row = Row::of(1, values);
        let others = |name: &str| {
            let column = CUSTOMERS.column(name).unwrap();
            map.others(&row, column).collect::<Vec<_>>()
        };
        assert_eq!(
            (others("phone"), others("address")),
            (vec!["021"], vec!["乙"])
        );
        assert!(others("phone2").is_empty() && others("name").is_empty());
    }

    #[test]
    fn what_is_mapped_is_read_from_nowhere_else() {
        let keys = headers("customer_id,own_number,mobile,name");
        let mapping = Mapping::new().with("phone", "own_number");
        let map = HeaderMap::recognise_keys(&keys, &CUSTOMERS, Some(&mapping)).unwrap();
        let [phone, second] = ["phone", "phone2"].map(|name| CUSTOMERS.column(name).unwrap());
        // The number of whoever sold the car, as the mapping makes plain, is not his who left his own blank.
        for (own, read) in [("138", "138"), ("", "")] {
            let row = Row::of(1, ["K1", own, "139", "孟晓岚"]);
            assert_eq!(map.get(&row, phone), read);
            assert_eq!(map.others(&row, phone).count(), 0, "he has said which");
        }
        let row = Row::of(1, ["K1", "", "139", "孟晓岚"]);
        assert_eq!(map.get(&row, second), "");
        assert_eq!(map.extras_in(&row).collect::<Vec<_>>(), [("mobile", "139")]);
    }

    #[test]
    fn what_is_missing_is_named() {
        let refused = |text: &str, mapping: Option<&Mapping>| {
            HeaderMap::recognise(&headers(text), &CUSTOMERS, mapping).unwrap_err()
        };
        assert_eq!(refused("甲,乙", None).reason(), "NO_HEADER");
        let problem = refused("手机,地址", None);
        assert_eq!(problem.reason(), "HEADER_NOT_RECOGNISED");
        assert!(problem.to_string().contains("source_key, name"));
        assert_eq!(
            refused("id,name", Some(&Mapping::new().with("fone", "id"))).reason(),
            "MAPPING_UNKNOWN_COLUMN"
        );
        assert_eq!(
            refused("id,name", Some(&Mapping::new().with("phone", "tel"))).reason(),
            "MAPPING_HEADER_ABSENT"
        );
    }
}
