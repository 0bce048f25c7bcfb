//! Invented dealer files: people and firms with phones, cars and homes, seen several times by sloppy dealers.
//!
//! Nobody in them exists. The same seed gives the same file on every machine.

use marque_linkage::text::hash::mix;

/// A sequence of pseudo-random numbers.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Self {
        Self(mix(seed ^ 0x6d61_7271_7565))
    }

    /// A number below `limit`.
    pub fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        (((mix(self.0) >> 32) * limit as u64) >> 32) as usize
    }

    pub fn chance(&mut self, percent: f64) -> bool {
        (self.below(1_000_000) as f64) < percent * 10_000.0
    }

    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[self.below(from.len())]
    }

    /// Small indexes far oftener than large ones.
    pub fn skewed(&mut self, limit: usize) -> usize {
        let share = self.below(1 << 20) as f64 / f64::from(1 << 20);
        ((share * share * share) * limit as f64) as usize
    }

    pub fn digits(&mut self, count: usize) -> String {
        (0..count)
            .map(|_| char::from(b'0' + self.below(10) as u8))
            .collect()
    }
}

const SURNAMES: &str = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林郑谢罗梁宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤";
const GIVEN: &str = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国文志海燕玲春梅晓雪峰波辉宇浩然子轩梓涵欣怡佳琪雨晨思远博文俊龙飞鹏程鑫宁安康乐天成永福德胜利民庆忠義仁礼智信和顺祥瑞凤珍珠翠云雁莲菊荷兰竹松柏林森木水泉江河川山石金银铜铁锋利光亮清洁淑贤惠慧婷妍嫣倩茜雯雅诗琴棋书画";
const BRANDS: &str = "腾顺 青旗 宏远 恒信 金石 联创 博雅 天泽 鼎盛 瑞丰 华茂 盛世 万象 凯达 通汇 智联 海岳 新锐 捷安 锦程 远航 同济 百川 汇丰 卓越 启明 瀚海 星辰 云峰 东升";
const TRADES: &str =
    "科技 商贸 建筑工程 物流 广告传媒 餐饮管理 机电设备 新能源 装饰工程 信息技术 农业发展 汽车服务";
const CITIES: &[(&str, &str, &str)] = &[
    ("云南省", "昆明市", "宜良县"),
    ("河北省", "石家庄市", "裕华区"),
    ("浙江省", "丽水市", "龙泉市"),
    ("辽宁省", "营口市", "西市区"),
    ("安徽省", "铜陵市", "铜官区"),
    ("河南省", "新乡市", "延津县"),
    ("山东省", "潍坊市", "高密市"),
    ("湖北省", "十堰市", "丹江口市"),
];
const ROADS: &[&str] = &[
    "振兴北路",
    "人民西路",
    "长江大道",
    "文化东路",
    "光明街",
    "迎宾大道",
    "创新街",
    "滨河西路",
    "学府北路",
    "中山南街",
];
const ESTATES: &[&str] = &[
    "滨江里",
    "万科城",
    "金色名城",
    "御景小区",
    "碧桂园",
    "恒大苑",
    "阳光华府",
    "世纪公馆",
    "学林家园",
    "保利花园",
];
const PROVINCES: &[&str] = &["云", "冀", "浙", "辽", "皖", "豫", "鲁", "鄂"];

struct Entity {
    organisation: bool,
    name: String,
    id: String,
    birthday: String,
    gender: &'static str,
    phones: Vec<String>,
    cars: Vec<(String, String)>,
    address: [String; 5],
    contacts: Vec<String>,
}

/// Rows of (columns as in [`HEADER`]); the last is the true entity.
pub const HEADER: [&str; 13] = [
    "rec_id",
    "dealer_id",
    "source",
    "ctype",
    "name",
    "id_no",
    "mobile",
    "plate",
    "vin",
    "address",
    "birthday",
    "gender",
    "cluster",
];

fn character(dice: &mut Dice, from: &str) -> char {
    let count = from.chars().count();
    from.chars()
        .nth(dice.skewed(count))
        .expect("index is below the count")
}

fn person_name(dice: &mut Dice) -> String {
    let mut name = character(dice, SURNAMES).to_string();
    let length = if dice.chance(25.0) { 1 } else { 2 };
    for _ in 0..length {
        let at = dice.below(GIVEN.chars().count());
        name.extend(GIVEN.chars().nth(at));
    }
    name
}

fn resident_id(dice: &mut Dice, date: &str, male: bool) -> String {
    let mut id = format!(
        "{}{}{}{}",
        110_100 + dice.below(500_000),
        date,
        dice.digits(2),
        dice.below(5) * 2 + usize::from(male)
    );
    let weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = id
        .bytes()
        .zip(weights)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    id.push(char::from(b"10X98765432"[(sum % 11) as usize]));
    id
}

