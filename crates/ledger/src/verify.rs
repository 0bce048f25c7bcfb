//! Verification: walks the record from its beginning and says where it is not what was written.

use std::collections::{BTreeMap, HashMap};

use marque_core::Timestamp;
use marque_db::{Conn, Row, StoreError, Value};

use crate::{
    chain::{ChainHash, START, Sealed, read_hash},
    heads::Head,
};

/// A place where the record is not what was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A record says something else than it did, or follows another than it did.
    #[error("record {link} of {} (seq {seq}) was changed", chain_of(.dealer))]
    Changed {
        /// Dealer of the chain.
        dealer: String,
        /// Number in the chain.
        link: i64,
        /// Position in the table.
        seq: i64,
    },
    /// Records are gone from the middle of a chain.
    #[error("records {first} to {last} of {} are missing", chain_of(.dealer))]
    Missing {
        /// Dealer of the chain.
        dealer: String,
        /// First that is gone.
        first: i64,
        /// Last that is gone.
        last: i64,
    },
    /// A record stands where its number does not belong: it was moved or put in.
    #[error("record {link} of {} (seq {seq}) stands in the wrong place", chain_of(.dealer))]
    Misplaced {
        /// Dealer of the chain.
        dealer: String,
        /// Number it bears.
        link: i64,
        /// Position in the table.
        seq: i64,
    },
    /// A record bears no hash although the chain had begun.
    #[error("the record at seq {seq} is in no chain")]
    Unchained {
        /// Position in the table.
        seq: i64,
    },
    /// A chain ends before its known end.
    #[error("{} ends at record {found}, but {known} were written", chain_of(.dealer))]
    Cut {
        /// Dealer of the chain.
        dealer: String,
        /// Last record that is there.
        found: i64,
        /// Last record known, from the table of heads or a signed one.
        known: i64,
    },
    /// A record is not the one whose hash was signed: the chain was written anew.
    #[error("record {link} of {} is not the one that was signed", chain_of(.dealer))]
    Rewritten {
        /// Dealer of the chain.
        dealer: String,
        /// Number in the chain.
        link: i64,
    },
    /// The table of heads does not end where the chain does.
    #[error("the head of {} is not its last record", chain_of(.dealer))]
    HeadDiffers {
        /// Dealer of the chain.
        dealer: String,
    },
}

fn chain_of(dealer: &str) -> String {
    if dealer.is_empty() {
        "headquarters' chain".to_owned()
    } else {
        format!("the chain of {dealer}")
    }
}

/// What a verification came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Records in chains.
    pub records: u64,
    /// When the first of them was written.
    pub first_at: Option<Timestamp>,
    /// Records from before there were chains: nothing can be said of them.
    pub unchained: u64,
    /// Chains.
    pub chains: usize,
    /// Signed heads that a record was found for.
    pub signed: u64,
    /// What is wrong, in the order of the record; empty if nothing is.
    pub faults: Vec<Fault>,
}

/// A verification under way. Memory grows with the number of dealers, not of records.
#[derive(Debug)]
pub struct Verification {
    chains: HashMap<String, Chain>,
    after: i64,
    verdict: Verdict,
}

/// How far a chain was followed.
#[derive(Debug)]
struct Chain {
    link: i64,
    hash: ChainHash,
    /// Hashes that were signed, by number.
    signed: BTreeMap<i64, ChainHash>,
}

impl Default for Chain {
    fn default() -> Self {
        Self {
            link: 0,
            hash: START,
            signed: BTreeMap::new(),
        }
    }
}

/// Records read at a time.
const PAGE: u32 = 5_000;

impl Verification {
    /// Begins; `signed` are heads kept outside the database, in any order.
    pub fn new(signed: impl IntoIterator<Item = Head>) -> Self {
        let mut chains: HashMap<String, Chain> = HashMap::new();
        for head in signed {
            let chain = chains.entry(head.dealer).or_default();
            chain.signed.insert(head.link, head.hash);
        }
        Self {
            chains,
            after: 0,
            verdict: Verdict {
                records: 0,
                first_at: None,
                unchained: 0,
                chains: 0,
                signed: 0,
                faults: Vec::new(),
            },
        }
    }

    /// Reads and checks some thousand records; false when there are no more.
    ///
    /// # Errors
    /// If the record cannot be read.
    pub fn step(&mut self, conn: &mut Conn<'_>) -> Result<bool, StoreError> {
        let sql =
            "SELECT seq, at, dealer, actor, act, subject, detail, request_id, link, hash FROM audit
                   WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        let (after, limit) = (self.after, Value::from(PAGE));
        let read = conn.query(sql, &[after.into(), limit], |row| self.check(row))?;
        Ok(read.len() == PAGE as usize)
    }

