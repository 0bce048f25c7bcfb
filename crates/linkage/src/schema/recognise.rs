//! From headers and content to roles.

use serde::{Deserialize, Serialize};

use super::content::{Content, look_at};
use super::header::{hinted_role, speaks_of_birth};
use crate::table::Table;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Given name, first or further.
    GivenName,
    /// Family name, first or further.
    FamilyName,
    /// Whole name of a person, or name of an organisation or place of business.
    FullName,
    /// Date of birth.
    Date,
    /// Year of birth.
    Year,
    /// Month of birth.
    Month,
    /// Day of birth.
    Day,
    /// Age in years when the record was made.
    Age,
    /// Date or year in which the record was made: with it an age tells the year of birth.
    Recorded,
    /// Phone or fax number.
    Phone,
    /// E-mail address.
    Email,
    /// Postal address or a line of it.
    Address,
    /// House number in a column of its own.
    HouseNumber,
    /// City, suburb, birth place.
    Place,
    /// Postal code.
    Postcode,
    /// Gender.
    Gender,
    /// One of few values: state, occupation, type.
    Category,
    /// A number that identifies: social security, passport.
    Code,
    /// Chinese resident ID or credit code.
    ResidentId,
    /// Licence plate.
    Plate,
    /// Vehicle identification number.
    Vin,
    /// Person or organisation.
    Kind,
    /// Contact person of an organisation.
    Contact,
    /// Other text.
    Text,
    /// Number of the row: never compared.
    RowId,
    /// Not compared.
    Ignore,
}

/// The role of each column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mapping {
    /// By column.
    pub roles: Vec<Role>,
}

/// Why a mapping given by hand was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MappingError {
    /// Not `column=role`.
    #[error("{0:?} is not of the form column=role")]
    Form(String),
    /// No such column.
    #[error("there is no column {column:?}; the columns are: {present}")]
    Column {
        /// What was asked for.
        column: String,
        /// What there is.
        present: String,
    },
    /// No such role.
    #[error(
        "{0:?} is not a role; roles are: given_name, family_name, full_name, date, year, month, day, age, recorded, phone, email, address, house_number, place, postcode, gender, category, code, resident_id, plate, vin, kind, contact, text, row_id, ignore"
    )]
    Role(String),
}

/// Recognises the columns of a table; `excluded` (the truth column) is never looked at.
pub fn recognise(table: &Table, excluded: Option<usize>) -> Mapping {
    let mut roles: Vec<Role> = table
        .headers()
        .iter()
        .enumerate()
        .map(|(column, header)| {
            if Some(column) == excluded {
                return Role::Ignore;
            }
            role_of(header, &look_at(table, column), table.rows())
        })
        .collect();
    super::names::settle(table, &mut roles);
    super::ages::settle(table, &mut roles);
    Mapping { roles }
}

/// Applies `column=role` pairs to a mapping.
///
/// # Errors
/// If a pair names no column or no role.
pub fn parse_mapping(
    table: &Table,
    mapping: &mut Mapping,
    pairs: &[String],
) -> Result<(), MappingError> {
    for pair in pairs {
        let (column, role) = pair
            .rsplit_once('=')
            .ok_or_else(|| MappingError::Form(pair.clone()))?;
        let at = table.column(column).ok_or_else(|| MappingError::Column {
            column: column.to_owned(),
            present: table.headers().join(", "),
        })?;
        mapping.roles[at] =
            role_by_name(role.trim()).ok_or_else(|| MappingError::Role(role.to_owned()))?;
    }
    Ok(())
}

fn role_by_name(name: &str) -> Option<Role> {
    #[derive(Deserialize)]
    struct Named {
        role: Role,
    }
    toml::from_str::<Named>(&format!("role = {name:?}"))
        .ok()
        .map(|named| named.role)
}

/// Too few values to tell anything.
const LEAST_FILLED: f32 = 0.02;
/// A column without a telling header must be filled at least so far.
const LEAST_FILLED_UNHINTED: f32 = 0.30;

fn role_of(header: &str, content: &Content, rows: usize) -> Role {
    if content.filled < LEAST_FILLED {
        return Role::Ignore;
    }
    match hinted_role(header) {
        Some(role) => checked(role, speaks_of_birth(header), content, rows),
        None => role_by_content(content, rows),
    }
}

