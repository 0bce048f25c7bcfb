//! `marque link` on files as people have them, good and bad.

#![expect(
    clippy::unwrap_used,
    unreachable_pub,
    reason = "helpers of tests; the command file is a module of the binary"
)]

#[path = "../../../services/marque/src/commands/link.rs"]
mod link;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

const PEOPLE: &str = "id,first_name,surname,dob,email,who\n\
    1,Grace,Kelly,1991-04-26,grace.kelly52@jones.com,a\n2,Grace,Kely,1991-04-26,grace.kelly52@jones.com,a\n\
    3,Oliver,Hall,1983-11-06,o.hall@hill.net,b\n4,Robert,Allen,1971-05-24,roberta25@smith.net,c\n";

struct Scratch(TempDir);

impl Scratch {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, bytes: &[u8], change: impl FnOnce(&mut link::Args)) -> anyhow::Result<String> {
        fs::write(self.path("in.csv"), bytes).unwrap();
        let mut args = link::Args {
            input: self.path("in.csv"),
            out: self.path("out.csv"),
            truth: None,
            model: None,
            mapping: Vec::new(),
            report: None,
        };
        change(&mut args);
        link::run(args)?;
        Ok(fs::read_to_string(self.path("out.csv")).unwrap())
    }

    fn error(&self, bytes: &[u8], change: impl FnOnce(&mut link::Args)) -> String {
        format!("{:#}", self.run(bytes, change).unwrap_err())
    }
}

fn entities(out: &str) -> Vec<String> {
    let mut reader = csv::Reader::from_reader(out.as_bytes());
    reader
        .records()
        .map(|row| row.unwrap().iter().next_back().unwrap().to_owned())
        .collect()
}

#[test]
fn rows_come_back_with_their_entity() {
    let out = Scratch::new().run(PEOPLE.as_bytes(), |_| {}).unwrap();
    assert!(out.starts_with("id,first_name,surname,dob,email,who,entity_id\n1,Grace,Kelly"));
    let entities = entities(&out);
    assert_eq!(entities[0], entities[1]);
    assert_ne!(entities[1], entities[2]);
}

#[test]
fn byte_order_marks_gb18030_and_quoted_line_breaks_are_read() {
    let scratch = Scratch::new();
    let marked = [b"\xef\xbb\xbf".as_slice(), PEOPLE.as_bytes()].concat();
    assert!(
        scratch
            .run(&marked, |_| {})
            .unwrap()
            .starts_with("id,first_name")
    );
    let chinese = "姓名,手机,地址\n谭晓岚,13912345678,\"营口市\n西市区\"\n谭小岚,86-13912345678,\n周大勇,15012345679,\n";
    let (encoded, ..) = encoding_rs::GB18030.encode(chinese);
    let out = scratch.run(&encoded, |_| {}).unwrap();
    let entities = entities(&out);
    assert_eq!(entities.len(), 3);
    assert!(out.contains("\"营口市\n西市区\""));
}

#[test]
fn bad_input_gets_an_error_that_says_what_to_do() {
    let scratch = Scratch::new();
    assert!(scratch.error(b"", |_| {}).contains("is empty"));
    assert!(scratch.error(b"a,b\n", |_| {}).contains("no records"));
    assert!(
        scratch
            .error(&[0x50, 0x4b, 0x03, 0x04, 0x00, 0xff, 0xff], |_| {})
            .contains("UTF-8")
    );
    assert!(scratch.error(b"id\n1\n2\n", |_| {}).contains("--mapping"));
    let missing = |args: &mut link::Args| args.input = Path::new("/nowhere/in.csv").to_owned();
    assert!(scratch.error(b"", missing).contains("does the file exist"));
    let wrong_truth = |args: &mut link::Args| args.truth = Some("nope".to_owned());
    assert!(
        scratch
            .error(PEOPLE.as_bytes(), wrong_truth)
            .contains("the columns are: id, first_name")
    );
    let wrong_mapping = |args: &mut link::Args| args.mapping = vec!["dob=colour".to_owned()];
    assert!(
        scratch
            .error(PEOPLE.as_bytes(), wrong_mapping)
            .contains("is not a role")
    );
}

#[test]
fn a_model_is_written_once_and_used_again() {
    let scratch = Scratch::new();
    let model = scratch.path("model.toml");
    let first = scratch
        .run(PEOPLE.as_bytes(), |args| args.model = Some(model.clone()))
        .unwrap();
    let text = fs::read_to_string(&model).unwrap();
    assert!(text.contains("version = 1") && text.contains("first_name:given"));
    assert!(text.contains("trained_on = \"in.csv\""));
    let second = scratch
        .run(PEOPLE.as_bytes(), |args| args.model = Some(model.clone()))
        .unwrap();
    assert_eq!(entities(&first), entities(&second));
    fs::write(&model, text.replace("first_name:given", "other:given")).unwrap();
    assert!(
        scratch
            .error(PEOPLE.as_bytes(), |args| args.model = Some(model.clone()))
            .contains("other columns")
    );
}

