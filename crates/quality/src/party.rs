//! Person or organisation: told by the name, the document and what the clerk declared.

use crate::text::is_ideograph;

/// A customer is one of these, throughout.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum PartyKind {
    /// A natural person.
    #[default]
    Person,
    /// A company, authority, school, association or sole trader's business.
    Organization,
}

impl PartyKind {
    /// Reads the canonical words and the usual Chinese and one-letter forms. `None` for anything else.
    pub fn parse(typed: &str) -> Option<Self> {
        match typed.trim() {
            "个人" | "自然人" | "私人" | "P" | "p" | "1" => Some(Self::Person),
            "单位" | "企业" | "公司" | "法人" | "机构" | "组织" | "对公" | "O" | "o" | "C"
            | "c" | "2" => Some(Self::Organization),
            other
                if ["person", "individual", "personal"]
                    .iter()
                    .any(|w| other.eq_ignore_ascii_case(w)) =>
            {
                Some(Self::Person)
            }
            other
                if [
                    "organization",
                    "organisation",
                    "company",
                    "business",
                    "corporate",
                ]
                .iter()
                .any(|w| other.eq_ignore_ascii_case(w)) =>
            {
                Some(Self::Organization)
            }
            _ => None,
        }
    }

    /// Stable code for storage and the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Organization => "organization",
        }
    }
}

/// Endings of organisations' names.
const ENDINGS: [&str; 62] = [
    "公司",
    "集团",
    "工厂",
    "总厂",
    "分厂",
    "厂",
    "中心",
    "局",
    "医院",
    "法院",
    "检察院",
    "研究院",
    "设计院",
    "学院",
    "学校",
    "大学",
    "中学",
    "小学",
    "幼儿园",
    "银行",
    "支行",
    "信用社",
    "合作社",
    "供销社",
    "协会",
    "学会",
    "商会",
    "委员会",
    "居委会",
    "村委会",
    "政府",
    "事务所",
    "研究所",
    "派出所",
    "办事处",
    "管理处",
    "商行",
    "经营部",
    "服务部",
    "门市部",
    "批发部",
    "工作室",
    "商店",
    "饭店",
    "酒店",
    "超市",
    "药店",
    "商场",
    "维修部",
    "加工厂",
    "车队",
    "支队",
    "大队",
    "总队",
    "部队",
    "车行",
    "酒楼",
    "宾馆",
    "养殖场",
    "农场",
    "市场",
    "网吧",
];
/// Words that occur within organisations' names and hardly ever in a person's.
const WORDS: [&str; 20] = [
    "公司",
    "集团",
    "科技",
    "贸易",
    "商贸",
    "物流",
    "传媒",
    "餐饮",
    "建筑",
    "工程",
    "物业",
    "租赁",
    "汽车销售",
    "运输",
    "投资",
    "咨询",
    "新能源",
    "装饰",
    "机电",
    "食品",
];
const LATIN: [&str; 8] = [
    "LTD", "CO.", "INC", "LLC", "GMBH", "CORP", "LIMITED", "COMPANY",
];

/// What a name alone says. `None`: it could be either.
///
/// A person: two to four ideographs (or with a middle dot) that begin with a surname. An organisation: an ending or a word of one.
pub fn kind_of_name(name: &str) -> Option<PartyKind> {
    let ideographs = name.chars().filter(|c| is_ideograph(*c)).count();
    let has_mark = || {
        ENDINGS.iter().any(|ending| name.ends_with(ending))
            || WORDS.iter().any(|word| name.contains(word))
    };
    if ideographs >= 4 && has_mark() {
        return Some(PartyKind::Organization);
    }
    if ideographs == 0 && name.is_ascii() {
        let is_company = name.split_ascii_whitespace().any(|word| {
            LATIN.iter().any(|mark| {
                word.trim_end_matches([',', '.'])
                    .eq_ignore_ascii_case(mark.trim_end_matches('.'))
            })
        });
        return is_company.then_some(PartyKind::Organization);
    }
    let is_short = (2..=4).contains(&ideographs) && name.chars().all(is_ideograph);
    (is_short && begins_with_surname(name)).then_some(PartyKind::Person)
}

/// The surnames of nine in ten people, most frequent first (single), from general knowledge.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩邓冯曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常汤康易乔赖文施洪辛柯庄温牛樊葛邢安齐梅庞颜倪鲁聂章岳翟殷詹申耿关兰焦俞左柳甘祝包宁欧阮纪尚符舒毕季凌童裴柴喻翁霍路涂谷左麻祁凤苗冉鲍褚娄解应岑卓储宗滕仇车迟党晏司苟闵敖卜虞习商卞桂屈丛明艾骆伍成席边植查辜楼位盛柏项拜尤水窦蒲隋仲宫缪瞿池诸屠蒙窦鄢仝宿都原谈佟茅郁满饶";
const COMPOUND_SURNAMES: [&str; 12] = [
    "欧阳", "上官", "司马", "诸葛", "司徒", "皇甫", "令狐", "东方", "尉迟", "慕容", "夏侯", "南宫",
];

/// One bit for each ideograph of U+4E00–U+9FFF: whether it is one of [`SURNAMES`].
const SURNAME_BITS: [u64; 328] = {
    let bytes = SURNAMES.as_bytes();
    let mut bits = [0; 328];
    let mut i = 0;
    while i < bytes.len() {
        // Every surname is a character of three bytes.
        let code = (bytes[i] as usize & 0xF) << 12
            | (bytes[i + 1] as usize & 0x3F) << 6
            | bytes[i + 2] as usize & 0x3F;
        bits[(code - 0x4E00) / 64] |= 1 << ((code - 0x4E00) % 64);
        i += 3;
    }
    bits
};

const fn is_surname(character: char) -> bool {
    let code = character as usize;
    code >= 0x4E00
        && code < 0xA000
        && SURNAME_BITS[(code - 0x4E00) / 64] >> ((code - 0x4E00) % 64) & 1 == 1
}

/// Whether a name begins with a known Chinese surname.
pub fn begins_with_surname(name: &str) -> bool {
    name.chars().next().is_some_and(is_surname)
        || COMPOUND_SURNAMES
            .iter()
            .any(|surname| name.starts_with(surname))
}

/// The surname a Chinese name begins with.
pub fn surname_of(name: &str) -> Option<&str> {
    if let Some(compound) = COMPOUND_SURNAMES
        .iter()
        .find(|surname| name.starts_with(**surname))
    {
        return Some(compound);
    }
    let first = name.chars().next()?;
    is_surname(first).then(|| &name[..first.len_utf8()])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_what_they_can() {
        for (name, kind) in [
            ("王小明", Some(PartyKind::Person)),
            ("欧阳修", Some(PartyKind::Person)),
            ("石家庄市某某科技有限公司", Some(PartyKind::Organization)),
            ("某某物流", Some(PartyKind::Organization)),
            ("第三中学", Some(PartyKind::Organization)),
            ("Acme Trading Co., Ltd.", Some(PartyKind::Organization)),
            ("John Smith", None),
            ("某某超链接", None),
        ] {
            assert_eq!(kind_of_name(name), kind, "{name}");
        }
    }

    #[test]
    fn declared_words_are_read() {
        assert_eq!(PartyKind::parse("个人"), Some(PartyKind::Person));
        assert_eq!(
            PartyKind::parse("Organization"),
            Some(PartyKind::Organization)
        );
        assert_eq!(PartyKind::parse("客户"), None);
    }
}
