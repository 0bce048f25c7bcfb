//! The dictionary and the imports know fields by the same headers.

use marque_quality::{Field, RecordKind};
use marque_tabular::{HeaderMap, Schema};

/// The column under which an import of this kind takes a header, in a file that has every column it needs.
fn imported_as(kind: RecordKind, header: &str) -> Option<&'static str> {
    let schema = Schema::of(kind.code()).expect("every kind is imported");
    let needed = schema.columns.iter().filter(|column| column.is_required);
    // Its own column is left to the header.
    let meant = Field::recognise(kind, header).map(Field::column);
    let needed = needed.filter(|column| Some(column.name) != meant);
    let headers: Vec<String> = std::iter::once(header)
        .chain(needed.map(|column| column.name))
        .map(str::to_owned)
        .collect();
    let map = HeaderMap::recognise(&headers, schema, None).ok()?;
    let mut places = 0..schema.columns.len();
    let place = places.find(|place| map.source_column(*place) == Some(0))?;
    Some(schema.columns[place].name)
}

#[test]
fn every_header_that_the_dictionary_names_is_that_field_in_an_import() {
    for kind in RecordKind::ALL {
        for entry in Field::of(kind).map(Field::entry) {
            let label = std::iter::once(&entry.label.zh);
            for header in entry.headers.iter().chain(label) {
                assert_eq!(
                    imported_as(kind, header),
                    Some(entry.column),
                    "{} {header}",
                    kind.code()
                );
            }
        }
    }
}

#[test]
fn no_header_of_the_dictionary_means_two_fields() {
    for kind in RecordKind::ALL {
        for field in Field::of(kind) {
            for header in field.entry().headers {
                assert_eq!(
                    Field::recognise(kind, header),
                    Some(field),
                    "{} {header}",
                    kind.code()
                );
            }
        }
    }
}

#[test]
fn what_may_mean_something_else_is_no_field() {
    for (kind, headers) in [
        (RecordKind::Customers, ["备注", "source", "紧急联系电话"]),
        (RecordKind::Vehicles, ["备注", "类型", "代码"]),
        (RecordKind::Visits, ["备注", "类型", "日期"]),
    ] {
        for header in headers {
            assert_eq!(imported_as(kind, header), None, "{header}");
            assert_eq!(Field::recognise(kind, header), None, "{header}");
        }
    }
}
