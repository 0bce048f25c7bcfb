//! Facts about Chinese characters in names: traditional forms, look-alikes, surnames.
//!
//! The tables are our own, made from general knowledge of the script; no data set was copied.

/// Traditional characters met in names, each followed by its simplified form.
const TRADITIONAL: &str = "張张陳陈劉刘楊杨黃黄趙赵吳吴孫孙馬马羅罗鄭郑謝谢許许韓韩馮冯鄧邓蕭萧葉叶蘇苏呂吕蔣蒋賈贾\
魏魏葉叶閻阎餘余鍾钟盧卢陸陆範范齊齐龍龙萬万錢钱湯汤黎黎賀贺顧顾龔龚嚴严華华偉伟國国強强軍军傑杰麗丽紅红玲玲蘭兰鳳凤\
鳴鸣鵬鹏飛飞勝胜輝辉東东寶宝慶庆陽阳瑋玮遠远達达濤涛澤泽潔洁靜静雲云電电書书畫画學学興兴業业榮荣義义億亿賢贤\
實实慧慧敏敏豔艳艷艳嬌娇婭娅媽妈銘铭鑫鑫錦锦鋒锋鋼钢鐵铁銀银鎮镇鎖锁長长門门開开關关閆闫雙双雋隽韋韦順顺頌颂領领\
頤颐風风馳驰駿骏驍骁鴻鸿鶴鹤麥麦黨党齡龄樂乐樓楼樹树橋桥機机權权歡欢歐欧歸归氣气漢汉滬沪瀟潇燦灿燁烨爾尔瑩莹瓊琼\
畢毕異异當当發发盛盛盡尽監监禮礼禎祯穎颖積积競竞筆笔節节範范紀纪純纯紹绍細细終终結结絢绚經经維维綺绮緒绪緯纬縣县\
績绩織织繼继續续聖圣聞闻聰聪聲声職职肅肃腦脑臨临與与舉举舊旧莊庄萊莱蓮莲薩萨藍蓝藝艺蘊蕴虛虚號号衛卫補补裝装見见\
規规視视覺觉親亲觀观計计訊讯記记設设詠咏詩诗誠诚語语說说調调論论諾诺謙谦證证識识譚谭議议護护讓让豐丰貝贝財财貴贵\
買买費费貿贸資资賓宾賴赖贊赞趕赶躍跃車车軒轩輕轻轉转農农連连進进運运過过遊游適适選选遼辽郵邮鄉乡鄒邹鄔邬醫医針针\
鈞钧鈺钰鉄铁銳锐鋭锐錄录鍵键鑒鉴鑽钻閃闪閒闲闊阔隊队階阶際际隨随雜杂離离靈灵韻韵項项須须預预頓顿頭头顏颜願愿類类\
顯显飯饭飾饰館馆餅饼驗验騰腾魯鲁鮑鲍鳥鸟鹽盐點点汽汽廠厂廣广廳厅廈厦衆众為为無无產产務务區区際际網网極极";

/// Groups of characters that are taken for one another in handwriting and small print.
const LOOK_ALIKE: &[&str] = &[
    "王玉主",
    "郭敦",
    "己已巳",
    "未末",
    "土士",
    "日曰",
    "人入",
    "大太犬",
    "干千于",
    "天夫",
    "田由甲申",
    "贝见",
    "几凡",
    "刀力",
    "千干",
    "午牛",
    "乌鸟",
    "今令",
    "又叉",
    "戊戌戍",
    "毛手",
    "元无",
    "文丈",
    "方万",
    "石右",
    "末未",
    "目自",
    "白百",
    "玲铃",
    "晴睛",
    "情清",
    "洋详",
    "祥详",
    "杨扬",
    "汤杨",
    "林材",
    "琳淋",
    "芳劳",
    "莉利",
    "萍苹",
    "婷停",
    "娟捐",
    "涓娟",
    "辉挥",
    "晖辉",
    "浩洁",
    "诰浩",
    "敏教",
    "政改",
    "建健",
    "伟纬",
    "玮炜",
    "炜伟",
    "强弹",
    "军车",
    "军罕",
    "斌赋",
    "杰木",
    "俊浚",
    "竣俊",
    "峻骏",
    "磊蕊",
    "波彼",
    "涛祷",
    "桃挑",
    "佳住",
    "住往",
    "住佳",
    "侍待",
    "候侯",
    "郎朗",
    "朗郎",
    "袁哀",
    "裴斐",
    "崔催",
    "雀崔",
    "冯马",
    "冯玛",
    "吕品",
    "吴昊",
    "昊吴",
    "宋宗",
    "宗宋",
    "李季",
    "季李",
    "孙孔",
    "许计",
    "陈阵",
    "陆队",
    "邓邢",
    "郑邦",
    "邹郑",
    "肖尚",
    "尚肖",
    "常堂",
    "党常",
    "温湿",
    "温愠",
    "范苑",
    "苑范",
    "苗茁",
    "孟孤",
    "薛薜",
    "蔡祭",
    "霍雷",
    "雷雪",
    "贾贯",
    "贺贸",
    "龙尤",
    "龙龚",
    "于干",
    "余佘",
    "佘余",
    "史吏",
    "叶汁",
    "田由",
    "段叚",
    "钱线",
    "钟种",
    "银很",
    "锋铎",
    "铭络",
    "淼森",
    "森淼",
    "晶品",
    "鑫森",
    "月用",
    "丹舟",
    "凤风",
    "凡风",
    "亮高",
    "光兴",
    "兴举",
    "华毕",
    "花化",
    "兰三",
    "丽两",
    "燕蒸",
    "艳绝",
    "红江",
    "虹虾",
    "梅海",
    "海每",
    "霞震",
    "雯雲",
    "春舂",
    "秋秩",
    "冬各",
    "东乐",
    "西酉",
    "南男",
    "北比",
    "明朋",
    "朋明",
    "星皇",
    "辰展",
    "晨震",
    "宇字",
    "宁字",
    "安妄",
    "宝玉",
    "富当",
    "贵责",
    "荣柴",
    "德得",
    "志态",
    "忠思",
    "恩思",
    "慧惠",
    "念含",
    "怡治",
    "悦说",
    "永水",
    "水冰",
    "泉皇",
    "洪供",
    "泽译",
    "淑椒",
    "清请",
    "鸿鸣",
    "鹏鹃",
    "飞气",
    "金全",
    "全金",
    "玄立",
    "立主",
    "树村",
    "柏伯",
    "柳卯",
    "桂佳",
    "楠南",
    "成戊",
    "国围",
    "圆园",
];

