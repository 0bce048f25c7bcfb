//! Calls find their role, or learn that it is not here.

use marque_rpc::{RoleName, RoleRouter, RoleTaken, Routes, RpcTransport, StackSettings, stack};
use tonic::{Code, transport::Endpoint};
use tonic_health::pb::{
    HealthCheckRequest, health_check_response::ServingStatus, health_client::HealthClient,
};
use tower::layer::util::Identity;

use crate::common::{World, ask, feed, network, seen};

#[tokio::test]
async fn a_role_that_is_not_here_is_unimplemented() {
    let world = World::start().await;
    let [memory, tcp] = world.both_to(RoleName::Scoring);
    let over_memory = feed(&memory).pull(ask("ok")).await.unwrap_err();
    let over_tcp = feed(&tcp).pull(ask("ok")).await.unwrap_err();
    assert_eq!(over_memory.code(), Code::Unimplemented);
    assert!(over_memory.message().contains("scoring"));
    assert_eq!(seen(&over_memory), seen(&over_tcp));
}

#[tokio::test]
async fn several_roles_serve_the_same_service_on_one_listener() {
    let world = World::start().await;
    for transport in world.both() {
        let status = feed(&transport).pull(ask("panic")).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal, "the vehicle role");
    }
    for transport in world.both_to(RoleName::Customer) {
        assert!(
            feed(&transport).pull(ask("relay")).await.is_ok(),
            "the customer role, which alone can relay"
        );
    }
}

#[tokio::test]
async fn a_caller_from_outside_who_names_no_role_is_told_how() {
    let world = World::start().await;
    let channel = Endpoint::from_shared(world.address.clone())
        .unwrap()
        .connect()
        .await
        .unwrap();
    let mut bare = marque_api::events::v1::event_feed_client::EventFeedClient::new(channel);
    let status = bare.pull(ask("ok")).await.unwrap_err();
    assert_eq!(status.code(), Code::Unimplemented);
    assert!(status.message().contains("marque-role"));
}

#[tokio::test]
async fn a_role_is_added_once_and_a_router_that_is_gone_has_none() {
    let router = RoleRouter::new();
    let routes = || {
        stack(
            RoleName::Network,
            Routes::default(),
            Identity::new(),
            StackSettings::default(),
        )
    };
    router.add(routes()).unwrap();
    assert_eq!(router.add(routes()), Err(RoleTaken(RoleName::Network)));
    assert_eq!(router.roles(), [RoleName::Network]);
    let transport = RpcTransport::local(RoleName::Network, &router);
    drop(router);
    assert_eq!(
        feed(&transport).pull(ask("ok")).await.unwrap_err().code(),
        Code::Unimplemented
    );
}

#[tokio::test]
async fn health_is_told_for_each_role() {
    let world = World::start().await;
    let mut health = HealthClient::new(network(RoleName::Vehicle, &world.address));
    let check = |service: &str| HealthCheckRequest {
        service: service.to_owned(),
    };
    assert_eq!(
        health.check(check("vehicle")).await.unwrap_err().code(),
        Code::NotFound
    );
    world.router.set_serving(RoleName::Vehicle, true).await;
    let status = health
        .check(check("vehicle"))
        .await
        .unwrap()
        .into_inner()
        .status();
    assert_eq!(status, ServingStatus::Serving);
    world.router.set_serving(RoleName::Vehicle, false).await;
    let status = health
        .check(check("vehicle"))
        .await
        .unwrap()
        .into_inner()
        .status();
    assert_eq!(status, ServingStatus::NotServing);
}

#[tokio::test]
async fn what_comes_back_during_a_drain_is_not_called() {
    let world = World::start().await;
    let mut health = HealthClient::new(network(RoleName::Vehicle, &world.address));
    world.router.set_serving(RoleName::Vehicle, true).await;
    world.router.stop_serving().await;
    world.router.set_serving(RoleName::Vehicle, true).await;
    for service in ["", "vehicle", "marque.events.v1.EventFeed"] {
        let asked = HealthCheckRequest {
            service: service.to_owned(),
        };
        let status = health.check(asked).await.unwrap().into_inner().status();
        assert_eq!(status, ServingStatus::NotServing, "{service}");
    }
}

#[tokio::test]
async fn a_service_of_several_roles_serves_while_one_of_them_does() {
    let world = World::start().await;
    let mut health = HealthClient::new(network(RoleName::Vehicle, &world.address));
    for (vehicle, customer, told) in [
        (true, false, ServingStatus::Serving),
        (false, true, ServingStatus::Serving),
        (false, false, ServingStatus::NotServing),
    ] {
        world.router.set_serving(RoleName::Vehicle, vehicle).await;
        world.router.set_serving(RoleName::Customer, customer).await;
        let feed = HealthCheckRequest {
            service: "marque.events.v1.EventFeed".to_owned(),
        };
        let status = health.check(feed).await.unwrap().into_inner().status();
        assert_eq!(status, told, "{vehicle} {customer}");
    }
}
