//! Clusters: is a part, model and model year complained of more often than chance explains?
//!
//! The cars that complained of a part in a span are compared with the other cars that have the part, by the exact
//! conditional test of two rates (Przyborowski and Wilenski, Biometrika 31, 1940): if both rates were the same, the cars of
//! the cluster among all that complained would be binomial with the cluster's share of all cars. Where no other cars have
//! the part, the cluster is compared with its own past. Many clusters are looked at at once, so what is told is controlled
//! for the share of false ones (Benjamini and Hochberg, J. R. Statist. Soc. B 57, 1995).

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use marque_core::Timestamp;
use uuid::Uuid;

/// When a cluster is out of the ordinary.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct ClusterRules {
    /// Days that are looked at.
    pub(crate) days: i64,
    /// Cars that must have complained at least.
    pub(crate) least: i64,
    /// Share of false alerts among all.
    pub(crate) false_share: f64,
    /// How often it is looked.
    pub(crate) every: Duration,
}

impl Default for ClusterRules {
    fn default() -> Self {
        Self {
            days: 90,
            least: 3,
            false_share: 0.01,
            every: Duration::from_mins(10),
        }
    }
}

/// A part of a model and model year.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cluster {
    pub(crate) part: String,
    pub(crate) model: String,
    pub(crate) model_year: i64,
}

/// What is counted of one: cars that complained in the span and in the past before it, and cars there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Count {
    pub(crate) cluster: Cluster,
    pub(crate) hit: i64,
    pub(crate) past_hit: i64,
    pub(crate) fleet: i64,
}

/// Counts of all that are to be compared: of cars that complained (in the span, in the past) and cars there are (by model
/// and model year) one for each model year of each model that has the part, also where nobody complained.
pub(crate) fn count(
    complained: &[(Cluster, [i64; 2])],
    fleets: &BTreeMap<(String, i64), i64>,
) -> Vec<Count> {
    let having: BTreeSet<(&str, &str)> = complained
        .iter()
        .map(|(cluster, _)| (cluster.part.as_str(), cluster.model.as_str()))
        .collect();
    let hits: BTreeMap<&Cluster, [i64; 2]> = complained
        .iter()
        .map(|(cluster, hits)| (cluster, *hits))
        .collect();
    let mut counts = Vec::new();
    for (part, model) in having {
        let years = fleets
            .range((model.to_owned(), i64::MIN)..=(model.to_owned(), i64::MAX))
            .map(|((_, year), fleet)| (*year, *fleet));
        for (model_year, fleet) in years {
            let cluster = Cluster {
                part: part.to_owned(),
                model: model.to_owned(),
                model_year,
            };
            let [hit, past_hit] = hits.get(&cluster).copied().unwrap_or_default();
            counts.push(Count {
                cluster,
                hit,
                past_hit,
                fleet,
            });
        }
    }
    counts
}

/// With what a cluster was compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Baseline {
    /// Other cars that have the part.
    OtherCars,
    /// The same cars before.
    Past,
}

impl Baseline {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::OtherCars => "other_cars",
            Self::Past => "past",
        }
    }

    pub(crate) fn parse(code: &str) -> Self {
        if code == "past" {
            Self::Past
        } else {
            Self::OtherCars
        }
    }
}

/// A cluster with the numbers behind it.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Finding {
    pub(crate) cluster: Cluster,
    pub(crate) hit: i64,
    pub(crate) fleet: i64,
    pub(crate) baseline: Baseline,
    pub(crate) baseline_hit: i64,
    /// Cars, or cars times spans.
    pub(crate) baseline_fleet: f64,
    /// Cars that would have complained at the baseline's rate.
    pub(crate) expected: f64,
    pub(crate) p_value: f64,
    pub(crate) q_value: f64,
}

/// A finding that was told to headquarters.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Alert {
    pub(crate) id: Uuid,
    pub(crate) finding: Finding,
    pub(crate) span: (Timestamp, Timestamp),
    pub(crate) raised_at: Timestamp,
    /// When it was last so.
    pub(crate) seen_at: Timestamp,
}

/// The clusters that are out of the ordinary, the surest first. `past_spans` is how many spans long the past is.
pub(crate) fn find_clusters(
    counts: &[Count],
    past_spans: f64,
    rules: &ClusterRules,
) -> Vec<Finding> {
    // Where nobody knows when cars were built they are good for comparison only.
    let tested = counts
        .iter()
        .filter(|count| count.hit > 0 && count.fleet > 0 && count.cluster.model_year > 0);
    let mut findings: Vec<Finding> = tested
        .map(|count| compare(count, counts, past_spans))
        .collect();
    control(&mut findings);
    findings.retain(|found| {
        found.q_value <= rules.false_share
            && found.hit >= rules.least
            && found.hit as f64 > found.expected
    });
    findings
}

/// Compares a cluster with the other cars that have the part, or else with its past.
fn compare(count: &Count, all: &[Count], past_spans: f64) -> Finding {
    let others = all
        .iter()
        .filter(|other| other.cluster.part == count.cluster.part && other.cluster != count.cluster);
    let (hit, fleet) = others.fold((0, 0), |(hit, fleet), other| {
        (hit + other.hit, fleet + other.fleet)
    });
    let (baseline, baseline_hit, baseline_fleet) = if fleet > 0 {
        (Baseline::OtherCars, hit, fleet as f64)
    } else {
        (
            Baseline::Past,
            count.past_hit,
            count.fleet as f64 * past_spans,
        )
    };
    let share = count.fleet as f64 / (count.fleet as f64 + baseline_fleet);
    Finding {
        cluster: count.cluster.clone(),
        hit: count.hit,
        fleet: count.fleet,
        baseline,
        baseline_hit,
        baseline_fleet,
        expected: if baseline_fleet > 0.0 {
            baseline_hit as f64 * count.fleet as f64 / baseline_fleet
        } else {
            0.0
        },
        p_value: at_least(count.hit, count.hit + baseline_hit, share),
        q_value: 1.0,
    }
}

/// Sorts by p and sets each q: the smallest share of false findings at which it would be one (Benjamini and Hochberg).
fn control(findings: &mut [Finding]) {
    findings.sort_by(|left, right| left.p_value.total_cmp(&right.p_value));
    let (count, mut least) = (findings.len() as f64, 1.0_f64);
    for (rank, finding) in findings.iter_mut().enumerate().rev() {
        least = least.min(finding.p_value * count / (rank + 1) as f64);
        finding.q_value = least;
    }
}

/// How likely at least `hit` of `all` are, each with a chance of its own: the upper tail of the binomial distribution.
fn at_least(hit: i64, all: i64, chance: f64) -> f64 {
    if hit <= 0 || chance >= 1.0 {
        return 1.0;
    }
    if chance <= 0.0 {
        return 0.0;
    }
    let odds = (chance / (1.0 - chance)).ln();
    let mut log = all as f64 * (1.0 - chance).ln();
    let mut sum = 0.0;
    for many in 0..=all {
        if many >= hit {
            sum += log.exp();
        }
        log += ((all - many) as f64 / (many + 1) as f64).ln() + odds;
    }
    sum.min(1.0)
}

#[cfg(test)]
#[path = "cluster_tests.rs"]
mod tests;
