//! Files of complaints.

use std::time::Duration;

use marque_api::{
    complaint::v1 as pb,
    intake::v1::{
        GetImportRequest, Import, ImportRequest, ImportStart, ImportState, import_request::Part,
    },
};
use marque_auth::{Role, Scope};
use marque_testkit::{TestDb, store_test_suite};

use crate::world::{World, customer, linked};

store_test_suite!(
    a_file_becomes_cases_once_and_a_corrected_row_corrects_its_case,
    a_row_corrected_in_severity_or_category_sets_its_clocks_anew,
    rows_of_long_ago_are_history_and_do_not_escalate,
    a_corrected_row_does_not_undo_the_work_of_the_desk,
    a_row_comes_in_as_it_stands_and_follows_later_files_until_the_desk_moves_it,
    a_later_file_does_not_undo_what_the_customers_own_answer_moved,
    a_file_closes_no_case_that_needs_a_task_which_is_open,
    history_stays_history_with_a_line_for_each_step_or_no_word_of_its_end,
    what_the_customer_said_is_kept_whole_and_a_row_without_it_waits,
    a_row_with_a_line_for_each_step_repeats_what_it_repeats,
    a_file_with_a_row_for_each_step_changes_nothing_when_it_comes_again,
);

pub(crate) async fn import(world: &World, file: &str) -> Import {
    let start = ImportStart {
        kind: "complaints".into(),
        dealer: "D1".into(),
        source: "dms".into(),
        ..ImportStart::default()
    };
    // No message is larger than a server takes.
    let chunks = file.as_bytes().chunks(1 << 20).map(<[u8]>::to_vec);
    let parts: Vec<ImportRequest> = std::iter::once(Part::Start(start))
        .chain(chunks.map(|chunk| Part::Chunk(chunk.into())))
        .map(|part| ImportRequest { part: Some(part) })
        .collect();
    let scope = Scope::Dealer("D1".parse().unwrap());
    let request = world.ask(Role::Manager, scope.clone(), tokio_stream::iter(parts));
    let queued = world.imports().import(request).await.unwrap().into_inner();
    let id = queued.import.unwrap().id;
    for _ in 0..2_000 {
        let request = world.ask(
            Role::Manager,
            scope.clone(),
            GetImportRequest { id: id.clone() },
        );
        let answer = world
            .imports()
            .get_import(request)
            .await
            .unwrap()
            .into_inner();
        let import = answer.import.unwrap();
        match import.state() {
            ImportState::Succeeded => return import,
            ImportState::Failed => panic!("{}: {}", import.problem_reason, import.problem_detail),
            _ => tokio::time::sleep(Duration::from_millis(25)).await,
        }
    }
    panic!("the import does not end");
}

async fn cases(world: &World) -> Vec<pb::Complaint> {
    let list = pb::ListComplaintsRequest::default();
    let answer = world
        .complaints()
        .list_complaints(world.hq(list))
        .await
        .unwrap();
    answer.into_inner().complaints
}

pub(crate) const HEADER: &str =
    "投诉编号,客户编号,车架号,投诉时间,投诉渠道,投诉类别,严重程度,投诉内容,责任部门\n";

