//! Names of people and organisations: title split off, remarks removed, placeholders refused.

use std::borrow::Cow;

use crate::{
    party::PartyKind,
    phone::{Phone, digits_in},
    text::{is_ideograph, tidy},
};

/// Why a text is not a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NameFlaw {
    /// Stands in for a name: 测试, 无名, test, 客户, 车主, XXX.
    Placeholder,
    /// No letter or ideograph in it; a telephone number is all that was typed, if it is one.
    NoLetters(Option<Phone>),
    /// Longer than any name (60 characters for a person, 120 for an organisation).
    TooLong,
}

/// A name as it is stored, and what was taken off it.
#[derive(Clone, PartialEq, Eq)]
pub struct Name<'a> {
    /// The name without title, remarks and needless spaces.
    pub text: Cow<'a, str>,
    /// 先生, 女士, 总 …: kept apart, as it tells gender or position.
    pub title: Option<&'static str>,
    /// Whether only a surname is left (李女士 → 李).
    pub surname_only: bool,
    /// A telephone number that had been typed into the name.
    pub phone: Option<Phone>,
    /// Whether a remark such as (车主) or /朋友 was removed.
    pub had_remark: bool,
}

impl std::fmt::Debug for Name<'_> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Name")
            .field("title", &self.title)
            .field("surname_only", &self.surname_only)
            .finish_non_exhaustive()
    }
}

/// Forms of address and positions; the longer of two with the same end first.
const TITLES: [&str; 31] = [
    "先生",
    "女士",
    "小姐",
    "太太",
    "夫人",
    "师傅",
    "老师",
    "医生",
    "大夫",
    "总经理",
    "经理",
    "总监",
    "老板",
    "主任",
    "处长",
    "科长",
    "局长",
    "院长",
    "校长",
    "队长",
    "厂长",
    "董事长",
    "书记",
    "律师",
    "警官",
    "阿姨",
    "大哥",
    "大姐",
    "同志",
    "老总",
    "总",
];
/// The last characters of all titles.
const TITLE_ENDS: [char; 19] = [
    '生', '士', '姐', '太', '人', '傅', '师', '夫', '理', '监', '板', '任', '长', '记', '官', '姨',
    '哥', '志', '总',
];

/// Words typed to fill the field; 张某 and the like are told by their second character.
const PLACEHOLDERS: [&str; 41] = [
    "测试",
    "测试用户",
    "测试客户",
    "测试数据",
    "无名",
    "无名氏",
    "未知",
    "不详",
    "未填",
    "客户",
    "顾客",
    "用户",
    "车主",
    "新客户",
    "老客户",
    "匿名",
    "散客",
    "个人",
    "先生",
    "女士",
    "小姐",
    "某某",
    "某某某",
    "待补充",
    "待定",
    "临时",
    "暂无",
    "无",
    "没有",
    "空",
    "默认",
    "路人",
    "路人甲",
    "test",
    "tester",
    "testing",
    "demo",
    "admin",
    "unknown",
    "noname",
    "customer",
];
/// The first characters of the Chinese placeholders: few names begin so.
const PLACEHOLDER_STARTS: [char; 22] = [
    '测', '无', '未', '不', '客', '顾', '用', '车', '新', '老', '匿', '散', '个', '先', '女', '小',
    '某', '待', '临', '暂', '没', '空',
];

/// Reads a name of the given kind as people type it.
///
/// # Errors
/// The [`NameFlaw`].
pub fn parse(typed: &str, kind: PartyKind) -> Result<Name<'_>, NameFlaw> {
    let mut name = Name {
        text: tidy(typed),
        title: None,
        surname_only: false,
        phone: None,
        had_remark: false,
    };
    if is_placeholder(&name.text) {
        return Err(NameFlaw::Placeholder);
    }
    if !name.text.chars().any(char::is_alphabetic) {
        return Err(NameFlaw::NoLetters(Phone::parse(&name.text).ok()));
    }
    if name.text.bytes().any(|b| b.is_ascii_digit()) {
        take_phone(&mut name);
    }
    match kind {
        PartyKind::Person => person(&mut name),
        PartyKind::Organization => organization(&mut name),
    }
    let limit = if kind == PartyKind::Person { 60 } else { 120 };
    if name.text.len() > limit && name.text.chars().count() > limit {
        return Err(NameFlaw::TooLong);
    }
    if name.text.is_empty() || is_placeholder(&name.text) {
        return Err(NameFlaw::Placeholder);
    }
    Ok(name)
}

