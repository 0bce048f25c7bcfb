//! Visits to the workshop: one row an order, or one row a line of it.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::{Cleaned, Notes};
use crate::{
    date::TypedDate,
    dictionary::{Field, RecordKind, VisitRow},
    finding::Rule,
    standard::{Standard, release},
    text::present,
    vin::Vin,
};

/// What a visit was for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum VisitKind {
    /// 保养.
    Maintenance,
    /// 维修.
    Repair,
    /// 事故.
    Accident,
    /// 保修, 三包.
    Warranty,
    /// 召回.
    Recall,
    /// 美容, 精品.
    Detailing,
    /// 检查, PDI.
    Inspection,
}

/// The words that workshops' programs write for each kind; the first is its code.
const VISIT_KINDS: &[(VisitKind, &[&str])] = &[
    (
        VisitKind::Maintenance,
        &[
            "maintenance",
            "service",
            "保养",
            "首保",
            "首次保养",
            "首保索赔",
            "二保",
            "三保",
            "定保",
            "定期保养",
            "常规保养",
            "小保养",
            "大保养",
            "维护",
            "维护保养",
            "保养维护",
            "例行保养",
            "免费保养",
            "付费保养",
            "强制保养",
            "保养类",
            "快保",
            "快速保养",
            "换油保养",
            "季节性保养",
            "自费保养",
            "普通保养",
        ],
    ),
    (
        VisitKind::Repair,
        &[
            "repair",
            "维修",
            "一般维修",
            "普通维修",
            "常规维修",
            "一般修理",
            "修理",
            "机修",
            "机电",
            "机电维修",
            "小修",
            "中修",
            "大修",
            "故障维修",
            "电器维修",
            "电气维修",
            "电路维修",
            "底盘维修",
            "发动机维修",
            "空调维修",
            "轮胎",
            "轮胎更换",
            "更换轮胎",
            "电瓶更换",
            "快修",
            "返修",
            "返工",
            "内返",
            "外返",
            "回修",
            "救援",
            "道路救援",
            "拖车救援",
            "抢修",
            "自费维修",
            "内部维修",
            "维修类",
            "保养维修",
            "维修保养",
            "机电类",
        ],
    ),
    (
        VisitKind::Accident,
        &[
            "accident",
            "事故",
            "事故车",
            "事故维修",
            "事故车维修",
            "事故修理",
            "交通事故",
            "保险事故",
            "保险维修",
            "保险理赔",
            "保险",
            "钣喷",
            "钣喷维修",
            "钣金",
            "喷漆",
            "油漆",
            "钣金喷漆",
            "钣金油漆",
            "喷漆维修",
            "钣金维修",
            "事故钣喷",
            "定损",
            "事故类",
            "body shop",
            "collision",
        ],
    ),
    (
        VisitKind::Warranty,
        &[
            "warranty",
            "保修",
            "保修维修",
            "质保",
            "质保维修",
            "质保期内",
            "索赔",
            "索赔维修",
            "保修索赔",
            "厂家索赔",
            "三包",
            "三包维修",
            "三包索赔",
            "延保",
            "延长保修",
            "延保维修",
            "善意保修",
            "善意索赔",
            "配件索赔",
            "goodwill",
            "claim",
        ],
    ),
    (
        VisitKind::Recall,
        &[
            "recall",
            "召回",
            "召回维修",
            "召回活动",
            "缺陷召回",
            "服务活动",
            "技术升级",
            "技术服务活动",
            "技术改进",
            "软件升级",
            "系统升级",
            "OTA升级",
            "campaign",
        ],
    ),
    (
        VisitKind::Detailing,
        &[
            "detailing",
            "美容",
            "美容装饰",
            "装饰",
            "装潢",
            "精品",
            "精品加装",
            "精品安装",
            "加装",
            "改装",
            "贴膜",
            "洗车",
            "打蜡",
            "镀晶",
            "镀膜",
            "汽车美容",
            "美容装潢",
            "美容类",
            "内饰清洗",
            "accessories",
        ],
    ),
    (
        VisitKind::Inspection,
        &[
            "inspection",
            "检查",
            "检测",
            "免费检测",
            "免费检查",
            "车辆检测",
            "安全检测",
            "全车检测",
            "全车检查",
            "PDI",
            "PDI检测",
            "PDI检查",
            "新车检查",
            "新车检测",
            "交车检查",
            "交付检查",
            "售前检查",
            "售前检测",
            "年检",
            "年审",
            "代办年检",
            "验车",
            "诊断",
            "故障诊断",
            "故障检测",
            "季节检测",
            "check",
        ],
    ),
];