async fn a_file_becomes_cases_once_and_a_corrected_row_corrects_its_case(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let file = format!(
        "{HEADER}TS1,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n\
         TS2,c2,,2026-02-27,到店,收费争议,低,结算比报价高,售后\n\
         ,c3,,2026-02-27,到店,收费争议,低,没有编号,售后\n"
    );
    let first = import(&world, &file).await;
    assert_eq!((first.received, first.quarantined), (3, 1));
    let again = import(&world, &file).await;
    assert_eq!((again.unchanged, again.accepted), (2, 0));
    let listed = cases(&world).await;
    assert_eq!(listed.len(), 2);
    let case = &listed[0];
    assert_eq!(
        (
            case.complaint_key.as_str(),
            case.category.as_str(),
            case.severity.as_str(),
            case.channel.as_str()
        ),
        ("TS1", "service.repair", "high", "phone")
    );
    assert_eq!((case.state.as_str(), case.clocks.len()), ("received", 3));
    // It is worked on, and then the dealer corrects his row: how it stands is not the file's to say.
    world.go(&case.id, "acknowledged", "").await.unwrap();
    import(
        &world,
        &file
            .replace("制动仍有异响", "制动失灵")
            .replace("TS1,c1", "TS1,c9"),
    )
    .await;
    let corrected = world.get(&case.id).await;
    assert_eq!(
        (
            corrected.text.as_str(),
            corrected.state.as_str(),
            &corrected.number
        ),
        ("制动失灵", "acknowledged", &case.number)
    );
    world
        .customers
        .deliver([linked(1, "D1", "c9", customer(1))])
        .await;
    assert_eq!(
        world.get(&case.id).await.customer_id,
        customer(1).to_string()
    );
    assert_eq!(world.count("SELECT count(*) FROM complaints").await, 2);
}

async fn rows_of_long_ago_are_history_and_do_not_escalate(db: TestDb) {
    let world = World::start(db).await;
    let file = format!(
        "{HEADER}TS1,c1,LJ1EEKRN7R4000001,2025-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n\
         TS2,c1,LJ1EEKRN7R4000001,2025-03-20 16:00,400热线,维修质量,严重,又响了,售后\n\
         TS3,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,维修质量,严重,还在响,售后\n"
    );
    import(&world, &file).await;
    let listed = cases(&world).await;
    let states: Vec<&str> = listed.iter().map(|case| case.state.as_str()).collect();
    assert_eq!(states, ["received", "closed", "closed"], "newest first");
    assert!(listed[1].clocks.is_empty() && listed[0].repeat_of.is_empty());
    assert_eq!(
        listed[1].repeat_of, listed[2].id,
        "the same car and category within thirty days"
    );
    // The one that waits escalates by working time from its arrival, the others never.
    world.pass(60);
    world
        .wait_for("SELECT count(*) FROM complaint_escalations", 2)
        .await;
}

async fn a_row_corrected_in_severity_or_category_sets_its_clocks_anew(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let file = format!(
        "{HEADER}TS1,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,收费争议,低,结算比报价高,售后\n"
    );
    import(&world, &file).await;
    let case = cases(&world).await.remove(0);
    let due = |case: &pb::Complaint| -> Vec<_> {
        case.clocks
            .iter()
            .map(|clock| (clock.kind.clone(), clock.due_at))
            .collect()
    };
    let before = due(&case);
    import(&world, &file.replace(",低,", ",紧急,")).await;
    let sooner = due(&world.get(&case.id).await);
    assert_eq!(sooner.len(), before.len());
    for ((kind, low), (_, critical)) in before.iter().zip(&sooner) {
        assert!(
            critical.unwrap().seconds < low.unwrap().seconds,
            "{kind} is due sooner"
        );
    }
    import(&world, &file.replace("收费争议", "三包")).await;
    let lawful = world.get(&case.id).await;
    assert!(
        lawful.clocks.len() > before.len(),
        "the law's clocks run: {:?}",
        due(&lawful)
    );
}

async fn a_corrected_row_does_not_undo_the_work_of_the_desk(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = "TS1,c1,LJ1EEKRN7R4000001,2026-03-01 16:00,400热线,维修质量,严重,制动仍有异响,售后\n";
    import(&world, &format!("{HEADER}{row}")).await;
    let case = cases(&world).await.remove(0);
    let amend = pb::AmendComplaintRequest {
        id: case.id.clone(),
        severity: "critical".into(),
        ..pb::AmendComplaintRequest::default()
    };
    let amended = world
        .complaints()
        .amend_complaint(world.desk("D1", amend))
        .await;
    amended.unwrap();
    // The next nightly file has another text, and some columns are empty.
    let row = "TS1,c1,,2026-03-01 16:00,,维修质量,低,制动仍有异响，已来三次,售后\n";
    import(&world, &format!("{HEADER}{row}")).await;
    let kept = world.get(&case.id).await;
    assert_eq!(kept.severity, "critical", "the desk said so");
    assert_eq!(kept.text, "制动仍有异响，已来三次");
    assert_eq!(
        (kept.vin.as_str(), kept.channel.as_str()),
        ("LJ1EEKRN7R4000001", "phone")
    );
}

