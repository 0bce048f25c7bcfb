//! The figures that the terminal and the page show.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use marque_quality::{
    Dimension, Field, RecordKind, Rule, Severity,
    falsification::{Kind, Suspect},
};

use super::{check::Checked, qualified::Qualified};

/// The figures of one file.
pub(super) struct Report {
    pub(super) kind: RecordKind,
    pub(super) today: NaiveDate,
    pub(super) rows: u64,
    pub(super) unread: Vec<String>,
    pub(super) unread_sheets: Vec<String>,
    pub(super) has_dealers: bool,
    pub(super) unreadable: u64,
    /// Rows that an import would put aside: those that cannot be read, and those with something to reject.
    pub(super) quarantined: u64,
    pub(super) clean: u64,
    pub(super) qualified: Qualified,
    pub(super) by_severity: [(Severity, u64); 4],
    /// Findings of each dimension that are worse than an information.
    pub(super) by_dimension: [(Dimension, u64); 6],
    /// Most frequent first.
    pub(super) by_rule: Vec<(Field, Rule, u64)>,
    pub(super) by_sign: Vec<(Kind, u64)>,
    pub(super) dealers: Vec<DealerLine>,
    pub(super) clerk_suspects: Vec<Suspect>,
}

/// One dealer's line.
pub(super) struct DealerLine {
    /// His name; words for rows that are nobody's, and for a file that names none.
    pub(super) name: String,
    pub(super) rows: u64,
    pub(super) clean_share: f64,
    pub(super) suspicious: u64,
    pub(super) suspects: Vec<Suspect>,
}

impl Report {
    /// Counts what was found.
    pub(super) fn of(checked: &Checked, today: NaiveDate) -> Self {
        let mut by_rule: BTreeMap<(Field, Rule), u64> = BTreeMap::new();
        let mut by_severity = [
            Severity::Reject,
            Severity::Error,
            Severity::Warning,
            Severity::Info,
        ]
        .map(|severity| (severity, 0));
        let mut by_dimension = Dimension::ALL.map(|dimension| (dimension, 0));
        for (_, finding) in &checked.findings {
            *by_rule.entry((finding.field, finding.rule)).or_default() += 1;
            let severities = by_severity
                .iter_mut()
                .filter(|(severity, _)| *severity == finding.severity);
            severities.for_each(|(_, count)| *count += 1);
            let counts = finding.severity > Severity::Info;
            let dimensions = by_dimension
                .iter_mut()
                .filter(|(dimension, _)| counts && *dimension == finding.rule.entry().dimension);
            dimensions.for_each(|(_, count)| *count += 1);
        }
        let mut by_rule: Vec<_> = by_rule
            .into_iter()
            .map(|((field, rule), count)| (field, rule, count))
            .collect();
        by_rule.sort_by_key(|(field, rule, count)| (std::cmp::Reverse(*count), *field, *rule));
        let count_of = |kind| {
            checked
                .signs
                .iter()
                .filter(|(_, _, sign)| sign.kind == kind)
                .count() as u64
        };
        Self {
            kind: checked.kind,
            today,
            rows: checked.rows,
            unread: checked.unread.clone(),
            unread_sheets: checked.unread_sheets.clone(),
            has_dealers: checked.has_dealers,
            unreadable: checked.unreadable.len() as u64,
            quarantined: quarantined(checked),
            clean: checked.clean,
            qualified: checked.qualified.clone(),
            by_severity,
            by_dimension,
            by_rule,
            by_sign: Kind::ALL
                .map(|kind| (kind, count_of(kind)))
                .into_iter()
                .filter(|(_, count)| *count > 0)
                .collect(),
            dealers: dealers(checked),
            clerk_suspects: checked.clerk_suspects.clone(),
        }
    }

    /// Share of rows with nothing worse than an information, in per cent; a dash without rows.
    pub(super) fn clean_per_cent(&self) -> String {
        if self.rows == 0 {
            return "–".to_owned();
        }
        format!("{:.1} %", share(self.clean, self.rows) * 100.0)
    }

    /// Share of rows that are qualified for each purpose: `sale 61.2 %, service 70.0 %`; nothing where rows are no records.
    pub(super) fn qualified_per_cent(&self) -> Option<String> {
        let of = |(purpose, rows): &(&str, u64)| {
            format!("{purpose} {:.1} %", share(*rows, self.rows) * 100.0)
        };
        let purposes: Vec<String> = self.qualified.rows.iter().map(of).collect();
        (!purposes.is_empty()).then(|| purposes.join(", "))
    }

    /// Whether the file names dealers.
    pub(super) fn is_of_many_dealers(&self) -> bool {
        self.dealers.len() > 1
    }

    /// Dealers with suspects.
    pub(super) fn suspicious_dealers(&self) -> impl Iterator<Item = &DealerLine> {
        self.dealers
            .iter()
            .filter(|dealer| !dealer.suspects.is_empty())
    }

    /// Clerks with what stands out about each, strongest evidence first.
    pub(super) fn suspicious_clerks(&self) -> Vec<(&str, Vec<&Suspect>)> {
        let mut clerks: Vec<(&str, Vec<&Suspect>)> = Vec::new();
        for suspect in &self.clerk_suspects {
            match clerks.iter_mut().find(|(unit, _)| *unit == suspect.unit) {
                Some((_, suspects)) => suspects.push(suspect),
                None => clerks.push((&suspect.unit, vec![suspect])),
            }
        }
        clerks
    }
}

impl DealerLine {
    /// Share of rows that bear a sign of invention.
    pub(super) fn sign_share(&self) -> f64 {
        if self.rows == 0 {
            0.0
        } else {
            self.suspicious as f64 / self.rows as f64
        }
    }
}

fn quarantined(checked: &Checked) -> u64 {
    let rejected = checked.findings.iter();
    let rejected = rejected.filter(|(_, finding)| finding.severity == Severity::Reject);
    // The findings of a row stand together.
    let mut lines: Vec<u64> = rejected.map(|(line, _)| *line).collect();
    lines.dedup();
    (lines.len() + checked.unreadable.len()) as u64
}

/// Dealers, those with the strongest signs first, then those with the fewest clean rows.
fn dealers(checked: &Checked) -> Vec<DealerLine> {
    let line = |dealer: &super::check::Dealer| DealerLine {
        name: match dealer.name.as_str() {
            "" if checked.has_dealers => "without a dealer 未填经销商".to_owned(),
            "" => "this file 本文件".to_owned(),
            name => name.to_owned(),
        },
        rows: dealer.rows,
        clean_share: share(dealer.clean, dealer.rows),
        suspicious: dealer.suspicious,
        suspects: checked
            .dealer_suspects
            .iter()
            .filter(|suspect| suspect.unit == dealer.name)
            .cloned()
            .collect(),
    };
    let mut lines: Vec<DealerLine> = checked.dealers.iter().map(line).collect();
    let rank = |line: &DealerLine| {
        (
            line.suspects.is_empty(),
            -share(line.suspicious, line.rows),
            line.clean_share,
        )
    };
    lines.sort_by(|a, b| {
        rank(a)
            .partial_cmp(&rank(b))
            .unwrap_or(std::cmp::Ordering::Equal)
            .then_with(|| a.name.cmp(&b.name))
    });
    lines
}

/// A share; nothing of nothing is all.
pub(super) fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        1.0
    } else {
        part as f64 / whole as f64
    }
}
