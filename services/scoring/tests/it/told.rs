//! What others are told without asking: cars near a threshold of the three guarantees, and top tiers.

use std::collections::BTreeMap;

use marque_api::{
    complaint::v1::{CaseChange, CasesChanged},
    events::v1::Event,
    scoring::v1::{GuaranteesNeared, NearedGuarantee, TiersChanged},
    service_history::v1::{Line, LineKind, Visit},
};
use marque_core::ComplaintId;
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};
use prost::Message;
use uuid::Uuid;

use crate::world::{
    World, again, consented, customer, day, event, link, linked, record_of, sold, visit, visited,
};

store_test_suite!(
    a_car_near_a_threshold_is_told_of_once_at_each_level,
    a_car_whose_time_is_over_is_not_counted,
    who_rises_to_the_top_tiers_or_falls_from_them_is_told_of,
    whoever_has_an_open_complaint_is_told_of_whatever_his_tier,
);

const VIN: &str = "LSVAA4182E2123456";
const WAITING: &str = "SELECT count(*) FROM guarantee_checks";
const NEARED: &str = "marque.scoring.guarantees.neared";
const TIERS: &str = "marque.scoring.tiers.changed";

/// What was told under a type, in order.
async fn told<M: Message + Default>(world: &World, kind: &'static str) -> Vec<M> {
    let rows = world.db.read(move |conn| {
        let sql = "SELECT data FROM outbox WHERE kind = ?1 ORDER BY seq";
        conn.query(sql, &[kind.into()], |row| row.get::<Vec<u8>>(0))
    });
    let rows = rows.await.unwrap();
    rows.iter()
        .map(|data| M::decode(data.as_slice()).unwrap())
        .collect()
}

async fn neared(world: &World) -> Vec<NearedGuarantee> {
    let told: Vec<GuaranteesNeared> = told(world, NEARED).await;
    told.into_iter().flat_map(|each| each.guarantees).collect()
}

/// The same defect once more, at the maker's expense.
fn repair(number: u32) -> Visit {
    Visit {
        id: format!("vis_{number:032}"),
        dealer: "D1".into(),
        order_number: format!("R{number}"),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day(&format!("2026-0{number}-10")))),
        closed_at: Some(to_proto_time(day(&format!("2026-0{number}-11")))),
        odometer_km: 9_000,
        lines: vec![Line {
            kind: LineKind::Labour.into(),
            fault_code: "C1".into(),
            payer: "warranty".into(),
            ..Line::default()
        }],
        ..Visit::default()
    }
}

async fn a_car_near_a_threshold_is_told_of_once_at_each_level(db: TestDb) {
    let world = World::start(db).await;
    *world.repair_orders.lock().unwrap() = (1..=3).map(repair).collect();
    let car = sold(1, VIN, "2025-12-01");
    world.vehicles.deliver([car.clone(), again(&car)]).await;
    world.wait_for(WAITING, 0).await;
    let first = neared(&world).await;
    assert_eq!(first.len(), 1, "{first:?}");
    assert_eq!(
        (
            first[0].rule.as_str(),
            first[0].subject.as_str(),
            first[0].level.as_str()
        ),
        ("same_defect", "C1", "warning")
    );
    assert_eq!(
        (first[0].vin.as_str(), first[0].count, first[0].reached_at),
        (VIN, 3, 5)
    );
    // A fourth repair is no nearer a level; the fifth reaches it.
    for (number, levels) in [(4, 1), (5, 2)] {
        world.repair_orders.lock().unwrap().push(repair(number));
        let mut came = visit("D1", u128::from(number), "K1", "2026-05-10");
        came.vin = VIN.into();
        let recorded = visited(i64::from(number), vec![came]);
        world
            .visits
            .deliver([recorded.clone(), again(&recorded)])
            .await;
        world.wait_for(WAITING, 0).await;
        assert_eq!(neared(&world).await.len(), levels);
    }
    let last = neared(&world).await.pop().unwrap();
    assert_eq!((last.level.as_str(), last.count), ("reached", 5));
}

async fn a_car_whose_time_is_over_is_not_counted(db: TestDb) {
    let world = World::start(db).await;
    *world.repair_orders.lock().unwrap() = (1..=5).map(repair).collect();
    world.vehicles.deliver([sold(1, VIN, "2020-12-01")]).await;
    world.wait_for(WAITING, 0).await;
    assert!(neared(&world).await.is_empty());
}

