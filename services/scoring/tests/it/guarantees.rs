//! The counters of the three guarantees, from repair orders.

use marque_api::{
    scoring::v1::GetGuaranteesRequest,
    service_history::v1::{Line, LineKind, Visit},
};
use marque_events::to_proto_time;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, customer, day, licensed, link, linked, owns, record_of, sold, vehicle};

store_test_suite!(
    guarantees_count_repair_orders_and_warn,
    what_a_diagnosis_names_is_counted_and_what_one_tells_warns,
);

const VIN: &str = "LMVCA1A60R1000001";

async fn guarantees_count_repair_orders_and_warn(db: TestDb) {
    let world = World::start(db).await;
    world
        .customers
        .deliver([linked(1, vec![link("D1", "K1", customer(1))])])
        .await;
    world
        .vehicles
        .deliver([
            licensed(1, VIN, "2025-12-01", ("operating", 5)),
            owns(2, VIN, record_of("D1", "K1"), "2025-12-01"),
        ])
        .await;
    let repair = |number: u32, from: &str, to: &str| Visit {
        id: format!("vis_{number:032}"),
        dealer: "D1".into(),
        order_number: format!("R{number}"),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day(from))),
        closed_at: Some(to_proto_time(day(to))),
        odometer_km: 2_000,
        lines: vec![Line {
            kind: LineKind::Part.into(),
            code: "EPS-1".into(),
            name: "转向机".into(),
            fault_code: "C1".into(),
            ..Line::default()
        }],
        ..Visit::default()
    };
    *world.repair_orders.lock().unwrap() = vec![
        repair(1, "2026-01-10", "2026-01-25"),
        // Two of its thirteen days the part was on its way.
        Visit {
            transport_minutes: 2 * 24 * 60,
            ..repair(2, "2026-03-01", "2026-03-14")
        },
        Visit {
            kind: "maintenance".into(),
            ..repair(3, "2026-04-01", "2026-05-01")
        },
        // Nobody wrote when it left, but it came again: a day, not all the time since.
        Visit {
            closed_at: None,
            lines: Vec::new(),
            ..repair(4, "2026-02-10", "2026-02-10")
        },
    ];
    let request = GetGuaranteesRequest {
        vehicle_id: vehicle(VIN).to_string(),
    };
    let answer = world
        .scoring()
        .get_guarantees(world.hq(request.clone()))
        .await;
    let counted = answer.unwrap().into_inner();
    assert_eq!(
        (counted.start.as_str(), counted.period_end.as_str()),
        ("2025-12-01", "2027-12-01")
    );
    assert_eq!(
        counted.vehicle_use, "operating",
        "the rules cover household cars: whoever reads the counters is told"
    );
    let of = |rule: &str| {
        counted
            .counters
            .iter()
            .find(|each| each.rule == rule)
            .unwrap()
    };
    let days = of("repair_days");
    assert_eq!(
        (days.count, days.reached_at, days.level.as_str()),
        (27, 31, "warning")
    );
    assert_eq!(days.evidence.len(), 3, "{:?}", days.evidence);
    let part = of("main_part_replaced");
    assert_eq!(
        (part.count, part.level.as_str(), part.subject.as_str()),
        (2, "reached", "steering: EPS1")
    );
    assert_eq!(of("same_defect").count, 2);
    let foreign = world
        .scoring()
        .get_guarantees(world.manager("D3", request))
        .await;
    assert_eq!(foreign.unwrap_err().code(), tonic::Code::NotFound);
}

async fn what_a_diagnosis_names_is_counted_and_what_one_tells_warns(db: TestDb) {
    let world = World::start(db).await;
    world.vehicles.deliver([sold(1, VIN, "2026-05-01")]).await;
    let order = |number: u32, date: &str, told: &str, found: &str| Visit {
        id: format!("vis_{number:032}"),
        dealer: "D1".into(),
        order_number: format!("R{number}"),
        vin: VIN.into(),
        kind: "warranty".into(),
        opened_at: Some(to_proto_time(day(date))),
        closed_at: Some(to_proto_time(day(date))),
        odometer_km: 900,
        complaint_text: told.into(),
        diagnosis: found.into(),
        ..Visit::default()
    };
    let mut seen = Vec::new();
    for orders in [
        vec![order(1, "2026-05-20", "刹车失灵", "未见异常")],
        vec![
            order(1, "2026-05-20", "刹车失灵", "未见异常"),
            order(2, "2026-05-27", "", "制动主缸失效，变速箱顿挫"),
        ],
    ] {
        *world.repair_orders.lock().unwrap() = orders;
        let request = GetGuaranteesRequest {
            vehicle_id: vehicle(VIN).to_string(),
        };
        let answer = world.scoring().get_guarantees(world.hq(request)).await;
        let counters = answer.unwrap().into_inner().counters;
        let of = |rule: &str| {
            let found = counters.iter().find(|each| each.rule == rule);
            found.map(|each| (each.level.clone(), each.count, each.evidence.join(",")))
        };
        seen.push([
            of("early_fault"),
            of("serious_safety_fault"),
            of("early_unit_defect"),
        ]);
    }
    let some =
        |level: &str, count, evidence: &str| Some((level.to_owned(), count, evidence.to_owned()));
    assert_eq!(seen[0], [some("warning", 0, "D1/R1"), None, None]);
    assert_eq!(
        seen[1],
        [
            some("reached", 1, "D1/R2"),
            some("warning", 1, "D1/R2"),
            None
        ],
        "the first assembly that is named is where the defect is"
    );
}
