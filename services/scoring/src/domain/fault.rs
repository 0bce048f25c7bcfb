//! Serious safety faults by what a repair order says of them: words of people, read with care.
//!
//! A fault is named by its subject and its effect in one clause, as in "制动……失灵". A clause that denies anything names none. What
//! no word fits is not counted, and whoever reads the counter sees the order.

use marque_insight::law::guarantees::EarlyFault;

/// Subject, effects, and the fault of Art. 23 they name; `None` where it is serious but none of those.
type Words = (
    &'static [&'static str],
    &'static [&'static str],
    Option<EarlyFault>,
);

const WORDS: [Words; 7] = [
    (
        &["转向", "方向盘", "方向机", "steering"],
        &[
            "失效", "失灵", "卡死", "锁死", "失控", "failed", "failure", "locked", "seized",
        ],
        Some(EarlyFault::SteeringFailure),
    ),
    (
        &["制动", "刹车", "brake"],
        &[
            "失效",
            "失灵",
            "失控",
            "刹不住",
            "无法制动",
            "failed",
            "failure",
        ],
        Some(EarlyFault::BrakeFailure),
    ),
    (
        &["车身", "车架", "纵梁", "大梁", "body", "frame"],
        &["开裂", "断裂", "裂纹", "crack"],
        Some(EarlyFault::BodyCrack),
    ),
    (
        &["燃油", "汽油", "柴油", "油箱", "fuel"],
        &["泄漏", "渗漏", "漏油", "泄露", "漏出", "leak"],
        Some(EarlyFault::FuelLeak),
    ),
    (
        &["电池", "电池包", "battery"],
        &[
            "起火",
            "着火",
            "自燃",
            "燃烧",
            "caught fire",
            "on fire",
            "burned",
            "burnt",
        ],
        Some(EarlyFault::BatteryFire),
    ),
    // Order 43 names protection that does not protect, and danger of fire.
    (
        &["气囊", "安全带", "airbag", "seat belt"],
        &[
            "失效",
            "未弹出",
            "未起爆",
            "误爆",
            "不工作",
            "无法锁止",
            "failed",
            "failure",
            "did not deploy",
        ],
        None,
    ),
    (
        &[
            "发动机舱",
            "机舱",
            "线束",
            "车辆",
            "车内",
            "engine bay",
            "wiring",
            "vehicle",
        ],
        &["起火", "着火", "自燃", "caught fire", "on fire"],
        None,
    ),
];

/// Words by which a clause denies what it names, or names something beside it: a brake light or a key on the wheel that fails is no
/// brake and no steering that does.
const DENIALS: [&str; 29] = [
    "未见",
    "未发现",
    "未出现",
    "未发生",
    "没有",
    "不存在",
    "排除",
    "并无",
    "无明显",
    "正常",
    "防止",
    "no ",
    "without",
    "无任何",
    "灯",
    "键",
    "按钮",
    "开关",
    "加热",
    "传感器",
    "提示音",
    "密封条",
    "漆",
    "light",
    "sensor",
    "switch",
    "button",
    "heating",
    "seal",
];
/// Right before an effect, what denies it.
const NOT: [&str; 8] = ["无", "未", "不", "没", "非", "not ", "n't ", "never "];
/// What ends a clause.
const ENDS: [char; 13] = [
    '，', '。', '；', '、', '！', '？', ',', ';', '.', '!', '?', '\n', '：',
];

/// A serious safety fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriousFault {
    /// Which one of Art. 23 it is, if it is one of those.
    pub(crate) early: Option<EarlyFault>,
}

/// The serious safety fault that a text names.
pub(crate) fn safety_fault(text: &str) -> Option<SeriousFault> {
    let text = text.to_lowercase();
    let clauses = || {
        let all = text.split(ENDS);
        all.filter(|clause| !DENIALS.iter().any(|denial| clause.contains(denial)))
    };
    let names = |(subjects, effects, _): &&Words| {
        clauses().any(|clause| {
            subjects.iter().any(|subject| clause.contains(subject))
                && effects.iter().any(|effect| is_told(clause, effect))
        })
    };
    let named = WORDS.iter().find(names);
    named.map(|(_, _, early)| SeriousFault { early: *early })
}

/// Whether a clause says an effect, at least once without denying it.
fn is_told(clause: &str, effect: &str) -> bool {
    let mut places = clause.match_indices(effect);
    places.any(|(at, _)| !NOT.iter().any(|not| clause[..at].ends_with(not)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fault_is_named_by_subject_and_effect_in_one_clause() {
        for (text, expected) in [
            (
                "行驶中转向突然卡死",
                Some(Some(EarlyFault::SteeringFailure)),
            ),
            (
                "Steering rack seized",
                Some(Some(EarlyFault::SteeringFailure)),
            ),
            ("刹车失灵，刹不住", Some(Some(EarlyFault::BrakeFailure))),
            ("左前纵梁开裂", Some(Some(EarlyFault::BodyCrack))),
            ("汽油泵接口渗漏", Some(Some(EarlyFault::FuelLeak))),
            ("动力电池起火", Some(Some(EarlyFault::BatteryFire))),
            (
                "Battery pack caught fire",
                Some(Some(EarlyFault::BatteryFire)),
            ),
            ("碰撞后主气囊未弹出", Some(None)),
            ("发动机舱起火", Some(None)),
            ("发动机漏油", None),
            ("刹车异响", None),
            ("制动正常，空调失效", None),
            ("未发现制动失效", None),
            ("转向灯失效", None),
            ("no fuel leak found", None),
            ("燃油管无泄漏", None),
            ("车身无开裂", None),
            ("制动系统未失效", None),
            ("油箱不漏油", None),
            ("brakes not failed", None),
            ("方向盘音量键失灵", None),
            ("方向盘加热失效", None),
            ("车身密封条开裂", None),
            ("", None),
        ] {
            assert_eq!(
                safety_fault(text).map(|fault| fault.early),
                expected,
                "{text}"
            );
        }
    }
}
