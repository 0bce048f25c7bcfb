//! Who is who, by exact evidence.
//!
//! A record belongs to a customer who shares its ID number or credit code; else its phone and name; else its VIN and name.
//! Two different ID numbers speak against everything else, and a shared ID number under another name is somebody's
//! slip or invention: both are for the steward to see, never linked in silence.

use marque_core::CustomerNumber;

use crate::domain::Facts;

/// What a record and a customer share, the strongest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Evidence {
    Document,
    PhoneAndName,
    VinAndName,
}

impl Evidence {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::Document => "same_document",
            Self::PhoneAndName => "same_phone_and_name",
            Self::VinAndName => "same_vin_and_name",
        }
    }
}

/// A customer who may be the record's.
#[derive(Debug)]
pub(crate) struct Candidate<'a> {
    pub(crate) customer: CustomerNumber,
    pub(crate) records: Vec<&'a Facts>,
}

/// Where a record belongs.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Verdict {
    /// The customer it is sure to belong to; `None`: a new one.
    pub(crate) link: Option<(CustomerNumber, Evidence)>,
    /// Customers who may be the same person as the one it goes to, with probability and reason.
    pub(crate) likely: Vec<(CustomerNumber, f64, &'static str)>,
}

/// Probability told to the steward where a shared document stands under two names.
const SAME_DOCUMENT_OTHER_NAME: f64 = 0.5;
/// Where phone or VIN and name agree but the ID numbers differ.
const SAME_NAME_OTHER_DOCUMENT: f64 = 0.3;
/// Where a record is surely two customers'.
const SURE_TWICE: f64 = 0.95;