/// Keeps the header's word where content does not speak against it.
fn checked(role: Role, says_birth: bool, content: &Content, rows: usize) -> Role {
    match role {
        Role::RowId if content.distinct < 0.95 => role_by_content(content, rows),
        Role::Date if content.date < 0.4 && content.year > 0.8 => Role::Year,
        Role::Date if content.dated < 0.5 => role_by_content(content, rows),
        Role::Age if content.age < 0.8 => role_by_content(content, rows),
        // Few years are those of lists, but pupils and recruits are born in few years too.
        Role::Date | Role::Year if !says_birth && is_of_few_days(content) => Role::Recorded,
        // "ca. 1850" beside 1851: read as dates, those that say more than the year too.
        Role::Year if says_birth && content.dated > 0.5 && content.year < 0.8 => Role::Date,
        // A census tract, or who recorded.
        Role::Recorded if content.date < 0.4 && content.year < 0.5 => {
            role_by_content(content, rows)
        }
        Role::Email if content.email < 0.3 => Role::Ignore,
        Role::Phone if content.phone < 0.3 => Role::Ignore,
        Role::Year if content.year < 0.5 => role_by_content(content, rows),
        Role::Month if content.month < 0.5 => role_by_content(content, rows),
        Role::Day if content.day < 0.5 => role_by_content(content, rows),
        Role::GivenName | Role::FamilyName
            if content.words < 0.3 && content.code + content.number > 0.5 =>
        {
            role_by_content(content, rows)
        }
        // "Straße und Hausnummer" is a whole line.
        Role::HouseNumber if content.wordy > 0.5 => Role::Address,
        Role::Address if content.filled < 0.2 => Role::Ignore,
        Role::FullName if content.distinct_count <= 100 && content.distinct < 0.05 => {
            Role::Category
        }
        Role::FullName if content.words + content.mixed < 0.5 || content.filled < 0.3 => {
            Role::Ignore
        }
        Role::Place if content.distinct_count <= 1 => Role::Ignore,
        Role::ResidentId if content.resident_id < 0.3 => Role::Code,
        Role::Vin if content.vin < 0.2 => role_by_content(content, rows),
        Role::Plate if content.plate < 0.2 => role_by_content(content, rows),
        Role::Code if content.distinct_count <= 20 => Role::Category,
        Role::Kind if content.party < 0.9 => role_by_content(content, rows),
        kept => kept,
    }
}

/// The dates of lists, not of people.
fn is_of_few_days(content: &Content) -> bool {
    content.distinct_count <= 15 && content.distinct < 0.02
}

/// P and O, or P and C; figures may stand for anything.
fn is_of_party_letters(content: &Content) -> bool {
    content.distinct_count == 2 && content.party > 0.99 && content.words > 0.99
}

/// People, with firms among them.
fn is_of_chinese_names(content: &Content) -> bool {
    content.chinese_person > 0.5 && content.chinese_person + content.chinese_firm > 0.8
}

