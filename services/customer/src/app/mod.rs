//! Use cases of the customer service.

mod consent;
mod duplicates;
mod erasure;
mod evidence;
mod filling;
mod forgetting;
mod history;
mod ingest;
mod lookup;
mod moves;
mod once;
mod published;
mod put;
mod read;
mod ready;
mod school;
mod sink;
mod witness;
mod words;

use std::sync::Arc;

use marque_core::SharedClock;
use marque_db::Database;
use marque_intake::Directory;

pub(crate) use duplicates::Pair;
pub(crate) use filling::fill;
pub(crate) use forgetting::watch_retention;
pub(crate) use history::HistoryEntry;
pub(crate) use lookup::Key;
pub(crate) use moves::{Mode, Terms};
pub(crate) use put::Put;
pub(crate) use sink::CustomerSink;

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
        }
    }
}
