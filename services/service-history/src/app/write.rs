//! Writing batches of visits: new ones, corrections, and those that are the same.

use marque_core::{CustomerId, SourceRecordId, Timestamp, VisitId};
use marque_db::{Conn, StoreError};
use marque_intake::Outcome;
use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    publish,
    rows::{Rows, VisitPayload},
};
use crate::{
    domain::{Implausible, Meter, doubt},
    storage::{self, Blobs, Known, NewVisit},
};

/// What became of a visit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Recorded {
    pub(crate) id: VisitId,
    pub(crate) outcome: Outcome,
    /// Version it now has.
    pub(crate) version: i64,
    /// Whether who brought the car was erased: nobody is told of him.
    pub(crate) is_nobodys: bool,
    /// Whether its odometer is doubted against the car's other visits.
    pub(crate) doubt: Option<Implausible>,
}

/// What the store knows of a batch before it is written; kept up while it is.
struct Ground {
    orders: FxHashMap<String, Known>,
    customers: FxHashMap<SourceRecordId, CustomerId>,
    meters: FxHashMap<String, Vec<(VisitId, Meter)>>,
}

impl Rows {
    /// Writes visits of one dealer in the caller's transaction and tells of those that are new or corrected. The
    /// answers are in the payloads' order. They came in a file that was taken in at `sent`, or live: what was written live after a file
    /// came is newer than its rows.
    pub(crate) fn write(
        &self,
        conn: &mut Conn<'_>,
        batch: &[&VisitPayload],
        (sent, now): (Option<Timestamp>, Timestamp),
    ) -> Result<Vec<Recorded>, StoreError> {
        if batch.iter().any(|visit| visit.header.is_empty()) {
            return Err(StoreError::Unavailable(
                "a visit cannot be sealed: no randomness".into(),
            ));
        }
        lock(conn, batch)?;
        let mut ground = Ground::of(conn, batch)?;
        let bare = self.bare(conn, batch)?;
        let mut recorded = Vec::with_capacity(batch.len());
        let mut fresh: Vec<NewVisit<'_>> = Vec::new();
        for (at, payload) in batch.iter().enumerate() {
            let known = ground.orders.get(&payload.order_number);
            let is_passed_over = |known: &&Known| {
                known.content == payload.content || sent.is_some_and(|sent| known.live_at > sent)
            };
            if let Some(known) = known.filter(is_passed_over) {
                let (id, version) = (known.id, known.version);
                if sent.is_none() {
                    storage::note_live(conn, id, now)?;
                }
                recorded.push(Recorded {
                    id,
                    outcome: Outcome::Unchanged,
                    version,
                    is_nobodys: bare.contains_key(&at),
                    doubt: None,
                });
                continue;
            }
            let version = known.map_or(1, |known| known.version + 1);
            let id = known.map_or_else(|| VisitId::new(&*self.clock), |known| known.id);
            let doubt = ground.doubt(id, payload);
            let live_at = sent.map_or(now, |_| Timestamp::from_micros(0));
            let customer = ground.customer(payload);
            let mut visit = payload.as_new(id, version, customer, (live_at, now));
            if let Some((header, lines)) = bare.get(&at) {
                visit.record = None;
                (visit.header, visit.lines) = (header.as_slice(), lines.as_slice());
            }
            if version == 1 {
                fresh.push(visit);
            } else {
                // What it corrects may be of this batch.
                storage::insert_visits(conn, &std::mem::take(&mut fresh))?;
                storage::correct_visit(conn, &visit)?;
            }
            ground.take_in((id, version), payload, live_at);
            recorded.push(Recorded {
                id,
                outcome: Outcome::Stored,
                version,
                is_nobodys: bare.contains_key(&at),
                doubt,
            });
        }
        storage::insert_visits(conn, &fresh)?;
        publish::recorded(conn, &*self.clock, batch, &recorded)?;
        Ok(recorded)
    }
}

