//! What the names alone do not tell: a second phone, and what is a line's.

use super::finder::Finder;
use crate::schema::Schema;

/// A file with two columns for a phone, such as 手机 and 联系电话, has two phones.
pub(super) fn give_second_phone(
    columns: &mut [Option<usize>],
    schema: &Schema,
    finder: &mut Finder,
) {
    let (Some(phone), Some(second)) = (schema.column("phone"), schema.column("phone2")) else {
        return;
    };
    if columns[second].is_none() {
        columns[second] = schema.columns[phone]
            .aliases()
            .find_map(|alias| finder.take(alias));
    }
}

/// What a program calls just a type, a code or a name: a line's, where it can be nobody else's.
const BARE: [(&str, &[&str]); 3] = [
    ("line_kind", &["类型"]),
    ("code", &["代码", "编码"]),
    ("name", &["名称"]),
];

/// The canonical column that a bare key of a line means in a list of lines.
pub fn bare_line_column(key: &str) -> Option<&'static str> {
    let mut columns = BARE.iter();
    let meant = columns.find(|(_, headers)| headers.contains(&key));
    meant.map(|(column, _)| *column)
}

/// Bare names are a line's in a file that has a column only lines have; in another they may be anybody's.
pub(super) fn give_line_columns(
    columns: &mut [Option<usize>],
    schema: &Schema,
    finder: &mut Finder,
) {
    const OF_LINES_ALONE: [&str; 2] = ["quantity", "unit_price"];
    let mut of_lines = OF_LINES_ALONE.iter();
    let has_lines = of_lines.any(|name| {
        let place = schema.column(name);
        place.is_some_and(|place| columns[place].is_some())
    });
    if !has_lines {
        return;
    }
    for (name, headers) in BARE {
        if let Some(place) = schema.column(name) {
            let mut headers = headers.iter();
            columns[place] = columns[place].or_else(|| headers.find_map(|one| finder.take(one)));
        }
    }
}