/// Labour or part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LineKind {
    /// 工时.
    Labour,
    /// 配件.
    Part,
}

const LINE_KINDS: &[(LineKind, &[&str])] = &[
    (
        LineKind::Labour,
        &["labour", "labor", "工时", "工时费", "项目"],
    ),
    (
        LineKind::Part,
        &["part", "parts", "配件", "零件", "材料", "备件"],
    ),
];

impl VisitKind {
    /// Stable code for storage and the wire.
    pub fn code(self) -> &'static str {
        VISIT_KINDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, words)| words[0])
    }
}

impl LineKind {
    /// Reads the canonical words and the usual Chinese ones.
    pub fn parse(typed: &str) -> Option<Self> {
        LINE_KINDS
            .iter()
            .find(|(_, words)| {
                words
                    .iter()
                    .any(|word| word.eq_ignore_ascii_case(typed.trim()))
            })
            .map(|(kind, _)| *kind)
    }

    /// Stable code for storage and the wire.
    pub fn code(self) -> &'static str {
        LINE_KINDS
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, words)| words[0])
    }
}

/// A visit row, typed and normalised. Fields mean what the dictionary says.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the dictionary, which says what each means"
)]
pub struct CleanVisit<'a> {
    pub order_number: Option<Cow<'a, str>>,
    pub vin: Option<Vin>,
    /// What the VIN probably is where I, O or Q was typed: to be confirmed, never taken silently.
    pub vin_suggestion: Option<Vin>,
    pub customer_key: Option<Cow<'a, str>>,
    pub kind: Option<VisitKind>,
    pub opened_at: Option<TypedDate>,
    pub closed_at: Option<TypedDate>,
    pub odometer_km: Option<u32>,
    pub adviser: Option<Cow<'a, str>>,
    pub complaint_text: Option<Cow<'a, str>>,
    pub diagnosis: Option<Cow<'a, str>>,
    /// Amount in fen.
    pub amount_fen: Option<i64>,
    /// The JSON of `lines`, known to look like an array.
    pub lines_json: Option<&'a str>,
    /// The line of this row, where a file has one row a line.
    pub line: Option<CleanVisitLine<'a>>,
}

/// One labour or part line.
#[derive(Clone, Debug, Default)]
#[expect(
    missing_docs,
    reason = "the fields are those of the dictionary, which says what each means"
)]
pub struct CleanVisitLine<'a> {
    pub line_kind: Option<LineKind>,
    pub code: Option<Cow<'a, str>>,
    pub name: Option<Cow<'a, str>>,
    /// Quantity in thousandths.
    pub quantity_milli: Option<i64>,
    /// Price of one in fen.
    pub unit_price_fen: Option<i64>,
    pub technician: Option<Cow<'a, str>>,
}

/// Cleans one visit row. `today` is the business day of the check, which names the release's standard whose ranges hold.
pub fn clean_visit<'a>(row: &VisitRow<'a>, today: NaiveDate) -> Cleaned<CleanVisit<'a>> {
    clean_visit_by(release(RecordKind::Visits, today), row, today)
}

