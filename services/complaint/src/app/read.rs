//! Showing cases.

use std::collections::HashMap;

use marque_auth::{CallContext, Role, Scope};
use marque_core::{ComplaintId, PageRequest};
use marque_db::{Conn, StoreError};
use marque_events::knows_customer;
use marque_quality::text::tidy;

use super::{CaseApp, Shown, ShownClock, moves::expect_version, veil::Veil};
use crate::{
    domain::{
        Calendar, Case, CaseNumber, Clock, Compensation, CompensationState, Entry, Facts, allowed,
        worth_with,
    },
    error::{Error, Result},
    storage::{self, CaseStore, Filter, Listed, Order},
};

/// One page of a list and the key of the next.
pub(crate) struct Page {
    pub(crate) entries: Vec<Shown>,
    pub(crate) next: Option<String>,
}

/// The case a caller names: by id, or by the number people say aloud.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Wanted {
    Id(ComplaintId),
    Number(CaseNumber),
}

/// The case a caller names, in the version that he read of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct AsRead {
    pub(crate) wanted: Wanted,
    /// 0 if any.
    pub(crate) version: i64,
}

impl AsRead {
    /// Reads what was written of the case, as [`Wanted::read`].
    pub(crate) fn read(text: &str, version: i64) -> Result<Self> {
        let wanted = Wanted::read(text)?;
        Ok(Self { wanted, version })
    }
}

impl Wanted {
    /// Reads what was written, in any width; what can be neither is as unknown as one that is not.
    pub(crate) fn read(text: &str) -> Result<Self> {
        let text = tidy(text);
        text.parse()
            .map(Self::Id)
            .or_else(|_| text.parse().map(Self::Number))
            .map_err(|_| Error::ComplaintUnknown)
    }
}

/// What a case is read for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// To follow it or to work on it.
    Case,
    /// For a copy of everything that is kept about a person.
    PersonalData,
}

impl Reading {
    /// As a caller says.
    pub(crate) const fn of(is_personal_data: bool) -> Self {
        if is_personal_data {
            Self::PersonalData
        } else {
            Self::Case
        }
    }
}

impl CaseApp {
    pub(crate) async fn get(
        &self,
        ctx: CallContext,
        wanted: Wanted,
        reading: Reading,
    ) -> Result<Shown> {
        let app = self.clone();
        self.db
            .read(move |conn| {
                let case = app.find(conn, ctx.scope(), wanted)?;
                if !is_copy(&ctx, reading) {
                    return app.show(conn, &ctx, case);
                }
                let himself = if is_customer(&ctx) {
                    ctx.actor().to_string()
                } else {
                    case.customer
                        .map_or_else(String::new, |his| his.to_string())
                };
                let whole = app.whole(conn, &ctx, case)?;
                Ok(for_his_copy(whole, &himself))
            })
            .await
    }

