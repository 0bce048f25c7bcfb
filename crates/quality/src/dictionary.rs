//! The field dictionary: for every field its meaning, how to fill it, examples, rule, owner and class of personal data.
//!
//! The entries are data (`data/dictionary/*.toml`) compiled in by the build script; [`Field`] and the row types are
//! generated from them, so that a field without an entry does not build.

use serde::Serialize;

use crate::finding::Rule;

/// Languages of all texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Lang {
    /// Chinese (zh-CN).
    Zh,
    /// English.
    En,
}

/// A text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Bilingual {
    /// Chinese.
    pub zh: &'static str,
    /// English.
    pub en: &'static str,
}

impl Bilingual {
    /// The text in one language.
    pub const fn get(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh => self.zh,
            Lang::En => self.en,
        }
    }
}

/// Kinds of record a file can hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordKind {
    /// People and organisations.
    Customers,
    /// Cars.
    Vehicles,
    /// Repair orders and other visits.
    Visits,
    /// Complaints.
    Complaints,
}

impl RecordKind {
    /// Every kind.
    pub const ALL: [Self; 4] = [
        Self::Customers,
        Self::Vehicles,
        Self::Visits,
        Self::Complaints,
    ];

    /// The word used in paths and files.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Customers => "customers",
            Self::Vehicles => "vehicles",
            Self::Visits => "visits",
            Self::Complaints => "complaints",
        }
    }
}

/// How personal a field's values are (PIPL Art. 4, 28).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum DataClass {
    /// Says nothing about a person by itself.
    None,
    /// Personal.
    Personal,
    /// Personal and enough to reach or single out somebody: phone, e-mail, address.
    Contact,
    /// Identity documents and what else PIPL calls sensitive or the vault encrypts.
    Sensitive,
}

impl DataClass {
    /// Stable code.
    pub const fn code(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Personal => "personal",
            Self::Contact => "contact",
            Self::Sensitive => "sensitive",
        }
    }

    /// Name in both languages.
    pub const fn label(self) -> Bilingual {
        match self {
            Self::None => Bilingual {
                zh: "非个人信息",
                en: "not personal",
            },
            Self::Personal => Bilingual {
                zh: "个人信息",
                en: "personal",
            },
            Self::Contact => Bilingual {
                zh: "联系方式（可找到本人）",
                en: "contact data",
            },
            Self::Sensitive => Bilingual {
                zh: "敏感个人信息",
                en: "sensitive",
            },
        }
    }
}

/// Departments that answer for fields, and what they are called in Chinese.
const OWNERS: [(&str, &str); 5] = [
    ("IT", "信息部"),
    ("customer care", "客户关怀部"),
    ("product", "产品部"),
    ("sales", "销售部"),
    ("service", "售后服务部"),
];

/// One entry of the dictionary.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct FieldEntry {
    /// Kind of record the field belongs to.
    pub kind: RecordKind,
    /// Canonical column name.
    pub column: &'static str,
    /// What the field is called on a form.
    pub label: Bilingual,
    /// Headers under which files carry it, besides the column name.
    pub headers: &'static [&'static str],
    /// What it means.
    pub meaning: Bilingual,
    /// How to fill it.
    pub fill: Bilingual,
    /// The rule that is checked, in words.
    pub rule: Bilingual,
    /// Most characters of a text; of people's own words so many beyond which something else was probably pasted in.
    pub max_chars: Option<usize>,
    /// Values that are right; invented.
    pub good: &'static [&'static str],
    /// Values that are wrong.
    pub bad: &'static [&'static str],
    /// Department that answers for it.
    pub owner: &'static str,
    /// Class of personal data.
    pub class: DataClass,
}

impl FieldEntry {
    /// The department that answers for the field, in both languages.
    pub fn owner_label(&self) -> Bilingual {
        let mut known = OWNERS.iter().filter(|(owner, _)| *owner == self.owner);
        Bilingual {
            zh: known.next().map_or(self.owner, |(_, zh)| zh),
            en: self.owner,
        }
    }
}

include!(concat!(env!("OUT_DIR"), "/dictionary.rs"));

