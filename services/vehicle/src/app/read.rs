//! What callers ask of vehicles, and live rows.

use std::time::Duration;

use marque_auth::{CallContext, Scope};
use marque_core::{DealerCode, PageRequest, SharedClock, Timestamp, VehicleId};
use marque_db::{Conn, Database};
use marque_errors::Violation;
use marque_intake::{Directory, Outcome};
use marque_ledger::{Entry, IdempotencyKey, once, record};
use marque_quality::{Finding, Lang, Severity, plate::Plate, vin::Vin};
use marque_rpc::CallMeta;
use prost::Message;
use rustc_hash::FxHashMap;

use super::{RawRow, Rows, publish};
use crate::{
    domain::{Party, PlateInterval, Reading, Vehicle, likeliest_now, with_validity},
    error::{Error, Result},
    storage::{self, Sight},
};

/// The use cases; cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct VehicleApp {
    pub(super) db: Database,
    pub(super) clock: SharedClock,
    pub(super) rows: Rows,
    directory: Directory,
}

/// A vehicle as it is shown, with its plates, current ones first.
#[derive(Debug, Clone)]
pub(crate) struct Shown {
    pub(crate) vehicle: Vehicle,
    pub(crate) plates: Vec<PlateInterval>,
}

/// What a look-up found.
#[derive(Debug, Clone)]
pub(crate) struct Found {
    pub(crate) vehicles: Vec<Shown>,
    /// Who has a part in those that carry the key now, the likeliest first; nobody unless asked for.
    pub(crate) parties: Vec<Party>,
}

/// One page of a list and the key of the next.
#[derive(Debug, Clone)]
pub(crate) struct Page<T> {
    pub(crate) entries: Vec<T>,
    pub(crate) next: Option<String>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self {
            entries: Vec::new(),
            next: None,
        }
    }
}

/// How long a reception opens a vehicle's file.
const RECEPTION: Duration = Duration::from_hours(90 * 24);
/// A reception is renewed when this much of it has passed: not at every look.
const RENEWAL: Duration = Duration::from_hours(24);
/// Most people a look-up names: a car that more have a part in is nobody's.
const MOST_PARTIES: usize = 20;

impl VehicleApp {
    pub(crate) fn new(db: Database, clock: SharedClock, rows: Rows, directory: Directory) -> Self {
        Self {
            db,
            clock,
            rows,
            directory,
        }
    }

