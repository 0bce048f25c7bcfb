//! Imports over all roles that take files, the same for REST and gRPC: which role takes a kind, who knows an import,
//! one list out of many.

mod error;
mod find;
mod list;
mod relay;

pub(crate) use error::ImportError;
pub(crate) use find::{find, rows};
pub(crate) use list::list;
pub(crate) use relay::{Part, chunk, reported, send, start, until_broken};

use crate::peers::Importer;

/// Kinds whose roles are not in this version.
const LATER_KINDS: [&str; 2] = ["orders", "leads"];

/// The role that takes rows of a kind.
pub(crate) fn importer<'a>(
    importers: &'a [Importer],
    kind: &str,
) -> Result<&'a Importer, ImportError> {
    importers
        .iter()
        .find(|importer| importer.kinds.contains(&kind))
        .ok_or(if LATER_KINDS.contains(&kind) {
            ImportError::KindUnavailable
        } else {
            ImportError::KindUnknown
        })
}
