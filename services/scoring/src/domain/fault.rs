//! Serious safety faults by what a repair order says of them: words of people, read with care.
//!
//! A fault is named by its subject and its effect in one clause, as in "制动……失灵", with nothing between them that fails in its place. A
//! clause that denies the effect names none. What the customer tells, and what the workshop looked for and did not find, is told and not
//! found. What no word fits is not counted, and whoever reads the counter sees the order.

mod words;

use std::ops::Range;

use marque_insight::law::guarantees::EarlyFault;

use self::words::{
    ALL_WELL, ASIDES, BESIDE, CONFIRMED, DENIALS, DENIALS_BETWEEN, FAULTS, Fault, JOINTS, NOT,
    NOTHING_FOUND, REPAIRED, SAYS, SPEAKERS, TELLS, WORKSHOP,
};
use super::wording::{clauses, folded, has_any, is_separator, places};

/// A serious safety fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriousFault {
    /// Which one of Art. 23 it is, if it is one of those.
    pub(crate) early: Option<EarlyFault>,
    /// Whether the text says it as what is so, not as what somebody tells or nobody found.
    pub(crate) is_found: bool,
}

/// The serious safety fault that a text names: one that is found before one that is told.
pub(crate) fn safety_fault(text: &str) -> Option<SeriousFault> {
    let without = |rest: String, aside: &&str| rest.replace(aside, "");
    let text = ASIDES.iter().fold(folded(text), without);
    let mut account = Account::default();
    for clause in clauses(&text) {
        account.read(clause);
    }
    let all = &account.named;
    let found = all.iter().find(|named| named.state == State::Found);
    found.or(all.first()).map(|named| SeriousFault {
        early: named.fault.early,
        is_found: named.state == State::Found,
    })
}

/// What a diagnosis says, in one spelling, so that repairs of which the same is said can be told; `None` if nothing was found.
pub(crate) fn described(diagnosis: &str) -> Option<String> {
    let text = folded(diagnosis);
    let is_repaired = clauses(&text).any(|clause| says(clause, REPAIRED));
    if !is_repaired && clauses(&text).any(finds_nothing) {
        return None;
    }
    let words: String = text.chars().filter(|each| !is_separator(*each)).collect();
    (!words.is_empty()).then_some(words)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Found,
    Told,
    NotFound,
}

struct Named {
    fault: &'static Fault,
    state: State,
}

impl Named {
    /// Whether it is told, and a clause is about what it is of.
    fn is_told_of(&self, clause: &str) -> bool {
        self.state == State::Told && begins_any(clause, self.fault.subjects)
    }
}

/// What a text has said up to a clause.
#[derive(Default)]
struct Account {
    named: Vec<Named>,
    /// The customer speaks, until the workshop does.
    is_told: bool,
    /// Something was done about what is named: what is well after that was not so before.
    is_repaired: bool,
}

impl Account {
    fn read(&mut self, clause: &str) {
        self.is_told = speaks_of_others(clause) || (self.is_told && !begins_any(clause, WORKSHOP));
        if let Some(fault) = FAULTS.iter().find(|fault| is_named(fault, clause)) {
            let state = if self.is_told {
                State::Told
            } else {
                State::Found
            };
            self.named.push(Named { fault, state });
        }
        let has_repair = !self.named.is_empty() && says(clause, REPAIRED);
        self.is_repaired |= has_repair;
        for named in &mut self.named {
            if finds_nothing(clause) {
                if !self.is_repaired {
                    named.state = State::NotFound;
                }
            } else if says(clause, CONFIRMED) {
                named.state = State::Found;
            } else if has_repair && named.is_told_of(clause) {
                // Nobody repairs what he did not find.
                named.state = State::Found;
            }
        }
    }
}

/// Whether a clause says what the customer says, or what is only suspected.
fn speaks_of_others(clause: &str) -> bool {
    let speaks = has_any(clause, SPEAKERS) && begins_any(clause, SAYS);
    speaks || has_any(clause, TELLS)
}

fn finds_nothing(clause: &str) -> bool {
    has_any(clause, NOTHING_FOUND) || ALL_WELL.contains(&clause.trim())
}

/// Whether a clause has one of some words at the beginning of a word.
fn begins_any(clause: &str, words: &[&str]) -> bool {
    words
        .iter()
        .any(|word| places(clause, word).next().is_some())
}

/// Whether a clause has one of some words, not denied.
fn says(clause: &str, words: &[&str]) -> bool {
    words.iter().any(|word| is_said(clause, word))
}

fn is_said(clause: &str, word: &str) -> bool {
    places(clause, word).any(|place| !is_denied(&clause[..place.start]))
}

/// Whether what comes right before an effect denies it.
fn is_denied(before: &str) -> bool {
    NOT.iter().any(|not| before.ends_with(not))
}

/// Whether a clause says a fault: somewhere its subject and its effect, joined and not denied.
fn is_named(fault: &Fault, clause: &str) -> bool {
    let all = |words: &[&'static str]| -> Vec<Range<usize>> {
        words.iter().flat_map(|word| places(clause, word)).collect()
    };
    let effects = all(fault.effects);
    all(fault.subjects).iter().any(|subject| {
        let mut effects = effects.iter();
        effects.any(|effect| is_of(fault, clause, (subject, effect)))
    })
}

