//! Since when a record says what it says, where that is not when it was typed.
//!
//! Many systems say only when a file was begun, however often it changes: what such a row changes counts from when it came, and what
//! it says as before from when that was said, also if a row with an earlier time says it again. The vehicle service is told the same of
//! the car that a record names.

use marque_core::Timestamp;
use marque_quality::Field;

use crate::domain::Facts;

/// A field of a record says what it says since another moment than that at which the record was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Since {
    pub(crate) field: Field,
    pub(crate) at: Timestamp,
}

/// One version of a record: what it says, when it was typed, and which fields say so since another moment.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version<'a> {
    pub(crate) facts: &'a Facts,
    pub(crate) recorded_at: Timestamp,
    pub(crate) since: &'a [Since],
}

/// The fields of which it matters when they were said last: those of which one value survives, and what names a car.
const DATED: [Field; 15] = [
    Field::CustomerName,
    Field::CustomerIdNumber,
    Field::CustomerCreditCode,
    Field::CustomerPhone,
    Field::CustomerGender,
    Field::CustomerBirthday,
    Field::CustomerAddress,
    Field::CustomerRegionCode,
    Field::CustomerOccupation,
    Field::CustomerIndustry,
    Field::CustomerIncomeBand,
    Field::CustomerHobbies,
    Field::CustomerAcquisitionChannel,
    Field::CustomerPlate,
    Field::CustomerVin,
];

impl Version<'_> {
    /// When it came to say what it says in a column.
    fn said_at(&self, column: &str) -> Timestamp {
        noted_at(self.since, column).unwrap_or(self.recorded_at)
    }
}

/// The moment noted for a column, if there is one.
pub(crate) fn noted_at(noted: &[Since], column: &str) -> Option<Timestamp> {
    let of_column = noted.iter().find(|since| since.field.column() == column);
    of_column.map(|since| since.at)
}

/// When a record came to say what it says of its car.
pub(crate) fn car_said_at(noted: &[Since], recorded_at: Timestamp) -> Timestamp {
    let said_at = |field: Field| noted_at(noted, field.column()).unwrap_or(recorded_at);
    said_at(Field::CustomerPlate).max(said_at(Field::CustomerVin))
}

/// What is noted of a new version, typed at `recorded_at`: a field that says something else counts from when it was typed if that is after
/// the version before it, and else from now. One that says the same counts from when that was said; a row that itself bears a later time
/// says it once more then.
pub(crate) fn noted(
    old: &Version<'_>,
    (facts, recorded_at): (&Facts, Timestamp),
    now: Timestamp,
) -> Vec<Since> {
    let noted = DATED.into_iter().filter_map(|field| {
        let said_at = old.said_at(field.column());
        let at = if says_the_same(field, old.facts, facts) {
            match facts.recorded_at {
                Some(_) => said_at.max(recorded_at),
                None => said_at,
            }
        } else if recorded_at > said_at.max(old.recorded_at) {
            recorded_at
        } else {
            now
        };
        (at != recorded_at).then_some(Since { field, at })
    });
    noted.collect()
}

