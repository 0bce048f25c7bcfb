//! Dealers and staff as the service thinks of them: pure data and rules.

use marque_core::{DealerCode, InvalidDealerCode, Timestamp};
use marque_errors::Violation;
use marque_quality::text::tidy;

/// A dealer: one 4S store. As he is sent, his code is a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Dealer<Code = DealerCode> {
    pub(crate) code: Code,
    pub(crate) name: String,
    pub(crate) region: String,
    pub(crate) group: String,
    pub(crate) departments: Vec<String>,
    /// Its own numbers, which must not turn up as a customer's.
    pub(crate) phones: Vec<String>,
    pub(crate) updated_at: Timestamp,
    /// Grows by one with each change; 0 before the first.
    pub(crate) version: i64,
}

/// A member of a dealer's staff. As he is sent, the dealer's code is a text.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Staff<Code = DealerCode> {
    pub(crate) dealer: Code,
    pub(crate) code: String,
    pub(crate) name: String,
    pub(crate) department: String,
    pub(crate) phone: String,
    pub(crate) active: bool,
}

/// Whom a write of staff may put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Only {
    Anybody,
    /// Nobody who is there already.
    New,
}

const NAME_MAX: usize = 200;
const CODE_MAX: usize = 64;
const PHONE_MAX: usize = 32;

/// Reads a dealer's code; spreadsheets leave letters and digits full-width.
///
/// # Errors
/// What is wrong with it, as this field's.
pub(crate) fn read_code(text: &str, field: impl Into<String>) -> Result<DealerCode, Violation> {
    let text = tidy(text);
    if text.is_empty() {
        return Err(missing(field));
    }
    text.parse()
        .map_err(|error: InvalidDealerCode| Violation::new(field, "FORMAT", error.to_string()))
}

impl<Code> Dealer<Code> {
    /// The same dealer under this code.
    pub(crate) fn with_code(self, code: DealerCode) -> Dealer {
        let Self {
            code: _,
            name,
            region,
            group,
            departments,
            phones,
            updated_at,
            version,
        } = self;
        Dealer {
            code,
            name,
            region,
            group,
            departments,
            phones,
            updated_at,
            version,
        }
    }

    /// What is wrong with the dealer besides the code, field by field; `path` stands before each field.
    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        check(
            &mut found,
            format!("{path}name"),
            &self.name,
            NAME_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}region"),
            &self.region,
            CODE_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}group"),
            &self.group,
            CODE_MAX,
            false,
        );
        for (at, department) in self.departments.iter().enumerate() {
            check(
                &mut found,
                format!("{path}departments[{at}]"),
                department,
                CODE_MAX,
                true,
            );
        }
        for (at, phone) in self.phones.iter().enumerate() {
            let field = format!("{path}phones[{at}]");
            check(&mut found, field, phone, PHONE_MAX, true);
        }
        found
    }
}

impl Dealer {
    /// Whether it says the same as `other`, versions and times apart.
    pub(crate) fn says_the_same(&self, other: &Self) -> bool {
        let facts = |dealer: &Self| {
            (
                dealer.name.clone(),
                dealer.region.clone(),
                dealer.group.clone(),
                dealer.departments.clone(),
                dealer.phones.clone(),
            )
        };
        facts(self) == facts(other)
    }
}

impl<Code> Staff<Code> {
    /// The same entry under this dealer.
    pub(crate) fn of_dealer(self, dealer: DealerCode) -> Staff {
        let Self {
            dealer: _,
            code,
            name,
            department,
            phone,
            active,
        } = self;
        Staff {
            dealer,
            code,
            name,
            department,
            phone,
            active,
        }
    }

    /// What is wrong with the entry besides the dealer, field by field; `path` stands before each field.
    pub(crate) fn violations(&self, path: &str) -> Vec<Violation> {
        let mut found = Vec::new();
        check(
            &mut found,
            format!("{path}code"),
            &self.code,
            CODE_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}name"),
            &self.name,
            NAME_MAX,
            true,
        );
        check(
            &mut found,
            format!("{path}department"),
            &self.department,
            CODE_MAX,
            false,
        );
        let field = format!("{path}phone");
        check(&mut found, field, &self.phone, PHONE_MAX, false);
        found
    }
}

fn check(found: &mut Vec<Violation>, field: String, value: &str, max: usize, required: bool) {
    if required && value.trim().is_empty() {
        found.push(missing(field));
    } else if value.chars().count() > max {
        found.push(Violation::new(
            field,
            "TOO_LONG",
            format!("at most {max} characters"),
        ));
    } else if value.chars().any(char::is_control) {
        found.push(Violation::new(
            field,
            "CONTROL_CHARACTER",
            "no line breaks or control characters",
        ));
    }
}

fn missing(field: impl Into<String>) -> Violation {
    Violation::new(field, "MISSING", "must be filled")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_read_as_spreadsheets_leave_it() {
        let read = |text: &str| read_code(text, "code").map(|code| code.to_string());
        for text in ["NA-1", " NA-1 ", "ＮＡ－１", "\u{3000}ＮA-1"] {
            assert_eq!(read(text).unwrap(), "NA-1", "{text}");
        }
        for (text, reason) in [("", "MISSING"), ("\u{3000}", "MISSING"), ("甲店", "FORMAT")] {
            assert_eq!(read(text).unwrap_err().reason, reason, "{text}");
        }
    }

    #[test]
    fn a_dealer_needs_a_name_and_a_region() {
        let dealer: Dealer = Dealer {
            code: "D1".parse().unwrap(),
            name: " ".into(),
            region: "x".repeat(65),
            group: String::new(),
            departments: vec!["sales".into(), "a\nb".into()],
            phones: vec!["021-5000 1234".into(), "1".repeat(33)],
            updated_at: Timestamp::default(),
            version: 0,
        };
        let found: Vec<_> = dealer
            .violations("")
            .into_iter()
            .map(|v| (v.field, v.reason))
            .collect();
        let expected = [
            ("name", "MISSING"),
            ("region", "TOO_LONG"),
            ("departments[1]", "CONTROL_CHARACTER"),
            ("phones[1]", "TOO_LONG"),
        ];
        assert_eq!(
            found,
            expected.map(|(field, reason)| (field.to_owned(), reason.to_owned()))
        );
    }
}
