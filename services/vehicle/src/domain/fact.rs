//! What rows and events say of a car, before it is recorded.

use chrono::NaiveDate;
use marque_core::{DealerCode, SourceRecordId, Timestamp, VisitId};

use crate::domain::{Definition, Licence, Role};

/// All that one row or event says of one car.
#[derive(Debug, Clone)]
pub(crate) struct Facts {
    /// A well-formed VIN.
    pub(crate) vin: String,
    pub(crate) amendment: Option<Amendment>,
    pub(crate) plate: Option<(String, Timestamp)>,
    pub(crate) parties: Vec<PartyClaim>,
    /// Parts that a dealer's row no longer gives to these source records.
    pub(crate) ended: Vec<(Role, SourceRecordId, Timestamp)>,
    pub(crate) reading: Option<ReadingFact>,
    /// Dealers that may see the car for this reason.
    pub(crate) seen_by: Vec<DealerCode>,
}

/// When a car was sold to its first owner, and by whom, as one row has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sale {
    pub(crate) date: Option<NaiveDate>,
    /// Empty if the row does not say.
    pub(crate) dealer: String,
}

/// Fields of a row that are not empty take effect; see `Vehicle::amend`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Amendment {
    pub(crate) definition: Definition,
    /// What the VIN has the model year to be, where the row says none; 0 if neither does.
    pub(crate) guessed_year: i32,
    pub(crate) licence: Licence,
    pub(crate) color: String,
    pub(crate) sale: Sale,
    /// What the same row said of the sale before; empty if it is new.
    pub(crate) sale_before: Sale,
    pub(crate) insurance_expiry: Option<NaiveDate>,
    pub(crate) inspection_due: Option<NaiveDate>,
    pub(crate) warranty_end: Option<NaiveDate>,
}

/// What gives a source record a part in a car.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Giver {
    /// A dealer's row of the car, until it names somebody else.
    Row,
    /// The customer's record itself, which names one car at a time: the one in the event of the last position.
    Record(i64),
    Visit,
}

/// A source record's part in a car at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PartyClaim {
    pub(crate) giver: Giver,
    pub(crate) role: Role,
    pub(crate) record: SourceRecordId,
    pub(crate) dealer: DealerCode,
    pub(crate) at: Timestamp,
}

/// The odometer at one version of a visit; 0 km if that version has no reading.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ReadingFact {
    pub(crate) visit: VisitId,
    pub(crate) visit_version: i64,
    pub(crate) km: i64,
    pub(crate) read_at: Timestamp,
    pub(crate) dealer: DealerCode,
}

/// A dealer's row of a car as it is kept.
#[derive(Clone)]
pub(crate) struct RowFact {
    pub(crate) dealer: DealerCode,
    pub(crate) source: String,
    pub(crate) vin: String,
    /// Keyed hash of the columns.
    pub(crate) content: [u8; 16],
    pub(crate) owner: Option<SourceRecordId>,
    pub(crate) driver: Option<SourceRecordId>,
    pub(crate) payer: Option<SourceRecordId>,
    /// The columns as they came.
    pub(crate) sealed: Vec<u8>,
}

impl Facts {
    /// Says only that the car exists.
    pub(crate) fn of(vin: &str) -> Self {
        Self {
            vin: vin.to_owned(),
            amendment: None,
            plate: None,
            parties: Vec::new(),
            ended: Vec::new(),
            reading: None,
            seen_by: Vec::new(),
        }
    }
}

impl RowFact {
    /// The parts the row names.
    pub(crate) fn parts(&self) -> [(Role, Option<SourceRecordId>); 3] {
        [
            (Role::Owner, self.owner),
            (Role::Driver, self.driver),
            (Role::Payer, self.payer),
        ]
    }
}