#[test]
fn the_truth_is_never_used_to_link() {
    let scratch = Scratch::new();
    let told = scratch
        .run(PEOPLE.as_bytes(), |args| {
            args.truth = Some("who".to_owned());
        })
        .unwrap();
    let lied = PEOPLE
        .replace(",a\n", ",z\n")
        .replace(",b\n", ",z\n")
        .replace(",c\n", ",z\n");
    let lied = scratch
        .run(lied.as_bytes(), |args| args.truth = Some("who".to_owned()))
        .unwrap();
    assert_eq!(entities(&told), entities(&lied));
}

#[test]
fn the_report_tells_columns_weights_and_calibration() {
    let scratch = Scratch::new();
    let path = scratch.path("report.json");
    scratch
        .run(PEOPLE.as_bytes(), |args| args.report = Some(path.clone()))
        .unwrap();
    let report: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    assert_eq!(report["columns"]["dob"], "date");
    assert!(
        report["match"]["model"]["classes"].is_array() && report["match"]["calibration"].is_array()
    );
}

#[test]
fn files_of_other_encodings_and_delimiters_are_read_as_they_were_meant() {
    let encoded = |encoding: &'static encoding_rs::Encoding, text: &str| {
        let (bytes, _, had_errors) = encoding.encode(text);
        assert!(!had_errors);
        bytes.into_owned()
    };
    let german = "vorname,nachname,ort\nJürgen,Müller,Köln\nJürgen,Müller,Köln\nAndré,Weiß,Düren\n";
    let russian =
        "имя;фамилия;город\nИван;Соловьёв;Москва\nИван;Соловьев;Москва\nПётр;Жуков;Тула\n";
    let chinese = "姓名,电话\n谭晓岚,13912345678\n谭晓岚,13912345678\n周大勇,15012345679\n";
    let traditional = "姓名,電話\n陳麗華,13912345678\n陳麗華,13912345678\n劉寶瓊,15012345679\n";
    // One letter of the last row is Latin-1, as where two files were put into one.
    let good = german.replace("André", "Éléonore");
    let good = good.strip_suffix("üren\n").unwrap();
    let damaged = [good.as_bytes(), b"\xfcren\n"].concat();
    let units = german.encode_utf16().flat_map(u16::to_le_bytes);
    let utf_16: Vec<u8> = b"\xff\xfe".iter().copied().chain(units).collect();
    let capitals = "ИМЯ;ФАМИЛИЯ\nИВАН;СОЛОВЬЕВ\nИВАН;СОЛОВЬЕВ\nПЕТР;ЖУКОВ\n";
    for (bytes, wanted) in [
        (
            encoded(encoding_rs::GB18030, traditional),
            "陳麗華,13912345678",
        ),
        (
            encoded(encoding_rs::WINDOWS_1251, capitals),
            "ИВАН,СОЛОВЬЕВ",
        ),
        (
            encoded(encoding_rs::WINDOWS_1252, german),
            "Jürgen,Müller,Köln",
        ),
        (
            encoded(encoding_rs::WINDOWS_1251, russian),
            "Иван,Соловьёв,Москва",
        ),
        (encoded(encoding_rs::GB18030, chinese), "谭晓岚,13912345678"),
        (german.replace(',', "|").into_bytes(), "Jürgen,Müller,Köln"),
        (
            format!("sep=;\n{}", german.replace(',', ";")).into_bytes(),
            "Jürgen,Müller,Köln",
        ),
        (format!("\r\n\n{german}").into_bytes(), "Jürgen,Müller,Köln"),
        (utf_16, "Jürgen,Müller,Köln"),
        (damaged, "Jürgen,Müller,Köln"),
    ] {
        let out = Scratch::new().run(&bytes, |_| {}).unwrap();
        assert!(out.contains(wanted), "{wanted}: {out}");
        assert_eq!(out.lines().count(), 4);
    }
}

#[test]
fn a_quote_that_is_never_closed_costs_no_row() {
    let broken = PEOPLE.replace("2,Grace,Kely", "2,\"Grace,Kely");
    let with_quotes = broken.replace("Oliver,Hall", "\"Oliver\",\"Hall \"\"the\nElder\"\"\"");
    for text in [&broken, &with_quotes, &broken.replace('\n', "\r\n")] {
        let out = Scratch::new().run(text.as_bytes(), |_| {}).unwrap();
        let entities = entities(&out);
        assert_eq!(entities.len(), 4, "{out}");
        assert_eq!(entities[0], entities[1], "{out}");
        assert!(
            out.contains("\"\"\"Grace\""),
            "the cell is as it was: {out}"
        );
    }
}

#[test]
fn neither_the_input_nor_its_columns_are_overwritten() {
    let scratch = Scratch::new();
    let told = scratch.error(PEOPLE.as_bytes(), |args| args.out = args.input.clone());
    assert!(told.contains("the input itself"), "{told}");
    let hard_link = scratch.path("also_in.csv");
    fs::hard_link(scratch.path("in.csv"), &hard_link).unwrap();
    let told = scratch.error(PEOPLE.as_bytes(), |args| args.out = hard_link);
    assert!(told.contains("the input itself"), "{told}");
    let before = fs::read_to_string(scratch.path("in.csv")).unwrap();
    assert_eq!(before, PEOPLE);
    let linked = PEOPLE.replace("who", "entity_id");
    let told = scratch.error(linked.as_bytes(), |_| {});
    assert!(told.contains("entity_id"), "{told}");
}

