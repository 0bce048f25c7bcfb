//! Recording what rows and events say of cars: one batch, few statements, one event.
//!
//! All of it but the amendments of rows, what visits take back of who brought a car, and when exactly somebody came back to his, is a
//! function of the set of facts: they may come in any order and more than once, and the state is the same.

use std::borrow::Cow;

use marque_auth::Scope;
use marque_core::{DealerCode, SharedClock, SourceRecordId, Timestamp, VehicleId};
use marque_db::{Conn, StoreError, lock_key};
use marque_events::Erased;
use marque_vault::Vault;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{plates, publish, readings};
use crate::{
    domain::{Facts, Role, Vehicle},
    storage,
};

/// Records facts.
#[derive(Debug, Clone)]
pub(crate) struct Recorder {
    clock: SharedClock,
    vault: Vault,
}

/// The cars a batch concerns, as they were and as they become.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    /// Each car with what is stored of it; `None` for a new one.
    cars: FxHashMap<VehicleId, (Vehicle, Option<Vehicle>)>,
    by_vin: FxHashMap<String, VehicleId>,
    /// Cars of which something changed that is no column of theirs: plates, or what a dealer's row says beside what is known
    /// already. Whoever checks rows looks at them again.
    touched: FxHashSet<VehicleId>,
}

impl Recorder {
    pub(crate) fn new(clock: SharedClock, vault: Vault) -> Self {
        Self { clock, vault }
    }

    /// Records facts in the caller's transaction and tells of the cars that are new or changed. Returns the ids by VIN.
    pub(crate) fn record(
        &self,
        conn: &mut Conn<'_>,
        facts: &[Facts],
        now: Timestamp,
    ) -> Result<FxHashMap<String, VehicleId>, StoreError> {
        Self::lock(conn, facts, &[])?;
        let left = self.without_erased(conn, facts)?;
        let facts: &[Facts] = &left;
        let mut fleet = self.assemble(conn, facts)?;
        for fact in facts {
            if let Some(amendment) = &fact.amendment {
                fleet.of_vin(&fact.vin).amend(amendment);
                fleet.mark_touched(fleet.id(&fact.vin));
            }
        }
        plates::record(conn, &mut fleet, facts)?;
        record_parties(conn, &fleet, facts)?;
        self.tell_parties(conn, &fleet, facts)?;
        record_sight(conn, &fleet, facts)?;
        readings::record(conn, &mut fleet, facts)?;
        self.store(conn, &mut fleet, facts, now)?;
        Ok(fleet.by_vin)
    }