    pub(crate) async fn list(
        &self,
        ctx: CallContext,
        mut filter: Filter,
        page: PageRequest,
    ) -> Result<Page> {
        let app = self.clone();
        let of_one = filter.customer.is_some() || matches!(ctx.scope(), Scope::Customer(_));
        let work = move |conn: &mut Conn<'_>| {
            filter.now = app.clock.now();
            if let Scope::Customer(own) = ctx.scope() {
                refuse_hidden(&filter)?;
                let own = storage::current_customer(conn, *own)?;
                // Another's cases are none that he may see, whether there is such a customer or not.
                if let Some(asked) = filter.customer
                    && storage::current_customer(conn, asked)? != own
                {
                    return Ok(Page {
                        entries: Vec::new(),
                        next: None,
                    });
                }
                filter.customer = Some(own);
            }
            if let Some(customer) = filter.customer {
                let customer = storage::current_customer(conn, customer)?;
                filter.customer = Some(customer);
                // Whoever knows the customer learns of his cases at other dealers.
                filter.across_dealers = knows_customer(conn, ctx.scope(), customer, filter.now)?;
                if filter.across_dealers {
                    conn.see_all_dealers()?;
                }
            }
            let listed = app.store.list(conn, ctx.scope(), &filter, &page)?;
            let is_full = listed.len() == page.size as usize;
            let next = listed.last().filter(|_| is_full).map(Listed::page_key);
            let cases = listed.into_iter().map(|listed| listed.case).collect();
            let entries = app.overview(conn, &ctx, cases)?;
            Ok(Page { entries, next })
        };
        if of_one {
            // A handful of rows, at every view of a profile: to give the thread away costs more than to read them.
            self.db.read(work).await
        } else {
            self.db.scan(work).await
        }
    }

    /// The case, if it is in the scope.
    pub(super) fn find(&self, conn: &mut Conn<'_>, scope: &Scope, wanted: Wanted) -> Result<Case> {
        match wanted {
            Wanted::Id(id) => self.store.find(conn, scope, id)?,
            Wanted::Number(number) => self.store.find_by_number(conn, scope, number)?,
        }
        .ok_or(Error::ComplaintUnknown)
    }

    /// The case, held until the transaction ends, as it is once it is held; its dealer's hours stay as they are until then.
    pub(super) fn hold(&self, conn: &mut Conn<'_>, scope: &Scope, wanted: Wanted) -> Result<Case> {
        let found = self.find(conn, scope, wanted)?;
        storage::lock_case(conn, (found.id, &found.dealer))?;
        let held = self.find(conn, scope, Wanted::Id(found.id))?;
        if held.dealer == found.dealer {
            return Ok(held);
        }
        // It was handed over before it was held, and now it is not any more.
        storage::share_hours(conn, &held.dealer)?;
        self.find(conn, scope, Wanted::Id(found.id))
    }

    /// Holds a case that is what the caller read.
    pub(super) fn hold_as_read(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        read: AsRead,
    ) -> Result<Case> {
        let case = self.hold(conn, scope, read.wanted)?;
        expect_version(&case, read.version)?;
        Ok(case)
    }

    /// A case with all that belongs to it and that the caller may see.
    pub(super) fn show(&self, conn: &mut Conn<'_>, ctx: &CallContext, case: Case) -> Result<Shown> {
        let own = own_dealers(conn, ctx.scope())?;
        let mut shown = [self.whole(conn, ctx, case)?];
        hide_elsewhere(conn, ctx.scope(), own.as_deref(), &mut shown)?;
        let [shown] = shown;
        Ok(as_seen_by(ctx, shown))
    }

    /// A case with all that belongs to it.
    fn whole(&self, conn: &mut Conn<'_>, ctx: &CallContext, case: Case) -> Result<Shown> {
        let scope = ctx.scope();
        let calendar = self.calendar(conn, scope, &case.dealer)?;
        let clocks = storage::clocks_of(conn, scope, case.id)?;
        let tasks = self.store.list_tasks(conn, scope, case.id)?;
        let open_tasks = tasks.iter().filter(|task| task.is_in_the_way()).count();
        let course = self.store.list_course(conn, scope, case.id)?;
        let is_erased = course.iter().any(|entry| entry.act == Entry::ERASED);
        let facts = self.facts(&case, (open_tasks, is_erased));
        Ok(Shown {
            number: self.store.number_of(case.serial),
            clocks: clocks
                .iter()
                .map(|clock| self.show_clock(*clock, &calendar))
                .collect(),
            tasks,
            course,
            attachments: self.store.list_attachments(conn, scope, case.id)?,
            compensations: self.compensations(conn, scope, &case)?,
            warnings: storage::warnings_of(conn, scope, &case.vin)?,
            next: allowed(case.state, ctx.roles(), facts),
            is_foreign: false,
            repeats_elsewhere: false,
            case,
        })
    }

    /// What decides where a case can be moved now, beside the words that go along with a move.
    fn facts(&self, case: &Case, (open_tasks, is_erased): (usize, bool)) -> Facts {
        Facts {
            has_note: true,
            open_tasks,
            may_reopen: case.may_reopen(self.clock.now()),
            is_erased: is_erased && case.is_nobodys(),
        }
    }

    /// The compensations of a case, each that is asked for with the roles that may decide it.
    fn compensations(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        case: &Case,
    ) -> Result<Vec<(Compensation, Vec<&'static str>)>> {
        let given = self.store.list_compensations(conn, scope, case.id)?;
        let may_decide = |each: &Compensation| match each.state {
            CompensationState::Asked => self.rules.limits.covering(worth_with(&given, each.amount)),
            _ => Vec::new(),
        };
        let may: Vec<_> = given.iter().map(may_decide).collect();
        Ok(given.into_iter().zip(may).collect())
    }

    /// Cases with their clocks, without course and tasks.
    pub(super) fn overview(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        cases: Vec<Case>,
    ) -> Result<Vec<Shown>> {
        if cases.is_empty() {
            return Ok(Vec::new());
        }
        let mut clocks: HashMap<ComplaintId, Vec<Clock>> = HashMap::new();
        let ids = cases.iter().map(|case| case.id);
        for (case, clock) in storage::clocks_of_cases(conn, ctx.scope(), ids)? {
            clocks.entry(case).or_default().push(clock);
        }
        let own = own_dealers(conn, ctx.scope())?;
        let dealers = cases.iter().map(|case| case.dealer.as_str());
        let calendars = self.calendars(conn, dealers)?;
        let waiting = cases.iter().filter(|case| case.state.waits_for_tasks());
        let waiting: Vec<ComplaintId> = waiting.map(|case| case.id).collect();
        let waiting = storage::cases_with_needed_tasks(conn, &waiting)?;
        let nobodys = cases.iter().filter(|case| case.is_nobodys());
        let nobodys: Vec<ComplaintId> = nobodys.map(|case| case.id).collect();
        let erased = storage::erased_cases(conn, &nobodys)?;
        let mut shown = Vec::with_capacity(cases.len());
        for case in cases {
            let calendar = &calendars[&case.dealer];
            let mut clocks = clocks.remove(&case.id).unwrap_or_default();
            clocks.sort_by_key(|clock| clock.kind);
            let is_foreign = own.as_ref().is_some_and(|own| !own.contains(&case.dealer));
            let open_tasks = usize::from(waiting.contains(&case.id));
            let facts = self.facts(&case, (open_tasks, erased.contains(&case.id)));
            let one = Shown {
                number: self.store.number_of(case.serial),
                clocks: clocks
                    .iter()
                    .map(|clock| self.show_clock(*clock, calendar))
                    .collect(),
                tasks: Vec::new(),
                course: Vec::new(),
                attachments: Vec::new(),
                compensations: Vec::new(),
                warnings: Vec::new(),
                next: if is_foreign {
                    Vec::new()
                } else {
                    allowed(case.state, ctx.roles(), facts)
                },
                is_foreign,
                repeats_elsewhere: false,
                case,
            };
            shown.push(one);
        }
        hide_elsewhere(conn, ctx.scope(), own.as_deref(), &mut shown)?;
        Ok(shown.into_iter().map(|one| as_seen_by(ctx, one)).collect())
    }

    fn show_clock(&self, clock: Clock, calendar: &Calendar) -> ShownClock {
        let now = self.clock.now();
        let (due_at, is_overdue) = clock.outlook(now);
        ShownClock {
            clock,
            due_local: due_at.map_or_else(String::new, |due| calendar.local(due)),
            used: clock.used_at(now, calendar),
            is_provisional: due_at
                .is_some_and(|due| calendar.is_provisional(now, due, clock.kind.is_of_law())),
            is_overdue,
        }
    }
}

