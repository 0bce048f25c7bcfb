//! Recognising the columns of a file to score, by English or Chinese headers, in any order.

use super::error::FileError;
use crate::value::{Fact, Indicator};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Column {
    Id,
    Kind,
    Indicator(Indicator),
    Fact(Fact),
    /// Kept as it is.
    Other,
}

/// The columns of a file.
#[derive(Clone, Debug)]
pub(super) struct Header {
    pub(super) columns: Vec<Column>,
    pub(super) names: Vec<String>,
}

/// The columns we add, which therefore may not be there yet.
pub(super) const ADDED: [&str; 4] = ["score", "rank", "tier", "confidence"];

const ID_NAMES: [&str; 6] = ["id", "customer_id", "编号", "客户编号", "客户id", "客户号"];
const KIND_NAMES: [&str; 6] = [
    "kind",
    "customer_kind",
    "类型",
    "客户类型",
    "客户类别",
    "类别",
];

impl Header {
    pub(super) fn recognise(names: Vec<String>) -> Result<Self, FileError> {
        let columns: Vec<Column> = names.iter().map(|name| recognise_one(name)).collect();
        let found = recognised(&names, &columns);
        for (wanted, name, chinese) in [
            (Column::Id, "id", "客户编号"),
            (Column::Kind, "kind", "客户类型"),
        ] {
            if !columns.contains(&wanted) {
                return Err(FileError::MissingColumn {
                    name,
                    chinese,
                    found,
                });
            }
        }
        for (index, column) in columns.iter().enumerate() {
            let is_added = ADDED.contains(&normalise(&names[index]).as_str());
            if is_added {
                let problem = "is one that scoring adds";
                return Err(FileError::Clash {
                    name: names[index].clone(),
                    problem,
                });
            }
            if *column != Column::Other && columns[..index].contains(column) {
                let problem = "means the same as an earlier one";
                return Err(FileError::Clash {
                    name: names[index].clone(),
                    problem,
                });
            }
        }
        if !columns
            .iter()
            .any(|column| matches!(column, Column::Indicator(_) | Column::Fact(_)))
        {
            return Err(FileError::NothingToScore { found });
        }
        Ok(Self { columns, names })
    }
}

/// The headers we know, for messages. Others are not repeated: a file without a header has a customer in its first line.
fn recognised(names: &[String], columns: &[Column]) -> String {
    let known = names
        .iter()
        .zip(columns)
        .filter(|(_, column)| **column != Column::Other);
    let known: Vec<&str> = known.map(|(name, _)| name.as_str()).collect();
    match known.len() {
        0 => format!("none of {}", names.len()),
        count => format!("{} ({count} of {})", known.join(", "), names.len()),
    }
}

fn recognise_one(name: &str) -> Column {
    let name = normalise(name);
    if ID_NAMES.contains(&name.as_str()) {
        return Column::Id;
    }
    if KIND_NAMES.contains(&name.as_str()) {
        return Column::Kind;
    }
    let is_indicator =
        |each: &Indicator| each.key() == name || each.chinese().contains(&name.as_str());
    if let Some(indicator) = Indicator::ALL.into_iter().find(is_indicator) {
        return Column::Indicator(indicator);
    }
    let is_fact = |each: &Fact| each.key() == name || each.chinese() == name;
    Fact::ALL
        .into_iter()
        .find(is_fact)
        .map_or(Column::Other, Column::Fact)
}

/// Lower case, words joined by underscores: `Social Influence` and `social-influence` are `social_influence`.
fn normalise(name: &str) -> String {
    name.trim().to_lowercase().replace([' ', '-'], "_")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recognise(header: &str) -> Result<Vec<Column>, String> {
        let names = header.split(',').map(str::to_owned).collect();
        Header::recognise(names)
            .map(|header| header.columns)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn headers_are_recognised_in_both_languages_and_any_order() {
        use Column::{Id, Kind, Other};
        let credit = Column::Indicator(Indicator::Credit);
        let visits = Column::Fact(Fact::VisitCount);
        assert_eq!(
            recognise("credit,Kind,note,ID,Visit Count").unwrap(),
            [credit, Kind, Other, Id, visits]
        );
        assert_eq!(
            recognise("客户编号,客户类型,信用,进厂次数").unwrap(),
            [Id, Kind, credit, visits]
        );
    }

    #[test]
    fn headers_that_do_not_work_say_why() {
        for (header, expected) in [
            ("kind,credit", "no column 'id'"),
            ("id,credit", "no column 'kind'"),
            ("id,kind,colour", "nothing can be scored"),
            ("张三,13800138000,5", "Columns recognised: none of 3"),
            ("id,kind,credit,信用", "'信用' means the same"),
            ("id,kind,credit,Tier", "'Tier' is one that scoring adds"),
        ] {
            let error = recognise(header).unwrap_err();
            assert!(error.contains(expected), "{error}");
        }
    }
}
