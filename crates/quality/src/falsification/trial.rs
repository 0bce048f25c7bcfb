//! One test of one unit, and which of all tests of all units are beyond chance.

use rustc_hash::FxHashMap;
use serde::Serialize;

use super::{
    Kind, Settings,
    stats::{adjusted, binomial_tail, poisson_tail, usual_share, wilson_lower},
};

/// A dealer or clerk whose entries chance does not explain, with the evidence.
#[derive(Clone, Debug, Serialize)]
pub struct Suspect {
    /// Dealer, or clerk as [`clerk_unit`](super::clerk_unit) names him.
    pub unit: String,
    /// What the signs point to.
    pub kind: Kind,
    /// How much of what was seen is beyond the usual, 0 to 1.
    pub strength: f64,
    /// Probability of seeing this much by chance.
    pub p: f64,
    /// The p value over all tests of all units (Benjamini and Hochberg): the share of false suspects if this one is named.
    pub q: f64,
    /// Entries (or groups of them) that bear the sign.
    pub count: u64,
    /// Entries it was looked for in.
    pub of: u64,
    /// How many bear it in a unit of this size that makes nothing up.
    pub expected: f64,
}

impl Suspect {
    /// What was counted, in words that accuse nobody: the reason and the figures.
    pub fn evidence(&self) -> Evidence {
        evidence(
            self.kind,
            (self.count, self.of),
            self.expected,
            (self.p, self.q),
        )
    }
}

/// Evidence in both languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// What was counted of a kind, in words: how many of how many, what is usual, and how likely chance makes it.
pub fn evidence(
    kind: Kind,
    (count, of): (u64, u64),
    expected: f64,
    (p, q): (f64, f64),
) -> Evidence {
    let reason = kind.reason();
    let usual = if expected < 0.1 {
        "<0.1".to_owned()
    } else {
        format!("{expected:.1}")
    };
    let (p, q) = (small(p), small(q));
    Evidence {
        zh: format!(
            "{}：{of} 条中有 {count} 条，通常约 {usual} 条；偶然出现的概率 p = {p}，多重检验校正后 q = {q}",
            reason.zh
        ),
        en: format!(
            "{}: {count} of {of}, where {usual} would be usual; by chance p = {p}, over all tests q = {q}",
            reason.en
        ),
    }
}

/// A probability as people read it; what is smaller than a float can tell is said to be so.
fn small(p: f64) -> String {
    if p < 1e-300 {
        "<1e-300".to_owned()
    } else if p < 0.001 {
        format!("{p:.1e}")
    } else {
        format!("{p:.3}")
    }
}

/// Which records of a kind a test is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Facet {
    /// All that the kind is about.
    #[default]
    All,
    /// ID numbers that could not have been issued.
    BrokenId,
    /// Phones of a pattern.
    PatternedPhone,
}

/// A test that chance does not explain.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Passed {
    pub(super) kind: Kind,
    pub(super) facet: Facet,
    pub(super) strength: f64,
}

/// One test of one unit: what was counted, and how surprising it is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trial {
    pub(super) kind: Kind,
    pub(super) facet: Facet,
    pub(super) count: u64,
    pub(super) of: u64,
    /// Share that is usual in the network.
    pub(super) usual: f64,
    /// How many are usual in this unit.
    pub(super) expected: f64,
    pub(super) p: f64,
    /// Whether the effect is large enough to matter, whatever its p value.
    pub(super) is_large: bool,
}

/// What share of the last two days of months is usual. Of one unit or two nobody knows whether they are as the others: then it is little
/// more than the calendar has.
pub(super) fn usual_month_end(units: impl Iterator<Item = (u64, u64)>) -> f64 {
    let dated: Vec<(u64, u64)> = units.filter(|(_, dated)| *dated > 0).collect();
    let most = if dated.len() < FEW {
        LAST_TWO_DAYS * 1.5
    } else {
        0.2
    };
    usual_share(dated.into_iter()).clamp(LAST_TWO_DAYS, most)
}

/// What came of all tests.
pub(super) struct Verdicts {
    /// Strongest evidence first.
    pub(super) suspects: Vec<Suspect>,
    /// What each unit is suspected of and how strongly, in the order of the units.
    pub(super) passed: Vec<Vec<Passed>>,
}

/// The weight of a test of some records of a kind.
const SELDOM: f64 = 0.01;
/// Such a test speaks from here on.
const CLEAR: f64 = 1e-3;
/// Fewer units than these do not say what is usual.
pub(super) const FEW: usize = 3;
/// The last two days of a month of average length.
const LAST_TWO_DAYS: f64 = 2.0 / 30.436_875;

