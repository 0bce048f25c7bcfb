//! Street addresses: the number, and the words that name the street.

/// Words that say little, and the one spelling they are brought to; an empty spelling drops the word.
const USUAL: &[(&str, &str)] = &[
    ("street", ""),
    ("st", ""),
    ("str", ""),
    ("avenue", ""),
    ("ave", ""),
    ("av", ""),
    ("road", ""),
    ("rd", ""),
    ("boulevard", ""),
    ("blvd", ""),
    ("blv", ""),
    ("drive", ""),
    ("dr", ""),
    ("lane", ""),
    ("ln", ""),
    ("la", ""),
    ("court", ""),
    ("ct", ""),
    ("place", ""),
    ("pl", ""),
    ("square", ""),
    ("sq", ""),
    ("highway", ""),
    ("hwy", ""),
    ("parkway", ""),
    ("pkwy", ""),
    ("circuit", ""),
    ("crescent", ""),
    ("cres", ""),
    ("terrace", ""),
    ("close", ""),
    ("north", "n"),
    ("south", "s"),
    ("east", "e"),
    ("west", "w"),
    ("northeast", "ne"),
    ("northwest", "nw"),
    ("southeast", "se"),
    ("southwest", "sw"),
    ("first", "1st"),
    ("second", "2nd"),
    ("third", "3rd"),
    ("fourth", "4th"),
    ("fifth", "5th"),
    ("sixth", "6th"),
    ("seventh", "7th"),
    ("eighth", "8th"),
    ("ninth", "9th"),
    ("tenth", "10th"),
    ("saint", "st"),
    ("mount", "mt"),
    ("between", ""),
    ("off", ""),
    ("at", ""),
    ("and", ""),
    ("the", ""),
    ("of", ""),
];

/// The house number (its first run of digits that is no ordinal) and the telling words.
pub(super) fn parse(words: Vec<String>) -> (Option<String>, Vec<String>) {
    let mut number = None;
    let mut telling = Vec::new();
    for word in words {
        let is_number = word.chars().all(|c| c.is_ascii_digit());
        if is_number && number.is_none() {
            let trimmed = word.trim_start_matches('0');
            number = Some(trimmed.to_owned());
            continue;
        }
        match USUAL.iter().find(|(usual, _)| *usual == word) {
            Some((_, "")) => {}
            Some((_, short)) => telling.push((*short).to_owned()),
            None => telling.push(word),
        }
    }
    (number, telling)
}

#[cfg(test)]
mod tests {
    use super::super::tokens::split;
    use super::*;

    #[test]
    fn spellings_of_a_street_meet() {
        let parsed = |text: &str| parse(split(text));
        assert_eq!(parsed("8638 w. third st."), parsed("8638 west 3rd street"));
        assert_eq!(
            parsed("435 s. la cienega blv."),
            parsed("435 south la cienega boulevard")
        );
        assert_eq!(parsed("the glen").0, None);
    }
}
