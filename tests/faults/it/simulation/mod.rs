//! What ships, step by step in an order that a seed chooses: the same seed is the same trace, and a failure comes again by its seed.
//!
//! turmoil 0.7.2 was looked at and does not fit: a unit of work runs on a thread of the store, which its one-threaded virtual time
//! neither sees nor waits for, and SQLite's I/O is outside it. Here nobody moves but whose turn it is, from one unit of work to the
//! next, and the next turn is given when the store is done, so that its threads do not matter. Between two turns anybody can be
//! killed: between question and answer, between effect and acknowledgement. No clock goes on but the one that the seed moves.
//!
//! `outbox`: outbox, relays, broker and consumers. `schedule`: the scheduler of complaints. `identity`: who is one customer, written
//! by several processes.

mod identity;
mod outbox;
mod schedule;
mod seeds;
mod services;
mod stores;
mod walker;
