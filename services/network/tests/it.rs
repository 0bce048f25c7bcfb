//! The network service over its generated client, on both databases.

#![expect(
    clippy::unwrap_used,
    reason = "a step of a test that fails is a failed test"
)]

use marque_api::{
    events::v1::{Event, PullRequest, event_feed_client::EventFeedClient},
    network::v1::{
        ApplyNetworkRequest, ApplyNetworkResponse, Dealer, DealersPut, GetDealerRequest,
        ListDealersRequest, ListStaffRequest, PutDealerRequest, PutDealerResponse, PutStaffRequest,
        Staff, StaffPut, network_service_client::NetworkServiceClient,
    },
};
use marque_auth::{Role, Scope};
use marque_errors::Problem;
use marque_rpc::RoleName;
use marque_testkit::{Rig, TestDb, store_test_suite};
use prost::Message as _;
use tonic::{Code, Request, Status};

store_test_suite!(
    a_dealer_is_created_changed_and_told_of,
    a_change_of_an_older_version_is_refused,
    what_must_be_new_is_put_once,
    a_dealers_own_numbers_are_kept_and_told_of,
    changes_at_once_each_get_a_version,
    lists_are_paged_and_filtered,
    each_scope_sees_its_dealers,
    a_network_is_applied_whole_or_not_at_all,
    all_that_is_wrong_with_a_network_is_told_at_once,
    a_full_width_code_is_the_plain_one,
    phones_of_staff_are_sealed,
    whose_staff_changed_is_told_and_nothing_of_them,
    a_write_with_a_key_happens_once,
);

fn dealer(code: &str, name: &str, version: i64) -> Dealer {
    Dealer {
        code: code.to_owned(),
        name: name.to_owned(),
        region: "east".to_owned(),
        version,
        ..Dealer::default()
    }
}

fn of_dealer(code: &str) -> Scope {
    Scope::Dealer(code.parse().unwrap())
}

async fn put(rig: &Rig, dealer: Dealer) -> Result<PutDealerResponse, Status> {
    let request = rig.ask(
        Role::HqAdmin,
        Scope::Headquarters,
        PutDealerRequest {
            dealer: Some(dealer),
        },
    );
    Ok(rig.network().put_dealer(request).await?.into_inner())
}

async fn list(
    rig: &Rig,
    role: Role,
    scope: Scope,
    message: ListDealersRequest,
) -> (Vec<String>, String) {
    let page = rig
        .network()
        .list_dealers(rig.ask(role, scope, message))
        .await
        .unwrap()
        .into_inner();
    (
        page.dealers.into_iter().map(|dealer| dealer.code).collect(),
        page.next_page_token,
    )
}

/// The events of a type in their order.
async fn events(rig: &Rig, kind: &str) -> Vec<Event> {
    let request = rig.ask_as_peer(PullRequest {
        limit: 1000,
        ..PullRequest::default()
    });
    let feed = rig.process().transport(RoleName::Network);
    let mut events = EventFeedClient::new(feed)
        .pull(request)
        .await
        .unwrap()
        .into_inner()
        .events;
    events.retain(|event| event.r#type == kind);
    events
}

/// Names of dealers in the order they were told of.
async fn told(rig: &Rig) -> Vec<String> {
    let events = events(rig, "marque.network.dealers.put").await;
    let messages = events
        .iter()
        .map(|event| DealersPut::decode(event.data.as_slice()).unwrap());
    messages
        .flat_map(|message| message.dealers)
        .map(|dealer| dealer.name)
        .collect()
}

/// The request with an idempotency key.
fn keyed<T>(mut request: Request<T>, key: &str) -> Request<T> {
    request
        .metadata_mut()
        .insert("idempotency-key", key.parse().unwrap());
    request
}

async fn a_write_with_a_key_happens_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let create = |name| {
        let message = PutDealerRequest {
            dealer: Some(dealer("D7", name, 0)),
        };
        keyed(
            rig.ask(Role::HqAdmin, Scope::Headquarters, message),
            "first",
        )
    };
    let created = rig.network().put_dealer(create("one")).await.unwrap();
    put(&rig, dealer("D7", "two", 1)).await.unwrap();
    let again = rig.network().put_dealer(create("one")).await.unwrap();
    assert_eq!(again.into_inner(), created.into_inner(), "the same answer");
    assert_eq!(
        told(&rig).await.last().unwrap(),
        "two",
        "and no other effect"
    );
    let reused = rig.network().put_dealer(create("three")).await.unwrap_err();
    assert_eq!(Problem::from(reused).reason, "IDEMPOTENCY_KEY_REUSED");

    let apply = || {
        let message = ApplyNetworkRequest {
            dealers: vec![dealer("D8", "eight", 0)],
            staff: Vec::new(),
        };
        keyed(
            rig.ask(Role::HqAdmin, Scope::Headquarters, message),
            "whole",
        )
    };
    rig.network().apply_network(apply()).await.unwrap();
    put(&rig, dealer("D8", "later", 0)).await.unwrap();
    rig.network().apply_network(apply()).await.unwrap();
    assert_eq!(told(&rig).await.last().unwrap(), "later");
}

