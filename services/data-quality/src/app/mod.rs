//! Use cases of the data-quality service.

mod alerts;
mod assess;
mod business_phones;
mod cards;
mod check;
mod departments;
mod findings;
mod judgement;
mod recount;
mod replay;
mod sink;
mod standards;
mod trust;
mod verify;
mod words;

use std::{collections::HashMap, sync::Arc};

use marque_core::{SharedClock, Timestamp};
use marque_db::Database;
use marque_quality::standard::Standard;
use marque_vault::Vault;
use parking_lot::RwLock;
use tokio::sync::Notify;

pub(crate) use alerts::{AlertWord, alert_to_pb};
pub(crate) use cards::{CardLevel, CardQuery, Detail, Means, Moved, RegionDetail, ToMend};
pub(crate) use check::{Departments, Gathered};
use departments::Said;
use judgement::Judgement;
pub(crate) use replay::{Change, Replayed};
pub(crate) use sink::VerificationSink;
pub(crate) use standards::{Version, state_code};
pub(crate) use verify::{Drawing, NewCheck};

pub(crate) use crate::storage::{Lane, Pending, StaffChange};

/// Standards that were read, by their text: reading one costs more than scoring with it.
type Read = HashMap<String, Arc<Standard>>;

/// The service's use cases; cheap to clone.
#[derive(Clone)]
pub(crate) struct QualityApp {
    db: Database,
    clock: SharedClock,
    /// Seals what was measured of records.
    vault: Vault,
    read: Arc<RwLock<Read>>,
    /// By what single entries are judged, once all were compared.
    assessment: Arc<RwLock<Option<Arc<Judgement>>>>,
    /// When all dealers were last judged.
    judged_all: Arc<RwLock<Option<Timestamp>>>,
    /// Where clerks work.
    said: Arc<RwLock<Said>>,
    /// Records were counted that have not been compared yet.
    counted: Arc<Notify>,
    /// A standard was put.
    put: Arc<Notify>,
}

impl std::fmt::Debug for QualityApp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("QualityApp").finish_non_exhaustive()
    }
}

impl QualityApp {
    pub(crate) fn new(db: Database, clock: SharedClock, vault: Vault) -> Self {
        Self {
            db,
            clock,
            vault,
            read: Arc::default(),
            assessment: Arc::default(),
            judged_all: Arc::default(),
            said: Arc::default(),
            counted: Arc::default(),
            put: Arc::default(),
        }
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Rings when something was written to the store, by whomever of this process.
    pub(crate) fn committed(&self) -> &Notify {
        self.db.committed()
    }

    /// Rings when records were counted.
    pub(crate) fn counted(&self) -> &Notify {
        &self.counted
    }

    /// Rings when a standard was put.
    pub(crate) fn standard_put(&self) -> &Notify {
        &self.put
    }
}