fn role_by_content(content: &Content, rows: usize) -> Role {
    let is_row_number = content.distinct > 0.999 && content.filled > 0.99 && rows > 20;
    // Salespeople are few, and towns.
    let is_varied = content.distinct >= 0.1 || content.distinct_count > 300;
    match content {
        _ if content.filled < LEAST_FILLED_UNHINTED || content.distinct_count <= 1 => Role::Ignore,
        _ if content.email > 0.7 => Role::Email,
        _ if content.resident_id > 0.7 => Role::ResidentId,
        _ if content.vin > 0.7 => Role::Vin,
        _ if content.plate > 0.7 => Role::Plate,
        _ if content.date > 0.8 && is_of_few_days(content) => Role::Recorded,
        _ if content.date > 0.8 => Role::Date,
        _ if is_row_number && content.climbing > 0.98 => Role::RowId,
        _ if content.mobile > 0.7 => Role::Phone,
        _ if content.phone > 0.8 && content.dialled > 0.5 => Role::Phone,
        _ if is_varied && content.chinese_address > 0.6 => Role::Address,
        _ if is_varied && is_of_chinese_names(content) => Role::FullName,
        _ if is_row_number => Role::RowId,
        _ if content.plain_party > 0.9 || is_of_party_letters(content) => Role::Kind,
        _ if !is_varied => Role::Category,
        _ if content.number > 0.8 || content.code > 0.8 => Role::Code,
        _ if content.distinct < 0.5 => Role::Place,
        _ => Role::Text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(rows: usize) -> Table {
        let mut table = Table::new(
            ["id", "姓名", "手机", "x1", "truth", "by"]
                .map(str::to_owned)
                .to_vec(),
        );
        for row in 0..rows {
            let phone = format!("139{:08}", row * 7919);
            let mail = format!("a{}@b.cn", row / 2);
            let given = ["伟", "芳", "建国", "秀英", "子涵", "梓轩", "桂兰"][row % 7];
            let name = format!("{}{given}", ["张", "王", "李", "赵", "陈"][row % 5]);
            table
                .push_row([
                    row.to_string().as_str(),
                    &name,
                    &phone,
                    &mail,
                    "E1",
                    &(1950 + row % 50).to_string(),
                ])
                .unwrap();
        }
        table
    }

    #[test]
    fn header_and_content_agree_on_roles() {
        let mapping = recognise(&table(100), Some(4));
        assert_eq!(
            mapping.roles,
            [
                Role::RowId,
                Role::FullName,
                Role::Phone,
                Role::Email,
                Role::Ignore,
                Role::Year
            ]
        );
    }

    fn role_of_column(header: &str, cell: impl Fn(usize) -> String) -> Role {
        let mut table = Table::new(vec!["name".to_owned(), header.to_owned()]);
        for row in 0..1_000 {
            table
                .push_row([format!("Ewa Nowak {row}").as_str(), &cell(row)])
                .unwrap();
        }
        recognise(&table, None).roles[1]
    }

    #[test]
    fn cohorts_are_born_in_few_years() {
        let year = |row: usize| (2008 + row % 12).to_string();
        for header in ["birth_year", "Geburtsjahr", "by", "rok_urodzenia"] {
            assert_eq!(role_of_column(header, year), Role::Year, "{header}");
        }
        assert_eq!(role_of_column("year", year), Role::Recorded);
        let day = |row: usize| format!("{}-01-01", 2008 + row % 12);
        assert_eq!(role_of_column("dob", day), Role::Date);
        assert_eq!(role_of_column("date", day), Role::Recorded);
    }

    #[test]
    fn what_only_sounds_like_a_list_is_compared() {
        let tract = |row: usize| format!("T{}", row % 40);
        assert_eq!(role_of_column("census_tract", tract), Role::Category);
        assert_eq!(role_of_column("election_district", tract), Role::Category);
        let year = |row: usize| (1850 + 10 * (row % 4)).to_string();
        assert_eq!(role_of_column("census", year), Role::Recorded);
    }

    /// Roles of columns as dealers fill them.
    fn roles_of_dealers(headers: [&str; 4]) -> Vec<Role> {
        let mut table = Table::new(headers.map(str::to_owned).to_vec());
        for row in 0..400_usize {
            let given = ["伟", "芳", "建国", "秀英", "子涵", "梓轩", "桂兰"][row % 7];
            let person = format!("{}{given}", ["张", "王", "李", "赵", "陈"][row % 5]);
            let firm = format!("苏州{given}贸易有限公司");
            let is_firm = row % 9 == 0;
            table
                .push_row([
                    if is_firm { firm.as_str() } else { &person },
                    &format!("139{:08}", row * 17_919),
                    &format!("江苏省苏州市人民路{row}号{given}苑3栋{}室", 101 + row),
                    if is_firm { "O" } else { "P" },
                ])
                .unwrap();
        }
        recognise(&table, None).roles
    }

    #[test]
    fn dealers_columns_are_known_by_their_usual_headers_and_without_any() {
        let wanted = [Role::FullName, Role::Phone, Role::Address, Role::Kind];
        for headers in [
            ["x1", "x2", "x3", "x4"],
            ["车主", "手机", "住址", "客户类别"],
            ["owner", "mobile_no", "home_address", "kind"],
            ["單位名稱", "電話", "地址", "类型"],
        ] {
            assert_eq!(roles_of_dealers(headers), wanted, "{headers:?}");
        }
    }

    #[test]
    fn types_that_are_no_kinds_of_customers_are_compared() {
        let kind = |row: usize| ["new", "old", "O"][row % 3].to_owned();
        assert_eq!(role_of_column("type", kind), Role::Category);
    }

    #[test]
    fn a_mapping_by_hand_wins_or_says_what_is_wrong() {
        let table = table(30);
        let mut mapping = recognise(&table, None);
        parse_mapping(&table, &mut mapping, &["x1=ignore".to_owned()]).unwrap();
        assert_eq!(mapping.roles[3], Role::Ignore);
        assert!(matches!(
            parse_mapping(&table, &mut mapping, &["nope=text".to_owned()]),
            Err(MappingError::Column { .. })
        ));
        assert!(matches!(
            parse_mapping(&table, &mut mapping, &["x1=colour".to_owned()]),
            Err(MappingError::Role(_))
        ));
        assert!(matches!(
            parse_mapping(&table, &mut mapping, &["x1".to_owned()]),
            Err(MappingError::Form(_))
        ));
    }
}
