//! What a deployment may set otherwise: times of clocks, weights of the handling score, limits of compensations, when a cluster is out of the
//! ordinary, and when a case that nobody closes is closed.

use std::{collections::BTreeMap, time::Duration};

use marque_auth::{Role, RoleSet};

use super::{
    calendar::{MINUTE, SECOND},
    clock::{ClockKind, LEAST, Terms, Tier},
    cluster::ClusterRules,
    report::Weights,
    words::{Severity, find_category},
};

/// All of them; [`Rules::default`] is what is shipped.
#[derive(Debug, Clone)]
pub struct Rules {
    pub(crate) times: Times,
    pub(crate) weights: Weights,
    pub(crate) limits: Limits,
    pub(crate) clusters: ClusterRules,
    /// How long nothing happens on a case that was followed up until it is closed by itself.
    pub(crate) close_after: Duration,
    /// Clocks, and tasks, that an instance takes on at once when their steps are due.
    pub(crate) batch: u32,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            times: Times::default(),
            weights: Weights::default(),
            limits: Limits::default(),
            clusters: ClusterRules::default(),
            close_after: Duration::from_hours(7 * 24),
            batch: 500,
        }
    }
}

/// A rule of the configuration that makes no sense.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("complaint.{key}: {advice}")]
pub struct InvalidRules {
    /// Dotted key, below `complaint`.
    pub(crate) key: String,
    /// What to write instead.
    pub(crate) advice: &'static str,
}

impl InvalidRules {
    pub(crate) fn new(key: impl Into<String>, advice: &'static str) -> Self {
        Self {
            key: key.into(),
            advice,
        }
    }
}

/// How much working time the clocks of the house have.
#[derive(Debug, Clone)]
pub(crate) struct Times {
    /// By severity, then in the order of [`TIMED`], in minutes. A working day has nine hours.
    minutes: [[i64; 5]; 4],
    /// Share of that by tier or category, in per cent, where it is another than shipped.
    percent: BTreeMap<String, i64>,
}

impl Default for Times {
    fn default() -> Self {
        Self {
            minutes: [
                [540, 2_700, 5_400, 2_700, 2_700],
                [240, 1_080, 2_700, 2_700, 1_620],
                [60, 540, 1_620, 2_700, 1_080],
                [30, 240, 1_080, 2_700, 540],
            ],
            percent: BTreeMap::new(),
        }
    }
}

/// What can be given a time: the clocks of the house, the follow-up of a resolved case, and a task that a case needs and of which nobody
/// says until when.
const TIMED: [&str; 5] = [
    "first_response",
    "next_update",
    "resolution",
    "follow_up",
    "task",
];
/// The column of the follow-up.
const FOLLOW_UP: usize = 3;
/// The column of tasks.
const TASK: usize = 4;

/// No share is longer than ten times the ordinary time.
const MOST_PERCENT: u32 = 1_000;
/// Nor is a clock's time longer than a year of working days.
const MOST_MINUTES: u32 = 250 * 540;

impl Times {
    /// The working time a clock has, in microseconds; 0 for the clocks of the law, which are not ours to set.
    pub(crate) fn budget(&self, kind: ClockKind, terms: Terms<'_>) -> i64 {
        if kind.law_days().is_some() {
            return 0;
        }
        self.shared(column(kind), terms)
    }

    /// The working time within which a department does a task that its case needs and of which nobody says until when, in microseconds.
    pub(crate) fn task(&self, terms: Terms<'_>) -> i64 {
        self.shared(TASK, terms)
    }

    /// The time of a column, shortened by what the case is about and by who complains, in microseconds.
    fn shared(&self, column: usize, terms: Terms<'_>) -> i64 {
        let category = find_category(terms.category);
        let severity = terms.severity.at_least_of(terms.category);
        let of_category = self.percent.get(terms.category).copied();
        let of_category =
            of_category.unwrap_or_else(|| category.map_or(100, |each| each.time_percent));
        let of_tier = self.of_tier(terms.tier);
        let seconds = self.minutes[severity as usize - 1][column] * 60;
        let shared = seconds * of_category * of_tier / 10_000 * SECOND;
        shared.max(LEAST * MINUTE)
    }

