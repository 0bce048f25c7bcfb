//! The demo, as whoever tries Marque first runs it.

use std::{path::Path, process::Command};

/// Runs the demo to its end; what it tells.
fn demo(folder: &Path, arguments: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .args(["demo", "--exit", "--listen", "127.0.0.1:0", "--data"])
        .arg(folder)
        .args(arguments)
        .output()
        .unwrap();
    let [told, said] = [run.stdout, run.stderr].map(|text| String::from_utf8(text).unwrap());
    assert!(run.status.success(), "{told}\n{said}");
    told
}

/// The number that follows some words.
fn number_after(words: &str, told: &str) -> f64 {
    let (_, rest) = told.split_once(words).unwrap();
    let is_of_number = |sign: &char| sign.is_ascii_digit() || *sign == '.';
    let number: String = rest.chars().take_while(is_of_number).collect();
    number.trim_end_matches('.').parse().unwrap()
}

#[test]
fn the_demo_shows_who_invents_phones_and_what_mending_them_moves() {
    let folder = tempfile::tempdir().unwrap();
    let told = demo(folder.path(), &[]);
    assert!(told.contains("bear the sign "), "{told}");
    assert!(told.contains("Evidence, not proof."), "{told}");
    let before = number_after("His score is ", &told);
    let after = number_after("the findings close by themselves, his score is ", &told);
    assert!(before < after && after <= 100.0, "{told}");
    // Nobody is asked to try a server that has ended.
    for invitation in ["try it yourself", "TOKEN=", "curl "] {
        assert!(!told.contains(invitation), "{told}");
    }
}

#[test]
fn the_demo_can_be_run_again_on_the_same_folder_though_a_vip_calls_then() {
    let folder = tempfile::tempdir().unwrap();
    for _ in 0..2 {
        let told = demo(folder.path(), &["--customers", "300"]);
        assert!(told.contains("nobody has answered: the region"), "{told}");
        assert!(told.contains("  Closed.\n"), "{told}");
    }
}
