//! Which assembly of the three-guarantees rules a part belongs to, by the name on the repair order.
//!
//! The rules count units and their main parts alone, which the certificate lists (GB/T 29632). Oil, seals, bolts, lamps, sensors and
//! covers are named by what they belong to and are none of it. A name ends with the thing it names, in Chinese as in English ("曲轴油封",
//! "crankshaft seal"), so that a word counts where no other thing comes after it.

mod words;

use marque_insight::law::guarantees::Assembly;

use self::words::{
    NOT_SMALL, Names, OTHER_THINGS, PARTS, PULLEYS, Parts, Place, SMALL, THINGS, TOUCHED, TURNS,
    UNITS, WHICH, WHICH_IN_ENGLISH, WITH, WITH_IN_ENGLISH,
};
use super::wording::{clauses, folded, has_any, is_separator, is_whole, places, without_plural};

/// What a part's name says was fitted: a main part of an assembly, or (true) the whole of a unit.
pub(crate) fn part_named(name: &str) -> Option<(Assembly, bool)> {
    let name = without_brackets(&folded(name));
    // Several parts on one line.
    let mut parts = name.split(['、', '+']);
    parts.find_map(|part| whole_unit(part).or_else(|| main_part(part)))
}

/// The assembly that the name of work or a diagnosis says has the defect: the first that is named by more than a small part of it.
pub(crate) fn assembly_named(text: &str) -> Option<Assembly> {
    let text = folded(text);
    let mut clauses = clauses(&text).filter(|clause| !names_small_part(clause));
    clauses.find_map(assembly_in)
}

fn whole_unit(name: &str) -> Option<(Assembly, bool)> {
    let mut units = UNITS.iter();
    let unit = units.find(|(_, names)| is_named_by(name, names, |_, _| true));
    unit.map(|(unit, _)| (*unit, true))
}

fn main_part(name: &str) -> Option<(Assembly, bool)> {
    let is_it = |(assembly, place, words): &&Parts| {
        is_named_by(name, words, |word, before| {
            let is_of_unit = || has_unit(before, *assembly) && !names_small_part(before);
            match place {
                Place::Anywhere => true,
                Place::Alone => says_which(before, word.is_ascii()) || is_of_unit(),
                Place::OfUnit => is_of_unit(),
            }
        })
    };
    let part = PARTS.iter().find(is_it);
    part.map(|(assembly, ..)| (*assembly, false))
}

/// Whether a name ends with one of some words, but for what says which of the things it is; `may_be` says of the word and of what comes
/// before it whether this is the part.
fn is_named_by(name: &str, words: &[&str], may_be: impl Fn(&str, &str) -> bool) -> bool {
    let ends_with = |word: &&str| {
        places(name, word).any(|place| {
            let (before, after) = (&name[..place.start], &name[place.end..]);
            is_whole(word, after)
                && says_which(without_plural(after), word.is_ascii())
                && !is_of_another_thing(before)
                && !begins_with_a_part(before)
                && !(word.is_ascii() && is_turned_round(before))
                && may_be(word, before)
        })
    };
    words.iter().any(ends_with)
}

/// Whether the name of a unit is in a text.
fn has_unit(text: &str, assembly: Assembly) -> bool {
    let unit = UNITS.iter().find(|(unit, _)| *unit == assembly);
    unit.is_some_and(|(_, names)| has_any(text, names))
}

/// Whether what stands beside a word says no more than which of the things it is. Beside a Chinese word Latin letters are a model or a code;
/// beside an English one they are words.
fn says_which(text: &str, is_english: bool) -> bool {
    let mut rest = text;
    loop {
        rest = rest.trim_start_matches(is_separator);
        let end = rest.find(|each: char| !each.is_ascii_alphanumeric());
        let (token, behind) = rest.split_at(end.unwrap_or(rest.len()));
        if rest.is_empty() || WITH_IN_ENGLISH.contains(&token) || begins_list(rest) {
            return true;
        }
        rest = if token.is_empty() {
            let Some(behind) = WHICH.iter().find_map(|word| rest.strip_prefix(word)) else {
                return false;
            };
            behind
        } else if is_code(token, is_english) {
            behind
        } else {
            return false;
        };
    }
}

/// Whether letters or digits are a code, a side or the like, and no name of a thing.
fn is_code(token: &str, is_english: bool) -> bool {
    let has_digit = token.contains(|each: char| each.is_ascii_digit());
    let is_which = has_digit || WHICH_IN_ENGLISH.contains(&token);
    is_which || !(is_english || has_any(token, SMALL))
}