/// Whether a text stands in for a name; case and repetition are ignored (`TEST`, `xxx`, `某某某`, `测试123`).
pub fn is_placeholder(text: &str) -> bool {
    let bare = text.trim_end_matches(|c: char| c.is_ascii_digit());
    if bare.is_empty() || bare.len() > 24 {
        return false;
    }
    let mut characters = bare.chars();
    let (first, second) = (characters.next().unwrap_or(' '), characters.next());
    if second == Some('某') {
        return true;
    }
    if !first.is_ascii() && !PLACEHOLDER_STARTS.contains(&first) && !matches!(first, '默' | '路')
    {
        return false;
    }
    let is_repeated = first.is_ascii_alphabetic()
        && bare.len() >= 2
        && bare.bytes().all(|b| b.eq_ignore_ascii_case(&(first as u8)));
    is_repeated
        || PLACEHOLDERS.iter().any(|p| p.eq_ignore_ascii_case(bare))
        || bare.starts_with("测试")
}

/// Moves eleven digits or so out of the name.
fn take_phone(name: &mut Name<'_>) {
    if digits_in(&name.text) < 7 {
        return;
    }
    let digits: String = name.text.chars().filter(char::is_ascii_digit).collect();
    if let Ok(phone) = Phone::parse(&digits) {
        name.phone = Some(phone);
        let rest: String = name
            .text
            .chars()
            .filter(|c| !c.is_ascii_digit() && !matches!(c, '-' | '+'))
            .collect();
        name.text = Cow::Owned(rest.trim().to_owned());
    }
}

fn person(name: &mut Name<'_>) {
    name.had_remark = cut_remark(&mut name.text);
    if let Some(title) = title_of(&name.text) {
        name.title = Some(title);
        shorten(&mut name.text, title.len());
    }
    let is_chinese = name.text.chars().any(is_ideograph);
    if is_chinese {
        if name.text.contains([' ', '.', '。', '•', '・', '‧']) {
            name.text = Cow::Owned(chinese_spacing(&name.text));
        }
        name.surname_only = name.text.chars().count() == 1;
    }
}

/// The title a name ends with, leaving at least one character before it.
fn title_of(text: &str) -> Option<&'static str> {
    let last = text.chars().next_back()?;
    if !TITLE_ENDS.contains(&last) {
        return None;
    }
    let title = TITLES
        .iter()
        .find(|title| text.len() > title.len() && text.ends_with(**title))?;
    // 总 alone is also a character of given names: a title only after a surname.
    let surname = crate::party::surname_of(text).map_or(0, str::len);
    (*title != "总" || surname + title.len() == text.len()).then_some(title)
}

/// Cuts `(车主)`, `/朋友`, `-试驾`, and trailing digits off a person's name.
fn cut_remark(text: &mut Cow<'_, str>) -> bool {
    let end = text
        .find(['(', '（', '[', '【', '/', '，', ',', ';'])
        .filter(|at| *at > 0)
        .unwrap_or(text.len());
    let kept = text[..end]
        .trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, ' ' | '-' | '*' | '#'));
    let removed = text.len() - kept.len();
    if removed == 0 || kept.is_empty() {
        return false;
    }
    shorten(text, removed);
    true
}

