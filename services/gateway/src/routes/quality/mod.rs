//! Data quality: the dictionary, the standard, scorecards, findings, what looks invented, alerts.

mod alerts;
mod cards;
mod dictionary;
mod findings;
mod region;
mod standard;
mod verify;
mod views;

pub(crate) use alerts::*;
pub(crate) use cards::*;
pub(crate) use dictionary::*;
pub(crate) use findings::*;
pub(crate) use region::*;
pub(crate) use standard::*;
pub(crate) use verify::*;
