//! Tables that every service has, in its own database.

use marque_db::Migration;

use crate::migration;

/// Outbox, inbox, cursors, dead letters.
pub(crate) const EVENTS: Migration = migration!("shared", "0001_events");
/// Audit records and answers kept for idempotency keys.
pub(crate) const AUDIT: Migration = migration!("shared", "0002_audit");
/// Imports and what became of their rows.
pub(crate) const IMPORTS: Migration = migration!("shared", "0003_imports");
/// The chain of audit records.
pub(crate) const AUDIT_CHAIN: Migration = migration!("shared", "0004_audit_chain");
/// What it takes to try an event again that could not be applied.
pub(crate) const DEAD_LETTERS: Migration = migration!("shared", "0005_dead_letters");
/// Source records that may not come again.
pub(crate) const ERASED: Migration = migration!("shared", "0006_erased");
/// Whose files are open to which dealers for a time.
pub(crate) const RECEPTIONS: Migration = migration!("shared", "0007_receptions");
/// An index by which old entries of the inbox are forgotten.
pub(crate) const INBOX_AT: Migration = migration!("shared", "0008_inbox_at");
/// Whether the dealer himself sent a file.
pub(crate) const IMPORTS_BY_DEALER: Migration = migration!("shared", "0009_imports_by_dealer");
/// How many sheets of a workbook were not read.
pub(crate) const UNREAD_SHEETS: Migration = migration!("shared", "0010_unread_sheets");
/// By which keys the store is sealed.
pub(crate) const SEALING_KEYS: Migration = migration!("shared", "0011_sealing_keys");
/// Since when an import does not go on.
pub(crate) const IMPORTS_HELD: Migration = migration!("shared", "0012_imports_held");
