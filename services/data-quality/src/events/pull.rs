//! The work that follows events: asking owners about changed records, scoring by a new standard, comparing entries.

use std::{
    collections::HashMap,
    sync::Arc,
    time::{Duration, Instant},
};

use marque_errors::status;
use marque_quality::RecordKind;
use tokio_util::sync::CancellationToken;
use tonic::Status;
use uuid::Uuid;

use super::{Owner, Owners, owners::Staff};
use crate::{
    app::{Departments, Gathered, Lane, Pending, QualityApp, StaffChange},
    error::Error,
};

/// Records asked for at once.
const ASKED: usize = 500;
/// Records of imports that are gathered before they are written: so many that those of one dealer come together.
const GATHERED: u32 = 8000;
/// How long to wait where nothing rings: another process may have noted records.
const IDLE: Duration = Duration::from_millis(500);
/// The longest wait after a failure.
const BACKOFF_MAX: Duration = Duration::from_secs(5);
/// How often to look whether another standard is in force: midnight brings it.
const STANDARD_WATCH: Duration = Duration::from_secs(60);
/// The shortest time between two comparisons of all entries.
const ASSESS_PAUSE: Duration = Duration::from_secs(2);
/// Of the time, at most one part in so many is spent comparing.
const ASSESS_SHARE: u32 = 10;
/// While records of an import wait, all are compared only so often: they will have to be compared again.
const ASSESS_MEANWHILE: Duration = Duration::from_mins(5);
/// How often to look whether the import's records are through.
const BACKLOG_WATCH: Duration = Duration::from_millis(500);
/// How often the network is asked where clerks work of whom no event told.
const DEPARTMENTS_WATCH: Duration = Duration::from_mins(5);

