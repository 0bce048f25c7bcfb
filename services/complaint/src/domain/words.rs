//! Coded words of a case: severity, channel, category tree, department, state; each read as dealers write it. Severity and state are read
//! with the row (`marque_quality`), so that a file is told of them before it is sent.

use marque_quality::clean::{ComplaintSeverity, ComplaintState};

use super::{code::holds_identifier, state::State};

/// How serious a case is; the number is the one in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Severity {
    Low = 1,
    Medium = 2,
    High = 3,
    Critical = 4,
}

impl Severity {
    pub(crate) const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }

    pub(crate) const fn rank(self) -> i64 {
        self as i64
    }

    pub(crate) fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|each| each.code() == code)
    }

    /// This severity, or that which a case of a category has at least.
    pub(crate) fn at_least_of(self, category: &str) -> Self {
        find_category(category).map_or(self, |each| each.at_least.max(self))
    }

    /// The severity of a rank; what is out of range is the nearest.
    pub(crate) fn of_rank(rank: i64) -> Self {
        match rank {
            i64::MIN..=1 => Self::Low,
            2 => Self::Medium,
            3 => Self::High,
            _ => Self::Critical,
        }
    }
}

impl From<ComplaintSeverity> for Severity {
    fn from(severity: ComplaintSeverity) -> Self {
        match severity {
            ComplaintSeverity::Low => Self::Low,
            ComplaintSeverity::Medium => Self::Medium,
            ComplaintSeverity::High => Self::High,
            ComplaintSeverity::Critical => Self::Critical,
        }
    }
}

impl From<ComplaintState> for State {
    fn from(state: ComplaintState) -> Self {
        match state {
            ComplaintState::Received => Self::Received,
            ComplaintState::Acknowledged => Self::Acknowledged,
            ComplaintState::InProgress => Self::InProgress,
            ComplaintState::WaitingCustomer => Self::WaitingCustomer,
            ComplaintState::WaitingParts => Self::WaitingParts,
            ComplaintState::WaitingOem => Self::WaitingOem,
            ComplaintState::Resolved => Self::Resolved,
            ComplaintState::FollowedUp => Self::FollowedUp,
            ComplaintState::Closed => Self::Closed,
            ComplaintState::Reopened => Self::Reopened,
            ComplaintState::Withdrawn => Self::Withdrawn,
        }
    }
}

/// A branch or leaf of the category tree: `product.quality` lies under `product`.
#[derive(Debug)]
pub(crate) struct Category {
    pub(crate) code: &'static str,
    /// What dealers write for it.
    words: &'static [&'static str],
    /// Who handles it if nobody else is named.
    pub(crate) department: &'static str,
    /// Share of the ordinary time its clocks have, in per cent.
    pub(crate) time_percent: i64,
    /// It is at least this serious.
    pub(crate) at_least: Severity,
}

const fn category(
    code: &'static str,
    words: &'static [&'static str],
    department: &'static str,
    time_percent: i64,
    at_least: Severity,
) -> Category {
    Category {
        code,
        words,
        department,
        time_percent,
        at_least,
    }
}

/// The demand for another car or the money under the three guarantees, which starts the clocks of the law.
pub(crate) const THREE_GUARANTEES: &str = "product.three_guarantees";
/// What fits nowhere else.
pub(crate) const OTHER: &str = "other";

use Severity::{High, Low};

/// The category tree.
pub(crate) const CATEGORIES: &[Category] = &[
    category("product", &["产品", "车辆问题"], "service", 100, Low),
    category(
        "product.quality",
        &["产品质量", "质量", "车辆质量", "quality", "product_quality"],
        "service",
        100,
        Low,
    ),
    category(
        "product.safety",
        &["安全", "安全隐患", "safety"],
        "service",
        50,
        High,
    ),
    category(
        THREE_GUARANTEES,
        &[
            "三包",
            "退车",
            "换车",
            "退换车",
            "three_guarantees",
            "lemon",
        ],
        "service",
        100,
        High,
    ),
    category("service", &["服务", "售后服务"], "service", 100, Low),
    category(
        "service.repair",
        &[
            "维修质量",
            "维修",
            "repair",
            "repair_quality",
            "workmanship",
        ],
        "service",
        100,
        Low,
    ),
    category(
        "service.attitude",
        &["服务态度", "态度", "attitude", "service_attitude"],
        "service",
        100,
        Low,
    ),
    category(
        "service.waiting",
        &["等待时间", "等待", "waiting", "waiting_time"],
        "service",
        100,
        Low,
    ),
    category(
        "service.charges",
        &["收费争议", "收费", "价格", "price", "charges", "billing"],
        "finance",
        100,
        Low,
    ),
    category("parts", &["配件"], "parts", 100, Low),
    category(
        "parts.supply",
        &["配件供应", "缺件", "parts_supply"],
        "parts",
        100,
        Low,
    ),
    category("sales", &["销售"], "sales", 100, Low),
    category(
        "sales.promise",
        &["销售承诺", "承诺", "sales_promise"],
        "sales",
        100,
        Low,
    ),
    category(
        "sales.delivery",
        &["交车", "提车", "交付", "delivery"],
        "sales",
        100,
        Low,
    ),
    category("finance", &["金融", "贷款"], "finance", 100, Low),
    category(
        "finance.insurance",
        &["保险理赔", "保险", "理赔", "insurance"],
        "finance",
        100,
        Low,
    ),
    category(
        "privacy",
        &["个人信息", "隐私", "信息泄露"],
        "customer_care",
        75,
        Low,
    ),
    category(OTHER, &["其他", "其它"], "customer_care", 100, Low),
];

