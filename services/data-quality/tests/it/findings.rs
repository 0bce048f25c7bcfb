//! A finding's life: opened, waived or mended, open again.

use chrono::NaiveDate;
use marque_api::{
    evidence::v1::{Evidence, EvidenceFinding, EvidenceValue},
    quality::v1 as pb,
};
use marque_auth::Role;
use marque_quality::{
    CustomerRow, clean_customer,
    falsification::{Entry, EntryExtras},
};
use marque_testkit::{TestDb, store_test_suite};
use tonic::Code;

use crate::world::{Owner, World, record};

store_test_suite!(
    a_business_phone_of_the_dealers_staff_is_no_customers,
    a_business_phone_that_is_put_later_is_found_and_lost_again,
    a_dealers_own_number_that_is_put_later_is_found_and_lost_again,
    a_finding_is_mended_by_the_next_row_and_opens_again_with_a_worse_one,
    a_waived_finding_stays_waived_until_somebody_takes_it_up,
    a_waiver_is_of_a_value_and_another_one_is_found_anew,
    a_waiver_of_two_that_differ_is_of_both,
    of_two_that_are_one_each_names_the_other_and_both_are_mended_when_one_goes,
    a_dealer_neither_sees_nor_decides_what_is_found_at_another,
    what_headquarters_waives_costs_nothing_and_what_the_dealer_waives_does,
    the_worst_records_say_what_they_lack_though_nothing_in_them_is_wrong,
    the_findings_of_a_dealer_or_a_record_are_those_of_the_whole_list_newest_first,
    a_purpose_that_no_standard_has_is_refused_and_not_answered_with_nothing,
    what_a_finding_says_is_what_the_dictionary_teaches,
);

/// A record of `D000` whose phone nobody has, or has again.
fn row(version: i64, is_invented: bool) -> Evidence {
    let placeholder = EvidenceFinding {
        field: "phone".into(),
        rule: "phone_placeholder".into(),
        severity: 3,
        ..EvidenceFinding::default()
    };
    Evidence {
        findings: is_invented.then_some(placeholder).into_iter().collect(),
        ..record(0, 2, version)
    }
}

async fn findings(world: &World, state: &str) -> Vec<pb::Finding> {
    let request = pb::ListFindingsRequest {
        rule: "phone_placeholder".into(),
        state: state.into(),
        ..pb::ListFindingsRequest::default()
    };
    let listed = world.quality().list_findings(world.hq(request)).await;
    listed.unwrap().into_inner().findings
}

/// Waits until the one finding is in a state.
async fn in_state(world: &World, state: &str) -> pb::Finding {
    let ask = async || findings(world, state).await.pop();
    world.wait_for(ask).await
}

/// The score of the dealer whose record it is.
async fn total(world: &World) -> f64 {
    let cards = world.cards("dealer", "").await;
    let of_dealer = cards.iter().find(|card| card.dealer == "D000");
    of_dealer.and_then(|card| card.means).unwrap().total
}

fn decision(id: &str, decision: &str, reason: &str) -> pb::DecideFindingRequest {
    pb::DecideFindingRequest {
        id: id.into(),
        decision: decision.into(),
        reason: reason.into(),
    }
}

async fn a_finding_is_mended_by_the_next_row_and_opens_again_with_a_worse_one(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&[row(1, true)]);
    let opened = in_state(&world, "open").await;
    assert_eq!((opened.dealer.as_str(), opened.reopened), ("D000", 0));
    world.change(&[row(2, false)]);
    let mended = in_state(&world, "mended").await;
    assert_eq!(mended.id, opened.id);
    let late = decision(&opened.id, "waive", "the number is the showroom's own");
    let refused = world.quality().decide_finding(world.hq(late)).await;
    assert_eq!(refused.unwrap_err().code(), Code::FailedPrecondition);
    world.change(&[row(3, true)]);
    let again = in_state(&world, "open").await;
    assert_eq!((again.id, again.reopened), (opened.id, 1));
}

