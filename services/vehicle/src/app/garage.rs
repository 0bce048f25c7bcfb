//! The vehicles of one customer, page by page.

use marque_auth::{CallContext, Scope};
use marque_core::{CustomerId, PageRequest, SourceRecordId, Timestamp, VehicleId};
use marque_db::Conn;
use marque_events::records_with_dealers;
use marque_intake::{HeldPage, held_rows};
use rustc_hash::FxHashMap;

use super::{
    Rows,
    read::{Page, Shown, VehicleApp, show},
    rows::{DRIVER, PAYER},
};
use crate::{
    domain::{Party, Role, with_validity},
    error::Result,
    storage::{self, KeptRow, StoredColumns},
};

/// A dealer's row as it is handed out to somebody it names.
#[derive(Debug, Clone)]
pub(crate) struct Naming {
    pub(crate) kept: KeptRow,
    /// What it says he is.
    pub(crate) roles: Vec<Role>,
    pub(crate) columns: StoredColumns,
}

/// Vehicles of one customer that are looked at together; fleets have more, and are gone through by what was heard last.
const CUSTOMER_VEHICLES: usize = 200;

/// Where the list of a customer's vehicles stands: how many vehicles were gone through, and how many of those looked at
/// now were shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Reached {
    passed: usize,
    shown: usize,
}

impl Reached {
    fn read(key: &str) -> Option<Self> {
        let (passed, shown) = key.split_once('+')?;
        Some(Self {
            passed: passed.parse().ok()?,
            shown: shown.parse().ok()?,
        })
    }

    /// Where the vehicles begin that are looked at after these.
    fn beyond(self) -> Self {
        Self {
            passed: self.passed.saturating_add(CUSTOMER_VEHICLES),
            shown: 0,
        }
    }

    fn key(self) -> String {
        format!("{}+{}", self.passed, self.shown)
    }
}

