//! What linkage compares of a row, and the keys it is found by.

use marque_linkage::dealer::{self, DealerRecord, Prepared};
use marque_quality::Field;

use crate::domain::{Columns, Kind};

/// The features of a row as it came. Linkage cleans what it compares by rules of its own: it must still see what
/// somebody typed wrongly. Whether a person or an organisation is meant is the service's word.
pub(crate) fn features(columns: &Columns, kind: Kind) -> Prepared {
    let text = |field| columns.get(field).unwrap_or_default();
    let phones = [text(Field::CustomerPhone), text(Field::CustomerPhone2)];
    dealer::prepare(&DealerRecord {
        kind: Some(match kind {
            Kind::Person => dealer::Kind::Person,
            Kind::Organization => dealer::Kind::Organisation,
        }),
        name: text(Field::CustomerName),
        id_number: text(Field::CustomerIdNumber),
        credit_code: text(Field::CustomerCreditCode),
        phones: &phones,
        plate: text(Field::CustomerPlate),
        vin: text(Field::CustomerVin),
        address: text(Field::CustomerAddress),
        birthday: text(Field::CustomerBirthday),
        gender: text(Field::CustomerGender),
        contact: text(Field::CustomerContactName),
        email: text(Field::CustomerEmail),
    })
}

/// The kind that features are sure of; `None` where an organisation was ticked and the name is a person's.
pub(crate) fn clear_kind(features: &Prepared) -> Option<Kind> {
    match features.kind {
        dealer::Kind::Person => Some(Kind::Person),
        dealer::Kind::Organisation => Some(Kind::Organization),
        dealer::Kind::Unclear => None,
    }
}