fn begins_list(text: &str) -> bool {
    let begins = |words: &[&str]| words.iter().any(|word| text.starts_with(word));
    begins(WITH) && !begins(PULLEYS)
}

/// Whether what comes right before a word is something else that has such a part.
fn is_of_another_thing(before: &str) -> bool {
    let before = before.trim_end_matches(is_separator);
    OTHER_THINGS.iter().any(|other| before.ends_with(other))
}

/// Whether the part is named before what it belongs to: "油封 曲轴", "水泵-发动机". What stands right before a word belongs to it.
fn begins_with_a_part(before: &str) -> bool {
    let is_unit = |word: &str| UNITS.iter().any(|(_, names)| has_any(word, names));
    let is_part = |word: &str| THINGS.iter().any(|thing| word.ends_with(thing)) && !is_unit(word);
    let mut words = before.split(is_separator);
    words.next_back();
    words.any(|word| names_small_part(word) || is_part(word))
}

/// The same in English, where only what joins them tells it: "hose, transmission", "cable for gearbox".
fn is_turned_round(before: &str) -> bool {
    let is_part = |end: usize| !says_which(&before[..end], true);
    let mut joints = TURNS.iter();
    joints.any(|joint| before.rfind(joint).is_some_and(is_part))
}

/// Whether a text is about a fluid, a seal, a lamp or the like.
fn names_small_part(text: &str) -> bool {
    let without = |rest: String, word: &&str| rest.replace(word, "");
    let rest = NOT_SMALL.iter().fold(text.to_owned(), without);
    has_any(&rest, SMALL)
}

/// The assembly that a clause names first.
fn assembly_in(clause: &str) -> Option<Assembly> {
    let units = UNITS.iter().filter(|(unit, _)| *unit != Assembly::Engine);
    let parts = PARTS.iter().filter_map(|(assembly, place, words)| {
        matches!(place, Place::Anywhere).then_some((*assembly, *words))
    });
    let words = units.copied().chain(parts).chain(TOUCHED);
    let first = |(assembly, words): Names| {
        let places = words.iter().flat_map(|word| places(clause, word));
        let starts = places.map(|place| place.start);
        let own = starts.filter(|start| !is_of_another_thing(&clause[..*start]));
        own.min().map(|start| (start, assembly))
    };
    let named = words.filter_map(first).min_by_key(|(start, _)| *start);
    named.map(|(_, assembly)| assembly)
}

