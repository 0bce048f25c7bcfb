//! Reports: how fast, how punctual and how lasting cases were handled, group by group.

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, NaiveTime};
use marque_core::Timestamp;

use super::{calendar::MINUTE, code::Spelled, rules::InvalidRules};

/// What is counted of one case.
#[derive(Debug, Clone, Default)]
pub(crate) struct Fact {
    /// The group it belongs to.
    pub(crate) key: String,
    pub(crate) opened_at: Timestamp,
    pub(crate) is_open: bool,
    pub(crate) is_withdrawn: bool,
    /// Whether it was re-opened after it had been resolved here.
    pub(crate) came_back: bool,
    /// With the resolution and with the handling, 1 to 5; 0 while not asked.
    pub(crate) satisfaction: [i64; 2],
    pub(crate) first_response: Option<Timing>,
    /// Each round: a case that was re-opened has been resolved more than once.
    pub(crate) resolutions: Vec<Timing>,
    /// Compensations that were approved, and their worth in minor units of CNY.
    pub(crate) compensated: [i64; 2],
}

/// How a clock ended, or stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Timing {
    /// Whether what it waited for came.
    pub(crate) is_met: bool,
    pub(crate) is_overdue: bool,
    /// Working time used, in microseconds.
    pub(crate) used: i64,
}

/// What a group's clocks of one kind came to. Averages hide what hurts, so these are percentiles (nearest rank).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Spread {
    /// Clocks whose event came.
    pub(crate) met: i64,
    /// Working seconds within which so many per cent of them were met; nothing where none was.
    pub(crate) p50: Option<i64>,
    pub(crate) p90: Option<i64>,
    pub(crate) p99: Option<i64>,
    /// Clocks that were met or ran out, and the share of these that was met in time.
    pub(crate) decided: i64,
    pub(crate) on_time: Option<f64>,
}

/// One group of a report.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Line {
    pub(crate) key: String,
    pub(crate) cases: i64,
    pub(crate) open: i64,
    pub(crate) first_response: Spread,
    pub(crate) resolution: Spread,
    /// Cases that were resolved here at least once, and the share of these that came back.
    pub(crate) ended: i64,
    pub(crate) reopen_rate: Option<f64>,
    /// With the resolution and with the handling: how many were asked, and the means of 1 to 5.
    pub(crate) asked: [i64; 2],
    pub(crate) satisfaction: [Option<f64>; 2],
    /// Open cases by age: up to 1, 3, 7, 30 days, and older.
    pub(crate) ageing: [i64; 5],
    /// Handling quality, 0 to 100: see [`Weights`]. Nothing where none of its parts was measured.
    pub(crate) score: Option<f64>,
    /// Compensations that were approved, and their worth in minor units of CNY.
    pub(crate) compensated: [i64; 2],
}

/// What the handling-quality score of the dealer assessment is made of, in per cent: the share answered in time, the share
/// solved in time, the share that did not come back, and the satisfaction with the handling. What was not measured is in none
/// of the scales: the other parts carry its weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Weights {
    pub(crate) first_response: f64,
    pub(crate) resolution: f64,
    pub(crate) lasting: f64,
    pub(crate) satisfaction: f64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            first_response: 30.0,
            resolution: 30.0,
            lasting: 20.0,
            satisfaction: 20.0,
        }
    }
}

impl Weights {
    /// Takes over a weight of the configuration.
    pub(crate) fn set(&mut self, part: &str, weight: f64) -> Result<(), InvalidRules> {
        let wrong = |advice| InvalidRules::new(format!("score.{part}"), advice);
        if !weight.is_finite() || !(0.0..=1_000.0).contains(&weight) {
            return Err(wrong("write a weight from 0 to 1000"));
        }
        let kept = match part {
            "first_response" => &mut self.first_response,
            "resolution" => &mut self.resolution,
            "lasting" => &mut self.lasting,
            "satisfaction" => &mut self.satisfaction,
            _ => {
                let advice = "parts are first_response, resolution, lasting and satisfaction";
                return Err(wrong(advice));
            }
        };
        *kept = weight;
        Ok(())
    }
}

/// The zone by whose days and months a report goes, in minutes east of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Zone(pub(crate) i64);