async fn a_dealer_is_created_changed_and_told_of(db: TestDb) {
    let rig = Rig::new(db).await;
    let before = told(&rig).await.len();
    let created = put(&rig, dealer("D7", "one", 0)).await.unwrap();
    assert!(created.created);
    assert_eq!(created.dealer.unwrap().version, 1);
    let same = put(&rig, dealer("D7", "one", 0)).await.unwrap();
    assert!(!same.created);
    assert_eq!(same.dealer.unwrap().version, 1, "nothing changed");
    assert_eq!(
        put(&rig, dealer("D7", "two", 1))
            .await
            .unwrap()
            .dealer
            .unwrap()
            .version,
        2
    );
    assert_eq!(told(&rig).await[before..], ["one", "two"]);
    rig.wait_for_regions(4).await;
}

async fn a_change_of_an_older_version_is_refused(db: TestDb) {
    let rig = Rig::new(db).await;
    put(&rig, dealer("D7", "one", 0)).await.unwrap();
    put(&rig, dealer("D7", "two", 1)).await.unwrap();
    let problem = Problem::from(put(&rig, dealer("D7", "three", 1)).await.unwrap_err());
    assert_eq!(problem.reason, "DEALER_CHANGED");
    let wrong = Problem::from(put(&rig, dealer("D7", "", 0)).await.unwrap_err());
    assert_eq!(
        (wrong.status, wrong.violations[0].field.as_str()),
        (400, "name")
    );
}

async fn changes_at_once_each_get_a_version(db: TestDb) {
    let rig = Rig::new(db).await;
    let other = rig.another_process();
    put(&rig, dealer("D7", "first", 0)).await.unwrap();
    for round in 0..20 {
        let version = 1 + round;
        let change = |name: &str| {
            let message = PutDealerRequest {
                dealer: Some(dealer("D7", &format!("{name} {round}"), version)),
            };
            rig.ask(Role::HqAdmin, Scope::Headquarters, message)
        };
        let (mut here, mut there) = (
            rig.network(),
            NetworkServiceClient::new(other.transport(RoleName::Network)),
        );
        let (one, two) = tokio::join!(
            here.put_dealer(change("one")),
            there.put_dealer(change("two"))
        );
        let (won, lost) = if one.is_ok() { (one, two) } else { (two, one) };
        assert_eq!(
            won.unwrap().into_inner().dealer.unwrap().version,
            version + 1
        );
        assert_eq!(
            Problem::from(lost.unwrap_err()).reason,
            "DEALER_CHANGED",
            "no change is lost in silence"
        );
    }
}