impl VehicleApp {
    /// A customer's vehicles with his parts in them, those with a current part first.
    pub(crate) async fn list_of_customer(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<Page<(Shown, Vec<Party>)>> {
        let now = self.clock.now();
        self.db
            .across()
            .read(move |conn| customer_vehicles(conn, ctx.scope(), customer, &page, now))
            .await
    }

    /// The dealers' rows that name a customer, for himself or for whoever hands them out to him.
    pub(crate) async fn export_rows(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<Page<Naming>> {
        let rows = self.rows.clone();
        self.db
            .across()
            .scan(move |conn| match open_to(conn, ctx.scope(), customer)? {
                Some(customer) => rows_naming(conn, &rows, customer, &page),
                None => Ok(Page::default()),
            })
            .await
    }
}

impl VehicleApp {
    /// Rows of files that are held back under a key of a customer's, for himself or for whoever hands them out to him.
    pub(crate) async fn export_held(
        &self,
        ctx: CallContext,
        customer: CustomerId,
        page: PageRequest,
    ) -> Result<HeldPage> {
        let vault = self.rows.vault.clone();
        self.db
            .across()
            .scan(move |conn| {
                let Some(customer) = open_to(conn, ctx.scope(), customer)? else {
                    return Ok(HeldPage::default());
                };
                let records = records_with_dealers(conn, customer)?;
                // A row of a car of his may name who drives it or pays for it.
                let of_others = &[DRIVER, PAYER];
                Ok(held_rows(conn, &vault, &records, of_others, &page)?)
            })
            .await
    }
}

/// The customer an id now stands for; `None` if another customer asks.
fn open_to(conn: &mut Conn<'_>, scope: &Scope, asked: CustomerId) -> Result<Option<CustomerId>> {
    let customer = storage::current_customer(conn, asked)?;
    let is_open = match scope {
        Scope::Customer(own) => storage::current_customer(conn, *own)? == customer,
        _ => true,
    };
    Ok(is_open.then_some(customer))
}

fn rows_naming(
    conn: &mut Conn<'_>,
    rows: &Rows,
    customer: CustomerId,
    page: &PageRequest,
) -> Result<Page<Naming>> {
    let own = storage::records_of(conn, customer)?;
    let found = storage::rows_naming(conn, customer, page)?;
    let is_full = found.len() == page.size as usize;
    let next = found.last().filter(|_| is_full);
    let next = next.map(storage::NamingRow::page_key);
    let is_he = |record: Option<SourceRecordId>| record.is_some_and(|one| own.contains(&one));
    let mut entries = Vec::with_capacity(found.len());
    for storage::NamingRow { kept, parts } in found {
        let [owner, driver, payer] = parts;
        let columns = rows.open(&kept)?;
        // What the dealer noted beside is of the owner, or of whoever it names where it names none.
        let columns = if owner.is_none() || is_he(owner) {
            columns
        } else {
            columns.for_others()
        };
        // By which key a dealer knows another is that person's.
        let foreign: Vec<&str> = [(DRIVER, driver), (PAYER, payer)]
            .into_iter()
            .filter_map(|(header, record)| (record.is_some() && !is_he(record)).then_some(header))
            .collect();
        let columns = columns.without(&foreign);
        let roles = [Role::Owner, Role::Driver, Role::Payer]
            .into_iter()
            .zip(parts);
        entries.push(Naming {
            roles: roles
                .filter(|(_, record)| is_he(*record))
                .map(|(role, _)| role)
                .collect(),
            columns,
            kept,
        });
    }
    Ok(Page { entries, next })
}

fn customer_vehicles(
    conn: &mut Conn<'_>,
    scope: &Scope,
    asked: CustomerId,
    page: &PageRequest,
    now: Timestamp,
) -> Result<Page<(Shown, Vec<Party>)>> {
    let Some(customer) = open_to(conn, scope, asked)? else {
        return Ok(Page::default());
    };
    let token = page.after.as_ref();
    let mut at = token
        .and_then(|token| Reached::read(&token.key))
        .unwrap_or_default();
    loop {
        let span = (at.passed, CUSTOMER_VEHICLES);
        let all = storage::vehicles_of_customer(conn, scope, customer, span)?;
        let is_last = all.len() < CUSTOMER_VEHICLES;
        let visible = storage::visible(conn, scope, &all, now)?;
        let ids: Vec<VehicleId> = all.into_iter().filter(|id| visible.contains(id)).collect();
        if at.shown < ids.len() || is_last {
            return page_of(
                conn,
                scope,
                customer,
                (ids, is_last),
                (at, page.size as usize),
            );
        }
        at = at.beyond();
    }
}

/// One page out of the vehicles that are looked at together.
fn page_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    customer: CustomerId,
    (mut ids, is_last): (Vec<VehicleId>, bool),
    (at, size): (Reached, usize),
) -> Result<Page<(Shown, Vec<Party>)>> {
    let mut parties = parties_of(conn, scope, &ids, customer)?;
    ids.sort_by_key(|id| !parties[id].iter().any(|party| party.valid_to.is_none()));
    let shown_then = at.shown + size;
    let next = if shown_then < ids.len() {
        Some(Reached {
            shown: shown_then,
            ..at
        })
    } else {
        (!is_last).then(|| at.beyond())
    };
    let ids: Vec<VehicleId> = ids.into_iter().skip(at.shown).take(size).collect();
    let shown = show(conn, scope, &ids)?.into_iter();
    let entries = shown.map(|shown| {
        let parties = parties.remove(&shown.vehicle.id).unwrap_or_default();
        (shown, parties)
    });
    Ok(Page {
        entries: entries.collect(),
        next: next.map(Reached::key),
    })
}

/// One customer's parts in vehicles, each vehicle's ends told from all its parts.
fn parties_of(
    conn: &mut Conn<'_>,
    scope: &Scope,
    vehicles: &[VehicleId],
    customer: CustomerId,
) -> Result<FxHashMap<VehicleId, Vec<Party>>> {
    let mut facts: FxHashMap<VehicleId, Vec<_>> =
        vehicles.iter().map(|id| (*id, Vec::new())).collect();
    for fact in storage::list_parties(conn, scope, vehicles)? {
        facts.entry(fact.vehicle).or_default().push(fact);
    }
    let own = |facts| {
        let all = with_validity(facts).into_iter();
        all.filter(|party| party.fact.customer == Some(customer))
            .collect()
    };
    Ok(facts
        .into_iter()
        .map(|(id, facts)| (id, own(facts)))
        .collect())
}