async fn a_waived_finding_stays_waived_until_somebody_takes_it_up(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&[row(1, true)]);
    let id = in_state(&world, "open").await.id;
    let decide = async |what: pb::DecideFindingRequest| {
        let decided = world.quality().decide_finding(world.hq(what)).await;
        decided.map(|decided| decided.into_inner().finding.unwrap())
    };
    let hasty = decide(decision(&id, "waive", "why?")).await.unwrap_err();
    assert_eq!(hasty.code(), Code::InvalidArgument);
    let reason = "the customer showed his phone at the desk";
    let waived = decide(decision(&id, "waive", reason)).await.unwrap();
    assert_eq!(
        (waived.state.as_str(), waived.reason.as_str()),
        ("waived", reason)
    );
    // The same row comes again with another record beside it; when that is there, both were looked at.
    world.change(&[row(2, true), record(1, 2, 1)]);
    world.until(|cards| crate::world::records(cards) == 2).await;
    assert_eq!(findings(&world, "waived").await.len(), 1);
    assert!(findings(&world, "open").await.is_empty());
    let taken_up = decide(decision(&id, "reopen", "the phone was a borrowed one")).await;
    let taken_up = taken_up.unwrap();
    assert_eq!((taken_up.state.as_str(), taken_up.reopened), ("open", 1));
}

async fn a_waiver_of_two_that_differ_is_of_both(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let row = |version: i64, (birthday, id): (i64, i64)| Evidence {
        findings: vec![EvidenceFinding {
            field: "birthday".into(),
            rule: "birthday_differs".into(),
            severity: 2,
            other: "id_number".into(),
            ..EvidenceFinding::default()
        }],
        values: [("birthday", birthday), ("id_number", id)]
            .map(|(field, hash)| EvidenceValue {
                field: field.into(),
                hash,
            })
            .into(),
        ..record(0, 2, version)
    };
    let found = async |state: &str| {
        let request = pb::ListFindingsRequest {
            rule: "birthday_differs".into(),
            state: state.into(),
            ..pb::ListFindingsRequest::default()
        };
        let listed = world.quality().list_findings(world.hq(request)).await;
        listed.unwrap().into_inner().findings
    };
    let waived_after = async |beside: u32, row: Evidence| {
        world.change(&[row, record(beside, 2, 1)]);
        let all = i64::from(beside / 2) + 2;
        world
            .until(|cards| crate::world::records(cards) == all)
            .await;
        found("waived").await.len()
    };
    world.change(&[row(1, (7, 8))]);
    let id = world.wait_for(async || found("open").await.pop()).await.id;
    let waive = decision(&id, "waive", "the customer showed his ID card");
    let decided = world.quality().decide_finding(world.hq(waive)).await;
    decided.unwrap();
    assert_eq!(waived_after(1, row(2, (7, 8))).await, 1);
    // Another ID number that contradicts the same birthday.
    assert_eq!(waived_after(3, row(3, (7, 9))).await, 0);
    let again = found("open").await.pop().unwrap();
    assert_eq!((again.id, again.reopened), (id, 1));
}

async fn a_waiver_is_of_a_value_and_another_one_is_found_anew(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let row = |version: i64, hash: Option<i64>| Evidence {
        version,
        values: hash
            .map(|hash| EvidenceValue {
                field: "phone".into(),
                hash,
            })
            .into_iter()
            .collect(),
        ..row(1, true)
    };
    let waived_after = async |beside: u32, row: Evidence| {
        world.change(&[row, record(beside, 2, 1)]);
        let all = i64::from(beside / 2) + 2;
        world
            .until(|cards| crate::world::records(cards) == all)
            .await;
        findings(&world, "waived").await.len()
    };
    world.change(&[row(1, None)]);
    let id = in_state(&world, "open").await.id;
    let flawed = total(&world).await;
    let waive = decision(&id, "waive", "the customer showed his phone at the desk");
    let decided = world.quality().decide_finding(world.hq(waive)).await;
    decided.unwrap();
    let waived = total(&world).await;
    assert!(waived > flawed);
    // Nobody knows of which value it was; from now on somebody does.
    assert_eq!(waived_after(1, row(2, Some(7))).await, 1);
    // The record changes, and the value does not.
    assert_eq!(waived_after(3, row(3, Some(7))).await, 1);
    assert_eq!(total(&world).await, waived);
    assert_eq!(waived_after(5, row(4, Some(8))).await, 0);
    let again = in_state(&world, "open").await;
    assert_eq!((again.id, again.reopened), (id, 1));
    assert_eq!((again.reason.as_str(), total(&world).await), ("", flawed));
    assert_eq!(world.recount().await.differing, 0);
}

/// A record of `D000` that repeats another of these, or none.
fn repeating(n: u32, version: i64, other: Option<u32>) -> Evidence {
    let twice = other.map(|_| EvidenceFinding {
        field: "source_key".into(),
        rule: "entered_twice".into(),
        severity: 2,
        ..EvidenceFinding::default()
    });
    Evidence {
        version,
        is_repeated: Some(other.is_some()),
        repeats: other.map_or_else(String::new, |other| record(other, 2, 1).id),
        findings: twice.into_iter().collect(),
        ..record(n, 2, 1)
    }
}