/// The category that a word means: its code, a dealer's word for it, or nothing.
pub(crate) fn find_category(word: &str) -> Option<&'static Category> {
    let word = word.trim();
    CATEGORIES
        .iter()
        .find(|category| category.code.eq_ignore_ascii_case(word))
        .or_else(|| {
            CATEGORIES.iter().find(|category| {
                category
                    .words
                    .iter()
                    .any(|each| each.eq_ignore_ascii_case(word))
            })
        })
}

/// The code a word is kept under: the tree's where it knows the word, a plain code as it came (dealers have categories of
/// their own), otherwise [`OTHER`], since free words, and codes with somebody's number in them, may say who somebody is.
pub(crate) fn category_code(word: &str) -> String {
    if let Some(category) = find_category(word) {
        return category.code.to_owned();
    }
    let code = word.trim().to_lowercase();
    let is_plain = (1..=40).contains(&code.len())
        && code.starts_with(|first: char| first.is_ascii_lowercase())
        && code.bytes().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"._-".contains(&byte)
        })
        && !holds_identifier(&code);
    if is_plain { code } else { OTHER.to_owned() }
}

const CHANNELS: &[(&str, &[&str])] = &[
    (
        "phone",
        &[
            "400热线",
            "电话",
            "400电话",
            "热线",
            "客服热线",
            "呼叫中心",
            "来电",
            "call",
            "call center",
            "call centre",
            "callcenter",
            "hotline",
            "tel",
            "telephone",
        ],
    ),
    (
        "visit",
        &[
            "到店",
            "来店",
            "进店",
            "门店",
            "现场",
            "counter",
            "dealership",
            "face to face",
            "in person",
            "store",
            "showroom",
            "walk in",
        ],
    ),
    ("wechat", &["微信", "公众号", "企业微信", "weixin"]),
    ("callback", &["电话回访", "回访", "call back"]),
    (
        "web",
        &[
            "网络平台",
            "网络",
            "网站",
            "官网",
            "internet",
            "online",
            "portal",
            "website",
        ],
    ),
    ("app", &["app", "小程序", "mini program"]),
    ("email", &["邮件", "电子邮件", "邮箱", "e mail", "mail"]),
    ("letter", &["信函", "信件", "来信", "post"]),
    (
        "regulator",
        &[
            "12315",
            "12345",
            "监管",
            "投诉平台",
            "市场监管",
            "消协",
            "government",
        ],
    ),
    ("press", &["媒体", "media"]),
    ("other", &["其他", "其它"]),
];

const DEPARTMENTS: &[(&str, &[&str])] = &[
    ("sales", &["销售", "销售部"]),
    (
        "service",
        &[
            "售后",
            "售后部",
            "售后服务",
            "服务",
            "服务部",
            "维修",
            "after sales",
            "aftersales",
            "workshop",
        ],
    ),
    ("parts", &["配件", "备件", "配件部", "spare parts"]),
    ("finance", &["财务", "金融", "财务部"]),
    (
        "customer_care",
        &[
            "客服",
            "客服部",
            "客户关系",
            "客户关怀",
            "客户关怀部",
            "care",
            "customer service",
            "crm",
        ],
    ),
    ("other", &["其他", "其它"]),
];

