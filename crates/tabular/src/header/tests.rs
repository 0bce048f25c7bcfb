//! Recognising headers.

use super::{HeaderMap, Mapping, comparable};
use crate::{
    row::Row,
    schema::{
        ALL, ASSESSMENTS, COMPLAINTS, CUSTOMERS, Column, PAYMENTS, PURCHASES, Schema, VEHICLES,
        VERIFICATIONS, VISITS,
    },
};

fn headers(text: &str) -> Vec<String> {
    text.split(',').map(str::to_owned).collect()
}

fn recognised(schema: &Schema, text: &str) -> Vec<&'static str> {
    let map = HeaderMap::recognise(&headers(text), schema, None).unwrap();
    let mut found: Vec<_> = (0..schema.columns.len())
        .filter_map(|place| Some((map.source_column(place)?, schema.columns.get(place)?.name)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, name)| name).collect()
}

#[test]
fn usual_headers_are_recognised_in_any_order() {
    let cases = [
        (
            &CUSTOMERS,
            "手机号,车主,客户编号,身份证号码",
            vec!["phone", "name", "source_key", "id_number"],
        ),
        (
            &CUSTOMERS,
            "客户 编号,姓　名,ＶＩＮ码,生日",
            vec!["source_key", "name", "vin", "birthday"],
        ),
        (
            &CUSTOMERS,
            "REC_ID,ctype,Name,ID_NO,mobile,created_at",
            vec![
                "source_key",
                "kind",
                "name",
                "id_number",
                "phone",
                "recorded_at",
            ],
        ),
        (
            &CUSTOMERS,
            "客户编号（必填）,客户名称*,手机,联系电话",
            vec!["source_key", "name", "phone", "phone2"],
        ),
        (
            &VEHICLES,
            "车架号,车牌号码,车系,车主编号,交强险到期日",
            vec!["vin", "plate", "series", "owner_key", "insurance_expiry"],
        ),
        (
            &VISITS,
            "工单号,VIN,进厂时间,行驶里程(km),结算金额（元）",
            vec!["order_number", "vin", "opened_at", "odometer_km", "amount"],
        ),
        (
            &COMPLAINTS,
            "投诉编号,投诉内容,责任部门",
            vec!["complaint_key", "text", "department"],
        ),
        (
            &VERIFICATIONS,
            "客户编号,回访结果,通话时长（秒）",
            vec!["source_key", "outcome", "duration_s"],
        ),
        (
            &PURCHASES,
            "合同编号,客户编号,VIN码,成交价（元）,购车日期",
            vec!["purchase_key", "customer_key", "vin", "amount", "date"],
        ),
        (
            &PAYMENTS,
            "收款单号,客户号,应收金额,到期日,到账日期",
            vec!["payment_key", "customer_key", "amount", "date", "paid_date"],
        ),
        (
            &ASSESSMENTS,
            "问卷编号,客户编码,评估项目,评分,评估日期",
            vec!["assessment_key", "customer_key", "subject", "value", "date"],
        ),
    ];
    for (schema, text, expected) in cases {
        assert_eq!(recognised(schema, text), expected, "{text}");
    }
}

#[test]
fn every_canonical_name_and_alias_is_recognised_alone() {
    for schema in ALL {
        for (place, column) in schema.columns.iter().enumerate() {
            for name in std::iter::once(column.name).chain(column.aliases()) {
                let mut file = vec![name.to_owned()];
                let required = schema
                    .columns
                    .iter()
                    .filter(|other| other.is_required && other.name != column.name);
                file.extend(required.map(|other| other.name.to_owned()));
                let map = HeaderMap::recognise(&file, schema, None).unwrap();
                let shared = schema.columns.iter().any(|other| {
                    other.name != column.name
                        && std::iter::once(other.name)
                            .chain(other.aliases())
                            .any(|alias| comparable(alias) == comparable(name))
                });
                assert!(
                    map.source_column(place) == Some(0) || shared,
                    "{}: {name}",
                    schema.kind
                );
            }
        }
    }
}

#[test]
fn the_mapping_wins_and_the_rest_is_kept() {
    let mapping = Mapping::new().with("phone", "老板电话").with("name", "B");
    let file = headers("编号,姓名,B,老板电话,手机,marque_reason");
    let map = HeaderMap::recognise(&file, &CUSTOMERS, Some(&mapping)).unwrap();
    let column = |name| map.source_column(CUSTOMERS.column(name).unwrap());
    assert_eq!(
        (column("phone"), column("name"), column("phone2")),
        (Some(3), Some(2), Some(4))
    );
    assert_eq!(map.extras(), [(1, "姓名".to_owned())]);
}

