//! What the data-quality service may know of a visit: which columns are filled and what is wrong, its odometer against the
//! car's other visits among it, and the days and numbers that a standard may bound. Nothing that tells whose it is.

use std::{borrow::Cow, collections::HashMap};

use marque_auth::{CallContext, Role};
use marque_core::{Timestamp, VisitId, business_date};
use marque_intake::{RecordEvidence, Witness};
use marque_quality::{
    Field, RecordKind,
    falsification::VisitEntry,
    standard::{Measure, Measured},
};
use uuid::Uuid;

use super::VisitApp;
use crate::{
    domain::{Implausible, Line, LineKind, Meter, Verdict, Visit, judge},
    error::{Error, Result},
    storage::VisitStore,
};

impl Witness for VisitApp {
    type Error = Error;

    async fn list_evidence(
        &self,
        ctx: CallContext,
        ids: Vec<String>,
    ) -> Result<Vec<RecordEvidence>> {
        ctx.require(Role::Peer)?;
        // An id that cannot be is as unknown as one that is not.
        let ids: Vec<VisitId> = ids.iter().filter_map(|id| id.parse().ok()).collect();
        let store = self.store.clone();
        self.db
            .scan(move |conn| {
                let visits = store.with_siblings(conn, &ids)?;
                let mut verdicts = verdicts(&visits);
                let evidence = |visit: &Visit| {
                    let verdict = verdicts.remove(&visit.id).unwrap_or_default();
                    evidence_of(visit, verdict, &store)
                };
                Ok(visits.iter().map(evidence).collect())
            })
            .await
    }

    async fn list_ids(&self, ctx: CallContext, after: String, limit: u32) -> Result<Vec<String>> {
        ctx.require(Role::Peer)?;
        let after = after.parse().map_or(Uuid::nil(), |id: VisitId| id.uuid());
        let ids = self
            .db
            .scan(move |conn| VisitStore::ids(conn, after, limit))
            .await?;
        Ok(ids.iter().map(ToString::to_string).collect())
    }
}

/// What the readings of each car say of one another.
fn verdicts(visits: &[Visit]) -> HashMap<VisitId, Verdict> {
    let mut cars: HashMap<&str, Vec<(VisitId, Meter)>> = HashMap::new();
    for visit in visits {
        if let Some(meter) = visit.meter() {
            cars.entry(&visit.vin).or_default().push((visit.id, meter));
        }
    }
    let of_car = |readings: Vec<(VisitId, Meter)>| {
        let verdicts = judge(readings.iter().map(|(_, meter)| *meter));
        let ids = readings.into_iter().map(|(id, _)| id);
        ids.zip(verdicts)
    };
    cars.into_values().flat_map(of_car).collect()
}

fn evidence_of(visit: &Visit, verdict: Verdict, store: &VisitStore) -> RecordEvidence {
    let mut findings = visit.header.findings.clone();
    findings.extend(verdict.doubts.into_iter().map(Implausible::finding));
    let evidence = RecordEvidence {
        id: visit.id.to_string(),
        kind: RecordKind::Visits,
        dealer: visit.dealer.clone(),
        source: String::new(),
        clerk: store.clerk_key(visit),
        version: visit.version,
        entered_at: visit.recorded_at,
        event_date: Some(business_date(visit.happened_at)),
        party: None,
        is_repeated: None,
        filled: filled(visit),
        findings,
        entry: entry(visit)
            .keyed(|bytes| store.evidence_key(bytes))
            .to_bytes(),
        measures: measures(visit, verdict.km_a_day),
        values: Vec::new(),
        repeats: None,
    };
    evidence.with_values(
        |bytes| store.evidence_key(bytes),
        |field| value(visit, field),
    )
}

/// What a visit holds in a column: as it was typed where it could not be understood.
fn value(visit: &Visit, field: Field) -> Option<Cow<'_, str>> {
    let header = &visit.header;
    let mut unread = header.personal.extra.iter();
    if let Some((_, typed)) = unread.find(|(column, _)| column == field.column()) {
        return Some(Cow::Borrowed(typed));
    }
    let text = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let instant = |at: Option<Timestamp>| at.map(|at| at.as_micros().to_string());
    let of_lines = |number: fn(&Line) -> Option<i64>| {
        let numbers = visit.lines.iter().filter_map(number);
        let numbers: Vec<String> = numbers.map(|number| number.to_string()).collect();
        text(&numbers.join(" "))
    };
    let value = match field {
        Field::VisitVin => text(&visit.vin),
        Field::VisitKind => text(&header.kind),
        Field::VisitOpenedAt => instant(header.opened_at),
        Field::VisitClosedAt => instant(header.closed_at),
        Field::VisitOdometerKm => text(&visit.odometer_km.to_string()),
        Field::VisitAdviser => text(&header.adviser),
        Field::VisitComplaintText => text(&header.personal.complaint_text),
        Field::VisitDiagnosis => text(&header.diagnosis),
        Field::VisitAmount => header.amount_minor.map(|amount| amount.to_string()),
        Field::VisitQuantity => of_lines(|line| line.quantity_milli),
        Field::VisitUnitPrice => of_lines(|line| line.unit_price_minor),
        _ => None,
    };
    value.map(Cow::Owned)
}

