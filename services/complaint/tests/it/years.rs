//! Years of working days that headquarters gives: what runs follows, what is wrong is refused, what is missing is told.

use std::time::Duration;

use marque_api::complaint::v1 as pb;
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{World, complaint, reason};

store_test_suite!(
    a_year_that_headquarters_gives_sets_running_clocks_anew,
    a_restart_goes_on_where_clocks_were_not_computed_yet,
    a_year_that_cannot_be_is_refused,
    a_year_that_must_be_new_is_given_once,
    a_year_that_is_not_known_is_missing_and_its_due_times_may_move,
    a_year_that_moves_no_due_time_makes_it_certain,
);

async fn years(world: &World) -> pb::ListWorkYearsResponse {
    let answer = world
        .complaints()
        .list_work_years(world.desk("D1", pb::ListWorkYearsRequest {}))
        .await;
    answer.unwrap().into_inner()
}

/// The shipped year with two more days off, the Wednesday and Thursday after [`crate::world::MONDAY`].
async fn longer_holidays(world: &World) -> pb::WorkYear {
    let shipped = years(world).await.years.pop().unwrap();
    assert_eq!((shipped.year, shipped.put_at), (2026, None));
    let mut year = pb::WorkYear {
        source: "国办发明电〔2026〕1号".into(),
        ..shipped
    };
    year.off.push(pb::DaySpan {
        from: "2026-03-04".into(),
        to: "2026-03-05".into(),
    });
    year
}

async fn put(world: &World, year: pb::WorkYear) -> Result<pb::WorkYear, tonic::Status> {
    let message = pb::PutWorkYearRequest {
        year: Some(year),
        only_new: false,
    };
    let answer = world.complaints().put_work_year(world.hq(message)).await?;
    Ok(answer.into_inner().year.unwrap())
}

fn due(case: &pb::Complaint, kind: &str) -> String {
    let clock = case.clocks.iter().find(|clock| clock.kind == kind);
    clock.map_or_else(String::new, |clock| clock.due_local.clone())
}

