//! Correcting what a case says of itself, and notes: both may set clocks anew.

use std::sync::Arc;

use marque_auth::{CallContext, Scope};
use marque_core::{DealerCode, Timestamp};
use marque_db::{Conn, StoreError};
use marque_intake::IntakeError;
use marque_ledger::{Entry as Act, IdempotencyKey, record};
use marque_rpc::CallMeta;
use prost::Message;

use super::{
    AsRead, CaseApp, Shown, Wanted, draft,
    hand_over::{dealer_before, dealers_concerned},
    moves::{check_note, entry, expect_version},
    open::Who,
    publish::{self, Change},
    read::is_customer,
    visited::give_car,
};
use crate::{
    domain::{
        Calendar, Case, Clock, ClockKind, Severity, Standing, Tier, category_code, find_category,
        kinds_of,
    },
    error::{Error, Result},
    storage,
};

/// What is to be other than it is; what is empty stays.
#[derive(Debug, Clone, Default)]
pub(crate) struct Amendment {
    pub(crate) severity: String,
    pub(crate) category: String,
    pub(crate) department: String,
    pub(crate) part: String,
    pub(crate) fault: String,
    pub(crate) tier: String,
    pub(crate) vin: String,
    pub(crate) visit: String,
    pub(crate) channel: String,
    /// Who complains: source and key, or the customer's id.
    pub(crate) source: String,
    pub(crate) customer_key: String,
    pub(crate) customer_id: String,
    /// To whom it is handed over.
    pub(crate) dealer: String,
    /// What is to be empty.
    pub(crate) clear: Vec<String>,
    pub(crate) note: String,
    /// 0 if any.
    pub(crate) expected_version: i64,
}

