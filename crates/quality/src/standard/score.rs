//! Scores one record by a purpose of a standard.

use chrono::NaiveDate;
use serde::Serialize;

use super::{Applies, Check, Purpose, Test};
use crate::{
    dictionary::{ComplaintRow, CustomerRow, Field, VehicleRow, VisitRow},
    finding::{Dimension, Finding, Rule, Severity},
    party::PartyKind,
    text::present,
};

/// What is known of a record besides its cells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Facts {
    /// Person or organisation; `None` for other kinds of record.
    pub party: Option<PartyKind>,
    /// Whether the same source holds another record of the same customer.
    pub is_repeated: Option<bool>,
    /// The day of what the record records: the sale, the visit.
    pub event_date: Option<NaiveDate>,
    /// The day it was entered.
    pub entered_on: Option<NaiveDate>,
    /// 1 less the strength of the strongest sign of invention; it caps the total.
    pub credibility: Option<f64>,
}

/// A record to be scored.
pub struct Record<'a> {
    cell: &'a dyn Fn(Field) -> Option<&'a str>,
    findings: &'a [Finding],
    facts: Facts,
}

/// How good a record is for a purpose.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Score {
    /// 0 to 100.
    pub total: f64,
    /// 0 to 100 for each dimension of which a check applied.
    pub dimensions: [Option<f64>; 6],
    /// Whether the record is qualified.
    pub is_qualified: bool,
    /// Checks that failed, heaviest loss first: what to mend.
    pub failed: Vec<String>,
}

impl<'a> Record<'a> {
    /// A record of any kind: `cell` gives the typed cell of a field.
    pub fn new(
        cell: &'a dyn Fn(Field) -> Option<&'a str>,
        findings: &'a [Finding],
        facts: Facts,
    ) -> Self {
        Self {
            cell,
            findings,
            facts,
        }
    }

    /// Whether a field holds a usable value: it was filled (or moved here) and not left out.
    fn is_filled(&self, field: Field) -> bool {
        let mut filled = present((self.cell)(field)).is_some();
        for finding in self
            .findings
            .iter()
            .filter(|finding| finding.field == field)
        {
            filled |= finding.rule == Rule::MovedFromColumn;
            if finding.severity >= Severity::Error {
                return false;
            }
        }
        filled
    }

    /// Whether a check holds; `None` if it does not apply to this record.
    fn holds(&self, check: &Check) -> Option<bool> {
        let applies = match check.applies {
            Applies::All => true,
            Applies::Person => self.facts.party == Some(PartyKind::Person),
            Applies::Organization => self.facts.party == Some(PartyKind::Organization),
        };
        if !applies {
            return None;
        }
        match check.test {
            Test::AnyFilled => Some(check.fields.iter().any(|field| self.is_filled(*field))),
            Test::AllFilled => Some(check.fields.iter().all(|field| self.is_filled(*field))),
            Test::NoFinding => self.is_without_finding(check),
            Test::NotRepeated => self.facts.is_repeated.map(|repeated| !repeated),
            Test::EnteredWithinDays(days) => {
                let (event, entered) = self.facts.event_date.zip(self.facts.entered_on)?;
                Some((entered - event).num_days() <= i64::from(days))
            }
        }
    }

    fn is_without_finding(&self, check: &Check) -> Option<bool> {
        let concerned = |field: &Field| {
            present((self.cell)(*field)).is_some()
                || self.findings.iter().any(|finding| finding.field == *field)
        };
        if !check.fields.iter().any(concerned) {
            return None;
        }
        let breaks = |finding: &Finding| {
            finding.severity > Severity::Info
                && finding.rule.entry().dimension == check.dimension
                && check.fields.contains(&finding.field)
        };
        Some(!self.findings.iter().any(breaks))
    }
}

impl Purpose {
    /// Scores a record: in each dimension the weighted share of the checks that hold, in total the weighted mean of the
    /// dimensions that apply, capped by the credibility of the record.
    pub fn score(&self, record: &Record<'_>) -> Score {
        let mut held = [(0.0, 0.0); 6];
        let mut failed: Vec<(f64, &Check)> = Vec::new();
        for check in &self.checks {
            let Some(holds) = record.holds(check) else {
                continue;
            };
            let (good, all) = &mut held[check.dimension as usize];
            *all += check.weight;
            if holds {
                *good += check.weight;
            } else {
                failed.push((check.weight * self.weight_of(check.dimension), check));
            }
        }
        let dimensions = held.map(|(good, all)| (all > 0.0).then(|| 100.0 * good / all));
        let applicable = || {
            Dimension::ALL
                .into_iter()
                .filter_map(|d| dimensions[d as usize].map(|score| (score, self.weight_of(d))))
        };
        let weight: f64 = applicable().map(|(_, weight)| weight).sum();
        let mean = if weight > 0.0 {
            applicable()
                .map(|(score, weight)| score * weight)
                .sum::<f64>()
                / weight
        } else {
            0.0
        };
        let total = mean * record.facts.credibility.unwrap_or(1.0).clamp(0.0, 1.0);
        failed.sort_by(|a, b| b.0.total_cmp(&a.0));
        Score {
            total,
            dimensions,
            is_qualified: total >= self.pass,
            failed: failed
                .into_iter()
                .map(|(_, check)| check.id.clone())
                .collect(),
        }
    }

    fn weight_of(&self, dimension: Dimension) -> f64 {
        self.dimensions
            .iter()
            .find(|(known, _)| *known == dimension)
            .map_or(0.0, |(_, weight)| *weight)
    }
}

impl Purpose {
    /// Scores a customer row with its findings.
    pub fn score_customer(
        &self,
        row: &CustomerRow<'_>,
        findings: &[Finding],
        facts: Facts,
    ) -> Score {
        self.score(&Record::new(&|field| row.get(field), findings, facts))
    }

    /// Scores a vehicle row with its findings.
    pub fn score_vehicle(&self, row: &VehicleRow<'_>, findings: &[Finding], facts: Facts) -> Score {
        self.score(&Record::new(&|field| row.get(field), findings, facts))
    }

    /// Scores a visit row with its findings.
    pub fn score_visit(&self, row: &VisitRow<'_>, findings: &[Finding], facts: Facts) -> Score {
        self.score(&Record::new(&|field| row.get(field), findings, facts))
    }

    /// Scores a complaint row with its findings.
    pub fn score_complaint(
        &self,
        row: &ComplaintRow<'_>,
        findings: &[Finding],
        facts: Facts,
    ) -> Score {
        self.score(&Record::new(&|field| row.get(field), findings, facts))
    }
}
