//! What was typed wrong at the desk is put right: vehicle, visit, channel, who complains.

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::{
    imports::{HEADER, import},
    world::{World, complaint, customer, linked, record_of},
};

store_test_suite!(
    another_vehicle_and_channel_are_noted_and_repeats_are_looked_at_again,
    a_case_of_another_customer_moves_to_him,
    a_file_does_not_undo_what_was_put_right,
    a_case_is_at_least_as_serious_as_its_category,
    the_department_goes_with_the_category_unless_one_was_named,
    a_vehicle_whose_check_digit_is_wrong_is_kept_and_found,
    what_is_said_is_not_emptied_by_the_same_amendment,
);

pub(crate) async fn amend(
    world: &World,
    case: &pb::Complaint,
    message: pb::AmendComplaintRequest,
) -> Result<pb::Complaint, tonic::Status> {
    let message = pb::AmendComplaintRequest {
        id: case.id.clone(),
        ..message
    };
    let request = world.desk(&case.dealer, message);
    let answer = world.complaints().amend_complaint(request).await?;
    Ok(answer.into_inner().complaint.unwrap())
}

const OTHER_CAR: &str = "LMVCA1A60R1000002";

async fn another_vehicle_and_channel_are_noted_and_repeats_are_looked_at_again(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let first = world.open(complaint("D1", "c1")).await;
    world.pass(60);
    // At another dealer, of the same car.
    let second = world.open(complaint("D2", "c2")).await;
    assert_eq!(world.get(&second.id).await.repeat_of, first.id);
    let visit = world.visits.put("D1", OTHER_CAR);
    let right = pb::AmendComplaintRequest {
        vin: OTHER_CAR.to_lowercase(),
        visit_id: visit.clone(),
        channel: "微信".into(),
        note: "抄错了车架号".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = amend(&world, &first, right).await.unwrap();
    assert_eq!(
        (
            amended.vin.as_str(),
            amended.visit_id.as_str(),
            amended.channel.as_str()
        ),
        (OTHER_CAR, visit.as_str(), "wechat")
    );
    assert!(amended.version > first.version);
    let entry = amended
        .entries
        .iter()
        .find(|entry| entry.to == format!("vin={OTHER_CAR}"));
    assert_eq!(entry.unwrap().note, "抄错了车架号");
    assert_eq!(
        world.get(&second.id).await.repeat_of,
        "",
        "it is no repeat any more"
    );
    // And back: then it is one again. What is to be empty is emptied.
    let back = pb::AmendComplaintRequest {
        vin: first.vin.clone(),
        clear: vec!["visit_id".into()],
        ..pb::AmendComplaintRequest::default()
    };
    let amended = amend(&world, &first, back).await.unwrap();
    assert_eq!(
        (amended.vin, amended.visit_id.as_str()),
        (first.vin.clone(), "")
    );
    assert_eq!(world.get(&second.id).await.repeat_of, first.id);
    let wrong = [
        pb::AmendComplaintRequest {
            vin: "LMV".into(),
            ..pb::AmendComplaintRequest::default()
        },
        pb::AmendComplaintRequest {
            channel: "烟".into(),
            ..pb::AmendComplaintRequest::default()
        },
        pb::AmendComplaintRequest {
            clear: vec!["text".into()],
            ..pb::AmendComplaintRequest::default()
        },
        pb::AmendComplaintRequest {
            customer_key: "c9".into(),
            source: "dms".into(),
            ..pb::AmendComplaintRequest::default()
        },
    ];
    for message in wrong {
        let refused = amend(&world, &first, message).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
}

async fn a_case_of_another_customer_moves_to_him(db: TestDb) {
    let world = World::without_scheduler(db).await;
    world
        .customers
        .deliver([
            linked(1, "D1", "c1", customer(1)),
            linked(2, "D1", "c2", customer(2)),
        ])
        .await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!(case.customer_id, customer(1).to_string());
    let right = pb::AmendComplaintRequest {
        source: "dms".into(),
        customer_key: "c2".into(),
        note: "同名的另一位".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = amend(&world, &case, right).await.unwrap();
    assert_eq!(amended.customer_id, customer(2).to_string());
    assert_eq!(amended.source_record_id, record_of("D1", "c2").to_string());
    let changed = amended.entries.last().unwrap();
    assert_eq!(
        (changed.act.as_str(), changed.from.as_str()),
        ("amended", "customer=")
    );
    for (who, is_his) in [(customer(1), false), (customer(2), true)] {
        let get = pb::GetComplaintRequest {
            id: case.id.clone(),
            personal_data: false,
        };
        let request = world.ask(Role::Customer, Scope::Customer(who), get);
        let seen = world.complaints().get_complaint(request).await.is_ok();
        assert_eq!(seen, is_his);
    }
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.amended'";
    assert_eq!(world.count(told).await, 1);
}

async fn a_file_does_not_undo_what_was_put_right(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = "TS1,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n";
    import(&world, &format!("{HEADER}{row}")).await;
    let list = pb::ListComplaintsRequest::default();
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    let case = listed.unwrap().into_inner().complaints.remove(0);
    let right = pb::AmendComplaintRequest {
        vin: OTHER_CAR.into(),
        channel: "到店".into(),
        source: "dms".into(),
        customer_key: "c2".into(),
        note: "客户和车都录错了".into(),
        ..pb::AmendComplaintRequest::default()
    };
    amend(&world, &case, right).await.unwrap();
    import(&world, &format!("{HEADER}{}", row.replace("异响", "抖动"))).await;
    let kept = world.get(&case.id).await;
    assert_eq!(kept.text, "制动仍有抖动");
    assert_eq!(
        (
            kept.vin.as_str(),
            kept.channel.as_str(),
            kept.source_record_id
        ),
        (OTHER_CAR, "visit", record_of("D1", "c2").to_string())
    );
}

async fn a_vehicle_whose_check_digit_is_wrong_is_kept_and_found(db: TestDb) {
    const RIGHT: &str = "LATPAB071W1005301";
    const WRONG: &str = "LATPAB071W1005310";
    let world = World::without_scheduler(db).await;
    let of_car = |vin: &str| pb::OpenComplaintRequest {
        vin: vin.into(),
        another_matter: true,
        ..complaint("D1", "c1")
    };
    let to_car = |vin: &str| pb::AmendComplaintRequest {
        vin: vin.into(),
        ..pb::AmendComplaintRequest::default()
    };
    let found = |case: &pb::Complaint| -> Vec<(String, String)> {
        let findings = case.findings.iter();
        findings
            .map(|finding| (finding.field.clone(), finding.rule.clone()))
            .collect()
    };
    let wrong = [("vin".to_owned(), "vin_check_digit".to_owned())];
    let case = world.open(of_car(WRONG)).await;
    assert_eq!((case.vin.as_str(), found(&case)), (WRONG, wrong.to_vec()));
    let mended = amend(&world, &case, to_car(RIGHT)).await.unwrap();
    assert_eq!((mended.vin.as_str(), found(&mended)), (RIGHT, Vec::new()));
    let again = amend(&world, &case, to_car(WRONG)).await.unwrap();
    assert_eq!((again.vin.as_str(), found(&again)), (WRONG, wrong.to_vec()));
    assert_eq!(found(&world.get(&case.id).await), wrong, "it stays with it");
    assert!(found(&world.open(of_car(RIGHT)).await).is_empty());
}

async fn what_is_said_is_not_emptied_by_the_same_amendment(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let both = pb::AmendComplaintRequest {
        vin: OTHER_CAR.into(),
        clear: vec!["vin".into()],
        ..pb::AmendComplaintRequest::default()
    };
    let refused = amend(&world, &case, both).await.unwrap_err();
    assert_eq!(refused.code(), Code::InvalidArgument);
    assert_eq!(world.get(&case.id).await.version, case.version);
    let emptied = pb::AmendComplaintRequest {
        part: "BRK-1".into(),
        clear: vec!["vin".into()],
        ..pb::AmendComplaintRequest::default()
    };
    let emptied = amend(&world, &case, emptied).await.unwrap();
    assert_eq!((emptied.vin.as_str(), emptied.part.as_str()), ("", "BRK-1"));
}

async fn a_case_is_at_least_as_serious_as_its_category(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let safety = pb::OpenComplaintRequest {
        category: "product.safety".into(),
        severity: "low".into(),
        ..complaint("D1", "c1")
    };
    assert_eq!(world.open(safety).await.severity, "high");
    let price = pb::OpenComplaintRequest {
        category: "价格".into(),
        severity: "low".into(),
        ..complaint("D1", "c2")
    };
    let price = world.open(price).await;
    assert_eq!(price.severity, "low");
    let demand = pb::AmendComplaintRequest {
        category: "三包".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let demand = amend(&world, &price, demand).await.unwrap();
    assert_eq!(demand.severity, "high");
    let raised =
        |entry: &pb::Entry| (&*entry.from, &*entry.to) == ("severity=low", "severity=high");
    assert!(demand.entries.iter().any(raised), "the course says so");
    let row = "TS1,c3,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,安全隐患,低,刹车失灵,售后\n";
    import(&world, &format!("{HEADER}{row}")).await;
    import(&world, &format!("{HEADER}{}", row.replace("失灵", "不灵"))).await;
    let list = pb::ListComplaintsRequest {
        severity: "high".into(),
        ..pb::ListComplaintsRequest::default()
    };
    let listed = world.complaints().list_complaints(world.hq(list)).await;
    assert_eq!(listed.unwrap().into_inner().complaints.len(), 3);
}

async fn the_department_goes_with_the_category_unless_one_was_named(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    assert_eq!(case.department, "service");
    let about_charges = || pb::AmendComplaintRequest {
        category: "收费".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = amend(&world, &case, about_charges()).await.unwrap();
    assert_eq!(amended.department, "finance");
    let named = pb::OpenComplaintRequest {
        department: "配件".into(),
        ..complaint("D1", "c2")
    };
    let named = world.open(named).await;
    let amended = amend(&world, &named, about_charges()).await.unwrap();
    assert_eq!(amended.department, "parts");
}
