//! What the service does with the events of others.

mod customers;

pub(crate) use customers::CustomersHandler;