async fn lists_are_paged_and_filtered(db: TestDb) {
    let rig = Rig::new(db).await;
    let page = |size, token: &str, region: &str| ListDealersRequest {
        page_size: size,
        page_token: token.to_owned(),
        region: region.to_owned(),
    };
    let hq = || Scope::Headquarters;
    let (first, token) = list(&rig, Role::Agent, hq(), page(2, "", "")).await;
    let (second, end) = list(&rig, Role::Agent, hq(), page(2, &token, "")).await;
    assert_eq!(
        (first, second, end.as_str()),
        (
            vec!["D1".to_owned(), "D2".to_owned()],
            vec!["D3".to_owned()],
            ""
        )
    );
    assert_eq!(
        list(&rig, Role::Agent, hq(), page(0, "", "west")).await.0,
        ["D3"]
    );
    let other_list = rig.ask(Role::Agent, hq(), page(2, &token, "west"));
    assert_eq!(
        Problem::from(rig.network().list_dealers(other_list).await.unwrap_err()).reason,
        "PAGE_INVALID"
    );
}

async fn each_scope_sees_its_dealers(db: TestDb) {
    let rig = Rig::new(db).await;
    let all = ListDealersRequest::default;
    assert_eq!(
        list(&rig, Role::Sales, of_dealer("D2"), all()).await.0,
        ["D2"]
    );
    assert_eq!(
        list(&rig, Role::Manager, Scope::Region("east".into()), all())
            .await
            .0,
        ["D1", "D2"]
    );
    let get = rig.ask(
        Role::Sales,
        of_dealer("D2"),
        GetDealerRequest {
            code: "D1".to_owned(),
        },
    );
    assert_eq!(
        rig.network().get_dealer(get).await.unwrap_err().code(),
        Code::NotFound
    );
    let change = rig.ask(
        Role::Manager,
        of_dealer("D2"),
        PutDealerRequest {
            dealer: Some(dealer("D2", "mine", 0)),
        },
    );
    assert_eq!(
        rig.network().put_dealer(change).await.unwrap_err().code(),
        Code::PermissionDenied
    );
    let foreign = PutStaffRequest {
        staff: Some(staff("D1", "S1")),
        only_new: false,
    };
    let foreign = rig
        .network()
        .put_staff(rig.ask(Role::Manager, of_dealer("D2"), foreign))
        .await
        .unwrap_err();
    assert_eq!(foreign.code(), Code::NotFound);
}

async fn what_must_be_new_is_put_once(db: TestDb) {
    let rig = Rig::new(db).await;
    assert!(put(&rig, dealer("D7", "seven", -1)).await.unwrap().created);
    let again = put(&rig, dealer("D7", "eight", -1)).await.unwrap_err();
    assert_eq!(Problem::from(again).reason, "DEALER_CHANGED");
    let put_staff = async |name: &str| {
        let message = PutStaffRequest {
            staff: Some(Staff {
                name: name.to_owned(),
                ..staff("D7", "S1")
            }),
            only_new: true,
        };
        let request = rig.ask(Role::HqAdmin, Scope::Headquarters, message);
        rig.network().put_staff(request).await
    };
    put_staff("钱师傅").await.unwrap();
    let again = put_staff("孙师傅").await.unwrap_err();
    assert_eq!(again.code(), Code::AlreadyExists);
    let request = ListStaffRequest {
        dealer: "D7".to_owned(),
        ..ListStaffRequest::default()
    };
    let request = rig.ask(Role::HqAdmin, Scope::Headquarters, request);
    let stays = rig.network().list_staff(request).await.unwrap();
    assert_eq!(stays.into_inner().staff, [staff("D7", "S1")]);
}

