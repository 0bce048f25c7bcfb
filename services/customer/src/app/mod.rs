//! Use cases of the customer service.

mod consent;
mod duplicates;
mod evidence;
mod history;
mod ingest;
mod lookup;
mod moves;
mod published;
mod put;
mod read;
mod ready;
mod sink;
mod words;

use marque_core::SharedClock;
use marque_db::Database;
use marque_intake::Directory;

pub(crate) use duplicates::Pair;
pub(crate) use history::HistoryEntry;
pub(crate) use lookup::Key;
pub(crate) use moves::Mode;
pub(crate) use put::Put;
pub(crate) use sink::CustomerSink;

use crate::{domain::Matcher, storage::CustomerStore};

/// The service's use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CustomerApp {
    store: CustomerStore,
    db: Database,
    clock: SharedClock,
    directory: Directory,
    matcher: Matcher,
}

impl CustomerApp {
    pub(crate) fn new(
        store: CustomerStore,
        db: Database,
        clock: SharedClock,
        directory: Directory,
    ) -> Self {
        Self {
            store,
            db,
            clock,
            directory,
            matcher: Matcher::default(),
        }
    }
}