/// Decides where a record belongs. Candidates with the same strength of evidence: the oldest customer wins.
pub(crate) fn decide(record: &Facts, candidates: &[Candidate<'_>]) -> Verdict {
    let mut sure: Vec<(Evidence, CustomerNumber)> = Vec::new();
    let mut likely = Vec::new();
    for candidate in candidates.iter().filter(|candidate| {
        candidate
            .records
            .iter()
            .any(|facts| facts.kind == record.kind)
    }) {
        let evidence = candidate
            .records
            .iter()
            .filter_map(|facts| evidence(record, facts))
            .min();
        let contradicted = candidate
            .records
            .iter()
            .any(|facts| documents_differ(record, facts));
        match evidence {
            Some(Evidence::Document) if !names_agree(record, candidate) => {
                likely.push((
                    candidate.customer,
                    SAME_DOCUMENT_OTHER_NAME,
                    "same_document_other_name",
                ));
            }
            Some(evidence) if contradicted && evidence != Evidence::Document => {
                likely.push((
                    candidate.customer,
                    SAME_NAME_OTHER_DOCUMENT,
                    "same_name_other_document",
                ));
            }
            Some(evidence) => sure.push((evidence, candidate.customer)),
            None => {}
        }
    }
    sure.sort_unstable();
    let mut sure = sure.into_iter();
    let link = sure.next().map(|(evidence, customer)| (customer, evidence));
    likely.extend(sure.map(|(evidence, customer)| (customer, SURE_TWICE, evidence.reason())));
    Verdict { link, likely }
}

fn evidence(left: &Facts, right: &Facts) -> Option<Evidence> {
    let shares = |left: &Option<String>, right: &Option<String>| left.is_some() && left == right;
    if shares(&left.id_number, &right.id_number) || shares(&left.credit_code, &right.credit_code) {
        return Some(Evidence::Document);
    }
    if !shares(&left.name_key(), &right.name_key()) {
        return None;
    }
    if left.phones.iter().any(|phone| right.phones.contains(phone)) {
        Some(Evidence::PhoneAndName)
    } else if shares(&left.vin, &right.vin) {
        Some(Evidence::VinAndName)
    } else {
        None
    }
}

fn documents_differ(left: &Facts, right: &Facts) -> bool {
    let differ = |left: &Option<String>, right: &Option<String>| {
        left.is_some() && right.is_some() && left != right
    };
    differ(&left.id_number, &right.id_number) || differ(&left.credit_code, &right.credit_code)
}

/// Whether any of the customer's names is the record's, or either has none to compare.
fn names_agree(record: &Facts, candidate: &Candidate<'_>) -> bool {
    let Some(name) = record.name_key() else {
        return true;
    };
    let mut known = candidate
        .records
        .iter()
        .filter_map(|facts| facts.name_key())
        .peekable();
    known.peek().is_none() || known.any(|other| other == name)
}

#[cfg(test)]
mod tests {
    use marque_core::Timestamp;

    use super::*;
    use crate::domain::{COLUMNS, Columns};

    const ID: &str = "11010519491231002X";
    const OTHER_ID: &str = "34052419800101001X";

    fn record(name: &str, id: &str, phone: &str, vin: &str) -> Facts {
        let texts = [
            ("source_key", "k"),
            ("name", name),
            ("id_number", id),
            ("phone", phone),
            ("vin", vin),
        ];
        let mut columns = Columns::default();
        for (place, field) in COLUMNS.iter().enumerate() {
            if let Some((_, text)) = texts.iter().find(|(name, _)| *name == field.column()) {
                columns.push(place, text);
            }
        }
        Facts::of(&columns, Timestamp::from_micros(1_790_000_000_000_000)).0
    }

    fn verdict(record: &Facts, customers: &[&Facts]) -> Verdict {
        let candidates: Vec<Candidate<'_>> = customers
            .iter()
            .enumerate()
            .map(|(at, facts)| Candidate {
                customer: CustomerNumber::from_serial(at as u64 + 1),
                records: vec![facts],
            })
            .collect();
        decide(record, &candidates)
    }

    #[test]
    fn the_strongest_evidence_decides() {
        let vin = "LJ1EEKRN7R4000001";
        let cases = [
            (
                record("王小明", ID, "", ""),
                record("王小明", ID, "", ""),
                Some(Evidence::Document),
            ),
            (
                record("王小明", ID, "", ""),
                record("", ID, "", ""),
                Some(Evidence::Document),
            ),
            (
                record("王小明", "", "13800138001", ""),
                record("王小明", ID, "13800138001", ""),
                Some(Evidence::PhoneAndName),
            ),
            (
                record("王小明", "", "", vin),
                record("王小明", "", "13800138001", vin),
                Some(Evidence::VinAndName),
            ),
            (
                record("王小明", "", "13800138001", ""),
                record("李小红", "", "13800138001", ""),
                None,
            ),
            (
                record("王先生", "", "13800138001", ""),
                record("王先生", "", "13800138001", ""),
                None,
            ),
            (
                record("王小明", "", "", ""),
                record("王小明", "", "", ""),
                None,
            ),
        ];
        for (left, right, expected) in cases {
            let link = verdict(&left, &[&right]).link.map(|(_, evidence)| evidence);
            assert_eq!(link, expected);
            let back = verdict(&right, &[&left]).link.map(|(_, evidence)| evidence);
            assert_eq!(back, expected, "the other way round");
        }
    }

    #[test]
    fn contradictions_go_to_the_steward() {
        let same_phone = verdict(
            &record("王小明", ID, "13800138001", ""),
            &[&record("王小明", OTHER_ID, "13800138001", "")],
        );
        assert_eq!(same_phone.link, None);
        assert_eq!(same_phone.likely[0].2, "same_name_other_document");
        let same_id = verdict(
            &record("王小明", ID, "", ""),
            &[&record("李小红", ID, "", "")],
        );
        assert_eq!(same_id.link, None);
        assert_eq!(same_id.likely[0].2, "same_document_other_name");
    }

    #[test]
    fn a_record_of_two_customers_joins_the_oldest_and_reports_the_other() {
        let one = record("王小明", ID, "", "");
        let two = record("王小明", "", "13800138001", "");
        let both = verdict(&record("王小明", ID, "13800138001", ""), &[&two, &one]);
        assert_eq!(
            both.link,
            Some((CustomerNumber::from_serial(2), Evidence::Document))
        );
        assert_eq!(
            both.likely,
            [(
                CustomerNumber::from_serial(1),
                SURE_TWICE,
                "same_phone_and_name"
            )]
        );
    }
}
