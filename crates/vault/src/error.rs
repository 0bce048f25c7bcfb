//! What can go wrong, told without helping whoever caused it.

use marque_config::secret_file::SecretFileError;

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
    /// The file cannot be read, written or trusted.
    #[error("the keyring cannot be used")]
    File(#[from] SecretFileError),
    /// The text is no keyring. What stands in it is not quoted.
    #[error("the keyring is damaged: {problem}; restore it from its backup")]
    Damaged {
        /// Which part is wrong.
        problem: &'static str,
    },
    /// Look-ups go by the current index key alone: what another one indexed would not be found, and nothing would say so.
    #[error(
        "the keyring has {count} index keys, and stored look-up tokens cannot be re-made yet: keep the one key they were made with under `[index]`; data keys may be many"
    )]
    SeveralIndexKeys {
        /// How many there are.
        count: usize,
    },
    /// The operating system gave no random bytes.
    #[error("the system gave no random bytes for a key")]
    NoRandomness,
}
