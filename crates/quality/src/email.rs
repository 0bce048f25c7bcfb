//! E-mail addresses.

use std::borrow::Cow;

use crate::text::tidy;

/// Reads an e-mail address: full-width folded, domain lower-case, spaces out, 。 for a dot mended.
///
/// `None` if it is none: the local part has 1–64 of the characters of RFC 5321's dot-string, the domain two labels or more.
pub fn parse(typed: &str) -> Option<Cow<'_, str>> {
    let mut address = tidy(typed);
    if address.contains(['。', ' ']) {
        address = Cow::Owned(address.replace('。', ".").replace(' ', ""));
    }
    let (local, domain) = address.rsplit_once('@')?;
    if !is_local_part(local) || !is_domain(domain) {
        return None;
    }
    if domain.bytes().any(|b| b.is_ascii_uppercase()) {
        let lower = domain.to_ascii_lowercase();
        address = Cow::Owned(format!("{local}@{lower}"));
    }
    Some(address)
}

fn is_local_part(local: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~.".contains(&b);
    (1..=64).contains(&local.len())
        && local.bytes().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..")
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(is_label)
        && top.len() >= 2
        && !top.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typed_forms_are_read() {
        for (typed, expected) in [
            ("li.lei@Example.COM", Some("li.lei@example.com")),
            (" wang＠163。com ", Some("wang@163.com")),
            ("12345@qq.com", Some("12345@qq.com")),
            ("no-at-sign.com", None),
            ("a@b", None),
            ("a..b@example.com", None),
            ("a@-x.com", None),
            ("李雷@example.com", None),
            ("a@1.2.3.4", None),
        ] {
            assert_eq!(parse(typed).as_deref(), expected, "{typed}");
        }
    }
}
