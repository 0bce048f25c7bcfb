//! Streets, companies, cars, parts and sentences, all invented or of everyday use.

pub(crate) const ROADS: &[&str] = &[
    "人民路",
    "解放路",
    "建设路",
    "中山路",
    "和平路",
    "新华街",
    "文化路",
    "青年西路",
    "振兴街",
    "光明路",
    "迎宾大道",
    "胜利路",
    "东风路",
    "朝阳街",
    "工业路",
    "滨河路",
    "学府路",
    "环城东路",
    "长江路",
    "黄河路",
    "友谊大街",
    "体育场路",
    "创新街",
    "富强路",
    "花园路",
    "园林街",
    "站前路",
    "南环路",
];
pub(crate) const COMMUNITIES: &[&str] = &[
    "翡翠小区",
    "金色名城",
    "湖畔名城",
    "滨江里",
    "阳光花园",
    "锦绣家园",
    "世纪城",
    "香榭里",
    "名门苑",
    "东方明珠",
    "和谐家园",
    "丽景湾",
    "凤凰城",
    "书香苑",
    "盛世华庭",
    "水岸新城",
    "康乐小区",
    "梧桐苑",
    "龙湖华府",
    "紫荆苑",
    "幸福里",
    "桃源居",
    "观澜苑",
    "银河湾",
];
pub(crate) const OCCUPATIONS: &[&str] = &[
    "职员",
    "个体经营",
    "教师",
    "医生",
    "工程师",
    "公务员",
    "司机",
    "销售",
    "退休",
    "自由职业",
    "厨师",
    "会计",
    "工人",
    "农民",
];
pub(crate) const INDUSTRIES: &[&str] = &[
    "制造业",
    "建筑业",
    "批发零售",
    "物流运输",
    "教育",
    "医疗",
    "信息技术",
    "金融",
    "餐饮",
    "农业",
    "政府机关",
];
pub(crate) const INCOMES: &[&str] = &[
    "5万以下",
    "5-10万",
    "10-20万",
    "20-30万",
    "30-50万",
    "50万以上",
];
pub(crate) const HOBBIES: &[&str] = &[
    "钓鱼",
    "自驾游",
    "摄影",
    "羽毛球",
    "跑步",
    "茶艺",
    "音乐",
    "篮球",
    "阅读",
    "烹饪",
];
pub(crate) const REQUESTS: &[&str] = &[
    "只接受周末预约",
    "更换配件前先打电话",
    "保养时需要代步车",
    "要求指定技师",
    "不接受推销电话",
    "旧件带走",
];
pub(crate) const SPECIAL_NEEDS: &[&str] = &[
    "车内有儿童座椅请勿拆除",
    "听力不便请发短信",
    "行动不便需上门取车",
    "对香薰过敏",
];
pub(crate) const CHANNELS: &[&str] = &[
    "自然进店",
    "网络线索",
    "转介绍",
    "车展",
    "电话邀约",
    "老客户置换",
    "短视频",
    "户外广告",
];
pub(crate) const MAILS: &[&str] = &["example.com", "example.cn", "mail.example", "post.example"];

pub(crate) const COMPANY_WORDS: &[&str] = &[
    "腾顺", "恒达", "鑫源", "宏图", "瑞丰", "天成", "盛隆", "博远", "汇通", "金桥", "中泰", "华信",
    "联创", "安捷", "永盛", "百川", "顺达", "众诚", "凯旋", "诚信", "万和", "东升", "海纳", "德润",
    "通宝", "益民", "佳美", "远航", "宏运", "新业",
];
pub(crate) const COMPANY_TRADES: &[&str] = &[
    "物流",
    "汽车租赁",
    "建筑工程",
    "商贸",
    "新能源",
    "机械制造",
    "餐饮管理",
    "科技",
    "食品",
    "出租汽车",
    "装饰",
    "农业开发",
    "广告",
    "医药",
];
pub(crate) const COMPANY_FORMS: &[&str] =
    &["有限公司", "有限责任公司", "股份有限公司", "集团有限公司"];

/// A model of the maker, who is invented as well.
pub(crate) struct Model {
    pub(crate) series: &'static str,
    pub(crate) name: &'static str,
    /// Places 4 to 7 of the VIN.
    pub(crate) code: &'static str,
    /// As dealers write it.
    pub(crate) energy: &'static str,
    /// First letter of a plate for new energy, if it takes one.
    pub(crate) plate_letters: &'static str,
}

const fn model(
    series: &'static str,
    name: &'static str,
    code: &'static str,
    energy: &'static str,
    plate_letters: &'static str,
) -> Model {
    Model {
        series,
        name,
        code,
        energy,
        plate_letters,
    }
}

