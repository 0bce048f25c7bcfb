//! What a header says.

use super::Role;
use crate::text::fold::fold;

/// Words that give a role away, tried in this order: the first match wins.
const HINTS: &[(Role, &[&str])] = &[
    (
        Role::RowId,
        &[
            "rec_id",
            "record_id",
            "unique_id",
            "row_id",
            "rowid",
            "uid",
            "uuid",
            "guid",
            "编号",
            "序号",
        ],
    ),
    (
        Role::Ignore,
        &[
            "source",
            "dataset",
            "file",
            "dealer_id",
            "created",
            "updated",
            "modified",
            "timestamp",
            "imported",
            "mileage",
            "valid until",
            "来源",
            "里程",
            "建档",
        ],
    ),
    (
        Role::Place,
        &[
            "birth_place",
            "birthplace",
            "place_of_birth",
            "birth place",
            "place of birth",
            "出生地",
            "籍贯",
        ],
    ),
    (Role::Vin, &["vin", "车架", "车辆识别"]),
    (Role::Plate, &["plate", "licence_no", "车牌"]),
    (
        Role::ResidentId,
        &[
            "id_no",
            "id_number",
            "id_card",
            "idcard",
            "身份证",
            "证件号",
            "credit_code",
            "信用代码",
        ],
    ),
    (Role::Email, &["email", "e-mail", "mail", "邮箱"]),
    (
        Role::Phone,
        &[
            "phone",
            "mobile",
            "telephone",
            "cell",
            "fax",
            "手机",
            "电话",
            "联系方式",
        ],
    ),
    (
        Role::GivenName,
        &[
            "given",
            "first_name",
            "firstname",
            "first name",
            "forename",
            "fname",
            "vorname",
            "prenom",
            "middle",
        ],
    ),
    (
        Role::FamilyName,
        &[
            "surname",
            "last_name",
            "lastname",
            "last name",
            "lname",
            "family",
            "nachname",
            "maiden",
        ],
    ),
    (
        Role::Postcode,
        &["postcode", "post_code", "postal", "zip", "plz", "邮编"],
    ),
    (
        Role::HouseNumber,
        &[
            "street_number",
            "house_number",
            "street_no",
            "house_no",
            "hausnummer",
        ],
    ),
    (
        Role::Date,
        &["dob", "birth", "birthday", "born", "生日", "出生", "geburt"],
    ),
    (Role::Gender, &["gender", "sex", "性别"]),
    (Role::Contact, &["contact", "联系人"]),
    (
        Role::Address,
        &["address", "addr", "street", "road", "地址", "住址"],
    ),
    (
        Role::Place,
        &[
            "city",
            "town",
            "suburb",
            "village",
            "county",
            "place",
            "locality",
            "district",
            "region",
            "城市",
            "municipality",
        ],
    ),
    (
        Role::Kind,
        &["ctype", "customer_type", "party_type", "客户类型"],
    ),
    (
        Role::FullName,
        &[
            "full_name",
            "fullname",
            "full name",
            "name",
            "姓名",
            "名称",
            "客户",
            "title",
        ],
    ),
    (
        Role::Code,
        &[
            "ssn",
            "soc_sec",
            "social_security",
            "passport",
            "national_id",
            "nhs",
            "tax_id",
            "licence",
            "license",
        ],
    ),
];

/// The role that a header hints at; content has the last word.
pub(super) fn hinted_role(header: &str) -> Option<Role> {
    let folded = fold(header);
    match folded.as_str() {
        "id" | "key" | "index" | "no" | "nr" | "#" => return Some(Role::RowId),
        "by" | "year" | "yob" | "birth_year" | "birthyear" => return Some(Role::Year),
        "bm" | "month" | "mob" | "birth_month" => return Some(Role::Month),
        "bd" | "day" | "birth_day" => return Some(Role::Day),
        "state" | "province" | "country" | "省份" => return Some(Role::Category),
        _ => {}
    }
    HINTS
        .iter()
        .find(|(_, words)| words.iter().any(|word| contains_word(&folded, word)))
        .map(|(role, _)| *role)
}

/// True if `word` stands in `header` without letters glued to it; Chinese needs no such borders.
fn contains_word(header: &str, word: &str) -> bool {
    let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphabetic());
    header.match_indices(word).any(|(at, found)| {
        !is_letter(header[..at].chars().next_back())
            && !is_letter(header[at + found.len()..].chars().next())
            || !word.is_ascii()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_of_many_files_are_understood() {
        for (header, role) in [
            ("given_name", Role::GivenName),
            ("fname_c1", Role::GivenName),
            ("lname_c2", Role::FamilyName),
            ("date_of_birth", Role::Date),
            ("birth_place", Role::Place),
            ("postcode_fake", Role::Postcode),
            ("by", Role::Year),
            ("bd", Role::Day),
            ("Site name", Role::FullName),
            ("手机号码", Role::Phone),
            ("id", Role::RowId),
            ("unique_id", Role::RowId),
            ("address_1", Role::Address),
            ("id_no", Role::ResidentId),
            ("soc_sec_id", Role::Code),
            ("full_name", Role::FullName),
            ("dealer_id", Role::Ignore),
            ("Zip", Role::Postcode),
            ("first_name", Role::GivenName),
        ] {
            assert_eq!(hinted_role(header), Some(role), "{header}");
        }
        assert_eq!(hinted_role("occupation"), None);
    }
}
