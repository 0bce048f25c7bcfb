//! A record's points by a standard, in whole hundredths, so that sums of them do not depend on the order of adding.

use marque_core::business_date;
use marque_quality::{
    Dimension, Field, Finding, Rule,
    falsification::Kind,
    standard::{Check, Facts, Purpose, Record, Score, Standard},
};

use super::{Evidence, Excused};

/// The purpose that is the mean of all others.
pub(crate) const OVERALL: &str = marque_quality::standard::OVERALL;

/// Points of one record for one purpose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Points {
    pub(crate) purpose: String,
    pub(crate) is_qualified: bool,
    /// Hundredths, 0 to 10,000.
    pub(crate) total: i64,
    /// The same for each dimension of which a check applied.
    pub(crate) dimensions: [Option<i64>; 6],
}

/// Points of one record for all purposes, `overall` first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Scored {
    pub(crate) points: Vec<Points>,
    pub(crate) is_suspicious: bool,
}

impl Scored {
    /// The mean of all purposes, in hundredths.
    pub(crate) fn total(&self) -> i64 {
        self.points.first().map_or(0, |points| points.total)
    }
}

/// Signs of invention on a record: kind and strength in thousandths, in the order of kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Signs(pub(crate) Vec<(Kind, i64)>);

impl Signs {
    /// What a record with these signs is believed, in thousandths.
    pub(crate) fn credibility(&self) -> i64 {
        let strongest = self.0.iter().map(|(_, strength)| *strength).max();
        1000 - strongest.unwrap_or(0).clamp(0, 1000)
    }

    /// The signs as they are stored: `staff_phone:875,fake_id:900`.
    pub(crate) fn text(&self) -> String {
        let one = |(kind, strength): &(Kind, i64)| format!("{}:{strength}", kind.code());
        self.0.iter().map(one).collect::<Vec<_>>().join(",")
    }

    /// Reads what [`Self::text`] wrote; kinds that this release does not know are passed over.
    pub(crate) fn read(text: &str) -> Self {
        let one = |sign: &str| {
            let (kind, strength) = sign.split_once(':')?;
            Some((Kind::of_code(kind)?, strength.parse().ok()?))
        };
        Self(text.split(',').filter_map(one).collect())
    }
}

/// Scores a record with what is wrong with it by a standard of its kind; what is excused costs nothing.
pub(crate) fn score(
    standard: &Standard,
    (evidence, flaws): (&Evidence, &[Finding]),
    signs: &Signs,
    excused: &Excused,
) -> Scored {
    if !excused.is_empty() {
        let flaws = unexcused(flaws, excused);
        let signs = signs.0.iter().copied();
        let signs = signs.filter(|(kind, _)| !excused.has_sign(evidence.kind, *kind));
        let signs = Signs(signs.collect());
        let nothing = Excused::default();
        return score(standard, (evidence, &flaws), &signs, &nothing);
    }
    let scores = scores(standard, (evidence, flaws), signs).into_iter();
    let mut points: Vec<Points> = scores
        .map(|(purpose, score)| Points {
            purpose: purpose.id.clone(),
            is_qualified: score.is_qualified,
            total: hundredths(score.total),
            dimensions: score.dimensions.map(|score| score.map(hundredths)),
        })
        .collect();
    points.insert(0, overall(&points));
    Scored {
        points,
        is_suspicious: !signs.0.is_empty(),
    }
}

/// The checks of a purpose, or of each, that a record does not meet, without what is excused; each once, of a purpose the heaviest
/// loss first.
pub(crate) fn failing<'a>(
    standard: &'a Standard,
    (evidence, flaws): (&Evidence, &[Finding]),
    purpose: &str,
    excused: &Excused,
) -> Vec<&'a Check> {
    let mut failing: Vec<&Check> = Vec::new();
    let flaws = unexcused(flaws, excused);
    for (own, score) in scores(standard, (evidence, &flaws), &Signs::default()) {
        if purpose != OVERALL && own.id != purpose {
            continue;
        }
        for id in &score.failed {
            let is_new = |check: &&Check| {
                let mut known = failing.iter();
                check.id == *id && !known.any(|one| one.id == *id && one.fields == check.fields)
            };
            let check = own.checks.iter().find(is_new);
            failing.extend(check);
        }
    }
    failing
}

fn unexcused(flaws: &[Finding], excused: &Excused) -> Vec<Finding> {
    let counted = flaws.iter().filter(|flaw| !excused.has_flaw(flaw));
    counted.copied().collect()
}

/// The score of a record for each purpose.
fn scores<'a>(
    standard: &'a Standard,
    (evidence, flaws): (&Evidence, &[Finding]),
    signs: &Signs,
) -> Vec<(&'a Purpose, Score)> {
    let cell = |field: Field| evidence.filled.contains(&field).then_some("filled");
    let credibility = signs.credibility();
    let is_twice = |flaw: &Finding| flaw.rule == Rule::EnteredTwice;
    let is_excused = evidence.findings.iter().any(is_twice) && !flaws.iter().any(is_twice);
    let facts = Facts {
        party: evidence.party,
        is_repeated: evidence
            .is_repeated
            .map(|is_repeated| is_repeated && !is_excused),
        event_date: evidence.event_date,
        entered_on: Some(business_date(evidence.entered_at)),
        credibility: (credibility < 1000).then(|| credibility as f64 / 1000.0),
    };
    let record = Record::new(&cell, flaws, facts);
    let purposes = standard.purposes.iter();
    purposes
        .map(|purpose| (purpose, purpose.score(&record)))
        .collect()
}

/// The mean of purposes; qualified is what is qualified for all of them.
fn overall(points: &[Points]) -> Points {
    let mean = |values: Vec<i64>| {
        let count = values.len() as i64;
        (count > 0).then(|| (values.iter().sum::<i64>() + count / 2) / count)
    };
    let of = |dimension: Dimension| {
        let values = points
            .iter()
            .filter_map(|p| p.dimensions[dimension as usize]);
        mean(values.collect())
    };
    Points {
        purpose: OVERALL.to_owned(),
        is_qualified: points.iter().all(|points| points.is_qualified),
        total: mean(points.iter().map(|points| points.total).collect()).unwrap_or(0),
        dimensions: Dimension::ALL.map(of),
    }
}

fn hundredths(score: f64) -> i64 {
    (score * 100.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_are_read_as_they_were_written() {
        let signs = Signs(vec![(Kind::StaffPhone, 875), (Kind::FakeId, 900)]);
        assert_eq!(Signs::read(&signs.text()), signs);
        assert_eq!(signs.credibility(), 100);
        assert_eq!(Signs::read(""), Signs::default());
        assert_eq!(Signs::default().credibility(), 1000);
    }
}
