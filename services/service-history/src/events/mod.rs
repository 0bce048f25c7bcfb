//! What the service does with the events of others.

mod customers;
mod vehicles;

pub(crate) use customers::Customers;
pub(crate) use vehicles::Vehicles;