    /// The working time within which the customer of a resolved case is asked how it is, in microseconds. Neither tier nor category
    /// shortens it: he is to see first whether it lasts.
    pub(crate) const fn follow_up(&self, severity: Severity) -> i64 {
        self.minutes[severity as usize - 1][FOLLOW_UP] * MINUTE
    }

    /// Share of a tier, in per cent; small customers have that of ordinary ones unless they are given another.
    fn of_tier(&self, tier: Tier) -> i64 {
        match self.percent.get(tier.code()) {
            Some(percent) => *percent,
            None if tier == Tier::Small => self.of_tier(Tier::Ordinary),
            None => tier.time_percent(),
        }
    }

    /// Takes over the minutes of a severity's clock.
    pub(crate) fn set_minutes(
        &mut self,
        severity: &str,
        clock: &str,
        minutes: u32,
    ) -> Result<(), InvalidRules> {
        let wrong = |advice| InvalidRules::new(format!("clocks.{severity}.{clock}"), advice);
        let severity = Severity::parse(severity)
            .ok_or_else(|| wrong("severities are low, medium, high and critical"))?;
        let column = TIMED
            .iter()
            .position(|known| *known == clock)
            .ok_or_else(|| {
                wrong("write first_response, next_update, resolution, follow_up or task")
            })?;
        if !(LEAST as u32..=MOST_MINUTES).contains(&minutes) {
            return Err(wrong("write 15 to 135000 minutes of working time"));
        }
        self.minutes[severity as usize - 1][column] = i64::from(minutes);
        Ok(())
    }

    /// Takes over the share of a tier or category.
    pub(crate) fn set_percent(&mut self, of: &str, percent: u32) -> Result<(), InvalidRules> {
        let wrong = |advice| InvalidRules::new(format!("time_percent.{of}"), advice);
        if Tier::parse(of).is_none() && find_category(of).is_none_or(|category| category.code != of)
        {
            return Err(wrong(
                "write vip, major, ordinary, small or a category such as product.safety",
            ));
        }
        if !(1..=MOST_PERCENT).contains(&percent) {
            return Err(wrong("write 1 to 1000 per cent of the ordinary time"));
        }
        self.percent.insert(of.to_owned(), i64::from(percent));
        Ok(())
    }
}

const fn column(kind: ClockKind) -> usize {
    match kind {
        ClockKind::FirstResponse => 0,
        ClockKind::NextUpdate => 1,
        _ => 2,
    }
}

/// Up to which worth of a case's compensations, in minor units of CNY, a role may approve them.
#[derive(Debug, Clone)]
pub(crate) struct Limits(Vec<(Role, i64)>);

/// Who may be given a limit: those who may ask for a compensation.
const WITH_LIMITS: [Role; 5] = [
    Role::Sales,
    Role::Service,
    Role::Agent,
    Role::Manager,
    Role::HqAdmin,
];

impl Default for Limits {
    fn default() -> Self {
        let yuan = [500, 500, 1_000, 10_000, 1_000_000];
        Self(
            WITH_LIMITS
                .into_iter()
                .zip(yuan.map(|yuan| yuan * 100))
                .collect(),
        )
    }
}

impl Limits {
    /// The highest limit of some roles; 0 if none of them has one.
    pub(crate) fn of(&self, roles: RoleSet) -> i64 {
        let held = self.0.iter().filter(|(role, _)| roles.contains(*role));
        held.map(|(_, limit)| *limit).max().unwrap_or(0)
    }