pub(crate) const STANDING: &str = "投诉编号,客户编号,车架号,投诉时间,投诉内容,状态,结案时间\n";

async fn a_row_comes_in_as_it_stands_and_follows_later_files_until_the_desk_moves_it(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let file = format!(
        "{STANDING}TS1,c1,LJ1EEKRN7R4000001,2025-06-01 16:00,异响,已结案,2025-06-05\n\
         TS2,c2,LJ1EEKRN7R4000002,2026-02-25 09:00,漏油,已撤诉,2026-02-26 10:00\n\
         TS3,c3,LJ1EEKRN7R4000003,2025-11-01 09:00,抖动,处理中,\n\
         TS4,c4,LJ1EEKRN7R4000004,2026-03-01 09:00,黑屏,待件,\n\
         TS5,c5,LJ1EEKRN7R4000005,2026-03-01 09:00,进水,待处理,\n\
         TS6,c6,LJ1EEKRN7R4000006,2026-03-01 09:00,过热,再说吧,\n\
         TS7,c7,LJ1EEKRN7R4000007,2026-02-20 09:00,卡滞,,2026-02-24\n"
    );
    import(&world, &file).await;
    let by_key = async || -> Vec<pb::Complaint> {
        let mut all = cases(&world).await;
        all.sort_by(|left, right| left.complaint_key.cmp(&right.complaint_key));
        all
    };
    let shown = by_key().await;
    let stand: Vec<(&str, usize)> = shown
        .iter()
        .map(|case| (case.state.as_str(), case.clocks.len()))
        .collect();
    assert_eq!(
        stand,
        [
            ("closed", 0),
            ("withdrawn", 0),
            // Old and open all the same: its first answer came before it came here.
            ("in_progress", 2),
            ("waiting_parts", 2),
            ("received", 3),
            // A word that nobody knows says nothing.
            ("received", 3),
            ("closed", 0),
        ]
    );
    let seconds = |case: &pb::Complaint| case.closed_at.map(|at| at.seconds);
    // The last second of the fifth of June in China; what has an hour has it.
    assert_eq!(seconds(&shown[0]), Some(1_749_139_199));
    assert_eq!(seconds(&shown[1]), Some(1_772_071_200));
    let paused = shown[3]
        .clocks
        .iter()
        .find(|clock| clock.kind == "resolution");
    assert_eq!(paused.unwrap().state, "paused");
    // The same file again is nothing new.
    let again = import(&world, &file).await;
    assert_eq!((again.unchanged, again.accepted), (7, 0));
    // A later one closes what it opened, but not what the desk has moved.
    world.go(&shown[4].id, "acknowledged", "").await.unwrap();
    let later = file
        .replace("处理中,", "已结案,2026-03-01")
        .replace("待处理,", "已结案,2026-03-02");
    import(&world, &later).await;
    import(&world, &later).await;
    let shown = by_key().await;
    assert_eq!(shown[2].state, "closed");
    assert!(shown[2].clocks.iter().all(|clock| clock.state == "met"));
    let calls: Vec<String> = world
        .get(&shown[2].id)
        .await
        .tasks
        .into_iter()
        .map(|task| format!("{} {}", task.kind, task.state))
        .collect();
    assert_eq!(calls, ["satisfaction_call open"], "he is asked, once");
    assert_eq!(shown[4].state, "acknowledged", "the desk said so");
    let course = world.get(&shown[2].id).await.entries;
    let filed: Vec<_> = course
        .iter()
        .filter(|entry| entry.act == "filed")
        .map(|entry| (entry.from.as_str(), entry.to.as_str()))
        .collect();
    assert_eq!(filed, [("in_progress", "closed")]);
}