impl Zone {
    /// Of reports over several dealers.
    pub(crate) const CHINA: Self = Self(8 * 60);

    /// The instants from the begin of the first day to the end of the last; without a day as far as there is anything.
    pub(crate) fn span(
        self,
        first: Option<NaiveDate>,
        last: Option<NaiveDate>,
    ) -> (Timestamp, Timestamp) {
        let from = first.map_or(Timestamp::from_micros(i64::MIN), |day| self.start_of(day));
        let until = last
            .and_then(|day| day.succ_opt())
            .map_or(Timestamp::from_micros(i64::MAX), |day| self.start_of(day));
        (from, until)
    }

    fn start_of(self, day: NaiveDate) -> Timestamp {
        let local = day.and_time(NaiveTime::MIN).and_utc().timestamp_micros();
        Timestamp::from_micros(local - self.0 * MINUTE)
    }

    /// The month of an instant, such as 2026-11.
    pub(crate) fn month_of(self, at: Timestamp) -> String {
        let local = at.as_micros().saturating_add(self.0 * MINUTE);
        let local = DateTime::from_timestamp_micros(local).unwrap_or_default();
        local.format("%Y-%m").to_string()
    }
}

/// Ends of the ages, in days, and what each age is called.
const AGES: [i64; 4] = [1, 3, 7, 30];
const AGE_NAMES: [&str; 5] = [
    "0-1 days",
    "1-3 days",
    "3-7 days",
    "7-30 days",
    "over 30 days",
];
const DAY: i64 = 86_400_000_000;

/// Gives facts that are grouped by a code the spelling that most use of it: it is one code, and one line, however it was typed.
pub(crate) fn join_spellings(facts: &mut [Fact]) {
    let mut spelled = Spelled::default();
    for fact in &*facts {
        spelled.count(&fact.key, 1);
    }
    for fact in facts {
        if let Some(commonest) = spelled.commonest(&fact.key) {
            commonest.clone_into(&mut fact.key);
        }
    }
}

/// A report of cases, a line a group, in the order of their keys.
pub(crate) fn report(facts: Vec<Fact>, weights: Weights, now: Timestamp) -> Vec<Line> {
    let mut groups: BTreeMap<String, Vec<Fact>> = BTreeMap::new();
    for fact in facts {
        groups.entry(fact.key.clone()).or_default().push(fact);
    }
    groups
        .into_iter()
        .map(|(key, facts)| line(key, &facts, weights, now))
        .collect()
}

fn line(key: String, facts: &[Fact], weights: Weights, now: Timestamp) -> Line {
    let count = |is: &dyn Fn(&Fact) -> bool| facts.iter().filter(|fact| is(fact)).count() as i64;
    // History came in closed and without clocks: nobody here ended it. What was withdrawn nobody resolved. That either is re-opened says
    // nothing of how cases are resolved here, and counts on neither side.
    let had_clocks = |fact: &Fact| fact.first_response.is_some() || !fact.resolutions.is_empty();
    let ended =
        count(&|fact| fact.came_back || (!fact.is_withdrawn && !fact.is_open && had_clocks(fact)));
    let returned = count(&|fact| fact.came_back);
    let mut line = Line {
        key,
        cases: facts.len() as i64,
        open: count(&|fact| fact.is_open),
        first_response: spread(facts.iter().filter_map(|fact| fact.first_response)),
        resolution: spread(facts.iter().flat_map(|fact| &fact.resolutions).copied()),
        ended,
        reopen_rate: share(returned, ended),
        asked: [0, 1].map(|at| count(&|fact| fact.satisfaction[at] > 0)),
        satisfaction: [0, 1].map(|at| mean(facts.iter().map(|fact| fact.satisfaction[at]))),
        ageing: [0; 5],
        score: None,
        compensated: [0, 1].map(|at| facts.iter().map(|fact| fact.compensated[at]).sum()),
    };
    for fact in facts.iter().filter(|fact| fact.is_open) {
        line.ageing[bucket(fact.opened_at, now)] += 1;
    }
    line.score = score(&line, weights);
    line
}

/// The age of a case as reports group it; cases that are not open have none.
pub(crate) fn age_of(opened_at: Timestamp, is_open: bool, now: Timestamp) -> &'static str {
    if is_open {
        AGE_NAMES[bucket(opened_at, now)]
    } else {
        "ended"
    }
}

