#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod bulk;
mod conn;
mod courtesy;
mod cut;
mod database;
mod error;
mod keys;
mod migrate;
mod postgres;
mod queue;
mod replica;
mod row;
mod sqlite;
mod timing;
mod tls;
mod turns;
mod value;
mod waits;
mod wall;
mod wanted;

pub use conn::{Backend, Conn, lock_key};
pub use courtesy::{AtWork, give_way, import_at_work, requests_wait};
pub use cut::{
    Counter, Cut, Saved, Sequence, Table, View, check_sqlite, cut, fill_postgres, is_postgres_empty,
};
pub use database::{AsStoreError, Database, Settings};
pub use error::StoreError;
pub use migrate::{Migration, Migrator};
pub use row::{Column, Row};
pub use timing::describe_metrics;
pub use value::Value;
pub use waits::{Work, longest_wait};
pub use wall::{CONFINED, UNCONFINED, Wall, behind};
pub use wanted::until;