fn entity(dice: &mut Dice) -> Entity {
    let organisation = dice.chance(1.5);
    let (year, month, day) = (
        1945 + dice.below(60),
        1 + dice.below(12),
        1 + dice.below(28),
    );
    let male = dice.chance(55.0);
    let city = CITIES[dice.below(CITIES.len())];
    let brand = BRANDS.split(' ').nth(dice.below(30)).expect("30 brands");
    let trade = TRADES.split(' ').nth(dice.below(12)).expect("12 trades");
    let name = if organisation {
        format!("{}{brand}{trade}有限公司", city.1.trim_end_matches('市'))
    } else {
        person_name(dice)
    };
    let date = format!("{year}{month:02}{day:02}");
    let id = if organisation {
        format!(
            "91{}{}{}",
            210_803 + dice.below(9_000),
            dice.digits(3),
            ["M0TX5K", "K3YB9Q", "JG868R", "7DJX6G", "P58J3A"][dice.below(5)].to_owned()
                + &dice.digits(1)
        )
    } else {
        resident_id(dice, &date, male)
    };
    let phone = |dice: &mut Dice| {
        format!(
            "1{}{}",
            ["39", "58", "86", "77", "50"][dice.below(5)],
            dice.digits(8)
        )
    };
    let car = |dice: &mut Dice| {
        let letter = char::from(b'A' + dice.below(8) as u8);
        (
            format!("{}{letter}{}", dice.pick(PROVINCES), dice.digits(5)),
            format!(
                "LSVAF4C3{}{}N{}",
                dice.below(10),
                char::from(b'A' + dice.below(8) as u8),
                dice.digits(6)
            ),
        )
    };
    let phones = (0..=usize::from(dice.chance(20.0)))
        .map(|_| phone(dice))
        .collect();
    let cars = (0..=dice.skewed(3)).map(|_| car(dice)).collect();
    let contacts = (0..2).map(|_| person_name(dice)).collect();
    let address = [
        city.0.to_owned() + city.1,
        city.2.to_owned(),
        format!("{}{}号", dice.pick(ROADS), 1 + dice.below(800)),
        dice.pick(ESTATES).to_owned(),
        format!(
            "{}-{}-{}",
            1 + dice.below(40),
            1 + dice.below(4),
            101 + dice.below(30) * 100
        ),
    ];
    Entity {
        organisation,
        name,
        id,
        birthday: format!("{year}-{month:02}-{day:02}"),
        gender: if male { "男" } else { "女" },
        phones,
        cars,
        address,
        contacts,
    }
}

/// Rows of an invented file of at least `rows` records.
pub fn file(seed: u64, rows: usize) -> Vec<[String; 13]> {
    let mut dice = Dice::new(seed);
    let showroom: Vec<String> = (0..=rows / 2_000)
        .map(|_| format!("138{}", dice.digits(8)))
        .collect();
    let (mut table, mut number) = (Vec::with_capacity(rows), 0);
    while table.len() < rows {
        let entity = entity(&mut dice);
        let repeats = if entity.organisation {
            5 + dice.skewed(30)
        } else {
            1 + dice.skewed(7)
        };
        for _ in 0..repeats {
            let record = record(&mut dice, &entity, &showroom, number);
            table.push(record);
        }
        number += 1;
    }
    // Records of one entity do not stand together in real files.
    for at in (1..table.len()).rev() {
        let other = dice.below(at + 1);
        table.swap(at, other);
    }
    for (at, row) in table.iter_mut().enumerate() {
        row[0] = (at + 1).to_string();
    }
    table
}

fn record(dice: &mut Dice, entity: &Entity, showroom: &[String], number: usize) -> [String; 13] {
    let source = ["SALES", "SERVICE", "SERVICE", "LEAD"][dice.below(4)];
    let lead = source == "LEAD";
    let car = &entity.cars[dice.below(entity.cars.len())];
    let phone = &entity.phones[dice.below(entity.phones.len())];
    let keep = |dice: &mut Dice, percent: f64, value: &str| {
        if dice.chance(percent) {
            value.to_owned()
        } else {
            String::new()
        }
    };
    let (with_id, with_car) = if lead { (0.0, 0.0) } else { (70.0, 90.0) };
    let id = keep(dice, with_id, &entity.id);
    let vin = keep(dice, with_car, &car.1);
    let birthday = if id.is_empty() || entity.organisation {
        String::new()
    } else {
        entity.birthday.clone()
    };
    [
        String::new(),
        format!("D{:04}", dice.below(60)),
        source.to_owned(),
        if entity.organisation == dice.chance(1.0) {
            "P".to_owned()
        } else {
            "O".to_owned()
        },
        dirty_name(dice, entity),
        dirty_number(dice, id),
        dirty_phone(dice, phone, showroom),
        keep(dice, with_car * 0.8, &car.0),
        dirty_vin(dice, vin),
        if lead {
            String::new()
        } else {
            dirty_address(dice, &entity.address)
        },
        birthday,
        if entity.organisation {
            String::new()
        } else {
            keep(dice, 90.0, entity.gender)
        },
        format!("E{number}"),
    ]
}