fn bucket(opened_at: Timestamp, now: Timestamp) -> usize {
    let age = now.as_micros() - opened_at.as_micros();
    let within = AGES.iter().position(|days| age <= days * DAY);
    within.unwrap_or(AGES.len())
}

fn score(line: &Line, weights: Weights) -> Option<f64> {
    let content = |mean: f64| (mean - 1.0) / 4.0;
    let parts = [
        (weights.first_response, line.first_response.on_time),
        (weights.resolution, line.resolution.on_time),
        (weights.lasting, line.reopen_rate.map(|rate| 1.0 - rate)),
        (weights.satisfaction, line.satisfaction[1].map(content)),
    ];
    let (mut whole, mut reached) = (0.0, 0.0);
    for (weight, share) in parts {
        if let Some(share) = share {
            whole += weight;
            reached += weight * share;
        }
    }
    (whole > 0.0).then(|| 100.0 * reached / whole)
}

fn spread(timings: impl Iterator<Item = Timing>) -> Spread {
    let (mut used, mut in_time, mut decided) = (Vec::new(), 0, 0);
    for timing in timings {
        if timing.is_met {
            used.push(timing.used / 1_000_000);
        }
        if timing.is_met || timing.is_overdue {
            decided += 1;
            in_time += i64::from(!timing.is_overdue);
        }
    }
    used.sort_unstable();
    Spread {
        met: used.len() as i64,
        p50: percentile(&used, 50),
        p90: percentile(&used, 90),
        p99: percentile(&used, 99),
        decided,
        on_time: share(in_time, decided),
    }
}

