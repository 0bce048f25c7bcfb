//! What several answers about quality share.

use marque_api::quality::v1 as pb;
use serde::Serialize;
use utoipa::ToSchema;

use crate::values::{Instant, instant};

/// A text in Chinese and English.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = BilingualText)]
pub(crate) struct TextView {
    /// Chinese.
    zh: String,
    /// English.
    en: String,
}

impl From<pb::Text> for TextView {
    fn from(pb::Text { zh, en }: pb::Text) -> Self {
        Self { zh, en }
    }
}

/// An optional text.
pub(super) fn text(text: Option<pb::Text>) -> TextView {
    text.map(TextView::from).unwrap_or_default()
}

/// Records, those that are qualified, their mean.
#[derive(Debug, Default, Serialize, ToSchema)]
#[schema(as = Means)]
pub(crate) struct MeansView {
    /// Records.
    records: i64,
    /// Of these, qualified.
    qualified: i64,
    /// Mean total, 0 to 100.
    #[schema(example = 87.25)]
    total: f64,
}

impl From<pb::Means> for MeansView {
    fn from(means: pb::Means) -> Self {
        let pb::Means {
            records,
            qualified,
            total,
        } = means;
        Self {
            records,
            qualified,
            total,
        }
    }
}

/// One thing that is wrong with one record.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = QualityFinding)]
pub(crate) struct QualityFindingView {
    /// Id.
    id: String,
    /// Record: a source record, a vehicle's row, a visit.
    record_id: String,
    /// Kind of record.
    kind: String,
    /// Dealer.
    dealer: String,
    /// Staff number of whoever entered it.
    clerk: String,
    /// Department.
    department: String,
    /// Column.
    #[schema(example = "phone")]
    field: String,
    /// Rule of the dictionary, or kind of sign of invention.
    #[schema(example = "phone_placeholder")]
    rule: String,
    /// info, warning, error or reject.
    severity: String,
    /// For signs of invention: 0 to 1; 0 for rules.
    strength: f64,
    /// What is wrong.
    text: TextView,
    /// How to mend it.
    how_to_fix: TextView,
    /// open, mended or waived.
    state: String,
    /// Version of the standard under which it was found.
    standard_version: i32,
    /// When it was first found.
    #[serde(skip_serializing_if = "Option::is_none")]
    opened_at: Option<Instant>,
    /// When its state last changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    changed_at: Option<Instant>,
    /// How often it came back.
    reopened: i32,
    /// Why it was waived.
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    /// Where a record was entered twice (`entered_twice`), the id of the other one, which is of the same dealer.
    #[serde(skip_serializing_if = "String::is_empty")]
    repeats: String,
}

impl From<pb::Finding> for QualityFindingView {
    fn from(finding: pb::Finding) -> Self {
        let pb::Finding {
            id,
            record_id,
            kind,
            dealer,
            clerk,
            department,
            field,
            rule,
            severity,
            strength,
            text: what,
            how_to_fix,
            state,
            standard_version,
            opened_at,
            changed_at,
            reopened,
            reason,
            repeats,
        } = finding;
        Self {
            id,
            record_id,
            kind,
            dealer,
            clerk,
            department,
            field,
            rule,
            severity,
            strength,
            text: text(what),
            how_to_fix: text(how_to_fix),
            state,
            standard_version,
            opened_at: instant(opened_at),
            changed_at: instant(changed_at),
            reopened,
            reason,
            repeats,
        }
    }
}
