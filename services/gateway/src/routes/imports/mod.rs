//! Imports of files.

mod create;
mod get;
mod list;
mod quarantine;
mod rows;
mod views;

pub(crate) use create::*;
pub(crate) use get::*;
pub(crate) use list::*;
pub(crate) use quarantine::*;
pub(crate) use rows::*;
