#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

mod error;
mod file;
mod index;
mod keyring;
mod mask;
mod nonce;
mod numbering;
mod place;
mod purpose;
mod sealed_file;
mod vault;

pub use error::{KeyringError, VaultError};
pub use keyring::Keyring;
pub use marque_config::Secret;
pub use mask::{
    Masked, mask_address, mask_id_number, mask_id_numbers_inside, mask_inside, mask_name,
    mask_phone, mask_tail,
};
pub use numbering::{Numbering, Series};
pub use place::Place;
pub use purpose::Purpose;
pub use sealed_file::{FileSealer, SealedFile, keys_of_file};
pub use vault::Vault;
