//! A whole network, put all or nothing.

use std::collections::{BTreeMap, BTreeSet};

use marque_auth::{CallContext, Role};
use marque_core::DealerCode;
use marque_db::Conn;
use marque_errors::Violation;
use marque_ledger::Keyed;
use prost::Message;

use super::NetworkApp;
use crate::{
    domain::{Dealer, Only, Staff, read_code},
    error::{Error, Result},
};

/// Wrong fields that are told; whoever has more has another file.
const MOST_WRONG: usize = 100;

/// A network as it was sent.
#[derive(Clone)]
pub(crate) struct Sent {
    pub(crate) dealers: Vec<Dealer<String>>,
    /// Staff of these or of earlier dealers.
    pub(crate) staff: Vec<Staff<String>>,
}

/// Entries whose codes can be read, each with its place in what was sent.
type Placed<T> = Vec<(usize, T)>;

impl NetworkApp {
    /// Puts a whole network, all or nothing; the answer is made of the numbers of dealers and of staff.
    ///
    /// # Errors
    /// [`Error::Invalid`] with all that is wrong with it, each by its place.
    pub(crate) async fn apply<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        sent: Sent,
        answer: impl Fn(usize, usize) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require(Role::HqAdmin)?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                keyed.once(conn, &ctx, app.clock.now(), "ApplyNetwork", |conn| {
                    let (dealers, staff) = app.read_network(conn, &ctx, sent.clone())?;
                    let answer = answer(dealers.len(), staff.len());
                    app.put_dealers(conn, &ctx, dealers)?;
                    app.put_all_staff(conn, &ctx, &staff, Only::Anybody)?;
                    Ok::<_, Error>(answer)
                })
            })
            .await
    }

    /// The entries with their codes, if nothing is wrong with any.
    fn read_network(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        sent: Sent,
    ) -> Result<(Vec<Dealer>, Vec<Staff>)> {
        let mut wrong = Vec::new();
        let mut dealers: Placed<Dealer> = Vec::with_capacity(sent.dealers.len());
        for (at, dealer) in sent.dealers.into_iter().enumerate() {
            let code = read_code(&dealer.code, format!("dealers[{at}].code"));
            let of_fields = dealer.violations(&format!("dealers[{at}]."));
            match code {
                Ok(code) => dealers.push((at, dealer.with_code(code))),
                Err(violation) => wrong.push(violation),
            }
            wrong.extend(of_fields);
        }
        let mut staff: Placed<Staff> = Vec::with_capacity(sent.staff.len());
        for (at, one) in sent.staff.into_iter().enumerate() {
            let dealer = read_code(&one.dealer, format!("staff[{at}].dealer"));
            let of_fields = one.violations(&format!("staff[{at}]."));
            match dealer {
                Ok(dealer) => staff.push((at, one.of_dealer(dealer))),
                Err(violation) => wrong.push(violation),
            }
            wrong.extend(of_fields);
        }
        let codes = dealers.iter().map(|(at, one)| (*at, &one.code));
        wrong.extend(named_twice("dealers", codes));
        let codes = staff
            .iter()
            .map(|(at, one)| (*at, (&one.dealer, &one.code)));
        wrong.extend(named_twice("staff", codes));
        wrong.extend(self.strangers(conn, ctx, &dealers, &staff)?);
        if wrong.is_empty() {
            Ok((bare(dealers), bare(staff)))
        } else {
            wrong.truncate(MOST_WRONG);
            Err(Error::Invalid(wrong))
        }
    }

    /// Staff of dealers who are neither there nor sent with them, each by its place.
    fn strangers(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        dealers: &[(usize, Dealer)],
        staff: &[(usize, Staff)],
    ) -> Result<Vec<Violation>> {
        let sent = dealers.iter().map(|(_, dealer)| (&dealer.code, true));
        let mut known: BTreeMap<&DealerCode, bool> = sent.collect();
        let mut strangers = Vec::new();
        for (at, one) in staff {
            let is_known = if let Some(is_known) = known.get(&one.dealer) {
                *is_known
            } else {
                let found = self.store.find_dealer(conn, ctx.scope(), &one.dealer)?;
                known.insert(&one.dealer, found.is_some());
                found.is_some()
            };
            if !is_known {
                strangers.push(Violation::new(
                    format!("staff[{at}].dealer"),
                    "INVALID",
                    "no such dealer: put the dealer first",
                ));
            }
        }
        Ok(strangers)
    }
}

fn bare<T>(placed: Placed<T>) -> Vec<T> {
    placed.into_iter().map(|(_, one)| one).collect()
}

/// Entries of a list whose key an earlier one has already: which of them counts is not for us to say.
fn named_twice<K: Ord>(list: &str, keys: impl Iterator<Item = (usize, K)>) -> Vec<Violation> {
    let mut seen = BTreeSet::new();
    keys.filter_map(|(at, key)| (!seen.insert(key)).then_some(at))
        .map(|at| {
            Violation::new(
                format!("{list}[{at}].code"),
                "INVALID",
                "named twice: leave one of them out",
            )
        })
        .collect()
}