/// The nearest-rank percentile of sorted values.
fn percentile(sorted: &[i64], per_cent: usize) -> Option<i64> {
    let rank = (sorted.len() * per_cent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

/// A share; there is none of nothing.
fn share(part: i64, whole: i64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The mean of grades that were given.
fn mean(grades: impl Iterator<Item = i64>) -> Option<f64> {
    let given: Vec<i64> = grades.filter(|grade| *grade > 0).collect();
    share(given.iter().sum(), given.len() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::unnecessary_wraps, reason = "cases may have no such clock")]
    fn timing(hours: i64, is_met: bool, is_overdue: bool) -> Option<Timing> {
        Some(Timing {
            is_met,
            is_overdue,
            used: hours * 3_600_000_000,
        })
    }

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let values: Vec<i64> = (1..=200).collect();
        assert_eq!(
            [50, 90, 99, 100].map(|p| percentile(&values, p)),
            [100, 180, 198, 200].map(Some)
        );
        assert_eq!([50, 99].map(|p| percentile(&[7], p)), [Some(7); 2]);
        assert_eq!(percentile(&[], 99), None);
    }

    #[test]
    fn days_and_months_are_those_of_the_zone() {
        let day = |text: &str| text.parse::<NaiveDate>().ok();
        let at = |text: &str| Timestamp::parse_rfc3339(text).unwrap();
        let west = Zone(6 * 60);
        assert_eq!(
            west.span(day("2026-02-27"), day("2026-02-28")),
            (
                at("2026-02-27T00:00:00+06:00"),
                at("2026-03-01T00:00:00+06:00")
            )
        );
        let (from, until) = Zone::CHINA.span(None, None);
        assert!(from < at("0001-01-01T00:00:00Z") && until > at("9999-01-01T00:00:00Z"));
        let late = at("2026-03-01T01:30:00+08:00");
        assert_eq!(west.month_of(late), "2026-02");
        assert_eq!(Zone::CHINA.month_of(late), "2026-03");
    }

    #[test]
    fn a_group_is_counted_and_scored() {
        let now = Timestamp::from_micros(100 * DAY);
        let at = |days_ago: i64| Timestamp::from_micros((100 - days_ago) * DAY);
        let fact = Fact {
            key: "D1".to_owned(),
            ..Fact::default()
        };
        let facts = vec![
            Fact {
                opened_at: at(2),
                is_open: true,
                first_response: timing(2, false, true),
                ..fact.clone()
            },
            Fact {
                opened_at: at(40),
                satisfaction: [5, 3],
                compensated: [2, 30_000],
                first_response: timing(1, true, false),
                resolutions: timing(20, true, false).into_iter().collect(),
                ..fact.clone()
            },
            Fact {
                opened_at: at(40),
                is_open: true,
                came_back: true,
                first_response: timing(3, true, true),
                // It was late at first; now it is open again.
                resolutions: [timing(60, true, true), timing(30, false, false)]
                    .into_iter()
                    .flatten()
                    .collect(),
                ..fact.clone()
            },
            Fact {
                key: "D2".to_owned(),
                ..fact
            },
        ];
        let lines = report(facts, Weights::default(), now);
        assert_eq!(lines.len(), 2);
        let line = &lines[0];
        assert_eq!(
            (line.cases, line.open, line.ageing),
            (3, 2, [0, 1, 0, 0, 1])
        );
        let first = line.first_response;
        assert_eq!(
            (first.met, first.p50, first.p99),
            (2, Some(3_600), Some(10_800))
        );
        assert_eq!((first.decided, first.on_time), (3, Some(1.0 / 3.0)));
        assert_eq!(line.resolution.on_time, Some(0.5));
        assert_eq!(
            (line.resolution.met, line.resolution.p99),
            (2, Some(216_000))
        );
        assert_eq!((line.ended, line.reopen_rate), (2, Some(0.5)));
        assert_eq!(
            (line.satisfaction, line.asked),
            ([Some(5.0), Some(3.0)], [1, 1])
        );
        assert_eq!(line.compensated, [2, 30_000]);
        // 30 of a third, 30 of a half, 20 of a half, 20 of a half.
        let score = line.score.unwrap();
        assert!(
            (score - (10.0 + 15.0 + 10.0 + 10.0)).abs() < 1e-9,
            "{score}"
        );
        // It came in as history: nothing of it was measured, and nothing is said of it.
        let history = &lines[1];
        assert_eq!(
            (history.first_response, history.resolution),
            Default::default()
        );
        assert_eq!(
            (history.reopen_rate, history.satisfaction, history.score),
            (None, [None; 2], None)
        );
    }

    #[test]
    fn history_and_what_was_withdrawn_count_as_ended_and_as_come_back_or_as_neither() {
        let now = Timestamp::from_micros(100 * DAY);
        let resolved = Fact {
            first_response: timing(1, true, false),
            resolutions: timing(20, true, false).into_iter().collect(),
            ..Fact::default()
        };
        // Re-opened, and not resolved here before that: its clocks are those of its first round here.
        let opened_anew = Fact {
            is_open: true,
            first_response: timing(1, true, false),
            resolutions: timing(2, false, false).into_iter().collect(),
            ..Fact::default()
        };
        let withdrawn = Fact {
            is_withdrawn: true,
            ..opened_anew.clone()
        };
        let facts = vec![resolved, opened_anew, withdrawn, Fact::default()];
        let line = report(facts, Weights::default(), now).remove(0);
        assert_eq!((line.ended, line.reopen_rate), (1, Some(0.0)));
        assert_eq!(line.score, Some(100.0));
    }

    #[test]
    fn another_deployment_weighs_otherwise() {
        let fact = Fact {
            first_response: timing(1, true, false),
            resolutions: timing(90, true, true).into_iter().collect(),
            ..Fact::default()
        };
        let now = Timestamp::from_micros(100 * DAY);
        let mut weights = Weights::default();
        weights.set("first_response", 90.0).unwrap();
        weights.set("resolution", 10.0).unwrap();
        weights.set("lasting", 0.0).unwrap();
        let line = report(vec![fact], weights, now).remove(0);
        assert_eq!(line.score, Some(90.0), "in time first, late then");
    }

    #[test]
    fn what_was_not_measured_weighs_nothing_in_the_score() {
        let late = Fact {
            is_open: true,
            first_response: timing(1, true, false),
            resolutions: timing(90, false, true).into_iter().collect(),
            ..Fact::default()
        };
        let now = Timestamp::from_micros(100 * DAY);
        let line = report(vec![late], Weights::default(), now).remove(0);
        // Answered in time, not solved in time; that it lasted and whether he is content nobody can know yet.
        assert_eq!((line.score, line.reopen_rate), (Some(50.0), None));
        assert_eq!(line.resolution.p50, None, "it is not solved yet");
    }
}
