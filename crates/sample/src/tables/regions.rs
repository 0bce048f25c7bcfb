//! Provinces, cities and counties with their codes, telephone and plate prefixes (`regions.txt` says where from).

use std::sync::LazyLock;

use crate::rng::Rng;

/// A city (prefecture) that may have dealers.
#[derive(Debug)]
pub(crate) struct City {
    pub(crate) province: &'static str,
    pub(crate) name: &'static str,
    /// Such as `0311`.
    pub(crate) phone_prefix: &'static str,
    /// Such as `冀A`.
    pub(crate) plate_prefix: &'static str,
    /// Six digits and name of each county.
    pub(crate) counties: Vec<(&'static str, &'static str)>,
    share: usize,
}

/// All cities, and the sum of their shares.
#[derive(Debug)]
pub(crate) struct Regions {
    pub(crate) cities: Vec<City>,
    shares: usize,
}

/// The table, read once.
pub(crate) static REGIONS: LazyLock<Regions> =
    LazyLock::new(|| Regions::read(include_str!("regions.txt")));

impl Regions {
    fn read(table: &'static str) -> Self {
        let mut cities: Vec<City> = Vec::new();
        let mut province = "";
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let parts: Vec<&'static str> = line.split('|').collect();
            match parts[..] {
                ["P", _, name] => province = name,
                ["C", _, name, phone_prefix, plate_prefix, share] => {
                    let share = share.parse().expect("the table has whole numbers");
                    cities.push(City {
                        province,
                        name,
                        phone_prefix,
                        plate_prefix,
                        counties: Vec::new(),
                        share,
                    });
                }
                ["D", code, name] => {
                    cities
                        .last_mut()
                        .expect("a city comes before its counties")
                        .counties
                        .push((code, name));
                }
                _ => unreachable!("the table has three kinds of lines"),
            }
        }
        let shares = cities.iter().map(|city| city.share).sum();
        Self { cities, shares }
    }

    /// A city, large ones more often.
    pub(crate) fn draw(&self, rng: &mut Rng) -> usize {
        let mut place = rng.below(self.shares);
        for (index, city) in self.cities.iter().enumerate() {
            if place < city.share {
                return index;
            }
            place -= city.share;
        }
        0
    }
}

/// The region of the network a province belongs to.
pub(crate) fn sales_region(province: &str) -> &'static str {
    match province {
        "北京市" | "天津市" | "河北省" | "山西省" | "内蒙古自治区" => "华北",
        "辽宁省" | "吉林省" | "黑龙江省" => "东北",
        "上海市" | "江苏省" | "浙江省" | "安徽省" | "福建省" | "江西省" | "山东省" => {
            "华东"
        }
        "河南省" | "湖北省" | "湖南省" => "华中",
        "广东省" | "广西壮族自治区" | "海南省" => "华南",
        "重庆市" | "四川省" | "贵州省" | "云南省" | "西藏自治区" => "西南",
        _ => "西北",
    }
}