    /// The facts without what they say of people who were erased: events of other services come in no order.
    fn without_erased<'f>(
        &self,
        conn: &mut Conn<'_>,
        facts: &'f [Facts],
    ) -> Result<Cow<'f, [Facts]>, StoreError> {
        let claims = facts.iter().flat_map(|fact| &fact.parties);
        let records = claims.map(|claim| claim.record);
        let erased = marque_intake::entombed(conn, &self.vault, records)?;
        if erased.is_empty() {
            return Ok(Cow::Borrowed(facts));
        }
        let mut left = facts.to_vec();
        for fact in &mut left {
            let said = fact.parties.len();
            fact.parties.retain(|claim| !erased.contains(&claim.record));
            if fact.parties.len() < said {
                // It was seen on his car.
                fact.plate = None;
            }
        }
        Ok(Cow::Owned(left))
    }

    /// Takes people out of cars in the caller's transaction, and remembers that they do not come in again.
    pub(crate) fn forget(&self, conn: &mut Conn<'_>, erased: &Erased) -> Result<(), StoreError> {
        Self::lock(conn, &[], &erased.records)?;
        marque_intake::entomb(conn, &self.vault, &erased.records, self.clock.now())?;
        conn.overwrite_deleted(true)?;
        let parts = storage::parts_of(conn, &erased.records)?;
        storage::forget_parts(conn, erased)?;
        plates::forget(conn, &parts)?;
        conn.overwrite_deleted(false)
    }

    /// Two transactions that name one car, plate or source record follow each other: neither must miss what the other
    /// adds. All keys are locked at once, in one order for all, so `record` locks nothing new after this.
    pub(crate) fn lock(
        conn: &mut Conn<'_>,
        facts: &[Facts],
        records: &[SourceRecordId],
    ) -> Result<(), StoreError> {
        let vins = facts.iter().map(|fact| lock_key(fact.vin.as_bytes()));
        let plates = facts.iter().filter_map(|fact| fact.plate.as_ref());
        let claims = facts
            .iter()
            .flat_map(|fact| &fact.parties)
            .map(|claim| claim.record);
        let mut keys: Vec<i64> = vins
            .chain(plates.map(|(plate, _)| lock_key(plate.as_bytes())))
            .chain(
                claims
                    .chain(records.iter().copied())
                    .map(|record| lock_key(record.uuid().as_bytes())),
            )
            .collect();
        conn.lock_keys(&mut keys)
    }

    fn tell_parties(
        &self,
        conn: &mut Conn<'_>,
        fleet: &Fleet,
        facts: &[Facts],
    ) -> Result<(), StoreError> {
        let mut told = Vec::new();
        for fact in facts {
            let (vehicle, vin) = (fleet.id(&fact.vin), fact.vin.as_str());
            let claims = fact.parties.iter().filter(|claim| claim.role.is_told());
            told.extend(claims.map(|claim| publish::Claimed {
                vehicle,
                vin,
                record: claim.record,
                role: claim.role,
                dealer: claim.dealer.as_str(),
                at: claim.at,
                ended: false,
            }));
        }
        let ended = ended_by(facts).filter(|(_, role, ..)| role.is_told());
        told.extend(ended.map(|(fact, role, record, at)| publish::Claimed {
            vehicle: fleet.id(&fact.vin),
            vin: &fact.vin,
            record,
            role,
            dealer: "",
            at,
            ended: true,
        }));
        publish::parties(conn, &*self.clock, told)
    }

    /// Tells which cars the records of the facts no longer name: of owners whom a dealer's row named that is told with the row.
    pub(crate) fn tell_left(&self, conn: &mut Conn<'_>, facts: &[Facts]) -> Result<(), StoreError> {
        let records: FxHashSet<SourceRecordId> = facts
            .iter()
            .flat_map(|fact| &fact.parties)
            .map(|claim| claim.record)
            .collect();
        let left = storage::cars_left(conn, records)?;
        let told = left.iter().map(|left| publish::Claimed {
            vehicle: left.vehicle,
            vin: &left.vin,
            record: left.record,
            role: Role::Owner,
            dealer: "",
            at: left.at,
            ended: true,
        });
        publish::parties(conn, &*self.clock, told.collect())
    }

    /// The cars of the facts: those that are known, and new ones for VINs that are not.
    fn assemble(&self, conn: &mut Conn<'_>, facts: &[Facts]) -> Result<Fleet, StoreError> {
        let mut vins: Vec<&str> = facts.iter().map(|fact| fact.vin.as_str()).collect();
        vins.sort_unstable();
        vins.dedup();
        let mut fleet = Fleet::default();
        fleet.add_stored(storage::find_by_vins(conn, &Scope::Headquarters, &vins)?);
        for vin in vins {
            if !fleet.by_vin.contains_key(vin) {
                let vehicle = Vehicle::new(VehicleId::new(&*self.clock), vin);
                fleet.by_vin.insert(vin.to_owned(), vehicle.id);
                fleet.cars.insert(vehicle.id, (vehicle, None));
            }
        }
        Ok(fleet)
    }

    fn store(
        &self,
        conn: &mut Conn<'_>,
        fleet: &mut Fleet,
        facts: &[Facts],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let touched = std::mem::take(&mut fleet.touched);
        let mut changed: Vec<(&Vehicle, bool)> = Vec::new();
        for (vehicle, stored) in fleet.cars.values_mut() {
            if stored.as_ref() != Some(&*vehicle) || touched.contains(&vehicle.id) {
                vehicle.version += 1;
                vehicle.updated_at = now;
                changed.push((vehicle, stored.is_none()));
            }
        }
        changed.sort_unstable_by_key(|(vehicle, _)| vehicle.id);
        storage::put_definitions(conn, changed.iter().map(|(vehicle, _)| &vehicle.definition))?;
        let part = |is_new| -> Vec<&Vehicle> {
            changed
                .iter()
                .filter(|(_, new)| *new == is_new)
                .map(|(vehicle, _)| *vehicle)
                .collect()
        };
        storage::insert_vehicles(conn, &part(true))?;
        storage::update_vehicles(conn, &part(false))?;
        publish::changed(
            conn,
            &*self.clock,
            changed.into_iter().map(|(vehicle, _)| vehicle),
            facts,
        )
    }
}

