//! Reading the name column of a dealer: person or organisation, titles, remarks, legal forms, the contact beside the firm.

use super::foreign;
use super::places::without_place;
use crate::text::fold::{fold, is_han};
use crate::text::han::{is_compound_surname, is_surname};

/// What a record is about.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A natural person.
    #[default]
    Person,
    /// A firm, public body or other organisation.
    Organisation,
    /// Said to be an organisation, but the name is a person's: perhaps its contact, perhaps a mistake.
    Unclear,
}

/// A name taken apart.
#[derive(Clone, PartialEq, Eq, Default)]
pub(super) struct ParsedName {
    pub(super) kind: Kind,
    /// The person's name or the organisation's core: brand and trade, without place, legal form and branch.
    pub(super) name: String,
    /// Only the surname is known: 李女士, 王总.
    pub(super) surname_only: bool,
    /// The contact written beside the firm.
    pub(super) contact: Option<String>,
    /// The firm's branch, such as 北京分公司; empty without one.
    pub(super) branch: String,
}

const TITLES: &[&str] = &[
    "先生",
    "女士",
    "小姐",
    "太太",
    "老师",
    "师傅",
    "总经理",
    "经理",
    "老板",
    "医生",
    "主任",
    "董事长",
    "总",
    "工",
    "哥",
    "姐",
    "同志",
];
const LEGAL_FORMS: &[&str] = &[
    "股份有限公司",
    "集团有限公司",
    "有限责任公司",
    "有限公司",
    "集团公司",
    "分公司",
    "公司",
    "合伙企业",
    "个人独资企业",
    "经营部",
    "服务部",
    "门市部",
    "合作社",
    "事务所",
    "工作室",
    "集团",
    "商行",
    "商店",
    "中心",
    "工厂",
    "厂",
];
const ORGANISATION_WORDS: &[&str] = &[
    "公司",
    "经营部",
    "服务部",
    "门市部",
    "合伙企业",
    "集团",
    "合作社",
    "事务所",
    "委员会",
    "银行",
    "学校",
    "医院",
    "管理局",
    "研究院",
    "工作室",
    "商行",
];

/// Takes a name apart. `said_organisation` is the dealer's own mark, `has_credit_code` what the number column shows.
pub(super) fn parse(raw: &str, said_organisation: bool, has_credit_code: bool) -> ParsedName {
    let folded = fold(raw);
    let (outside, inside) = split_brackets(&folded);
    let is_organisation_word =
        |text: &str| contains_any(text, ORGANISATION_WORDS) || text.ends_with('厂');
    let length = outside.chars().filter(|c| is_han(*c)).count();
    if is_organisation_word(&outside) || (said_organisation && length > 4) {
        return organisation(&outside, None);
    }
    let firm = inside.filter(|text| {
        text.chars().filter(|c| is_han(*c)).count() >= 4
            && !is_remark(text)
            && (said_organisation || has_credit_code || is_organisation_word(text))
    });
    if let Some(firm) = firm {
        return organisation(&firm, Some(clean_person(&outside).0));
    }
    let (name, surname_only) = clean_person(&outside);
    let looks_personal =
        length <= 3 || (length == 4 && name.chars().next().is_some_and(is_surname));
    let kind = match (said_organisation || has_credit_code, looks_personal) {
        (true, true) => Kind::Unclear,
        (true, false) => return organisation(&outside, None),
        (false, _) => Kind::Person,
    };
    ParsedName {
        kind,
        name,
        surname_only,
        contact: None,
        branch: String::new(),
    }
}

/// True for a name that says itself that it is of a firm or public body.
pub(crate) fn is_named_organisation(raw: &str) -> bool {
    contains_any(raw, ORGANISATION_WORDS) || raw.ends_with('厂')
}

/// The person's name inside a field such as `金跃峰(车主)`, `皮建/朋友`, `王总`, or the words of a name in letters; true if only a
/// surname is left.
pub(super) fn clean_person(folded: &str) -> (String, bool) {
    if !folded.contains(is_han) {
        return (foreign::words_of(folded), false);
    }
    let end = folded
        .find(['(', '（', '/', '-', '、', ',', ';', '[', '【'])
        .filter(|at| *at > 0)
        .unwrap_or(folded.len());
    let mut kept: String = folded[..end]
        .chars()
        .filter(|c| is_han(*c) || c.is_alphabetic())
        .collect();
    let mut had_title = false;
    for title in TITLES {
        if let Some(rest) = kept.strip_suffix(title) {
            let left = rest.chars().count();
            // One-character titles are also given names: 李总 and 欧阳总 bear a title, 李小工 a name.
            let before: Vec<char> = rest.chars().collect();
            let is_surname =
                left == 1 || is_compound_surname(&before) || after_familiar(rest).is_some();
            if left >= 1 && (title.chars().count() > 1 || is_surname) && kept.chars().all(is_han) {
                kept.truncate(rest.len());
                had_title = true;
                break;
            }
        }
    }
    if let Some(surname) = after_familiar(&kept) {
        kept.drain(..kept.len() - surname);
        had_title = true;
    }
    let characters: Vec<char> = kept.chars().collect();
    let is_compound = had_title && is_compound_surname(&characters);
    let surname_only =
        characters.iter().copied().all(is_han) && (characters.len() == 1 || is_compound);
    (kept, surname_only)
}

