//! Pairs in the steward's queue stand between customers as they are now, each pair once: whoever merges two lets their pairs
//! follow.

use marque_core::{CustomerSerial, DuplicateId};
use marque_db::Conn;

use super::CustomerApp;
use crate::{
    error::{Error, Result},
    storage::{Duplicate, DuplicateState},
};

/// So many strays are called home at once.
const STRAYS: u32 = 200;

impl CustomerApp {
    /// What waits for a steward about a customer who was merged is about the one who stays.
    pub(super) fn pairs_follow(
        &self,
        conn: &mut Conn<'_>,
        from: CustomerSerial,
        into: CustomerSerial,
    ) -> Result<()> {
        for pair in self.store.waiting_pairs(conn, from)? {
            let other = pair.beside(from);
            self.readdress(conn, &pair, into, other)?;
        }
        Ok(())
    }

    /// Whether a pair waits under a number that was merged away.
    pub(super) fn has_strays(&self, conn: &mut Conn<'_>) -> Result<bool> {
        Ok(!self.store.stray_pairs(conn, 1)?.is_empty())
    }

    /// Gives pairs that wait under numbers that were merged away to those who answer now.
    pub(super) fn call_home(&self, conn: &mut Conn<'_>) -> Result<()> {
        self.store.lock_identities(conn)?;
        for pair in self.store.stray_pairs(conn, STRAYS)? {
            let left = self.store.get_customer_by_serial(conn, pair.left);
            let right = self.store.get_customer_by_serial(conn, pair.right);
            match (left, right) {
                (Ok(left), Ok(right)) => self.readdress(conn, &pair, left.serial, right.serial)?,
                (Err(Error::CustomerUnknown), _) | (_, Err(Error::CustomerUnknown)) => {
                    self.store
                        .close_pair(conn, pair.id, "one of the two is unknown")?;
                }
                (Err(error), _) | (_, Err(error)) => return Err(error),
            }
        }
        Ok(())
    }

    fn readdress(
        &self,
        conn: &mut Conn<'_>,
        pair: &Duplicate,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<()> {
        if one == other {
            return self
                .store
                .close_pair(conn, pair.id, "the two are one customer by now");
        }
        match self.store.find_pair(conn, one, other)? {
            None => self.store.readdress_pair(conn, pair.id, one, other),
            Some(standing) if standing.id == pair.id => Ok(()),
            Some(standing) => self.fold(conn, pair, &standing),
        }
    }

    /// Of two pairs that have become the same the one stays that stood between the two who stay. It is asked about if either was,
    /// unless a steward has said his word on it.
    fn fold(&self, conn: &mut Conn<'_>, pair: &Duplicate, standing: &Duplicate) -> Result<()> {
        let again = Duplicate {
            id: DuplicateId::new(&*self.clock),
            left: standing.left,
            right: standing.right,
            ..pair.clone()
        };
        self.store.propose(conn, &again)?;
        if standing.state == DuplicateState::Later && pair.state == DuplicateState::Open {
            self.store
                .set_duplicate_state(conn, standing.id, DuplicateState::Open)?;
        }
        let because = format!("it is the same pair as {}", standing.id);
        self.store.close_pair(conn, pair.id, &because)
    }
}