/// Asks the owner about records that changed, until told to stop.
pub(crate) async fn keep_checking(
    app: QualityApp,
    owners: Owners,
    (owner, lane): (Owner, Lane),
    stop: CancellationToken,
) {
    let mut backoff = Duration::from_millis(50);
    // Since when something has waited all along.
    let mut since: Option<Instant> = None;
    while !stop.is_cancelled() {
        let rung = app.committed().notified();
        let began = Instant::now();
        let step = tokio::select! {
            () = stop.cancelled() => return,
            step = step(&app, &owners, &owner, lane) => step,
        };
        let pause = match step {
            Ok(true) => {
                backoff = Duration::from_millis(50);
                // Somebody waits for what he wrote; an import waits for nobody.
                if lane == Lane::Live {
                    continue;
                }
                let age = since.get_or_insert(began).elapsed();
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = marque_db::give_way(began.elapsed(), age) => continue,
                }
            }
            Ok(false) => {
                backoff = Duration::from_millis(50);
                since = None;
                IDLE
            }
            Err(error) => {
                let kind = owner.kind.code();
                tracing::warn!(kind, %error, "records cannot be looked at now");
                backoff = (backoff * 2).min(BACKOFF_MAX);
                tokio::select! {
                    () = stop.cancelled() => return,
                    () = tokio::time::sleep(backoff) => continue,
                }
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = rung => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Looks at the next records; says whether there were any.
async fn step(
    app: &QualityApp,
    owners: &Owners,
    owner: &Owner,
    lane: Lane,
) -> Result<bool, Status> {
    let kind = owner.kind;
    let waiting = app
        .pending(kind, lane, GATHERED)
        .await
        .map_err(|error| status(&error))?;
    if waiting.is_empty() {
        return match lane {
            Lane::Live => Ok(false),
            Lane::Bulk => backfill(app, owners, owner).await,
        };
    }
    let mut gathered = gather(app, owners, owner, &waiting).await?;
    owners.find_business_phones(&mut gathered.evidence).await?;
    let departments = owners.departments(&gathered.evidence).await?;
    let taken = app.take((kind, lane), gathered, departments).await;
    taken.map_err(|error| status(&error))?;
    Ok(true)
}

/// Asks the owner about records that wait; what he said before he could not be asked further is kept, the others wait on.
async fn gather(
    app: &QualityApp,
    owners: &Owners,
    owner: &Owner,
    waiting: &[Pending],
) -> Result<Gathered, Status> {
    let mut gathered = Gathered {
        asked_at: app.now(),
        asked: Vec::with_capacity(waiting.len()),
        evidence: Vec::with_capacity(waiting.len()),
        asked_as: HashMap::new(),
    };
    for asked in waiting.chunks(ASKED) {
        let ids: Arc<[Uuid]> = asked.iter().map(|one| one.record).collect();
        let said = match owners.evidence(owner, &ids).await {
            Ok(said) => said,
            Err(error) if gathered.asked.is_empty() => return Err(error),
            Err(error) => {
                let kind = owner.kind.code();
                tracing::warn!(kind, %error, "not all records can be looked at now");
                break;
            }
        };
        if owner.kind == RecordKind::Vehicles {
            let rows = said.iter().map(|row| (row.id, Arc::clone(&ids)));
            gathered.asked_as.extend(rows);
        }
        gathered.asked.extend_from_slice(asked);
        gathered.evidence.extend(said);
    }
    Ok(gathered)
}

/// Notes all records there are, once: events are not kept for ever.
async fn backfill(app: &QualityApp, owners: &Owners, owner: &Owner) -> Result<bool, Status> {
    let is_done = app.is_backfilled(owner.kind).await;
    if is_done.map_err(|error| status(&error))? {
        return Ok(false);
    }
    let mut after = None;
    loop {
        let ids = owners.ids(owner, after).await?;
        after = ids.last().copied();
        let noted = app.backfill(owner.kind, ids).await;
        noted.map_err(|error| status(&error))?;
        if after.is_none() {
            return Ok(true);
        }
    }
}

/// Scores records by the standard in force where they were scored by another, until told to stop.
pub(crate) async fn keep_scoring(app: QualityApp, stop: CancellationToken) {
    let (mut pause, mut is_started) = (BACKOFF_MAX, false);
    loop {
        let put = app.standard_put().notified();
        match count(&app, &mut is_started).await {
            Ok(()) => pause = STANDARD_WATCH,
            Err(error) => {
                tracing::warn!(%error, "records cannot be counted now");
                pause = (pause * 2).min(STANDARD_WATCH);
            }
        }
        for kind in RecordKind::ALL {
            let mut were_any = false;
            loop {
                match app.rescore(kind).await {
                    Ok(true) if !stop.is_cancelled() => were_any = true,
                    Ok(_) => break,
                    Err(error) => {
                        tracing::warn!(%error, "records cannot be scored anew now");
                        break;
                    }
                }
            }
            if were_any {
                app.counted().notify_one();
            }
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = put => {}
            () = tokio::time::sleep(pause) => {}
        }
    }
}

/// Counts what the release before kept elsewhere, and puts clerks in order once a start.
async fn count(app: &QualityApp, is_started: &mut bool) -> Result<(), Error> {
    app.count_once().await?;
    if !*is_started {
        app.order_clerks().await?;
        *is_started = true;
    }
    Ok(())
}

/// Compares all entries whenever some were counted, until told to stop.
pub(crate) async fn keep_assessing(app: QualityApp, stop: CancellationToken) {
    loop {
        let counted = app.counted().notified();
        let began = Instant::now();
        if let Err(error) = app.assess().await {
            tracing::warn!(%error, "entries cannot be compared now");
        }
        let pause = (began.elapsed() * (ASSESS_SHARE - 1)).max(ASSESS_PAUSE);
        tokio::select! {
            () = stop.cancelled() => return,
            () = counted => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        tokio::select! {
            () = stop.cancelled() => return,
            () = no_backlog(&app) => {}
            () = tokio::time::sleep(ASSESS_MEANWHILE) => {}
        }
    }
}

/// Until no records of an import wait.
async fn no_backlog(app: &QualityApp) {
    while app.has_backlog().await.unwrap_or(false) {
        tokio::time::sleep(BACKLOG_WATCH).await;
    }
}

/// Asks the network now and then where clerks work, until told to stop: of staff that were put before this service heard of the dealer no
/// event tells again.
pub(crate) async fn keep_departments(app: QualityApp, owners: Owners, stop: CancellationToken) {
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(DEPARTMENTS_WATCH) => {}
        }
        let asked = tokio::select! {
            () = stop.cancelled() => return,
            asked = ask_departments(&app, &owners) => asked,
        };
        if let Err(error) = asked {
            tracing::warn!(%error, "where clerks work cannot be asked now");
        }
    }
}

async fn ask_departments(app: &QualityApp, owners: &Owners) -> Result<(), Status> {
    let dealers = app.dealers_with_clerks().await;
    for dealer in dealers.map_err(|error| status(&error))? {
        // Of one dealer's error the others are none the worse.
        if let Err(error) = ask_dealer(app, owners, &dealer).await {
            tracing::warn!(%dealer, %error, "where a dealer's clerks work cannot be asked now");
        }
    }
    Ok(())
}

async fn ask_dealer(app: &QualityApp, owners: &Owners, dealer: &str) -> Result<(), Status> {
    let staff = owners.staff_of(dealer).await?;
    place(app, dealer, &staff).await
}

/// Notes where a dealer's staff work.
async fn place(app: &QualityApp, dealer: &str, staff: &Staff) -> Result<(), Status> {
    let departments = staff.departments.iter();
    let said: Departments = departments
        .map(|(clerk, department)| ((dealer.to_owned(), clerk.clone()), department.clone()))
        .collect();
    let put = app.put_departments(said).await;
    put.map_err(|error| status(&error))
}

/// Of dealers who changed or whose staff did, notes where they work and looks again at the customers, until told to stop.
pub(crate) async fn keep_to_staff(app: QualityApp, owners: Owners, stop: CancellationToken) {
    loop {
        let looked = tokio::select! {
            () = stop.cancelled() => return,
            looked = look_again(&app, &owners) => looked,
        };
        let pause = match looked {
            Ok(()) => IDLE,
            Err(error) => {
                tracing::warn!(%error, "customers cannot be looked at for business phones now");
                BACKOFF_MAX
            }
        };
        tokio::select! {
            () = stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
    }
}

async fn look_again(app: &QualityApp, owners: &Owners) -> Result<(), Status> {
    let changes = app.staff_changes().await;
    for change in changes.map_err(|error| status(&error))? {
        look_at(app, owners, change).await?;
    }
    Ok(())
}

async fn look_at(app: &QualityApp, owners: &Owners, change: StaffChange) -> Result<(), Status> {
    let staff = owners.staff_now(&change.dealer).await?;
    place(app, &change.dealer, &staff).await?;
    let looked = app.look_for(change, staff.phones.clone()).await;
    looked.map_err(|error| status(&error))
}