pub(crate) const MODELS: &[Model] = &[
    model("启明A5", "启明A5 1.5T 舒适型", "AA5C", "汽油", ""),
    model("启明A5", "启明A5 1.5T 豪华型", "AA5D", "汽油", ""),
    model("启明A7", "启明A7 2.0T 旗舰型", "AA7F", "汽油", ""),
    model("远山X5", "远山X5 1.5T 都市版", "BX5C", "汽油", ""),
    model(
        "远山X5",
        "远山X5 混动 长续航版",
        "BX5H",
        "插电混动",
        "FGHJK",
    ),
    model("远山X7", "远山X7 2.0T 四驱版", "BX7F", "汽油", ""),
    model("远山X7", "远山X7 增程 六座版", "BX7E", "增程", "FGHJK"),
    model("星野E3", "星野E3 纯电 410km", "CE3A", "纯电", "DABCE"),
    model("星野E5", "星野E5 纯电 610km", "CE5B", "纯电", "DABCE"),
    model("牧野P6", "牧野P6 皮卡 柴油版", "DP6P", "柴油", ""),
];
pub(crate) const BRAND: &str = "启明";
pub(crate) const COLORS: &[&str] = &[
    "珍珠白",
    "曜石黑",
    "银灰",
    "深海蓝",
    "赤霞红",
    "晨雾灰",
    "香槟金",
    "松林绿",
];

/// A labour operation or a part: code, name, price in fen (of a labour hour, of a part).
pub(crate) type Item = (&'static str, &'static str, i64);

pub(crate) const LABOUR: &[Item] = &[
    ("L0101", "常规保养工时", 12000),
    ("L0203", "更换制动片", 15000),
    ("L0305", "四轮定位", 16000),
    ("L0402", "空调系统检修", 14000),
    ("L0507", "发动机故障诊断", 18000),
    ("L0611", "钣金修复", 20000),
    ("L0612", "喷漆", 22000),
    ("L0708", "更换蓄电池", 9000),
    ("L0809", "轮胎更换动平衡", 8000),
];
pub(crate) const PARTS: &[Item] = &[
    ("P1001", "机油 5W-30 4L", 32800),
    ("P1002", "机油滤清器", 4500),
    ("P1003", "空气滤清器", 6800),
    ("P1004", "空调滤清器", 8800),
    ("P2001", "前制动片", 42000),
    ("P2002", "后制动片", 38000),
    ("P3001", "火花塞", 7600),
    ("P3002", "蓄电池", 68000),
    ("P4001", "轮胎 225/55R18", 79000),
    ("P4002", "雨刮片", 9800),
    ("P5001", "前保险杠", 126000),
    ("P5002", "左前大灯", 215000),
    ("P6001", "冷却液", 12800),
    ("P6002", "制动液", 8600),
];
/// Kind of visit and how many of a hundred are of it.
pub(crate) const VISIT_KINDS: &[(&str, usize)] = &[
    ("保养", 52),
    ("一般维修", 24),
    ("事故维修", 9),
    ("保修", 10),
    ("召回", 2),
    ("美容装饰", 3),
];
pub(crate) const SYMPTOMS: &[&str] = &[
    "行驶中有异响",
    "刹车有抖动",
    "空调不制冷",
    "发动机故障灯亮",
    "中控屏黑屏",
    "起步顿挫",
    "方向盘跑偏",
    "电池续航下降明显",
    "右后门关不严",
    "充电中断",
];
pub(crate) const FINDINGS: &[&str] = &[
    "悬架衬套老化",
    "制动盘磨损不均",
    "制冷剂不足",
    "氧传感器故障",
    "软件需升级",
    "四轮定位参数超差",
    "密封条变形",
    "未发现异常",
];

/// A complaint: category, department, sentence.
pub(crate) const COMPLAINTS: &[(&str, &str, &str)] = &[
    (
        "维修质量",
        "售后",
        "同一故障维修后不到一个月再次出现，要求彻底解决。",
    ),
    ("维修质量", "售后", "更换制动片后仍有异响，跑了三趟没修好。"),
    ("产品质量", "售后", "行驶中动力突然中断，担心安全。"),
    ("产品质量", "售后", "新车提车一周中控屏反复黑屏。"),
    ("服务态度", "售后", "服务顾问接待冷淡，问话不理。"),
    ("服务态度", "销售", "销售顾问承诺的赠品迟迟不给，态度敷衍。"),
    ("等待时间", "售后", "预约了上午十点，下午两点才开始施工。"),
    ("配件供应", "配件", "等配件等了二十多天没有消息。"),
    ("收费争议", "售后", "结算金额比报价高出很多，没有提前说明。"),
    ("销售承诺", "销售", "合同写明的交车日期已过，仍没有到车。"),
    ("保险理赔", "售后", "事故车定损拖了两周没有结果。"),
    (
        "个人信息",
        "客服",
        "买车后不断接到陌生推销电话，怀疑信息泄露。",
    ),
];
pub(crate) const COMPLAINT_CHANNELS: &[&str] = &["400热线", "到店", "微信", "电话回访", "网络平台"];
pub(crate) const SEVERITIES: &[&str] = &["一般", "一般", "一般", "较重", "较重", "严重"];

/// First three digits of mobile numbers.
pub(crate) const MOBILE_PREFIXES: &[&str] = &[
    "130", "131", "132", "133", "135", "136", "137", "138", "139", "150", "151", "152", "155",
    "156", "157", "158", "159", "176", "177", "178", "180", "181", "182", "183", "185", "186",
    "187", "188", "189", "191", "198", "199",
];
