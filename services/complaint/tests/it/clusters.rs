//! Clusters: told once, to headquarters, with the numbers behind them.

use marque_api::{
    complaint::v1::{self as pb, ClustersRaised},
    events::v1::Event,
    vehicle::v1::{ChangedVehicle, VehicleDefinition, VehiclesChanged},
};
use marque_auth::{Role, Scope};
use marque_config::ComplaintConfig;
use marque_testkit::{TestDb, store_test_suite};
use prost::Message as _;
use tonic::Code;

use crate::world::{World, again, complaint, event};

store_test_suite!(
    a_batch_that_fails_is_told_to_headquarters_once,
    a_part_is_one_however_it_is_typed,
    reports_know_models,
);

const TOLD: &str = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.clusters.raised'";

fn vin(model: &str, n: usize) -> String {
    format!("LMVCA1A60{model}{n:07}")
}

/// Cars of a model and year, whose VINs have a letter of their own.
fn cars(position: i64, letter: &str, (model, year): (&str, i32), count: usize) -> Event {
    let car = |n| ChangedVehicle {
        vin: vin(letter, n),
        definition: Some(VehicleDefinition {
            model: model.into(),
            model_year: year,
            ..VehicleDefinition::default()
        }),
        ..ChangedVehicle::default()
    };
    let vehicles = (0..count).map(car).collect();
    let changed = VehiclesChanged { vehicles };
    event(position, "marque.vehicle.vehicles.changed", &changed)
}

async fn complain(world: &World, part: &str, letter: &str, cars: std::ops::Range<usize>) {
    for n in cars {
        let mut request = complaint("D1", &format!("{part}{letter}{n}"));
        request.vin = vin(letter, n);
        request.part = part.into();
        world.open(request).await;
    }
}

async fn alerts(world: &World) -> Vec<pb::ClusterAlert> {
    let request = world.hq(pb::ListAlertsRequest::default());
    let answer = world.complaints().list_alerts(request).await.unwrap();
    answer.into_inner().alerts
}

async fn a_batch_that_fails_is_told_to_headquarters_once(db: TestDb) {
    let mut config = ComplaintConfig::default();
    config.clusters.check_s = 0;
    let world = World::configured(db, &config).await;
    let fleets = [
        cars(1, "A", ("S5", 2025), 100),
        cars(2, "B", ("S5", 2024), 300),
        cars(3, "C", ("X7", 2025), 300),
    ];
    let twice: Vec<Event> = fleets
        .iter()
        .flat_map(|each| [each.clone(), again(each)])
        .collect();
    world.vehicles.deliver(twice).await;
    complain(&world, "wiper", "A", 0..2).await;
    complain(&world, "wiper", "B", 0..5).await;
    complain(&world, "gearbox", "B", 10..11).await;
    complain(&world, "gearbox", "C", 0..2).await;
    complain(&world, "gearbox", "A", 10..22).await;
    world.wait_for(TOLD, 1).await;
    let told = alerts(&world).await;
    assert_eq!(told.len(), 1, "{told:?}");
    let alert = &told[0];
    assert_eq!(
        (alert.part.as_str(), alert.model.as_str(), alert.model_year),
        ("gearbox", "S5", 2025)
    );
    assert_eq!((alert.fleet, alert.baseline.as_str()), (100, "other_cars"));
    assert!((alert.baseline_fleet - 600.0).abs() < 1e-9);
    assert!(alert.q_value < 0.01 && alert.p_value <= alert.q_value);
    // More of the same is the same cluster with other numbers.
    complain(&world, "gearbox", "A", 30..40).await;
    let seen = "SELECT CAST(coalesce(max(hit), 0) AS BIGINT) FROM cluster_alerts";
    world.wait_for(seen, 22).await;
    assert_eq!(world.count(TOLD).await, 1);
    let alert = alerts(&world).await.remove(0);
    assert_eq!(alert.complaint_ids.len(), 22);
    let event = told_event(&world).await;
    assert_eq!(event.clusters[0].id, alert.id);
    let regional = world.ask(
        Role::Analyst,
        Scope::Region("north".into()),
        pb::ListAlertsRequest::default(),
    );
    let refused = world.complaints().list_alerts(regional).await.unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
}

async fn a_part_is_one_however_it_is_typed(db: TestDb) {
    let mut config = ComplaintConfig::default();
    config.clusters.check_s = 0;
    let world = World::configured(db, &config).await;
    let fleets = [
        cars(1, "A", ("S5", 2025), 100),
        cars(2, "B", ("S5", 2024), 300),
    ];
    world.vehicles.deliver(fleets).await;
    complain(&world, "k1", "B", 0..2).await;
    // Four spellings of three cars each, and one car twice.
    complain(&world, "k1", "A", 0..3).await;
    complain(&world, "K1", "A", 3..6).await;
    complain(&world, "Ｋ１", "A", 6..9).await;
    complain(&world, "K 1", "A", 8..12).await;
    let seen = "SELECT CAST(coalesce(max(hit), 0) AS BIGINT) FROM cluster_alerts";
    world.wait_for(seen, 12).await;
    assert_eq!(world.count(TOLD).await, 1);
    let told = alerts(&world).await;
    assert_eq!((told.len(), told[0].complaint_ids.len()), (1, 13));
    assert_eq!(told[0].part, "k1", "so most call it");
}

async fn told_event(world: &World) -> ClustersRaised {
    let sql = "SELECT data FROM outbox WHERE kind = 'marque.complaint.clusters.raised'";
    let data: Option<Vec<u8>> = world
        .db
        .read(move |conn| conn.query_opt(sql, &[], |row| row.get(0)))
        .await
        .unwrap();
    ClustersRaised::decode(data.unwrap().as_slice()).unwrap()
}

async fn reports_know_models(db: TestDb) {
    let world = World::without_scheduler(db).await;
    world
        .vehicles
        .deliver([cars(1, "A", ("S5", 2025), 3)])
        .await;
    complain(&world, "wiper", "A", 0..2).await;
    complain(&world, "gearbox", "A", 2..3).await;
    complain(&world, "gearbox", "Z", 0..1).await;
    let groups = [
        ("model", vec![("", 1), ("S5", 3)]),
        ("part", vec![("gearbox", 2), ("wiper", 2)]),
        ("month", vec![("2026-03", 4)]),
        ("satisfaction", vec![("", 4)]),
        ("age", vec![("0-1 days", 4)]),
        ("tier", vec![("", 4)]),
    ];
    for (by, expected) in groups {
        let message = pb::GetReportRequest {
            by: by.into(),
            ..pb::GetReportRequest::default()
        };
        let report = world
            .complaints()
            .get_report(world.hq(message))
            .await
            .unwrap();
        let lines = report.into_inner().lines;
        let counted: Vec<(&str, i64)> = lines
            .iter()
            .map(|line| (line.key.as_str(), line.cases))
            .collect();
        assert_eq!(counted, expected, "{by}");
    }
}
