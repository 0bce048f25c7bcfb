//! Repair orders of a car, as the service-history service has them for this caller.

use std::time::Duration;

use marque_api::service_history::v1::{
    Line, LineKind, ListVehicleVisitsRequest, Visit,
    service_history_service_client::ServiceHistoryServiceClient,
};
use marque_auth::PeerTokens;
use marque_core::{Timestamp, business_date};
use marque_events::from_proto_time;
use marque_insight::law::guarantees::{Assembly, Repair, Replacement};
use marque_quality::date::BUSINESS_OFFSET_SECONDS;
use marque_rpc::{CallMeta, RequestId, RpcTransport};

use crate::{
    domain::assembly_of,
    error::{Error, Result},
};

/// Repair orders asked for at once, and most of them.
const PAGE: i32 = 500;
const MOST_VISITS: usize = 5_000;
/// How long is waited for them where nobody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the service-history service.
#[derive(Debug, Clone)]
pub(crate) struct History {
    client: ServiceHistoryServiceClient<RpcTransport>,
    tokens: PeerTokens,
}

impl History {
    pub(crate) fn new(transport: RpcTransport, tokens: PeerTokens) -> Self {
        Self {
            client: ServiceHistoryServiceClient::new(transport),
            tokens,
        }
    }

    /// All repairs of a car that count, for what the service does by itself.
    pub(crate) async fn repairs_for_peer(&self, vin: &str, now: Timestamp) -> Result<Vec<Repair>> {
        let meta = CallMeta::new(RequestId::random())
            .with_token(&self.tokens.token(now))
            .within(PATIENCE);
        self.repairs(&meta, vin).await
    }

    /// Repairs of a car that count towards the three guarantees, as far as the caller may see them.
    pub(crate) async fn repairs(&self, meta: &CallMeta, vin: &str) -> Result<Vec<Repair>> {
        let (mut visits, mut page_token): (Vec<Visit>, String) = (Vec::new(), String::new());
        loop {
            let request = ListVehicleVisitsRequest {
                vin: vin.to_owned(),
                page_size: PAGE,
                page_token,
            };
            let mut client = self.client.clone();
            let page = client.list_vehicle_visits(meta.outgoing(request)).await;
            let page = page
                .map_err(|status| Error::History(Box::new(status)))?
                .into_inner();
            visits.extend(page.visits);
            page_token = page.next_page_token;
            if page_token.is_empty() || visits.len() >= MOST_VISITS {
                return Ok(repairs_of(&visits));
            }
        }
    }
}

/// The repairs among a car's visits. One that was never closed is over once the car has come again on another day: many systems do not say
/// when a car left, and it cannot have stood in two workshops.
fn repairs_of(visits: &[Visit]) -> Vec<Repair> {
    // Several orders of one stay are opened on one day.
    let opened = |visit: &Visit| {
        let at = visit.opened_at.as_ref().map(from_proto_time);
        at.map(business_date)
    };
    let last = visits.iter().filter_map(opened).max();
    visits
        .iter()
        .filter_map(|visit| {
            let is_over = visit.closed_at.is_none() && opened(visit) < last;
            let mut repair = repair(visit)?;
            if is_over {
                repair.completed_at = Some(repair.agreed_at);
            }
            Some(repair)
        })
        .collect()
}

/// A visit as the counters read it; `None` of one that is no repair, or of which nobody knows when it began.
fn repair(visit: &Visit) -> Option<Repair> {
    let is_paid_by_maker = |line: &&Line| line.payer == "warranty";
    let is_repair = matches!(visit.kind.as_str(), "repair" | "warranty");
    let is_covered =
        visit.kind == "warranty" || visit.lines.iter().any(|line| is_paid_by_maker(&line));
    if !is_repair && !is_covered {
        return None;
    }
    let opened = visit.opened_at.as_ref().map(from_proto_time)?;
    let closed = visit.closed_at.as_ref().map(from_proto_time);
    let lines = visit
        .lines
        .iter()
        .filter(|line| visit.kind == "warranty" || is_paid_by_maker(line));
    let replaced: Vec<Replacement> = lines
        .clone()
        .filter(|line| line.kind() == LineKind::Part)
        .filter_map(replacement)
        .collect();
    let defect = lines.clone().find(|line| !line.fault_code.is_empty());
    let assembly: Option<Assembly> = replaced.first().map(|each| each.assembly);
    Some(Repair {
        order: format!("{}/{}", visit.dealer, visit.order_number),
        agreed_at: local(opened),
        completed_at: closed.map(local),
        excluded_hours: 0.0,
        driven_km: f64::from(visit.odometer_km),
        defect: defect.map(|line| line.fault_code.clone()),
        assembly,
        // Whether a fault was a serious one, or one of article 23, is a person's word, which repair orders do not have.
        is_serious_safety_fault: false,
        early_fault: None,
        replaced,
        is_covered,
    })
}

/// The assembly a part belongs to, by its name; whole if the name is the assembly's own.
fn replacement(line: &Line) -> Option<Replacement> {
    let (assembly, is_whole) = assembly_of(&line.name)?;
    let number = if line.code.is_empty() {
        line.name.clone()
    } else {
        line.code.clone()
    };
    Some(Replacement {
        assembly,
        main_part: (!is_whole).then_some(number),
    })
}

/// The time on a clock in China.
pub(crate) fn local(at: Timestamp) -> chrono::NaiveDateTime {
    let shifted = at.as_micros() + i64::from(BUSINESS_OFFSET_SECONDS) * 1_000_000;
    chrono::DateTime::from_timestamp_micros(shifted).map_or_else(
        || business_date(at).and_time(chrono::NaiveTime::MIN),
        |time| time.naive_utc(),
    )
}
