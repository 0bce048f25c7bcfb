//! What callers ask of visits, and live rows.

use std::collections::hash_map::Entry;

use marque_api::{
    intake::v1::RowOutcome,
    service_history::v1::{self as pb, PutVisitResponse},
};
use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, PageRequest, SharedClock, Timestamp, VisitId};
use marque_db::{Conn, Database};
use marque_errors::Violation;
use marque_events::records_with_dealers;
use marque_intake::{Directory, HeldPage, Outcome, held_rows};
use marque_ledger::{Entry as Act, IdempotencyKey, once, record};
use marque_quality::{Finding, Lang, Severity, vin::Vin};
use marque_rpc::CallMeta;
use prost::Message;
use rustc_hash::FxHashMap;

use super::{RawRow, Rows};
use crate::{
    domain::{Implausible, Visit, doubt},
    error::{Error, Result},
    storage::{self, Listed, VisitStore, Whose},
};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct VisitApp {
    pub(super) db: Database,
    pub(super) store: VisitStore,
    clock: SharedClock,
    rows: Rows,
    directory: Directory,
}

/// A visit as it is shown.
#[derive(Clone)]
pub(crate) struct Shown {
    pub(crate) visit: Visit,
    /// Whether it is the car's first after its sale, as far as is known.
    pub(crate) is_first: bool,
    /// Whether the caller has nothing to do with who brought the car: then he learns what was done, not who it was.
    pub(crate) is_anonymous: bool,
    /// Only of a visit that is shown alone.
    pub(crate) doubt: Option<Implausible>,
}

/// Customers of whom the customer service says that the caller's dealer is shown nothing any more, whatever its events have told here.
pub(crate) type Strangers = Vec<CustomerId>;

/// One page of a list and the key of the next.
#[derive(Clone)]
pub(crate) struct Page {
    pub(crate) entries: Vec<Shown>,
    pub(crate) next: Option<String>,
}

/// One page of what is handed out to a customer, and the key of the next.
#[derive(Clone, Default)]
pub(crate) struct Export {
    pub(crate) visits: Vec<Shown>,
    /// Versions that were replaced.
    pub(crate) earlier: Vec<Shown>,
    pub(crate) next: Option<String>,
}

impl VisitApp {
    pub(crate) fn new(
        db: Database,
        store: VisitStore,
        clock: SharedClock,
        rows: Rows,
        directory: Directory,
    ) -> Self {
        Self {
            db,
            store,
            clock,
            rows,
            directory,
        }
    }

    /// Creates or corrects one visit from a dealer's row. What the key remembers is which visit it was, never what was shown of it: a
    /// row that is sent again is answered with the visit as it is now.
    pub(crate) async fn put<R>(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        key: Option<IdempotencyKey>,
        (dealer, source, raw, expected): (&str, &str, RawRow<'_>, i64),
        request: R,
    ) -> Result<(Shown, Outcome)>
    where
        R: Message + 'static,
    {
        if source.trim().is_empty() || source.chars().count() > 64 {
            let message = "name the source system of the row, such as dms, in 1 to 64 characters";
            return Err(Error::Invalid(vec![Violation::new(
                "source", "MISSING", message,
            )]));
        }
        let dealer = self.directory.check(meta, dealer).await?;
        let now = self.clock.now();
        let prepared = self.rows.prepare(&dealer, source, &[raw], now);
        let Some(payload) = prepared.payload else {
            return Err(Error::Invalid(violations(&prepared.findings)));
        };
        let app = self.clone();
        // A visit is compared with what all dealers told of the car.
        self.db
            .across()
            .write(move |conn| {
                let kept = once(
                    conn,
                    &ctx,
                    now,
                    "visit.put",
                    key.as_ref(),
                    &request,
                    |conn| {
                        let recorded = app.rows.write(conn, &[&payload], (None, now))?[0];
                        if !recorded.outcome.meets(recorded.version, expected) {
                            return Err(Error::VisitChanged);
                        }
                        if recorded.outcome == Outcome::Stored {
                            let (act, subject) =
                                (act_of(recorded.version), recorded.id.to_string());
                            let entry = Act {
                                act,
                                subject: &subject,
                                dealer: dealer.as_str(),
                                detail: "",
                            };
                            record(conn, &ctx, now, &entry)?;
                        }
                        Ok::<_, Error>(kept_of(recorded.id, recorded.outcome))
                    },
                )?;
                let (id, outcome) = read_kept(&kept)?;
                let visit = app.store.find(conn, ctx.scope(), id)?;
                let visit = visit.ok_or(Error::VisitUnknown)?;
                Ok((show_alone(conn, ctx.scope(), visit, &[], now)?, outcome))
            })
            .await
    }

    pub(crate) async fn get(
        &self,
        ctx: CallContext,
        id: VisitId,
        strangers: Strangers,
    ) -> Result<Shown> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .across()
            .read(move |conn| {
                let visit = app.find_visible(conn, ctx.scope(), id, &strangers, now)?;
                show_alone(conn, ctx.scope(), visit, &strangers, now)
            })
            .await
    }