async fn a_network_is_applied_whole_or_not_at_all(db: TestDb) {
    let rig = Rig::new(db).await;
    let apply = async |dealers: Vec<Dealer>, staff: Vec<Staff>| {
        let request = rig.ask(
            Role::HqAdmin,
            Scope::Headquarters,
            ApplyNetworkRequest { dealers, staff },
        );
        rig.network().apply_network(request).await
    };
    let refused = async |dealers, staff| {
        let refusal = apply(dealers, staff).await.unwrap_err();
        assert_eq!(refusal.code(), Code::InvalidArgument);
        Problem::from(refusal).violations[0].field.clone()
    };
    let seven = || dealer("D7", "seven", 0);
    let nobodys = refused(vec![seven()], vec![staff("D7", "S1"), staff("D8", "S1")]);
    assert_eq!(nobodys.await, "staff[1].dealer");
    let twice = refused(vec![seven(), dealer("D7", "other", 0)], Vec::new());
    assert_eq!(twice.await, "dealers[1].code");
    let twice = refused(vec![seven()], vec![staff("D7", "S1"), staff("D7", "S1")]);
    assert_eq!(twice.await, "staff[1].code");
    let unnamed = apply(
        vec![dealer("D7", "seven", 0), dealer("D8", "", 0)],
        Vec::new(),
    )
    .await
    .unwrap_err();
    assert_eq!(
        Problem::from(unnamed).violations[0].field,
        "dealers[1].name"
    );
    assert!(
        list(
            &rig,
            Role::Agent,
            Scope::Headquarters,
            ListDealersRequest::default()
        )
        .await
        .0
        .len()
            == 3
    );
    let done = apply(vec![dealer("D7", "seven", 0)], vec![staff("D7", "S1")])
        .await
        .unwrap()
        .into_inner();
    assert_eq!((done.dealers, done.staff), (1, 1));
}

async fn apply(
    rig: &Rig,
    dealers: Vec<Dealer>,
    staff: Vec<Staff>,
) -> Result<ApplyNetworkResponse, Status> {
    let message = ApplyNetworkRequest { dealers, staff };
    let request = rig.ask(Role::HqAdmin, Scope::Headquarters, message);
    Ok(rig.network().apply_network(request).await?.into_inner())
}

async fn all_that_is_wrong_with_a_network_is_told_at_once(db: TestDb) {
    let rig = Rig::new(db).await;
    let dealers = vec![
        dealer("", "", 0),
        dealer("D7", "", 0),
        dealer("七店", "seven", 0),
        dealer("D7", "seven", 0),
    ];
    let staff = vec![
        staff("", "S1"),
        staff("D7", "S1"),
        staff("D8", ""),
        staff("D7", "S1"),
    ];
    let refusal = apply(&rig, dealers, staff).await.unwrap_err();
    let told: Vec<(String, String)> = Problem::from(refusal)
        .violations
        .into_iter()
        .map(|violation| (violation.field, violation.reason))
        .collect();
    let expected = [
        ("dealers[0].code", "MISSING"),
        ("dealers[0].name", "MISSING"),
        ("dealers[1].name", "MISSING"),
        ("dealers[2].code", "FORMAT"),
        ("staff[0].dealer", "MISSING"),
        ("staff[2].code", "MISSING"),
        ("dealers[3].code", "INVALID"),
        ("staff[3].code", "INVALID"),
        ("staff[2].dealer", "INVALID"),
    ];
    assert_eq!(
        told,
        expected.map(|(field, reason)| (field.to_owned(), reason.to_owned()))
    );
}

async fn a_full_width_code_is_the_plain_one(db: TestDb) {
    let rig = Rig::new(db).await;
    let done = apply(
        &rig,
        vec![dealer("Ｄ７", "seven", 0)],
        vec![staff("D7", "S1"), staff(" Ｄ７", "S2")],
    );
    assert_eq!(done.await.unwrap().staff, 2);
    let request = GetDealerRequest {
        code: "D7".to_owned(),
    };
    let request = rig.ask(Role::HqAdmin, Scope::Headquarters, request);
    let found = rig.network().get_dealer(request).await.unwrap();
    let found = found.into_inner().dealer.unwrap();
    assert_eq!((found.code.as_str(), found.version), ("D7", 1));
    let again = vec![dealer("D7", "seven", 0), dealer("Ｄ７", "seven", 0)];
    let refusal = apply(&rig, again, Vec::new()).await.unwrap_err();
    let told = Problem::from(refusal).violations;
    assert_eq!(told[0].field, "dealers[1].code");
}

fn staff(dealer: &str, code: &str) -> Staff {
    Staff {
        dealer: dealer.to_owned(),
        code: code.to_owned(),
        name: "钱师傅".to_owned(),
        department: "service".to_owned(),
        phone: "13977700001".to_owned(),
        active: true,
    }
}

