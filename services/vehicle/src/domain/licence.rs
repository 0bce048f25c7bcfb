//! What the vehicle licence says a car is: class, use and seats. The law of inspections goes by them.

/// What is read of a vehicle licence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Licence {
    /// `car`, `bus`, `van` or `truck`; empty if not known.
    pub(crate) class: String,
    /// `private` or `operating`; empty if not known.
    pub(crate) vehicle_use: String,
    /// The driver's included; 0 if not known.
    pub(crate) seats: i32,
}

/// A code with the words it is written in: Chinese ones anywhere in the cell, others as the whole of it. `…` stands between words
/// that must both be there.
type Words = (&'static str, &'static [&'static str]);

/// The first that fits counts: 大型普通客车 is a bus before it is a 客车, and 小型面包车 a van.
const CLASSES: [Words; 4] = [
    (
        "truck",
        &[
            "货车", "卡车", "牵引", "挂车", "自卸", "皮卡", "truck", "pickup",
        ],
    ),
    ("van", &["面包", "van", "minivan"]),
    (
        "bus",
        &["大型…客车", "中型…客车", "校车", "公交", "bus", "coach"],
    ),
    (
        "car",
        &[
            "轿车",
            "客车",
            "越野",
            "乘用车",
            "car",
            "passenger car",
            "suv",
            "mpv",
        ],
    ),
];
/// What denies a use is asked first: 非营运 has the word 营运 in it.
const USES: [Words; 2] = [
    (
        "private",
        &[
            "非营运",
            "非运营",
            "转非",
            "自用",
            "家用",
            "私家",
            "private",
            "non-operating",
        ],
    ),
    (
        "operating",
        &[
            "营运",
            "运营",
            "客运",
            "货运",
            "出租",
            "网约",
            "租赁",
            "operating",
            "taxi",
            "rental",
        ],
    ),
];
/// No bus has more.
const MOST_SEATS: i32 = 120;

impl Licence {
    /// Reads the cells as typed from the licence: 车辆类型, 使用性质, 核定载人数. What cannot be read is not known.
    pub(crate) fn read(class: &str, vehicle_use: &str, seats: &str) -> Self {
        Self {
            class: code_of(class, &CLASSES),
            vehicle_use: code_of(vehicle_use, &USES),
            seats: seats_of(seats),
        }
    }
}

fn code_of(typed: &str, codes: &[Words]) -> String {
    let typed = typed.trim().to_lowercase();
    let is_said = |word: &&str| {
        if word.is_ascii() {
            typed == *word
        } else {
            word.split('…').all(|part| typed.contains(part))
        }
    };
    let found = codes.iter().find(|(_, words)| words.iter().any(is_said));
    found.map_or_else(String::new, |(code, _)| (*code).to_owned())
}

/// `5`, `5人` or `5座`.
fn seats_of(typed: &str) -> i32 {
    let number = typed.trim().trim_end_matches(['人', '座', '位']).trim_end();
    let seats = number.parse().unwrap_or(0);
    if (1..=MOST_SEATS).contains(&seats) {
        seats
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_licence_is_read_as_it_is_printed() {
        for (typed, read) in [
            (["小型轿车", "非营运", "5人"], ("car", "private", 5)),
            (["小型越野客车", "家庭自用", "7座"], ("car", "private", 7)),
            (["大型普通客车", "公路客运", "45"], ("bus", "operating", 45)),
            (["大型双层客车", "公交", "80"], ("bus", "", 80)),
            (["中型专用客车", "营运", "19"], ("bus", "operating", 19)),
            (["中型客车", "租赁", "12"], ("bus", "operating", 12)),
            (["小型面包车", "营转非", "8"], ("van", "private", 8)),
            (["轻型多用途货车", "货运", "5"], ("truck", "operating", 5)),
            (["Car", "Taxi", " 5 "], ("car", "operating", 5)),
            (["白色", "不详", "若干"], ("", "", 0)),
            (["", "", "-3"], ("", "", 0)),
            (["", "", "9999"], ("", "", 0)),
        ] {
            let [class, vehicle_use, seats] = typed;
            let licence = Licence::read(class, vehicle_use, seats);
            let found = (
                licence.class.as_str(),
                licence.vehicle_use.as_str(),
                licence.seats,
            );
            assert_eq!(found, read, "{typed:?}");
        }
    }
}