    /// Creates or amends one vehicle from a dealer's row; `answer` makes what the key remembers.
    pub(crate) async fn put<R, A>(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        key: Option<IdempotencyKey>,
        (dealer, source, raw, expected): (&str, &str, RawRow<'_>, i64),
        request: R,
        answer: impl Fn(Shown, Outcome, &[Finding]) -> A + Send + Sync + 'static,
    ) -> Result<A>
    where
        R: Message + 'static,
        A: Message + Default + 'static,
    {
        if source.trim().is_empty() || source.chars().count() > 64 {
            let message = "name the source system of the row, such as dms, in 1 to 64 characters";
            return Err(Error::Invalid(vec![Violation::new(
                "source", "MISSING", message,
            )]));
        }
        let dealer = self.directory.check(meta, dealer).await?;
        let now = self.clock.now();
        let prepared = self.rows.prepare(&dealer, source, &raw, now);
        let findings = prepared.findings;
        let Some(payload) = prepared.payload else {
            return Err(Error::Invalid(violations(&findings)));
        };
        let rows = self.rows.clone();
        // A row tells of a car that other dealers have told of too.
        self.db
            .across()
            .write(move |conn| {
                once(
                    conn,
                    &ctx,
                    now,
                    "vehicle.put",
                    key.as_ref(),
                    &request,
                    |conn| {
                        // Of a car that the caller does not see yet, a condition tells no more than of none.
                        let is_seen = expected == 0 || sees(conn, ctx.scope(), payload.vin(), now)?;
                        let kept = rows.write(conn, &[&payload], (None, now))?[0];
                        if kept.outcome == Outcome::Stored {
                            record_act(conn, &ctx, now, "vehicle_put", kept.vehicle, &dealer)?;
                        }
                        let shown = show(conn, ctx.scope(), &[kept.vehicle])?
                            .pop()
                            .ok_or(Error::VehicleUnknown)?;
                        let is_met = if is_seen {
                            kept.outcome.meets(shown.vehicle.version, expected)
                        } else {
                            expected < 0
                        };
                        if !is_met {
                            return Err(Error::VehicleChanged);
                        }
                        Ok(answer(shown, kept.told(), &findings))
                    },
                )
            })
            .await
    }

    pub(crate) async fn get(&self, ctx: CallContext, id: VehicleId) -> Result<Shown> {
        let now = self.clock.now();
        self.db
            .read(move |conn| {
                let visible = storage::visible(conn, ctx.scope(), &[id], now)?;
                conn.see_all_dealers()?;
                show(conn, ctx.scope(), &visible)?
                    .pop()
                    .ok_or(Error::VehicleUnknown)
            })
            .await
    }

    /// The car of a VIN, if the caller may see it already. No reception: he asks beside something else.
    pub(crate) async fn get_by_vin(&self, ctx: CallContext, typed: &str) -> Result<Shown> {
        let vin = Vin::parse(typed).map_err(|_| Error::VehicleUnknown)?;
        let scope = ctx.scope().clone();
        let found = self
            .db
            .read(move |conn| storage::find_by_vins(conn, &scope, &[vin.as_str()]))
            .await?;
        let vehicle = found.first().ok_or(Error::VehicleUnknown)?;
        self.get(ctx, vehicle.id).await
    }

    /// The car of a VIN, with who has a part in it if asked for. For a dealer it is a reception.
    pub(crate) async fn find_by_vin(
        &self,
        ctx: CallContext,
        typed: &str,
        with_parties: bool,
    ) -> Result<Found> {
        let Ok(vin) = Vin::parse(typed) else {
            return Ok(Found::nothing());
        };
        let scope = ctx.scope().clone();
        let found = self
            .db
            .read(move |conn| storage::find_by_vins(conn, &scope, &[vin.as_str()]))
            .await?;
        let ids: Vec<VehicleId> = found.into_iter().map(|vehicle| vehicle.id).collect();
        self.answer_lookup(ctx, ids.clone(), ids, with_parties)
            .await
    }

    /// The cars that have or had a plate, with who has a part in the one that carries it now if asked for. For a dealer the look-up
    /// is a reception of that one.
    pub(crate) async fn find_by_plate(
        &self,
        ctx: CallContext,
        typed: &str,
        with_parties: bool,
    ) -> Result<Found> {
        let Ok(plate) = Plate::parse(typed) else {
            return Ok(Found::nothing());
        };
        let scope = ctx.scope().clone();
        let held = self
            .db
            .read(move |conn| storage::current_holders(conn, &scope, plate.as_str()))
            .await?;
        let current = held
            .iter()
            .filter(|held| held.interval.to.is_none())
            .map(|held| held.vehicle)
            .collect();
        let mut all: Vec<VehicleId> = Vec::with_capacity(held.len());
        for held in held {
            if !all.contains(&held.vehicle) {
                all.push(held.vehicle);
            }
        }
        self.answer_lookup(ctx, all, current, with_parties).await
    }

    async fn answer_lookup(
        &self,
        ctx: CallContext,
        found: Vec<VehicleId>,
        hits: Vec<VehicleId>,
        with_parties: bool,
    ) -> Result<Found> {
        let now = self.clock.now();
        if let Some(dealer) = ctx.scope().dealer().cloned() {
            self.receive(ctx.clone(), dealer, hits.clone(), now).await?;
        }
        self.db
            .read(move |conn| {
                let visible = storage::visible(conn, ctx.scope(), &found, now)?;
                conn.see_all_dealers()?;
                let in_order: Vec<VehicleId> = found
                    .into_iter()
                    .filter(|id| visible.contains(id))
                    .collect();
                let mut parties = Vec::new();
                let asked = hits
                    .iter()
                    .filter(|id| with_parties && visible.contains(id));
                for id in asked {
                    let facts = storage::list_parties(conn, ctx.scope(), &[*id])?;
                    parties.extend(likeliest_now(with_validity(facts)));
                }
                parties.truncate(MOST_PARTIES);
                let vehicles = show(conn, ctx.scope(), &in_order)?;
                Ok(Found { vehicles, parties })
            })
            .await
    }

    /// Opens the files that the dealer cannot see already; most look-ups open none and write nothing.
    async fn receive(
        &self,
        ctx: CallContext,
        dealer: DealerCode,
        hits: Vec<VehicleId>,
        now: Timestamp,
    ) -> Result<()> {
        let reader = dealer.clone();
        let shut: Vec<VehicleId> = self
            .db
            .read(move |conn| {
                let mut shut = Vec::new();
                for id in hits {
                    if needs_reception(storage::open_file(conn, &reader, id)?, now) {
                        shut.push(id);
                    }
                }
                Ok::<_, Error>(shut)
            })
            .await?;
        if shut.is_empty() {
            return Ok(());
        }
        let (clock, until) = (self.clock.clone(), now.plus(RECEPTION));
        self.db
            .write(move |conn| {
                for id in &shut {
                    storage::receive(conn, &dealer, *id, until)?;
                    record_act(conn, &ctx, now, "vehicle_received", *id, &dealer)?;
                }
                let vehicles = storage::find_by_ids(conn, ctx.scope(), &shut)?;
                Ok(publish::received(conn, &*clock, &vehicles, &dealer, until)?)
            })
            .await
    }

    /// All parts in a vehicle. A dealer learns of other dealers' people only that there was somebody.
    pub(crate) async fn list_parties(&self, ctx: CallContext, id: VehicleId) -> Result<Vec<Party>> {
        let now = self.clock.now();
        self.db
            .read(move |conn| {
                if !storage::may_see(conn, ctx.scope(), id, now)? {
                    return Err(Error::VehicleUnknown);
                }
                conn.see_all_dealers()?;
                Ok(with_validity(storage::list_parties(
                    conn,
                    ctx.scope(),
                    &[id],
                )?))
            })
            .await
    }

    pub(crate) async fn list_readings(
        &self,
        ctx: CallContext,
        id: VehicleId,
        page: PageRequest,
    ) -> Result<Page<Reading>> {
        let now = self.clock.now();
        self.db
            .scan(move |conn| {
                if !storage::may_see(conn, ctx.scope(), id, now)? {
                    return Err(Error::VehicleUnknown);
                }
                conn.see_all_dealers()?;
                let entries = storage::page_of_readings(conn, ctx.scope(), id, &page)?;
                let is_full = entries.len() == page.size as usize;
                let next = entries.last().filter(|_| is_full).map(Reading::page_key);
                Ok(Page { entries, next })
            })
            .await
    }
}

impl Found {
    /// A key that cannot be one finds nothing.
    const fn nothing() -> Self {
        Self {
            vehicles: Vec::new(),
            parties: Vec::new(),
        }
    }
}

fn needs_reception(sight: Option<Sight>, now: Timestamp) -> bool {
    match sight {
        None => true,
        Some(Sight::ForEver) => false,
        Some(Sight::Until(until)) => until.since(now) + RENEWAL < RECEPTION,
    }
}

/// Whether a scope sees the car of a VIN; nobody sees one that there is not.
fn sees(conn: &mut Conn<'_>, scope: &Scope, vin: &str, now: Timestamp) -> Result<bool> {
    let found = storage::find_by_vins(conn, scope, &[vin])?;
    let ids: Vec<VehicleId> = found.iter().map(|vehicle| vehicle.id).collect();
    Ok(!ids.is_empty() && !storage::visible(conn, scope, &ids, now)?.is_empty())
}

/// Vehicles with their plates, in the order of the ids. What a scope may see was decided before.
pub(super) fn show(conn: &mut Conn<'_>, scope: &Scope, ids: &[VehicleId]) -> Result<Vec<Shown>> {
    let mut vehicles: FxHashMap<VehicleId, Vehicle> = storage::find_by_ids(conn, scope, ids)?
        .into_iter()
        .map(|vehicle| (vehicle.id, vehicle))
        .collect();
    let mut plates: FxHashMap<VehicleId, Vec<PlateInterval>> = FxHashMap::default();
    for held in storage::list_plates(conn, scope, ids)? {
        plates.entry(held.vehicle).or_default().push(held.interval);
    }
    let shown = |id| {
        let vehicle = vehicles.remove(id)?;
        Some(Shown {
            plates: plates.remove(id).unwrap_or_default(),
            vehicle,
        })
    };
    Ok(ids.iter().filter_map(shown).collect())
}

fn record_act(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    act: &str,
    id: VehicleId,
    dealer: &DealerCode,
) -> Result<()> {
    let subject = id.to_string();
    Ok(record(
        conn,
        ctx,
        now,
        &Entry {
            act,
            subject: &subject,
            dealer: dealer.as_str(),
            detail: "",
        },
    )?)
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