async fn phones_of_staff_are_sealed(db: TestDb) {
    let rig = Rig::new(db).await;
    let message = PutStaffRequest {
        staff: Some(staff("D1", "S1")),
        only_new: false,
    };
    rig.network()
        .put_staff(rig.ask(Role::Manager, of_dealer("D1"), message))
        .await
        .unwrap();
    let list = ListStaffRequest {
        dealer: "D1".to_owned(),
        ..ListStaffRequest::default()
    };
    let seen = rig
        .network()
        .list_staff(rig.ask(Role::Manager, of_dealer("D1"), list))
        .await
        .unwrap()
        .into_inner()
        .staff;
    assert_eq!(seen, [staff("D1", "S1")]);
    let stored = rig.network_db().everything();
    assert!(
        stored
            .windows(9)
            .any(|window| window == "钱师傅".as_bytes()),
        "the search sees the tables"
    );
    assert!(!stored.windows(11).any(|window| window == b"13977700001"));
}

async fn whose_staff_changed_is_told_and_nothing_of_them(db: TestDb) {
    let rig = Rig::new(db).await;
    let told = async || -> Vec<Vec<String>> {
        let events = events(&rig, "marque.network.staff.put").await;
        let is_silent = |event: &Event| !event.data.windows(7).any(|some| some == b"1397770");
        assert!(events.iter().all(is_silent));
        let dealers = events
            .iter()
            .map(|event| StaffPut::decode(event.data.as_slice()));
        dealers.map(|put| put.unwrap().dealers).collect()
    };
    let put = async |staff: Staff| {
        let message = PutStaffRequest {
            staff: Some(staff),
            only_new: false,
        };
        let asked = rig.ask(Role::Manager, of_dealer("D1"), message);
        rig.network().put_staff(asked).await.unwrap();
    };
    put(staff("D1", "S1")).await;
    put(staff("D1", "S1")).await;
    assert_eq!(told().await, [["D1"]], "the same again is no news");
    let gone = Staff {
        active: false,
        ..staff("D1", "S1")
    };
    put(gone.clone()).await;
    let whole = ApplyNetworkRequest {
        dealers: Vec::new(),
        staff: vec![
            gone,
            staff("D2", "S1"),
            staff("D1", "S2"),
            staff("D2", "S2"),
        ],
    };
    let apply = rig.ask(Role::HqAdmin, Scope::Headquarters, whole);
    rig.network().apply_network(apply).await.unwrap();
    let expected: [&[&str]; 3] = [&["D1"], &["D1"], &["D1", "D2"]];
    assert_eq!(told().await, expected);
}

async fn a_dealers_own_numbers_are_kept_and_told_of(db: TestDb) {
    let rig = Rig::new(db).await;
    let phones = ["021-5000 1234", "400-800 0001"]
        .map(str::to_owned)
        .to_vec();
    let named = Dealer {
        phones: phones.clone(),
        ..dealer("D7", "seven", 0)
    };
    let created = put(&rig, named.clone()).await.unwrap().dealer.unwrap();
    assert_eq!((&created.phones, created.version), (&phones, 1));
    let same = put(&rig, named).await.unwrap().dealer.unwrap();
    assert_eq!(same.version, 1, "the same again is no change");
    let without = put(&rig, dealer("D7", "seven", 1)).await.unwrap();
    let without = without.dealer.unwrap();
    assert_eq!((without.phones.len(), without.version), (0, 2));
    let events = events(&rig, "marque.network.dealers.put").await;
    let told = events.iter().flat_map(|event| {
        let put = DealersPut::decode(event.data.as_slice()).unwrap();
        put.dealers.into_iter().filter(|dealer| dealer.code == "D7")
    });
    let told: Vec<Vec<String>> = told.map(|dealer| dealer.phones).collect();
    assert_eq!(told, [phones, Vec::new()]);
    let wrong = Dealer {
        phones: vec!["1".repeat(33)],
        ..dealer("D8", "eight", 0)
    };
    let refused = Problem::from(put(&rig, wrong).await.unwrap_err());
    assert_eq!(refused.violations[0].field, "phones[0]");
}