impl Trial {
    /// This test and one of some records of its kind as one, so that there are no more tests than kinds. What is looked for seldom
    /// occurs, and then in plenty: this test keeps nearly all of the weight (weighted Bonferroni; Genovese, Roeder and
    /// Wasserman 2006).
    pub(super) fn or(self, some: Self, facet: Facet) -> Self {
        let (p, of_some) = (self.p / (1.0 - SELDOM), some.p / SELDOM);
        if !some.is_large || of_some > CLEAR {
            return Self {
                p: p.min(1.0),
                ..self
            };
        }
        // What is not large enough to matter is told of nobody, however little chance explains it.
        let stronger = if self.is_large && p <= of_some {
            Self { p, ..self }
        } else {
            Self { p: of_some, ..some }
        };
        Self { facet, ..stronger }
    }

    fn passed(&self) -> Passed {
        Passed {
            kind: self.kind,
            facet: self.facet,
            strength: self.strength(),
        }
    }

    fn strength(&self) -> f64 {
        let lower = wilson_lower(self.count.min(self.of), self.of);
        if lower <= 0.0 {
            0.0
        } else {
            // In thousandths, as it is kept: what a hundred further entries change of it matters to nobody.
            let strength = (1.0 - self.usual / lower).clamp(0.05, 0.99);
            (strength * 1000.0).round() / 1000.0
        }
    }

    fn suspect(&self, unit: &str, q: f64) -> Suspect {
        Suspect {
            unit: unit.to_owned(),
            kind: self.kind,
            strength: self.strength(),
            p: self.p,
            q,
            count: self.count,
            of: self.of,
            expected: self.expected,
        }
    }
}

/// Names the units whose tests chance does not explain, over all tests of all units at once, each once a kind. A test that had nothing to look
/// at is none (Tarone 1990): it would only make the others weaker.
pub(super) fn decide<'a>(
    units: impl Iterator<Item = &'a String>,
    trials: &[Vec<Trial>],
    settings: Settings,
) -> Verdicts {
    let looked = |trial: &&Trial| trial.of > 0;
    let p_values: Vec<f64> = trials
        .iter()
        .flatten()
        .filter(looked)
        .map(|trial| trial.p)
        .collect();
    let mut adjusted = adjusted(&p_values).into_iter();
    let mut verdicts = Verdicts {
        suspects: Vec::new(),
        passed: Vec::new(),
    };
    for (unit, trials) in units.zip(trials) {
        let looked = trials.iter().copied().filter(|trial| trial.of > 0);
        let found: Vec<(Trial, f64)> = looked
            .map(|trial| (trial, adjusted.next().unwrap_or(1.0)))
            .filter(|(trial, q)| *q <= settings.false_discovery_rate && trial.is_large)
            .collect();
        let passed = found.iter().map(|(trial, _)| trial.passed());
        verdicts.passed.push(passed.collect());
        let is_strongest = |(trial, _): &&(Trial, f64)| {
            let of_kind = found.iter().filter(|(other, _)| other.kind == trial.kind);
            let strongest = of_kind.min_by(|a, b| a.0.p.total_cmp(&b.0.p));
            strongest.is_some_and(|(strongest, _)| std::ptr::eq(strongest, trial))
        };
        let suspects = found.iter().filter(is_strongest);
        let suspects = suspects.map(|(trial, q)| trial.suspect(unit, *q));
        verdicts.suspects.extend(suspects);
    }
    strongest_first(&mut verdicts.suspects);
    verdicts
}

/// Puts the least likely by chance first.
pub(super) fn strongest_first(suspects: &mut [Suspect]) {
    suspects.sort_by(|a, b| {
        a.p.total_cmp(&b.p)
            .then_with(|| a.unit.cmp(&b.unit))
            .then_with(|| a.kind.cmp(&b.kind))
    });
}

/// The p value of two independent tests together (Fisher 1925).
pub(super) fn both(one: f64, other: f64) -> f64 {
    let product = one * other;
    if product <= 0.0 {
        0.0
    } else {
        product * (1.0 - product.ln())
    }
}

/// A share against the usual one; it matters if even its lower bound is `factor` times the usual.
pub(super) fn share(kind: Kind, count: u64, of: u64, usual: f64, factor: f64) -> Trial {
    let is_large = count >= 3 && wilson_lower(count, of) > usual * factor;
    Trial {
        kind,
        facet: Facet::All,
        count,
        of,
        usual,
        expected: usual * of as f64,
        p: binomial_tail(count, of, usual),
        is_large,
    }
}

