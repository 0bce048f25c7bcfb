#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod dealer;
mod digits;
mod id;
mod money;
mod number;
mod page;
mod replay;
mod time;

pub use dealer::{DealerCode, InvalidDealerCode};
pub use digits::Digits;
pub use id::{
    AlertId, ComplaintId, CustomerId, DuplicateId, ErasureId, EventId, FactId, FindingId, ImportId,
    InvalidId, MergeId, ReceptionId, SourceRecordId, VehicleId, VisitId, WorkListId, new_uuid,
    source_record_id,
};
pub use money::{InvalidMoney, Money};
pub use number::{CustomerNumber, CustomerSerial, InvalidCustomerNumber};
pub use page::{InvalidPage, PageRequest, PageToken};
pub use replay::ReplayMark;
pub use time::{Clock, ManualClock, SharedClock, SystemClock, Timestamp, business_date};
