//! `marque score`, as whoever has a file and nothing else runs it.

use std::{fs, path::Path, process::Command};

/// Runs `marque score` in a folder; what it writes to standard output and standard error.
fn score(folder: &Path, arguments: &[&str]) -> (String, String) {
    let run = Command::new(env!("CARGO_BIN_EXE_marque"))
        .arg("score")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let [out, told] = [run.stdout, run.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(run.status.success(), "{arguments:?}: {told}");
    (out, told)
}

#[test]
fn a_file_is_scored_with_nothing_else_running() {
    let folder = tempfile::tempdir().unwrap();
    let file = "id,kind,transaction_amount,transaction_frequency,interaction,social_influence,future_value,credit\n\
                C1,person,80,60,70,50,90,100\n";
    fs::write(folder.path().join("in.csv"), file).unwrap();
    let (_, told) = score(folder.path(), &["in.csv", "--out", "out.csv"]);
    assert!(told.contains("1 customers scored by model "), "{told}");
    let scored = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    let row = scored.lines().nth(1).unwrap();
    assert_eq!(row, "C1,person,80,60,70,50,90,100,73.50,1,small,100");
}

#[test]
fn a_model_that_was_printed_and_changed_is_the_one_it_is_scored_by() {
    let folder = tempfile::tempdir().unwrap();
    let (model, _) = score(folder.path(), &["--print-model"]);
    // Credit counts as much as the five others together, of which nothing is known.
    let changed = |line: &str| match line.split_once(" = ") {
        Some(("version", _)) => "version = \"ours\"".to_owned(),
        Some(("credit", _)) => "credit = 90".to_owned(),
        _ => line.to_owned(),
    };
    let model: Vec<String> = model.lines().map(changed).collect();
    fs::write(folder.path().join("ours.toml"), model.join("\n")).unwrap();
    fs::write(
        folder.path().join("in.csv"),
        "id,kind,credit\nC1,person,80\n",
    )
    .unwrap();
    let arguments = ["in.csv", "--out", "out.csv", "--model", "ours.toml"];
    let (_, told) = score(folder.path(), &arguments);
    assert!(
        told.contains("1 customers scored by model ours\n"),
        "{told}"
    );
    let scored = fs::read_to_string(folder.path().join("out.csv")).unwrap();
    assert!(
        scored.ends_with("C1,person,80,65.00,1,small,50\n"),
        "{scored}"
    );
}
