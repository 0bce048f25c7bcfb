//! What a dealer is shown of a visit once its customer is none of his any more, before the service-history role has heard of it.

use tonic::Code;

use crate::rig::{CUSTOMER, Reply, Rig, VEHICLE, request};

const VISIT: &str = "/v1/visits/vis_1";

async fn get(rig: &Rig, dealer: &str, path: &str) -> Reply {
    let token = rig.tokens.at("manager", dealer);
    rig.send(request("GET", path, &token, "")).await
}

#[tokio::test]
async fn whom_the_customer_role_does_not_show_stands_in_no_visit_of_another_dealer() {
    let paths = [
        VISIT.to_owned(),
        format!("{VISIT}/versions"),
        format!("/v1/vehicles/{VEHICLE}/visits"),
    ];
    for path in paths {
        let rig = Rig::new();
        let seen = get(&rig, "D002", &path).await;
        assert!(seen.text.contains("\"noise\"") && seen.text.contains(CUSTOMER));
        // It says no, or cannot be asked: then nobody knows whether he may still be shown.
        for code in [Code::NotFound, Code::Unavailable] {
            rig.customer.fail(code);
            let seen = get(&rig, "D002", &path).await;
            assert_eq!(seen.status.as_u16(), 200, "{path}: {}", seen.text);
            assert!(seen.text.contains("loose cover"), "{path}: {}", seen.text);
            let is_told = seen.text.contains("\"noise\"") || seen.text.contains(CUSTOMER);
            assert!(!is_told, "{path} {code:?}: {}", seen.text);
        }
    }
}

#[tokio::test]
async fn the_customer_role_is_asked_of_nobody_whom_a_dealer_has_served_himself() {
    let rig = Rig::new();
    rig.customer.fail(Code::NotFound);
    for own in [
        get(&rig, "D001", VISIT).await,
        rig.call("GET", VISIT, "").await,
    ] {
        assert!(own.text.contains("\"noise\""), "{}", own.text);
    }
    assert_eq!(rig.customer.calls(), 0);
}

#[tokio::test]
async fn a_copy_with_the_words_is_not_good_for_who_may_see_them_no_more() {
    let rig = Rig::new();
    let seen = get(&rig, "D002", VISIT).await;
    let etag = seen.header("etag").unwrap().to_owned();
    rig.customer.fail(Code::NotFound);
    let mut again = request("GET", VISIT, &rig.tokens.at("manager", "D002"), "");
    again
        .headers_mut()
        .insert("if-none-match", etag.parse().unwrap());
    assert_eq!(rig.send(again).await.status.as_u16(), 200);
}
