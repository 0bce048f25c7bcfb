//! Scoring a file: what comes out, and what is said of files that are wrong.

use std::fmt::Write as _;

use marque_insight::file::{FileError, decode, score_csv};
use marque_insight::rank::Kind;
use marque_insight::value::{Fact, Model};
use proptest::prelude::*;

const SIX: &str =
    "transaction_amount,transaction_frequency,interaction,social_influence,future_value,credit";

fn score(text: &str) -> Result<String, FileError> {
    let mut out = Vec::new();
    score_csv(text, &Model::shipped())?
        .write_to(&mut out)
        .expect("a vector can be written to");
    Ok(String::from_utf8(out).expect("what came as UTF-8 goes as UTF-8"))
}

#[test]
fn the_seed_example_comes_out_as_stated() {
    let scored = score(&format!("id,kind,{SIX}\nC1,person,80,60,70,50,90,100\n")).unwrap();
    let expected = format!(
        "id,kind,{SIX},score,rank,tier,confidence\nC1,person,80,60,70,50,90,100,73.50,1,small,100\n"
    );
    assert_eq!(scored, expected);
}

#[test]
fn persons_and_organizations_are_ranked_apart_and_ties_go_to_the_smaller_id() {
    let scored =
        score("kind,credit,id\nperson,50,b\norganization,1,z\nperson,50,a\nperson,90,c\n").unwrap();
    let tails: Vec<&str> = scored.lines().skip(1).collect();
    let expected = [
        "person,50,b,50.00,3,small,10",
        "organization,1,z,45.10,1,small,10",
        "person,50,a,50.00,2,small,10",
        "person,90,c,54.00,1,small,10",
    ];
    assert_eq!(tails, expected);
}

#[test]
fn chinese_headers_quotes_crlf_and_blank_lines_are_understood() {
    let scored =
        score("客户编号,客户类型,信用,备注\r\n\"甲,1\",个人,80,\"多\n行\"\r\n\r\n乙,企业,,x\r\n")
            .unwrap();
    assert_eq!(
        scored,
        "客户编号,客户类型,信用,备注,score,rank,tier,confidence\n\"甲,1\",个人,80,\"多\n行\",53.00,1,small,10\n乙,企业,,x,,,unscored,0\n"
    );
}

#[test]
fn facts_are_scored_by_curves_and_mix_with_given_indicators() {
    let scored = score("id,kind,购车金额,credit\n1,person,1000000,\n2,person,0,100\n").unwrap();
    let rows: Vec<&str> = scored.lines().skip(1).collect();
    assert_eq!(
        rows,
        [
            "1,person,1000000,,58.00,1,small,20",
            "2,person,0,100,45.20,2,small,30"
        ]
    );
}

#[test]
fn numbers_are_read_as_programs_and_chinese_keyboards_write_them() {
    for written in [
        "80",
        "8e1",
        "8.000000000000000000e+01",
        "８０",
        "８０．０",
        "\u{3000}80 ",
    ] {
        let scored = score(&format!("id,kind,credit,note\n1,个人客户,{written},\n")).unwrap();
        assert!(scored.ends_with(",,53.00,1,small,10\n"), "{scored}");
    }
}

#[test]
fn what_programs_write_for_nothing_is_missing() {
    for nothing in [
        "", " ", "NaN", "nan", "NULL", "None", "N/A", "\\N", "-", "－", "无",
    ] {
        let row = format!("1,person,{nothing},{nothing}");
        let scored = score(&format!("id,kind,credit,visit_count\n{row}\n")).unwrap();
        assert!(
            scored.ends_with(&format!("{row},,,unscored,0\n")),
            "{scored}"
        );
    }
}

#[test]
fn a_file_with_the_line_ends_of_old_macs_is_scored() {
    let text = "id,kind,credit\r1,person,80\r2,person,90\r";
    assert_eq!(
        score(text).unwrap(),
        "id,kind,credit,score,rank,tier,confidence\n1,person,80,53.00,2,small,10\n2,person,90,54.00,1,small,10\n"
    );
}

#[test]
fn sums_that_differ_in_the_fifteenth_decimal_are_no_tie() {
    let scored = score(
        "id,kind,credit\na,person,66.66666666666666\nb,person,66.66666666666667\n\
         c,person,66.6666666666666700\nd,person,66.666666666666670000000001\n",
    )
    .unwrap();
    let ranks: Vec<&str> = scored
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(4).unwrap())
        .collect();
    assert_eq!(ranks, ["4", "2", "3", "1"]);
}

#[test]
fn a_score_is_rounded_by_all_decimals() {
    let row = |id: &str, value: &str| format!("{id},person,{}\n", [value; 6].join(","));
    let rows = [row("1", "50.005"), row("2", "50.00500000000000000001")].concat();
    let scored = score(&format!("id,kind,{SIX}\n{rows}")).unwrap();
    let tails = scored
        .lines()
        .skip(1)
        .map(|row| row.rsplitn(5, ',').collect::<Vec<&str>>());
    let tails: Vec<_> = tails.collect();
    assert_eq!(tails[0][..4], ["100", "small", "2", "50.00"]);
    assert_eq!(tails[1][..4], ["100", "small", "1", "50.01"]);
}