/// Whether an effect is the subject's, by where both stand in a clause.
fn is_of(fault: &Fault, clause: &str, (subject, effect): (&Range<usize>, &Range<usize>)) -> bool {
    let is_beside = |text: &str| has_any(text, BESIDE) || has_any(text, fault.beside);
    let before = &clause[..subject.start.min(effect.start)];
    if has_any(before, DENIALS) || is_denied(&clause[..effect.start]) {
        return false;
    }
    if subject.end <= effect.start {
        let between = &clause[subject.end..effect.start];
        return !is_beside(between) && !has_any(between, DENIALS_BETWEEN);
    }
    if effect.end <= subject.start {
        let mut between = clause[effect.end..subject.start].split(is_separator);
        let is_joined = between.all(|word| word.is_empty() || JOINTS.contains(&word));
        return is_joined && !is_beside(&clause[subject.end..]);
    }
    // One is part of the other: "无法制动".
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fault that a text names, and whether it is found.
    fn read(text: &str) -> Option<(Option<EarlyFault>, bool)> {
        safety_fault(text).map(|fault| (fault.early, fault.is_found))
    }

    #[test]
    fn a_fault_is_named_by_subject_and_effect_in_one_clause() {
        let steering = Some(EarlyFault::SteeringFailure);
        let brakes = Some(EarlyFault::BrakeFailure);
        let body = Some(EarlyFault::BodyCrack);
        let fuel = Some(EarlyFault::FuelLeak);
        let fire = Some(EarlyFault::BatteryFire);
        for (text, expected) in [
            ("行驶中转向突然卡死", steering),
            ("车辆正常行驶中转向突然失灵", steering),
            ("转向系统关键部件失效", steering),
            ("Steering rack seized", steering),
            ("刹车失灵，刹不住", brakes),
            ("正常行驶时制动失灵", brakes),
            ("制动失灵且制动灯常亮", brakes),
            ("制动开关损坏导致制动失灵", brakes),
            ("没有任何征兆制动失灵", brakes),
            ("制动失灵未发现外力损伤", brakes),
            ("车辆无法制动", brakes),
            ("Ｂｒａｋｅ ｆａｉｌｕｒｅ", brakes),
            ("Without warning the brakes failed", brakes),
            ("failure of the front brakes", brakes),
            ("左前纵梁开裂", body),
            ("纵梁开裂漆面剥落", body),
            ("crack in the frame", body),
            ("汽油泵接口渗漏", fuel),
            ("油箱焊缝渗油", fuel),
            ("Slight fuel leak at the injector", fuel),
            ("fuel leak at fuel pump seal", fuel),
            ("Fuel pump seal leaking", fuel),
            ("动力电池起火", fire),
            ("Battery pack caught fire", fire),
            ("碰撞后主气囊未弹出", None),
            ("发动机舱起火", None),
        ] {
            assert_eq!(read(text), Some((expected, true)), "{text}");
        }
    }

    #[test]
    fn what_is_denied_or_fails_beside_it_is_no_fault() {
        for text in [
            "发动机漏油",
            "汽油发动机漏油",
            "刹车异响",
            "制动正常，空调失效",
            "制动正常空调失效",
            "未发现制动失效",
            "没有制动失灵",
            "为防止制动失灵",
            "转向灯失效",
            "左转向灯失灵",
            "制动灯开关失效",
            "方向盘音量键失灵",
            "方向盘加热失效",
            "方向盘喇叭失灵",
            "no fuel leak found",
            "brakes not failed",
            "brakes have never failed",
            "brake light failure",
            "failed brake light",
            "steering wheel heating failed",
            "engine oil leak near fuel pump",
            "body seal cracked",
            "燃油管无泄漏",
            "车身无开裂",
            "车身漆面开裂",
            "车身密封条开裂",
            "制动系统未失效",
            "油箱不漏油",
            "",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn what_the_customer_tells_is_found_where_the_workshop_finds_it() {
        let brakes = Some(EarlyFault::BrakeFailure);
        for text in [
            "客户反映制动失灵，路试未复现",
            "客户怀疑制动失灵，检测无故障",
            "客户反映：行驶中异响，制动失灵",
            "车主称刹车失灵，经检查未见异常",
            "疑似制动失灵",
            "制动失灵，路试未复现",
            "制动失灵（路试未复现）",
            "制动失灵，检查正常",
            "客户反映制动失灵，检查正常，更换雨刮片",
            "客户反映制动失灵，检查空调不制冷，更换压缩机",
            "Customer states brakes failed, could not reproduce",
            "Customer states brakes failed, wiper blades replaced",
            "brake failure, no fault found",
        ] {
            assert_eq!(read(text), Some((brakes, false)), "{text}");
        }
        for text in [
            "客户反映制动失灵，经检查属实",
            "客户反映异响，经检查制动失灵",
            "客户反映制动失灵，检查发现主缸内漏，更换制动主缸",
            "制动失灵，更换制动主缸，路试正常",
            "制动失灵，更换主缸后路试未复现",
            "制动失灵，读取无故障码，更换制动主缸",
            "Customer reports brake failure, confirmed on road test",
            "brakes failed, master cylinder replaced, no fault found after repair",
        ] {
            assert_eq!(read(text), Some((brakes, true)), "{text}");
        }
    }
}
