//! The promises of the unit of work, on both databases.

mod bulk;
mod migrations;
mod writing;
