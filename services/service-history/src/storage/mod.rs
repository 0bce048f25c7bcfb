//! The visit store: every statement of the service.

mod blob;
mod forgetting;
mod links;
mod naming;
mod sealed;
mod sealing;
mod sight;
mod stored;
mod visits;
mod write;

pub(crate) use blob::visit_blobs;
pub(crate) use forgetting::{forget, kept_of_erased};
pub(crate) use links::{
    Alias, RecordLink, current_customer, customers_of, lock, put_alias, put_links, put_sale, relink,
};
pub use sealed::SEALED;
pub(crate) use sealing::{START, is_sealed, note_begun, note_sealed, seal_page};
pub(crate) use sight::{is_of_region, knows_customer, knows_vin, put_reception};
pub(crate) use stored::{Blobs, TABLES};
pub(crate) use visits::{Listed, VisitStore, Whose, first_visit, meters_of};
pub(crate) use write::{
    Known, NewVisit, correct_visit, find_orders, insert_visits, note_live, unsaid_sender,
};

use marque_db::{Row, StoreError};
use uuid::Uuid;

fn optional<T: From<Uuid>>(row: &Row<'_>, column: usize) -> Result<Option<T>, StoreError> {
    Ok(row.get::<Option<Uuid>>(column)?.map(T::from))
}
