//! The duplicate queue.

use marque_core::{CustomerSerial, DuplicateId, Timestamp};
use marque_db::{Conn, Row, StoreError, Value};
use marque_linkage::score::{Outcome, StewardDecision};
use uuid::Uuid;

use super::{
    CustomerStore,
    customers::{read_serial, serial},
    dialect,
};
use crate::error::{Error, Result};

/// How many words were said, and when the last one was: as long as both are the same nothing was said.
pub(crate) type WordsSoFar = (i64, Option<Timestamp>);

/// Where a pair is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DuplicateState {
    Open,
    /// Put off by a steward.
    Later,
    Same,
    Different,
    /// Two stewards disagree.
    Disputed,
    /// Left the queue without a steward's word: it does not hold any more, or stands there under other numbers.
    Closed,
}

impl DuplicateState {
    pub(crate) const ALL: [Self; 6] = [
        Self::Open,
        Self::Later,
        Self::Same,
        Self::Different,
        Self::Disputed,
        Self::Closed,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Later => "later",
            Self::Same => "same",
            Self::Different => "different",
            Self::Disputed => "disputed",
            Self::Closed => "closed",
        }
    }

    /// Whether a steward is still to say something.
    pub(crate) const fn is_waiting(self) -> bool {
        matches!(self, Self::Open | Self::Later)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A steward's word on a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Same,
    Different,
    Later,
}

impl Decision {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Different => "different",
            Self::Later => "later",
        }
    }

    /// Where a pair goes by it.
    pub(crate) const fn state(self) -> DuplicateState {
        match self {
            Self::Same => DuplicateState::Same,
            Self::Different => DuplicateState::Different,
            Self::Later => DuplicateState::Later,
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        [Self::Same, Self::Different, Self::Later]
            .into_iter()
            .find(|decision| decision.as_str() == text)
    }
}

/// A steward's word as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Decided {
    pub(crate) duplicate: DuplicateId,
    pub(crate) decision: Decision,
    pub(crate) actor: String,
    pub(crate) reason: String,
    pub(crate) at: Timestamp,
    /// How the two compared then.
    pub(crate) outcome: Outcome,
}

/// A pair that may be one customer.
#[derive(Debug, Clone)]
pub(crate) struct Duplicate {
    pub(crate) id: DuplicateId,
    pub(crate) left: CustomerSerial,
    pub(crate) right: CustomerSerial,
    pub(crate) probability: f64,
    /// What deciding it is worth: the probability times the records that would find their owner.
    pub(crate) gain: f64,
    pub(crate) reasons: Vec<String>,
    pub(crate) state: DuplicateState,
    pub(crate) found_at: Timestamp,
    /// Why it left the queue, if it is closed.
    pub(crate) closed_because: String,
}

impl Duplicate {
    /// The one that is not `customer`.
    pub(crate) fn beside(&self, customer: CustomerSerial) -> CustomerSerial {
        if self.left == customer {
            self.right
        } else {
            self.left
        }
    }
}

const COLUMNS: &str = "id, left_customer, right_customer, probability, reasons, state, found_at, gain, closed_because";

impl CustomerStore {
    /// Puts a pair into the queue; one that was ever there keeps its state, so that a decision is never asked for again. One
    /// that was closed is there again.
    pub(crate) fn propose(&self, conn: &mut Conn<'_>, pair: &Duplicate) -> Result<()> {
        let (left, right) = (pair.left.min(pair.right), pair.left.max(pair.right));
        conn.execute(
            "INSERT INTO duplicates (id, left_customer, right_customer, probability, reasons, state, found_at, gain)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
             ON CONFLICT (left_customer, right_customer) DO UPDATE SET probability = excluded.probability,
                 gain = excluded.gain, reasons = excluded.reasons, closed_because = '',
                 state = CASE WHEN duplicates.state = 'closed' THEN excluded.state ELSE duplicates.state END,
                 found_at = CASE WHEN duplicates.state = 'closed' THEN excluded.found_at ELSE duplicates.found_at END
             WHERE duplicates.state = 'closed'
                OR (duplicates.state IN ('open', 'later') AND excluded.gain > duplicates.gain)",
            &[
                pair.id.uuid().into(),
                serial(left),
                serial(right),
                pair.probability.into(),
                (&pair.reasons.join("\n")).into(),
                pair.state.as_str().into(),
                pair.found_at.into(),
                pair.gain.into(),
            ],
        )?;
        Ok(())
    }

