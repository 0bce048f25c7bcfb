//! What the law says about a car, as dated data and counters: working days, inspection, insurance, three guarantees.

mod calendar;
mod cover;
pub mod guarantees;
mod inspection;

pub use calendar::{CalendarError, Deadline, WorkCalendar, WorkYear};
pub use cover::{
    WarrantyTerms, compulsory_insurance_ends, compulsory_insurance_in_force, insurance_blocks,
    warranty_ends,
};
pub use inspection::{Inspection, InspectionLaw, InspectionTableError, Use, Vehicle, VehicleClass};
