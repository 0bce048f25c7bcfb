//! Too much: of one caller, and of all together.

use std::{
    num::NonZeroU32,
    sync::Arc,
    time::{Duration, Instant},
};

use axum::body::Body;
use futures::{future::join_all, stream};
use tower::ServiceExt as _;

use crate::rig::{CUSTOMER, Rig, request};

#[tokio::test]
async fn a_caller_who_asks_too_much_is_told_when_to_come_back_and_others_are_not_hurt() {
    let rig = Rig::with(|settings| {
        settings.requests_per_second = NonZeroU32::MIN;
        settings.burst = NonZeroU32::new(3).unwrap();
    });
    let path = format!("/v1/customers/{CUSTOMER}");
    let greedy = rig.tokens.of("sales");
    for left in [2, 1, 0] {
        let reply = rig.send(request("GET", &path, &greedy, "")).await;
        assert_eq!(reply.status.as_u16(), 200);
        assert_eq!(
            reply.header("ratelimit-policy"),
            Some("\"default\";q=3;w=3")
        );
        assert!(
            reply
                .header("ratelimit")
                .unwrap()
                .starts_with(&format!("\"default\";r={left};t=")),
            "{:?}",
            reply.header("ratelimit")
        );
    }
    let refused = rig.send(request("GET", &path, &greedy, "")).await;
    assert_eq!(
        (refused.status.as_u16(), refused.reason().as_str()),
        (429, "RATE_LIMITED")
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    // Who comes again then is not too early.
    assert_eq!(refused.header("ratelimit"), Some("\"default\";r=0;t=1"));
    assert_eq!(
        rig.send(request("GET", &path, &rig.tokens.of("service"), ""))
            .await
            .status
            .as_u16(),
        200
    );
}

#[tokio::test]
async fn who_has_numbers_shown_one_after_the_other_is_stopped_and_can_go_on_with_his_work() {
    let rig = Rig::with(|settings| settings.reveals_per_minute = NonZeroU32::new(2).unwrap());
    let manager = rig.tokens.of("manager");
    let show = async || {
        let path = format!("/v1/customers/{CUSTOMER}/unmask");
        let reason = r#"{"reason":"customer asks by phone"}"#;
        rig.send(request("POST", &path, &manager, reason)).await
    };
    for left in ["r=1;", "r=0;"] {
        let reply = show().await;
        assert_eq!(reply.status.as_u16(), 200);
        assert_eq!(
            reply.header("ratelimit-policy"),
            Some("\"reveals\";q=2;w=60")
        );
        assert!(reply.header("ratelimit").unwrap().contains(left));
    }
    let refused = show().await;
    assert_eq!(
        (refused.status.as_u16(), refused.reason().as_str()),
        (429, "RATE_LIMITED")
    );
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&wait), "{wait}");
    let work = request("GET", &format!("/v1/customers/{CUSTOMER}"), &manager, "");
    assert_eq!(rig.send(work).await.status.as_u16(), 200);
}

#[tokio::test]
async fn five_times_what_fits_is_refused_fast_and_what_is_let_in_is_served() {
    const FITS: usize = 8;
    let rig = Arc::new(Rig::with(|settings| settings.max_in_flight = FITS));
    rig.customer.be_late(Duration::from_millis(200));
    let one = || {
        let rig = Arc::clone(&rig);
        async move {
            let begun = Instant::now();
            let reply = rig
                .call("GET", &format!("/v1/customers/{CUSTOMER}"), "")
                .await;
            (
                reply.status.as_u16(),
                reply.reason(),
                reply.header("retry-after").is_some(),
                begun.elapsed(),
            )
        }
    };
    let replies = join_all((0..5 * FITS).map(|_| one())).await;
    let (served, refused): (Vec<_>, Vec<_>) = replies.into_iter().partition(|reply| reply.0 == 200);
    assert_eq!((served.len(), refused.len()), (FITS, 4 * FITS));
    for (_, _, _, took) in served {
        assert!(took < Duration::from_millis(600), "{took:?}");
    }
    for (status, reason, says_when, took) in refused {
        assert_eq!(
            (status, reason.as_str(), says_when),
            (503, "OVERLOADED", true)
        );
        assert!(took < Duration::from_millis(100), "{took:?}");
    }
    assert_eq!(one().await.0, 200, "afterwards all is well");
}

#[tokio::test]
async fn imports_do_not_take_the_places_of_people_who_wait() {
    let rig = Arc::new(Rig::with(|settings| settings.max_imports_in_flight = 1));
    let importing = {
        let rig = Arc::clone(&rig);
        tokio::spawn(async move {
            let endless = stream::pending::<Result<&str, std::io::Error>>();
            let path = "/v1/imports?kind=customers&dealer=D001&source=dms";
            rig.send(
                request("POST", path, &rig.tokens.of("dms"), "")
                    .map(|_| Body::from_stream(endless)),
            )
            .await
        })
    };
    while rig.customer.calls() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let second = rig
        .call(
            "POST",
            "/v1/imports?kind=customers&dealer=D001&source=dms",
            "x",
        )
        .await;
    assert_eq!(
        (second.status.as_u16(), second.reason().as_str()),
        (503, "OVERLOADED")
    );
    assert_eq!(
        rig.call("GET", &format!("/v1/customers/{CUSTOMER}"), "")
            .await
            .status
            .as_u16(),
        200
    );
    importing.abort();
}

#[tokio::test]
async fn who_watches_has_a_place_until_he_goes_and_keeps_nobody_out_who_asks() {
    let rig = Rig::with(|settings| {
        settings.max_streams = 1;
        settings.max_in_flight = 1;
        settings.max_imports_in_flight = 1;
    });
    let watch = || {
        let token = rig.tokens.of("agent");
        let request = request("GET", "/v1/complaints/feed", &token, "");
        rig.gateway.router.clone().oneshot(request)
    };
    let watching = watch().await.unwrap();
    assert_eq!(watching.status().as_u16(), 200);
    assert_eq!(watch().await.unwrap().status().as_u16(), 503);
    let path = format!("/v1/customers/{CUSTOMER}");
    assert_eq!(rig.call("GET", &path, "").await.status.as_u16(), 200);
    drop(watching);
    assert_eq!(watch().await.unwrap().status().as_u16(), 200);
}