#[test]
fn a_spreadsheet_in_gb18030_is_read() {
    let text = "编号,类型,信用\n甲,个人,80\n";
    let (bytes, _, _) = encoding_rs::GB18030.encode(text);
    assert_eq!(decode(&bytes).unwrap(), text);
    assert_eq!(decode("\u{feff}id".as_bytes()).unwrap(), "id");
    assert_eq!(
        decode(b"id\nab\xFF\xFF\n"),
        Err(FileError::Encoding { line: 2 })
    );
}

#[test]
fn what_is_wrong_is_named_with_line_and_column() {
    let head = "id,kind,credit,visit_count\n";
    for (text, expected) in [
        (String::new(), "the file is empty"),
        ("  \n".to_owned(), "the file is empty"),
        ("id,credit\n1,5\n".to_owned(), "no column 'kind'"),
        (
            "id;kind;credit\n1;person;5\n".to_owned(),
            "line 1: the columns are separated by semicolons",
        ),
        (
            "编号，类型，信用\n1，个人，5\n".to_owned(),
            "line 1: the columns are separated by Chinese commas",
        ),
        (
            format!("{head}1,person,5,1\n2,person,5\n"),
            "line 3: 3 columns where the header has 4",
        ),
        (
            format!("{head}1,person,5,1,9\n"),
            "line 2: 5 columns where the header has 4",
        ),
        (
            format!("{head}1,person,101,1\n"),
            "line 2, column 'credit': is outside 1 to 100",
        ),
        (
            format!("{head}1,person,high,1\n"),
            "line 2, column 'credit': is not a number",
        ),
        (
            format!("{head}1,person,5.{}1,1\n", "0".repeat(60)),
            "line 2, column 'credit': has more decimals than are kept",
        ),
        (
            format!("{head}1,person,100.00000000000001,1\n"),
            "line 2, column 'credit': is outside 1 to 100",
        ),
        (
            format!("{head}1,person,\"1,5\",1\n"),
            "line 2, column 'credit': is not a number",
        ),
        (
            format!("{head}1,person,5,-1\n"),
            "line 2, column 'visit_count': is not a plain number from 0",
        ),
        (
            format!("{head}1,person,5,inf\n"),
            "line 2, column 'visit_count'",
        ),
        (
            format!("{head}1,robot,5,1\n"),
            "line 2, column 'kind': is unknown",
        ),
        (format!("{head}1,,5,1\n"), "line 2, column 'kind': is empty"),
        (
            format!("{head}1,person,5,1\n2,person,high,1\n").replace('\n', "\r"),
            "line 3, column 'credit': is not a number",
        ),
        (
            format!("{head}1,person,5,1\n2,person,high,1\n").replace('\n', "\r\n"),
            "line 3, column 'credit': is not a number",
        ),
        (
            format!("{head}\n ,person,5,1\n"),
            "line 3, column 'id': is empty",
        ),
        (
            format!("{head}1,person,\"5,1\n2,person,5,1\n"),
            "line 2: a quoted cell begins here",
        ),
        (
            format!("{head}b,person,5,1\na,person,5,1\n\nb,organization,6,1\n"),
            "line 5, column 'id': the id is already in line 2",
        ),
        (
            format!("{head}C1,person,5,1\n\" C1 \",person,6,1\n"),
            "line 3, column 'id': the id is already in line 2",
        ),
        (
            format!("{head}1,person,80%,1\n"),
            "line 2, column 'credit': is not a number; write digits such as 73",
        ),
    ] {
        let error = score(&text).map(|_| ()).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}\nfor {text}");
    }
}

#[test]
fn a_fact_that_counts_for_nothing_is_told_with_what_it_needs() {
    let idle = |header: &str| -> Vec<(String, Option<Fact>)> {
        let text = format!("id,kind,{header}\n");
        let scored = score_csv(&text, &Model::shipped()).unwrap();
        let columns = scored.idle_columns().iter();
        columns
            .map(|column| (column.name.clone(), column.needs))
            .collect()
    };
    let months = Some(Fact::MonthsSinceFirst);
    assert_eq!(
        idle("进厂次数,purchase_count,credit"),
        [
            ("进厂次数".to_owned(), months),
            ("purchase_count".to_owned(), months)
        ]
    );
    assert_eq!(
        idle("on_time_count"),
        [("on_time_count".to_owned(), Some(Fact::PaymentCount))]
    );
    assert!(idle("visit_count,months_since_first,complaint_count").is_empty());
    assert!(idle("service_amount,overdue_days,standing_level").is_empty());
    let text = "id,kind,credit,purchase_amout\n1,person,5,9\n";
    let misspelt = score_csv(text, &Model::shipped()).unwrap();
    assert_eq!(misspelt.kept_columns(), ["purchase_amout"]);
}

