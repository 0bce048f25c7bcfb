//! Outcomes of rows, and how a batch of them is kept: one compact list a batch.

use marque_api::intake::v1::RowOutcome;
use prost::Message;

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Taken in.
    Stored,
    /// The same as what is there, or older.
    Unchanged,
    /// Held back.
    Quarantined,
    /// Left out, because the person was erased.
    Erased,
}

impl Outcome {
    /// The version that stood before a write with this outcome left `version`: 0 if there was none. A write in its transaction
    /// is taken back where another one was expected.
    pub const fn version_before(self, version: i64) -> i64 {
        match self {
            Self::Stored => version - 1,
            Self::Unchanged | Self::Quarantined | Self::Erased => version,
        }
    }

    /// Whether a write with this outcome, which left `version`, found what its caller expected: any version if that is 0, none at
    /// all if it is negative. A write in its transaction is taken back where it did not.
    pub fn meets(self, version: i64, expected: i64) -> bool {
        expected == 0 || self.version_before(version) == expected.max(0)
    }

    /// As the wire has it.
    pub fn to_pb(self, has_findings: bool) -> RowOutcome {
        match self {
            Self::Stored if has_findings => RowOutcome::AcceptedWithFindings,
            Self::Stored => RowOutcome::Accepted,
            Self::Unchanged => RowOutcome::Unchanged,
            Self::Quarantined => RowOutcome::Quarantined,
            Self::Erased => RowOutcome::Erased,
        }
    }
}

/// The outcomes of one batch, as they are kept.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptRows {
    #[prost(message, repeated, tag = "1")]
    pub(crate) rows: Vec<KeptRow>,
}

#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptRow {
    #[prost(uint64, tag = "1")]
    pub(crate) line: u64,
    #[prost(enumeration = "RowOutcome", tag = "2")]
    pub(crate) outcome: i32,
    /// Sixteen bytes, or none.
    #[prost(bytes = "vec", tag = "3")]
    pub(crate) record: Vec<u8>,
    #[prost(message, repeated, tag = "4")]
    pub(crate) findings: Vec<KeptFinding>,
}

/// A finding by the names of its field and rule, which do not change from release to release.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptFinding {
    #[prost(string, tag = "1")]
    pub(crate) field: String,
    #[prost(string, tag = "2")]
    pub(crate) rule: String,
    #[prost(int32, tag = "3")]
    pub(crate) severity: i32,
    #[prost(string, tag = "4")]
    pub(crate) other: String,
    #[prost(int64, optional, tag = "5")]
    pub(crate) number: Option<i64>,
    /// Texts of a fault of the row's form or of a refusal, which are no rules of the dictionary.
    #[prost(string, tag = "6")]
    pub(crate) text_zh: String,
    #[prost(string, tag = "7")]
    pub(crate) text_en: String,
}

/// A quarantined row as it came, before sealing.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct KeptFields {
    #[prost(string, repeated, tag = "1")]
    pub(crate) fields: Vec<String>,
}

/// How many rows of a batch had which outcome.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) accepted: i64,
    pub(crate) with_findings: i64,
    pub(crate) quarantined: i64,
    pub(crate) unchanged: i64,
}

impl Counts {
    pub(crate) fn of(rows: &[KeptRow]) -> Self {
        let count = |outcome: RowOutcome| {
            rows.iter()
                .filter(|row| row.outcome == outcome as i32)
                .count() as i64
        };
        Self {
            accepted: count(RowOutcome::Accepted),
            with_findings: count(RowOutcome::AcceptedWithFindings),
            quarantined: count(RowOutcome::Quarantined),
            unchanged: count(RowOutcome::Unchanged) + count(RowOutcome::Erased),
        }
    }
}
