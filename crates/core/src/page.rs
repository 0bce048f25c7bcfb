//! Pages of lists: sizes and opaque tokens.

/// Entries a page holds when the caller does not say.
const DEFAULT_SIZE: u32 = 50;
/// The most entries a page holds; a larger wish is cut to it (AIP-158).
const MAX_SIZE: u32 = 1000;

/// What a caller asks of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Entries wanted, 1 to 1000.
    pub size: u32,
    /// Where the page begins; `None` for the first.
    pub after: Option<PageToken>,
}

/// The position after the last entry of a page, opaque to callers: the list's sort key, with the list's name
/// and filter so that a token is of no use elsewhere. To the outside the gateway seals it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageToken {
    /// Sort key of the last entry.
    pub key: String,
}

/// The page asked for cannot be given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPage {
    /// The size is negative.
    #[error("page_size must not be negative")]
    Size,
    /// The token is not of this list and filter.
    #[error("page_token is not from this list with these filters: start again without it")]
    Token,
}

impl PageRequest {
    /// Reads what came over the wire: size 0 is the default, a large one is cut, the token must be of `list`.
    ///
    /// `list` names the list and its filters; a token given out under another name is refused.
    pub fn read(size: i32, token: &str, list: &str) -> Result<Self, InvalidPage> {
        let size = match u32::try_from(size).map_err(|_| InvalidPage::Size)? {
            0 => DEFAULT_SIZE,
            size => size.min(MAX_SIZE),
        };
        let after = match token {
            "" => None,
            token => Some(PageToken::read(token, list).ok_or(InvalidPage::Token)?),
        };
        Ok(Self { size, after })
    }
}

impl PageToken {
    /// The token as callers see it.
    pub fn write(key: &str, list: &str) -> String {
        let mut text = format!("{:08x}", fingerprint(list));
        for byte in key.bytes() {
            use std::fmt::Write as _;
            write!(text, "{byte:02x}").expect("writing to a string cannot fail");
        }
        text
    }

    fn read(token: &str, list: &str) -> Option<Self> {
        let (mark, hex) = token.split_at_checked(8)?;
        if mark != format!("{:08x}", fingerprint(list)) || hex.len() % 2 != 0 || !hex.is_ascii() {
            return None;
        }
        let bytes: Option<Vec<u8>> = (0..hex.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).ok())
            .collect();
        let key = String::from_utf8(bytes?).ok()?;
        // Numbers are read in other forms too: with capitals, with a sign.
        (Self::write(&key, list) == token).then_some(Self { key })
    }
}

/// FNV-1a: tells lists apart; it guards against mistakes, and scope guards against everything else.
fn fingerprint(text: &str) -> u32 {
    text.bytes().fold(0x811c_9dc5, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_its_own_list_only() {
        let token = PageToken::write("2026|键", "customers?tier=vip");
        let page = PageRequest::read(5, &token, "customers?tier=vip").unwrap();
        assert_eq!(page.after.unwrap().key, "2026|键");
        assert_eq!(
            PageRequest::read(5, &token, "customers"),
            Err(InvalidPage::Token)
        );
        for other in [token.to_uppercase(), format!("{token}+f")] {
            assert_eq!(
                PageRequest::read(5, &other, "customers?tier=vip"),
                Err(InvalidPage::Token)
            );
        }
        assert_eq!(
            PageRequest::read(5, "zz", "customers"),
            Err(InvalidPage::Token)
        );
        assert_eq!(
            PageRequest::read(5, "é", "customers"),
            Err(InvalidPage::Token)
        );
    }

    #[test]
    fn sizes_are_defaulted_cut_or_refused() {
        let size = |wish| PageRequest::read(wish, "", "x").map(|page| page.size);
        assert_eq!(size(0), Ok(50));
        assert_eq!(size(i32::MAX), Ok(1000));
        assert_eq!(size(-1), Err(InvalidPage::Size));
    }
}
