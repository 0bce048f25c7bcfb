//! What the service does with the events of others, and how it asks the owners of records.

mod changed;
mod owners;
mod pull;

pub(crate) use changed::{Complaints, Customers, Network, Vehicles, Visits};
pub(crate) use owners::{Owner, Owners, id_text};
pub(crate) use pull::{
    keep_assessing, keep_checking, keep_departments, keep_scoring, keep_to_staff,
};
