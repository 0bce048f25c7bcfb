//! What was learnt from everybody and helps to understand one: usual intervals, who comes back, how cars are driven.
//!
//! Fitted once a day, or when customers have become twice as many, and kept, so that an answer does not depend on when its process
//! started.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use marque_core::CustomerId;
use marque_insight::{
    churn::{BgNbd, Calibration, ChurnModel, Comings, Outcome},
    loyalty::{UsualInterval, intervals},
    mileage::MileageModel,
    rank::Kind,
};
use serde::{Deserialize, Serialize};

use super::{Dossier, conduct::days_before};

/// Probabilities are stated for so many days ahead: a maintenance every half a year is what the trade hopes for.
const CHURN_WINDOW_DAYS: u64 = 180;
/// The usual interval before anything was learnt: the half year of most maintenance plans.
const UNLEARNT: Usual = Usual {
    days: 180.0,
    strength: 2.0,
};
/// Fewer intervals of a model than this, and it is taken for one of the fleet.
const FEWEST_INTERVALS: usize = 20;
/// BG/NBD before anything was learnt: a coming every half a year, and one customer in five leaves after a coming.
const UNLEARNT_COMINGS: (f64, f64, f64, f64) = (2.0, 360.0, 0.5, 2.0);
/// Steps of the distribution of spend.
const QUANTILES: usize = 100;

/// The usual interval, as it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Usual {
    days: f64,
    strength: f64,
}

impl From<Usual> for UsualInterval {
    fn from(usual: Usual) -> Self {
        Self {
            days: usual.days,
            strength: usual.strength,
        }
    }
}

impl From<UsualInterval> for Usual {
    fn from(usual: UsualInterval) -> Self {
        Self {
            days: usual.days,
            strength: usual.strength,
        }
    }
}

/// Of what is kept of customers and cars, to be shown without working it out anew; to be raised whenever it has other fields or
/// another meaning.
pub(crate) const EDITION: u8 = 7;

/// Everything that was learnt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Fitted {
    /// The day up to which was learnt.
    pub(crate) on: NaiveDate,
    /// The edition of what is kept of customers by it: with another one everybody is to be reckoned anew.
    #[serde(default)]
    pub(crate) edition: u8,
    /// Customers it was learnt from.
    pub(crate) customers: usize,
    /// Customers there were, of whom those are a sample; 0 where it was learnt before this was kept.
    #[serde(default)]
    known: i64,
    fleet: Usual,
    by_model: BTreeMap<String, Usual>,
    pub(crate) churn: ChurnModel,
    /// How true its probabilities were of customers it had not seen; `None` where it was not learnt, or from too few.
    #[serde(default)]
    pub(crate) calibration: Option<Calibration>,
    pub(crate) mileage: MileageModel,
    /// Yuan a year of spend, persons and organisations, from the least to the most.
    spend: [Vec<f64>; 2],
}

impl Fitted {
    /// What is believed before anything was learnt.
    pub(crate) fn unlearnt(on: NaiveDate) -> Self {
        let (r, alpha, a, b) = UNLEARNT_COMINGS;
        let rhythm = BgNbd::new(r, alpha, a, b).expect("the parameters are above zero");
        Self {
            on,
            edition: EDITION,
            customers: 0,
            known: 0,
            fleet: UNLEARNT,
            by_model: BTreeMap::new(),
            churn: ChurnModel::fit(rhythm, CHURN_WINDOW_DAYS as f64, &[]),
            calibration: None,
            mileage: MileageModel::uninformed(),
            spend: [Vec::new(), Vec::new()],
        }
    }

    /// Whether it was learnt on a day or later, by what this release keeps. What a later one keeps is none of this one's: while both run
    /// they would learn by turns for ever. What is believed before anything was learnt is of the day.
    pub(crate) fn is_of(&self, today: NaiveDate) -> bool {
        self.on >= today && self.edition >= EDITION
    }

    /// How many customers there were when it was learnt, as far as that is known.
    pub(crate) fn population(&self) -> i64 {
        self.known.max(self.customers as i64)
    }

    /// The usual interval of cars of a model, or of all.
    pub(crate) fn usual(&self, model: Option<&str>) -> UsualInterval {
        let of_model = model.and_then(|model| self.by_model.get(model));
        of_model.copied().unwrap_or(self.fleet).into()
    }

