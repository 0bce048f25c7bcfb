//! Complaint cases.

mod calendar;
mod desk;
mod feed;
mod get;
mod open;
mod report;
mod solutions;
mod tasks;
mod views;
mod work;

pub(crate) use calendar::*;
pub(crate) use desk::*;
pub(crate) use feed::*;
pub(crate) use get::*;
pub(crate) use open::*;
pub(crate) use report::*;
pub(crate) use solutions::*;
pub(crate) use tasks::*;
pub(crate) use views::ComplaintView;
pub(crate) use work::*;