async fn wait_for_due(world: &World, id: &str, kind: &str, wanted: &str) {
    let mut last = String::new();
    for _ in 0..3_000 {
        last = due(&world.get(id).await, kind);
        if last == wanted {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{kind} is due {last}, not {wanted}");
}

fn demand() -> pb::OpenComplaintRequest {
    pb::OpenComplaintRequest {
        category: "三包".into(),
        opened_at: "2026-02-27".into(),
        ..complaint("D1", "c2")
    }
}

async fn a_year_that_headquarters_gives_sets_running_clocks_anew(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    let of_law = world.open(demand()).await;
    assert_eq!(due(&case, "resolution"), "2026-03-05T10:00:00+08:00");
    world.pass(60);
    let year = longer_holidays(&world).await;
    let stored = put(&world, year.clone()).await.unwrap();
    assert!(stored.put_at.is_some());
    assert_eq!((stored.off, stored.on), (year.off.clone(), year.on.clone()));
    // A case that is opened now runs by the new days at once, in another process too.
    let request = pb::OpenComplaintRequest {
        another_matter: true,
        ..complaint("D2", "c3")
    };
    let answer = world
        .another_service()
        .open_complaint(world.desk("D2", request))
        .await;
    let fresh = answer.unwrap().into_inner().complaint.unwrap();
    assert_eq!(due(&fresh, "resolution"), "2026-03-09T11:00:00+08:00");
    // Those that run follow.
    wait_for_due(&world, &case.id, "resolution", "2026-03-09T10:00:00+08:00").await;
    wait_for_due(
        &world,
        &of_law.id,
        "law_answer",
        "2026-03-17T00:00:00+08:00",
    )
    .await;
    for _ in 0..500 {
        if years(&world).await.settled {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(years(&world).await.settled);
    // The same again changes nothing.
    put(&world, year).await.unwrap();
    assert!(years(&world).await.settled);
    let known: Vec<i32> = years(&world).await.years.iter().map(|y| y.year).collect();
    assert_eq!(known, [2022, 2023, 2024, 2025, 2026]);
}

async fn a_restart_goes_on_where_clocks_were_not_computed_yet(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let case = world.open(complaint("D1", "c1")).await;
    // As if the process had died between a new year and the clocks: they are by other days, and none are settled.
    world
        .db
        .write(|conn| {
            conn.execute("DELETE FROM settled_years", &[])?;
            conn.execute(
                "UPDATE complaint_clocks SET due_at = due_at + 86400000000, next_at = next_at + 86400000000",
                &[],
            )
        })
        .await
        .unwrap();
    assert_eq!(
        due(&world.get(&case.id).await, "resolution"),
        "2026-03-06T10:00:00+08:00"
    );
    let _restarted = world.another_task("complaint.calendar");
    wait_for_due(&world, &case.id, "resolution", "2026-03-05T10:00:00+08:00").await;
    world
        .wait_for("SELECT count(*) FROM settled_years", 1)
        .await;
}

async fn a_year_that_must_be_new_is_given_once(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let new = pb::PutWorkYearRequest {
        year: Some(longer_holidays(&world).await),
        only_new: true,
    };
    let give = async || {
        let request = world.hq(new.clone());
        world.complaints().put_work_year(request).await
    };
    give().await.unwrap();
    assert_eq!(give().await.unwrap_err().code(), Code::AlreadyExists);
}

async fn a_year_that_cannot_be_is_refused(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let year = longer_holidays(&world).await;
    let mut wrong = vec![year.clone(); 4];
    wrong[0].source.clear();
    wrong[1].off.clear();
    wrong[2].on.push("2026-03-03".into());
    wrong[3].off[0].from = "1.1.".into();
    for year in wrong {
        let refused = put(&world, year).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
    }
    let message = pb::PutWorkYearRequest {
        year: Some(year.clone()),
        only_new: false,
    };
    let dealer = Scope::Dealer("D1".parse().unwrap());
    let refused = world
        .complaints()
        .put_work_year(world.ask(Role::Manager, dealer, message))
        .await
        .unwrap_err();
    assert_eq!(refused.code(), Code::PermissionDenied);
    assert!(!reason(&refused).is_empty());
    assert_eq!(world.count("SELECT count(*) FROM work_years").await, 0);
}

async fn a_year_that_is_not_known_is_missing_and_its_due_times_may_move(db: TestDb) {
    let world = World::without_scheduler(db).await;
    assert_eq!(years(&world).await.missing, Vec::<i32>::new());
    // To the twenty-first of December.
    world.pass(294 * 24 * 60);
    assert_eq!(years(&world).await.missing, [2027]);
    let request = pb::OpenComplaintRequest {
        opened_at: String::new(),
        ..demand()
    };
    let case = world.open(request).await;
    let provisional: Vec<(&str, bool)> = case
        .clocks
        .iter()
        .map(|clock| (clock.kind.as_str(), clock.provisional))
        .collect();
    assert_eq!(
        provisional,
        [
            ("first_response", false),
            ("next_update", false),
            ("resolution", false),
            ("law_answer", true),
            ("law_remedy", true),
        ]
    );
    let year = pb::WorkYear {
        year: 2027,
        source: "国办发明电〔2026〕7号".into(),
        off: [("2027-01-01", "2027-01-08"), ("2027-10-01", "2027-10-07")]
            .map(|(from, to)| pb::DaySpan {
                from: from.into(),
                to: to.into(),
            })
            .into(),
        on: Vec::new(),
        put_at: None,
    };
    let before = due(&case, "law_answer");
    put(&world, year).await.unwrap();
    assert_eq!(years(&world).await.missing, Vec::<i32>::new());
    // Ten working days after Monday, 21 December: eight in December, then the eleventh and twelfth of January.
    assert_eq!(before, "2027-01-05T00:00:00+08:00");
    wait_for_due(&world, &case.id, "law_answer", "2027-01-13T00:00:00+08:00").await;
    let settled = world.get(&case.id).await;
    assert!(settled.clocks.iter().all(|clock| !clock.provisional));
}

async fn a_year_that_moves_no_due_time_makes_it_certain(db: TestDb) {
    let world = World::without_scheduler(db).await;
    // To the twenty-first of December.
    world.pass(294 * 24 * 60);
    let request = pb::OpenComplaintRequest {
        opened_at: String::new(),
        ..demand()
    };
    let case = world.open(request).await;
    let year = pb::WorkYear {
        year: 2027,
        source: "国办发明电〔2026〕7号".into(),
        off: vec![pb::DaySpan {
            from: "2027-10-01".into(),
            to: "2027-10-15".into(),
        }],
        on: Vec::new(),
        put_at: None,
    };
    let settled = "SELECT count(*) FROM settled_years";
    world.wait_for(settled, 1).await;
    put(&world, year).await.unwrap();
    let told = "SELECT count(*) FROM outbox WHERE kind = 'marque.complaint.cases.rescheduled'";
    world.wait_for(told, 1).await;
    let after = world.get(&case.id).await;
    assert_eq!(due(&after, "law_answer"), due(&case, "law_answer"));
    assert!(after.clocks.iter().all(|clock| !clock.provisional));
    assert!(after.version > case.version);
}
