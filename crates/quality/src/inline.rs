//! A short text that lives in place: codes are at most a few dozen bytes, and a file has millions of them.

use std::fmt;

/// A UTF-8 text of at most `N` bytes (`N` ≤ 255), stored without allocation and compared by content.
///
/// `Debug` shows the length alone, because what is stored here is mostly personal data.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Inline<const N: usize> {
    bytes: [u8; N],
    len: u8,
}

impl<const N: usize> Inline<N> {
    /// The empty text.
    pub const fn new() -> Self {
        assert!(N <= u8::MAX as usize, "the length is kept in one byte");
        Self {
            bytes: [0; N],
            len: 0,
        }
    }

    /// The text of `content`, or `None` if it is longer than `N` bytes.
    pub fn of(content: &str) -> Option<Self> {
        let mut text = Self::new();
        text.push_str(content).then_some(text)
    }

    /// The text of `content` with its ASCII letters in upper case, or `None` if it is longer than `N` bytes.
    pub fn of_upper(content: &str) -> Option<Self> {
        let mut text = Self::of(content)?;
        text.bytes[..content.len()].make_ascii_uppercase();
        Some(text)
    }

    /// The stored text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).expect("only whole characters are ever pushed")
    }

    /// The stored bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len as usize]
    }

    /// Whether nothing is stored.
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Appends one character; `false`, and nothing changed, if it does not fit.
    pub fn push(&mut self, character: char) -> bool {
        if character.is_ascii() && (self.len as usize) < N {
            self.bytes[self.len as usize] = character as u8;
            self.len += 1;
            return true;
        }
        self.push_str(character.encode_utf8(&mut [0; 4]))
    }

    /// Appends a text; `false`, and nothing changed, if it does not fit.
    pub fn push_str(&mut self, content: &str) -> bool {
        let end = self.len as usize + content.len();
        if end > N {
            return false;
        }
        self.bytes[self.len as usize..end].copy_from_slice(content.as_bytes());
        self.len = end as u8;
        true
    }
}

impl<const N: usize> Default for Inline<N> {
    fn default() -> Self {
        Self::new()
    }
}

impl<const N: usize> std::ops::Deref for Inline<N> {
    type Target = str;

    fn deref(&self) -> &str {
        self.as_str()
    }
}

impl<const N: usize> fmt::Debug for Inline<N> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Inline({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_changes_nothing() {
        let mut text = Inline::<4>::of("京A").expect("four bytes fit");
        assert!(!text.push('1'));
        assert_eq!(text.as_str(), "京A");
    }

    #[test]
    fn debug_does_not_show_the_content() {
        let text = Inline::<20>::of("13812345678").expect("fits");
        assert!(!format!("{text:?}").contains("138"));
    }
}