    /// The visit and its earlier versions, newest first.
    pub(crate) async fn list_versions(
        &self,
        ctx: CallContext,
        id: VisitId,
        strangers: Strangers,
    ) -> Result<Vec<Shown>> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .across()
            .scan(move |conn| {
                let visit = app.find_visible(conn, ctx.scope(), id, &strangers, now)?;
                let mut versions = app.store.list_versions(conn, ctx.scope(), &visit)?;
                versions.insert(0, visit);
                show(conn, ctx.scope(), versions, &strangers, now)
            })
            .await
    }

    /// Visits of a car across all dealers, for whoever has to do with the car.
    pub(crate) async fn list_of_vehicle(
        &self,
        ctx: CallContext,
        typed: &str,
        (page, listed): (PageRequest, Listed),
        strangers: Strangers,
    ) -> Result<Page> {
        let Ok(vin) = Vin::parse(typed) else {
            return Ok(Page {
                entries: Vec::new(),
                next: None,
            });
        };
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .scan(move |conn| {
                let vin = vin.as_str();
                if !storage::knows_vin(conn, ctx.scope(), vin, now)? {
                    return Ok(Page {
                        entries: Vec::new(),
                        next: None,
                    });
                }
                conn.see_all_dealers()?;
                let whose = Whose::Vehicle(vin);
                let visits = app.store.list(conn, ctx.scope(), whose, &page, listed)?;
                let next = next_of(&visits, &page);
                let entries = show(conn, ctx.scope(), visits, &strangers, now)?;
                Ok(Page { entries, next })
            })
            .await
    }

    /// Visits of a customer across all his cars and dealers, for whoever has to do with him.
    pub(crate) async fn list_of_customer(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
        listed: Listed,
    ) -> Result<Page> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .read(move |conn| {
                let customer = storage::current_customer(conn, customer)?;
                if !storage::knows_customer(conn, ctx.scope(), customer, now)? {
                    return Ok(Page {
                        entries: Vec::new(),
                        next: None,
                    });
                }
                conn.see_all_dealers()?;
                let whose = Whose::Customer(customer);
                let visits = app.store.list(conn, ctx.scope(), whose, &page, listed)?;
                let next = next_of(&visits, &page);
                // Whoever may list a customer's visits knows him.
                let entries = show_of(conn, ctx.scope(), visits, &[(customer, true)], now)?;
                Ok(Page { entries, next })
            })
            .await
    }

    /// All visits of a customer and the versions that were his, for himself or for whoever hands them out to him.
    pub(crate) async fn export(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<Export> {
        let (app, now) = (self.clone(), self.clock.now());
        self.db
            .scan(move |conn| {
                let customer = storage::current_customer(conn, customer)?;
                if !storage::knows_customer(conn, ctx.scope(), customer, now)? {
                    return Ok(Export::default());
                }
                conn.see_all_dealers()?;
                let told = app.store.list_told(conn, customer, &page)?;
                let is_full = told.len() == page.size as usize;
                let next = told.last().filter(|_| is_full);
                let next = next.map(|(visit, _)| visit.version_key());
                let (standing, earlier): (Vec<_>, Vec<_>) =
                    told.into_iter().partition(|(_, stands)| *stands);
                let mut shown = |told: Vec<(Visit, bool)>| {
                    let visits = told.into_iter().map(|(visit, _)| visit).collect();
                    show_of(conn, ctx.scope(), visits, &[(customer, true)], now)
                };
                Ok(Export {
                    visits: shown(standing)?,
                    earlier: shown(earlier)?,
                    next,
                })
            })
            .await
    }

    /// Rows of files that are held back under a key of a customer's, for himself or for whoever hands them out to him.
    pub(crate) async fn export_held(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<HeldPage> {
        let (vault, now) = (self.rows.vault.clone(), self.clock.now());
        self.db
            .scan(move |conn| {
                let customer = storage::current_customer(conn, customer)?;
                if !storage::knows_customer(conn, ctx.scope(), customer, now)? {
                    return Ok(HeldPage::default());
                }
                conn.see_all_dealers()?;
                let records = records_with_dealers(conn, customer)?;
                Ok(held_rows(conn, &vault, &records, &[], &page)?)
            })
            .await
    }

    fn find_visible(
        &self,
        conn: &mut Conn<'_>,
        scope: &Scope,
        id: VisitId,
        strangers: &[CustomerId],
        now: Timestamp,
    ) -> Result<Visit> {
        let visit = self
            .store
            .find(conn, scope, id)?
            .ok_or(Error::VisitUnknown)?;
        let is_own = scope
            .dealer()
            .is_some_and(|dealer| dealer.as_str() == visit.dealer);
        let customer = visit.customer.filter(|known| !strangers.contains(known));
        let is_known = is_own
            || storage::knows_vin(conn, scope, &visit.vin, now)?
            || knows(conn, scope, customer, now)?
            || storage::is_of_region(conn, scope, &visit.dealer)?;
        if is_known {
            Ok(visit)
        } else {
            Err(Error::VisitUnknown)
        }
    }
}

/// The key of the page after this one, if there may be one.
fn next_of(visits: &[Visit], page: &PageRequest) -> Option<String> {
    let is_full = visits.len() == page.size as usize;
    visits.last().filter(|_| is_full).map(Visit::page_key)
}

/// What is kept under a key: the answer with nothing in it but which visit it was and what became of the row.
fn kept_of(id: VisitId, outcome: Outcome) -> PutVisitResponse {
    let visit = pb::Visit {
        id: id.to_string(),
        ..pb::Visit::default()
    };
    PutVisitResponse {
        visit: Some(visit),
        outcome: outcome.to_pb(false).into(),
    }
}

/// Reads what is kept under a key, also by a release that kept the whole answer.
fn read_kept(kept: &PutVisitResponse) -> Result<(VisitId, Outcome)> {
    let id = kept.visit.as_ref().and_then(|visit| visit.id.parse().ok());
    let outcome = match kept.outcome() {
        RowOutcome::Unchanged => Outcome::Unchanged,
        _ => Outcome::Stored,
    };
    Ok((id.ok_or(Error::VisitUnknown)?, outcome))
}

fn act_of(version: i64) -> &'static str {
    if version == 1 {
        "visit_put"
    } else {
        "visit_corrected"
    }
}