/// Who is in which tier, as whoever followed all events would have it.
async fn followed(world: &World) -> BTreeMap<String, String> {
    let changes: Vec<TiersChanged> = told(world, TIERS).await;
    let mut tiers = BTreeMap::new();
    for changed in changes.into_iter().flat_map(|each| each.tiers) {
        if changed.tier.is_empty() {
            tiers.remove(&changed.customer_id);
        } else {
            tiers.insert(changed.customer_id, changed.tier);
        }
    }
    tiers
}

/// A hundred customers, each with a dearer visit than the one before.
async fn a_hundred(db: TestDb) -> World {
    let world = World::start(db).await;
    let links = (1..=100).map(|n| link("D1", &format!("K{n}"), customer(n)));
    world.customers.deliver([linked(1, links.collect())]).await;
    let visits = (1..=100_u32).map(|n| {
        let mut one = visit("D1", u128::from(n), &format!("K{n}"), "2026-05-01");
        one.amount_minor = i64::from(n) * 100_000;
        one
    });
    world.visits.deliver([visited(1, visits.collect())]).await;
    world
}

async fn who_rises_to_the_top_tiers_or_falls_from_them_is_told_of(db: TestDb) {
    let world = a_hundred(db).await;
    world.start_again("scoring.tiers");
    world.wait_for("SELECT count(*) FROM told_tiers", 5).await;
    let tiers = followed(&world).await;
    assert_eq!(tiers.len(), 5);
    let (vip, _) = tiers.iter().find(|(_, tier)| *tier == "vip").unwrap();
    let vip: marque_core::CustomerId = vip.parse().unwrap();
    assert_eq!(world.score(vip).await.standing.unwrap().tier, "vip");
    // Without him there are ninety-nine: four are in the top twentieth, and nobody in the top hundredth.
    world.customers.deliver([consented(2, vip, false)]).await;
    world.start_again("scoring.tiers");
    world.wait_for("SELECT count(*) FROM told_tiers", 4).await;
    let tiers = followed(&world).await;
    assert!(
        tiers.len() == 4 && tiers.values().all(|tier| tier == "major"),
        "{tiers:?}"
    );
    // Nothing has changed: nothing is told.
    let before = told::<TiersChanged>(&world, TIERS).await.len();
    world.start_again("scoring.tiers");
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    assert_eq!(told::<TiersChanged>(&world, TIERS).await.len(), before);
}

/// A complaint of each of the hundred: open, or settled.
fn complaints(position: i64, is_open: bool) -> Event {
    let at = Some(to_proto_time(day("2026-06-01")));
    let change = |n: u32| CaseChange {
        id: ComplaintId::from(Uuid::from_u128(0xC000 + u128::from(n))).to_string(),
        dealer: "D1".into(),
        source_record_id: record_of("D1", &format!("K{n}")).to_string(),
        category: "service.repair".into(),
        opened_at: at,
        ended_at: at.filter(|_| !is_open),
        version: position,
        ..CaseChange::default()
    };
    let changes = (1..=100).map(change).collect();
    event(
        position,
        "marque.complaint.cases.moved",
        &CasesChanged { changes },
    )
}

async fn whoever_has_an_open_complaint_is_told_of_whatever_his_tier(db: TestDb) {
    let world = a_hundred(db).await;
    world.complaints.deliver([complaints(1, true)]).await;
    world.start_again("scoring.tiers");
    world.wait_for("SELECT count(*) FROM told_tiers", 100).await;
    let tiers = followed(&world).await;
    let count = |tier: &str| tiers.values().filter(|told| *told == tier).count();
    assert_eq!(
        ["vip", "major", "ordinary", "small"].map(count),
        [1, 4, 15, 80]
    );
    // Of those whose matter is settled the top tiers alone are told.
    world.complaints.deliver([complaints(2, false)]).await;
    world.start_again("scoring.tiers");
    world.wait_for("SELECT count(*) FROM told_tiers", 5).await;
    let tiers = followed(&world).await;
    assert!(tiers.values().all(|tier| tier == "vip" || tier == "major"));
    assert_eq!(tiers.len(), 5);
}
