//! Findings of stored records: opened when seen, mended when no longer seen, waived by somebody with a reason.

use marque_core::{FindingId, Timestamp};
use marque_quality::{Finding as Flaw, RecordKind, Rule, Severity, falsification::Kind};
use uuid::Uuid;

use super::{Evidence, Signs};

/// What has become of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FindingState {
    Open,
    Mended,
    Waived,
}

impl FindingState {
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Mended => "mended",
            Self::Waived => "waived",
        }
    }

    pub(crate) fn of(code: &str) -> Option<Self> {
        [Self::Open, Self::Mended, Self::Waived]
            .into_iter()
            .find(|state| state.code() == code)
    }
}

/// Something wrong that is seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) field: String,
    /// A rule of the dictionary, or a kind of sign.
    pub(crate) rule: String,
    pub(crate) other: String,
    pub(crate) number: Option<i64>,
    pub(crate) severity: Severity,
    /// Of a sign of invention, in thousandths.
    pub(crate) strength: i64,
    /// Keyed hash of what stands in the column, and in the one that it contradicts; `None` if its owner has told none.
    pub(crate) value: Option<i64>,
    /// Of a record that was entered twice, the other one.
    pub(crate) repeats: Option<Uuid>,
}

impl Found {
    /// Whether something else stood in the column, or in the one that it contradicts, when it was found than now. What an earlier release
    /// has found is of the column's own value alone.
    pub(crate) fn is_of_another(&self, evidence: &Evidence) -> bool {
        let value = |other: &str| evidence.value(&self.field, &self.rule, other);
        let (now, own) = (value(&self.other), value(""));
        let told = self.value.zip(now);
        told.is_some_and(|(then, now)| then != now && Some(then) != own)
    }
}

/// A finding as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Finding {
    pub(crate) id: FindingId,
    pub(crate) record: Uuid,
    pub(crate) kind: RecordKind,
    pub(crate) dealer: String,
    pub(crate) department: String,
    pub(crate) clerk: String,
    pub(crate) found: Found,
    /// Version of the standard under which it was found.
    pub(crate) standard: i64,
    pub(crate) state: FindingState,
    pub(crate) opened_at: Timestamp,
    pub(crate) changed_at: Timestamp,
    /// How often it came back.
    pub(crate) reopened: i64,
    pub(crate) reason: String,
    /// Waived by headquarters, so that it costs the record nothing. A dealer's own waiver is his word in his own matter.
    pub(crate) is_excused: bool,
}

/// What of a record is excused: fields and rules.
#[derive(Debug, Clone, Default)]
pub(crate) struct Excused(Vec<(String, String)>);

impl Excused {
    /// Of a record's findings, what is waived of the values that it has now.
    pub(crate) fn of<'a>(
        findings: impl IntoIterator<Item = &'a Finding>,
        evidence: &Evidence,
    ) -> Self {
        let is_of_now = |found: &Found| !found.is_of_another(evidence);
        let excused = findings
            .into_iter()
            .filter(|finding| finding.is_excused && is_of_now(&finding.found));
        let keys = excused.map(|one| (one.found.field.clone(), one.found.rule.clone()));
        Self(keys.collect())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a broken rule is.
    pub(super) fn has_flaw(&self, flaw: &Flaw) -> bool {
        self.has(flaw.field.column(), flaw.rule.entry().id)
    }

    /// Whether a sign of invention is.
    pub(super) fn has_sign(&self, records: RecordKind, kind: Kind) -> bool {
        self.has(kind.column(records), kind.code())
    }

    fn has(&self, field: &str, rule: &str) -> bool {
        let mut keys = self.0.iter();
        keys.any(|(own_field, own_rule)| own_field == field && own_rule == rule)
    }
}

/// What is wrong with a record: broken rules that matter, and signs of invention. A rule is there once a column.
pub(crate) fn found_in(evidence: &Evidence, flaws: &[Flaw], signs: &Signs) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let rules = flaws
        .iter()
        .filter(|flaw| flaw.severity > Severity::Info)
        .map(broken);
    for flaw in rules.chain(signs.0.iter().map(|one| sign(evidence.kind, one))) {
        let is_known = |known: &Found| known.field == flaw.field && known.rule == flaw.rule;
        if !found.iter().any(is_known) {
            let value = evidence.value(&flaw.field, &flaw.rule, &flaw.other);
            let repeats = evidence
                .repeats
                .filter(|_| flaw.rule == Rule::EnteredTwice.entry().id);
            found.push(Found {
                value,
                repeats,
                ..flaw
            });
        }
    }
    found
}

fn broken(flaw: &Flaw) -> Found {
    let other = flaw.params.other;
    Found {
        field: flaw.field.column().to_owned(),
        rule: flaw.rule.entry().id.to_owned(),
        other: other.map_or_else(String::new, |field| field.column().to_owned()),
        number: flaw.params.number,
        severity: flaw.severity,
        strength: 0,
        value: None,
        repeats: None,
    }
}

fn sign(records: RecordKind, (kind, strength): &(Kind, i64)) -> Found {
    Found {
        field: kind.column(records).to_owned(),
        rule: kind.code().to_owned(),
        other: String::new(),
        number: None,
        severity: Severity::Warning,
        strength: *strength,
        value: None,
        repeats: None,
    }
}