/// What a standard may bound; of lines the least and the most. A quantity that nobody typed is not told, nor is a price, which is kept
/// as 0.
fn measures(visit: &Visit, km_a_day: Option<i64>) -> Vec<Measured> {
    let header = &visit.header;
    let day =
        |field: Field, at: Option<Timestamp>| at.map(|at| Measured::day(field, business_date(at)));
    let number = |field: Field, measure: Measure, value: Option<i64>| {
        value.map(|value| Measured {
            field,
            measure,
            value,
        })
    };
    let of_lines = |field: Field, measure: Measure, value: fn(&Line) -> Option<i64>| {
        let given = || visit.lines.iter().filter_map(value);
        [given().min(), given().max()].map(|value| number(field, measure, value))
    };
    let read = Some(visit.odometer_km).filter(|km| *km > 0);
    let of_order = [
        day(Field::VisitOpenedAt, header.opened_at),
        day(Field::VisitClosedAt, header.closed_at),
        number(Field::VisitOdometerKm, Measure::Km, read),
        number(Field::VisitOdometerKm, Measure::KmADay, km_a_day),
        number(Field::VisitAmount, Measure::Yuan, header.amount_minor),
    ];
    let quantities = of_lines(Field::VisitQuantity, Measure::Count, |line| {
        line.quantity_milli
    });
    let prices = of_lines(Field::VisitUnitPrice, Measure::Yuan, |line| {
        line.unit_price_minor.filter(|price| *price != 0)
    });
    let all = of_order.into_iter().chain(quantities).chain(prices);
    all.flatten().collect()
}

/// What is compared with other visits.
fn entry(visit: &Visit) -> VisitEntry {
    let begun = visit.header.opened_at.or(visit.header.closed_at);
    // A day without a time of day is kept as its first instant in China.
    let minute = begun.map_or(0, |at| at.as_micros() / 60_000_000);
    let is_midnight = (minute + 480) % 1440 == 0;
    VisitEntry::new(
        &visit.vin,
        begun.map(business_date),
        if is_midnight {
            0
        } else {
            u32::try_from(minute).unwrap_or(0)
        },
        u32::try_from(visit.odometer_km).ok().filter(|km| *km > 0),
        visit.lines.is_empty(),
    )
}

/// The columns of a visit that hold something.
fn filled(visit: &Visit) -> Vec<Field> {
    let header = &visit.header;
    let any = |test: fn(&Line) -> bool| visit.lines.iter().any(test);
    [
        (Field::VisitOrderNumber, true),
        (Field::VisitVin, !visit.vin.is_empty()),
        (Field::VisitCustomerKey, visit.record.is_some()),
        (Field::VisitKind, !header.kind.is_empty()),
        (Field::VisitOpenedAt, header.opened_at.is_some()),
        (Field::VisitClosedAt, header.closed_at.is_some()),
        (Field::VisitOdometerKm, visit.odometer_km > 0),
        (Field::VisitAdviser, !header.adviser.is_empty()),
        (
            Field::VisitComplaintText,
            !header.personal.complaint_text.is_empty(),
        ),
        (Field::VisitDiagnosis, !header.diagnosis.is_empty()),
        (Field::VisitAmount, header.amount_minor.is_some()),
        (Field::VisitLines, !visit.lines.is_empty()),
        (
            Field::VisitLineKind,
            any(|line| line.kind != LineKind::Unknown),
        ),
        (Field::VisitCode, any(|line| !line.code.is_empty())),
        (Field::VisitName, any(|line| !line.name.is_empty())),
        (
            Field::VisitQuantity,
            any(|line| line.quantity_milli.is_some_and(|milli| milli > 0)),
        ),
        (
            Field::VisitUnitPrice,
            any(|line| line.unit_price_minor.is_some_and(|price| price != 0)),
        ),
        (
            Field::VisitTechnician,
            any(|line| !line.technician.is_empty()),
        ),
    ]
    .into_iter()
    .filter_map(|(field, is_filled)| is_filled.then_some(field))
    .collect()
}
