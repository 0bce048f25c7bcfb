//! A visit: one repair order of one dealer.

use marque_core::{CustomerId, SourceRecordId, Timestamp, VisitId};
use marque_quality::Finding;

use crate::domain::Line;

/// A visit as it stands, or as one of its versions stood.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Visit {
    pub(crate) id: VisitId,
    pub(crate) dealer: String,
    pub(crate) order_number: String,
    /// Empty if not given or not usable.
    pub(crate) vin: String,
    /// Who brought it, as the dealer's record of him.
    pub(crate) record: Option<SourceRecordId>,
    /// The customer that record now belongs to; `None` until he arrives.
    pub(crate) customer: Option<CustomerId>,
    /// When it began; when it ended or came to us, if that is not known.
    pub(crate) happened_at: Timestamp,
    /// 0 if not read.
    pub(crate) odometer_km: i64,
    pub(crate) version: i64,
    pub(crate) recorded_at: Timestamp,
    pub(crate) header: Header,
    pub(crate) lines: Vec<Line>,
}

/// What is shown of a visit but never searched for.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Header {
    /// Code of `marque_quality`'s kinds of visit; empty if not known.
    pub(crate) kind: String,
    pub(crate) opened_at: Option<Timestamp>,
    pub(crate) closed_at: Option<Timestamp>,
    pub(crate) adviser: String,
    pub(crate) diagnosis: String,
    /// Fen.
    pub(crate) amount_minor: Option<i64>,
    pub(crate) towing: String,
    pub(crate) substitute: String,
    pub(crate) next_advice: String,
    /// What was found when it was read.
    pub(crate) findings: Vec<Finding>,
    pub(crate) personal: Personal,
}

/// What may hold personal data and is sealed.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Personal {
    /// The customer's own words.
    pub(crate) complaint_text: String,
    /// Who signed.
    pub(crate) signatures: String,
    /// Columns we do not know, as they came.
    pub(crate) extra: Vec<(String, String)>,
}

impl Personal {
    /// Whether there is nothing to seal.
    pub(crate) fn is_empty(&self) -> bool {
        self.complaint_text.is_empty() && self.signatures.is_empty() && self.extra.is_empty()
    }
}