impl Fleet {
    pub(super) fn id(&self, vin: &str) -> VehicleId {
        self.by_vin[vin]
    }

    fn of_vin(&mut self, vin: &str) -> &mut Vehicle {
        let id = self.by_vin[vin];
        self.get(id).expect("every VIN of the facts has its car")
    }

    pub(super) fn get(&mut self, id: VehicleId) -> Option<&mut Vehicle> {
        self.cars.get_mut(&id).map(|(vehicle, _)| vehicle)
    }

    pub(super) fn mark_touched(&mut self, id: VehicleId) {
        self.touched.insert(id);
    }

    /// Also takes in cars that the facts do not name but change.
    pub(super) fn load(
        &mut self,
        conn: &mut Conn<'_>,
        ids: &[VehicleId],
    ) -> Result<(), StoreError> {
        let missing: Vec<VehicleId> = ids
            .iter()
            .copied()
            .filter(|id| !self.cars.contains_key(id))
            .collect();
        self.add_stored(storage::find_by_ids(conn, &Scope::Headquarters, &missing)?);
        Ok(())
    }

    fn add_stored(&mut self, stored: Vec<Vehicle>) {
        for vehicle in stored {
            self.by_vin.insert(vehicle.vin.clone(), vehicle.id);
            self.cars
                .insert(vehicle.id, (vehicle.clone(), Some(vehicle)));
        }
    }
}

fn record_parties(conn: &mut Conn<'_>, fleet: &Fleet, facts: &[Facts]) -> Result<(), StoreError> {
    let claims: Vec<_> = facts
        .iter()
        .flat_map(|fact| {
            fact.parties
                .iter()
                .map(|claim| (fleet.id(&fact.vin), claim))
        })
        .collect();
    let records: FxHashSet<SourceRecordId> = claims.iter().map(|(_, claim)| claim.record).collect();
    let customers = storage::customers_of(conn, records)?;
    storage::note_returns(conn, &claims)?;
    storage::put_parties(conn, &claims, &customers)?;
    storage::note_late_absences(conn, &claims)?;
    let ended: Vec<_> = ended_by(facts)
        .map(|(fact, role, record, at)| (fleet.id(&fact.vin), role, record, at))
        .collect();
    storage::end_parties(conn, &ended)
}

/// The parts that rows take back, but for those that a row further down gives again.
fn ended_by(facts: &[Facts]) -> impl Iterator<Item = (&Facts, Role, SourceRecordId, Timestamp)> {
    facts.iter().enumerate().flat_map(move |(place, fact)| {
        let is_given_again = move |role: Role, record: SourceRecordId| {
            facts[place + 1..].iter().any(|later| {
                let mut claims = later.parties.iter();
                later.vin == fact.vin
                    && claims.any(|claim| (claim.role, claim.record) == (role, record))
            })
        };
        let ended = fact.ended.iter().copied();
        ended
            .filter(move |(role, record, _)| !is_given_again(*role, *record))
            .map(move |(role, record, at)| (fact, role, record, at))
    })
}

fn record_sight(conn: &mut Conn<'_>, fleet: &Fleet, facts: &[Facts]) -> Result<(), StoreError> {
    let mut opened: Vec<(VehicleId, &str)> = facts
        .iter()
        .flat_map(|fact| {
            fact.seen_by
                .iter()
                .map(|dealer| (fleet.id(&fact.vin), DealerCode::as_str(dealer)))
        })
        .collect();
    opened.sort_unstable();
    opened.dedup();
    storage::open_for_ever(conn, &opened)
}