/// Cleans one visit row by the ranges of a standard.
pub fn clean_visit_by<'a>(
    standard: &Standard,
    row: &VisitRow<'a>,
    today: NaiveDate,
) -> Cleaned<CleanVisit<'a>> {
    let mut notes = Notes::new(today, standard);
    let (vin, vin_suggestion) = notes.vin(Field::VisitVin, row.vin);
    let visit = CleanVisit {
        order_number: notes.own_key(Field::VisitOrderNumber, row.order_number),
        vin,
        vin_suggestion,
        customer_key: notes.key(Field::VisitCustomerKey, row.customer_key),
        kind: notes.choice(Field::VisitKind, row.kind, VISIT_KINDS),
        opened_at: notes.date_in_range(Field::VisitOpenedAt, row.opened_at),
        closed_at: notes.date_in_range(Field::VisitClosedAt, row.closed_at),
        odometer_km: notes.odometer(Field::VisitOdometerKm, row.odometer_km),
        adviser: notes.key(Field::VisitAdviser, row.adviser),
        complaint_text: notes.words(Field::VisitComplaintText, row.complaint_text),
        diagnosis: notes.words(Field::VisitDiagnosis, row.diagnosis),
        amount_fen: notes.money(Field::VisitAmount, row.amount),
        lines_json: lines(row.lines, &mut notes),
        line: line(row, &mut notes),
    };
    notes.order(
        (Field::VisitOpenedAt, visit.opened_at),
        (Field::VisitClosedAt, visit.closed_at),
    );
    notes.into_cleaned(visit)
}

/// An array by its brackets; its lines are read where they are stored.
fn lines<'a>(cell: Option<&'a str>, notes: &mut Notes<'_>) -> Option<&'a str> {
    let text = present(cell)?;
    if text.starts_with('[') && text.ends_with(']') {
        return Some(text);
    }
    notes.add(Field::VisitLines, Rule::LinesForm);
    None
}

