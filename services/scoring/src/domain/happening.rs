//! What happened between a customer and us, as one source record brought it.

use chrono::{Months, NaiveDate};
use marque_core::{SourceRecordId, Timestamp, business_date};
use uuid::Uuid;

/// What kind of thing happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    /// A visit to a workshop.
    Visit,
    /// A car bought.
    Purchase,
    /// A payment that falls or fell due.
    Payment,
    /// Somebody's word on the customer: his standing, his intention, his answer to a survey.
    Assessment,
    /// A complaint.
    Complaint,
    /// A benefit granted or used; no score rests on it.
    Benefit,
}

/// What a benefit's code begins with: it was granted to the customer alone, or used by him.
pub(crate) const GRANTED: &str = "granted";
pub(crate) const USED: &str = "used";

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 6] = [
        Self::Visit,
        Self::Purchase,
        Self::Payment,
        Self::Assessment,
        Self::Complaint,
        Self::Benefit,
    ];

    /// Stable code for storage and the wire.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::Visit => "visit",
            Self::Purchase => "purchase",
            Self::Payment => "payment",
            Self::Assessment => "assessment",
            Self::Complaint => "complaint",
            Self::Benefit => "benefit",
        }
    }

    /// The kind of a code.
    pub(crate) fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One fact as it now stands.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Happening {
    pub(crate) id: Uuid,
    pub(crate) kind: Kind,
    /// Whose it is; `None` where nobody said.
    pub(crate) record: Option<SourceRecordId>,
    pub(crate) dealer: String,
    /// Empty if not given.
    pub(crate) vin: String,
    /// Opened, bought, assessed; the day a payment falls due.
    pub(crate) happened_at: Timestamp,
    /// Closed, paid; `None` while open. Of an assessment the last day on which it holds, if it says one.
    pub(crate) ended_at: Option<Timestamp>,
    /// Fen; of a visit below zero if it was paid back.
    pub(crate) amount_minor: Option<i64>,
    /// Value of an assessment; how satisfied with its handling who complained is, 1 to 5.
    pub(crate) level: Option<f64>,
    /// 0 if not read.
    pub(crate) odometer_km: i64,
    /// Kind of visit, subject of an assessment, category of a complaint.
    pub(crate) code: String,
    /// Grows with each correction; of a purchase, payment or assessment the instant at which it came.
    pub(crate) version: i64,
    /// When the dealer took it back; then nothing rests on it.
    pub(crate) withdrawn_at: Option<Timestamp>,
}

/// Months for which somebody's word on a customer holds that does not say how long, by its subject. A given indicator or an
/// intention of longer ago says less than what he did since; his standing changes seldom.
const HOLDS: Months = Months::new(12);
/// Subjects that hold until there is another word. Surveys are remembered as long as the degrees say.
const HOLD_ON: [&str; 3] = ["standing", "survey", "contact"];

impl Happening {
    /// The last day on which an assessment holds; `None` if it holds on.
    pub(crate) fn holds_until(&self) -> Option<NaiveDate> {
        let given = self.ended_at.map(business_date);
        let usual = || business_date(self.happened_at).checked_add_months(HOLDS);
        given.or_else(|| usual().filter(|_| !HOLD_ON.contains(&self.code.as_str())))
    }

    /// Whether an assessment holds on a day.
    pub(crate) fn holds_on(&self, day: NaiveDate) -> bool {
        self.holds_until().is_none_or(|last| day <= last)
    }

    /// Whether the two differ in nothing but their versions.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let version = other.version;
        Self {
            version,
            ..self.clone()
        } == *other
    }
}

/// Namespace of the ids of facts that have none of their own: fixed for ever.
const FACTS: Uuid = Uuid::from_u128(0x8a4b_1d90_66c2_5c3f_b7e5_20d9_41aa_7f13);

/// The id of a dealer's fact: the same key again is the same fact.
pub(crate) fn fact_id(dealer: &str, source: &str, kind: Kind, key: &str) -> Uuid {
    let name = format!("{dealer}\u{1f}{source}\u{1f}{}\u{1f}{key}", kind.code());
    Uuid::new_v5(&FACTS, name.as_bytes())
}
