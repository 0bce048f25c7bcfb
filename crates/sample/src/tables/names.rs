//! Chinese names as often as they are met.
//!
//! Surnames: shares of the population in hundredths of a percent, rounded, as the Ministry of Public Security's yearly
//! name reports and the censuses give them. Given names: characters in order of how usual they are for the sex and the
//! years of birth; the n-th is drawn with weight 1/(n + 8).

use std::sync::LazyLock;

use crate::rng::Rng;

const SURNAMES: &str = "王725李719张683刘538陈453杨308赵229黄223周212吴205徐167孙154胡131朱126高121林118何117郭115马113罗95梁84宋81郑78谢72韩68唐65冯64于62董61萧22肖40程57曹57袁54邓54许54傅33付20沈50曾50彭49吕47苏47卢47蒋47蔡46贾42丁42魏41薛40叶40阎12闫30余40潘40杜39戴38夏38钟37汪36田36任36姜35范35方34石34姚34谭34廖33邹33熊32金32陆32郝29孔29白28崔28康27毛27邱27秦26江26史25顾25侯25邵24孟24龙24万24段23雷22钱22汤21尹21黎21易20常20武20乔19贺19赖19龚18文18庞16樊16兰16殷15施15陶15洪15翟14安14颜14倪13严13牛13温12芦12季12俞12章12鲁11葛11伍11韦11申11尤11毕10聂10丛9焦9向9柳9邢9路9岳9齐9梅9莫8庄8辛8管8祝8左8涂7谷7祁7时7舒7耿7牟7卜6詹6关6苗6凌6费6纪6靳5盛5童5欧5甄4项4曲4成4游4阳3裴3席3卫3查3屈3鲍3位3覃6霍5欧阳7上官1司马1诸葛1皇甫1东方1慕容1";
const MALE_OLD: &str = "国建军明华志文平德永福贵林生伟成海金玉荣春忠云山龙新兴良庆胜祥光世学红才东清根友宝长万法保全民富汉树洪元昌正义发财继善";
const MALE_NEW: &str = "宇浩子明俊杰伟文涛鹏轩博晓志强磊超勇凯辉斌飞波鑫泽龙嘉睿晨阳亮峰佳豪天一瑞健旭昊铭家毅航诚宏帆林翔哲威彬琦恒尧森霖锐然洋江海宁坤宗楠";
const FEMALE_OLD: &str =
    "秀英兰玉芳珍梅华凤桂红霞荣琴莲云素春丽香爱菊萍翠美燕敏淑金娥清花月娟琼巧仙银彩瑞艳珠芬惠贞雪";
const FEMALE_NEW: &str = "婷欣怡雨佳静雅晓梦丽敏娟娜玲洁雪琳思嘉慧颖燕艳倩莹璐媛晶丹蕾萌瑶诗涵悦琪芳菲妍婧薇蓉珊佩宁馨然文一子可心语彤宜紫云";
/// Characters of one sound that clerks confuse.
const SAME_SOUND: &[&str] = &[
    "伟炜玮",
    "婷庭亭",
    "洁杰",
    "静婧敬",
    "丽莉俐力立",
    "涛滔",
    "军君钧",
    "明铭鸣",
    "辉晖徽",
    "文雯",
    "晓小筱",
    "佳嘉家",
    "欣鑫新馨心",
    "宇雨语羽",
    "芳方",
    "红虹宏洪",
    "建健剑",
    "志智治",
    "峰锋丰枫",
    "燕雁艳",
    "琴芹",
    "娟鹃",
    "玲铃灵凌",
    "云芸",
    "平萍",
    "英瑛",
    "颖莹",
    "珍真",
    "飞菲",
    "波博",
    "勇永咏",
    "林琳霖",
    "子紫",
    "浩昊",
    "轩萱",
    "睿瑞锐",
    "晨辰",
    "诗施",
    "涵晗",
    "悦月",
    "张章",
    "徐许",
    "付傅",
    "萧肖",
    "余于俞",
    "阎闫严",
    "程陈",
    "蒋姜",
    "魏卫",
    "石时",
    "彭鹏",
    "梅美",
];

/// Surnames with the running sums of their shares.
static TABLE: LazyLock<Vec<(&'static str, usize)>> = LazyLock::new(|| {
    let mut table = Vec::new();
    let (mut rest, mut sum) = (SURNAMES, 0);
    while let Some(digits) = rest.find(|character: char| character.is_ascii_digit()) {
        let end = rest[digits..]
            .find(|character: char| !character.is_ascii_digit())
            .map_or(rest.len(), |at| digits + at);
        sum += rest[digits..end]
            .parse::<usize>()
            .expect("a share follows each surname");
        table.push((&rest[..digits], sum));
        rest = &rest[end..];
    }
    table
});

/// Given-name characters by sex and years of birth, with the running sums of their weights.
struct Characters {
    characters: Vec<char>,
    sums: Vec<usize>,
}

static GIVEN: LazyLock<[Characters; 4]> = LazyLock::new(|| {
    [FEMALE_OLD, FEMALE_NEW, MALE_OLD, MALE_NEW].map(|list| {
        let characters: Vec<char> = list.chars().collect();
        let mut sum = 0;
        let sums = (0..characters.len())
            .map(|place| {
                sum += 100_000 / (place + 8);
                sum
            })
            .collect();
        Characters { characters, sums }
    })
});

/// A surname.
pub(crate) fn surname(rng: &mut Rng) -> &'static str {
    let table = &*TABLE;
    let place = rng.below(table[table.len() - 1].1);
    table[table.partition_point(|(_, sum)| *sum <= place)].0
}

/// Appends a given name: of one character for every seventh, else of two.
pub(crate) fn push_given(rng: &mut Rng, is_male: bool, birth_year: i64, into: &mut String) {
    let list = &GIVEN[usize::from(is_male) * 2 + usize::from(birth_year >= 1978)];
    let count = if rng.permille(140) { 1 } else { 2 };
    for _ in 0..count {
        let place = rng.below(list.sums[list.sums.len() - 1]);
        into.push(list.characters[list.sums.partition_point(|sum| *sum <= place)]);
    }
}

/// Another character of the same sound, if the table has one.
pub(crate) fn same_sound(character: char, rng: &mut Rng) -> Option<char> {
    let group = SAME_SOUND.iter().find(|group| group.contains(character))?;
    let others: Vec<char> = group.chars().filter(|other| *other != character).collect();
    Some(*rng.pick(&others))
}
