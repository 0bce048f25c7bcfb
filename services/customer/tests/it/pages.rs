//! Pages of a customer's records.

use marque_api::customer::v1::{ListSourceRecordsRequest, ListSourceRecordsResponse};
use marque_auth::{Role, Scope};
use marque_db::StoreError;
use marque_testkit::{Rig, TestDb, a_customer, phone, store_test_suite};

use crate::common::{HQ, dealer, put};

store_test_suite!(
    pages_of_records_go_through_all_of_them_once,
    a_page_of_records_opens_no_others,
);

async fn page(rig: &Rig, scope: Scope, id: &str, token: &str) -> ListSourceRecordsResponse {
    let message = ListSourceRecordsRequest {
        customer_id: id.to_owned(),
        page_size: 2,
        page_token: token.to_owned(),
    };
    let role = match scope {
        Scope::Headquarters => Role::Agent,
        _ => Role::Manager,
    };
    rig.customer()
        .list_source_records(rig.ask(role, scope, message))
        .await
        .unwrap()
        .into_inner()
}

/// Somebody with five records at D1 and one at D2.
async fn somebody(rig: &Rig) -> String {
    let person = || a_customer().named("王小明").with_phone(phone(1));
    put(rig, person().put("D2", "2")).await;
    let mut id = String::new();
    for n in 1..=5 {
        id = put(rig, person().put("D1", &format!("K{n}")))
            .await
            .customer_id;
    }
    id
}

async fn pages_of_records_go_through_all_of_them_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    let cases = [
        (dealer("D1"), vec!["K1", "K2", "K3", "K4", "K5"]),
        (dealer("D2"), vec!["2"]),
        (
            Scope::Region("east".into()),
            vec!["2", "K1", "K2", "K3", "K4", "K5"],
        ),
        (Scope::Headquarters, vec!["2", "K1", "K2", "K3", "K4", "K5"]),
    ];
    for (scope, wanted) in cases {
        let (mut keys, mut token) = (Vec::new(), String::new());
        loop {
            let page = page(&rig, scope.clone(), &id, &token).await;
            assert!(page.source_records.len() <= 2);
            for record in page.source_records {
                assert_eq!(record.customer_id, id);
                keys.push(record.key);
            }
            token = page.next_page_token;
            if token.is_empty() {
                break;
            }
        }
        assert_eq!(keys, wanted);
    }
}

/// A page of a rental company with twenty thousand records costs what the page holds.
async fn a_page_of_records_opens_no_others(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = somebody(&rig).await;
    // One that cannot be opened tells whether it was.
    rig.customer_db()
        .write(|conn| {
            let sql = "UPDATE source_records SET sealed = ?1 WHERE source_key = 'K5'";
            conn.execute(sql, &[(&b"damaged"[..]).into()])?;
            Ok::<_, StoreError>(())
        })
        .await
        .unwrap();
    let mut token = String::new();
    for wanted in [["2", "K1"], ["K2", "K3"]] {
        let page = page(&rig, HQ, &id, &token).await;
        let keys: Vec<&str> = page.source_records.iter().map(|it| &*it.key).collect();
        assert_eq!(keys, wanted);
        token = page.next_page_token;
    }
}