/// Minutes in which more was entered than somebody can type, and minutes beside them that the same blow reaches into.
pub(super) struct Bursts {
    /// In order.
    pub(super) minutes: Vec<u32>,
    /// Their records.
    records: u64,
    /// The most records of a minute that are no file taken over.
    most: u64,
    timed: u64,
}

impl Bursts {
    /// Many records at one blow are a file that was taken over from another system: such a minute and those beside it are left
    /// out. A file is the dealer's, so that how much of it was entered at one blow is told by all of his records that have a time, `of_dealer`
    /// of them: a clerk who enters more within a minute is none who enters less.
    pub(super) fn of(by_minute: &FxHashMap<u32, u32>, of_dealer: u64, settings: &Settings) -> Self {
        let timed = timed(by_minute);
        let of_dealer = of_dealer.max(timed);
        let in_minute = |minute: u32| u64::from(by_minute.get(&minute).copied().unwrap_or(0));
        let is_takeover = |records: u64| {
            records >= settings.takeover_records || records * settings.takeover_one_in > of_dealer
        };
        let near = |minute: u32| [minute.saturating_sub(1), minute, minute.saturating_add(1)];
        let typed = |minute: &u32| !near(*minute).into_iter().any(|m| is_takeover(in_minute(m)));
        let is_full = |minute: u32| in_minute(minute) >= settings.burst_records;
        let reaches = |minute: u32| {
            in_minute(minute) * REACH >= settings.burst_records
                && near(minute).into_iter().any(is_full)
        };
        let typed: Vec<u32> = by_minute.keys().copied().filter(typed).collect();
        let mut minutes: Vec<u32> = typed.iter().copied().filter(|m| reaches(*m)).collect();
        minutes.sort_unstable();
        Self {
            records: minutes.iter().map(|minute| in_minute(*minute)).sum(),
            minutes,
            most: typed.into_iter().map(in_minute).max().unwrap_or(0),
            timed,
        }
    }
}

/// A burst reaches into the minute beside it with one in so many of the records that make one.
const REACH: u64 = 3;

/// How many records have a time.
pub(super) fn timed(by_minute: &FxHashMap<u32, u32>) -> u64 {
    by_minute.values().map(|records| u64::from(*records)).sum()
}

/// The fullest minute against an average one in which anything was entered; all bursts count. For `of_dealer` see [`Bursts::of`].
pub(super) fn burst(by_minute: &FxHashMap<u32, u32>, of_dealer: u64, settings: &Settings) -> Trial {
    let Bursts {
        minutes: full,
        records,
        most,
        timed,
    } = Bursts::of(by_minute, of_dealer, settings);
    let minutes = by_minute.len() as f64;
    let mean = timed as f64 / minutes.max(1.0);
    let p = if most == 0 {
        1.0
    } else {
        (poisson_tail(most, mean) * minutes).min(1.0)
    };
    let expected = mean * full.len().max(1) as f64;
    Trial {
        kind: Kind::EntryBurst,
        facet: Facet::All,
        count: records.max(most),
        of: timed,
        usual: expected / timed.max(1) as f64,
        expected,
        p,
        is_large: most >= settings.burst_records,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trial(count: u64, p: f64, is_large: bool) -> Trial {
        Trial {
            kind: Kind::PlaceholderPhone,
            facet: Facet::All,
            count,
            of: 1_000,
            usual: 0.01,
            expected: 10.0,
            p,
            is_large,
        }
    }

    #[test]
    fn of_two_tests_of_a_kind_the_one_that_matters_is_told() {
        let some = trial(50, 1e-8, true);
        // (count, p) of what is told, by the p value of all records and whether they matter.
        for (p, is_large, expected) in [
            (1e-12, false, (50, 1e-6)),
            (1e-12, true, (300, 1e-12 / 0.99)),
            (0.5, true, (50, 1e-6)),
        ] {
            let both = trial(300, p, is_large).or(some, Facet::PatternedPhone);
            assert!(both.is_large && both.facet == Facet::PatternedPhone);
            assert_eq!(both.count, expected.0, "{p} {is_large}");
            assert!((both.p / expected.1 - 1.0).abs() < 1e-9, "{p} {is_large}");
        }
        let alone = trial(300, 1e-12, false).or(trial(5, 0.1, true), Facet::PatternedPhone);
        assert!(!alone.is_large && alone.facet == Facet::All);
    }
}
