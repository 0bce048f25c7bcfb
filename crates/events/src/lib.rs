//! Outbox, inbox, and the bus between services.
