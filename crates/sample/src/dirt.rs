//! What goes wrong between a customer's mouth and a dealer's record.

use crate::{
    rng::Rng,
    rows::{CustomerRow, Fields},
    tables::names::same_sound,
};

/// One thing that was done to a row; the names stand in the truth files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dirt {
    /// A digit of the ID number is wrong.
    IdTypo,
    /// Two digits of the ID number changed places.
    IdSwap,
    /// The old form of 15 digits.
    Id15,
    /// The middle of the ID number is starred out.
    IdMasked,
    /// A digit of the phone is wrong.
    PhoneTypo,
    /// Two digits of the phone changed places.
    PhoneSwap,
    /// The phone has a country code, blanks or hyphens.
    PhoneFormat,
    /// A title instead of the given name.
    Honorific,
    /// A character of the same sound.
    Homophone,
    /// A remark behind the name.
    NameRemark,
    /// Blanks in the name.
    NameBlanks,
    /// Full-width digits and letters.
    FullWidth,
    /// Phone and ID number in each other's column.
    SwappedPhoneId,
    /// Plate and VIN in each other's column.
    SwappedPlateVin,
    /// Name and address in each other's column.
    SwappedNameAddress,
    /// A character of the VIN is wrong.
    VinTypo,
    /// O, I or Q for 0 and 1 in the VIN.
    VinLetters,
    /// Only the last eight characters of the VIN.
    VinShort,
    /// The plate has a dot, a blank or small letters.
    PlateFormat,
    /// A date written another way.
    DateFormat,
    /// A birthday that is not the one of the ID number.
    WrongBirthday,
    /// The other sex.
    WrongGender,
    /// The address without province, or without county.
    AddressShort,
    /// A company recorded as a person, or the other way round.
    WrongKind,
    /// Made up by the dealer's staff.
    Falsified(crate::config::Falsification),
}

impl Dirt {
    /// Name in the truth files.
    pub fn name(self) -> &'static str {
        match self {
            Self::IdTypo => "id_typo",
            Self::IdSwap => "id_swap",
            Self::Id15 => "id_15",
            Self::IdMasked => "id_masked",
            Self::PhoneTypo => "phone_typo",
            Self::PhoneSwap => "phone_swap",
            Self::PhoneFormat => "phone_format",
            Self::Honorific => "honorific",
            Self::Homophone => "homophone",
            Self::NameRemark => "name_remark",
            Self::NameBlanks => "name_blanks",
            Self::FullWidth => "fullwidth",
            Self::SwappedPhoneId => "swap_phone_id",
            Self::SwappedPlateVin => "swap_plate_vin",
            Self::SwappedNameAddress => "swap_name_address",
            Self::VinTypo => "vin_typo",
            Self::VinLetters => "vin_oi",
            Self::VinShort => "vin_short",
            Self::PlateFormat => "plate_format",
            Self::DateFormat => "date_format",
            Self::WrongBirthday => "wrong_birthday",
            Self::WrongGender => "wrong_gender",
            Self::AddressShort => "address_short",
            Self::WrongKind => "wrong_kind",
            Self::Falsified(way) => way.name(),
        }
    }

    /// How many rows in a thousand have it, where there is anything to spoil.
    fn permille(self) -> u32 {
        match self {
            Self::DateFormat => 60,
            Self::PhoneFormat => 40,
            Self::Honorific => 32,
            Self::VinShort => 30,
            Self::Homophone => 25,
            Self::Id15 | Self::IdSwap | Self::SwappedNameAddress => 2,
            Self::SwappedPhoneId | Self::SwappedPlateVin | Self::WrongKind | Self::NameBlanks => 4,
            Self::VinLetters | Self::VinTypo | Self::PhoneSwap | Self::WrongBirthday => 6,
            Self::PlateFormat => 15,
            Self::Falsified(_) => 0,
            _ => 10,
        }
    }
}

const USUAL: [Dirt; 21] = [
    Dirt::IdTypo,
    Dirt::IdSwap,
    Dirt::Id15,
    Dirt::IdMasked,
    Dirt::PhoneTypo,
    Dirt::PhoneSwap,
    Dirt::PhoneFormat,
    Dirt::Honorific,
    Dirt::Homophone,
    Dirt::NameRemark,
    Dirt::NameBlanks,
    Dirt::VinTypo,
    Dirt::VinLetters,
    Dirt::VinShort,
    Dirt::PlateFormat,
    Dirt::DateFormat,
    Dirt::WrongGender,
    Dirt::FullWidth,
    Dirt::SwappedPhoneId,
    Dirt::SwappedPlateVin,
    Dirt::SwappedNameAddress,
];