    /// The roles whose limit covers an amount, the lowest limit first.
    pub(crate) fn covering(&self, minor: i64) -> Vec<&'static str> {
        let mut covering: Vec<&(Role, i64)> =
            self.0.iter().filter(|(_, limit)| *limit >= minor).collect();
        covering.sort_by_key(|(_, limit)| *limit);
        covering
            .into_iter()
            .map(|(role, _)| role.as_str())
            .collect()
    }

    /// Takes over the limit of a role, in yuan.
    pub(crate) fn set(&mut self, role: &str, yuan: u32) -> Result<(), InvalidRules> {
        let entry = self.0.iter_mut().find(|(known, _)| known.as_str() == role);
        let (_, limit) = entry.ok_or_else(|| {
            let advice = "roles with a limit are sales, service, agent, manager and hq_admin";
            InvalidRules::new(format!("compensation.{role}"), advice)
        })?;
        *limit = i64::from(yuan) * 100;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_set_goes_before_what_is_shipped() {
        let mut times = Times::default();
        let terms = |severity, tier| Terms {
            severity,
            category: "service.repair",
            tier,
        };
        let minutes = |times: &Times, severity, tier| {
            times.budget(ClockKind::FirstResponse, terms(severity, tier)) / MINUTE
        };
        assert_eq!(minutes(&times, Severity::High, Tier::Ordinary), 60);
        assert_eq!(minutes(&times, Severity::High, Tier::Vip), 30);
        times.set_minutes("high", "first_response", 100).unwrap();
        times.set_percent("vip", 40).unwrap();
        times.set_percent("service.repair", 50).unwrap();
        assert_eq!(minutes(&times, Severity::High, Tier::Ordinary), 50);
        assert_eq!(minutes(&times, Severity::High, Tier::Vip), 20);
        assert_eq!(minutes(&times, Severity::Low, Tier::Ordinary), 270);
        assert_eq!(times.follow_up(Severity::High) / MINUTE, 2_700);
        times.set_minutes("high", "follow_up", 540).unwrap();
        assert_eq!(times.follow_up(Severity::High) / MINUTE, 540);
        assert_eq!(times.follow_up(Severity::Low) / MINUTE, 2_700);
        let task = |times: &Times, severity| times.task(terms(severity, Tier::Ordinary)) / MINUTE;
        assert_eq!(task(&times, Severity::High), 540, "half the time");
        times.set_minutes("high", "task", 200).unwrap();
        assert_eq!(task(&times, Severity::High), 100);
        assert_eq!(task(&times, Severity::Critical), 270);
        times.set_percent("ordinary", 200).unwrap();
        assert_eq!(minutes(&times, Severity::High, Tier::Small), 100);
        times.set_percent("small", 300).unwrap();
        assert_eq!(minutes(&times, Severity::High, Tier::Small), 150);
    }

    #[test]
    fn a_share_is_reckoned_to_the_second() {
        let terms = |category| Terms {
            severity: Severity::Critical,
            category,
            tier: Tier::Major,
        };
        let seconds = |kind, category| Times::default().budget(kind, terms(category)) / SECOND;
        assert_eq!(seconds(ClockKind::FirstResponse, "service.repair"), 1_350);
        assert_eq!(seconds(ClockKind::FirstResponse, "privacy"), 1_012);
        assert_eq!(seconds(ClockKind::Resolution, "privacy"), 36_450);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_what_does() {
        let mut times = Times::default();
        let told = [
            times.set_minutes("grave", "first_response", 60),
            times.set_minutes("high", "law_answer", 60),
            times.set_minutes("high", "resolution", 1),
            times.set_percent("gold", 50),
            times.set_percent("vip", 0),
            Limits::default().set("customer", 1),
        ]
        .map(|result| result.unwrap_err().to_string());
        assert_eq!(
            told[0],
            "complaint.clocks.grave.first_response: severities are low, medium, high and critical"
        );
        assert!(
            told.iter().all(|message| message.contains(": ")),
            "{told:?}"
        );
    }

    #[test]
    fn who_has_several_roles_has_the_highest_limit() {
        let mut limits = Limits::default();
        limits.set("service", 300).unwrap();
        assert_eq!(limits.of(RoleSet::one(Role::Service)), 30_000);
        assert_eq!(limits.of([Role::Service, Role::Manager].into()), 1_000_000);
        assert_eq!(limits.of(RoleSet::one(Role::Customer)), 0);
        assert_eq!(limits.covering(100_001), ["manager", "hq_admin"]);
    }
}
