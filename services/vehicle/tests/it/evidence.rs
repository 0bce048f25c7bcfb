//! What the data-quality service is told of rows: no value, and a sale that the car's visits contradict.

use marque_api::vehicle::v1::VehicleColumns;
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, day, recorded, vin, visit};

store_test_suite!(
    a_sale_later_than_the_first_visit_is_found_and_mended,
    what_a_standard_may_bound_is_measured_and_nothing_else,
);

fn sold(on: &str) -> VehicleColumns {
    VehicleColumns {
        vin: vin(1),
        brand: "Marque".into(),
        sale_date: on.into(),
        ..VehicleColumns::default()
    }
}

async fn a_sale_later_than_the_first_visit_is_found_and_mended(db: TestDb) {
    let world = World::start(db).await;
    let (car, _) = world.put("D1", sold("2025-03-05")).await;
    let rules = async || {
        let evidence = world.evidence(std::slice::from_ref(&car.id)).await;
        assert_eq!(evidence.len(), 1);
        assert!(
            !format!("{evidence:?}").contains(&vin(1)),
            "evidence holds no value"
        );
        let findings = evidence[0].findings.iter();
        let findings = findings.filter(|finding| finding.field == "sale_date");
        let found = findings.map(|finding| (finding.field.clone(), finding.rule.clone()));
        found.collect::<Vec<_>>()
    };
    // Looked over before it was sold, with the kilometres from the works; and at a workshop after the sale.
    let before = [
        visit(1, "D1", &vin(1), 12, day(10)),
        visit(2, "D2", &vin(1), 9_000, day(300)),
    ];
    world.visits.deliver([recorded(1, before.to_vec())]).await;
    assert!(rules().await.is_empty());

    // On the twenty-first of January somebody drove it to a workshop: it was not sold in March.
    let early = visit(3, "D2", &vin(1), 700, day(20));
    world.visits.deliver([recorded(2, vec![early])]).await;
    let late = ("sale_date".to_owned(), "sale_after_visit".to_owned());
    assert_eq!(rules().await, [late]);

    world.put("D1", sold("2025-01-15")).await;
    assert!(rules().await.is_empty());
}

async fn what_a_standard_may_bound_is_measured_and_nothing_else(db: TestDb) {
    let world = World::start(db).await;
    let columns = VehicleColumns {
        model_year: "2024".into(),
        insurance_expiry: "2026-01-15".into(),
        plate: "冀A12345".into(),
        ..sold("2025-01-15")
    };
    let (car, _) = world.put("D1", columns).await;
    let driven = visit(1, "D2", &vin(1), 700, day(20));
    world.visits.deliver([recorded(1, vec![driven])]).await;
    let evidence = world.evidence(std::slice::from_ref(&car.id)).await;
    let measures = evidence[0].measures.iter();
    let mut measured: Vec<(&str, &str)> = measures
        .map(|one| (one.field.as_str(), one.measure.as_str()))
        .collect();
    measured.sort_unstable();
    assert_eq!(
        measured,
        [
            ("insurance_expiry", "day"),
            ("model_year", "year"),
            ("sale_date", "day"),
            ("sale_date", "days_after_first_visit"),
        ]
    );
}
