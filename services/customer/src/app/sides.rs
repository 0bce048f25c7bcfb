//! The two sides of a pair, also where they stand merged: whose records were whose before.

use marque_auth::CallContext;
use marque_core::{CustomerSerial, MergeId, Timestamp};
use marque_db::Conn;
use marque_linkage::score::Outcome;

use super::{CustomerApp, read::Opened};
use crate::{
    domain::SourceRecord,
    error::Result,
    storage::{Act, Duplicate, Move},
};

/// Both customers of a pair.
pub(super) struct Sides {
    pub(super) left: Opened,
    pub(super) right: Opened,
    /// Whether they stand merged: then each is shown with the records he had before.
    pub(super) are_one: bool,
}

impl CustomerApp {
    /// Both customers of a pair as they are, or as they were before they were merged. Nothing of it is shown before the scope
    /// was asked.
    pub(super) fn sides(
        &self,
        conn: &mut Conn<'_>,
        pair: &Duplicate,
        now: Timestamp,
    ) -> Result<Sides> {
        let left = self.store.get_customer_by_serial(conn, pair.left)?;
        let right = self.store.get_customer_by_serial(conn, pair.right)?;
        let are_one = left.serial == right.serial;
        if are_one && let Some((left, right)) = self.sides_before(conn, pair, now)? {
            return Ok(Sides {
                left,
                right,
                are_one,
            });
        }
        Ok(Sides {
            left: self.open(conn, left, now)?,
            right: self.open(conn, right, now)?,
            are_one,
        })
    }

    /// Both sides of a pair that stands merged with the records that each had, if that is known.
    fn sides_before(
        &self,
        conn: &mut Conn<'_>,
        pair: &Duplicate,
        now: Timestamp,
    ) -> Result<Option<(Opened, Opened)>> {
        let family = self.family_now(conn, pair)?;
        let moves = self.store.moves_bringing(conn, &family)?;
        let Some((merge, is_left)) = joining(&moves, pair) else {
            return Ok(None);
        };
        let records = self.store.records_of(conn, &family)?;
        let (came, stayed) = before(records, merge, &moves);
        if came.is_empty() || stayed.is_empty() {
            return Ok(None);
        }
        let (of_left, of_right) = if is_left {
            (came, stayed)
        } else {
            (stayed, came)
        };
        let mut side = |number, records| {
            let customer = self.store.get_identity(conn, number)?;
            self.open_with(conn, customer, records, now)
        };
        Ok(Some((
            side(pair.left, of_left)?,
            side(pair.right, of_right)?,
        )))
    }

    /// The merge that made one of the two of a pair, if one stands.
    pub(super) fn joining_merge(
        &self,
        conn: &mut Conn<'_>,
        pair: &Duplicate,
    ) -> Result<Option<MergeId>> {
        let family = self.family_now(conn, pair)?;
        let moves = self.store.moves_bringing(conn, &family)?;
        Ok(joining(&moves, pair).map(|(merge, _)| merge.id))
    }

    /// All numbers that answer as the one whom the two of a pair became.
    fn family_now(&self, conn: &mut Conn<'_>, pair: &Duplicate) -> Result<Vec<CustomerSerial>> {
        let together = self.store.get_customer_by_serial(conn, pair.left)?;
        self.store.family(conn, together.serial)
    }

    /// How the two sides compare, if the caller may see both.
    pub(super) fn compare_sides(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        sides: Sides,
    ) -> Result<Outcome> {
        let now = self.clock.now();
        let left = self.file_of(conn, ctx.scope(), sides.left, now)?;
        let right = self.file_of(conn, ctx.scope(), sides.right, now)?;
        self.outcome(conn, &left, &right)
    }
}

/// The newest of the standing merges by which either of a pair came to be who the other is, and whether it was the left one that
/// came.
fn joining<'m>(moves: &'m [Move], pair: &Duplicate) -> Option<(&'m Move, bool)> {
    let (left, right) = (way(moves, pair.left), way(moves, pair.right));
    let of_left = left.iter().filter(|step| !is_on(&right, step));
    let of_right = right.iter().filter(|step| !is_on(&left, step));
    let steps = of_left
        .map(|step| (*step, true))
        .chain(of_right.map(|step| (*step, false)));
    steps.max_by_key(|(step, _)| (step.at, step.id))
}

fn is_on(way: &[&Move], step: &Move) -> bool {
    way.iter().any(|other| other.id == step.id)
}

/// The standing merges that a number went through, one after the other.
fn way(moves: &[Move], from: CustomerSerial) -> Vec<&Move> {
    let mut steps: Vec<&Move> = Vec::new();
    let mut at = from;
    let is_standing = |moved: &&Move| moved.act == Act::Merge && moved.undone_at.is_none();
    while let Some(step) = moves
        .iter()
        .filter(is_standing)
        .find(|moved| moved.from == at)
        .filter(|step| steps.iter().all(|before| before.id != step.id))
    {
        steps.push(step);
        at = step.into;
    }
    steps
}

/// The records that came with a merge, and those that were there before. What came to both since is nobody's of the two, unless
/// nothing else is left of him who was there.
fn before(
    records: Vec<SourceRecord>,
    merge: &Move,
    moves: &[Move],
) -> (Vec<SourceRecord>, Vec<SourceRecord>) {
    let (came, there): (Vec<_>, Vec<_>) = records
        .into_iter()
        .partition(|record| merge.records.contains(&record.seq));
    let is_later = |moved: &&Move| (moved.at, moved.id) > (merge.at, merge.id);
    let later: Vec<&Move> = moves.iter().filter(is_later).collect();
    let (stayed, since): (Vec<_>, Vec<_>) = there.into_iter().partition(|record| {
        let came_later = later
            .iter()
            .any(|moved| moved.records.contains(&record.seq));
        record.received_at <= merge.at && !came_later
    });
    (came, if stayed.is_empty() { since } else { stayed })
}