async fn a_later_file_does_not_undo_what_the_customers_own_answer_moved(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let link = linked(1, "D1", "c1", customer(1));
    world.customers.deliver([link]).await;
    let file = format!("{STANDING}TS1,c1,LJ1EEKRN7R4000001,2026-03-01 09:00,异响,待客户,\n");
    import(&world, &file).await;
    let case = cases(&world).await.remove(0);
    assert_eq!(case.state, "waiting_customer");
    let answer = pb::AddNoteRequest {
        id: case.id.clone(),
        note: "冷车时响".into(),
        ..pb::AddNoteRequest::default()
    };
    let himself = world.ask(Role::Customer, Scope::Customer(customer(1)), answer);
    world.complaints().add_note(himself).await.unwrap();
    // The dealer's own system has not heard of it.
    import(&world, &file.replace("异响", "异响，已来三次")).await;
    let kept = world.get(&case.id).await;
    assert_eq!(kept.text, "异响，已来三次");
    assert_eq!(kept.state, "in_progress");
}

async fn a_file_closes_no_case_that_needs_a_task_which_is_open(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let file = format!("{STANDING}TS1,c1,LJ1EEKRN7R4000001,2026-02-27 09:00,异响,已解决,\n");
    import(&world, &file).await;
    let case = cases(&world).await.remove(0);
    assert_eq!(case.state, "resolved");
    let task = pb::AddTaskRequest {
        id: case.id.clone(),
        department: "parts".into(),
        text: "把旧件寄回".into(),
        ..pb::AddTaskRequest::default()
    };
    let added = world.complaints().add_task(world.desk("D1", task)).await;
    let task = added.unwrap().into_inner().task.unwrap();
    let closed = file.replace("已解决", "已结案");
    import(&world, &closed).await;
    assert_eq!(world.get(&case.id).await.state, "resolved");
    let done = pb::FinishTaskRequest {
        id: case.id.clone(),
        task_id: task.id,
        outcome: "已寄".into(),
        ..pb::FinishTaskRequest::default()
    };
    let done = world.complaints().finish_task(world.desk("D1", done)).await;
    done.unwrap();
    import(&world, &closed.replace("异响", "异响，已好")).await;
    assert_eq!(world.get(&case.id).await.state, "closed");
}

async fn history_stays_history_with_a_line_for_each_step_or_no_word_of_its_end(db: TestDb) {
    let world = World::without_scheduler(db).await;
    // One number twice in a file, as exports with a line for each step have it.
    let file = format!(
        "{STANDING}TH1,c1,LJ1EEKRN7R4000001,2022-06-01 16:00,异响,,\n\
         TH1,c1,LJ1EEKRN7R4000001,2022-06-01 16:00,异响，已更换零件,,\n\
         TH2,c2,LJ1EEKRN7R4000002,2026-01-10 09:00,漏油,处理中,\n"
    );
    import(&world, &file).await;
    let of_key = async |key: &str| {
        let all = cases(&world).await;
        all.into_iter().find(|case| case.complaint_key == key)
    };
    let old = of_key("TH1").await.unwrap();
    assert_eq!((old.state.as_str(), old.clocks.len()), ("closed", 0));
    // A file that says it is over without saying when: now, and it can be opened again.
    import(&world, &file.replace("处理中", "已结案")).await;
    let ended = of_key("TH2").await.unwrap();
    assert_eq!(ended.state, "closed");
    let lasted = ended.closed_at.unwrap().seconds - ended.opened_at.unwrap().seconds;
    assert!(lasted > 30 * 86_400, "{lasted}");
    world.go(&ended.id, "reopened", "again").await.unwrap();
}