/// Spoils a row as honest clerks do, and notes what was done.
pub(crate) fn soil(
    row: &mut CustomerRow,
    surname_bytes: usize,
    scale: f64,
    rng: &mut Rng,
    done: &mut Vec<Dirt>,
) {
    for dirt in USUAL {
        if rng.unit() * 1000.0 < f64::from(dirt.permille()) * scale
            && apply(dirt, row, surname_bytes, rng)
        {
            done.push(dirt);
        }
    }
}

/// Does one thing to a row; false if there is nothing to do it to.
fn apply(dirt: Dirt, row: &mut CustomerRow, surname_bytes: usize, rng: &mut Rng) -> bool {
    match dirt {
        Dirt::IdTypo => wrong_digit(row.column("id_number"), rng),
        Dirt::IdSwap => swap_digits(row.column("id_number"), rng),
        Dirt::Id15 => shorten_id(row.column("id_number")),
        Dirt::IdMasked => mask(row.column("id_number")),
        Dirt::PhoneTypo => wrong_digit(row.column("phone"), rng),
        Dirt::PhoneSwap => swap_digits(row.column("phone"), rng),
        Dirt::PhoneFormat => format_phone(row.column("phone"), rng),
        Dirt::Honorific => honorific(row, surname_bytes, rng),
        Dirt::Homophone => homophone(row.column("name"), rng),
        Dirt::NameRemark => {
            row.column("name").push_str(rng.word(&[
                "(老板)",
                "（本人）",
                "/爱人",
                "(转介绍)",
                "-置换",
                "（已换号）",
            ]));
            true
        }
        Dirt::NameBlanks => {
            row.column("name").insert(
                surname_bytes,
                if rng.permille(500) { ' ' } else { '\u{3000}' },
            );
            true
        }
        Dirt::VinTypo => wrong_digit(row.column("vin"), rng),
        Dirt::VinLetters => letters_for_digits(row.column("vin")),
        Dirt::VinShort => keep_last_eight(row.column("vin")),
        Dirt::PlateFormat => format_plate(row.column("plate"), rng),
        Dirt::DateFormat => format_dates(row, rng),
        Dirt::WrongGender => flip_gender(row.column("gender")),
        Dirt::FullWidth => widen(row.column(if rng.permille(500) { "phone" } else { "plate" })),
        Dirt::SwappedPhoneId => swap(row, "phone", "id_number"),
        Dirt::SwappedPlateVin => swap(row, "plate", "vin"),
        Dirt::SwappedNameAddress => swap(row, "name", "address"),
        Dirt::WrongBirthday | Dirt::AddressShort | Dirt::WrongKind | Dirt::Falsified(_) => false,
    }
}

/// Puts other bytes into an ASCII text.
fn edit(text: &mut String, change: impl FnOnce(&mut [u8])) {
    let mut bytes = std::mem::take(text).into_bytes();
    change(&mut bytes);
    *text = String::from_utf8(bytes).expect("ASCII was changed into ASCII");
}

fn digit_places(text: &str) -> Vec<usize> {
    text.bytes()
        .enumerate()
        .filter(|(_, byte)| byte.is_ascii_digit())
        .map(|(place, _)| place)
        .collect()
}

fn wrong_digit(text: &mut String, rng: &mut Rng) -> bool {
    let places = digit_places(text);
    if places.len() < 4 || !text.is_ascii() {
        return false;
    }
    // The first digits are what people know best.
    let place = places[3 + rng.below(places.len() - 3)];
    let step = 1 + rng.below(9) as u8;
    edit(text, |bytes| {
        bytes[place] = b'0' + (bytes[place] - b'0' + step) % 10;
    });
    true
}

fn swap_digits(text: &mut String, rng: &mut Rng) -> bool {
    let bytes = text.as_bytes();
    let pairs: Vec<usize> = (3..bytes.len().saturating_sub(1))
        .filter(|place| {
            bytes[*place].is_ascii_digit()
                && bytes[place + 1].is_ascii_digit()
                && bytes[*place] != bytes[place + 1]
        })
        .collect();
    if pairs.is_empty() || !text.is_ascii() {
        return false;
    }
    let place = *rng.pick(&pairs);
    edit(text, |bytes| bytes.swap(place, place + 1));
    true
}

