//! Use cases of the scoring service.

mod assess;
mod benefits;
mod calibrate;
mod comings;
mod due;
mod due_list;
mod facts;
mod guarantees;
mod holds;
mod ladder;
mod learn;
mod list;
mod loyalty;
mod models;
mod outlook;
mod past;
mod promises;
mod pyramid;
mod read;
mod refresh;
mod reports;
mod rows;
mod sink;
mod tell;
mod what_if;

use std::sync::Arc;

use marque_core::SharedClock;
use marque_db::Database;
use marque_intake::Directory;
use marque_vault::Vault;
use tokio::sync::Notify;

pub(crate) use assess::Assessor;
pub(crate) use benefits::{BenefitShown, CurrentPlan};
pub(crate) use due_list::{DueAsked, DueShown, keep_dues};
pub(crate) use facts::Recorded;
pub(crate) use guarantees::{Counted, Demand, Demanded};
pub(crate) use holds::keep_holds;
pub(crate) use ladder::Ladder;
pub(crate) use learn::keep_learning;
pub(crate) use loyalty::{LoyaltyShown, Wanted};
pub(crate) use models::{Models, NewModel, Weighing};
pub(crate) use promises::{NewPromise, PromisedTo};
pub(crate) use pyramid::{PyramidShown, TierShown};
pub(crate) use read::{Asked, LiftTo, Shown};
pub(crate) use refresh::refresh;
pub(crate) use reports::ReportQuestion;
pub(crate) use rows::FactRow;
pub(crate) use sink::FactSink;
pub(crate) use tell::{tell_guarantees, tell_tiers};
pub(crate) use what_if::{Answer as WhatIfAnswer, Question};

use crate::{cars::Cars, consents::Consents, history::History};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct ScoreApp {
    pub(crate) db: Database,
    pub(crate) clock: SharedClock,
    /// Tells who was erased.
    pub(crate) vault: Vault,
    pub(crate) assessor: Assessor,
    pub(crate) ladder: Ladder,
    pub(crate) directory: Directory,
    pub(crate) consents: Consents,
    pub(crate) cars: Cars,
    pub(crate) history: History,
    pub(crate) benefit_plan: CurrentPlan,
    /// Told when something was learnt, for whoever reckons by it.
    pub(crate) learnt: Arc<Notify>,
}
