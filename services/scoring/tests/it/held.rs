//! Rows of files that are held back, handed out to whom they are about.

use marque_api::scoring::v1::{ExportFactsRequest, ExportFactsResponse};
use marque_auth::{Role, Scope};
use marque_core::CustomerId;
use marque_testkit::{TestDb, store_test_suite};
use tonic::{Code, Status};

use crate::{
    imports::import,
    world::{World, customer, link, linked},
};

store_test_suite!(a_customer_is_handed_the_rows_of_facts_that_are_held_back_under_his_key);

async fn held(
    world: &World,
    of: CustomerId,
    to: CustomerId,
) -> Result<ExportFactsResponse, Status> {
    let message = ExportFactsRequest {
        customer_id: of.to_string(),
        held_rows: true,
        ..ExportFactsRequest::default()
    };
    let request = world.ask(Role::Customer, Scope::Customer(to), message);
    let page = world.scoring().export_facts(request).await?;
    Ok(page.into_inner())
}

async fn a_customer_is_handed_the_rows_of_facts_that_are_held_back_under_his_key(db: TestDb) {
    let world = World::start(db).await;
    let links = vec![link("D1", "A", customer(10)), link("D1", "B", customer(20))];
    world.customers.deliver([linked(1, links)]).await;
    let purchases = "purchase_key,customer_key,date,amount,备注\n\
                     SO-1,A,notadate,abc,第一次买车\n\
                     SO-2,B,notadate,abc,别人的车\n";
    let payments = "payment_key,customer_key,date,amount,备注\n\
                    PM-1,A,notadate,abc,分期\n";
    assert_eq!(import(&world, "purchases", purchases).await.quarantined, 2);
    assert_eq!(import(&world, "payments", payments).await.quarantined, 1);
    let (he, other) = (customer(10), customer(20));
    let page = held(&world, he, he).await.unwrap();
    assert!(page.facts.is_empty() && page.next_page_token.is_empty());
    let mut told: Vec<(&str, &str)> = page
        .held_rows
        .iter()
        .map(|row| (row.kind.as_str(), row.columns[4].value.as_str()))
        .collect();
    told.sort_unstable();
    assert_eq!(told, [("payments", "分期"), ("purchases", "第一次买车")]);
    let refused = held(&world, he, other).await.unwrap_err();
    assert_eq!(refused.code(), Code::NotFound);
}
