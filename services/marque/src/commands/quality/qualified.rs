//! Which rows are qualified records by the standard that comes with the release.

use std::collections::HashMap;

use chrono::NaiveDate;
use marque_quality::{
    Field, Finding, RecordKind,
    falsification::Sign,
    party::PartyKind,
    standard::{Facts, Record, Standard, release},
};
use marque_tabular::Row;

use super::columns::Columns;

/// The scores of a file's rows for each purpose of the standard.
pub(super) struct Scores {
    standard: &'static Standard,
    lines: Vec<u64>,
    /// Of each row one a purpose, without what signs of invention cost.
    totals: Vec<f64>,
}

/// How many rows are qualified for each purpose.
#[derive(Clone)]
pub(super) struct Qualified {
    /// Version of the standard.
    pub(super) version: u32,
    /// Nothing where rows are no records by themselves.
    pub(super) rows: Vec<(&'static str, u64)>,
}

impl Scores {
    /// No scores yet, by the standard in force on a day.
    pub(super) fn new(kind: RecordKind, today: NaiveDate) -> Self {
        Self {
            standard: release(kind, today),
            lines: Vec::new(),
            totals: Vec::new(),
        }
    }

    /// Scores a row with what is wrong with it. Of visits a row may be a line of an order, which nobody judges alone.
    pub(super) fn add(
        &mut self,
        row: &Row,
        columns: &Columns,
        (findings, party): (&[Finding], Option<PartyKind>),
    ) {
        if self.standard.kind == RecordKind::Visits {
            return;
        }
        let cell = |field: Field| columns.cell(row, field);
        let facts = Facts {
            party,
            ..Facts::default()
        };
        let record = Record::new(&cell, findings, facts);
        let purposes = self.standard.purposes.iter();
        self.lines.push(row.line());
        self.totals
            .extend(purposes.map(|purpose| purpose.score(&record).total));
    }

    /// Counts the rows that are qualified; signs of invention, with their lines, cost a row its credibility.
    pub(super) fn count<'a>(&self, signs: impl Iterator<Item = (u64, &'a Sign)>) -> Qualified {
        let mut strongest: HashMap<u64, f64> = HashMap::new();
        for (line, sign) in signs {
            let known = strongest.entry(line).or_default();
            *known = known.max(sign.strength);
        }
        let purposes = &self.standard.purposes;
        let mut rows: Vec<(&str, u64)> = Vec::new();
        if !self.lines.is_empty() {
            rows.extend(purposes.iter().map(|purpose| (purpose.id.as_str(), 0)));
        }
        let of_rows = self.totals.chunks_exact(purposes.len().max(1));
        for (line, totals) in self.lines.iter().zip(of_rows) {
            let credibility = 1.0 - strongest.get(line).copied().unwrap_or(0.0);
            for ((_, count), (purpose, total)) in rows.iter_mut().zip(purposes.iter().zip(totals)) {
                *count += u64::from(total * credibility >= purpose.pass);
            }
        }
        Qualified {
            version: self.standard.version,
            rows,
        }
    }
}
