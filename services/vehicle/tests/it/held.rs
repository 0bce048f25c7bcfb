//! Rows of files that are held back, handed out to whom they are about.

use marque_api::{intake::v1::HeldRow, vehicle::v1::ExportRowsRequest};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};

use crate::{
    imports::import,
    world::{World, customer, day, link, linked},
};

store_test_suite!(an_owner_is_handed_the_rows_that_are_held_back_without_keys_of_others);

async fn held(world: &World, of: CustomerId, to: CustomerId) -> Vec<HeldRow> {
    let message = ExportRowsRequest {
        customer_id: of.to_string(),
        held_rows: true,
        ..ExportRowsRequest::default()
    };
    let request = world.ask(Role::Customer, Scope::Customer(to), message);
    let page = world.vehicles().export_rows(request).await.unwrap();
    let page = page.into_inner();
    assert!(page.rows.is_empty() && page.next_page_token.is_empty());
    page.held_rows
}

async fn an_owner_is_handed_the_rows_that_are_held_back_without_keys_of_others(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![
        link("D1", "A", customer(10), "", "", day(0)),
        link("D1", "B", customer(20), "", "", day(0)),
    ];
    world.customers.deliver([linked(1, links)]).await;
    let file = "vin,plate,owner_key,driver_key,payer_key,车主备注\n\
                12345,京A12345,A,B,A,下午来电\n\
                12346,京A12346,B,A,,上午来电\n";
    assert_eq!(import(&world, file).await.quarantined, 2);
    let (he, other) = (customer(10), customer(20));
    let rows = held(&world, he, he).await;
    assert_eq!(rows.len(), 1, "{rows:?}");
    let columns: Vec<(&str, &str)> = rows[0]
        .columns
        .iter()
        .map(|column| (column.name.as_str(), column.value.as_str()))
        .collect();
    assert_eq!(
        columns,
        [
            ("vin", "12345"),
            ("plate", "京A12345"),
            ("owner_key", "A"),
            ("payer_key", "A"),
            ("车主备注", "下午来电"),
        ]
    );
    let rows = held(&world, other, other).await;
    assert_eq!((rows.len(), rows[0].line), (1, 3));
    assert!(held(&world, he, other).await.is_empty());
}
