#![doc = include_str!("../README.md")]
#![warn(missing_docs)]

pub mod address;
pub mod clean;
pub mod credit_code;
pub mod date;
pub mod dictionary;
pub mod division;
pub mod email;
pub mod falsification;
pub mod finding;
pub mod gender;
pub mod id_document;
pub mod identifiers;
pub mod inline;
pub mod name;
pub mod number;
pub mod odometer;
pub mod party;
pub mod payer;
pub mod phone;
pub mod plate;
pub mod standard;
pub mod text;
pub mod vin;

pub use clean::{
    CleanComplaint, CleanCustomer, CleanVehicle, CleanVisit, Cleaned, clean_complaint,
    clean_complaint_by, clean_customer, clean_customer_by, clean_vehicle, clean_vehicle_by,
    clean_visit, clean_visit_by,
};
pub use dictionary::{
    ComplaintRow, CustomerRow, DataClass, Field, FieldEntry, Lang, RecordKind, VehicleRow, VisitRow,
};
pub use finding::{Dimension, Finding, Params, Rule, RuleEntry, Severity};
pub use payer::Payer;