async fn of_two_that_are_one_each_names_the_other_and_both_are_mended_when_one_goes(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let both = [repeating(0, 1, Some(2)), repeating(2, 1, Some(0))];
    world.change(&both);
    let found = async |state: &str| {
        let request = world.hq(pb::ListFindingsRequest {
            rule: "entered_twice".into(),
            state: state.into(),
            ..pb::ListFindingsRequest::default()
        });
        let listed = world.quality().list_findings(request).await.unwrap();
        let findings = listed.into_inner().findings.into_iter();
        let mut pairs: Vec<_> = findings.map(|one| (one.record_id, one.repeats)).collect();
        pairs.sort();
        (pairs.len() == 2).then_some(pairs)
    };
    let pairs = world.wait_for(async || found("open").await).await;
    let [first, second] = both.map(|one| one.id);
    let expected = [
        (first.clone(), second.clone()),
        (second.clone(), first.clone()),
    ];
    assert_eq!(pairs, expected);
    let flawed = total(&world).await;
    // One of them is somebody else's now: the owner tells of it alone, and of the other when he is asked.
    world.owner.put(&[repeating(0, 2, None)]);
    world.change(&[repeating(2, 2, None)]);
    world.wait_for(async || found("mended").await).await;
    assert!(total(&world).await > flawed);
    assert_eq!(world.recount().await.differing, 0);
}

async fn a_dealer_neither_sees_nor_decides_what_is_found_at_another(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&[row(1, true)]);
    let id = in_state(&world, "open").await.id;
    for (dealer, seen, code) in [("D000", 1, Code::Ok), ("D001", 0, Code::NotFound)] {
        let everything = pb::ListFindingsRequest::default();
        let request = world.of_dealer(Role::Manager, dealer, everything);
        let listed = world.quality().list_findings(request).await.unwrap();
        let of_rule = listed.into_inner().findings.into_iter();
        let of_rule = of_rule.filter(|finding| finding.rule == "phone_placeholder");
        assert_eq!(of_rule.count(), seen, "{dealer}");
        let waive = decision(&id, "waive", "the customer has no phone");
        let request = world.of_dealer(Role::Manager, dealer, waive);
        let decided = world.quality().decide_finding(request).await;
        let answer = decided.map_or_else(|status| status.code(), |_| Code::Ok);
        assert_eq!(answer, code, "{dealer}");
    }
}

async fn what_headquarters_waives_costs_nothing_and_what_the_dealer_waives_does(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&[row(1, true)]);
    let id = in_state(&world, "open").await.id;
    let flawed = total(&world).await;
    let reason = "the customer showed his phone at the desk";
    let own = world.of_dealer(Role::Manager, "D000", decision(&id, "waive", reason));
    world.quality().decide_finding(own).await.unwrap();
    assert_eq!(total(&world).await, flawed);
    let by_hq = world.hq(decision(&id, "waive", reason));
    let waived = world.quality().decide_finding(by_hq).await.unwrap();
    assert_eq!(waived.into_inner().finding.unwrap().state, "waived");
    assert!(total(&world).await > flawed, "seen in the same moment");
    assert_eq!(findings(&world, "waived").await.len(), 1);
    assert_eq!(world.recount().await.differing, 0);
    // It costs again once it is taken up.
    let again = world.hq(decision(&id, "reopen", "the phone was a borrowed one"));
    world.quality().decide_finding(again).await.unwrap();
    assert_eq!(total(&world).await, flawed);
}

async fn the_worst_records_say_what_they_lack_though_nothing_in_them_is_wrong(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let bare = Evidence {
        filled: vec!["name".into()],
        findings: Vec::new(),
        ..record(0, 2, 1)
    };
    world.change(&[bare]);
    world.until(|cards| crate::world::records(cards) == 1).await;
    let ask = pb::GetScorecardRequest {
        dealer: "D000".into(),
        ..pb::GetScorecardRequest::default()
    };
    let card = world.quality().get_scorecard(world.hq(ask)).await.unwrap();
    let worst = card.into_inner().worst.remove(0);
    assert!(worst.findings.is_empty(), "{:?}", worst.findings);
    let lacks = |column: &str| {
        let mut of_completeness = worst
            .failed_checks
            .iter()
            .filter(|check| check.dimension == "completeness");
        of_completeness.any(|check| check.fields.iter().any(|field| field == column))
    };
    assert!(
        lacks("phone") && lacks("address"),
        "{:?}",
        worst.failed_checks
    );
    assert!(!lacks("name"));
}

