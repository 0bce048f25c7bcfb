//! Tables that analysts take away, read back with another program's reader.

use parquet::{
    basic::Type,
    file::{reader::FileReader as _, serialized_reader::SerializedFileReader},
    record::RowAccessor as _,
};

use crate::rig::Rig;

#[tokio::test]
async fn a_score_report_as_parquet_is_read_back_with_its_types() {
    let rig = Rig::new();
    for report in [
        "tiers",
        "tier-migrations",
        "loyalty",
        "degrees",
        "retention",
        "cohorts",
    ] {
        let path = format!("/v1/score-reports/{report}?by=dealer&format=parquet");
        let reply = rig.call("GET", &path, "").await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(
            reply.header("content-type"),
            Some("application/vnd.apache.parquet")
        );
        let disposition = format!("attachment; filename=\"{report}.parquet\"");
        assert_eq!(reply.header("content-disposition"), Some(&*disposition));
        let reader = SerializedFileReader::new(reply.bytes).unwrap();
        let schema = reader.metadata().file_metadata().schema_descr();
        let columns: Vec<(&str, Type)> = schema
            .columns()
            .iter()
            .map(|column| (column.name(), column.physical_type()))
            .collect();
        let expected = [
            ("group", Type::BYTE_ARRAY),
            ("customers", Type::DOUBLE),
            ("lost", Type::INT64),
        ];
        assert_eq!(columns, expected);
        let rows = reader.get_row_iter(None).unwrap();
        let rows: Vec<_> = rows.map(Result::unwrap).collect();
        assert_eq!(rows.len(), 2);
        assert_eq!(rows[0].get_string(0).unwrap(), "D001");
        assert_eq!(rows[0].get_double(1).unwrap(), 12.0);
        assert_eq!(rows[0].get_long(2).unwrap(), 4);
        // Unlike a cell of CSV, a text here is no formula and stays as it is.
        assert_eq!(rows[1].get_string(0).unwrap(), "=D002, \"new\"");
        assert!(rows[1].get_long(2).is_err(), "not known is null");
    }
}

#[tokio::test]
async fn a_complaint_report_leaves_empty_what_was_not_measured() {
    let rig = Rig::new();
    let csv = rig
        .call("GET", "/v1/complaints/report?format=csv", "")
        .await;
    assert_eq!(csv.status, 200, "{}", csv.text);
    let unmeasured = csv.text.lines().nth(2);
    assert_eq!(unmeasured, Some("D002,1,1,0,,,,,0,,,,,,,,0,1,0,0,0,0,,0,0"));
    let path = "/v1/complaints/report?format=parquet";
    let reply = rig.call("GET", path, "").await;
    let reader = SerializedFileReader::new(reply.bytes).unwrap();
    let rows = reader.get_row_iter(None).unwrap();
    let rows: Vec<_> = rows.map(Result::unwrap).collect();
    assert_eq!(rows[0].get_long(4).unwrap(), 600);
    assert!(rows[1].get_long(4).is_err(), "no time of no answer");
    for column in [7, 12, 13, 14, 15, 22] {
        assert!(rows[0].get_double(column).is_ok(), "{column}");
        assert!(rows[1].get_double(column).is_err(), "{column}");
    }
}