/// What was changed: field, before, after.
pub(super) type Changed = (&'static str, String, String);

/// A note, and what it means.
#[derive(Debug, Clone, Default)]
pub(crate) struct Said {
    pub(crate) note: String,
    /// The customer was told.
    pub(crate) told_customer: bool,
    /// It was the reasoned answer that the law asks for.
    pub(crate) law_answer: bool,
}

/// The name under which answers are kept for idempotency keys.
const METHOD: &str = "complaint.amend";
/// The name under which it stands in the course that a case was given to another customer.
pub(super) const CUSTOMER: &str = "customer";

impl CaseApp {
    /// Corrects a case; clocks that run have the new budgets from now on, what was used stays used.
    pub(crate) async fn amend<R, A>(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        key: Option<IdempotencyKey>,
        wanted: Wanted,
        (amendment, wire): (Amendment, R),
        answer: impl Fn(Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        let wire = Arc::new(wire);
        let earlier = self.answered(&ctx, (METHOD, key.as_ref()), &wire);
        if let Some(answer) = earlier.await? {
            return Ok(answer);
        }
        check_note(&amendment.note)?;
        let who = self.another(&ctx, meta, wanted, &amendment).await?;
        let heir = self.heir(&ctx, meta, &amendment).await?;
        let dealer = heir.as_ref().map(DealerCode::as_str);
        let about = (wanted, &amendment);
        let car = self.car_by(&ctx, meta, about, dealer).await?;
        let app = self.clone();
        let now = self.clock.now();
        self.db
            .write(move |conn| {
                app.once(conn, (&ctx, now), (METHOD, key.as_ref()), &*wire, |conn| {
                    // Records before cases, as an import holds them.
                    let record = who.and_then(|(record, _)| record);
                    storage::lock_records(conn, record.into_iter())?;
                    app.check_not_erased(conn, record)?;
                    if let Some(heir) = &heir {
                        let found = app.find(conn, ctx.scope(), wanted)?;
                        let both = [found.dealer.as_str(), heir.as_str()];
                        storage::share_hours_of(conn, both)?;
                    }
                    let mut case = app.hold(conn, ctx.scope(), wanted)?;
                    expect_version(&case, amendment.expected_version)?;
                    let mut changes = amendment.apply(&mut case)?;
                    if let Some(car) = &car {
                        changes.extend(give_car(&mut case, car.clone(), &amendment)?);
                    }
                    if let Some(who) = who {
                        changes.extend(Self::give_to(conn, &mut case, who)?);
                    }
                    if let Some(heir) = &heir {
                        changes.extend(app.hand_over(conn, &ctx, &mut case, heir, now)?);
                    }
                    if !changes.is_empty() {
                        app.write_amended(conn, &ctx, &mut case, &changes, &amendment.note, now)?;
                    }
                    let shown = app.show(conn, &ctx, case)?;
                    Ok((vec![shown.case.id], answer(shown)))
                })
            })
            .await
    }

    /// Who complains by the amendment, if it says so.
    async fn another(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        wanted: Wanted,
        amendment: &Amendment,
    ) -> Result<Option<Who>> {
        let Amendment {
            source,
            customer_key,
            customer_id,
            note,
            ..
        } = amendment;
        if customer_key.trim().is_empty() && customer_id.is_empty() {
            return Ok(None);
        }
        if note.trim().is_empty() {
            let message = "say why the case is another customer's";
            return Err(Error::field("note", "REQUIRED", message));
        }
        let (app, caller) = (self.clone(), ctx.clone());
        let case = self
            .db
            .read(move |conn| app.find(conn, caller.scope(), wanted))
            .await?;
        let dealer = case
            .dealer
            .parse()
            .map_err(|_| Error::from(IntakeError::DealerUnknown))?;
        let keys = (source.as_str(), customer_key.trim(), customer_id.as_str());
        Ok(Some(self.who(ctx, meta, &dealer, keys).await?))
    }

    /// Gives a case to whom it is of, with the tier he has unless the desk has said another; answers what changed. Who it was and is
    /// stands in no entry, for the course outlasts people who are erased.
    fn give_to(
        conn: &mut Conn<'_>,
        case: &mut Case,
        (record, customer): Who,
    ) -> Result<Option<Changed>> {
        let linked = storage::customers_of(conn, record)?;
        let customer = record
            .and_then(|record| linked.get(&record).copied())
            .or(customer);
        if (case.record, case.customer) == (record, customer) {
            return Ok(None);
        }
        (case.record, case.customer) = (record, customer);
        let amended = storage::amended_fields(conn, case.id)?;
        if amended.iter().all(|field| field != "tier") {
            case.tier = Self::told_tier(conn, customer)?;
        }
        Ok(Some((CUSTOMER, String::new(), String::new())))
    }

    fn write_amended(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &mut Case,
        changes: &[Changed],
        note: &str,
        now: Timestamp,
    ) -> Result<()> {
        case.version += 1;
        case.updated_at = now;
        case.repeat_of = storage::find_repeated(conn, ctx.scope(), case)?;
        storage::update_case(conn, case)?;
        storage::update_origin(conn, case)?;
        storage::mark_repeat(conn, case.id, case.repeat_of)?;
        self.mend(conn, case, changes)?;
        let before = dealer_before(changes);
        let remarked = storage::remark_repeats(conn, case, before.is_some())?;
        for (field, from, to) in changes {
            let (from, to) = (format!("{field}={from}"), format!("{field}={to}"));
            self.note(
                conn,
                case.id,
                &entry(ctx, now, ("amended", &from, &to), note),
            )?;
        }
        self.rebudget(conn, ctx.scope(), case)?;
        let (subject, fields) = (
            case.id.to_string(),
            changes
                .iter()
                .map(|change| change.0)
                .collect::<Vec<_>>()
                .join(","),
        );
        for dealer in dealers_concerned(case, changes) {
            let act = Act {
                act: "complaint_amended",
                subject: &subject,
                dealer,
                detail: &fields,
            };
            record(conn, ctx, now, &act)?;
        }
        let change = Change::of(case, now).handed_over_by(before);
        publish::one(conn, &*self.clock, publish::AMENDED, change)?;
        Ok(self.tell_remarked(conn, &remarked, now)?)
    }

    /// Takes back what was found in columns that now say something else, and notes what is found in the vehicle that is now said.
    fn mend(&self, conn: &mut Conn<'_>, case: &mut Case, changes: &[Changed]) -> Result<()> {
        let before = case.words.findings.clone();
        case.words.findings.retain(|finding| {
            let column = match finding.field.column() {
                "customer_key" => CUSTOMER,
                column => column,
            };
            changes.iter().all(|(changed, ..)| *changed != column)
        });
        if changes.iter().any(|(changed, ..)| *changed == "vin") {
            let found = draft::findings_of_vin(&case.vin, case.updated_at);
            case.words.findings.extend(found);
        }
        if case.words.findings != before {
            storage::put_body(conn, case.id, &self.store.seal(case)?)?;
        }
        Ok(())
    }

    /// Gives the clocks that have not ended the budgets of the case as it is now; those of the law begin where it became
    /// their matter, and stop where it no longer is.
    pub(super) fn rebudget(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        case: &Case,
    ) -> std::result::Result<(), StoreError> {
        let calendar = self.calendar(conn, scope, &case.dealer)?;
        let mut clocks = storage::clocks_of(conn, scope, case.id)?;
        let wanted = kinds_of(&case.category);
        for clock in &mut clocks {
            let (kind, budget) = (clock.kind, self.budget(clock.kind, case));
            if !wanted.contains(&kind) {
                clock.end(Standing::Stopped, case.updated_at, &calendar);
                continue;
            }
            match clock.standing {
                Standing::Running | Standing::Paused => {
                    if kind.is_of_law() {
                        clock.count_from(case.begins(kind));
                    }
                    clock.rebudget(budget, case.updated_at, &calendar);
                }
                // It is a matter of the law again.
                Standing::Stopped if kind.is_of_law() && case.state.is_open() => {
                    clock.restart(budget, case.begins(kind), &calendar);
                }
                Standing::Stopped | Standing::Met => {}
            }
        }
        clocks.extend(self.missing_clocks(case, &clocks, &calendar));
        let owned = clocks
            .iter()
            .map(|clock| (case.id, case.dealer.as_str(), clock));
        storage::save_clocks(conn, owned)
    }

    /// Clocks that an open case of its category has and this one does not: the law's from the day of the demand, those of the
    /// house from the change that asks for them.
    pub(super) fn missing_clocks(
        &self,
        case: &Case,
        clocks: &[Clock],
        calendar: &Calendar,
    ) -> Vec<Clock> {
        let is_missing = |kind: ClockKind| {
            case.state.is_open()
                && !kind.is_met_in(case.state)
                && clocks.iter().all(|clock| clock.kind != kind)
        };
        let begin = |kind: ClockKind| {
            let from = if kind.is_of_law() {
                case.begins(kind)
            } else {
                case.updated_at
            };
            Clock::start(kind, self.budget(kind, case), from, calendar)
        };
        let kinds = kinds_of(&case.category).iter().copied();
        kinds.filter(|kind| is_missing(*kind)).map(begin).collect()
    }

    /// Writes a note; one that tells the customer something is the first response to him, and starts the clock of the next
    /// update anew.
    pub(crate) async fn add_note<R, A>(
        &self,
        ctx: CallContext,
        key: Option<IdempotencyKey>,
        read: AsRead,
        (said, wire): (Said, R),
        answer: impl Fn(Shown) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        if said.note.trim().is_empty() {
            return Err(Error::field("note", "REQUIRED", "write the note"));
        }
        check_note(&said.note)?;
        let app = self.clone();
        let now = self.clock.now();
        // What the customer says himself is no word of ours to him.
        let told_customer = said.told_customer && !is_customer(&ctx);
        self.db
            .write(move |conn| {
                app.once(
                    conn,
                    (&ctx, now),
                    ("complaint.note", key.as_ref()),
                    &wire,
                    |conn| {
                        let mut case = app.hold_as_read(conn, ctx.scope(), read)?;
                        if told_customer && said.law_answer {
                            expect_demand(&case)?;
                        }
                        case.version += 1;
                        case.updated_at = now;
                        storage::update_case(conn, &mut case)?;
                        if told_customer {
                            let told = (said.note.as_str(), said.law_answer);
                            app.tell_customer(conn, &ctx, &case, told, now)?;
                        } else {
                            let noted = entry(&ctx, now, ("noted", "", ""), &said.note);
                            app.note(conn, case.id, &noted)?;
                        }
                        publish::one(conn, &*app.clock, publish::NOTED, Change::of(&case, now))?;
                        app.hear_customer(conn, &ctx, &mut case, now)?;
                        let shown = app.show(conn, &ctx, case)?;
                        Ok((vec![shown.case.id], answer(shown)))
                    },
                )
            })
            .await
    }

    /// The customer had a word of ours: it stands in the course for him to see, and the clocks that wait for one follow.
    pub(super) fn tell_customer(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        (words, law_answer): (&str, bool),
        now: Timestamp,
    ) -> Result<()> {
        let told = entry(ctx, now, ("noted", "", "customer"), words);
        self.note(conn, case.id, &told)?;
        self.tell_clocks(conn, ctx, case, (law_answer, now))
    }

    fn tell_clocks(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        case: &Case,
        (law_answer, now): (bool, Timestamp),
    ) -> Result<()> {
        let calendar = self.calendar(conn, ctx.scope(), &case.dealer)?;
        let clocks = storage::clocks_of(conn, ctx.scope(), case.id)?;
        for mut clock in clocks {
            let is_running = clock.standing == Standing::Running;
            match clock.kind {
                ClockKind::FirstResponse if is_running => {
                    clock.end(Standing::Met, now, &calendar);
                }
                ClockKind::LawAnswer if is_running && law_answer => {
                    clock.end(Standing::Met, now, &calendar);
                }
                // One that began by the move with which he was told waits for the next word already.
                ClockKind::NextUpdate if is_running && clock.begun_at < now => {
                    clock.restart(self.budget(clock.kind, case), now, &calendar);
                }
                _ => continue,
            }
            storage::save_clocks(conn, [(case.id, case.dealer.as_str(), &clock)])?;
        }
        Ok(())
    }
}

/// Passes if the law asks for an answer to a case.
fn expect_demand(case: &Case) -> Result<()> {
    if kinds_of(&case.category).contains(&ClockKind::LawAnswer) {
        return Ok(());
    }
    let message = "it is no demand under the three guarantees: say told_customer, or amend its category first";
    Err(Error::field("law_answer", "NOT_ALLOWED", message))
}

/// Passes if what is to be empty is not said besides.
pub(super) fn expect_unsaid(field: &str, said: &str) -> Result<()> {
    if said.trim().is_empty() {
        return Ok(());
    }
    let message =
        format!("{field} cannot be said and be empty: leave it out here, or leave its value out");
    Err(Error::field("clear", "NOT_ALLOWED", message))
}

impl Amendment {
    /// Puts the new values into a case; answers what changed.
    fn apply(&self, case: &mut Case) -> Result<Vec<Changed>> {
        let mut changes = self.empty(case)?;
        changes.extend(self.apply_origin(case)?);
        let severity = case.severity.code().to_owned();
        if !self.severity.is_empty() {
            case.severity = Severity::parse(&self.severity).ok_or_else(|| {
                Error::field("severity", "FORMAT", "write low, medium, high or critical")
            })?;
        }
        if !self.tier.is_empty() {
            let tier = Tier::parse(&self.tier).ok_or_else(|| {
                Error::field("tier", "FORMAT", "write vip, major, ordinary or small")
            })?;
            let before = case.tier.map_or("", Tier::code).to_owned();
            changes.push(("tier", before, tier.code().to_owned()));
            case.tier = Some(tier);
        }
        if !self.category.is_empty() {
            let category = category_code(&self.category);
            // Where no department is named, it goes with the category.
            let goes_along = find_category(&case.category)
                .is_some_and(|before| before.department == case.department);
            if let Some(now) = find_category(&category).filter(|_| goes_along)
                && self.department.is_empty()
            {
                changes.push((
                    "department",
                    case.department.clone(),
                    now.department.to_owned(),
                ));
                now.department.clone_into(&mut case.department);
            }
            changes.push(("category", case.category.clone(), category.clone()));
            case.category = category;
        }
        case.severity = case.severity.at_least_of(&case.category);
        changes.push(("severity", severity, case.severity.code().to_owned()));
        if !self.department.is_empty() {
            let department = draft::department(&self.department)
                .map_err(|violation| Error::Invalid(vec![violation]))?;
            changes.push(("department", case.department.clone(), department.to_owned()));
            department.clone_into(&mut case.department);
        }
        for (field, kept, new) in [
            ("part", &mut case.part, &self.part),
            ("fault", &mut case.fault, &self.fault),
            // Asked for already, and found.
            ("visit_id", &mut case.visit, &self.visit),
        ] {
            let new = new.trim();
            draft::check_code(field, new).map_err(|violation| Error::Invalid(vec![violation]))?;
            if !new.is_empty() {
                changes.push((field, kept.clone(), new.to_owned()));
                new.clone_into(kept);
            }
        }
        changes.retain(|(_, from, to)| from != to);
        Ok(changes)
    }

    /// Empties what is to be empty.
    fn empty(&self, case: &mut Case) -> Result<Vec<Changed>> {
        let mut changes = Vec::new();
        for wanted in &self.clear {
            let (field, kept) = match wanted.as_str() {
                "vin" => ("vin", &mut case.vin),
                "visit_id" => ("visit_id", &mut case.visit),
                "part" => ("part", &mut case.part),
                "fault" => ("fault", &mut case.fault),
                _ => {
                    let message = "what can be empty is vin, visit_id, part and fault";
                    return Err(Error::field("clear", "FORMAT", message));
                }
            };
            let said = match field {
                "vin" => &self.vin,
                "visit_id" => &self.visit,
                "part" => &self.part,
                _ => &self.fault,
            };
            expect_unsaid(field, said)?;
            changes.push((field, std::mem::take(kept), String::new()));
        }
        Ok(changes)
    }

    /// Puts in what vehicle it is about and how it came.
    fn apply_origin(&self, case: &mut Case) -> Result<Vec<Changed>> {
        let mut changes = Vec::new();
        if !self.vin.trim().is_empty() {
            let vin =
                draft::check_vin(&self.vin).map_err(|violation| Error::Invalid(vec![violation]))?;
            changes.push(("vin", case.vin.clone(), vin.clone()));
            case.vin = vin;
        }
        if !self.channel.trim().is_empty() {
            let channel = draft::channel(&self.channel)
                .map_err(|violation| Error::Invalid(vec![violation]))?;
            changes.push(("channel", case.channel.clone(), channel.to_owned()));
            channel.clone_into(&mut case.channel);
        }
        Ok(changes)
    }
}
