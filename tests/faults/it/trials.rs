//! The real programs under a few faults each.

use std::time::Duration;

use marque_config::ServiceRole;
use marque_faults::{
    Cluster, Place, Setting, SmallDisk, Toxic, broken_disk, full_disk, power_cuts,
    trials::{Fault, bear, count_up, fill, merge_and_undo, run_matrix, same_key},
};
use marque_load::{Marque, StockSize};

const MS: Duration = Duration::from_millis(1);
/// Past the leeway of tokens and the life of leases.
const JUMP: Duration = Duration::from_secs(300);

/// The program of this build. `cargo nextest run --workspace` builds it; one package alone does not.
pub(crate) fn marque() -> Marque {
    Marque::of_this_build().expect("the program: cargo build --workspace --bin marque")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_under_broken_networks_kills_and_wrong_clocks_is_there_once() {
    let cluster = Cluster::start(&marque(), Setting::default()).await.unwrap();
    let to = |role| Place::Role(role);
    let (gateway, customer, complaint) = (
        ServiceRole::Gateway,
        ServiceRole::Customer,
        ServiceRole::Complaint,
    );
    let faults = [
        Fault::Way(gateway, to(complaint), Toxic::ResetPeer(30 * MS)),
        Fault::Way(complaint, to(customer), Toxic::Timeout(None)),
        Fault::Kill(complaint),
        Fault::Way(gateway, to(customer), Toxic::LimitData(5_000)),
        Fault::Kill(customer),
        Fault::Way(ServiceRole::Vehicle, to(customer), Toxic::Down),
        Fault::Way(ServiceRole::Scoring, to(complaint), Toxic::Slicer(16, MS)),
        Fault::Clock(complaint, JUMP, false),
        Fault::Clock(customer, JUMP, true),
        Fault::Clock(gateway, 2 * JUMP, false),
    ];
    let survived = run_matrix(cluster, &faults, 700 * MS, |_, _, _| {})
        .await
        .unwrap();
    assert_eq!(survived.faults.len(), faults.len());
    let verdict = survived.verdict;
    assert!(
        verdict.cases > 10 && verdict.records >= verdict.cases,
        "{verdict:?}"
    );
    assert!(verdict.applied > verdict.events, "{verdict:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn equal_requests_with_a_kill_in_the_middle_have_one_effect() {
    let cluster = Cluster::start(&marque(), Setting::default()).await.unwrap();
    assert_eq!(same_key(cluster, 6, 1).await.unwrap(), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn merges_that_are_killed_are_done_or_not_and_can_be_undone() {
    let cluster = Cluster::start(&marque(), Setting::default()).await.unwrap();
    let moves = merge_and_undo(cluster, 24, 1).await.unwrap();
    assert!(moves.kills > 0 && moves.counted.records == 48, "{moves:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_overwrites_what_another_wrote_since() {
    let cluster = Cluster::start(&marque(), Setting::default()).await.unwrap();
    let sum = count_up(&cluster, 16, 5).await.unwrap();
    assert_eq!((sum.written, sum.stands_at), (80, 80));
    assert!(sum.refused > 0, "they never met");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_loses_nothing_and_goes_on_with_room_again() {
    let disk = match SmallDisk::mount(96) {
        Ok(disk) => disk,
        Err(refused) => return skipped(&format!("no tmpfs can be mounted: {refused}")),
    };
    let fate = full_disk(&marque(), &disk).await.unwrap();
    assert!(fate.acknowledged > 1, "{fate:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_disk_that_fails_to_sync_takes_back_nothing_it_was_asked_to_keep() {
    let can_inject = std::process::Command::new("strace")
        .args(["-o", "/dev/null", "true"])
        .status();
    if !can_inject.is_ok_and(|status| status.success()) {
        return skipped("strace is not there or may not trace");
    }
    let fate = broken_disk(&marque()).await.unwrap();
    assert!(fate.acknowledged > 0, "{fate:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_before_the_power_was_cut_is_there() {
    let fate = power_cuts(&marque(), 3, 1).await.unwrap();
    assert!(fate.acknowledged > 0 && fate.refused > 0, "{fate:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn at_half_of_what_a_process_a_role_bears_everybody_is_served() {
    let setting = Setting {
        is_direct: true,
        ..Setting::default()
    };
    let cluster = Cluster::start(&marque(), setting).await.unwrap();
    let size = StockSize {
        customers: 50,
        dealers: 1,
    };
    let stock = fill(&cluster, &marque(), size).await.unwrap();
    let borne = bear(cluster.gateway(), stock, Duration::from_secs(2), 1).await;
    let half = &borne.half;
    assert!(borne.peak > 1.0 && borne.profile_ms(0.99) > 0.0);
    // A machine full of other tests may be late, but nothing fails.
    assert_eq!(half.failed(), 0, "{:?}", half.failures());
}

#[expect(clippy::print_stderr, reason = "a skipped test has to say so")]
pub(crate) fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}