#[test]
fn orders_and_members_are_recognised_by_what_workshops_call_them() {
    for (order, customer) in [
        ("维修工单号", "会员编号"),
        ("RO号", "会员卡号"),
        ("工单编码", "顾客编号"),
        ("ro号", "客户档案号"),
    ] {
        let text = format!("{order},车架号,{customer}");
        let found = recognised(&VISITS, &text);
        assert_eq!(found, ["order_number", "vin", "customer_key"], "{text}");
    }
    assert_eq!(
        recognised(&CUSTOMERS, "会员编号,姓名"),
        ["source_key", "name"]
    );
}

#[test]
fn headers_of_exports_and_of_english_files_are_recognised() {
    for (schema, text, expected) in [
        (
            &CUSTOMERS,
            "客户编号,姓名,客户手机,客户性别,客户生日,统一信用代码,来源,客户地址",
            "source_key name phone gender birthday credit_code acquisition_channel address",
        ),
        (
            &CUSTOMERS,
            "源记录号,公司名称,联系电话1,联系电话2,身份证件号码,车辆识别代码,称谓",
            "source_key name phone phone2 id_number vin gender",
        ),
        (
            &CUSTOMERS,
            "Customer Number,Client Name,Mobile Number,Work Phone,ID Card Number,VIN Number",
            "source_key name phone phone2 id_number vin",
        ),
        (
            &CUSTOMERS,
            "id,name,Contact Number",
            "source_key name phone",
        ),
        (
            &VEHICLES,
            "VIN/车架号,车辆颜色,购车时间,商业险到期日,车型名称",
            "vin color sale_date insurance_expiry model",
        ),
        (
            &VISITS,
            "工单号,车架号,接车日期,交车日期,入厂里程,业务接待,总费用",
            "order_number vin opened_at closed_at odometer_km adviser amount",
        ),
        (
            &VISITS,
            "工单号,车架号,送修日期,维修项目,price,总费用",
            "order_number vin opened_at name unit_price amount",
        ),
        (
            &VISITS,
            "工单号,车架号,类型,代码,名称,数量",
            "order_number vin line_kind code name quantity",
        ),
        (&VISITS, "工单号,车架号,类型,代码,名称", "order_number vin"),
        (
            &COMPLAINTS,
            "工单号,投诉内容,责任科室,车辆识别代码",
            "complaint_key text department vin",
        ),
    ] {
        let expected: Vec<&str> = expected.split_whitespace().collect();
        assert_eq!(recognised(schema, text), expected, "{text}");
    }
}

#[test]
fn the_compulsory_insurance_goes_before_the_commercial_one() {
    let file = headers("vin,商业险到期日,交强险到期日");
    let map = HeaderMap::recognise(&file, &VEHICLES, None).unwrap();
    let expiry = VEHICLES.column("insurance_expiry").unwrap();
    assert_eq!(map.source_column(expiry), Some(2));
}

#[test]
fn a_file_with_an_old_and_a_new_header_keeps_the_key_it_had() {
    for (schema, text) in [
        (&CUSTOMERS, "customer_id,member_no,name"),
        (&CUSTOMERS, "编号,会员编号,姓名"),
        (&CUSTOMERS, "会员号,客户档案号,姓名"),
        (&VISITS, "委托书号,RO号,vin"),
        (&VISITS, "ro_no,工单编码,vin"),
    ] {
        let map = HeaderMap::recognise(&headers(text), schema, None).unwrap();
        assert_eq!(map.source_column(0), Some(0), "{text}");
    }
    let visits = headers("委托书号,vin,会员编号,customer_id");
    let map = HeaderMap::recognise(&visits, &VISITS, None).unwrap();
    let customer = VISITS.column("customer_key").unwrap();
    assert_eq!(map.source_column(customer), Some(3));
}

#[test]
fn a_second_column_for_the_name_is_known_as_one() {
    let file = headers("客户编号,姓名,手机,车主姓名（必填）,爱车");
    let map = HeaderMap::recognise(&file, &CUSTOMERS, None).unwrap();
    let row = Row::of(2, ["K1", "孟晓岚", "138", "李四", "小白"]);
    let name = CUSTOMERS.column("name").unwrap();
    assert_eq!(map.others(&row, name).collect::<Vec<_>>(), ["李四"]);
    assert_eq!(map.extras().len(), 2, "and kept under its own header");
    let unknown: Vec<_> = map.unknown().map(|(place, _)| *place).collect();
    assert_eq!(unknown, [4], "what means the name is not unknown");
}