    /// A pair, in whatever state.
    pub(crate) fn find_pair(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<Option<Duplicate>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM duplicates WHERE left_customer = ?1 AND right_customer = ?2"
        );
        let pair = [serial(one.min(other)), serial(one.max(other))];
        Ok(conn.query_opt(&sql, &pair, read_duplicate)?)
    }

    /// Pairs of a customer that wait for a steward.
    pub(crate) fn waiting_pairs(
        &self,
        conn: &mut Conn<'_>,
        customer: CustomerSerial,
    ) -> Result<Vec<Duplicate>> {
        let mut waiting = Vec::new();
        for side in ["left_customer", "right_customer"] {
            let sql = format!(
                "SELECT {COLUMNS} FROM duplicates WHERE {side} = ?1 AND state IN ('open', 'later') ORDER BY id"
            );
            waiting.extend(conn.query(&sql, &[serial(customer)], read_duplicate)?);
        }
        Ok(waiting)
    }

    /// Pairs that wait for a steward under a number that was merged away, so many at most.
    pub(crate) fn stray_pairs(&self, conn: &mut Conn<'_>, limit: u32) -> Result<Vec<Duplicate>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM duplicates WHERE state IN ('open', 'later') AND EXISTS (
                 SELECT 1 FROM customers WHERE customers.merged_into IS NOT NULL
                 AND customers.number IN (duplicates.left_customer, duplicates.right_customer))
             ORDER BY id LIMIT ?1"
        );
        Ok(conn.query(&sql, &[limit.into()], read_duplicate)?)
    }

    /// Gives a pair other customers.
    pub(crate) fn readdress_pair(
        &self,
        conn: &mut Conn<'_>,
        id: DuplicateId,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<()> {
        conn.execute(
            "UPDATE duplicates SET left_customer = ?2, right_customer = ?3 WHERE id = ?1",
            &[
                id.uuid().into(),
                serial(one.min(other)),
                serial(one.max(other)),
            ],
        )?;
        Ok(())
    }

    /// Writes how probable a pair is by now, and why; not of one that another transaction is writing, see [`Self::close_pair`].
    pub(crate) fn reweigh_pair(&self, conn: &mut Conn<'_>, pair: &Duplicate) -> Result<()> {
        let unless_held = dialect::unless_held(conn);
        let sql = format!(
            "UPDATE duplicates SET probability = ?2, gain = ?3, reasons = ?4
             WHERE id = (SELECT id FROM duplicates WHERE id = ?1 {unless_held})"
        );
        conn.execute(
            &sql,
            &[
                pair.id.uuid().into(),
                pair.probability.into(),
                pair.gain.into(),
                (&pair.reasons.join("\n")).into(),
            ],
        )?;
        Ok(())
    }

    /// Takes a pair that waits out of the queue, unless another transaction is writing it. Live writes run beside each other and have
    /// touched their customers by then: if they waited for a pair too they might wait in a circle. A reconciliation, beside which
    /// nobody writes pairs, comes to what they passed over.
    pub(crate) fn close_pair(
        &self,
        conn: &mut Conn<'_>,
        id: DuplicateId,
        because: &str,
    ) -> Result<()> {
        let unless_held = dialect::unless_held(conn);
        let sql = format!(
            "UPDATE duplicates SET state = 'closed', closed_because = ?2 WHERE id = (
                 SELECT id FROM duplicates WHERE id = ?1 AND state IN ('open', 'later') {unless_held})"
        );
        conn.execute(&sql, &[id.uuid().into(), because.into()])?;
        Ok(())
    }

    /// Whether a pair is in the queue or was ever decided.
    pub(crate) fn is_proposed(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
    ) -> Result<bool> {
        let pair = self.find_pair(conn, one, other)?;
        Ok(pair.is_some_and(|pair| pair.state != DuplicateState::Closed))
    }

    pub(crate) fn get_duplicate(&self, conn: &mut Conn<'_>, id: DuplicateId) -> Result<Duplicate> {
        let sql = format!("SELECT {COLUMNS} FROM duplicates WHERE id = ?1");
        conn.query_opt(&sql, &[id.uuid().into()], read_duplicate)?
            .ok_or(Error::DuplicateUnknown)
    }

    /// What is worth most first, then by id; `after` is the position of the last entry of the page before.
    pub(crate) fn list_duplicates(
        &self,
        conn: &mut Conn<'_>,
        state: DuplicateState,
        after: Option<(f64, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Duplicate>> {
        let sql = format!(
            "SELECT {COLUMNS} FROM duplicates WHERE state = ?1
             AND (gain < ?2 OR (gain = ?2 AND id > ?3)) ORDER BY gain DESC, id LIMIT ?4"
        );
        let (gain, id) = after.unwrap_or((f64::MAX, Uuid::nil()));
        let values = [
            state.as_str().into(),
            gain.into(),
            id.into(),
            Value::from(limit),
        ];
        Ok(conn.query(&sql, &values, read_duplicate)?)
    }

    pub(crate) fn set_duplicate_state(
        &self,
        conn: &mut Conn<'_>,
        id: DuplicateId,
        state: DuplicateState,
    ) -> Result<()> {
        conn.execute(
            "UPDATE duplicates SET state = ?2, closed_because = '' WHERE id = ?1",
            &[id.uuid().into(), state.as_str().into()],
        )?;
        Ok(())
    }

    pub(crate) fn set_pair_state(
        &self,
        conn: &mut Conn<'_>,
        one: CustomerSerial,
        other: CustomerSerial,
        state: DuplicateState,
    ) -> Result<()> {
        conn.execute(
            "UPDATE duplicates SET state = ?3, closed_because = ''
             WHERE left_customer = ?1 AND right_customer = ?2",
            &[
                serial(one.min(other)),
                serial(one.max(other)),
                state.as_str().into(),
            ],
        )?;
        Ok(())
    }

    /// Keeps a steward's word.
    pub(crate) fn insert_decision(&self, conn: &mut Conn<'_>, decided: &Decided) -> Result<()> {
        conn.execute(
            "INSERT INTO duplicate_decisions (duplicate, decided_at, decision, actor, reason, class, levels)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            &[
                decided.duplicate.uuid().into(),
                decided.at.into(),
                decided.decision.as_str().into(),
                (&decided.actor).into(),
                (&decided.reason).into(),
                Value::Int(i64::from(decided.outcome.class)),
                Value::Int(decided.outcome.pattern().cast_signed()),
            ],
        )?;
        Ok(())
    }

    /// Every word on a pair, the first one first.
    pub(crate) fn decisions(&self, conn: &mut Conn<'_>, id: DuplicateId) -> Result<Vec<Decided>> {
        let sql =
            "SELECT decision, actor, reason, decided_at, class, levels FROM duplicate_decisions
                   WHERE duplicate = ?1 ORDER BY decided_at";
        Ok(conn.query(sql, &[id.uuid().into()], |row| {
            Ok(Decided {
                duplicate: id,
                decision: Decision::parse(&row.get::<String>(0)?).unwrap_or(Decision::Later),
                actor: row.get(1)?,
                reason: row.get(2)?,
                at: row.get(3)?,
                outcome: read_outcome(row, 4)?,
            })
        })?)
    }

    /// How many words were said, on any pair, and when the last one was.
    pub(crate) fn words_so_far(&self, conn: &mut Conn<'_>) -> Result<WordsSoFar> {
        let sql = "SELECT count(*), max(decided_at) FROM duplicate_decisions";
        let words = conn.query_opt(sql, &[], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(words.unwrap_or_default())
    }

    /// How probable decided pairs were said to be, and whether they were called the same. What nobody proposed says nothing.
    pub(crate) fn verdicts(&self, conn: &mut Conn<'_>) -> Result<Vec<(f64, bool)>> {
        let sql = "SELECT probability, state FROM duplicates
                   WHERE state IN ('same', 'different') AND probability > 0 AND id IN (SELECT duplicate FROM duplicate_decisions)";
        Ok(conn.query(sql, &[], |row| {
            Ok((row.get(0)?, row.get::<String>(1)? == "same"))
        })?)
    }

    /// What stewards said of how pairs compared, for the matcher to learn from: of each pair the last word that stands, none
    /// of one in dispute, and none that was taken back or overruled. Of pairs of people who were erased only what stood is left.
    pub(crate) fn lessons(&self, conn: &mut Conn<'_>) -> Result<Vec<(Outcome, StewardDecision)>> {
        let sql = "SELECT decision, class, levels FROM duplicate_decisions AS word
                   LEFT JOIN duplicates ON duplicates.id = word.duplicate
                   WHERE decision IN ('same', 'different')
                   AND (duplicates.id IS NULL OR duplicates.state = word.decision) AND NOT EXISTS (
                       SELECT 1 FROM duplicate_decisions AS later WHERE later.duplicate = word.duplicate
                       AND later.decision = word.decision AND later.decided_at > word.decided_at)
                   ORDER BY decided_at, duplicate";
        Ok(conn.query(sql, &[], |row| {
            let decision = match row.get::<String>(0)?.as_str() {
                "same" => StewardDecision::Same,
                _ => StewardDecision::Different,
            };
            Ok((read_outcome(row, 1)?, decision))
        })?)
    }

    /// Pairs of somebody of one family and somebody of the other that were called different or are in dispute.
    pub(crate) fn parted_pairs(
        &self,
        conn: &mut Conn<'_>,
        one: &[CustomerSerial],
        other: &[CustomerSerial],
    ) -> Result<Vec<(DuplicateId, CustomerSerial, CustomerSerial)>> {
        self.pairs_between(
            conn,
            [DuplicateState::Different, DuplicateState::Disputed],
            (one, other),
        )
    }

    /// Pairs of somebody of one family and somebody of the other that were called the same.
    pub(crate) fn joined_pairs(
        &self,
        conn: &mut Conn<'_>,
        one: &[CustomerSerial],
        other: &[CustomerSerial],
    ) -> Result<Vec<(DuplicateId, CustomerSerial, CustomerSerial)>> {
        self.pairs_between(conn, [DuplicateState::Same; 2], (one, other))
    }

    fn pairs_between(
        &self,
        conn: &mut Conn<'_>,
        states: [DuplicateState; 2],
        (one, other): (&[CustomerSerial], &[CustomerSerial]),
    ) -> Result<Vec<(DuplicateId, CustomerSerial, CustomerSerial)>> {
        let keys: Vec<Value<'_>> = one.iter().map(|number| serial(*number)).collect();
        let mut found = Vec::new();
        let [state, or] = states.map(DuplicateState::as_str);
        for near in ["left_customer", "right_customer"] {
            let sql = format!(
                "SELECT id, left_customer, right_customer FROM duplicates
                 WHERE state IN ('{state}', '{or}') AND {near} IN (??)"
            );
            found.extend(conn.query_in(&sql, &[], &keys, |row| {
                Ok((
                    row.get::<Uuid>(0)?.into(),
                    read_serial(row, 1)?,
                    read_serial(row, 2)?,
                ))
            })?);
        }
        found.retain(|(_, left, right)| other.contains(left) || other.contains(right));
        Ok(found)
    }

    /// Whom stewards called different from somebody of a family, or dispute of.
    pub(crate) fn refused_of(
        &self,
        conn: &mut Conn<'_>,
        family: &[CustomerSerial],
    ) -> Result<Vec<CustomerSerial>> {
        let keys: Vec<Value<'_>> = family.iter().map(|number| serial(*number)).collect();
        let mut refused = Vec::new();
        for (own, other) in [
            ("left_customer", "right_customer"),
            ("right_customer", "left_customer"),
        ] {
            let sql = format!(
                "SELECT {other} FROM duplicates WHERE state IN ('different', 'disputed') AND {own} IN (??)"
            );
            refused.extend(conn.query_in(&sql, &[], &keys, |row| read_serial(row, 0))?);
        }
        refused.retain(|other| !family.contains(other));
        refused.sort_unstable();
        refused.dedup();
        Ok(refused)
    }

    /// Whether a steward called somebody of one family and somebody of the other different. He said it of their numbers
    /// of then, and his word outlives merges.
    pub(crate) fn is_refused(
        &self,
        conn: &mut Conn<'_>,
        one: &[CustomerSerial],
        other: &[CustomerSerial],
    ) -> Result<bool> {
        Ok(!self.parted_pairs(conn, one, other)?.is_empty())
    }
}

fn read_outcome(row: &Row<'_>, at: usize) -> std::result::Result<Outcome, StoreError> {
    let levels = row.get::<i64>(at + 1)?.cast_unsigned();
    let class = row.get::<i64>(at)? as u8;
    Ok(Outcome::of_pattern(class, levels))
}

fn read_duplicate(row: &Row<'_>) -> std::result::Result<Duplicate, StoreError> {
    let reasons: String = row.get(4)?;
    Ok(Duplicate {
        id: row.get::<Uuid>(0)?.into(),
        left: read_serial(row, 1)?,
        right: read_serial(row, 2)?,
        probability: row.get(3)?,
        reasons: reasons.lines().map(str::to_owned).collect(),
        state: DuplicateState::parse(&row.get::<String>(5)?).unwrap_or(DuplicateState::Open),
        found_at: row.get(6)?,
        gain: row.get(7)?,
        closed_because: row.get(8)?,
    })
}
