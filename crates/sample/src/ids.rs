//! Numbers with a check character, made valid. None of them was given to anybody.

/// Appends the check character of a resident ID to its first 17 digits (GB 11643-1999, ISO 7064 MOD 11-2).
pub(crate) fn push_id_check(id: &mut String) {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    let sum: u32 = id
        .bytes()
        .zip(WEIGHTS)
        .map(|(digit, weight)| u32::from(digit - b'0') * weight)
        .sum();
    id.push(char::from(b"10X98765432"[(sum % 11) as usize]));
}

/// Puts the check digit into place 9 of a VIN (GB 16735, ISO 3779); what stands there is replaced.
pub(crate) fn set_vin_check(vin: &mut String) {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = vin
        .bytes()
        .zip(WEIGHTS)
        .map(|(letter, weight)| vin_value(letter) * weight)
        .sum();
    let check = match sum % 11 {
        10 => "X".to_owned(),
        digit => digit.to_string(),
    };
    vin.replace_range(8..9, &check);
}

fn vin_value(letter: u8) -> u32 {
    match letter {
        b'0'..=b'9' => u32::from(letter - b'0'),
        b'A'..=b'H' => u32::from(letter - b'A') + 1,
        b'J'..=b'N' => u32::from(letter - b'J') + 1,
        b'P' => 7,
        b'R' => 9,
        _ => u32::from(letter - b'S') + 2,
    }
}

/// Letters of a VIN's serial places and of its model year.
pub(crate) const VIN_LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPRSTUVWXYZ";
const YEAR_LETTERS: &[u8] = b"ABCDEFGHJKLMNPRSTVWXY123456789";

/// The letter of a model year (30-year cycle from 1980).
pub(crate) fn year_letter(year: i64) -> char {
    char::from(YEAR_LETTERS[(year - 1980).rem_euclid(30) as usize])
}

const CREDIT_LETTERS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";

/// A unified social credit code (GB 32100-2015) with both its checks right: of a company (91) in the county of six
/// digits, the organisation's number below 10⁸.
pub(crate) fn push_credit_code(county: &str, organisation: u64, code: &mut String) {
    const INNER_WEIGHTS: [u64; 8] = [3, 7, 9, 10, 5, 8, 4, 2];
    let body = format!("{organisation:08}");
    let inner: u64 = body
        .bytes()
        .zip(INNER_WEIGHTS)
        .map(|(digit, weight)| u64::from(digit - b'0') * weight)
        .sum();
    code.push_str("91");
    code.push_str(county);
    code.push_str(&body);
    match 11 - inner % 11 {
        11 => code.push('0'),
        10 => code.push('X'),
        digit => code.push(char::from(b'0' + digit as u8)),
    }
    let mut weight = 1;
    let mut sum = 0;
    for letter in code.bytes() {
        let value = CREDIT_LETTERS
            .iter()
            .position(|known| *known == letter)
            .expect("only letters of the code are used");
        sum += value as u64 * weight;
        weight = weight * 3 % 31;
    }
    code.push(char::from(CREDIT_LETTERS[((31 - sum % 31) % 31) as usize]));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_standards_examples_come_out() {
        for (body, whole) in [
            ("11010519491231002", "11010519491231002X"),
            ("44052418800101001", "440524188001010014"),
        ] {
            let mut id = body.to_owned();
            push_id_check(&mut id);
            assert_eq!(id, whole);
        }
        for vin in [
            "LATPAB071W1005301",
            "1M8GDM9AXKP042788",
            "LJ1EEKRN7R4000001",
        ] {
            let mut made = vin.to_owned();
            made.replace_range(8..9, "0");
            set_vin_check(&mut made);
            assert_eq!(made, vin);
        }
        assert_eq!(
            (year_letter(2024), year_letter(2010), year_letter(2001)),
            ('R', 'A', '1')
        );
        let mut code = String::new();
        push_credit_code("350100", 73_794_494, &mut code);
        assert_eq!(code.len(), 18);
    }
}
