//! Benefits: what a customer's tier, class and rung entitle him to, what was granted to him beside it, and what he used.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Datelike as _, NaiveDate};
use marque_auth::CallContext;
use marque_core::{CustomerId, Timestamp};
use marque_db::{Conn, StoreError};
use marque_insight::{
    benefit::{Benefit, BenefitPlan, Holder},
    rank::Tier,
};
use marque_ledger::{Entry, record};
use marque_quality::date::BUSINESS_OFFSET_SECONDS;
use parking_lot::Mutex;

use super::{ScoreApp, loyalty::LoyaltyShown};
use crate::{
    domain::{GRANTED, USED},
    error::{Error, Result},
    storage::{self, StoredPlan},
};

/// A benefit of a customer's.
#[derive(Debug, Clone)]
pub(crate) struct BenefitShown {
    pub(crate) benefit: Benefit,
    /// Version of the plan that says so.
    pub(crate) plan: String,
    /// Whether the plan entitles him; otherwise it was granted to him alone, or he used it when he was entitled.
    pub(crate) is_entitled: bool,
    /// The tier by which he is, if the benefit asks for one.
    pub(crate) tier: Option<Tier>,
    /// Times granted to him alone this year.
    pub(crate) granted: u32,
    /// Times used this year.
    pub(crate) used: u32,
    /// Times left this year; `None` if there is no limit.
    pub(crate) left: Option<u32>,
}

/// What a customer may be entitled to, before it is known how he stands.
#[derive(Debug)]
pub(super) struct Promised {
    plan: Arc<BenefitPlan>,
    /// What was granted to him and used by him this year.
    words: Vec<String>,
}

/// The plan that counts, parsed when it is another than the last time; cheap to clone.
#[derive(Debug, Clone, Default)]
pub(crate) struct CurrentPlan(Arc<Mutex<Option<Parsed>>>);

/// A plan and the TOML that it was read from.
type Parsed = (String, Arc<BenefitPlan>);

impl CurrentPlan {
    /// What it promises a customer; `None` where no plan counts.
    pub(super) fn promised(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerId,
        year: (Timestamp, Timestamp),
    ) -> std::result::Result<Option<Promised>, StoreError> {
        let Some(plan) = self.get(conn)? else {
            return Ok(None);
        };
        let words = storage::benefit_words(conn, customer, year)?;
        Ok(Some(Promised { plan, words }))
    }

    /// Whether it has a benefit of a key.
    pub(super) fn has(
        &self,
        conn: &mut Conn<'_>,
        key: &str,
    ) -> std::result::Result<bool, StoreError> {
        let plan = self.get(conn)?;
        Ok(plan.is_some_and(|plan| plan.benefits.iter().any(|benefit| benefit.key == key)))
    }

    fn get(
        &self,
        conn: &mut Conn<'_>,
    ) -> std::result::Result<Option<Arc<BenefitPlan>>, StoreError> {
        let Some(stored) = storage::active_benefit_plan(conn)? else {
            return Ok(None);
        };
        let of_text = |(toml, plan): &Parsed| (*toml == stored.toml).then(|| Arc::clone(plan));
        let known = self.0.lock().as_ref().and_then(of_text);
        if known.is_some() {
            return Ok(known);
        }
        let plan = BenefitPlan::from_toml(&stored.toml).map_err(|error| StoreError::Decode {
            column: 1,
            source: error.into(),
        })?;
        let plan = Arc::new(plan);
        *self.0.lock() = Some((stored.toml, Arc::clone(&plan)));
        Ok(Some(plan))
    }
}

