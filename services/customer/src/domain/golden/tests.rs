use marque_core::source_record_id;
use marque_quality::Field;

use super::*;
use crate::domain::{COLUMNS, Columns, survivorship::TrustFrom};

fn facts(texts: &[(&str, &str)]) -> Facts {
    let mut columns = Columns::default();
    for (place, field) in COLUMNS.iter().enumerate() {
        if let Some((_, text)) = texts.iter().find(|(name, _)| *name == field.column()) {
            columns.push(place, text);
        }
    }
    Facts::of(&columns, Timestamp::from_micros(1_790_000_000_000_000)).0
}

fn golden(rows: &[(i64, &[(&str, &str)])]) -> Golden {
    golden_by(rows, &Survivorship::default())
}

fn golden_by(rows: &[(i64, &[(&str, &str)])], rules: &Survivorship) -> Golden {
    let facts: Vec<Facts> = rows.iter().map(|(_, texts)| facts(texts)).collect();
    let said: Vec<Said<'_>> = facts
        .iter()
        .zip(rows)
        .enumerate()
        .map(|(at, (facts, (day, _)))| Said {
            id: source_record_id(&"D1".parse().unwrap(), "dms", &at.to_string()),
            is_known: true,
            at: Timestamp::from_micros(day * 86_400_000_000),
            trust: Trust {
                share: if at == 0 { 1.0 } else { 0.5 },
                from: TrustFrom::Configured,
            },
            facts,
            past_contacts: &[],
            since: &[],
            checks: &[],
        })
        .collect();
    compose(&said, rules)
}

#[test]
fn the_most_frequent_whole_name_survives_a_newer_surname() {
    let golden = golden(&[
        (1, &[("source_key", "a"), ("name", "欧阳建国")]),
        (2, &[("source_key", "b"), ("name", "欧阳建国")]),
        (9, &[("source_key", "c"), ("name", "欧阳先生")]),
    ]);
    assert_eq!(golden.name.as_deref(), Some("欧阳建国"));
    let name = golden
        .lineage
        .iter()
        .find(|lineage| lineage.field == "name")
        .unwrap();
    assert_eq!(
        (name.agreeing, name.saying, name.rule),
        (2, 2, "most_frequent")
    );
}

#[test]
fn what_the_id_number_proves_beats_what_was_typed_more_often() {
    let golden = golden(&[
        (
            1,
            &[
                ("source_key", "a"),
                ("name", "王小明"),
                ("id_number", "11010519491231002X"),
            ],
        ),
        (
            2,
            &[
                ("source_key", "b"),
                ("name", "王小明"),
                ("birthday", "1950-01-01"),
            ],
        ),
        (
            3,
            &[
                ("source_key", "c"),
                ("name", "王小明"),
                ("birthday", "1950-01-01"),
            ],
        ),
    ]);
    assert_eq!(golden.birthday.unwrap().to_string(), "1949-12-31");
}

#[test]
fn contacts_are_newest_first_and_each_once() {
    let golden = golden(&[
        (
            1,
            &[
                ("source_key", "a"),
                ("name", "王小明"),
                ("phone", "13800138001"),
            ],
        ),
        (
            5,
            &[
                ("source_key", "b"),
                ("name", "王小明"),
                ("phone", "13900139002"),
                ("phone2", "13800138001"),
            ],
        ),
    ]);
    let values: Vec<&str> = golden
        .contact_points
        .iter()
        .map(|point| point.value.as_str())
        .collect();
    assert_eq!(values, ["+8613900139002", "+8613800138001"]);
    assert_eq!(
        golden.contact_points[1].from,
        Timestamp::from_micros(86_400_000_000)
    );
}

#[test]
fn how_he_came_to_us_is_what_the_first_record_says() {
    let golden = golden(&[
        (
            7,
            &[
                ("source_key", "a"),
                ("name", "王小明"),
                ("acquisition_channel", "网络"),
            ],
        ),
        (
            2,
            &[
                ("source_key", "b"),
                ("name", "王小明"),
                ("acquisition_channel", "展厅"),
            ],
        ),
    ]);
    assert_eq!(golden.acquisition_channel.as_deref(), Some("展厅"));
}