/// Refuses what would tell the customer by the cases that come or stay away what he is not shown of them.
fn refuse_hidden(filter: &Filter) -> Result<()> {
    let hidden = [
        ("escalated_to", filter.level > 0),
        ("overdue", filter.overdue),
        ("compensation_asked", filter.compensation_asked),
        ("sort", filter.order == Order::Due),
        ("due_until", filter.due_until.is_some()),
    ];
    match hidden.into_iter().find(|(_, is_asked)| *is_asked) {
        Some((field, _)) => {
            let message = "leave it out: it is a matter of those who work on cases";
            Err(Error::field(field, "NOT_ALLOWED", message))
        }
        None => Ok(()),
    }
}

/// Whether the caller is the customer himself.
pub(super) fn is_customer(ctx: &CallContext) -> bool {
    matches!(ctx.scope(), Scope::Customer(_))
}

/// Whether a case, or a file of one, is read for a copy of the customer's data, by himself or by who may hand it out to him: that is in clear.
pub(super) fn is_copy(ctx: &CallContext, reading: Reading) -> bool {
    let may_hand_out = || ctx.require(Role::HqAdmin).is_ok();
    reading == Reading::PersonalData && (is_customer(ctx) || may_hand_out())
}

/// The dealers whose cases are the caller's own; `None` if all are, and of the customer, who sees his by who he is.
fn own_dealers(
    conn: &mut Conn<'_>,
    scope: &Scope,
) -> std::result::Result<Option<Vec<String>>, StoreError> {
    match scope {
        Scope::Customer(_) => Ok(None),
        scope => storage::dealers_of(conn, scope),
    }
}