fn knows(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: Option<CustomerId>,
    now: Timestamp,
) -> Result<bool> {
    Ok(match customer {
        Some(customer) => storage::knows_customer(conn, scope, customer, now)?,
        None => false,
    })
}

fn show(
    conn: &mut Conn<'_>,
    scope: &Scope,
    visits: Vec<Visit>,
    strangers: &[CustomerId],
    now: Timestamp,
) -> Result<Vec<Shown>> {
    let told: Vec<_> = strangers.iter().map(|one| (*one, false)).collect();
    show_of(conn, scope, visits, &told, now)
}

/// Marks first visits and hides people the caller does not know; of those in `told` it is known already whether he does.
fn show_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    visits: Vec<Visit>,
    told: &[(CustomerId, bool)],
    now: Timestamp,
) -> Result<Vec<Shown>> {
    let mut firsts: FxHashMap<String, Option<VisitId>> = FxHashMap::default();
    let mut known = Known {
        customers: told.iter().copied().collect(),
        dealers: FxHashMap::default(),
        now,
    };
    let mut shown = Vec::with_capacity(visits.len());
    for mut visit in visits {
        let first = match firsts.get(&visit.vin) {
            Some(first) => *first,
            None if visit.vin.is_empty() => None,
            None => {
                let first = storage::first_visit(conn, &visit.vin)?;
                firsts.insert(visit.vin.clone(), first);
                first
            }
        };
        let is_anonymous = is_anonymous(conn, scope, &visit, &mut known)?;
        if is_anonymous {
            visit.hide_identifiers();
        }
        shown.push(Shown {
            is_first: first == Some(visit.id),
            visit,
            is_anonymous,
            doubt: None,
        });
    }
    Ok(shown)
}