    /// Ends it: every chain must reach the end that is known of it.
    ///
    /// # Errors
    /// If the table of heads cannot be read.
    pub fn finish(mut self, conn: &mut Conn<'_>) -> Result<Verdict, StoreError> {
        let mut heads: HashMap<String, Head> = crate::heads(conn)?
            .into_iter()
            .map(|head| (head.dealer.clone(), head))
            .collect();
        let mut ends: Vec<(String, Chain)> = self.chains.into_iter().collect();
        ends.sort_by(|one, other| one.0.cmp(&other.0));
        let faults = &mut self.verdict.faults;
        for (dealer, chain) in ends {
            self.verdict.chains += usize::from(chain.link > 0);
            let head = heads.remove(&dealer);
            let last_signed = chain.signed.last_key_value().map_or(0, |(link, _)| *link);
            let known = head.as_ref().map_or(0, |head| head.link).max(last_signed);
            if known > chain.link {
                let found = chain.link;
                faults.push(Fault::Cut {
                    dealer,
                    found,
                    known,
                });
            } else if head.is_none_or(|head| head.link != chain.link || head.hash != chain.hash) {
                faults.push(Fault::HeadDiffers { dealer });
            }
        }
        // Chains of which nothing is left but the head.
        let mut rest: Vec<Head> = heads.into_values().collect();
        rest.sort_by(|one, other| one.dealer.cmp(&other.dealer));
        faults.extend(rest.into_iter().map(|head| Fault::Cut {
            dealer: head.dealer,
            found: 0,
            known: head.link,
        }));
        Ok(self.verdict)
    }

    fn check(&mut self, row: &Row<'_>) -> Result<(), StoreError> {
        let seq: i64 = row.get(0)?;
        self.after = seq;
        let (link, hash) = (row.get::<Option<i64>>(8)?, row.get::<Option<Vec<u8>>>(9)?);
        let (Some(link), Some(hash)) = (link, hash) else {
            self.verdict.unchained += 1;
            if self.verdict.records > 0 {
                self.verdict.faults.push(Fault::Unchained { seq });
            }
            return Ok(());
        };
        let (dealer, actor, act) = (
            row.get::<String>(2)?,
            row.get::<String>(3)?,
            row.get::<String>(4)?,
        );
        let (subject, detail, request_id) = (
            row.get::<String>(5)?,
            row.get::<String>(6)?,
            row.get::<String>(7)?,
        );
        let sealed = Sealed {
            link,
            at: row.get(1)?,
            dealer: &dealer,
            actor: &actor,
            act: &act,
            subject: &subject,
            detail: &detail,
            request_id: &request_id,
        };
        // A hash of another length cannot be the right one.
        let stored = read_hash(9, &hash).unwrap_or(START);
        self.verdict.records += 1;
        let at = Timestamp::from_micros(sealed.at);
        self.verdict.first_at.get_or_insert(at);
        self.follow(seq, &sealed, stored);
        Ok(())
    }

    fn follow(&mut self, seq: i64, record: &Sealed<'_>, stored: ChainHash) {
        if !self.chains.contains_key(record.dealer) {
            self.chains
                .insert(record.dealer.to_owned(), Chain::default());
        }
        let chain = self
            .chains
            .get_mut(record.dealer)
            .expect("the chain was put in if it was not there");
        let faults = &mut self.verdict.faults;
        let (link, dealer) = (record.link, || record.dealer.to_owned());
        if link <= chain.link {
            let dealer = dealer();
            faults.push(Fault::Misplaced { dealer, link, seq });
            return;
        }
        if link > chain.link + 1 {
            faults.push(Fault::Missing {
                dealer: dealer(),
                first: chain.link + 1,
                last: link - 1,
            });
        } else if record.hash(&chain.hash) != stored {
            let dealer = dealer();
            faults.push(Fault::Changed { dealer, link, seq });
        }
        if let Some(signed) = chain.signed.get(&link) {
            self.verdict.signed += 1;
            if *signed != stored {
                faults.push(Fault::Rewritten {
                    dealer: record.dealer.to_owned(),
                    link,
                });
            }
        }
        // From here on as if this one were right, so that one change is told once.
        (chain.link, chain.hash) = (link, stored);
    }
}
