//! Forgetting people: what a service does with `marque.customer.customers.erased` in the tables of this crate.

use marque_api::{
    customer::v1::{self as pb, CustomersErased, SourceRecordsLinked},
    events::v1::Event,
};
use marque_core::{CustomerId, SourceRecordId};
use marque_db::{Backend, Conn, StoreError, Value};
use prost::Message as _;
use rustc_hash::FxHashSet;

use crate::ApplyError;

/// Event type of people whom nobody may know any more.
pub const CUSTOMERS_ERASED: &str = "marque.customer.customers.erased";

/// A word that names somebody who was erased, as a keyed hash of it and of his erasure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErasedWord {
    /// How many characters it has.
    pub chars: usize,
    /// The hash.
    pub token: Vec<u8>,
}

/// What an event [`CUSTOMERS_ERASED`] says. Handlers may apply it any number of times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Erased {
    /// All ids that answered as the customer.
    pub customers: Vec<CustomerId>,
    /// His source records.
    pub records: Vec<SourceRecordId>,
    /// Whether the law still wants kept who had a car or brought it: beside the facts, where only an audit looks.
    pub is_restricted: bool,
    /// The request, by which his words are salted.
    pub erasure: String,
    /// What names him in texts that are kept; empty when the last term ends, and of a release that told none.
    pub words: Vec<ErasedWord>,
}

impl Erased {
    /// Reads the event.
    ///
    /// # Errors
    /// [`ApplyError::Malformed`] if it cannot be read.
    pub fn of(event: &Event) -> Result<Self, ApplyError> {
        let CustomersErased {
            customer_ids,
            source_record_ids,
            restricted,
            erasure_id,
            words,
        } = CustomersErased::decode(event.data.as_slice())?;
        Ok(Self {
            customers: ids(&customer_ids, "customer_ids")?,
            records: ids(&source_record_ids, "source_record_ids")?,
            is_restricted: restricted,
            erasure: erasure_id,
            words: words.into_iter().map(word).collect(),
        })
    }

    /// Takes the customers and their records out of the projection of links, their facts in `table` from them, and what
    /// was set aside of them out of the dead letters.
    ///
    /// # Errors
    /// What the store says.
    pub fn unlink(&self, conn: &mut Conn<'_>, table: &str) -> Result<(), StoreError> {
        let clear = format!(
            "UPDATE {table} SET customer_id = NULL, source_record_id = NULL WHERE source_record_id = ?1"
        );
        for record in &self.records {
            conn.execute(&clear, &[record.uuid().into()])?;
        }
        // Facts that name the customer alone.
        let clear = format!("UPDATE {table} SET customer_id = NULL WHERE customer_id = ?1");
        for customer in &self.customers {
            conn.execute(&clear, &[customer.uuid().into()])?;
        }
        self.forget_links(conn)
    }

    /// Takes the customers and their records out of the projection of links and out of the dead letters.
    ///
    /// # Errors
    /// What the store says.
    pub fn forget_links(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        for record in &self.records {
            let sql = "DELETE FROM record_links WHERE source_record_id = ?1";
            conn.execute(sql, &[record.uuid().into()])?;
        }
        for customer in &self.customers {
            let sql = "DELETE FROM customer_aliases WHERE customer_id = ?1 OR current = ?1";
            conn.execute(sql, &[customer.uuid().into()])?;
            let sql = "DELETE FROM customer_receptions WHERE customer_id = ?1";
            conn.execute(sql, &[customer.uuid().into()])?;
        }
        self.forget_dead_letters(conn)
    }

    /// Takes out of the dead letters what names the customers or their records.
    ///
    /// # Errors
    /// What the store says.
    pub fn forget_dead_letters(&self, conn: &mut Conn<'_>) -> Result<(), StoreError> {
        let sql = format!("DELETE FROM dead_letters WHERE {}", holds(conn, "?1"));
        let records = self.records.iter().map(ToString::to_string);
        for name in records.chain(self.customers.iter().map(ToString::to_string)) {
            conn.execute(&sql, &[Value::Bytes(name.as_bytes())])?;
        }
        Ok(())
    }
}

/// Takes what was published of source records out of the events that still lie in the outbox of the customer service:
/// which car they name, where the person lives, when he was born. Who has not pulled them yet never hears of it.
///
/// # Errors
/// What the store says.
pub fn withdraw_links(
    conn: &mut Conn<'_>,
    kind: &str,
    records: &[SourceRecordId],
) -> Result<(), StoreError> {
    let gone: FxHashSet<String> = records.iter().map(ToString::to_string).collect();
    let sql = format!(
        "SELECT seq, data FROM outbox WHERE kind = ?1 AND {}",
        holds(conn, "?2")
    );
    for name in &gone {
        let found: Vec<(i64, Vec<u8>)> =
            conn.query(&sql, &[kind.into(), Value::Bytes(name.as_bytes())], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })?;
        for (seq, data) in found {
            let mut told = SourceRecordsLinked::decode(data.as_slice()).map_err(|error| {
                StoreError::Decode {
                    column: 1,
                    source: error.into(),
                }
            })?;
            told.links
                .retain(|link| !gone.contains(&link.source_record_id));
            conn.execute(
                "UPDATE outbox SET data = ?2 WHERE seq = ?1",
                &[seq.into(), (&told.encode_to_vec()).into()],
            )?;
        }
    }
    Ok(())
}

/// The clause that a column `data` holds the bytes of a parameter.
fn holds(conn: &Conn<'_>, parameter: &str) -> String {
    match conn.backend() {
        Backend::Sqlite => format!("instr(data, {parameter}) > 0"),
        Backend::Postgres => format!("position({parameter}::bytea IN data) > 0"),
    }
}

fn word(word: pb::ErasedWord) -> ErasedWord {
    let pb::ErasedWord { chars, token } = word;
    ErasedWord {
        chars: chars as usize,
        token,
    }
}

fn ids<T: std::str::FromStr>(texts: &[String], field: &str) -> Result<Vec<T>, ApplyError> {
    let read = |text: &String| {
        text.parse()
            .map_err(|_| ApplyError::Malformed(format!("{field} are no ids")))
    };
    texts.iter().map(read).collect()
}
