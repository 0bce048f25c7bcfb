//! Who may see whom: dealers, regions, customers, roles.

use std::time::Duration;

use marque_api::customer::v1::{
    ListHistoryRequest, PartiesOfCar, UnmaskRequest, lookup_request::Key,
};
use marque_auth::{Role, Scope};
use marque_core::{CustomerNumber, source_record_id};
use marque_testkit::{Rig, TestDb, a_customer, id_number, phone, store_test_suite};
use tonic::Code;

use crate::common::{
    HQ, acts, dealer, get_as, history_as, lookup_as, merge, put, reason, records_as,
};

store_test_suite!(
    another_dealers_customer_is_not_there,
    a_reception_opens_the_file_for_90_days,
    who_has_a_part_in_a_car_is_received_as_by_any_other_key,
    a_number_typed_in_full_width_is_read,
    numbers_of_customers_do_not_count_them,
    a_region_sees_its_dealers_customers,
    a_customer_sees_himself_alone,
    each_role_sees_what_it_needs,
    the_whole_number_is_shown_against_a_reason_on_record,
    a_dealer_does_not_learn_where_else_his_customer_goes,
    nor_which_record_of_another_a_value_is_from,
    why_a_record_was_linked_is_for_headquarters,
    why_customers_were_joined_is_for_headquarters,
    a_region_does_not_learn_what_dealers_of_others_wrote,
    a_history_is_told_back_to_its_first_act,
);

const DAY: Duration = Duration::from_secs(86_400);

async fn one_at(rig: &Rig, dealer: &str) -> String {
    let person = a_customer()
        .named("王小明")
        .with_phone(phone(1))
        .with_id_number(id_number(1))
        .living_at("上海市浦东新区世纪大道100号");
    put(rig, person.put(dealer, "1")).await.customer_id
}

async fn another_dealers_customer_is_not_there(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    let nobody = "cus_00000000000070008000000000000000";
    for asked in [id.as_str(), nobody, "nonsense"] {
        let answers = [
            get_as(&rig, Role::Manager, dealer("D2"), asked)
                .await
                .map(drop),
            records_as(&rig, Role::Manager, dealer("D2"), asked)
                .await
                .map(drop),
            history_as(&rig, Role::Manager, dealer("D2"), asked)
                .await
                .map(drop),
            unmask(
                &rig,
                Role::Manager,
                dealer("D2"),
                asked,
                "he forgot his number",
            )
            .await
            .map(drop),
        ];
        for answer in answers {
            let status = answer.unwrap_err();
            assert_eq!(
                (status.code(), status.message()),
                (Code::NotFound, "no such customer"),
                "the same for all"
            );
            assert_eq!(reason(status), "CUSTOMER_UNKNOWN");
        }
    }
    assert!(get_as(&rig, Role::Sales, dealer("D1"), &id).await.is_ok());
}