/// What an object is read as that has these values under the keys of the whole file, and what is left of it.
fn read_object(keys: &str, values: [&str; 7]) -> (Vec<(&'static str, String)>, Vec<String>) {
    let map = HeaderMap::recognise_keys(&headers(keys), &CUSTOMERS, None).unwrap();
    let row = Row::of(1, values);
    let cell = |(place, column): (usize, &Column)| {
        let value = map.get(&row, place).to_owned();
        (!value.is_empty()).then_some((column.name, value))
    };
    let read = CUSTOMERS.columns.iter().enumerate().filter_map(cell);
    let left = map.extras_in(&row);
    (
        read.collect(),
        left.map(|(header, _)| header.to_owned()).collect(),
    )
}

#[test]
fn an_object_is_read_by_its_own_keys_whatever_the_keys_of_others() {
    let keys = "customer_id,address,addr,mobile,phone,tel,id";
    let (read, left) = read_object(keys, ["K1", "", "某路 1 号", "138", "", "", ""]);
    let expected = [
        ("source_key", "K1"),
        ("phone", "138"),
        ("address", "某路 1 号"),
    ];
    assert_eq!(read, expected.map(|(name, value)| (name, value.to_owned())));
    assert!(left.is_empty(), "{left:?}");
    // A record's own key is never read from elsewhere.
    let (read, left) = read_object(keys, ["", "甲", "", "", "", "", "17"]);
    assert_eq!(read, [("address", "甲".to_owned())]);
    assert_eq!(left, ["id"]);
}

#[test]
fn two_keys_of_an_object_for_a_phone_are_two_phones_and_what_is_over_is_told() {
    let keys = "customer_id,address,addr,mobile,phone,tel,id";
    let values = ["K1", "甲", "乙", "138", "139", "021", ""];
    let (read, left) = read_object(keys, values);
    let expected = [
        ("source_key", "K1"),
        ("phone", "139"),
        ("phone2", "138"),
        ("address", "甲"),
    ];
    assert_eq!(read, expected.map(|(name, value)| (name, value.to_owned())));
    assert_eq!(left, ["addr", "tel"]);
    let map = HeaderMap::recognise_keys(&headers(keys), &CUSTOMERS, None).unwrap();
    let row = Row::of(1, values);
    let others = |name: &str| {
        let column = CUSTOMERS.column(name).unwrap();
        map.others(&row, column).collect::<Vec<_>>()
    };
    assert_eq!(
        (others("phone"), others("address")),
        (vec!["021"], vec!["乙"])
    );
    assert!(others("phone2").is_empty() && others("name").is_empty());
}

#[test]
fn what_is_mapped_is_read_from_nowhere_else() {
    let keys = headers("customer_id,own_number,mobile,name");
    let mapping = Mapping::new().with("phone", "own_number");
    let map = HeaderMap::recognise_keys(&keys, &CUSTOMERS, Some(&mapping)).unwrap();
    let [phone, second] = ["phone", "phone2"].map(|name| CUSTOMERS.column(name).unwrap());
    // The number of whoever sold the car, as the mapping makes plain, is not his who left his own blank.
    for (own, read) in [("138", "138"), ("", "")] {
        let row = Row::of(1, ["K1", own, "139", "孟晓岚"]);
        assert_eq!(map.get(&row, phone), read);
        assert_eq!(map.others(&row, phone).count(), 0, "he has said which");
    }
    let row = Row::of(1, ["K1", "", "139", "孟晓岚"]);
    assert_eq!(map.get(&row, second), "");
    assert_eq!(map.extras_in(&row).collect::<Vec<_>>(), [("mobile", "139")]);
}

#[test]
fn what_is_missing_is_named() {
    let refused = |text: &str, mapping: Option<&Mapping>| {
        HeaderMap::recognise(&headers(text), &CUSTOMERS, mapping).unwrap_err()
    };
    assert_eq!(refused("甲,乙", None).reason(), "NO_HEADER");
    let problem = refused("手机,地址", None);
    assert_eq!(problem.reason(), "HEADER_NOT_RECOGNISED");
    assert!(problem.to_string().contains("source_key, name"));
    assert_eq!(
        refused("id,name", Some(&Mapping::new().with("fone", "id"))).reason(),
        "MAPPING_UNKNOWN_COLUMN"
    );
    assert_eq!(
        refused("id,name", Some(&Mapping::new().with("phone", "tel"))).reason(),
        "MAPPING_HEADER_ABSENT"
    );
}