fn says_the_same(field: Field, old: &Facts, new: &Facts) -> bool {
    match field {
        Field::CustomerName => old.name == new.name,
        Field::CustomerIdNumber => old.id_number == new.id_number,
        Field::CustomerCreditCode => old.credit_code == new.credit_code,
        Field::CustomerPhone => old.phones.first() == new.phones.first(),
        Field::CustomerGender => old.gender == new.gender,
        Field::CustomerBirthday => old.birthday == new.birthday,
        Field::CustomerAddress => old.address == new.address,
        Field::CustomerRegionCode => old.region_code == new.region_code,
        Field::CustomerOccupation => old.occupation == new.occupation,
        Field::CustomerIndustry => old.industry == new.industry,
        Field::CustomerIncomeBand => old.income_band == new.income_band,
        Field::CustomerHobbies => old.hobbies == new.hobbies,
        Field::CustomerAcquisitionChannel => old.acquisition_channel == new.acquisition_channel,
        Field::CustomerPlate => old.plate == new.plate,
        Field::CustomerVin => old.vin == new.vin,
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{COLUMNS, Columns};

    fn at(day: i64) -> Timestamp {
        Timestamp::from_micros(day * 86_400_000_000)
    }

    /// What a row says that bears the time at which it was typed.
    fn saying(phone: &str, plate: &str) -> Facts {
        let texts = [
            (Field::CustomerName, "王小明"),
            (Field::CustomerPhone, phone),
            (Field::CustomerPlate, plate),
        ];
        let mut columns = Columns::default();
        for (place, field) in COLUMNS.iter().enumerate() {
            if let Some((_, text)) = texts.iter().find(|(named, _)| named == field) {
                columns.push(place, text);
            }
        }
        let (facts, _) = Facts::of(&columns, at(20_700));
        Facts {
            recorded_at: Some(at(10)),
            ..facts
        }
    }

    /// What a live write says that bears no time.
    fn saying_now(phone: &str, plate: &str) -> Facts {
        Facts {
            recorded_at: None,
            ..saying(phone, plate)
        }
    }

    #[test]
    fn what_changes_without_a_later_time_counts_from_when_it_came() {
        let (phone, plate) = (Field::CustomerPhone, Field::CustomerPlate);
        let first = saying("13800138001", "沪A12345");
        let second = saying("13900139002", "沪A12345");
        let third = saying("13900139002", "沪A54321");
        let typed = Version {
            facts: &first,
            recorded_at: at(10),
            since: &[],
        };
        let of_second = noted(&typed, (&second, at(10)), at(500));
        let since = |field, day| Since { field, at: at(day) };
        assert_eq!(of_second, [since(phone, 500)]);
        let mended = Version {
            facts: &second,
            since: &of_second,
            ..typed
        };
        let of_third = noted(&mended, (&third, at(10)), at(600));
        assert_eq!(of_third, [since(phone, 500), since(plate, 600)]);
        assert_eq!(car_said_at(&of_second, at(10)), at(10));
        assert_eq!(car_said_at(&of_third, at(10)), at(600));
        // A time of its own counts if it is later than the word before it.
        assert!(noted(&mended, (&first, at(501)), at(700)).is_empty());
        assert_eq!(
            noted(&mended, (&first, at(499)), at(700)),
            [since(phone, 700)]
        );
        // What is said once more at a later time is said then.
        assert!(noted(&mended, (&second, at(501)), at(700)).is_empty());
    }

    #[test]
    fn what_came_without_a_time_counts_from_then_whatever_a_later_row_bears() {
        let (phone, plate) = (Field::CustomerPhone, Field::CustomerPlate);
        let since = |field, day| Since { field, at: at(day) };
        let first = saying("13800138001", "沪A12345");
        let begun = Version {
            facts: &first,
            recorded_at: at(10),
            since: &[],
        };
        let live = saying_now("13900139002", "沪A54321");
        let of_live = noted(&begun, (&live, at(500)), at(500));
        assert!(
            !of_live
                .iter()
                .any(|since| [phone, plate].contains(&since.field))
        );
        assert_eq!(car_said_at(&of_live, at(500)), at(500));
        let mended = Version {
            facts: &live,
            recorded_at: at(500),
            since: &of_live,
        };
        // The nightly file says the same, and when the file was begun.
        let nightly = saying("13900139002", "沪A54321");
        let of_nightly = noted(&mended, (&nightly, at(10)), at(600));
        assert_eq!(of_nightly, [since(phone, 500), since(plate, 500)]);
        let again = Version {
            facts: &nightly,
            recorded_at: at(10),
            since: &of_nightly,
        };
        // A row typed before the live write does not undo it as of then.
        let other = saying("13900139002", "沪B12388");
        let of_other = noted(&again, (&other, at(400)), at(700));
        assert_eq!(of_other, [since(phone, 500), since(plate, 700)]);
    }

    #[test]
    fn a_live_write_of_something_else_leaves_the_others_when_they_were_said() {
        let first = saying("13800138001", "沪A12345");
        let begun = Version {
            facts: &first,
            recorded_at: at(10),
            since: &[],
        };
        let live = saying_now("13900139002", "沪A12345");
        let of_live = noted(&begun, (&live, at(500)), at(500));
        assert_eq!(
            noted_at(&of_live, Field::CustomerPlate.column()),
            Some(at(10))
        );
        assert_eq!(noted_at(&of_live, Field::CustomerPhone.column()), None);
        assert_eq!(car_said_at(&of_live, at(500)), at(10));
        let mended = Version {
            facts: &live,
            recorded_at: at(500),
            since: &of_live,
        };
        // The live write said the plate too: another one that was typed before it came after it.
        let other = saying("13900139002", "沪B12388");
        let of_other = noted(&mended, (&other, at(400)), at(700));
        assert_eq!(
            noted_at(&of_other, Field::CustomerPlate.column()),
            Some(at(700))
        );
        // Nothing else changes: all is as before the live write but what it mended.
        let nightly = saying("13900139002", "沪A12345");
        let of_nightly = noted(&mended, (&nightly, at(10)), at(600));
        let phone = Field::CustomerPhone;
        assert_eq!(
            of_nightly,
            [Since {
                field: phone,
                at: at(500)
            }]
        );
    }
}