impl ScoreApp {
    /// The benefits of a customer whose loyalty is shown, this calendar year.
    pub(super) async fn benefits_of(&self, shown: &LoyaltyShown) -> Result<Vec<BenefitShown>> {
        let (customer, year) = (shown.customer, self.this_year());
        let plan = self.benefit_plan.clone();
        let read = move |conn: &mut Conn<'_>| {
            conn.see_all_dealers()?;
            plan.promised(conn, customer, year)
        };
        let Some(promised) = self.db.read(read).await? else {
            return Ok(Vec::new());
        };
        self.ladder.catch_up().await?;
        Ok(self.benefits_by(&promised, shown))
    }

    /// The same by what was promised him, on the ladder as it is.
    pub(super) fn benefits_by(
        &self,
        Promised { plan, words }: &Promised,
        shown: &LoyaltyShown,
    ) -> Vec<BenefitShown> {
        let standing = shown
            .loyalty
            .as_ref()
            .and_then(|loyalty| self.ladder.standing(loyalty.kind, None, shown.customer));
        let tier = standing.map(|standing| standing.tier);
        let holder = shown.loyalty.as_ref().map(|loyalty| Holder {
            kind: loyalty.kind,
            tier,
            class: loyalty.class,
            rung: Some(loyalty.rung),
        });
        shown_of(plan, holder.as_ref(), words)
    }

    /// From the first instant of the business year up to that of the next.
    pub(super) fn this_year(&self) -> (Timestamp, Timestamp) {
        let year = self.today().year();
        (first_of(year), first_of(year + 1))
    }

    /// All plans of benefits, the one that counts first.
    pub(crate) async fn list_benefit_plans(&self) -> Result<Vec<StoredPlan>> {
        self.db
            .scan(|conn| Ok(storage::list_benefit_plans(conn)?))
            .await
    }

    /// Keeps a plan under its version, or with a version alone finds the one that is kept; if asked, it counts from now on. On the
    /// record.
    pub(crate) async fn put_benefit_plan(
        &self,
        ctx: CallContext,
        (toml, version): (String, String),
        (activate, only_new): (bool, bool),
    ) -> Result<StoredPlan> {
        let new = if toml.is_empty() {
            None
        } else {
            let plan = BenefitPlan::from_toml(&toml)
                .map_err(|error| Error::field("toml", "INVALID", error.to_string()))?;
            Some(plan.version)
        };
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                storage::lock(conn)?;
                let wanted = new.as_ref().unwrap_or(&version);
                if only_new && storage::find_benefit_plan(conn, wanted)?.is_some() {
                    return Err(Error::Exists);
                }
                if let Some(version) = &new {
                    match storage::find_benefit_plan(conn, version)? {
                        Some(known) if known.toml == toml => {}
                        Some(_) => return Err(Error::ModelTaken),
                        None => storage::insert_benefit_plan(conn, (version, &toml), now)?,
                    }
                }
                let version = new.as_ref().unwrap_or(&version);
                if storage::find_benefit_plan(conn, version)?.is_none() {
                    return Err(Error::ModelUnknown);
                }
                if activate {
                    storage::activate_benefit_plan(conn, version)?;
                }
                let entry = Entry {
                    act: if activate {
                        "benefit_plan_activated"
                    } else {
                        "benefit_plan_put"
                    },
                    subject: version,
                    dealer: "",
                    detail: "",
                };
                record(conn, &ctx, now, &entry)?;
                storage::find_benefit_plan(conn, version)?.ok_or(Error::ModelUnknown)
            })
            .await
    }
}

/// Midnight in China, when the business year begins.
fn first_of(year: i32) -> Timestamp {
    let day = NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or(NaiveDate::MAX);
    let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc();
    let seconds = midnight.timestamp() - i64::from(BUSINESS_OFFSET_SECONDS);
    Timestamp::from_micros(seconds * 1_000_000)
}

fn shown_of(plan: &BenefitPlan, holder: Option<&Holder>, words: &[String]) -> Vec<BenefitShown> {
    let mut counts: BTreeMap<&str, u32> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let count = |what: &str, benefit: &Benefit| {
        let word = format!("{what}:{}", benefit.key);
        counts.get(word.as_str()).copied().unwrap_or_default()
    };
    let shown = |benefit: &Benefit| {
        let is_entitled = holder.is_some_and(|holder| benefit.is_for(holder));
        let (granted, used) = (count(GRANTED, benefit), count(USED, benefit));
        // Who is entitled without a limit has no use for single grants.
        let limit = match (is_entitled, benefit.times_a_year) {
            (true, None) => None,
            (true, Some(times)) => Some(times + granted),
            (false, _) => Some(granted),
        };
        let asks_tier = is_entitled && !benefit.tiers.is_empty();
        (is_entitled || granted + used > 0).then(|| BenefitShown {
            benefit: benefit.clone(),
            plan: plan.version.clone(),
            is_entitled,
            tier: holder.and_then(|holder| holder.tier).filter(|_| asks_tier),
            granted,
            used,
            left: limit.map(|limit| limit.saturating_sub(used)),
        })
    };
    plan.benefits.iter().filter_map(shown).collect()
}

#[cfg(test)]
mod tests {
    use marque_insight::rank::Kind;

    use super::*;

    #[test]
    fn what_is_left_follows_from_what_is_entitled_granted_and_used() {
        let plan = |times: &str| {
            let text = format!(
                "version = '1'\n[[benefit]]\nkey = 'tow'\nzh = '拖车'\nen = 'towing'\ntiers = ['vip']\n\
                 {times}\nreason_zh = '因'\nreason_en = 'why'"
            );
            BenefitPlan::from_toml(&text).unwrap()
        };
        let (twice, always) = (plan("times_a_year = 2"), plan(""));
        let holder = |tier| Holder {
            kind: Kind::Person,
            tier: Some(tier),
            class: None,
            rung: None,
        };
        let (vip, small) = (holder(Tier::Vip), holder(Tier::Small));
        for (plan, holder, words, expected) in [
            (&twice, &vip, vec![], Some((true, 0, 0, Some(2)))),
            (&twice, &vip, vec!["used:tow"], Some((true, 0, 1, Some(1)))),
            (
                &twice,
                &vip,
                vec!["used:tow", "used:tow", "used:tow", "granted:tow"],
                Some((true, 1, 3, Some(0))),
            ),
            (&always, &vip, vec!["used:tow"], Some((true, 0, 1, None))),
            (&twice, &small, vec![], None),
            (
                &twice,
                &small,
                vec!["granted:tow"],
                Some((false, 1, 0, Some(1))),
            ),
            // Used while he was entitled.
            (
                &twice,
                &small,
                vec!["used:tow"],
                Some((false, 0, 1, Some(0))),
            ),
            (&twice, &small, vec!["used:wash"], None),
        ] {
            let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
            let found = shown_of(plan, Some(holder), &words).pop();
            let found = found.map(|each| (each.is_entitled, each.granted, each.used, each.left));
            assert_eq!(found, expected, "{words:?}");
        }
    }
}