/// All findings, page by page.
async fn all_pages(world: &World, mut wanted: pb::ListFindingsRequest) -> Vec<pb::Finding> {
    let mut found = Vec::new();
    loop {
        let asked = world.hq(wanted.clone());
        let page = world.quality().list_findings(asked).await;
        let page = page.unwrap().into_inner();
        found.extend(page.findings);
        wanted.page_token = page.next_page_token;
        if wanted.page_token.is_empty() {
            return found;
        }
    }
}

async fn the_findings_of_a_dealer_or_a_record_are_those_of_the_whole_list_newest_first(db: TestDb) {
    let world = World::start(db, Owner::default(), 3).await;
    for batch in 0..4 {
        let records: Vec<_> = (batch * 30..batch * 30 + 30)
            .map(|n| record(n, 3, 1))
            .collect();
        world.change(&records);
        let count = i64::from(batch + 1) * 30;
        world
            .until(|cards| crate::world::records(cards) == count)
            .await;
        world.clock.advance(std::time::Duration::from_secs(60));
    }
    let all = all_pages(&world, pb::ListFindingsRequest::default()).await;
    let chosen = |is_wanted: &dyn Fn(&&pb::Finding) -> bool| -> Vec<pb::Finding> {
        all.iter().filter(is_wanted).cloned().collect()
    };
    let of_dealer = pb::ListFindingsRequest {
        dealer: "D001".into(),
        page_size: 4,
        ..pb::ListFindingsRequest::default()
    };
    let expected = chosen(&|one| one.dealer == "D001");
    assert!(expected.len() > 8);
    assert_eq!(all_pages(&world, of_dealer).await, expected);
    let id = &all[all.len() / 2].record_id;
    let of_record = pb::ListFindingsRequest {
        record_id: id.clone(),
        page_size: 1,
        ..pb::ListFindingsRequest::default()
    };
    let expected = chosen(&|one| one.record_id == *id);
    assert!(!expected.is_empty());
    assert_eq!(all_pages(&world, of_record).await, expected);
}

async fn a_purpose_that_no_standard_has_is_refused_and_not_answered_with_nothing(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&[row(1, true)]);
    world.until(|cards| crate::world::records(cards) == 1).await;
    for (purpose, is_known) in [
        ("", true),
        ("overall", true),
        ("sale", true),
        ("sales", false),
    ] {
        let list = pb::ListScorecardsRequest {
            purpose: purpose.into(),
            ..pb::ListScorecardsRequest::default()
        };
        let listed = world.quality().list_scorecards(world.hq(list)).await;
        let one = pb::GetScorecardRequest {
            dealer: "D000".into(),
            purpose: purpose.into(),
            ..pb::GetScorecardRequest::default()
        };
        let got = world.quality().get_scorecard(world.hq(one)).await;
        assert_eq!(listed.is_ok(), is_known, "{purpose}");
        assert_eq!(got.is_ok(), is_known, "{purpose}");
        let codes = [listed.err(), got.err()].map(|error| error.map(|error| error.code()));
        let expected = (!is_known).then_some(Code::InvalidArgument);
        assert_eq!(codes, [expected; 2]);
    }
}

/// A record whose phone is this one, as its owner tells of it.
fn with_phone(world: &World, n: u32, phone: &str) -> Evidence {
    let row = CustomerRow {
        source_key: Some("K"),
        name: Some("王小明"),
        phone: Some(phone),
        ..CustomerRow::default()
    };
    let cleaned = clean_customer(&row, NaiveDate::from_ymd_opt(2026, 1, 1).unwrap());
    let entry = Entry::of(&row, &cleaned, EntryExtras::default());
    let keyed = entry.keyed(|bytes| marque_intake::evidence_key(world.vault(), bytes));
    Evidence {
        entry: keyed.to_bytes(),
        findings: Vec::new(),
        ..record(n, 2, 1)
    }
}

/// The records that break a rule, by the state of the finding.
async fn breaking(world: &World, rule: &str, state: &str) -> Vec<String> {
    let request = world.hq(pb::ListFindingsRequest {
        rule: rule.into(),
        state: state.into(),
        ..pb::ListFindingsRequest::default()
    });
    let found = world.quality().list_findings(request).await.unwrap();
    let found = found.into_inner().findings.into_iter();
    found.map(|one| one.record_id).collect()
}

