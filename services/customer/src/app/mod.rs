//! Use cases of the customer service.

mod cohesion;
mod consent;
mod duplicates;
mod erasure;
mod evidence;
mod filling;
mod forgetting;
mod history;
mod ingest;
mod journal;
mod lookup;
mod moves;
mod once;
mod pairs;
mod published;
mod put;
mod read;
mod ready;
mod reconcile;
mod school;
mod shift;
mod sides;
mod sink;
mod sources;
mod witness;
mod words;

use std::sync::Arc;

use marque_core::SharedClock;
use marque_db::Database;
use marque_intake::Directory;
use tokio::sync::Notify;

pub(crate) use cohesion::{Bond, Brought, Cohesion, Nearest};
pub(crate) use duplicates::Pair;
pub(crate) use filling::fill;
pub(crate) use forgetting::watch_retention;
pub(crate) use history::HistoryEntry;
pub(crate) use journal::Moved;
pub(crate) use lookup::Key;
pub(crate) use moves::{Mode, Terms};
pub(crate) use put::Put;
pub(crate) use reconcile::Reconciler;
pub(crate) use school::Report;
pub(crate) use sink::CustomerSink;
pub(crate) use sources::check_trusted;

use self::school::School;
use crate::{domain::Survivorship, storage::CustomerStore};

/// The service's use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CustomerApp {
    store: CustomerStore,
    db: Database,
    clock: SharedClock,
    directory: Directory,
    school: School,
    survivorship: Arc<Survivorship>,
    /// Wakes who reconciles when somebody asks for it.
    asked: Arc<Notify>,
}

impl CustomerApp {
    pub(crate) fn new(
        store: CustomerStore,
        db: Database,
        clock: SharedClock,
        directory: Directory,
        survivorship: Survivorship,
    ) -> Self {
        Self {
            store,
            db,
            clock,
            directory,
            school: School::default(),
            survivorship: Arc::new(survivorship),
            asked: Arc::default(),
        }
    }
}