#[test]
fn a_chain_asks_its_rules_one_after_the_other() {
    let rows: [(i64, &[(&str, &str)]); 3] = [
        (
            1,
            &[
                ("source_key", "a"),
                ("phone", "13800138001"),
                ("address", "上海市南京路1号"),
            ],
        ),
        (
            5,
            &[
                ("source_key", "b"),
                ("phone", "13900139002"),
                ("address", "上海市淮海路2号"),
            ],
        ),
        (
            9,
            &[
                ("source_key", "c"),
                ("phone", "13900139003"),
                ("address", "上海市淮海路2号"),
            ],
        ),
    ];
    let chains = [("phone", "trusted"), ("address", "most_frequent")]
        .map(|(field, rule)| (field.to_owned(), vec![rule.to_owned()]));
    let rules = Survivorship::read(&chains.into(), &[].into()).unwrap();
    let golden = golden_by(&rows, &rules);
    assert_eq!(golden.contact_points[0].value, "+8613800138001");
    assert_eq!(golden.contact_points.len(), 3);
    let why = |field| {
        let found = golden.lineage.iter().find(|lineage| lineage.field == field);
        found.map(|lineage| (lineage.rule, lineage.agreeing, lineage.saying))
    };
    assert_eq!(why("phone"), Some(("trusted", 1, 3)), "why this phone?");
    assert_eq!(why("address"), Some(("most_frequent", 2, 3)));
}

#[test]
fn a_word_on_a_value_counts_for_all_who_say_it() {
    let (old, new) = (
        facts(&[("source_key", "a"), ("phone", "13800138001")]),
        facts(&[("source_key", "b"), ("phone", "13900139002")]),
    );
    let check = |is_right| ColumnCheck {
        column: "phone".to_owned(),
        is_right: Some(is_right),
        at: Timestamp::from_micros(7),
    };
    let (none, right, wrong) = (vec![], vec![check(true)], vec![check(false)]);
    let said = |at: i64, facts, checks| Said {
        id: source_record_id(&"D1".parse().unwrap(), "dms", &at.to_string()),
        is_known: true,
        at: Timestamp::from_micros(at),
        trust: Trust {
            share: 1.0,
            from: TrustFrom::Default,
        },
        facts,
        past_contacts: &[],
        since: &[],
        checks,
    };
    let call = |said: &[Said<'_>]| {
        let golden = compose(said, &Survivorship::default());
        let rule = golden.lineage.iter().find(|one| one.field == "phone");
        let rule = rule.map(|one| one.rule);
        (golden.contact_points[0].value.clone(), rule)
    };
    let (first, second) = ("+8613800138001".to_owned(), "+8613900139002".to_owned());
    let newest = [said(1, &old, &none), said(2, &new, &none)];
    assert_eq!(call(&newest), (second.clone(), Some("newest")));
    let confirmed = [said(1, &old, &right), said(2, &new, &none)];
    assert_eq!(call(&confirmed), (first.clone(), Some("verified")));
    let refuted = [
        said(1, &old, &none),
        said(2, &new, &wrong),
        said(3, &new, &none),
    ];
    assert_eq!(call(&refuted), (first, Some("verified")));
    let all_wrong = [said(1, &old, &wrong), said(2, &new, &wrong)];
    assert_eq!(
        call(&all_wrong),
        (second, Some("newest")),
        "better than none"
    );
}

#[test]
fn of_what_equally_many_say_the_more_trusted_is_right() {
    let rows: [(i64, &[(&str, &str)]); 2] = [
        (
            1,
            &[("source_key", "a"), ("name", "王小明"), ("gender", "男")],
        ),
        (
            9,
            &[("source_key", "b"), ("name", "王小敏"), ("gender", "男")],
        ),
    ];
    let golden = golden(&rows);
    assert_eq!(golden.name.as_deref(), Some("王小明"));
    let why = |field| {
        let found = golden.lineage.iter().find(|lineage| lineage.field == field);
        found.map(|lineage| (lineage.rule, lineage.trust.share))
    };
    assert_eq!(why("name"), Some(("trusted", 1.0)));
    assert_eq!(
        why("gender"),
        Some(("most_frequent", 1.0)),
        "no rule left out a value"
    );
}

