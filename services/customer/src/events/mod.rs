//! What the service does with the events of others.

mod trust;

pub(crate) use trust::Quality;
