//! A visit: one repair order of one dealer.

use marque_core::{CustomerId, SourceRecordId, Timestamp, VisitId};
use marque_quality::{Finding, identifiers::without_identifiers};

use crate::domain::{Line, Meter};

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

impl Visit {
    /// The reading of a car's meter, if both are known.
    pub(crate) fn meter(&self) -> Option<Meter> {
        let is_read = self.odometer_km > 0 && !self.vin.is_empty();
        is_read.then_some(Meter {
            at: self.happened_at,
            km: self.odometer_km,
        })
    }

    /// Takes phones and ID numbers out of all that was written of it: for whoever may not know whose they are. Codes stay, which
    /// may look like them.
    pub(crate) fn hide_identifiers(&mut self) {
        let header = &mut self.header;
        let of_order = [
            &mut header.adviser,
            &mut header.diagnosis,
            &mut header.towing,
            &mut header.substitute,
            &mut header.next_advice,
        ];
        let of_lines = self
            .lines
            .iter_mut()
            .flat_map(|line| [&mut line.name, &mut line.technician, &mut line.payer]);
        for text in of_order.into_iter().chain(of_lines) {
            *text = without_identifiers(text).into_owned();
        }
    }
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
    /// Time on the way of parts made for the VIN, of a traction battery or of a rescue: no repair time by Art. 24.
    pub(crate) transport_minutes: u32,
    /// Codes of faults that no line answers.
    pub(crate) fault_codes: Vec<String>,
    pub(crate) next_advice: String,
    /// What was found when it was read.
    pub(crate) findings: Vec<Finding>,
    pub(crate) personal: Personal,
}

/// What is the customer's own: nobody is shown it who does not know him, and it goes when he is erased.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Personal {
    /// The customer's own words.
    pub(crate) complaint_text: String,
    /// Who signed.
    pub(crate) signatures: String,
    /// Columns we do not know, and cells that could not be read, as they came.
    pub(crate) extra: Vec<(String, String)>,
}

/// Longest transport that is believed, in hours: four months.
const LONGEST_TRANSPORT: f64 = 2_880.0;

/// Minutes of a transport as typed: hours, or days where it says so; `None` of what is neither.
pub(crate) fn transport_minutes(typed: &str) -> Option<u32> {
    let typed = typed.trim().to_lowercase();
    let units = [
        ("小时", 1.0),
        ("hours", 1.0),
        ("hour", 1.0),
        ("h", 1.0),
        ("天", 24.0),
        ("days", 24.0),
        ("day", 24.0),
    ];
    let in_unit = |(unit, hours): (&str, f64)| Some((typed.strip_suffix(unit)?, hours));
    let (number, hours_each) = units
        .into_iter()
        .find_map(in_unit)
        .unwrap_or((typed.as_str(), 1.0));
    let hours = number.trim().parse::<f64>().ok()? * hours_each;
    let is_believed = (0.0..=LONGEST_TRANSPORT).contains(&hours);
    is_believed.then(|| (hours * 60.0).round() as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transport_is_read_in_hours_or_days() {
        for (typed, minutes) in [
            ("36", Some(2_160)),
            ("1.5", Some(90)),
            ("12 小时", Some(720)),
            ("3天", Some(4_320)),
            ("2 days", Some(2_880)),
            ("8H", Some(480)),
            ("0", Some(0)),
            ("-4", None),
            ("inf", None),
            ("9999", None),
            ("从上海发出", None),
            ("", None),
        ] {
            assert_eq!(transport_minutes(typed), minutes, "{typed}");
        }
    }
}