/// A name without what stands in brackets.
fn without_brackets(name: &str) -> String {
    let mut depth = 0_u32;
    let is_outside = |each: &char| match each {
        '(' | '[' | '【' | '<' => {
            depth += 1;
            false
        }
        ')' | ']' | '】' | '>' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    };
    name.chars().filter(is_outside).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_named(names: &[&str], expected: Option<(Assembly, bool)>) {
        for name in names {
            assert_eq!(part_named(name), expected, "{name}");
        }
    }

    #[test]
    fn a_unit_is_known_by_its_name_with_or_without_assembly() {
        assert_named(
            &[
                "发动机总成（2.0T）",
                "发动机",
                "汽油发动机总成",
                "柴油 发动机 2.0T",
                "发动机总成 带油底壳",
                "engine assembly",
                "Engine Assy 1.5T",
            ],
            Some((Assembly::Engine, true)),
        );
        assert_named(
            &[
                "变速器总成",
                "变速箱",
                "7速双离合变速箱总成（含油）",
                "CVT变速器 国六",
                "gearbox",
                "Transmission",
                "Automatic transmission assy, 8-speed",
                "Assembly, transmission",
                "ＧＥＡＲＢＯＸ",
            ],
            Some((Assembly::Gearbox, true)),
        );
        assert_named(
            &[
                "动力蓄电池",
                "动力蓄电池总成",
                "动力电池总成",
                "电池包",
                "动力电池包总成 62kWh",
                "高压电池包 70度",
                "traction battery",
                "HV battery pack",
            ],
            Some((Assembly::TractionBattery, true)),
        );
        assert_named(
            &[
                "驱动电机",
                "驱动电机总成",
                "后驱动电机",
                "油冷 驱动电机",
                "drive motor, rear",
            ],
            Some((Assembly::DriveMotor, true)),
        );
    }

    #[test]
    fn main_parts_are_known_by_their_names() {
        let parts: [Names; 10] = [
            (
                Assembly::Engine,
                &[
                    "活塞",
                    "1缸活塞",
                    "活塞环套装",
                    "活塞连杆组件",
                    "发动机缸盖",
                    "气缸盖总成",
                    "曲轴",
                    "进气门",
                    "Pistons",
                    "cylinder head, left",
                ],
            ),
            (
                Assembly::Gearbox,
                &[
                    "变速箱阀体",
                    "变速器壳体",
                    "变速器 输入轴",
                    "变速箱差速器",
                    "gearbox housing",
                    "Torque converter",
                ],
            ),
            (
                Assembly::TractionBattery,
                &["动力电池模组", "电池模组", "battery module"],
            ),
            (Assembly::DriveMotor, &["驱动电机定子", "drive motor rotor"]),
            (
                Assembly::Steering,
                &[
                    "电动助力转向机",
                    "方向机总成（左舵）",
                    "转向横拉杆-左",
                    "转向节 左前",
                    "转向机 EPS",
                    "转向传动轴",
                    "steering rack",
                ],
            ),
            (
                Assembly::Brakes,
                &["Brake Caliper LH", "制动主缸", "ABS泵总成", "右前制动卡钳"],
            ),
            (
                Assembly::Suspension,
                &["左前下控制臂总成", "下摆臂", "前悬架", "front control arm"],
            ),
            (Assembly::Driveline, &["左半轴总成", "差速器", "driveshaft"]),
            (Assembly::EmissionControl, &["三元催化器", "GPF颗粒捕集器"]),
            (
                Assembly::Body,
                &["车架总成", "副车架", "左纵梁", "左前车门"],
            ),
        ];
        for (assembly, names) in parts {
            assert_named(names, Some((assembly, false)));
        }
    }

    #[test]
    fn what_only_belongs_to_an_assembly_is_no_part_that_counts() {
        let of_units = [
            "变速箱油",
            "变速器油",
            "ATF变速箱油",
            "变速箱ATF",
            "变速箱油滤清器",
            "变速箱油底壳垫",
            "变速箱支架胶垫",
            "变速箱前油封",
            "变速杆防尘套",
            "变速箱控制单元",
            "gearbox oil",
            "transmission mount",
            "transmission control unit",
            "气缸垫",
            "缸盖螺栓",
            "缸盖罩垫",
            "缸盖罩",
            "曲轴后油封",
            "油封 曲轴",
            "水泵-发动机",
            "Hose, transmission",
            "cable for gearbox",
            "曲轴皮带轮",
            "曲轴带轮",
            "曲轴位置传感器",
            "凸轮轴位置传感器",
            "发动机机油",
            "发动机护板",
            "发动机 ECU",
            "节气门",
            "节气门体",
            "制动活塞",
            "雨刮连杆",
            "engine oil",
            "Engine mount",
            "Seal, crankshaft",
            "brake caliper piston",
            "动力电池冷却液",
            "动力电池防护板螺栓",
            "蓄电池",
            "雨刮驱动电机",
            "座椅驱动电机",
            "wiper drive motor",
            "驱动电机控制器",
        ];
        let of_others = [
            "转向灯泡",
            "转向灯",
            "转向灯开关",
            "转向助力油",
            "转向油",
            "转向横拉杆防尘套",
            "转向横拉杆球头",
            "方向机防尘套",
            "power steering fluid",
            "steering wheel cover",
            "tie rod end",
            "制动主缸油封",
            "制动主缸盖",
            "制动踏板开关",
            "刹车片",
            "悬架衬套",
            "suspension bushing",
            "控制臂胶套",
            "control arm bushing",
            "半轴油封",
            "半轴防尘套",
            "差速器油",
            "三元催化清洗剂",
            "颗粒捕集器压差传感器",
            "副车架衬套",
            "仪表板横梁",
            "车门饰板",
            "机油滤清器",
            "火花塞",
            "",
        ];
        assert_named(&of_units, None);
        assert_named(&of_others, None);
    }

    #[test]
    fn work_and_diagnoses_name_an_assembly_but_not_by_its_small_parts() {
        for (text, expected) in [
            ("变速箱阀体清洗", Some(Assembly::Gearbox)),
            ("变速箱漏油", Some(Assembly::Gearbox)),
            ("更换变速箱油，变速箱顿挫", Some(Assembly::Gearbox)),
            ("制动主缸失效，变速箱顿挫", Some(Assembly::Brakes)),
            ("电池包绝缘故障", Some(Assembly::TractionBattery)),
            ("Ｇｅａｒｂｏｘ noise", Some(Assembly::Gearbox)),
            ("转向沉重", Some(Assembly::Steering)),
            ("更换变速箱油", None),
            ("缸盖罩垫渗油", None),
            ("转向灯不亮", None),
            ("transmission fluid change", None),
            ("节气门清洗", None),
            ("雨刮驱动电机不转", None),
            ("异响", None),
        ] {
            assert_eq!(assembly_named(text), expected, "{text}");
        }
    }
}