/// A quantity alone is of nothing, and no line.
fn line<'a>(row: &VisitRow<'a>, notes: &mut Notes<'_>) -> Option<CleanVisitLine<'a>> {
    let cells = [row.line_kind, row.code, row.name, row.unit_price];
    if cells.iter().all(|cell| present(*cell).is_none()) {
        return None;
    }
    let quantity_milli = notes.quantity(Field::VisitQuantity, row.quantity);
    Some(CleanVisitLine {
        line_kind: notes.choice(Field::VisitLineKind, row.line_kind, LINE_KINDS),
        code: notes.key(Field::VisitCode, row.code),
        name: notes.text(Field::VisitName, row.name),
        quantity_milli,
        unit_price_fen: notes.money(Field::VisitUnitPrice, row.unit_price),
        technician: notes.key(Field::VisitTechnician, row.technician),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 21).expect("a day")
    }

    #[test]
    fn a_visit_with_its_line_is_typed() {
        let row = VisitRow {
            order_number: Some("RO1"),
            kind: Some("保养"),
            opened_at: Some("2026-03-05 09:10"),
            closed_at: Some("2026-03-05 16:40"),
            odometer_km: Some("4.5万公里"),
            amount: Some("680.00"),
            line_kind: Some("配件"),
            name: Some("机油滤清器"),
            quantity: Some("1.5"),
            unit_price: Some("45"),
            ..VisitRow::default()
        };
        let cleaned = clean_visit(&row, today());
        assert_eq!(
            cleaned.findings.iter().map(|f| f.rule).collect::<Vec<_>>(),
            [Rule::OdometerInTenThousands]
        );
        assert_eq!(
            (cleaned.record.odometer_km, cleaned.record.amount_fen),
            (Some(45_000), Some(68_000))
        );
        let line = cleaned.record.line.expect("the row has a line");
        assert_eq!(
            (line.line_kind, line.quantity_milli, line.unit_price_fen),
            (Some(LineKind::Part), Some(1500), Some(4500))
        );
    }

    #[test]
    fn a_zero_is_a_number_and_a_quantity_alone_is_no_line() {
        let row = VisitRow {
            order_number: Some("RO1"),
            odometer_km: Some("0"),
            amount: Some("0"),
            name: Some("机油滤清器"),
            quantity: Some("0"),
            ..VisitRow::default()
        };
        let cleaned = clean_visit(&row, today());
        let found: Vec<_> = cleaned.findings.iter().map(|f| (f.field, f.rule)).collect();
        assert_eq!(
            found,
            [(Field::VisitOdometerKm, Rule::OdometerSentinel)],
            "no car comes with nothing on its meter"
        );
        assert_eq!(cleaned.record.amount_fen, Some(0));
        let quantity_of = |row: &VisitRow<'_>| {
            let line = clean_visit(row, today()).record.line;
            line.map(|line| line.quantity_milli)
        };
        assert_eq!(quantity_of(&row), Some(Some(0)));
        let returned = VisitRow {
            quantity: Some("-1"),
            ..row
        };
        assert_eq!(quantity_of(&returned), Some(Some(-1_000)));
        let alone = VisitRow { name: None, ..row };
        assert_eq!(quantity_of(&alone), None);
    }

    #[test]
    fn the_words_of_workshops_mean_one_kind_each() {
        for (typed, kind) in [
            ("定保", VisitKind::Maintenance),
            ("机电维修", VisitKind::Repair),
            ("道路救援", VisitKind::Repair),
            ("事故车维修", VisitKind::Accident),
            ("事故维修", VisitKind::Accident),
            ("三包索赔", VisitKind::Warranty),
            ("技术升级", VisitKind::Recall),
            ("美容装饰", VisitKind::Detailing),
            ("ｐｄｉ检测", VisitKind::Inspection),
            // The maker pays for it, and it is maintenance all the same.
            ("首保索赔", VisitKind::Maintenance),
        ] {
            let row = VisitRow {
                order_number: Some("RO1"),
                kind: Some(typed),
                ..VisitRow::default()
            };
            assert_eq!(
                clean_visit(&row, today()).record.kind,
                Some(kind),
                "{typed}"
            );
        }
        // Who pays is not what was done.
        for payer in ["自费", "客户付费", "内部"] {
            let row = VisitRow {
                order_number: Some("RO1"),
                kind: Some(payer),
                ..VisitRow::default()
            };
            assert_eq!(clean_visit(&row, today()).record.kind, None, "{payer}");
        }
        let words = || VISIT_KINDS.iter().flat_map(|(_, words)| words.iter());
        for word in words() {
            let same = words().filter(|each| each.eq_ignore_ascii_case(word));
            assert_eq!(same.count(), 1, "{word} means two kinds");
        }
    }

    #[test]
    fn what_was_said_and_found_is_kept_whole() {
        let said = "冷车起步有异响。\n已来三次。".repeat(800);
        let row = VisitRow {
            order_number: Some("RO1"),
            complaint_text: Some(&said),
            diagnosis: Some(&said),
            ..VisitRow::default()
        };
        let cleaned = clean_visit(&row, today());
        assert!(cleaned.findings.is_empty(), "{:?}", cleaned.findings);
        let texts = (cleaned.record.complaint_text, cleaned.record.diagnosis);
        assert_eq!(
            (texts.0.as_deref(), texts.1.as_deref()),
            (Some(said.as_str()), Some(said.as_str()))
        );
    }

    #[test]
    fn a_visit_without_number_is_rejected_and_one_that_ends_before_it_begins_is_doubted() {
        assert!(
            clean_visit(
                &VisitRow {
                    kind: Some("保养"),
                    ..VisitRow::default()
                },
                today()
            )
            .is_rejected()
        );
        let row = VisitRow {
            order_number: Some("RO1"),
            opened_at: Some("2026-03-05"),
            closed_at: Some("2026-03-04"),
            ..VisitRow::default()
        };
        assert_eq!(clean_visit(&row, today()).findings[0].rule, Rule::DateOrder);
    }
}