impl Field {
    /// The entry of this field.
    pub fn entry(self) -> &'static FieldEntry {
        &ENTRIES[self as usize]
    }

    /// Most characters of its text; no end where the dictionary sets none.
    pub fn max_chars(self) -> usize {
        self.entry().max_chars.unwrap_or(usize::MAX)
    }

    /// Canonical column name.
    pub fn column(self) -> &'static str {
        self.entry().column
    }

    /// The rule that a row breaks in which another column means this field too and says something else. Of keys and days that is usual,
    /// and no rule: a file may have the day of the record and that of the sale.
    pub const fn said_twice(self) -> Option<Rule> {
        match self {
            Self::CustomerName => Some(Rule::NameInTwoColumns),
            Self::CustomerIdNumber
            | Self::CustomerCreditCode
            | Self::CustomerPhone
            | Self::CustomerEmail
            | Self::CustomerWechat
            | Self::CustomerBirthday
            | Self::CustomerAddress
            | Self::CustomerPlate
            | Self::CustomerVin => Some(Rule::InTwoColumns),
            _ => None,
        }
    }

    /// The fields of one kind of record, in the order of the dictionary.
    pub fn of(kind: RecordKind) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |field| field.entry().kind == kind)
    }

    /// The field a header means, in any case and with or without spaces, underscores, dashes and a remark in brackets.
    pub fn recognise(kind: RecordKind, header: &str) -> Option<Self> {
        let wanted = header_key(header);
        Self::of(kind).find(|field| {
            let entry = field.entry();
            header_key(entry.column) == wanted
                || entry
                    .headers
                    .iter()
                    .any(|known| header_key(known) == wanted)
        })
    }
}

/// A field is written as its column.
impl Serialize for Field {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.column())
    }
}

/// A header reduced to what matters.
fn header_key(header: &str) -> String {
    let header = crate::text::tidy(header);
    let bare = header
        .split('(')
        .next()
        .filter(|front| !front.trim().is_empty())
        .unwrap_or(&header);
    bare.chars()
        .filter(|c| !matches!(c, ' ' | '_' | '-' | '*' | ':' | '：' | '.' | '/'))
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The canonical columns of an import file; outside programs rely on them.
    const COLUMNS: [(RecordKind, &str); 4] = [
        (
            RecordKind::Customers,
            "source_key kind name id_number credit_code phone phone2 email wechat gender birthday address region_code occupation industry \
             income_band hobbies explicit_requests special_needs acquisition_channel referrer_key contact_name plate vin clerk recorded_at",
        ),
        (
            RecordKind::Vehicles,
            "vin plate brand series model model_year color energy_type sale_date selling_dealer owner_key insurance_expiry inspection_due warranty_end",
        ),
        (
            RecordKind::Visits,
            "order_number vin customer_key kind opened_at closed_at odometer_km adviser complaint_text diagnosis amount lines line_kind code name \
             quantity unit_price technician",
        ),
        (
            RecordKind::Complaints,
            "complaint_key customer_key vin opened_at channel category severity text department state closed_at",
        ),
    ];

    #[test]
    fn every_canonical_column_has_an_entry() {
        for (kind, columns) in COLUMNS {
            for column in columns.split_whitespace() {
                assert!(
                    Field::of(kind).any(|field| field.column() == column),
                    "{kind:?} {column}"
                );
            }
        }
    }

    #[test]
    fn every_owner_has_a_name_in_both_languages() {
        for entry in Field::ALL.map(Field::entry) {
            let label = entry.owner_label();
            assert_ne!(label.zh, label.en, "{} {}", entry.column, entry.owner);
        }
    }

    #[test]
    fn texts_are_as_long_as_the_dictionary_says() {
        assert_eq!(Field::CustomerSourceKey.max_chars(), 100);
        assert_eq!(Field::VehicleModel.max_chars(), 500);
        assert_eq!(Field::ComplaintText.max_chars(), 20_000);
        assert_eq!(Field::CustomerPhone.max_chars(), usize::MAX);
    }

    #[test]
    fn chinese_and_english_headers_are_recognised() {
        for (header, column) in [
            ("客户姓名", "name"),
            ("身份证号码", "id_number"),
            ("手机号", "phone"),
            ("ID Number", "id_number"),
            ("车架号", "vin"),
            ("地址 (必填)", "address"),
        ] {
            assert_eq!(
                Field::recognise(RecordKind::Customers, header).map(Field::column),
                Some(column),
                "{header}"
            );
        }
        assert_eq!(Field::recognise(RecordKind::Customers, "天气"), None);
    }
}