#[test]
fn a_correction_that_bears_no_later_time_counts_from_when_it_came() {
    let (mended, other) = (
        facts(&[
            ("source_key", "a"),
            ("phone", "13800138001"),
            ("address", "上海市南京路1号"),
        ]),
        facts(&[
            ("source_key", "b"),
            ("phone", "13900139002"),
            ("address", "上海市淮海路2号"),
        ]),
    );
    let (first, second, today) = (1, 2, Timestamp::from_micros(9));
    let since = [Since {
        field: Field::CustomerPhone,
        at: today,
    }];
    let was = |value: &str, from: i64, to| PastContact {
        channel: "phone".to_owned(),
        value: value.to_owned(),
        from: Timestamp::from_micros(from),
        to,
    };
    let past = [
        was("+8613700137000", first, Some(today)),
        was("+8613800138001", 9, None),
    ];
    let said = |at: i64, facts, past_contacts, since| Said {
        id: source_record_id(&"D1".parse().unwrap(), "dms", &at.to_string()),
        is_known: true,
        at: Timestamp::from_micros(at),
        trust: Trust {
            share: 1.0,
            from: TrustFrom::Default,
        },
        facts,
        past_contacts,
        since,
        checks: &[],
    };
    let golden = compose(
        &[
            said(first, &mended, &past, &since),
            said(second, &other, &[], &[]),
        ],
        &Survivorship::default(),
    );
    let points: Vec<(&str, i64, Option<Timestamp>)> = golden
        .contact_points
        .iter()
        .map(|point| (point.value.as_str(), point.from.as_micros(), point.to))
        .collect();
    assert_eq!(
        points,
        [
            ("+8613800138001", 9, None),
            ("+8613900139002", 2, None),
            ("+8613700137000", 1, Some(today)),
        ]
    );
    let phone = golden.lineage.iter().find(|one| one.field == "phone");
    assert_eq!(phone.unwrap().at, today);
    // What it says as before counts from when it was typed.
    assert_eq!(golden.address.as_deref(), Some("上海市淮海路2号"));
}

#[test]
fn a_phone_that_he_has_again_is_told_with_the_time_before() {
    let facts = facts(&[("source_key", "a"), ("phone", "13800138001")]);
    let at = Timestamp::from_micros;
    let was = |value: &str, from: i64, to: Option<i64>| PastContact {
        channel: "phone".to_owned(),
        value: value.to_owned(),
        from: at(from),
        to: to.map(at),
    };
    let (it, other) = ("+8613800138001", "+8613700137000");
    let told = |past_contacts: &[PastContact]| {
        let said = Said {
            id: source_record_id(&"D1".parse().unwrap(), "dms", "a"),
            is_known: true,
            at: at(1),
            trust: Trust {
                share: 1.0,
                from: TrustFrom::Default,
            },
            facts: &facts,
            past_contacts,
            since: &[],
            checks: &[],
        };
        let golden = compose(&[said], &Survivorship::default());
        let points = golden.contact_points.into_iter().map(|point| {
            let to = point.to.map(Timestamp::as_micros);
            (point.value, point.from.as_micros(), to)
        });
        points.collect::<Vec<_>>()
    };
    let [had, between, has] = [(it, 1, Some(5)), (other, 5, Some(9)), (it, 9, None)];
    let shown = |points: &[(&str, i64, Option<i64>)]| {
        let owned = points
            .iter()
            .map(|(value, from, to)| ((*value).to_owned(), *from, *to));
        owned.collect::<Vec<_>>()
    };
    let past = [had, between, has].map(|(value, from, to)| was(value, from, to));
    assert_eq!(told(&past), shown(&[has, had, between]));
    // What the release before noted of one that he had by its word all along is no other time.
    assert_eq!(
        told(&past[..2]),
        shown(&[(it, 1, None), between]),
        "he has it since 1"
    );
}