impl Rows {
    /// By their places the visits of people who were erased, with the head and the lines that are left of each: such a visit is the
    /// car's and nobody's.
    fn bare(
        &self,
        conn: &mut Conn<'_>,
        batch: &[&VisitPayload],
    ) -> Result<FxHashMap<usize, Blobs>, StoreError> {
        let records = batch.iter().filter_map(|visit| visit.record);
        let erased = marque_intake::entombed(conn, &self.vault, records)?;
        let mut bare = FxHashMap::default();
        for (at, visit) in batch.iter().enumerate() {
            let Some(record) = visit.record.filter(|record| erased.contains(record)) else {
                continue;
            };
            let order = (visit.dealer.as_str(), visit.order_number.as_str());
            let blobs = (&visit.header[..], &visit.lines[..]);
            let kept = storage::kept_of_erased(conn, &self.vault, record, order, blobs)?;
            bare.insert(at, kept);
        }
        Ok(bare)
    }
}

impl VisitPayload {
    fn as_new(
        &self,
        id: VisitId,
        version: i64,
        customer: Option<CustomerId>,
        (live_at, now): (Timestamp, Timestamp),
    ) -> NewVisit<'_> {
        NewVisit {
            id,
            dealer: &self.dealer,
            order_number: &self.order_number,
            vin: &self.vin,
            record: self.record,
            customer,
            happened_at: self.happened_at,
            odometer_km: self.odometer_km,
            version,
            recorded_at: now,
            content: &self.content,
            header: &self.header,
            lines: &self.lines,
            live_at,
        }
    }
}

impl Ground {
    fn of(conn: &mut Conn<'_>, batch: &[&VisitPayload]) -> Result<Self, StoreError> {
        let orders: FxHashSet<&str> = batch
            .iter()
            .map(|visit| visit.order_number.as_str())
            .collect();
        let orders: Vec<&str> = orders.into_iter().collect();
        let dealer = batch.first().map(|visit| visit.dealer.clone());
        let known = dealer.map_or_else(
            || Ok(Vec::new()),
            |dealer| storage::find_orders(conn, &dealer, &orders),
        )?;
        let records: FxHashSet<SourceRecordId> =
            batch.iter().filter_map(|visit| visit.record).collect();
        let vins: FxHashSet<&str> = batch
            .iter()
            .filter(|visit| visit.odometer_km > 0 && !visit.vin.is_empty())
            .map(|visit| visit.vin.as_str())
            .collect();
        let vins: Vec<&str> = vins.into_iter().collect();
        let mut meters: FxHashMap<String, Vec<(VisitId, Meter)>> = FxHashMap::default();
        for (vin, id, meter) in storage::meters_of(conn, &vins)? {
            meters.entry(vin).or_default().push((id, meter));
        }
        Ok(Self {
            orders: known.into_iter().collect(),
            customers: storage::customers_of(conn, records)?,
            meters,
        })
    }

    fn customer(&self, payload: &VisitPayload) -> Option<CustomerId> {
        payload
            .record
            .and_then(|record| self.customers.get(&record).copied())
    }

    fn doubt(&self, id: VisitId, payload: &VisitPayload) -> Option<Implausible> {
        let meter = payload.meter()?;
        let others = self.meters.get(&payload.vin)?;
        doubt(
            meter,
            others
                .iter()
                .filter(|(other, _)| *other != id)
                .map(|(_, meter)| *meter),
        )
    }

    fn take_in(
        &mut self,
        (id, version): (VisitId, i64),
        payload: &VisitPayload,
        live_at: Timestamp,
    ) {
        let known = Known {
            id,
            version,
            content: payload.content.to_vec(),
            live_at,
        };
        self.orders.insert(payload.order_number.clone(), known);
        if let Some(meter) = payload.meter() {
            let meters = self.meters.entry(payload.vin.clone()).or_default();
            meters.retain(|(other, _)| *other != id);
            meters.push((id, meter));
        }
    }
}

impl VisitPayload {
    fn meter(&self) -> Option<Meter> {
        let has_meter = self.odometer_km > 0 && !self.vin.is_empty();
        has_meter.then_some(Meter {
            at: self.happened_at,
            km: self.odometer_km,
        })
    }
}

/// Two batches that name one order follow each other, and so do a batch and an event that name one source record:
/// neither must miss what the other writes.
fn lock(conn: &mut Conn<'_>, batch: &[&VisitPayload]) -> Result<(), StoreError> {
    let order = |visit: &&VisitPayload| format!("{}\u{1f}{}", visit.dealer, visit.order_number);
    let orders: Vec<String> = batch.iter().map(order).collect();
    let records = batch.iter().filter_map(|visit| visit.record);
    storage::lock(conn, orders.iter().map(String::as_str), records)
}
