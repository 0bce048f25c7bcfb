//! The facts of one visit that the tests look at, as numbers and a hash; and the same as bytes that may leave the service.

use chrono::{Datelike, NaiveDate, NaiveTime};

use super::{
    entry::{hash, is_last_two_days, minute_of},
    keyed::BrokenEntry,
};
use crate::{
    clean::CleanVisit, date::BUSINESS_OFFSET_SECONDS, number::is_sentinel_odometer, odometer::Meter,
};

/// Layout of the bytes; the first byte. Those of customers have other ones.
const VERSION: u8 = 0x81;

/// One visit, reduced.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct VisitEntry {
    pub(super) vin: u64,
    pub(super) date: Option<NaiveDate>,
    /// Minutes since 1970, where a time of day other than midnight was given.
    pub(super) minute: u32,
    pub(super) odometer: Option<u32>,
    pub(super) is_bare: bool,
}

impl VisitEntry {
    /// Of what is known: VIN (empty if unknown), day, minutes since 1970 (0 if unknown), reading, and whether it has neither
    /// parts nor labour.
    pub fn new(
        vin: &str,
        date: Option<NaiveDate>,
        minute: u32,
        odometer: Option<u32>,
        is_bare: bool,
    ) -> Self {
        Self {
            vin: if vin.is_empty() { 0 } else { hash(&vin) },
            date,
            minute,
            odometer,
            is_bare,
        }
    }

    /// Of a clean row; a row may be one line of an order, see [`Self::with`].
    pub fn of(visit: &CleanVisit<'_>) -> Self {
        let at = visit.opened_at.or(visit.closed_at);
        let lines = visit.lines_json.map(|json| json.trim_matches(['[', ']']));
        let has_lines = visit.line.is_some() || lines.is_some_and(|json| !json.trim().is_empty());
        Self::new(
            visit.vin.as_ref().map_or("", |vin| vin.as_str()),
            at.map(|typed| typed.date),
            at.map_or(0, |typed| minute_of(&typed)),
            visit.odometer_km,
            !has_lines,
        )
    }

    /// The same visit with what another row of its order says.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            vin: if self.vin == 0 { other.vin } else { self.vin },
            date: self.date.or(other.date),
            minute: if self.minute == 0 {
                other.minute
            } else {
                self.minute
            },
            odometer: self.odometer.or(other.odometer),
            is_bare: self.is_bare && other.is_bare,
        }
    }

    /// The same visit with the car under a key; see [`super::Entry::keyed`].
    #[must_use]
    pub fn keyed(self, hash: impl Fn(&[u8]) -> u64) -> Self {
        let vin = match self.vin {
            0 => 0,
            vin => hash(&[b"v".as_slice(), vin.to_le_bytes().as_slice()].concat()).max(2),
        };
        Self { vin, ..self }
    }

    pub(super) fn is_on_last_two_days(&self) -> bool {
        self.date.is_some_and(is_last_two_days)
    }

    /// Whether the reading was put there to fill the field, or is a whole thousand.
    pub(super) fn has_invented_reading(&self) -> bool {
        self.odometer
            .is_some_and(|km| is_sentinel_odometer(km) || km > 0 && km.is_multiple_of(1000))
    }

    /// Car, day and kilometres, if all are known.
    pub(super) fn reading(&self) -> Option<(u64, i32, u32)> {
        let (date, km) = self.date.zip(self.odometer)?;
        (self.vin != 0).then(|| (self.vin, date.num_days_from_ce(), km))
    }

    /// The car, as a hash, and its meter at the visit, if all are known; a meter that shows nothing was not read. Without a time of day
    /// it is midnight in the business zone.
    pub fn meter(&self) -> Option<(u64, Meter)> {
        let km = self.odometer.filter(|km| *km > 0)?;
        let midnight = self.date?.and_time(NaiveTime::MIN).and_utc().timestamp();
        let seconds = match self.minute {
            0 => midnight - i64::from(BUSINESS_OFFSET_SECONDS),
            minute => i64::from(minute) * 60,
        };
        let meter = Meter {
            at_micros: seconds * 1_000_000,
            km: i64::from(km),
        };
        (self.vin != 0).then_some((self.vin, meter))
    }

    /// The entry as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let flags = u8::from(self.date.is_some())
            | u8::from(self.odometer.is_some()) << 1
            | u8::from(self.is_bare) << 2;
        let days = self.date.map_or(0, |date| date.num_days_from_ce());
        let mut out = vec![VERSION, flags];
        out.extend_from_slice(&self.vin.to_le_bytes());
        out.extend_from_slice(&days.to_le_bytes());
        out.extend_from_slice(&self.minute.to_le_bytes());
        out.extend_from_slice(&self.odometer.unwrap_or(0).to_le_bytes());
        out
    }

    /// Reads an entry.
    ///
    /// # Errors
    /// If the bytes are not what [`Self::to_bytes`] of a known release wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, BrokenEntry> {
        let bytes: [u8; 22] = bytes.try_into().map_err(|_| BrokenEntry)?;
        let word = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let flags = bytes[1];
        if bytes[0] != VERSION {
            return Err(BrokenEntry);
        }
        let (low, high) = (u32::from_le_bytes(word(2)), u32::from_le_bytes(word(6)));
        let date = NaiveDate::from_num_days_from_ce_opt(i32::from_le_bytes(word(10)));
        Ok(Self {
            vin: u64::from(high) << 32 | u64::from(low),
            date: date.filter(|_| flags & 1 != 0),
            minute: u32::from_le_bytes(word(14)),
            odometer: (flags & 2 != 0).then(|| u32::from_le_bytes(word(18))),
            is_bare: flags & 4 != 0,
        })
    }
}

impl std::fmt::Debug for VisitEntry {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("VisitEntry")
            .field("date", &self.date)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{VisitRow, clean_visit};

    fn entry(row: &VisitRow<'_>) -> VisitEntry {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day");
        VisitEntry::of(&clean_visit(row, today).record)
    }

    #[test]
    fn an_order_is_bare_if_no_row_of_it_has_a_line() {
        let header = VisitRow {
            order_number: Some("R1"),
            opened_at: Some("2026-03-05"),
            ..VisitRow::default()
        };
        let line = VisitRow {
            line_kind: Some("配件"),
            code: Some("P1"),
            ..header
        };
        let empty = VisitRow {
            lines: Some("[ ]"),
            ..header
        };
        assert!(entry(&header).is_bare && entry(&empty).is_bare);
        assert!(!entry(&line).is_bare && !entry(&header).with(entry(&line)).is_bare);
    }

    proptest! {
        #[test]
        fn bytes_carry_an_entry(vin in any::<u64>(), day in proptest::option::of(700_000i32..740_000), minute in any::<u32>(), km in proptest::option::of(any::<u32>()), is_bare in any::<bool>()) {
            let date = day.and_then(NaiveDate::from_num_days_from_ce_opt);
            let sent = VisitEntry { vin, date, minute, odometer: km, is_bare };
            prop_assert_eq!(VisitEntry::from_bytes(&sent.to_bytes()), Ok(sent));
        }

        #[test]
        fn other_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            if bytes.len() != 22 || bytes[0] != VERSION {
                prop_assert_eq!(VisitEntry::from_bytes(&bytes), Err(BrokenEntry));
            }
        }
    }
}
