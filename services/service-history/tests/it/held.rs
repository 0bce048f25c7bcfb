//! Rows of files that are held back, handed out to whom they are about.

use marque_api::{intake::v1::HeldRow, service_history::v1::ExportVisitsRequest};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    imports::import,
    world::{World, customer, link, linked, vin},
};

store_test_suite!(a_customer_is_handed_the_rows_that_are_held_back_under_his_key);

/// The rows of a customer that are handed out to another, as few a page as there can be.
async fn held(world: &World, of: CustomerId, to: CustomerId) -> Vec<HeldRow> {
    let (mut rows, mut token) = (Vec::new(), String::new());
    loop {
        let message = ExportVisitsRequest {
            customer_id: of.to_string(),
            page_size: 1,
            page_token: token,
            held_rows: true,
        };
        let request = world.ask(Role::Customer, Scope::Customer(to), message);
        let page = world.history().export_visits(request).await.unwrap();
        let page = page.into_inner();
        assert!(page.visits.is_empty() && page.earlier.is_empty());
        rows.extend(page.held_rows);
        token = page.next_page_token;
        if token.is_empty() {
            return rows;
        }
    }
}

async fn a_customer_is_handed_the_rows_that_are_held_back_under_his_key(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "777", customer(10), ""),
        link("D1", "888", customer(20), ""),
    ];
    world.customers.deliver([linked(1, links)]).await;
    // An order of two, and a row of another dealer's customer; the number of his record is the odometer of the other's car.
    let row = |order: &str, car: u32, key: &str, km: &str, words: &str, dealer: &str| {
        let car = vin(car);
        format!("{order},{car},{key},2025-03-05 09:00,{km},{words},{dealer}\n")
    };
    let file = [
        "order_number,vin,customer_key,opened_at,odometer_km,complaint_text,dealer\n",
        &row("R1", 1, "777", "100", "他的话", "D1"),
        &row("R1", 2, "888", "777", "别人的话", "D1"),
        &row("R2", 3, "777", "100", "外店的话", "D2"),
    ];
    for _ in 0..2 {
        assert_eq!(import(&world, &file.concat()).await.quarantined, 3);
    }
    let (he, other) = (customer(10), customer(20));
    for (whose, words, line) in [(he, "他的话", 2), (other, "别人的话", 3)] {
        let rows = held(&world, whose, whose).await;
        assert_eq!(rows.len(), 2, "of each file one: {rows:?}");
        for row in rows {
            let told = (row.kind.as_str(), row.dealer.as_str(), row.line);
            assert_eq!(told, ("visits", "D1", line));
            let mut columns = row.columns.iter();
            let said = columns.find(|column| column.name == "complaint_text");
            assert_eq!(said.unwrap().value, words);
        }
    }
    assert!(held(&world, he, other).await.is_empty());
}
