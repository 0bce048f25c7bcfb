//! What can go wrong, told without helping whoever caused it.

use std::io;

/// A field could not be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum VaultError {
    /// Changed, moved, cut, or sealed under a key that is not on the ring: deliberately one error for all.
    #[error("a sealed field cannot be opened")]
    Unreadable,
    /// The operating system gave no random bytes, or the field is too large for AES-GCM.
    #[error("a field cannot be sealed")]
    Unsealable,
}

/// A keyring cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyringError {
    /// The file cannot be read or written.
    #[error("the keyring {path} cannot be read or written")]
    File {
        /// Path of the file.
        path: String,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Others than the owner can read the file.
    #[error("the keyring {path} can be read by others: run `chmod 600 {path}`")]
    Exposed {
        /// Path of the file.
        path: String,
    },
    /// The text is no keyring. What stands in it is not quoted.
    #[error("the keyring is damaged: {problem}; restore it from its backup")]
    Damaged {
        /// Which part is wrong.
        problem: &'static str,
    },
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes for a key")]
    NoRandomness,
}
