//! What customers of a tier, a class or a rung are entitled to, by a versioned plan (R-LOY-4).
//!
//! A plan is data. Every benefit says whom it is for and why: a price or a favour that hangs on a score must have a reason that can
//! be told to the customer (PIPL Art. 24).

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::loyalty::{LoyaltyClass, Rung};
use crate::rank::{Kind, Tier};

/// A plan of benefits.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BenefitPlan {
    /// Its version: change anything, change the version.
    pub version: String,
    /// The benefits, in the order in which they are shown.
    #[serde(default, rename = "benefit")]
    pub benefits: Vec<Benefit>,
}

/// One benefit. Each list that is not empty must name what the customer is.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Benefit {
    /// Its name: lower-case letters, digits and underscores.
    pub key: String,
    /// What it is, in Chinese.
    pub zh: String,
    /// What it is, in English.
    pub en: String,
    /// Persons or organisations alone.
    #[serde(default)]
    pub kinds: Vec<Kind>,
    /// For these tiers.
    #[serde(default)]
    pub tiers: Vec<Tier>,
    /// For these classes of loyalty.
    #[serde(default)]
    pub classes: Vec<LoyaltyClass>,
    /// For these rungs of the ladder.
    #[serde(default)]
    pub rungs: Vec<Rung>,
    /// How often in a calendar year; `None` as often as he likes.
    pub times_a_year: Option<u32>,
    /// Why those have it, in Chinese: told to the customer.
    pub reason_zh: String,
    /// Why those have it, in English.
    pub reason_en: String,
}

/// What a plan asks about a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Holder {
    /// Person or organisation.
    pub kind: Kind,
    /// His tier; `None` if he has no score.
    pub tier: Option<Tier>,
    /// His class of loyalty; `None` if he never came.
    pub class: Option<LoyaltyClass>,
    /// His rung; `None` if he is not assessed.
    pub rung: Option<Rung>,
}

/// A plan that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BenefitPlanError {
    /// It cannot be read.
    #[error("the plan cannot be read: {0}")]
    Unreadable(String),
    /// It has no version.
    #[error("the plan has no version")]
    NoVersion,
    /// A key is not one.
    #[error("{0}: a key is 1 to 64 lower-case letters, digits and underscores")]
    Key(String),
    /// A key comes twice.
    #[error("{0} comes twice")]
    Twice(String),
    /// A benefit is for everybody.
    #[error("{0}: name tiers, classes or rungs that have it")]
    ForEverybody(String),
    /// A benefit lacks its words or its reason.
    #[error("{0}: say in Chinese and English what it is and why these customers have it")]
    NoReason(String),
    /// A benefit that can never be used.
    #[error("{0}: times_a_year is 0")]
    Never(String),
}

impl BenefitPlan {
    /// Reads a plan.
    ///
    /// # Errors
    /// When it is not of the right shape, or one of its benefits is for everybody or has no reason.
    pub fn from_toml(text: &str) -> Result<Self, BenefitPlanError> {
        let plan: Self = toml::from_str(text)
            .map_err(|error| BenefitPlanError::Unreadable(error.to_string()))?;
        if plan.version.trim().is_empty() {
            return Err(BenefitPlanError::NoVersion);
        }
        let mut keys = BTreeSet::new();
        for benefit in &plan.benefits {
            benefit.check()?;
            if !keys.insert(&benefit.key) {
                return Err(BenefitPlanError::Twice(benefit.key.clone()));
            }
        }
        Ok(plan)
    }

    /// The benefits a customer is entitled to.
    pub fn entitled(&self, holder: &Holder) -> impl Iterator<Item = &Benefit> {
        self.benefits
            .iter()
            .filter(|benefit| benefit.is_for(holder))
    }
}

impl Benefit {
    fn check(&self) -> Result<(), BenefitPlanError> {
        let key = || self.key.clone();
        let is_letter = |letter: u8| matches!(letter, b'a'..=b'z' | b'0'..=b'9' | b'_');
        if !(1..=64).contains(&self.key.len()) || !self.key.bytes().all(is_letter) {
            return Err(BenefitPlanError::Key(key()));
        }
        if self.tiers.is_empty() && self.classes.is_empty() && self.rungs.is_empty() {
            return Err(BenefitPlanError::ForEverybody(key()));
        }
        let words = [&self.zh, &self.en, &self.reason_zh, &self.reason_en];
        if words.iter().any(|text| text.trim().is_empty()) {
            return Err(BenefitPlanError::NoReason(key()));
        }
        if self.times_a_year == Some(0) {
            return Err(BenefitPlanError::Never(key()));
        }
        Ok(())
    }

    /// Whether a customer is entitled to it.
    pub fn is_for(&self, holder: &Holder) -> bool {
        fn holds<T: PartialEq>(list: &[T], own: Option<T>) -> bool {
            list.is_empty() || own.is_some_and(|own| list.contains(&own))
        }
        holds(&self.kinds, Some(holder.kind))
            && holds(&self.tiers, holder.tier)
            && holds(&self.classes, holder.class)
            && holds(&self.rungs, holder.rung)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAN: &str = r#"
        version = "2026-1"
        [[benefit]]
        key = "free_towing"
        zh = "免费道路救援"
        en = "free towing"
        tiers = ["vip", "major"]
        times_a_year = 2
        reason_zh = "重要客户的服务保障"
        reason_en = "service that our most valuable customers count on"
        [[benefit]]
        key = "loyal_check"
        zh = "老客户免费检测"
        en = "a free check for who keeps coming"
        kinds = ["person"]
        classes = ["loyal"]
        rungs = ["retained", "loyal"]
        reason_zh = "感谢长期信任"
        reason_en = "thanks for coming regularly"
    "#;

    #[test]
    fn each_list_that_is_given_must_name_what_he_is() {
        let plan = BenefitPlan::from_toml(PLAN).unwrap();
        let holder = |tier, class, rung| Holder {
            kind: Kind::Person,
            tier,
            class,
            rung: Some(rung),
        };
        let (vip, small) = (Some(Tier::Vip), Some(Tier::Small));
        let (loyal, lost) = (Some(LoyaltyClass::Loyal), Some(LoyaltyClass::Lost));
        let company = Holder {
            kind: Kind::Organization,
            ..holder(vip, loyal, Rung::Loyal)
        };
        for (holder, expected) in [
            (holder(vip, lost, Rung::New), vec!["free_towing"]),
            (holder(small, loyal, Rung::Retained), vec!["loyal_check"]),
            (holder(small, loyal, Rung::New), vec![]),
            (holder(None, loyal, Rung::Loyal), vec!["loyal_check"]),
            (company, vec!["free_towing"]),
        ] {
            let keys: Vec<&str> = plan
                .entitled(&holder)
                .map(|each| each.key.as_str())
                .collect();
            assert_eq!(keys, expected, "{holder:?}");
        }
    }

    #[test]
    fn a_plan_without_reasons_or_for_everybody_is_refused() {
        for (from, to, expected) in [
            ("\"2026-1\"", "\" \"", "no version"),
            ("\"free_towing\"", "\"Free towing\"", "a key is"),
            ("\"loyal_check\"", "\"free_towing\"", "comes twice"),
            ("tiers = [\"vip\", \"major\"]", "", "name tiers"),
            ("\"感谢长期信任\"", "\"\"", "why these customers"),
            ("times_a_year = 2", "times_a_year = 0", "is 0"),
            ("times_a_year", "times_a_week", "cannot be read"),
        ] {
            let text = PLAN.replacen(from, to, 1);
            let error = BenefitPlan::from_toml(&text).unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }
}