async fn what_the_customer_said_is_kept_whole_and_a_row_without_it_waits(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let said = "刹车还是响".repeat(5_000);
    let file = format!(
        "{HEADER}TS1,c1,,2026-03-01 16:00,飞鸽传书,维修质量,很气愤,{said},售后\n\
         TS2,c2,,2026-02-27,到店,收费争议,低,,售后\n"
    );
    let done = import(&world, &file).await;
    assert_eq!((done.received, done.quarantined), (2, 1));
    let listed = cases(&world).await;
    assert_eq!(listed.len(), 1, "nobody can work on what was not said");
    let case = world.get(&listed[0].id).await;
    assert!(
        case.text == said,
        "{} characters",
        case.text.chars().count()
    );
    assert_eq!(
        (case.channel.as_str(), case.severity.as_str()),
        ("other", "medium")
    );
    let evidence = world.evidence(&[case.id]).await;
    let mut rules: Vec<_> = evidence[0]
        .findings
        .iter()
        .map(|finding| (finding.field.as_str(), finding.rule.as_str()))
        .collect();
    rules.sort_unstable();
    assert_eq!(
        rules,
        [
            ("channel", "choice_unknown"),
            ("severity", "severity_unknown"),
            ("text", "words_long"),
        ]
    );
}

async fn a_row_with_a_line_for_each_step_repeats_what_it_repeats(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = |key: &str, day: &str, said: &str| {
        format!("{key},c1,LJ1EEKRN7R4000001,{day},到店,收费争议,低,{said},售后\n")
    };
    let day = "2026-02-27";
    let file = format!("{HEADER}{}", row("TS1", day, "结算比报价高"));
    import(&world, &file).await;
    // Of the same day: which of them is the earlier their numbers say.
    let steps = ["又多收了", "又多收了，已退款"].map(|said| row("TS2", day, said));
    import(&world, &format!("{HEADER}{}", steps.concat())).await;
    let of_key = async |key: &str| {
        let all = cases(&world).await;
        let found = all.into_iter().find(|case| case.complaint_key == key);
        found.unwrap()
    };
    let (first, second) = (of_key("TS1").await, of_key("TS2").await);
    assert_eq!(second.repeat_of, first.id);
    assert_eq!(first.repeat_of, "");
    // Whoever has read one that another file makes a repeat has not read what it is now.
    let file = format!("{HEADER}{}", row("TS0", "2026-02-20", "报价不清"));
    import(&world, &file).await;
    let marked = of_key("TS1").await;
    assert_eq!(marked.repeat_of, of_key("TS0").await.id);
    assert_eq!(marked.version, first.version + 1);
    assert_eq!(of_key("TS2").await.version, second.version);
}

async fn a_file_with_a_row_for_each_step_changes_nothing_when_it_comes_again(db: TestDb) {
    let world = World::without_scheduler(db).await;
    let row = |key: &str, words: &str, state: &str| {
        format!("{key},c1,2026-03-01 16:00,到店,维修质量,{words},{state}\n")
    };
    let rows = [
        row("TS1", "制动异响", "处理中"),
        row("TS2", "漏油", "处理中"),
        row("TS1", "制动异响", "已解决"),
        row("TS2", "漏油，已更换垫片", "处理中"),
    ];
    let header = "投诉编号,客户编号,投诉时间,投诉渠道,投诉类别,投诉内容,状态\n";
    let file = format!("{header}{}", rows.concat());
    let first = import(&world, &file).await;
    assert_eq!((first.received, first.quarantined), (4, 0));
    let versions = async || {
        let listed = cases(&world).await.into_iter();
        listed
            .map(|case| (case.state, case.version))
            .collect::<Vec<_>>()
    };
    let before = versions().await;
    for _ in 0..2 {
        let again = import(&world, &file).await;
        assert_eq!((again.unchanged, again.accepted), (4, 0));
        assert_eq!(versions().await, before);
    }
    // What is said now that was not said before counts.
    let further = format!("{file}{}", row("TS2", "又漏了", "处理中"));
    let further = import(&world, &further).await;
    assert_eq!((further.unchanged, further.accepted), (4, 1));
}