/// Bytes of the surname behind 小 or 老: 小王, 老欧阳. 小芳 is a pet name, and 老 or 小 before more is part of a name.
fn after_familiar(name: &str) -> Option<usize> {
    let rest = name.strip_prefix(['小', '老'])?;
    let characters: Vec<char> = rest.chars().collect();
    let is_surname = match characters[..] {
        [only] => is_surname(only),
        _ => is_compound_surname(&characters),
    };
    is_surname.then_some(rest.len())
}

fn is_remark(text: &str) -> bool {
    const REMARKS: &[&str] = &[
        "车主",
        "送修人",
        "客户",
        "朋友",
        "家属",
        "本人",
        "试驾",
        "公务车",
        "代办",
        "推荐",
    ];
    contains_any(text, REMARKS)
}

/// True if one of the words stands in the text; for short texts much faster than one search a word.
fn contains_any(text: &str, words: &[&str]) -> bool {
    text.char_indices()
        .any(|(at, _)| words.iter().any(|word| text[at..].starts_with(word)))
}

/// The text outside all brackets, and what stands in the first.
fn split_brackets(folded: &str) -> (String, Option<String>) {
    let (mut outside, mut inside, mut depth) = (String::new(), None::<String>, 0_u32);
    let mut closed = false;
    for character in folded.chars() {
        match character {
            '(' => depth += 1,
            ')' => {
                depth = depth.saturating_sub(1);
                closed |= depth == 0;
            }
            _ if depth == 0 => outside.push(character),
            _ if !closed => inside.get_or_insert_default().push(character),
            _ => {}
        }
    }
    (outside.trim().to_owned(), inside)
}

fn organisation(text: &str, contact: Option<String>) -> ParsedName {
    let (name, branch) = core_and_branch(text);
    ParsedName {
        kind: Kind::Organisation,
        name,
        surname_only: false,
        contact,
        branch,
    }
}

/// Brand and trade of an organisation, and its branch: 昆明腾顺新能源有限公司北京分公司 gives 腾顺新能源 and 北京分公司.
fn core_and_branch(folded: &str) -> (String, String) {
    let before_remark = folded.split(['-', '/']).next().unwrap_or(folded);
    let mut text: String = before_remark
        .chars()
        .filter(|c| c.is_alphanumeric())
        .collect();
    let mut branch = String::new();
    if let Some(ending) = ["分公司", "分店", "营业部", "办事处"]
        .iter()
        .find(|ending| text.ends_with(**ending))
    {
        let head_end = text
            .find("公司")
            .map(|at| at + "公司".len())
            .filter(|end| *end < text.len());
        branch = text.split_off(head_end.unwrap_or(text.len() - ending.len()));
    }
    for _ in 0..2 {
        if let Some(rest) = LEGAL_FORMS
            .iter()
            .find_map(|form| text.strip_suffix(form))
            .filter(|rest| rest.chars().count() >= 2)
        {
            text = rest.to_owned();
        }
    }
    (without_place(&text).to_owned(), branch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remarks_and_titles_fall_off() {
        for (raw, name, surname_only) in [
            ("金跃峰(车主)", "金跃峰", false),
            ("皮建/朋友", "皮建", false),
            ("李女士", "李", true),
            ("王总", "王", true),
            ("王总经理", "王", true),
            ("欧阳总", "欧阳", true),
            ("  张　伟 ", "张伟", false),
            ("HEMING", "heming", false),
            ("SMITHSON, Mr. John (车主)", "smithson john", false),
            ("李先生", "李", true),
            ("欧阳女士", "欧阳", true),
            ("小王", "王", true),
            ("老李", "李", true),
            ("老欧阳", "欧阳", true),
            ("小王总", "王", true),
            ("小燕子", "小燕子", false),
            ("王小", "王小", false),
        ] {
            let parsed = parse(raw, false, false);
            assert_eq!(
                (parsed.name.as_str(), parsed.surname_only, parsed.kind),
                (name, surname_only, Kind::Person),
                "{raw}"
            );
        }
    }

    #[test]
    fn organisations_come_down_to_brand_and_trade() {
        for raw in [
            "昆明腾顺新能源有限公司",
            "昆明腾顺新能源公司",
            "腾顺新能源",
            "昆明腾顺新能源有限公司-公务车",
            "腾顺新能源有限公司北京分公司",
            "昆明腾顺新能源有限公司第一分公司",
        ] {
            let parsed = parse(raw, true, false);
            assert_eq!(
                (parsed.name.as_str(), parsed.kind),
                ("腾顺新能源", Kind::Organisation),
                "{raw}"
            );
        }
        assert_eq!(
            parse("豪宅网商贸（营口）经营部(试驾)", true, false).name,
            "豪宅网商贸"
        );
        let beside = parse("刘爱子(腾顺新能源)", true, true);
        assert_eq!(
            (beside.name.as_str(), beside.contact.as_deref()),
            ("腾顺新能源", Some("刘爱子"))
        );
        assert_eq!(parse("张成浩", true, false).kind, Kind::Unclear);
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(raw in ".{0,40}", organisation in proptest::bool::ANY) {
            let _ = parse(&raw, organisation, !organisation);
        }
    }
}