    /// Where a spend a year stands among customers of a kind: 0 for the least, 1 for the most.
    pub(crate) fn spend_rank(&self, kind: Kind, spend: Option<f64>) -> Option<f64> {
        let known = &self.spend[kind as usize];
        let spend = spend.filter(|_| !known.is_empty())?;
        let below = known.partition_point(|other| *other < spend);
        let not_above = known.partition_point(|other| *other <= spend);
        Some((below + not_above) as f64 / 2.0 / known.len() as f64)
    }
}

/// Learns from one batch of customers after the other.
#[derive(Debug, Default)]
pub(crate) struct Learner {
    customers: Vec<(CustomerId, Seen)>,
    spend: [Vec<f64>; 2],
    intervals: Vec<Vec<f64>>,
    by_model: BTreeMap<String, Vec<Vec<f64>>>,
}

/// One customer as he stood when the last window began, and what he did in it.
#[derive(Debug)]
struct Seen {
    comings: Comings,
    dossier: Dossier,
    stayed_away: bool,
}

impl Learner {
    /// Takes in customers as of a day.
    pub(crate) fn read(&mut self, dossiers: Vec<Dossier>, on: NaiveDate) {
        let begin = days_before(on, CHURN_WINDOW_DAYS);
        for dossier in dossiers {
            if dossier.records.is_empty() || dossier.has_refused {
                continue;
            }
            self.intervals
                .push(intervals(&dossier.visit_days(on, None)));
            for model in dossier.models() {
                let own = intervals(&dossier.visit_days(on, Some(model)));
                self.by_model.entry(model.to_owned()).or_default().push(own);
            }
            if let Some(spend) = dossier.spend_a_year(None, on) {
                self.spend[dossier.kind() as usize].push(spend);
            }
            if let Some(comings) = dossier.comings(begin) {
                let stayed_away = !dossier.came_between(begin, on);
                let seen = Seen {
                    comings,
                    dossier,
                    stayed_away,
                };
                self.customers.push((seen.dossier.customer, seen));
            }
        }
    }

    /// What was learnt while so many were known; of what there is too little to learn from, what is believed without.
    pub(crate) fn learn(self, on: NaiveDate, known: i64, mileage: MileageModel) -> Fitted {
        let mut fitted = Fitted::unlearnt(on);
        fitted.known = known;
        fitted.customers = self.intervals.len();
        fitted.mileage = mileage;
        let enough =
            |groups: &[Vec<f64>]| groups.iter().map(Vec::len).sum::<usize>() >= FEWEST_INTERVALS;
        if let Some(usual) = UsualInterval::of(&self.intervals).filter(|_| enough(&self.intervals))
        {
            fitted.fleet = usual.into();
        }
        for (model, groups) in &self.by_model {
            if let Some(usual) = UsualInterval::of(groups).filter(|_| enough(groups)) {
                fitted.by_model.insert(model.clone(), usual.into());
            }
        }
        fitted.spend = self.spend.map(quantiles);
        let begin = days_before(on, CHURN_WINDOW_DAYS);
        let comings: Vec<Comings> = self
            .customers
            .iter()
            .map(|(_, seen)| seen.comings)
            .collect();
        if let Ok(rhythm) = BgNbd::fit(&comings) {
            let usual = fitted.usual(None);
            let outcomes: Vec<Outcome> = self
                .customers
                .iter()
                .map(|(_, seen)| {
                    let rhythm = seen.dossier.rhythm(usual, None, begin);
                    Outcome {
                        comings: seen.comings,
                        circumstances: seen.dossier.circumstances(rhythm.as_ref(), begin),
                        stayed_away: seen.stayed_away,
                    }
                })
                .collect();
            let window = CHURN_WINDOW_DAYS as f64;
            (fitted.churn, fitted.calibration) =
                ChurnModel::fit_calibrated(rhythm, window, &outcomes);
        }
        fitted
    }
}

/// At most so many values that say as much as all.
fn quantiles(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_unstable_by(f64::total_cmp);
    if values.len() <= QUANTILES {
        return values;
    }
    let last = values.len() - 1;
    (0..=QUANTILES)
        .map(|step| values[step * last / QUANTILES])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_earlier_release_learnt_is_learnt_anew_and_what_a_later_one_did_is_not() {
        let today = NaiveDate::from_ymd_opt(2026, 6, 15).unwrap();
        let learnt = |on, edition| Fitted {
            edition,
            ..Fitted::unlearnt(on)
        };
        assert!(!learnt(today, EDITION - 1).is_of(today));
        assert!(learnt(today, EDITION).is_of(today));
        assert!(learnt(today, EDITION + 1).is_of(today));
        let yesterday = days_before(today, 1);
        assert!(!learnt(yesterday, EDITION + 1).is_of(today));
    }
}
