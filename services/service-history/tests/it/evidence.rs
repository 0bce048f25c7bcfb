//! What the data-quality service is told of visits: the numbers and days that a standard may bound, and no others.

use marque_api::{evidence::v1::Evidence, service_history::v1::VisitColumns};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, vin, visit};

store_test_suite!(
    what_a_standard_may_bound_is_measured_and_nothing_else,
    an_adviser_is_told_of_by_his_number_and_never_by_his_name,
);

fn measures(evidence: &Evidence) -> Vec<(&str, &str)> {
    let measures = evidence.measures.iter();
    measures
        .map(|measured| (measured.field.as_str(), measured.measure.as_str()))
        .collect()
}

async fn what_a_standard_may_bound_is_measured_and_nothing_else(db: TestDb) {
    let world = World::start(db).await;
    let lines = r#"[{"line_kind":"工时","name":"更换","quantity":1.5,"unit_price":"120.50"},
        {"kind":"part","name":"刹车片","quantity":"2","unit_price":88},
        {"kind":"part","name":"清洗剂"}]"#;
    let first = visit("R1", &vin(1), "K1", "03-05", "5000");
    let (first, _) = world.put("D1", first).await;
    let with_lines = VisitColumns {
        lines: lines.into(),
        ..visit("R2", &vin(1), "K1", "03-10", "6000")
    };
    let (second, _) = world.put("D1", with_lines).await;
    let bare = VisitColumns {
        closed_at: String::new(),
        odometer_km: String::new(),
        amount: String::new(),
        ..visit("R3", &vin(2), "K1", "03-12", "0")
    };
    let (third, _) = world.put("D1", bare).await;

    let ids = [first.id, second.id, third.id];
    let told = world.evidence(&ids).await;
    let of = |n: usize| told.iter().find(|one| one.id == ids[n]).unwrap();
    let [first, second, third] = [of(0), of(1), of(2)];
    let of_order = [
        ("opened_at", "day"),
        ("closed_at", "day"),
        ("odometer_km", "km"),
        ("odometer_km", "km_a_day"),
        ("amount", "yuan"),
    ];
    assert_eq!(measures(first), of_order);
    // Of the lines the least and the most of what was typed.
    let of_lines = [("quantity", "count"); 2]
        .into_iter()
        .chain([("unit_price", "yuan"); 2]);
    let all: Vec<_> = of_order.into_iter().chain(of_lines).collect();
    assert_eq!(measures(second), all);
    let values: Vec<i64> = second.measures[5..].iter().map(|one| one.value).collect();
    assert_eq!(values, [1_500, 2_000, 8_800, 12_050]);
    assert_eq!(measures(third), [("opened_at", "day")]);
}

async fn an_adviser_is_told_of_by_his_number_and_never_by_his_name(db: TestDb) {
    let world = World::start(db).await;
    let mut ids = Vec::new();
    for (order, adviser) in [("R1", "A0031"), ("R2", "王芳 13566661111")] {
        let received = VisitColumns {
            adviser: adviser.into(),
            ..visit(order, &vin(1), "K1", "03-05", "5000")
        };
        ids.push(world.put("D1", received).await.0.id);
    }
    let told = world.evidence(&ids).await;
    let clerk = |n: usize| {
        told.iter()
            .find(|one| one.id == ids[n])
            .unwrap()
            .clerk
            .as_str()
    };
    assert_eq!(clerk(0), "A0031");
    assert!(clerk(1).starts_with("coded-") && clerk(1).is_ascii());
}
