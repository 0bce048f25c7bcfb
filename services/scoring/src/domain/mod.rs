//! Scoring's own words: what happened, whose it is, and what a score rests on. Pure data and rules.

mod basis;
mod dossier;
pub(crate) mod happening;
mod score;

pub(crate) use basis::{Basis, Evidence};
pub(crate) use dossier::{Buyer, Car, Claim, Dossier, Record, Vehicle};
pub(crate) use happening::{Happening, fact_id};
pub(crate) use score::{Row, State};
