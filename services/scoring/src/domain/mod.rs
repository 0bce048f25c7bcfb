//! Scoring's own words: what happened, whose it is, and what a score rests on. Pure data and rules.

mod assembly;
mod basis;
mod conduct;
mod dossier;
mod due;
mod fault;
mod fitted;
mod guarantee;
pub(crate) mod happening;
mod loyalty;
mod promise;
mod report;
mod score;
mod usage;
mod wording;

pub(crate) use assembly::{assembly_named, part_named};
pub(crate) use basis::{Basis, Cited, Evidence, ORDER_WITHOUT_VIN};
pub(crate) use dossier::{Buyer, Car, Claim, Dossier, Record, Vehicle};
pub(crate) use due::{CarDue, Due, DueItem, DueKind, USUAL_PLAN, readings};
pub(crate) use fault::{described, safety_fault};
pub(crate) use fitted::{EDITION, Fitted, Learner};
pub(crate) use guarantee::{level_word, rule_words};
pub(crate) use happening::{GRANTED, Happening, USED, fact_id};
pub(crate) use loyalty::{
    Loyalty, LoyaltyLine, OfDealer, TRUSTS, WonBackLine, certainty_code, trust_code,
};
pub(crate) use promise::{Granted, GrantedBy, Particulars, Promise, WearPart};
pub(crate) use report::{By, Cell, Holds, Report, Table, Word, Words};
pub(crate) use score::{Row, State};
pub(crate) use usage::Usage;