/// Only those born in the last century ever had one.
fn shorten_id(id: &mut String) -> bool {
    if id.len() != 18 || id.get(6..8) != Some("19") {
        return false;
    }
    id.truncate(17);
    id.replace_range(6..8, "");
    true
}

fn mask(id: &mut String) -> bool {
    if id.len() != 18 || !id.is_ascii() {
        return false;
    }
    id.replace_range(6..14, "********");
    true
}

fn format_phone(phone: &mut String, rng: &mut Rng) -> bool {
    if phone.len() != 11 || !phone.is_ascii() {
        return false;
    }
    match rng.below(5) {
        0 => phone.insert_str(0, "+86 "),
        1 => phone.insert_str(0, "0086"),
        2 => phone.insert_str(0, "86"),
        place => {
            let mark = if place == 3 { " " } else { "-" };
            phone.insert_str(7, mark);
            phone.insert_str(3, mark);
        }
    }
    true
}

fn honorific(row: &mut CustomerRow, surname_bytes: usize, rng: &mut Rng) -> bool {
    if row.column("kind") != "person" {
        return false;
    }
    let titles = if row.column("gender") == "女" {
        ["女士", "小姐", "老师"]
    } else {
        ["先生", "总", "师傅"]
    };
    let name = row.column("name");
    name.truncate(surname_bytes);
    name.push_str(rng.word(&titles));
    true
}

fn homophone(name: &mut String, rng: &mut Rng) -> bool {
    let places: Vec<(usize, char)> = name.char_indices().collect();
    let start = rng.below(places.len());
    for (at, character) in places.iter().cycle().skip(start).take(places.len()) {
        if let Some(other) = same_sound(*character, rng) {
            name.replace_range(
                *at..at + character.len_utf8(),
                other.encode_utf8(&mut [0; 4]),
            );
            return true;
        }
    }
    false
}

fn letters_for_digits(vin: &mut String) -> bool {
    if vin.is_empty() || !vin.contains(['0', '1']) {
        return false;
    }
    *vin = vin.replace('0', "O").replace('1', "I");
    true
}

fn keep_last_eight(vin: &mut String) -> bool {
    if vin.len() != 17 || !vin.is_ascii() {
        return false;
    }
    vin.replace_range(..9, "");
    true
}

fn format_plate(plate: &mut String, rng: &mut Rng) -> bool {
    let Some(province) = plate.chars().next() else {
        return false;
    };
    match rng.below(3) {
        0 => plate.insert(province.len_utf8() + 1, '·'),
        1 => plate.insert(province.len_utf8() + 1, ' '),
        _ => *plate = plate.to_lowercase(),
    }
    true
}

/// One clerk writes dates as he always does.
fn format_dates(row: &mut CustomerRow, rng: &mut Rng) -> bool {
    let way = rng.below(5);
    let mut is_changed = false;
    for column in ["birthday", "recorded_at"] {
        let text = row.column(column);
        let (Some(year), Some(month), Some(day)) = (text.get(..4), text.get(5..7), text.get(8..10))
        else {
            continue;
        };
        let unpadded = |part: &str| part.trim_start_matches('0').to_owned();
        let written = match way {
            0 => format!("{year}/{}/{}", unpadded(month), unpadded(day)),
            1 => format!("{year}.{month}.{day}"),
            2 => format!("{year}年{}月{}日", unpadded(month), unpadded(day)),
            3 => format!("{year}{month}{day}"),
            _ => format!("{year}-{}-{}", unpadded(month), unpadded(day)),
        };
        is_changed |= written != *text;
        *text = written;
    }
    is_changed
}

fn flip_gender(gender: &mut String) -> bool {
    let other = match gender.as_str() {
        "男" => "女",
        "女" => "男",
        _ => return false,
    };
    other.clone_into(gender);
    true
}

fn widen(text: &mut String) -> bool {
    if !text.contains(|character: char| character.is_ascii_alphanumeric()) {
        return false;
    }
    let wide = |character: char| match character {
        '!'..='~' => char::from_u32(u32::from(character) + 0xFEE0).unwrap_or(character),
        other => other,
    };
    *text = text.chars().map(wide).collect();
    true
}

fn swap(row: &mut CustomerRow, one: &str, other: &str) -> bool {
    if row.column(one).is_empty() || row.column(other).is_empty() {
        return false;
    }
    let held = std::mem::take(row.column(one));
    let given = std::mem::replace(row.column(other), held);
    *row.column(one) = given;
    true
}