fn find_word(table: &[(&'static str, &[&str])], word: &str) -> Option<&'static str> {
    let word = word.trim();
    let known = |(code, words): &&(&'static str, &[&str])| {
        is_same(code, word) || words.iter().any(|each| is_same(each, word))
    };
    table.iter().find(known).map(|(code, _)| *code)
}

/// Whether two words are one, but for case and for what stands between their parts: `walk-in`, `Walk in`, `walk_in`.
fn is_same(left: &str, right: &str) -> bool {
    folded(left).eq(folded(right))
}

fn folded(word: &str) -> impl Iterator<Item = char> {
    word.chars().map(|each| match each {
        ' ' | '-' => '_',
        other => other.to_ascii_lowercase(),
    })
}

/// The channel that a word means.
pub(crate) fn find_channel(word: &str) -> Option<&'static str> {
    find_word(CHANNELS, word)
}

/// The department that a word means.
pub(crate) fn find_department(word: &str) -> Option<&'static str> {
    find_word(DEPARTMENTS, word)
}

/// The channels there are, for messages.
pub(crate) const CHANNEL_LIST: &str =
    "phone, visit, wechat, callback, web, app, email, letter, regulator, press or other";

/// The departments there are, for messages.
pub(crate) const DEPARTMENT_LIST: &str = "sales, service, parts, finance, customer_care or other";

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use chrono::NaiveDate;
    use marque_quality::{ComplaintRow, clean_complaint};

    use super::*;

    #[test]
    fn the_tree_in_the_guide_is_the_table() {
        let mut tree = String::new();
        for category in CATEGORIES {
            writeln!(
                tree,
                "| `{}` | {} | {} | {} % | {} |",
                category.code,
                category.words.join(", "),
                category.department,
                category.time_percent,
                category.at_least.code()
            )
            .unwrap();
        }
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../docs/guides/complaints.md"
        );
        let guide = std::fs::read_to_string(path).unwrap();
        assert!(
            guide.contains(&tree),
            "put this into docs/guides/complaints.md:\n{tree}"
        );
    }

    #[test]
    fn what_the_field_dictionary_bids_clerks_write_is_known() {
        for word in ["质量", "服务", "价格", "交付", "配件"] {
            assert!(find_category(word).is_some(), "{word}");
        }
        for word in ["quality", "service", "price", "delivery", "parts"] {
            assert!(find_category(word).is_some(), "{word}");
        }
        for word in ["电话", "到店", "网络", "12315", "媒体", "showroom", "press"] {
            assert!(find_channel(word).is_some(), "{word}");
        }
        for word in ["销售", "售后", "客服", "配件", "customer care"] {
            assert!(find_department(word).is_some(), "{word}");
        }
    }

    #[test]
    fn the_tree_has_one_place_for_each_word_and_every_leaf_a_branch() {
        let mut seen: Vec<&str> = Vec::new();
        for category in CATEGORIES {
            for word in category.words {
                assert!(!seen.contains(word), "{word} means two categories");
                seen.push(word);
                assert_eq!(category_code(word), category.code);
            }
            if let Some((branch, _)) = category.code.split_once('.') {
                assert!(
                    CATEGORIES.iter().any(|each| each.code == branch),
                    "{branch}"
                );
            }
            assert!(find_department(category.department).is_some());
        }
    }

    #[test]
    fn a_dealers_own_code_is_kept_and_free_words_are_not() {
        assert_eq!(category_code(" Paint_Defect "), "paint_defect");
        assert_eq!(category_code("王先生的投诉"), OTHER);
        assert_eq!(category_code("tel13566661111"), OTHER);
        assert_eq!(category_code(""), OTHER);
        assert_eq!(find_channel("400热线"), Some("phone"));
        for word in ["call_center", "Call centre", "CALL-CENTER"] {
            assert_eq!(find_channel(word), Some("phone"), "{word}");
        }
        for word in ["walk_in", "Walk-in", "walk in"] {
            assert_eq!(find_channel(word), Some("visit"), "{word}");
        }
        for word in ["e-mail", "E_mail"] {
            assert_eq!(find_channel(word), Some("email"), "{word}");
        }
        assert_eq!(find_department("售后"), Some("service"));
    }

    #[test]
    fn messages_name_every_channel_and_department_there_is() {
        for (list, table) in [(CHANNEL_LIST, CHANNELS), (DEPARTMENT_LIST, DEPARTMENTS)] {
            let named: Vec<&str> = list
                .split(", ")
                .flat_map(|word| word.split(" or "))
                .collect();
            let known: Vec<&str> = table.iter().map(|(code, _)| *code).collect();
            assert_eq!(named, known);
        }
    }

    #[test]
    fn a_word_of_a_channel_or_department_means_one_of_them() {
        for table in [CHANNELS, DEPARTMENTS] {
            for (code, words) in table {
                for word in *words {
                    assert_eq!(find_word(table, word), Some(*code), "{word}");
                }
            }
        }
    }

    #[test]
    fn each_state_that_files_tell_is_one_of_ours() {
        for state in State::ALL {
            let row = ComplaintRow {
                state: Some(state.code()),
                ..ComplaintRow::default()
            };
            let day = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
            let told = clean_complaint(&row, day).record.state.unwrap();
            assert_eq!(State::from(told), state);
            assert_eq!(told.code(), state.code());
        }
    }
}
