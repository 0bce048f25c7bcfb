//! Recognising what the columns of a table are, by header and by content.

mod ages;
mod content;
mod header;
mod names;
mod party;
mod recognise;

pub(crate) use ages::birth_column;
pub(crate) use content::is_missing;
pub(crate) use header::{own_number_rank, speaks_of_birth};
pub(crate) use party::is_organisation;
pub use recognise::{Mapping, MappingError, Role, parse_mapping, recognise};
