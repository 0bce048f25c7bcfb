//! `marque quality`: the command's own file over files of each kind, its JSON and its page.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use clap::Parser;
use serde_json::Value;

#[path = "../../../../services/marque/src/commands/quality.rs"]
#[expect(
    unreachable_pub,
    reason = "the file is written for the binary, where commands are modules"
)]
mod quality;

/// The arguments of the command, as the binary would take them.
#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    args: quality::Args,
}

/// A folder that is gone after the test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("marque-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    /// Runs the command on a file of this text; gives the JSON and the page.
    fn check(&self, kind: &str, text: &str) -> (Value, String) {
        let at = |name: &str| self.0.join(name).to_string_lossy().into_owned();
        let (file, json, html) = (at("in.csv"), at("out.json"), at("out.html"));
        std::fs::write(&file, text).expect("written");
        let words = [
            "quality",
            &file,
            "--kind",
            kind,
            "--json",
            &json,
            "--html",
            &html,
            "--today",
            "2026-11-22",
        ];
        quality::run(Line::parse_from(words).args).expect("the file is checked");
        let read = |path: &str| std::fs::read_to_string(Path::new(path)).expect("written");
        (
            serde_json::from_str(&read(&json)).expect("JSON"),
            read(&html),
        )
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        // What cannot be removed stays in the folder for temporary files.
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// Ten dealers of sixty people; the third clerk of D7 writes the showroom's number.
fn customers(header: &str, has_clerk: bool) -> String {
    let mut file = format!("{header}\n");
    for dealer in 0..10_u32 {
        for i in 0..60_u32 {
            let noise = dealer * 7919 + i * 104_729;
            let is_invented = dealer == 7 && i % 3 == 2;
            let phone = if is_invented {
                13_912_340_567
            } else {
                13_100_000_000 + u64::from(noise) * 613 % 800_000_000
            };
            let surname = ["王", "李", "张", "刘", "陈", "杨", "赵"][(i % 7) as usize];
            let given = char::from_u32(0x5B50 + noise % 700).expect("an ideograph");
            let office = ["冀A", "京B", "沪C", "粤D"][(i % 4) as usize];
            let clerk = if has_clerk {
                format!(",S{}", i % 3)
            } else {
                String::new()
            };
            writeln!(
                file,
                "D{dealer},{surname}{given},{phone},{office}{:05}{clerk}",
                10_000 + noise % 89_000
            )
            .expect("memory");
        }
    }
    file
}

fn keys(value: &Value) -> Vec<&str> {
    let mut keys: Vec<&str> = value
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    keys
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    value[name].as_array().expect("a list")
}

#[test]
fn the_json_has_the_documented_shape_and_the_page_names_dealers_and_clerks_offline() {
    let folder = Folder::new("shape");
    let (json, page) = folder.check(
        "customers",
        &customers("经销商代码,客户姓名,手机号,车牌号,录入人", true),
    );
    assert_eq!(keys(&json), ["findings", "rows", "suspects"]);
    assert_eq!(json["rows"], 600);
    assert_eq!(keys(&json["suspects"]), ["clerks", "dealers"]);
    for finding in list(&json, "findings") {
        assert_eq!(
            keys(finding),
            ["field", "kind", "line", "rule", "severity", "strength"]
        );
    }
    let suspects = &json["suspects"];
    let dealer = &list(suspects, "dealers")[0];
    assert_eq!(keys(dealer), ["dealer", "kind", "p", "strength"]);
    assert_eq!(
        (&dealer["dealer"], &dealer["kind"]),
        (&"D7".into(), &"showroom_phone".into())
    );
    assert!(
        list(suspects, "dealers")
            .iter()
            .all(|one| one["dealer"] == "D7")
    );
    let clerk = &list(suspects, "clerks")[0];
    assert_eq!(keys(clerk), ["clerk", "dealer", "kind", "p", "strength"]);
    assert_eq!(
        (&clerk["dealer"], &clerk["clerk"]),
        (&"D7".into(), &"S2".into())
    );
    let marked = list(&json, "findings")
        .iter()
        .filter(|one| one["kind"] == "showroom_phone");
    assert_eq!(marked.count(), 20);

    assert!(page.contains("<svg") && page.contains("D7") && page.contains("S2"));
    for outside in ["http", "src=", "<script", "@import", "url("] {
        assert!(!page.contains(outside), "the page needs {outside}");
    }
    assert!(!page.contains("13912340567"), "the page holds no value");
    assert!(page.contains("20 of 60, where") && page.contains("60 条中有 20 条"));
}

#[test]
fn a_file_without_clerks_and_dates_is_checked_all_the_same() {
    let folder = Folder::new("bare");
    let (json, _) = folder.check(
        "customers",
        &customers("Store,Customer Name,Mobile,Plate No", false),
    );
    assert_eq!(json["suspects"]["dealers"][0]["dealer"], "D7");
    assert!(list(&json["suspects"], "clerks").is_empty());
}

#[test]
fn rows_that_cannot_be_read_are_told_with_their_lines() {
    let folder = Folder::new("width");
    let (json, page) = folder.check(
        "customers",
        "rec_id,name,mobile\nC1,王小明,13912340567\nC2,李雷\n,韩梅,13112345678\n",
    );
    assert!(page.contains("<b>2</b><span>rows to quarantine"));
    let unreadable = &list(&json, "findings")[0];
    assert_eq!(
        (&unreadable["line"], &unreadable["rule"]),
        (&3.into(), &"wrong_width".into())
    );
}

#[test]
fn a_clerk_is_named_with_his_dealer_whatever_signs_his_dealers_name_has() {
    let folder = Folder::new("slash");
    let file = customers("经销商代码,客户姓名,手机号,车牌号,录入人", true);
    let (json, page) = folder.check("customers", &file.replace("\nD", "\n华北/D"));
    let clerk = &list(&json["suspects"], "clerks")[0];
    assert_eq!(
        (&clerk["dealer"], &clerk["clerk"]),
        (&"华北/D7".into(), &"S2".into())
    );
    assert!(page.contains("<td>华北/D7</td><td>S2</td>"));
}

#[test]
fn what_of_a_file_is_not_read_is_said() {
    let folder = Folder::new("unread");
    let (_, page) = folder.check(
        "customers",
        "姓名,本店备注3,手机号\n王小明,老客户,13912340567\n",
    );
    assert!(page.contains("本店备注3") && page.contains("--map dealer=header"));
    assert!(!page.contains("老客户"));
    let (_, page) = folder.check("customers", "dealer,name,mobile\nD1,王小明,13912340567\n");
    assert!(!page.contains("were not read") && !page.contains("--map"));
    let (json, page) = folder.check("customers", "姓名,手机号\n");
    assert_eq!(json["rows"], 0);
    assert!(page.contains("<b>–</b>"), "of no rows none is good");
}

#[test]
fn qualified_is_what_the_standard_says_and_not_what_is_without_a_flaw() {
    let folder = Folder::new("qualified");
    let (json, page) = folder.check(
        "customers",
        "客户编号,姓名,身份证号,手机号,性别,出生日期,地址,车牌号,车架号,来源渠道,邮箱\n\
         C1,孟晓岚,11010519491231002X,13912340567,女,1949-12-31,河北省石家庄市裕华区槐安路88号样例小区3号楼2单元501室,\
         冀A8K302,LJ1EEKRN7R4000001,到店,meng@example.com\n\
         C2,王小明,,,,,,,,,\n",
    );
    assert_eq!(json["rows"], 2);
    assert!(page.contains("<b>100.0 %</b>"), "nothing typed is wrong");
    assert!(page.contains("version 1") && page.contains("sale 50.0 %"));
    let (_, page) = folder.check("visits", "工单号,进店时间\nR1,2026-03-05 09:10\n");
    assert!(!page.contains("Qualified"), "a row may be one line of many");
}

#[test]
fn visits_are_compared_by_order_whatever_the_number_of_their_rows() {
    let mut file = "经销商代码,工单号,车架号,进店时间,里程,服务顾问,项目类型,项目代码\n".to_owned();
    for n in 0..1200_u32 {
        let (dealer, order) = (n % 10, n / 10);
        let is_bare = if dealer == 4 {
            order % 2 == 0
        } else {
            order % 40 == 0
        };
        let head = format!(
            "D{dealer},R{order},,2025-{:02}-{:02},{},T{}",
            1 + n % 12,
            1 + n * 7 % 27,
            1_003 + (n / 10 * 7 + n) * 7_919 % 90_000,
            order % 2
        );
        let lines: &[&str] = if is_bare {
            &[","]
        } else {
            &["工时,L1", "配件,P1"]
        };
        for line in lines {
            writeln!(file, "{head},{line}").expect("memory");
        }
    }
    let folder = Folder::new("visits");
    let (json, _) = folder.check("visits", &file);
    let suspects = &json["suspects"];
    let bare: Vec<&Value> = list(suspects, "dealers")
        .iter()
        .filter(|one| one["kind"] == "bare_visit")
        .collect();
    assert!(bare.len() == 1 && bare[0]["dealer"] == "D4");
    assert!(
        list(suspects, "clerks")
            .iter()
            .any(|one| one["clerk"] == "T0" && one["dealer"] == "D4")
    );
    let marked = list(&json, "findings")
        .iter()
        .filter(|one| one["kind"] == "bare_visit");
    assert_eq!(marked.clone().count(), 60);
    assert!(marked.clone().all(|one| one["field"] == "lines"));
}

#[test]
fn readings_of_a_car_that_cannot_all_be_true_are_found_whatever_their_order_and_dealer() {
    let folder = Folder::new("meters");
    let car = "LJ1EEKRN7R4000001";
    let (json, page) = folder.check(
        "visits",
        &format!(
            "经销商代码,工单号,车架号,进店时间,里程,业务类型\n\
             D2,R3,{car},2024-03-06,297001,保养\n\
             D1,R1,{car},2024-01-03,50000,保养\n\
             D1,R2,{car},2024-03-05,20013,保养\n\
             D1,R2,{car},2024-03-05,20013,保养\n\
             D1,R4,LJ1EEKRN9R4000002,2024-03-06,60000,保养\n"
        ),
    );
    let found: Vec<(u64, &str)> = list(&json, "findings")
        .iter()
        .filter(|one| one["field"] == "odometer_km")
        .map(|one| {
            assert_eq!(
                (&one["kind"], &one["severity"]),
                (&Value::Null, &"warning".into()),
                "of three that all contradict each other nobody knows which is wrong"
            );
            let line = one["line"].as_u64().expect("a line");
            (line, one["rule"].as_str().expect("text"))
        })
        .collect();
    assert_eq!(
        found,
        [
            (2, "odometer_too_fast"),
            (3, "odometer_backwards"),
            (4, "odometer_backwards"),
            (4, "odometer_too_fast"),
        ]
    );
    assert!(page.contains("<b>40.0 %</b>"), "two of five rows are clean");
}

#[test]
fn the_reading_that_alone_contradicts_the_others_bears_the_kind_and_those_beside_it_nothing() {
    let folder = Folder::new("outlier");
    let car = "LJ1EEKRN7R4000001";
    let (json, page) = folder.check(
        "visits",
        &format!(
            "经销商代码,工单号,车架号,进店时间,里程,业务类型\n\
             D1,R1,{car},2024-01-03,30019,保养\n\
             D2,R2,{car},2024-07-05,430087,保养\n\
             D1,R3,{car},2025-01-06,36023,保养\n"
        ),
    );
    let found: Vec<(u64, &str, &str)> = list(&json, "findings")
        .iter()
        .filter(|one| one["field"] == "odometer_km")
        .map(|one| {
            let text = |key: &str| one[key].as_str().expect("text");
            (
                one["line"].as_u64().expect("a line"),
                text("rule"),
                text("kind"),
            )
        })
        .collect();
    assert_eq!(
        found,
        [
            (3, "odometer_too_fast", "fake_mileage"),
            (3, "odometer_backwards", "fake_mileage")
        ]
    );
    assert!(
        page.contains("<b>66.7 %</b>"),
        "two of three rows are clean"
    );
}

#[test]
fn the_readings_of_a_meter_that_was_replaced_bear_nothing() {
    let folder = Folder::new("new-meter");
    let mut file = "经销商代码,工单号,车架号,进店时间,里程,业务类型\n".to_owned();
    let kms = [10_017, 21_523, 30_019, 40_931, 213, 5_027, 9_841];
    for (n, km) in kms.into_iter().enumerate() {
        let day = format!("2025-{:02}-06", n + 1);
        writeln!(file, "D1,R{n},LJ1EEKRN7R4000001,{day},{km},保养").expect("memory");
    }
    let (json, _) = folder.check("visits", &file);
    let mut findings = list(&json, "findings").iter();
    let of_meter = findings.find(|one| one["field"] == "odometer_km");
    assert_eq!(of_meter, None);
}

#[test]
fn visits_that_were_entered_in_one_minute_bear_no_kind_for_their_time() {
    let folder = Folder::new("entered");
    let car = "LJ1EEKRN7R4000001";
    let mut file = format!(
        "经销商代码,工单号,车架号,进店时间,里程,业务类型\n\
         D1,R1,{car},2024-01-03 09:10,30019,保养\n\
         D1,R3,{car},2025-01-06 10:20,36023,保养\n\
         D2,R2,{car},2026-07-05 11:30,20087,保养\n"
    );
    let kind = |file: &str| {
        let (json, _) = folder.check("visits", file);
        let mut findings = list(&json, "findings").iter();
        let found = findings.find(|one| one["rule"] == "odometer_backwards");
        let found = found.expect("it is less than before");
        assert_eq!(found["line"], 4);
        found["kind"].clone()
    };
    assert_eq!(kind(&file), "fake_mileage");
    for n in 0..4 {
        let visit = format!("LJ1EEKRN9R4000002,2026-07-05 11:30,{}", 1_007 + n);
        writeln!(file, "D2,N{n},{visit},保养").expect("memory");
    }
    assert_eq!(kind(&file), Value::Null);
}

#[test]
fn a_key_of_two_people_is_found() {
    let folder = Folder::new("keys");
    let (json, _) = folder.check(
        "customers",
        "经销商代码,客户编号,姓名,身份证号\n\
         D1,K1,孟晓岚,11010519491231002X\n\
         D1,K1,孟晓岚女士,\n\
         D2,K1,王志强,\n\
         D1,K1,李海燕,\n\
         D1,K1,李海燕,11010519491231002X\n",
    );
    let found: Vec<&Value> = list(&json, "findings")
        .iter()
        .filter(|one| one["rule"] == "key_of_two_people")
        .collect();
    assert_eq!(found.len(), 1);
    assert_eq!(
        (&found[0]["line"], &found[0]["field"], &found[0]["kind"]),
        (&5.into(), &"source_key".into(), &Value::Null)
    );
}

#[test]
fn vehicles_and_complaints_are_checked_by_their_rules() {
    let folder = Folder::new("kinds");
    let rules = |kind: &str, text: &str| {
        let (json, page) = folder.check(kind, text);
        assert!(page.contains(kind));
        let found: Vec<String> = list(&json, "findings")
            .iter()
            .map(|one| {
                format!(
                    "{} {}",
                    one["field"].as_str().expect("text"),
                    one["rule"].as_str().expect("text")
                )
            })
            .collect();
        found
    };
    let vehicles = rules(
        "vehicles",
        "车架号,品牌,销售日期\nLJ1EEKRN7R4000001,Nova,2024-02-01\nLJ1EEKRN8R4000001,Nova,2027-02-01\n",
    );
    assert!(
        vehicles.iter().any(|one| one.starts_with("vin ")),
        "{vehicles:?}"
    );
    assert!(
        vehicles.iter().any(|one| one.starts_with("sale_date ")),
        "{vehicles:?}"
    );
    let complaints = rules(
        "complaints",
        "投诉编号,严重程度,投诉内容\nTS1,很气愤,异响\nTS2,低,\n",
    );
    assert!(
        complaints.iter().any(|one| one.starts_with("severity ")),
        "{complaints:?}"
    );
    assert!(
        complaints.iter().any(|one| one.starts_with("text ")),
        "{complaints:?}"
    );
    let standing = rules(
        "complaints",
        "投诉编号,投诉内容,投诉时间,状态,结案时间\n\
         TS1,异响,2026-03-05,已结案,2026-03-09\n\
         TS2,漏油,2026-03-05,已结案,2026-03-04\n\
         TS3,黑屏,2026-03-05,再说吧,\n",
    );
    assert_eq!(standing, ["closed_at date_order", "state choice_unknown"]);
}
