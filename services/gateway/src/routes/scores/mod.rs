//! Scores: of one customer, the ranking, the pyramid, models and what-if, and the facts that come live.

mod facts;
mod get;
mod list;
mod models;
mod pyramid;
mod report;
mod views;
mod what_if;

pub(crate) use facts::*;
pub(crate) use get::*;
pub(crate) use list::*;
pub(crate) use models::*;
pub(crate) use pyramid::*;
pub(crate) use report::*;
pub(crate) use views::ScoreView;
pub(crate) use what_if::*;