#[test]
fn of_several_faults_the_first_in_the_file_is_told() {
    let mut text = "id,kind,credit\n".to_owned();
    for row in 0..20_000 {
        let credit = if row == 7_000 || row == 19_000 {
            "x"
        } else {
            "5"
        };
        writeln!(text, "{row},person,{credit}").unwrap();
    }
    assert!(
        score(&text)
            .unwrap_err()
            .to_string()
            .starts_with("line 7002,")
    );
}

#[test]
fn the_summary_counts_every_customer_once() {
    let mut text = format!("id,kind,{SIX}\n");
    for row in 0..1_000 {
        writeln!(text, "p{row},person,{},,,,,50", row % 100 + 1).unwrap();
    }
    text.push_str("o1,organization,,,,,,\n");
    let scored = score_csv(&text, &Model::shipped()).unwrap();
    let [persons, organizations] = scored.summary();
    assert_eq!(
        (
            persons.kind,
            persons.ranked,
            persons.unscored,
            persons.tiers
        ),
        (Kind::Person, 1_000, 0, [10, 40, 150, 800])
    );
    assert_eq!((organizations.ranked, organizations.unscored), (0, 1));
}

/// Scores in whole arithmetic and ranks by counting, the slow way.
fn expected_ranks(rows: &[(String, bool, [u8; 6])]) -> Vec<(i64, usize)> {
    let sum = |values: &[u8; 6]| -> i64 {
        [20, 15, 15, 20, 20, 10]
            .iter()
            .zip(values)
            .map(|(weight, &value)| weight * i64::from(value))
            .sum()
    };
    let rank = |(id, kind, values): &(String, bool, [u8; 6])| {
        let is_before = |other: &&(String, bool, [u8; 6])| {
            other.1 == *kind
                && (sum(&other.2) > sum(values) || sum(&other.2) == sum(values) && other.0 < *id)
        };
        (sum(values), rows.iter().filter(is_before).count() + 1)
    };
    rows.iter().map(rank).collect()
}

proptest! {
    #[test]
    fn any_file_is_ranked_as_by_counting(
        rows in proptest::collection::btree_map("[A-Z]{0,2}[0-9]{1,10}", (any::<bool>(), proptest::array::uniform6(1_u8..=4)), 1..300),
        shuffle in any::<u64>(),
    ) {
        let mut rows: Vec<(String, bool, [u8; 6])> = rows.into_iter().map(|(id, (kind, values))| (id, kind, values)).collect();
        if shuffle % 2 == 0 {
            rows.sort_by_key(|row| row.0.bytes().rev().collect::<Vec<u8>>());
        }
        let mut text = format!("id,kind,{SIX}\n");
        for (id, kind, values) in &rows {
            let kind = if *kind { "person" } else { "organization" };
            writeln!(text, "{id},{kind},{}", values.map(|value| value.to_string()).join(",")).unwrap();
        }
        let scored = score(&text).unwrap();
        for (line, (sum, rank)) in scored.lines().skip(1).zip(expected_ranks(&rows)) {
            let cells: Vec<&str> = line.split(',').collect();
            prop_assert_eq!(cells[8], format!("{}.{:02}", sum / 100, sum % 100));
            prop_assert_eq!(cells[9], rank.to_string());
        }
    }

    #[test]
    fn floats_are_ranked_by_the_exact_sum_of_what_is_written(
        rows in proptest::collection::btree_map("[A-Z]{1,3}[0-9]{1,6}", proptest::array::uniform6((1_u64..=3, 0_u64..=1)), 1..60),
        scale in 9_usize..20,
        shuffle in any::<bool>(),
    ) {
        // Units of the last decimal, so that sums are whole numbers: many meet, and many miss each other by a hair.
        let one = 10_i128.pow(scale as u32);
        let mut rows: Vec<(String, [(u64, u64); 6])> = rows.into_iter().collect();
        if shuffle {
            rows.sort_by_key(|row| row.0.bytes().rev().collect::<Vec<u8>>());
        }
        let mut text = format!("id,kind,{SIX}\n");
        for (id, values) in &rows {
            let cells = values.map(|(whole, last)| format!("{whole}.{last:0scale$}"));
            writeln!(text, "{id},person,{}", cells.join(",")).unwrap();
        }
        let sum = |values: &[(u64, u64); 6]| -> i128 {
            let weighted = [20, 15, 15, 20, 20, 10].iter().zip(values);
            weighted.map(|(weight, &(whole, last))| weight * (i128::from(whole) * one + i128::from(last))).sum()
        };
        let scored = score(&text).unwrap();
        for (line, (id, values)) in scored.lines().skip(1).zip(&rows) {
            let is_before = |other: &&(String, [(u64, u64); 6])| {
                sum(&other.1) > sum(values) || sum(&other.1) == sum(values) && other.0 < *id
            };
            let rank = rows.iter().filter(is_before).count() + 1;
            prop_assert_eq!(line.split(',').nth(9).unwrap(), rank.to_string());
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "[id,kndcre\"\n\r0-9 .pson]{0,200}") {
        let _ = score(&format!("id,kind,credit\n{text}"));
        let _ = score(&text);
    }
}