async fn a_reception_opens_the_file_for_90_days(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    let miss = lookup_as(&rig, Role::Service, dealer("D2"), Key::Phone(phone(2)))
        .await
        .unwrap();
    assert_eq!((miss.customers.len(), miss.reception), (0, false));
    let hit = lookup_as(&rig, Role::Service, dealer("D2"), Key::Phone(phone(1)))
        .await
        .unwrap();
    assert_eq!(
        (hit.customers[0].id.as_str(), hit.reception),
        (id.as_str(), true)
    );
    assert!(
        hit.customers[0].dealers.is_empty(),
        "whose customer he is stays unsaid"
    );
    assert!(
        !lookup_as(&rig, Role::Service, dealer("D2"), Key::Phone(phone(1)))
            .await
            .unwrap()
            .reception
    );
    assert_eq!(
        acts(&rig, &id)
            .await
            .iter()
            .filter(|act| *act == "received")
            .count(),
        1
    );
    assert!(
        records_as(&rig, Role::Service, dealer("D2"), &id)
            .await
            .unwrap()
            .is_empty()
    );
    rig.clock()
        .advance((90 * DAY).saturating_sub(Duration::from_secs(1)));
    assert!(get_as(&rig, Role::Service, dealer("D2"), &id).await.is_ok());
    assert!(
        get_as(&rig, Role::Service, dealer("D3"), &id)
            .await
            .is_err(),
        "open to the dealer who received him"
    );
    rig.clock().advance(Duration::from_secs(1));
    assert_eq!(
        get_as(&rig, Role::Service, dealer("D2"), &id)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}

async fn who_has_a_part_in_a_car_is_received_as_by_any_other_key(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut people = Vec::new();
    for (n, name, at) in [(1, "王小明", "D1"), (2, "李雷", "D2"), (3, "韩梅梅", "D1")] {
        let person = a_customer()
            .named(name)
            .with_phone(phone(n))
            .with_id_number(id_number(n));
        people.push(put(&rig, person.put(at, &n.to_string())).await);
    }
    // The third proves to be the first under another name.
    merge(&rig, &people[2].customer_id, &people[0].customer_id)
        .await
        .unwrap();
    let records = |named: &[usize]| {
        let named = named.iter().map(|at| people[*at].source_record_id.clone());
        let unknown = source_record_id(&"D1".parse().unwrap(), "dms", "nobody").to_string();
        Key::Car(PartiesOfCar {
            source_record_ids: std::iter::once(unknown).chain(named).collect(),
        })
    };
    let found = lookup_as(&rig, Role::Service, dealer("D2"), records(&[2, 1, 0])).await;
    let found = found.unwrap();
    let ids: Vec<&str> = found
        .customers
        .iter()
        .map(|customer| customer.id.as_str())
        .collect();
    let expected = [&people[0], &people[1]].map(|put| put.customer_id.as_str());
    assert_eq!(ids, expected, "in the order of the records, each once");
    assert!(found.reception && found.customers[0].dealers.is_empty());
    let again = lookup_as(&rig, Role::Service, dealer("D2"), records(&[2])).await;
    assert!(!again.unwrap().reception);
    let history = history_as(&rig, Role::Agent, HQ, expected[0])
        .await
        .unwrap();
    let received: Vec<_> = history
        .iter()
        .filter(|entry| entry.act == "received")
        .collect();
    assert_eq!((received.len(), received[0].reason.as_str()), (1, "by car"));
    // Another region's people stay unsaid.
    let west = Scope::Region("west".into());
    let far = lookup_as(&rig, Role::Manager, west, records(&[0])).await;
    assert!(far.unwrap().customers.is_empty());
    rig.clock().advance(90 * DAY);
    let shut = get_as(&rig, Role::Service, dealer("D2"), expected[0]).await;
    assert_eq!(shut.unwrap_err().code(), Code::NotFound);
}

async fn a_number_typed_in_full_width_is_read(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    let number = get_as(&rig, Role::Agent, HQ, &id).await.unwrap().number;
    let widen = |plain: char| char::from_u32(u32::from(plain) + 0xFEE0).unwrap();
    let wide: String = number.chars().map(widen).collect();
    let found = lookup_as(&rig, Role::Agent, HQ, Key::Number(wide.clone())).await;
    assert_eq!(found.unwrap().customers[0].id, id);
    let read = get_as(&rig, Role::Agent, HQ, &wide).await.unwrap();
    assert_eq!(read.id, id);
}

/// Who knew the numbers of two of his own customers could else tell how many others had in between.
async fn numbers_of_customers_do_not_count_them(db: TestDb) {
    let rig = Rig::new(db).await;
    let mut told: Vec<u64> = Vec::new();
    for n in 1..=8 {
        let person = a_customer().named("王小明").with_id_number(id_number(n));
        let id = put(&rig, person.put("D1", &n.to_string())).await;
        let id = id.customer_id;
        let seen = get_as(&rig, Role::Agent, HQ, &id).await.unwrap();
        let again = get_as(&rig, Role::Agent, HQ, &seen.number).await;
        assert_eq!(again.unwrap().id, id);
        let found = lookup_as(&rig, Role::Agent, HQ, Key::Number(seen.number.clone())).await;
        assert_eq!(found.unwrap().customers[0].id, id);
        let number: CustomerNumber = seen.number.parse().unwrap();
        assert_eq!(number.digits().length(), 8);
        told.push(number.digits().value());
    }
    // By chance one of a million runs has a step so short.
    let mut steps = told.windows(2).map(|pair| pair[0].abs_diff(pair[1]));
    assert!(steps.all(|step| step > 8), "{told:?}");
}

async fn a_region_sees_its_dealers_customers(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    let (east, west) = (Scope::Region("east".into()), Scope::Region("west".into()));
    assert!(get_as(&rig, Role::Manager, east.clone(), &id).await.is_ok());
    assert_eq!(
        get_as(&rig, Role::Manager, west.clone(), &id)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
    let far = lookup_as(&rig, Role::Manager, west.clone(), Key::Phone(phone(1)))
        .await
        .unwrap();
    assert!(
        far.customers.is_empty() && !far.reception,
        "a region receives nobody"
    );
    // The same person comes to a dealer in the west.
    one_at(&rig, "D3").await;
    assert_eq!(get_as(&rig, Role::Manager, west, &id).await.unwrap().id, id);
    assert_eq!(get_as(&rig, Role::Manager, east, &id).await.unwrap().id, id);
}

async fn a_customer_sees_himself_alone(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    let other = put(
        &rig,
        a_customer()
            .named("李小红")
            .with_phone(phone(2))
            .put("D1", "2"),
    )
    .await
    .customer_id;
    let own = Scope::Customer(id.parse().unwrap());
    let seen = get_as(&rig, Role::Customer, own.clone(), &id)
        .await
        .unwrap();
    assert_eq!(seen.id_number, id_number(1), "his own number is whole");
    assert_eq!(
        records_as(&rig, Role::Customer, own.clone(), &id)
            .await
            .unwrap()
            .len(),
        1
    );
    assert_eq!(
        get_as(&rig, Role::Customer, own, &other)
            .await
            .unwrap_err()
            .code(),
        Code::NotFound
    );
}

async fn each_role_sees_what_it_needs(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    let serving = [
        (Role::Sales, dealer("D1")),
        (Role::Service, dealer("D1")),
        (Role::Dms, dealer("D1")),
        (Role::Manager, dealer("D1")),
        (Role::Agent, HQ),
        (Role::Steward, HQ),
        (Role::HqAdmin, HQ),
    ];
    let whole_phone = format!("+86{}", phone(1));
    for (role, scope) in serving {
        let seen = get_as(&rig, role, scope, &id).await.unwrap();
        assert_eq!(seen.contact_points[0].value, whole_phone, "{role}");
        assert!(seen.address.contains("世纪大道"), "{role}");
        assert!(
            !seen.id_number.is_empty() && seen.id_number != id_number(1),
            "{role}"
        );
        assert!(
            !seen.id_number.contains(&id_number(1)[6..14]),
            "{role}: no date of birth"
        );
    }
    for (role, scope) in [(Role::Technician, dealer("D1")), (Role::Analyst, HQ)] {
        let seen = get_as(&rig, role, scope, &id).await.unwrap();
        assert!(
            !seen.contact_points[0].value.contains(&phone(1)[3..7]),
            "{role}"
        );
        assert!(!seen.address.contains("世纪大道"), "{role}");
        assert!(!seen.id_number.contains(&id_number(1)[6..14]), "{role}");
    }
}

async fn unmask(
    rig: &Rig,
    role: Role,
    scope: Scope,
    id: &str,
    why: &str,
) -> Result<String, tonic::Status> {
    let message = UnmaskRequest {
        customer_id: id.to_owned(),
        reason: why.to_owned(),
    };
    Ok(rig
        .customer()
        .unmask(rig.ask(role, scope, message))
        .await?
        .into_inner()
        .id_number)
}

async fn a_history_is_told_back_to_its_first_act(db: TestDb) {
    const LOOKS: usize = 1_003;
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    for _ in 0..LOOKS {
        let look = unmask(&rig, Role::Agent, HQ, &id, "for the insurance").await;
        assert_eq!(look.unwrap(), id_number(1));
    }
    let (mut acts, mut token) = (Vec::new(), String::new());
    loop {
        let message = ListHistoryRequest {
            customer_id: id.clone(),
            page_size: 400,
            page_token: token,
        };
        let mut customers = rig.customer();
        let page = customers.list_history(rig.ask(Role::Agent, HQ, message));
        let page = page.await.unwrap().into_inner();
        acts.extend(page.entries.into_iter().map(|entry| entry.act));
        token = page.next_page_token;
        if token.is_empty() {
            break;
        }
    }
    let looks = acts.iter().filter(|act| *act == "unmasked").count();
    assert_eq!(looks, LOOKS);
    assert!(acts.iter().any(|act| act == "record_arrived"));
}

async fn the_whole_number_is_shown_against_a_reason_on_record(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    for bad in [
        "too short",
        "two lines are\nnot one",
        "a NUL is no letter\0",
    ] {
        let status = unmask(&rig, Role::Manager, dealer("D1"), &id, bad)
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
    }
    assert_eq!(
        unmask(&rig, Role::Manager, dealer("D1"), &id, "for the insurance")
            .await
            .unwrap(),
        id_number(1)
    );
    let denied = unmask(&rig, Role::Sales, dealer("D1"), &id, "for the insurance")
        .await
        .unwrap_err();
    assert_eq!(denied.code(), Code::PermissionDenied);
    let history = history_as(&rig, Role::Agent, HQ, &id).await.unwrap();
    let entries: Vec<_> = history
        .iter()
        .filter(|entry| entry.act == "unmasked")
        .collect();
    assert_eq!(
        (
            entries.len(),
            entries[0].reason.as_str(),
            entries[0].dealer.as_str()
        ),
        (1, "for the insurance", "D1")
    );
}

async fn a_dealer_does_not_learn_where_else_his_customer_goes(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    assert_eq!(one_at(&rig, "D2").await, id);
    lookup_as(&rig, Role::Service, dealer("D3"), Key::Phone(phone(1)))
        .await
        .unwrap();
    unmask(&rig, Role::Agent, HQ, &id, "a complaint about D1")
        .await
        .unwrap();
    let seen = get_as(&rig, Role::Manager, dealer("D1"), &id)
        .await
        .unwrap();
    assert_eq!(
        (seen.dealers, seen.source_records),
        (vec!["D1".to_owned()], 1)
    );
    assert_eq!(
        records_as(&rig, Role::Manager, dealer("D1"), &id)
            .await
            .unwrap()
            .len(),
        1
    );
    let history = history_as(&rig, Role::Manager, dealer("D1"), &id)
        .await
        .unwrap();
    assert!(
        history.iter().all(|entry| entry.dealer == "D1"),
        "{:?}",
        history.iter().map(|e| &e.act).collect::<Vec<_>>()
    );
    assert_eq!(history.len(), 2, "the record's coming and its link");
}

/// The id of a record follows from its dealer and its key: whoever reads it finds both by trying.
async fn nor_which_record_of_another_a_value_is_from(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    rig.clock().advance(Duration::from_secs(60));
    assert_eq!(one_at(&rig, "D2").await, id);
    lookup_as(&rig, Role::Service, dealer("D3"), Key::Phone(phone(1)))
        .await
        .unwrap();
    let told = async |role: Role, scope: Scope| {
        let seen = get_as(&rig, role, scope, &id).await.unwrap();
        let point = seen.contact_points[0].source_record_id.clone();
        let name = seen.lineage.into_iter().find(|one| one.field == "name");
        let name = name.unwrap();
        let typed = name.recorded_at.is_some();
        let counts = (name.agreeing, name.saying);
        (point, name.source_record_id, typed, counts)
    };
    let record = |dealer: &str| source_record_id(&dealer.parse().unwrap(), "dms", "1").to_string();
    let (first, second) = (record("D1"), record("D2"));
    let (none, newest) = (String::new(), second.clone());
    assert_eq!(
        told(Role::Agent, HQ).await,
        (second.clone(), newest.clone(), true, (2, 2))
    );
    assert_eq!(
        told(Role::Sales, dealer("D2")).await,
        (second, newest, true, (1, 1))
    );
    assert_eq!(
        told(Role::Sales, dealer("D1")).await,
        (first, none.clone(), false, (1, 1)),
        "his own record says so too"
    );
    assert_eq!(
        told(Role::Service, dealer("D3")).await,
        (none.clone(), none, false, (0, 0))
    );
}

async fn why_a_record_was_linked_is_for_headquarters(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    assert_eq!(one_at(&rig, "D2").await, id);
    let reasons = async |role: Role, scope: Scope| -> Vec<String> {
        let mut history = history_as(&rig, role, scope, &id).await.unwrap();
        history.retain(|entry| entry.act == "linked" && entry.dealer == "D2");
        history.into_iter().map(|entry| entry.reason).collect()
    };
    let told = reasons(Role::Steward, HQ).await.remove(0);
    let (record, why) = told.split_once(' ').unwrap();
    assert!(why.starts_with("probability "), "{told}");
    assert!(why.contains("same "), "{told}");
    // It would tell the dealer that others know his customer.
    assert_eq!(reasons(Role::Manager, dealer("D2")).await, [record]);
    let east = Scope::Region("east".into());
    assert_eq!(reasons(Role::Manager, east).await, [record]);
    // What the house weighs is not told to whom it weighs.
    let own = Scope::Customer(id.parse().unwrap());
    assert_eq!(reasons(Role::Customer, own).await, [record]);
}

async fn why_customers_were_joined_is_for_headquarters(db: TestDb) {
    let rig = Rig::new(db).await;
    let person = || a_customer().named("欧阳晓岚");
    let one = put(&rig, person().with_phone(phone(1)).put("D1", "1")).await;
    let other = put(&rig, person().with_id_number(id_number(1)).put("D2", "2")).await;
    rig.clock().advance(Duration::from_secs(1));
    // A third dealer's record shows the two to be one.
    let both = person().with_phone(phone(1)).with_id_number(id_number(1));
    put(&rig, both.put("D3", "3")).await;
    let id = one.customer_id;
    assert_eq!(
        get_as(&rig, Role::Agent, HQ, &other.customer_id)
            .await
            .unwrap()
            .id,
        id
    );
    let merged = async |role: Role, scope: Scope| {
        let history = history_as(&rig, role, scope, &id).await.unwrap();
        let mut merged = history.into_iter().filter(|entry| entry.act == "merged");
        let entry = merged.next().unwrap();
        (entry.reason, entry.actor)
    };
    let (told, actor) = merged(Role::Steward, HQ).await;
    let (act, why) = told.split_once(' ').unwrap();
    assert!(
        act.starts_with("mrg_") && why.starts_with("late evidence"),
        "{told}"
    );
    assert!(!actor.is_empty());
    let nothing_more = (act.to_owned(), String::new());
    assert_eq!(merged(Role::Manager, dealer("D1")).await, nothing_more);
    let east = Scope::Region("east".into());
    assert_eq!(merged(Role::Manager, east).await, nothing_more);
    let own = Scope::Customer(id.parse().unwrap());
    assert_eq!(merged(Role::Customer, own).await, nothing_more);
}

async fn a_region_does_not_learn_what_dealers_of_others_wrote(db: TestDb) {
    let rig = Rig::new(db).await;
    let id = one_at(&rig, "D1").await;
    assert_eq!(one_at(&rig, "D3").await, id);
    for dealer_code in ["D1", "D3"] {
        let why = "for the insurance";
        unmask(&rig, Role::Manager, dealer(dealer_code), &id, why)
            .await
            .unwrap();
    }
    for (region, own) in [("east", "D1"), ("west", "D3")] {
        let scope = || Scope::Region(region.into());
        let seen = get_as(&rig, Role::Manager, scope(), &id).await.unwrap();
        assert_eq!(seen.name, "王小明", "golden values are everybody's");
        assert_eq!(
            (seen.dealers, seen.source_records),
            (vec![own.to_owned()], 1),
            "{region}"
        );
        let records = records_as(&rig, Role::Manager, scope(), &id).await.unwrap();
        let wrote: Vec<&str> = records.iter().map(|record| &*record.dealer).collect();
        assert_eq!(wrote, [own], "{region}");
        let history = history_as(&rig, Role::Manager, scope(), &id).await.unwrap();
        let of: Vec<&str> = history.iter().map(|entry| &*entry.dealer).collect();
        assert_eq!(of, [own; 3], "{region}: arrived, linked, unmasked");
    }
    let all = get_as(&rig, Role::Agent, HQ, &id).await.unwrap();
    assert_eq!(all.dealers, ["D1", "D3"]);
}