/// Whom a scope has to do with, as far as was asked for one answer.
struct Known {
    customers: FxHashMap<CustomerId, bool>,
    /// Whether a dealer lies in the region.
    dealers: FxHashMap<String, bool>,
    now: Timestamp,
}

fn is_anonymous(
    conn: &mut Conn<'_>,
    scope: &Scope,
    visit: &Visit,
    known: &mut Known,
) -> Result<bool> {
    let is_open = match scope {
        Scope::Headquarters => true,
        Scope::Region(_) => {
            if let Some(is_inside) = known.dealers.get(&visit.dealer) {
                *is_inside
            } else {
                let is_inside = storage::is_of_region(conn, scope, &visit.dealer)?;
                known.dealers.insert(visit.dealer.clone(), is_inside);
                is_inside
            }
        }
        Scope::Dealer(dealer) => dealer.as_str() == visit.dealer,
        Scope::Customer(_) => false,
    };
    let Some(customer) = visit.customer else {
        return Ok(!is_open);
    };
    if is_open {
        return Ok(false);
    }
    let is_known = match known.customers.entry(customer) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(unasked) => {
            *unasked.insert(storage::knows_customer(conn, scope, customer, known.now)?)
        }
    };
    Ok(!is_known)
}

fn show_alone(
    conn: &mut Conn<'_>,
    scope: &Scope,
    visit: Visit,
    strangers: &[CustomerId],
    now: Timestamp,
) -> Result<Shown> {
    let mut shown = show(conn, scope, vec![visit], strangers, now)?
        .pop()
        .expect("one visit was given");
    shown.doubt = doubt_of(conn, &shown.visit)?;
    Ok(shown)
}

/// Whether the odometer is doubted against what is now known of the car.
pub(super) fn doubt_of(conn: &mut Conn<'_>, visit: &Visit) -> Result<Option<Implausible>> {
    let Some(meter) = visit.meter() else {
        return Ok(None);
    };
    let meters = storage::meters_of(conn, &[&visit.vin])?;
    let others = meters
        .into_iter()
        .filter(|(_, id, _)| *id != visit.id)
        .map(|(_, _, meter)| meter);
    Ok(doubt(meter, others))
}

/// What keeps a live row from being taken, field by field.
fn violations(findings: &[Finding]) -> Vec<Violation> {
    findings
        .iter()
        .filter(|finding| finding.severity >= Severity::Error)
        .map(|finding| {
            Violation::new(
                finding.field.column(),
                finding.rule.entry().id.to_uppercase(),
                finding.message(Lang::En),
            )
        })
        .collect()
}