fn shorten(text: &mut Cow<'_, str>, bytes: usize) {
    match text {
        Cow::Borrowed(borrowed) => *borrowed = borrowed[..borrowed.len() - bytes].trim_end(),
        Cow::Owned(owned) => {
            owned.truncate(owned.len() - bytes);
            owned.truncate(owned.trim_end().len());
        }
    }
}

/// No spaces between ideographs; every kind of middle dot (阿卜杜•热合曼) becomes `·`.
fn chinese_spacing(text: &str) -> String {
    text.chars()
        .filter(|c| *c != ' ')
        .map(|c| {
            if matches!(c, '.' | '。' | '•' | '・' | '‧') {
                '·'
            } else {
                c
            }
        })
        .collect()
}

fn organization(name: &mut Name<'_>) {
    let is_chinese = name.text.chars().any(is_ideograph);
    if is_chinese && name.text.contains([' ', '（', '）']) {
        let folded: String = name
            .text
            .chars()
            .filter(|c| *c != ' ')
            .map(|c| match c {
                '（' => '(',
                '）' => ')',
                other => other,
            })
            .collect();
        name.text = Cow::Owned(folded);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn read(typed: &str) -> Result<(String, Option<&'static str>), NameFlaw> {
        parse(typed, PartyKind::Person).map(|n| (n.text.into_owned(), n.title))
    }

    #[test]
    fn titles_remarks_and_spaces_are_taken_off() {
        for (typed, text, title) in [
            (" 张三 ", "张三", None),
            ("张 三", "张三", None),
            ("李女士", "李", Some("女士")),
            ("赵永飞先生", "赵永飞", Some("先生")),
            ("王总", "王", Some("总")),
            ("陈总经理", "陈", Some("总经理")),
            ("刘大总", "刘大总", None),
            ("金跃峰(车主)", "金跃峰", None),
            ("金跃峰（车主）", "金跃峰", None),
            ("何秀丽/朋友", "何秀丽", None),
            ("汪贞传1", "汪贞传", None),
            ("阿卜杜•热合曼", "阿卜杜·热合曼", None),
            ("John Smith", "John Smith", None),
        ] {
            assert_eq!(read(typed), Ok((text.to_owned(), title)), "{typed}");
        }
    }

    #[test]
    fn placeholders_and_bare_numbers_are_refused() {
        for typed in [
            "测试",
            "测试123",
            "TEST",
            "xxx",
            "无名",
            "客户",
            "先生",
            "某某某",
        ] {
            assert_eq!(read(typed), Err(NameFlaw::Placeholder), "{typed}");
        }
        assert!(matches!(
            read("13812345670"),
            Err(NameFlaw::NoLetters(Some(_)))
        ));
        assert!(matches!(read("***"), Err(NameFlaw::NoLetters(None))));
    }

    #[test]
    fn a_phone_in_the_name_is_moved_out() {
        let name = parse("张三13812345670", PartyKind::Person).expect("a name");
        assert_eq!(name.text, "张三");
        assert_eq!(
            name.phone.map(|p| p.e164().to_owned()),
            Some("+8613812345670".to_owned())
        );
    }

    #[test]
    fn a_surname_alone_is_marked() {
        assert!(parse("李女士", PartyKind::Person).is_ok_and(|n| n.surname_only));
        assert!(parse("李雷", PartyKind::Person).is_ok_and(|n| !n.surname_only));
    }

    #[test]
    fn brackets_of_an_organisation_are_part_of_its_name() {
        let name = parse("德赛克机电（营口） 有限公司", PartyKind::Organization).expect("a name");
        assert_eq!(name.text, "德赛克机电(营口)有限公司");
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_panic(text in ".{0,40}") {
            let _ = (parse(&text, PartyKind::Person), parse(&text, PartyKind::Organization));
        }

        #[test]
        fn a_plain_chinese_name_is_not_changed(given in "[伟芳娜敏静丽强磊军洋]{1,2}") {
            let typed = format!("孟{given}");
            prop_assert_eq!(read(&typed), Ok((typed.clone(), None)));
        }
    }
}