async fn a_dealers_own_number_that_is_put_later_is_found_and_lost_again(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let theirs = with_phone(&world, 0, "13912340567");
    world.change(std::slice::from_ref(&theirs));
    world.until(|cards| crate::world::records(cards) == 1).await;
    let own = [theirs.id.clone()];
    for (phones, state) in [(vec!["13912340567"], "open"), (Vec::new(), "mended")] {
        world.put_own_phones("D000", &phones);
        let is_so = async || {
            let found = breaking(&world, "phone_of_dealer", state).await;
            (found == own).then_some(())
        };
        world.wait_for(is_so).await;
    }
    assert!(breaking(&world, "phone_of_staff", "open").await.is_empty());
}

async fn a_business_phone_that_is_put_later_is_found_and_lost_again(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    let theirs = with_phone(&world, 0, "13912340567");
    let other = with_phone(&world, 2, "13912340568");
    world.change(&[theirs.clone(), other]);
    world.until(|cards| crate::world::records(cards) == 2).await;
    let found = async |state: &str| breaking(&world, "phone_of_staff", state).await;
    assert!(found("open").await.is_empty());
    let own = [theirs.id.clone()];
    world.put_phone("D000", "S4", "139 1234 0567");
    let is_found = async || (found("open").await == own).then_some(());
    world.wait_for(is_found).await;
    world.put_phone("D000", "S4", "");
    let is_mended = async || (found("mended").await == own).then_some(());
    world.wait_for(is_mended).await;
    assert!(found("open").await.is_empty());
    assert_eq!(world.recount().await.differing, 0);
}

async fn a_business_phone_of_the_dealers_staff_is_no_customers(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.put_phone("D000", "S4", "139 1234 0567");
    let theirs = with_phone(&world, 0, "13912340567");
    let other = with_phone(&world, 2, "13912340568");
    world.change(&[theirs.clone(), other]);
    world.until(|cards| crate::world::records(cards) == 2).await;
    let find = async || {
        let request = world.hq(pb::ListFindingsRequest {
            rule: "phone_of_staff".into(),
            ..pb::ListFindingsRequest::default()
        });
        let found = world.quality().list_findings(request).await.unwrap();
        let found = found.into_inner().findings;
        (!found.is_empty()).then_some(found)
    };
    let found = world.wait_for(find).await;
    let [finding] = &found[..] else {
        panic!("one of the two: {found:?}");
    };
    assert_eq!(
        (&finding.record_id, finding.field.as_str()),
        (&theirs.id, "phone")
    );
    assert!(!format!("{finding:?}").contains("1391234"));
}

async fn what_a_finding_says_is_what_the_dictionary_teaches(db: TestDb) {
    let world = World::start(db, Owner::default(), 2).await;
    world.change(&[row(1, true)]);
    let finding = in_state(&world, "open").await;
    let teach = async |kind: &str| {
        let ask = world.hq(pb::GetDictionaryRequest { kind: kind.into() });
        let told = world.quality().get_dictionary(ask).await;
        told.map(tonic::Response::into_inner)
            .map_err(|status| status.code())
    };
    let customers = teach("customers").await.unwrap();
    let mut fields = customers.fields.iter();
    let field = fields.find(|field| field.column == finding.field).unwrap();
    let mut rules = customers.rules.iter();
    let rule = rules.find(|rule| rule.id == finding.rule).unwrap();
    assert_eq!(rule.severity, finding.severity);
    let words = |text: &Option<pb::Text>| text.clone().unwrap();
    let [said, taught, label] = [&finding.text, &rule.text, &field.label].map(words);
    assert_eq!(said.zh, taught.zh.replace("{field}", &label.zh));
    assert_eq!(said.en, taught.en.replace("{field}", &label.en));
    let [said, fix, fill] = [&finding.how_to_fix, &rule.fix, &field.fill].map(words);
    assert_eq!(said.zh, format!("{}{}", fix.zh, fill.zh));
    assert_eq!(said.en, format!("{} {}", fix.en, fill.en));
    let all = teach("").await.unwrap();
    let kinds: std::collections::BTreeSet<_> = all.fields.iter().map(|field| &field.kind).collect();
    assert_eq!(kinds.len(), 4);
    let is_taught = |text: &Option<pb::Text>| {
        let text = text.as_ref().unwrap();
        !text.zh.is_empty() && !text.en.is_empty()
    };
    for field in &all.fields {
        let texts = [&field.label, &field.meaning, &field.fill, &field.rule];
        assert!(texts.into_iter().all(is_taught), "{}", field.column);
        assert!(!field.owner.is_empty() && !field.class.is_empty());
    }
    assert_eq!(teach("cars").await, Err(Code::InvalidArgument));
}
