//! Scoring's own words: what happened, whose it is, and what a score rests on. Pure data and rules.

mod assembly;
mod basis;
mod conduct;
mod dossier;
mod due;
mod fitted;
mod guarantee;
pub(crate) mod happening;
mod loyalty;
mod report;
mod score;

pub(crate) use assembly::assembly_of;
pub(crate) use basis::{Basis, Evidence};
pub(crate) use dossier::{Buyer, Car, Claim, Dossier, Record, Vehicle};
pub(crate) use due::{CarDue, Due, DueItem, DueKind, USUAL_PLAN, readings};
pub(crate) use fitted::{Fitted, Learner};
pub(crate) use guarantee::{level_word, rule_words};
pub(crate) use happening::{Happening, fact_id};
pub(crate) use loyalty::{Loyalty, LoyaltyLine, OfDealer, TRUSTS, trust_code};
pub(crate) use report::{By, Cell, Holds, Report, Table};
pub(crate) use score::{Row, State};