fn dirty_name(dice: &mut Dice, entity: &Entity) -> String {
    if entity.organisation {
        let core = entity.name.trim_end_matches("有限公司");
        return match dice.below(20) {
            0 => core.to_owned(),
            1 => format!("{core}公司"),
            2 => core.chars().skip(2).collect::<String>() + "有限公司",
            3 => format!(
                "{}({})",
                entity.contacts[0],
                core.chars().skip(2).collect::<String>()
            ),
            4 => format!("{}北京分公司", entity.name),
            5 => entity.contacts[dice.below(2)].clone(),
            _ => entity.name.clone(),
        };
    }
    let surname: String = entity.name.chars().take(1).collect();
    match dice.below(100) {
        0..4 => format!(
            "{surname}{}",
            if entity.gender == "男" {
                "先生"
            } else {
                "女士"
            }
        ),
        4..8 => homophone(dice, &entity.name),
        8 => entity
            .name
            .chars()
            .take(entity.name.chars().count() - 1)
            .collect(),
        9 => format!("{}(车主)", entity.name),
        10 => format!(
            "{surname} {}",
            entity.name.chars().skip(1).collect::<String>()
        ),
        _ => entity.name.clone(),
    }
}

/// Another character of the same reading in place of one of the name.
fn homophone(dice: &mut Dice, name: &str) -> String {
    const PAIRS: &str = "伟玮芳方静敬丽莉强墙军君洋阳勇永艳燕杰洁娟捐涛滔明名超朝霞侠刚钢华桦玉钰兰岚红宏建健国果文雯志智海亥玲灵春椿梅美晓小雪血峰锋波博辉挥";
    let at = dice.below(name.chars().count());
    name.chars()
        .enumerate()
        .map(|(place, character)| {
            let pair = PAIRS
                .chars()
                .position(|c| c == character)
                .filter(|_| place == at);
            pair.map_or(character, |found| {
                PAIRS
                    .chars()
                    .nth(found ^ 1)
                    .expect("characters come in pairs")
            })
        })
        .collect()
}

fn dirty_number(dice: &mut Dice, id: String) -> String {
    if id.len() == 18 && dice.chance(2.0) {
        return format!("{}********{}", &id[..6], &id[14..]);
    }
    if dice.chance(1.5) {
        typed_wrong(dice, &id)
    } else {
        id
    }
}

fn dirty_phone(dice: &mut Dice, phone: &str, showroom: &[String]) -> String {
    match dice.below(200) {
        0..4 => "13800000000".to_owned(),
        4..8 => showroom[dice.below(showroom.len())].clone(),
        8..12 => typed_wrong(dice, phone),
        12..16 => format!("86-{phone}"),
        16 => String::new(),
        _ => phone.to_owned(),
    }
}

fn dirty_vin(dice: &mut Dice, vin: String) -> String {
    match dice.below(40) {
        0 | 1 if vin.len() == 17 => vin[9..].to_owned(),
        2 => vin.replace('0', "O"),
        3 => typed_wrong(dice, &vin),
        _ => vin,
    }
}

fn dirty_address(dice: &mut Dice, [city, county, road, estate, home]: &[String; 5]) -> String {
    let mut parts = home.split('-');
    let (building, unit, room) = (
        parts.next().unwrap_or("1"),
        parts.next().unwrap_or("1"),
        parts.next().unwrap_or("101"),
    );
    match dice.below(8) {
        0 => String::new(),
        1 => format!("{county}{estate}{home}"),
        2 => format!("{city}{county}{road}{estate}{building}栋{room}"),
        3 => format!("{city}{county}{road}{estate}"),
        4 => format!("{road}{estate}{home}"),
        _ => format!("{city}{county}{road}{estate}{building}号楼{unit}单元{room}室"),
    }
}

fn typed_wrong(dice: &mut Dice, text: &str) -> String {
    let mut bytes = text.as_bytes().to_vec();
    if bytes.len() > 9 {
        let at = 6 + dice.below(bytes.len() - 7);
        if dice.chance(50.0) {
            bytes.swap(at, at - 1);
        } else {
            bytes[at] = b'0' + dice.below(10) as u8;
        }
    }
    String::from_utf8(bytes).unwrap_or_default()
}
