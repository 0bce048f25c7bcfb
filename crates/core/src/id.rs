//! Typed ids. One append-only list: an id type is never renamed or removed.

use std::{fmt, str::FromStr};

use uuid::Uuid;

use crate::{Clock, DealerCode};

/// The text is not an id of the expected type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}_ and 32 hexadecimal digits")]
pub struct InvalidId {
    prefix: &'static str,
}

/// A new UUIDv7 at the clock's time. Time-ordered, so that primary keys are appended, not scattered.
pub fn new_uuid(clock: &dyn Clock) -> Uuid {
    let micros = clock.now().as_micros().max(0).cast_unsigned();
    let timestamp = uuid::Timestamp::from_unix(
        uuid::NoContext,
        micros / 1_000_000,
        (micros % 1_000_000) as u32 * 1000,
    );
    Uuid::new_v7(timestamp)
}

macro_rules! id_type {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id at the clock's time.
            pub fn new(clock: &dyn Clock) -> Self {
                Self(new_uuid(clock))
            }

            /// The id as storage keeps it.
            pub const fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl $name {
            /// The sixteen bytes of the id.
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl From<Uuid> for $name {
            fn from(uuid: Uuid) -> Self {
                Self(uuid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "_{}"), self.0.as_simple())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                text.strip_prefix(concat!($prefix, "_"))
                    .filter(|hex| hex.len() == 32)
                    .and_then(|hex| Uuid::try_parse(hex).ok())
                    .map(Self)
                    .ok_or(InvalidId { prefix: $prefix })
            }
        }
    )*};
}

id_type! {
    /// A golden customer. Answers for ever, with the current customer after a merge.
    CustomerId = "cus";
    /// What one dealer's system said about one customer: see [`source_record_id`].
    SourceRecordId = "src";
    /// A vehicle, whatever plates and owners it has had.
    VehicleId = "veh";
    /// A visit to a workshop: one repair order of one dealer.
    VisitId = "vis";
    /// A complaint case.
    ComplaintId = "cmp";
    /// One import of a file or stream.
    ImportId = "imp";
    /// A pair in the duplicate queue.
    DuplicateId = "dup";
    /// A merge or split, which can be undone.
    MergeId = "mrg";
    /// A reception: a look-up at the counter that opened a customer's file.
    ReceptionId = "rec";
    /// A purchase, payment or assessment: a fact that scores rest on.
    FactId = "fct";
    /// An event, audit record or other entry nobody quotes.
    EventId = "evt";
    /// One thing that is wrong with one record.
    FindingId = "fnd";
    /// Something a manager should look at.
    AlertId = "alt";
    /// A list of records to be verified.
    WorkListId = "wkl";
    /// A request to be forgotten.
    ErasureId = "ers";
}

/// Namespace of source record ids: fixed for ever, since facts of all services point at these ids.
const SOURCE_RECORDS: Uuid = Uuid::from_u128(0x6f1d_4c7e_2a53_5b0e_9d3a_71c8_44e0_9b16);

/// The id of a source record: UUIDv5 of (dealer, source system, source key), so that every service can
/// compute it alone and a fact may arrive before the customer it belongs to.
pub fn source_record_id(dealer: &DealerCode, source: &str, key: &str) -> SourceRecordId {
    let mut name = Vec::with_capacity(dealer.as_str().len() + source.len() + key.len() + 2);
    name.extend_from_slice(dealer.as_str().as_bytes());
    name.push(0x1f);
    name.extend_from_slice(source.as_bytes());
    name.push(0x1f);
    name.extend_from_slice(key.as_bytes());
    SourceRecordId(Uuid::new_v5(&SOURCE_RECORDS, &name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ManualClock;

    #[test]
    fn an_id_reads_back_as_itself_and_not_as_another_type() {
        let id = CustomerId::new(&ManualClock::default());
        assert_eq!(id.to_string().parse(), Ok(id));
        assert!(id.to_string().parse::<VehicleId>().is_err());
        assert!("cus_12".parse::<CustomerId>().is_err());
    }

    #[test]
    fn a_source_record_has_one_id_and_its_parts_do_not_run_together() {
        let dealer: DealerCode = "D1".parse().unwrap();
        assert_eq!(
            source_record_id(&dealer, "sales", "12"),
            source_record_id(&dealer, "sales", "12")
        );
        assert_ne!(
            source_record_id(&dealer, "sales1", "2"),
            source_record_id(&dealer, "sales", "12")
        );
    }
}
