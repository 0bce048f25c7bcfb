//! The use cases: what callers ask of cases, and what happens by itself.

mod amend;
mod attach;
mod calendar;
mod closing;
mod clusters;
mod compensate;
mod draft;
mod evidence;
mod filed;
mod follow_up;
mod forgetting;
mod hand_over;
mod indexes;
mod knowledge;
mod moves;
mod once;
mod open;
mod publish;
mod read;
mod repeats;
mod report;
mod resealing;
mod scheduler;
mod sink;
mod tasks;
mod tiers;
mod undated;
mod veil;
mod visited;
mod warn;
mod years;

use std::{collections::HashMap, sync::Arc};

use marque_auth::{CallContext, Scope};
use marque_core::SharedClock;
use marque_db::{Conn, Database, StoreError};
use marque_intake::Directory;

use crate::{
    customers::Customers,
    domain::{
        Attachment, Calendar, Case, CaseNumber, Clock, ClockKind, Compensation, Entry, Rules,
        State, Task, Warning,
    },
    error::Result,
    files::Files,
    storage::{self, CaseStore},
    visits::Visits,
};

pub(crate) use amend::{Amendment, Said};
pub(crate) use attach::NewFile;
pub(crate) use closing::{keep_closing, keep_dated};
pub(crate) use clusters::watch as watch_clusters;
pub(crate) use compensate::{Asked, Verdict};
pub(crate) use draft::Raw;
pub(crate) use forgetting::keep_deleting;
pub(crate) use indexes::Indexes;
pub(crate) use knowledge::{Desk, Draft as SolutionDraft, Proposed};
pub(crate) use moves::MoveRequest;
pub(crate) use publish::alert_to_pb;
pub(crate) use read::{AsRead, Reading, Wanted};
pub use resealing::{reseal_files, survey_files};
pub(crate) use scheduler::Scheduler;
pub(crate) use sink::CaseSink;
pub(crate) use tasks::{Ending, NewTask, TaskAmendment};
pub(crate) use years::{WorkDays, Years, keep_years};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct CaseApp {
    db: Database,
    store: CaseStore,
    clock: SharedClock,
    directory: Directory,
    customers: Customers,
    visits: Visits,
    work_days: WorkDays,
    indexes: Indexes,
    rules: Arc<Rules>,
    files: Files,
}

/// A case as it is shown, with what the caller may do.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) case: Case,
    pub(crate) number: CaseNumber,
    pub(crate) clocks: Vec<ShownClock>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) course: Vec<Entry>,
    pub(crate) attachments: Vec<Attachment>,
    /// Each with the roles whose limit covers it, while it is asked for.
    pub(crate) compensations: Vec<(Compensation, Vec<&'static str>)>,
    pub(crate) warnings: Vec<Warning>,
    pub(crate) next: Vec<State>,
    /// Whether it is another dealer's: then only that it is there is shown.
    pub(crate) is_foreign: bool,
    /// Whether it repeats a case that the caller may not see.
    pub(crate) repeats_elsewhere: bool,
}

/// A case with the number that people are told of it.
pub(crate) struct Numbered {
    pub(crate) case: Case,
    pub(crate) number: CaseNumber,
}

/// A clock as it is shown.
#[derive(Clone)]
pub(crate) struct ShownClock {
    pub(crate) clock: Clock,
    pub(crate) due_local: String,
    /// Working microseconds used by now.
    pub(crate) used: i64,
    pub(crate) is_overdue: bool,
    /// Whether a year on the way to its end is not known yet.
    pub(crate) is_provisional: bool,
}

impl CaseApp {
    pub(crate) fn new(
        db: Database,
        store: CaseStore,
        clock: SharedClock,
        directory: Directory,
        (customers, visits): (Customers, Visits),
        (rules, files): (Rules, Files),
    ) -> Self {
        Self {
            db,
            store,
            clock,
            directory,
            customers,
            visits,
            work_days: WorkDays::default(),
            indexes: Indexes::default(),
            rules: Arc::new(rules),
            files,
        }
    }

    /// How many cases and solutions can be searched for.
    pub(crate) fn indexed(&self) -> (usize, usize) {
        self.indexes.sizes()
    }

    fn numbered(&self, case: Case) -> Numbered {
        Numbered {
            number: self.store.number_of(case.serial),
            case,
        }
    }

    /// The dealers whose cases a caller sees; `None` if all.
    pub(crate) async fn visible_dealers(&self, ctx: CallContext) -> Result<Option<Vec<String>>> {
        Ok(self
            .db
            .read(move |conn| storage::dealers_of(conn, ctx.scope()))
            .await?)
    }

    /// The working time a clock of a case has, in microseconds. The next word to the customer of a resolved case is the follow-up.
    fn budget(&self, kind: ClockKind, case: &Case) -> i64 {
        let times = &self.rules.times;
        match (kind, case.state) {
            (ClockKind::NextUpdate, State::Resolved) => times.follow_up(case.severity),
            _ => times.budget(kind, case.terms()),
        }
    }

    /// The calendar by which a dealer's clocks run.
    fn calendar(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        dealer: &str,
    ) -> std::result::Result<Calendar, StoreError> {
        let (hours, revision) = storage::find_hours(conn, scope, dealer)?;
        Ok(Calendar::new(hours, self.days(conn, revision)?))
    }

    /// The calendars of some dealers, asked for together however many they are.
    fn calendars<'a>(
        &self,
        conn: &mut Conn<'_>,
        dealers: impl Iterator<Item = &'a str>,
    ) -> std::result::Result<HashMap<String, Calendar>, StoreError> {
        let mut dealers: Vec<&str> = dealers.collect();
        dealers.sort_unstable();
        dealers.dedup();
        match dealers.as_slice() {
            [] => Ok(HashMap::new()),
            [only] => {
                let calendar = self.calendar(conn, &Scope::Headquarters, only)?;
                Ok(HashMap::from([((*only).to_owned(), calendar)]))
            }
            _ => {
                let (_, days) = self.days_now(conn)?;
                let mut told = storage::told_hours(conn, &dealers)?;
                let calendar = |dealer: &str| {
                    let hours = told.remove(dealer).unwrap_or_default();
                    (dealer.to_owned(), Calendar::new(hours, Arc::clone(&days)))
                };
                Ok(dealers.into_iter().map(calendar).collect())
            }
        }
    }
}