/// Surnames of two characters.
const COMPOUND_SURNAMES: &str = "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 \
慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 轩辕 令狐 段干 百里 呼延 东郭 南门 \
羊舌 微生 梁丘 左丘 东门 西门 第五 纳兰";

/// Surnames of one character, the 400 most frequent and some that are easily met.
const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏\
韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤阮梅凌毕焦殷费翁樊管卜尤欧丘蒲丛褚常温康施文牛葛章邢路岳齐沿庞祝左柳吉\
霍柴兰辛耿关焦童郁骆穆倪宁俞申聂翟解詹古娄冉华鲁安代佟尚简项盛沙甘池车涂桂苗牟屈臧舒纪应鲍景席麦巩盘游谷房裴游齐苑占边卞姬巴翟娄满宫迟鞠房楚丰\
单晏佘晋荆焉党宗全公农商况双练仲封伍时连隋艾漆喻卓司滕明蓝闻敖扬裘冷危闵靳敬储岑咸符奚蔺瞿邬银师竺利查木从来成皮植米寇官隆褚门晁国逯母宿岩占兴和仇\
昌戚季初辜鄢幸计糜戈花计伏步都耿空匡冯劳苟训原由水位字郅栾佘亓冀郎宓阴郗胥缪蒙阚訾麻阳荣束鹿谌井仝揭乜撒妥";

/// The simplified form of a traditional character; others as they are.
pub fn simplified(character: char) -> char {
    use std::sync::OnceLock;
    static TABLE: OnceLock<Vec<(char, char)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut characters = TRADITIONAL.chars();
        let mut pairs = Vec::new();
        while let (Some(from), Some(to)) = (characters.next(), characters.next()) {
            pairs.push((from, to));
        }
        pairs.sort_unstable();
        pairs.dedup_by_key(|pair| pair.0);
        pairs
    });
    table
        .binary_search_by_key(&character, |pair| pair.0)
        .map_or(character, |at| table[at].1)
}

/// True if the two characters are easily taken for one another.
pub fn look_alike(left: char, right: char) -> bool {
    use std::sync::OnceLock;
    static TABLE: OnceLock<Vec<(char, char)>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let pairs_of = |group: &&str| -> Vec<(char, char)> {
            group
                .chars()
                .flat_map(|left| group.chars().map(move |right| (left, right)))
                .collect()
        };
        let mut pairs: Vec<(char, char)> = LOOK_ALIKE.iter().flat_map(pairs_of).collect();
        pairs.sort_unstable();
        pairs.dedup();
        pairs
    });
    left == right || table.binary_search(&(left, right)).is_ok()
}

/// How many characters of `name` are its surname: 2 for a compound surname before at least one more character, else 1.
pub fn surname_len(name: &[char]) -> usize {
    if name.len() >= 3 && is_compound_surname(&name[..2]) {
        2
    } else {
        1
    }
}

/// True for a surname of two characters.
pub fn is_compound_surname(name: &[char]) -> bool {
    use std::sync::OnceLock;
    static TABLE: OnceLock<Vec<[char; 2]>> = OnceLock::new();
    let [first, second] = name else { return false };
    let table = TABLE.get_or_init(|| {
        let mut all: Vec<[char; 2]> = COMPOUND_SURNAMES
            .split_whitespace()
            .filter_map(|surname| surname.chars().collect::<Vec<_>>().try_into().ok())
            .collect();
        all.sort_unstable();
        all
    });
    table.binary_search(&[*first, *second]).is_ok()
}

/// How common a surname is, 0..=1: the order of `SURNAMES` is that of frequency, and the share falls off as a power law
/// (the first hundred surnames cover about 85 % of the people).
pub fn surname_share(character: char) -> f32 {
    let rank = SURNAMES
        .chars()
        .position(|surname| surname == character)
        .unwrap_or(2_000);
    0.075 / (1.0 + 0.12 * rank as f32).powf(1.2)
}

/// True if a name beginning with this character may be a person's.
pub fn is_surname(character: char) -> bool {
    use std::sync::OnceLock;
    static TABLE: OnceLock<Vec<char>> = OnceLock::new();
    let table = TABLE.get_or_init(|| {
        let mut all: Vec<char> = SURNAMES.chars().collect();
        all.sort_unstable();
        all
    });
    table.binary_search(&character).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_answer_for_known_characters() {
        assert_eq!(simplified('陳'), '陈');
        assert_eq!(simplified('陈'), '陈');
        assert!(look_alike('郭', '敦') && look_alike('敦', '郭'));
        assert!(!look_alike('郭', '王'));
        assert_eq!(surname_len(&['欧', '阳', '修']), 2);
        assert_eq!(surname_len(&['欧', '阳']), 1);
        assert!(is_surname('王') && !is_surname('的'));
    }

    #[test]
    fn every_traditional_character_has_a_partner() {
        assert_eq!(TRADITIONAL.chars().count() % 2, 0);
    }
}