#[test]
fn no_file_is_written_over_another() {
    let scratch = Scratch::new();
    let again = scratch.path("./out.csv");
    let to_report = |args: &mut link::Args| args.report = Some(again.clone());
    let to_model = |args: &mut link::Args| args.model = Some(again.clone());
    let over_input = |args: &mut link::Args| args.report = Some(args.input.clone());
    let to_one = |args: &mut link::Args| {
        args.model = Some(scratch.path("model.toml"));
        args.report = Some(scratch.path("model.toml"));
    };
    for (change, wanted) in [
        (&to_report as &dyn Fn(&mut link::Args), "--report is --out"),
        (&to_model, "--model is --out"),
        (&over_input, "--report is the input"),
        (&to_one, "--report is --model"),
    ] {
        let told = scratch.error(PEOPLE.as_bytes(), change);
        assert!(told.contains(wanted), "{told}");
        assert!(!scratch.path("out.csv").exists());
    }
    let input = fs::read_to_string(scratch.path("in.csv")).unwrap();
    assert_eq!(input, PEOPLE);
}

#[test]
fn the_truth_is_no_evidence_under_any_name() {
    let scratch = Scratch::new();
    let with_truth = |args: &mut link::Args| args.truth = Some("who".to_owned());
    let mapped = scratch.error(PEOPLE.as_bytes(), |args| {
        with_truth(args);
        args.mapping = vec!["who=code".to_owned()];
    });
    assert!(mapped.contains("--truth"), "{mapped}");
    let doubled = PEOPLE.replace("id,first_name", "Who,first_name");
    let told = scratch.error(doubled.as_bytes(), with_truth);
    assert!(told.contains("several columns"), "{told}");
    let ignored = scratch.run(PEOPLE.as_bytes(), |args| {
        with_truth(args);
        args.mapping = vec!["who=ignore".to_owned()];
    });
    assert!(ignored.is_ok());
}

#[test]
fn copies_of_a_row_are_one_entity_and_numbers_alone_link() {
    let scratch = Scratch::new();
    let copies = format!(
        "{PEOPLE}{}",
        "5,Ida,Dahl,1970-02-03,ida@dahl.no,d\n".repeat(300)
    );
    let found = entities(&scratch.run(copies.as_bytes(), |_| {}).unwrap());
    assert_eq!(found.len(), 304);
    assert!(found[4..].iter().all(|entity| entity == "5"));
    for (header, number) in [
        ("email", "u{}@x.no"),
        ("passport", "N77{}"),
        ("手机", "139{}"),
    ] {
        let numbers = |range: std::ops::Range<u32>| -> String {
            let number = |at: u32| number.replace("{}", &format!("{:08}", at * 7_919));
            range.map(|at| number(at) + "\n").collect()
        };
        let twice = format!("{header}\n{}{}", numbers(0..250), numbers(0..250));
        let found = entities(&scratch.run(twice.as_bytes(), |_| {}).unwrap());
        assert_eq!(found[..250], found[250..], "{header}");
    }
}

#[test]
fn a_first_row_that_names_no_columns_is_no_header() {
    let scratch = Scratch::new();
    let (_, records) = PEOPLE.split_once('\n').unwrap();
    let told = scratch.error(records.as_bytes(), |_| {});
    assert!(told.contains("cell 4 holds a date"), "{told}");
    assert!(!told.contains("Grace"), "{told}");
    for title in ["Customers of 2024,,,,,\n", "Customers of 2024\n"] {
        let told = scratch.error(format!("{title}{PEOPLE}").as_bytes(), |_| {});
        assert!(told.contains("a title"), "{told}");
    }
    for json in [
        "{\"name\": \"Ida\"}\n{\"name\": \"Ola\"}\n",
        "[\n{\"name\": \"Ida\"}]",
    ] {
        let told = scratch.error(json.as_bytes(), |_| {});
        assert!(told.contains("JSON"), "{told}");
    }
}

#[test]
fn what_databases_write_for_nothing_is_nothing() {
    let people = |missing: &str| {
        let people = (0..120).map(|at| {
            let (surname, mail) = (format!("Berg{}", at % 7), format!("ida{at}@dahl.no"));
            let (first, mail) = (
                format!("Ida{at}"),
                if at % 2 == 0 { mail.as_str() } else { missing },
            );
            format!(
                "{first},{surname},19{}-03-1{},{mail},{missing}\n",
                40 + at % 50,
                at % 9
            )
        });
        let people: String = people.collect();
        format!("first_name,surname,dob,email,city\n{people}{people}")
    };
    let linked = |missing: &str| {
        let out = Scratch::new().run(people(missing).as_bytes(), |_| {});
        entities(&out.unwrap())
    };
    let wanted = linked("");
    for missing in ["\\N", "(null)", "#N/A", "0", "keine"] {
        assert_eq!(linked(missing), wanted, "{missing}");
    }
}
