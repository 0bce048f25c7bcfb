//! Pages of a customer's records.

use marque_api::customer::v1::{
    GetSourceRecordRequest, ListSourceRecordsRequest, ListSourceRecordsResponse,
};
use marque_auth::{Role, Scope};
use marque_db::StoreError;
use marque_testkit::{Rig, TestDb, a_customer, phone, store_test_suite};

use crate::common::{HQ, dealer, put};

store_test_suite!(
    pages_of_records_go_through_all_of_them_once,
    a_page_of_records_opens_no_others,
    a_record_is_found_by_the_id_that_findings_and_work_lists_name,
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

async fn a_record_is_found_by_the_id_that_findings_and_work_lists_name(db: TestDb) {
    let rig = Rig::new(db).await;
    let put = put(
        &rig,
        a_customer()
            .named("王小明")
            .with_phone(phone(1))
            .put("D1", "K1"),
    )
    .await;
    let ask = async |role: Role, scope: Scope, id: &str| {
        let message = GetSourceRecordRequest { id: id.to_owned() };
        let asked = rig
            .customer()
            .get_source_record(rig.ask(role, scope, message))
            .await;
        asked.map(|got| got.into_inner().source_record.unwrap())
    };
    let id = put.source_record_id.as_str();
    for (role, scope) in [(Role::Agent, HQ), (Role::Manager, dealer("D1"))] {
        let found = ask(role, scope, id).await.unwrap();
        assert_eq!((found.id.as_str(), found.key.as_str()), (id, "K1"));
        assert_eq!(found.customer_id, put.customer_id);
        assert!(!found.columns.unwrap().phone.contains("0000000"), "masked");
    }
    for (scope, id) in [(dealer("D2"), id), (HQ, "src_0"), (HQ, "nothing")] {
        let role = if scope == HQ {
            Role::Agent
        } else {
            Role::Manager
        };
        assert!(ask(role, scope, id).await.is_err(), "{id}");
    }
}
