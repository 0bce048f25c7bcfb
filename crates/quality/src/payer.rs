//! Who pays for work of a workshop, by the words people type.

use crate::text::{present, tidy};

/// Who pays for a line of a repair order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Payer {
    /// 客户.
    Customer,
    /// 厂家: under warranty, the three guarantees or a recall.
    Maker,
    /// 保险公司.
    Insurer,
    /// 本店: the dealer himself.
    Dealer,
}

/// The words for each; the first is its code.
const PAYERS: &[(Payer, &[&str])] = &[
    (
        Payer::Customer,
        &[
            "customer",
            "client",
            "owner",
            "cash",
            "客户",
            "客户自费",
            "客户自付",
            "自费",
            "自付",
            "客付",
            "车主",
            "车主自费",
            "用户",
            "用户自费",
            "顾客",
            "个人",
            "本人",
            "单位",
            "现金",
            "刷卡",
            "银行卡",
            "银联",
            "微信",
            "支付宝",
            "转账",
            "对公转账",
            "挂账",
            "月结",
            "会员卡",
            "储值卡",
            "套餐",
        ],
    ),
    (
        Payer::Maker,
        &[
            "warranty",
            "maker",
            "manufacturer",
            "factory",
            "oem",
            "claim",
            "goodwill",
            "recall",
            "campaign",
            "厂家",
            "厂方",
            "厂商",
            "厂付",
            "主机厂",
            "整车厂",
            "制造商",
            "生产厂家",
            "生产商",
            "品牌方",
            "总部",
            "保修",
            "质保",
            "索赔",
            "三包",
            "延保",
            "延长保修",
            "保修索赔",
            "质保索赔",
            "厂家索赔",
            "厂家保修",
            "厂家质保",
            "三包索赔",
            "保修期内",
            "质保期内",
            "三包期内",
            "善意索赔",
            "善意保修",
            "首保",
            "首保索赔",
            "召回",
            "服务活动",
            "技术升级",
        ],
    ),
    (
        Payer::Insurer,
        &[
            "insurance",
            "insurer",
            "保险",
            "保险公司",
            "保险理赔",
            "理赔",
            "车险",
            "交强险",
            "商业险",
            "三者险",
            "对方保险",
        ],
    ),
    (
        Payer::Dealer,
        &[
            "internal",
            "dealer",
            "内部",
            "内结",
            "内部返修",
            "返修",
            "内返",
            "返工",
            "店内",
            "本店",
            "门店",
            "经销商",
            "服务站",
            "4S店",
            "销售部",
            "二手车部",
        ],
    ),
];

/// What may stand behind each word and says no more: that he pays.
const PAYS: [&str; 8] = [
    "付费", "付款", "支付", "承担", "结算", "负担", "出资", "买单",
];

impl Payer {
    /// Reads the codes and the usual Chinese and English words; `None` for anything else.
    pub fn parse(typed: &str) -> Option<Self> {
        let typed = tidy(present(Some(typed))?);
        let bare = PAYS.iter().find_map(|pays| typed.strip_suffix(pays));
        let is_meant = |word: &str| {
            let is = |said: &str| word.eq_ignore_ascii_case(said);
            is(&typed) || bare.is_some_and(|bare| is(bare.trim_end()))
        };
        let found = PAYERS
            .iter()
            .find(|(_, words)| words.iter().any(|word| is_meant(word)));
        found.map(|(payer, _)| *payer)
    }

    /// Whether something was typed that is nobody we know.
    pub fn is_unknown(typed: &str) -> bool {
        present(Some(typed)).is_some() && Self::parse(typed).is_none()
    }

    /// Stable code for storage and the wire.
    pub const fn code(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Maker => "warranty",
            Self::Insurer => "insurance",
            Self::Dealer => "internal",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_words_are_read() {
        for (typed, payer) in [
            ("warranty", Some(Payer::Maker)),
            (" Ｗａｒｒａｎｔｙ ", Some(Payer::Maker)),
            ("厂家", Some(Payer::Maker)),
            ("厂家付费", Some(Payer::Maker)),
            ("主机厂承担", Some(Payer::Maker)),
            ("保修", Some(Payer::Maker)),
            ("索赔", Some(Payer::Maker)),
            ("三包", Some(Payer::Maker)),
            ("召回", Some(Payer::Maker)),
            ("客户", Some(Payer::Customer)),
            ("客户付款", Some(Payer::Customer)),
            ("自费", Some(Payer::Customer)),
            ("现金结算", Some(Payer::Customer)),
            ("保险公司支付", Some(Payer::Insurer)),
            ("Internal", Some(Payer::Dealer)),
            ("4s店", Some(Payer::Dealer)),
            ("付款", None),
            ("老王", None),
            ("客户/厂家", None),
            ("-", None),
            ("", None),
        ] {
            assert_eq!(Payer::parse(typed), payer, "{typed}");
        }
        assert!(Payer::is_unknown("老王") && Payer::is_unknown("客户/厂家"));
        assert!(!Payer::is_unknown("厂家") && !Payer::is_unknown("无"));
    }

    #[test]
    fn each_word_means_one_and_the_first_is_the_code() {
        let words = || PAYERS.iter().flat_map(|(_, words)| words.iter());
        for word in words() {
            let same = words().filter(|each| each.eq_ignore_ascii_case(word));
            assert_eq!(same.count(), 1, "{word} means two payers");
        }
        for (payer, words) in PAYERS {
            assert_eq!(words[0], payer.code());
            assert_eq!(Payer::parse(payer.code()), Some(*payer));
        }
    }

    #[test]
    fn the_guide_lists_every_word() {
        let guide = include_str!("../../../docs/guides/import-files.md");
        for word in PAYERS.iter().flat_map(|(_, words)| *words).chain(&PAYS) {
            assert!(guide.contains(word), "{word} is not in the guide");
        }
    }
}