/// Takes out what tells of cases and orders outside the scope: which case one repeats, and which order owes a spare car. The customer is
/// shown neither anyway.
fn hide_elsewhere(
    conn: &mut Conn<'_>,
    scope: &Scope,
    own: Option<&[String]>,
    shown: &mut [Shown],
) -> std::result::Result<(), StoreError> {
    let Some(own) = own else {
        return Ok(());
    };
    for one in &mut *shown {
        one.repeats_elsewhere = one.case.repeat_of.is_some();
    }
    hide_repeated(conn, scope, shown.iter_mut().map(|one| &mut one.case))?;
    for one in shown {
        one.repeats_elsewhere &= one.case.repeat_of.is_none();
        for warning in &mut one.warnings {
            warning.keep_orders_of(own);
        }
    }
    Ok(())
}

/// Takes out of cases which one they repeat where that is outside the scope.
pub(super) fn hide_repeated<'a>(
    conn: &mut Conn<'_>,
    scope: &Scope,
    cases: impl Iterator<Item = &'a mut Case>,
) -> std::result::Result<(), StoreError> {
    let repeating: Vec<&mut Case> = cases.filter(|case| case.repeat_of.is_some()).collect();
    let repeated: Vec<ComplaintId> = repeating.iter().filter_map(|case| case.repeat_of).collect();
    let seen = CaseStore::keep_in_scope(conn, scope, &repeated)?;
    for case in repeating {
        case.repeat_of = case.repeat_of.filter(|id| seen.contains(id));
    }
    Ok(())
}

/// Takes out of cases of the scope, of which the coded values alone are shown beside another, what their reader does not see of them.
pub(super) fn hide_beside(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    cases: &mut [Case],
) -> std::result::Result<(), StoreError> {
    if !is_customer(ctx) {
        return hide_repeated(conn, ctx.scope(), cases.iter_mut());
    }
    for case in cases {
        hide_from_the_customer(case);
    }
    Ok(())
}

/// Takes out of a case what of its values the customer himself is not shown.
fn hide_from_the_customer(case: &mut Case) {
    case.level = 0;
    case.repeat_of = None;
}

/// A case as the caller may see it.
fn as_seen_by(ctx: &CallContext, mut shown: Shown) -> Shown {
    if is_customer(ctx) {
        return for_the_customer(shown, ctx.actor());
    }
    if let Some(veil) = Veil::of(ctx) {
        veil.over_shown(&mut shown);
    }
    shown
}

/// What the customer gets of a case in the copy of his data (PIPL Art. 45), also from another's hand: all that was written about him, notes, tasks and
/// reasons too. Not who of the house wrote it, nor which case it repeats: these tell of others.
fn for_his_copy(mut shown: Shown, himself: &str) -> Shown {
    let hide_others = |who: &mut String| {
        if who != himself {
            who.clear();
        }
    };
    shown.case.repeat_of = None;
    for file in &mut shown.attachments {
        hide_others(&mut file.added_by);
    }
    for entry in &mut shown.course {
        hide_others(&mut entry.actor);
    }
    for task in &mut shown.tasks {
        task.owner.clear();
    }
    for (given, may_decide) in &mut shown.compensations {
        given.asked_by.clear();
        given.decided_by.clear();
        may_decide.clear();
    }
    shown
}

/// What the customer himself is shown of a case: what he said and sent, where it stands, what he was told and granted. What the
/// house tells itself is not his to read: notes, tasks, warnings, clocks and their escalation, who did what, and which case it
/// repeats, for that may be one of whoever had the car before him.
fn for_the_customer(mut shown: Shown, himself: &str) -> Shown {
    shown.clocks.clear();
    shown.tasks.clear();
    shown.warnings.clear();
    hide_from_the_customer(&mut shown.case);
    shown.repeats_elsewhere = false;
    shown.attachments.retain(|file| file.added_by == himself);
    shown
        .compensations
        .retain(|(given, _)| given.state == CompensationState::Approved);
    for (given, may_decide) in &mut shown.compensations {
        for text in [
            &mut given.reason,
            &mut given.decision,
            &mut given.asked_by,
            &mut given.decided_by,
        ] {
            text.clear();
        }
        may_decide.clear();
    }
    shown.course.retain(|entry| {
        let is_told = entry.act == "noted" && entry.to == "customer";
        // What his own acts set going in the house.
        let is_inside = matches!(
            entry.act,
            "task_added" | "task_amended" | "task_finished" | "paused" | "resumed"
        );
        let is_step = matches!(
            entry.act,
            "opened" | "moved" | "filed" | "answered" | "lapsed"
        );
        is_told || is_step || (entry.actor == himself && !is_inside)
    });
    for entry in &mut shown.course {
        let is_told = entry.act == "noted";
        if entry.actor != himself {
            entry.actor.clear();
            if !is_told {
                entry.note.clear();
            }
        }
    }
    shown
}
