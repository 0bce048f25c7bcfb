//! The use cases: what callers ask of cases, and what happens by itself.

mod amend;
mod calendar;
mod draft;
mod indexes;
mod knowledge;
mod moves;
mod open;
mod publish;
mod read;
mod report;
mod scheduler;
mod sink;
mod tasks;

use std::sync::Arc;

use marque_auth::{CallContext, Scope};
use marque_core::SharedClock;
use marque_db::{Conn, Database, StoreError};
use marque_insight::law::WorkCalendar;
use marque_intake::Directory;

use crate::{
    customers::Customers,
    domain::{Calendar, Case, Clock, Entry, State, Task},
    error::Result,
    storage::{self, CaseStore},
};

pub(crate) use amend::Amendment;
pub(crate) use draft::Raw;
pub(crate) use indexes::Indexes;
pub(crate) use knowledge::{Desk, Draft as SolutionDraft, Proposed};
pub(crate) use moves::MoveRequest;
pub(crate) use read::Wanted;
pub(crate) use scheduler::Scheduler;
pub(crate) use sink::CaseSink;
pub(crate) use tasks::NewTask;

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CaseApp {
    db: Database,
    store: CaseStore,
    clock: SharedClock,
    directory: Directory,
    customers: Customers,
    days: Arc<WorkCalendar>,
    indexes: Indexes,
}

/// A case as it is shown, with what the caller may do.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) case: Case,
    pub(crate) clocks: Vec<ShownClock>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) course: Vec<Entry>,
    pub(crate) next: Vec<State>,
    /// Whether it is another dealer's: then only that it is there is shown.
    pub(crate) is_foreign: bool,
}

/// A clock as it is shown.
#[derive(Clone)]
pub(crate) struct ShownClock {
    pub(crate) clock: Clock,
    pub(crate) due_local: String,
    /// Working microseconds used by now.
    pub(crate) used: i64,
    pub(crate) is_overdue: bool,
}

impl CaseApp {
    pub(crate) fn new(
        db: Database,
        store: CaseStore,
        clock: SharedClock,
        directory: Directory,
        customers: Customers,
    ) -> Self {
        Self {
            db,
            store,
            clock,
            directory,
            customers,
            days: Arc::new(WorkCalendar::shipped()),
            indexes: Indexes::default(),
        }
    }

    /// How many cases and solutions can be searched for.
    pub(crate) fn indexed(&self) -> (usize, usize) {
        self.indexes.sizes()
    }

    /// The dealers whose cases a caller sees; `None` if all.
    pub(crate) async fn visible_dealers(&self, ctx: CallContext) -> Result<Option<Vec<String>>> {
        Ok(self
            .db
            .read(move |conn| storage::dealers_of(conn, ctx.scope()))
            .await?)
    }

    /// The calendar by which a dealer's clocks run.
    fn calendar(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        dealer: &str,
    ) -> std::result::Result<Calendar, StoreError> {
        let hours = storage::find_hours(conn, scope, dealer)?;
        Ok(Calendar::new(hours, Arc::clone(&self.days)))
    }
}
