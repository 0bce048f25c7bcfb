//! Use cases of the network service.

mod apply;
mod published;

use std::collections::BTreeSet;

use marque_auth::{CallContext, Role};
use marque_core::{DealerCode, PageRequest, SharedClock};
use marque_db::{Conn, Database};
use marque_ledger::{Entry, Keyed, record};
use prost::Message;

pub(crate) use apply::Sent;
pub(crate) use published::dealer_to_pb;

use crate::{
    domain::{Dealer, Only, Staff},
    error::{Error, Result},
    storage::NetworkStore,
};

#[derive(Debug, Clone)]
pub(crate) struct NetworkApp {
    store: NetworkStore,
    db: Database,
    clock: SharedClock,
}

impl NetworkApp {
    pub(crate) fn new(store: NetworkStore, db: Database, clock: SharedClock) -> Self {
        Self { store, db, clock }
    }

    /// Creates or replaces a dealer; the answer is made of it and of whether it is new. A version other than 0 must be the
    /// one that is stored; a negative one is that of a dealer who is not there yet.
    pub(crate) async fn put_dealer<R: Message + 'static, A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        keyed: Keyed<R>,
        dealer: Dealer,
        answer: impl Fn(Dealer, bool) -> A + Send + 'static,
    ) -> Result<A> {
        ctx.require(Role::HqAdmin)?;
        let violations = dealer.violations("");
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let app = self.clone();
        self.db
            .write(move |conn| {
                keyed.once(conn, &ctx, app.clock.now(), "PutDealer", |conn| {
                    let (mut put, created) = app.put_dealers(conn, &ctx, vec![dealer.clone()])?;
                    Ok::<_, Error>(answer(put.pop().expect("one dealer was put"), created > 0))
                })
            })
            .await
    }

    /// Puts dealers in the caller's transaction and tells the others of those that changed; also returns how many are new.
    fn put_dealers(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        dealers: Vec<Dealer>,
    ) -> Result<(Vec<Dealer>, usize)> {
        self.store.lock_dealers(conn)?;
        let now = self.clock.now();
        let (mut put, mut changed, mut created) = (Vec::new(), Vec::new(), 0);
        for mut dealer in dealers {
            let earlier = self.store.find_dealer(conn, ctx.scope(), &dealer.code)?;
            let version = earlier.as_ref().map_or(0, |earlier| earlier.version);
            if dealer.version != 0 && dealer.version.max(0) != version {
                return Err(Error::DealerChanged);
            }
            if let Some(earlier) = earlier.filter(|earlier| earlier.says_the_same(&dealer)) {
                put.push(earlier);
                continue;
            }
            created += usize::from(version == 0);
            dealer.version = version + 1;
            dealer.updated_at = now;
            self.store.put_dealer(conn, &dealer)?;
            let entry = Entry {
                act: "dealer_put",
                subject: dealer.code.as_str(),
                dealer: dealer.code.as_str(),
                detail: "",
            };
            record(conn, ctx, now, &entry)?;
            changed.push(dealer.clone());
            put.push(dealer);
        }
        published::dealers_put(conn, &*self.clock, &changed)?;
        Ok((put, created))
    }

    pub(crate) async fn get_dealer(&self, ctx: CallContext, code: DealerCode) -> Result<Dealer> {
        let store = self.store.clone();
        self.db
            .read(move |conn| {
                store
                    .find_dealer(conn, ctx.scope(), &code)?
                    .ok_or(Error::DealerUnknown)
            })
            .await
    }

    pub(crate) async fn list_dealers(
        &self,
        ctx: CallContext,
        region: String,
        page: PageRequest,
    ) -> Result<Vec<Dealer>> {
        let store = self.store.clone();
        self.db
            .scan(move |conn| store.list_dealers(conn, ctx.scope(), &region, &page))
            .await
    }

    /// Creates or replaces a member of staff. A manager may do so for his own dealer. Sent twice it says the same twice, so
    /// no answer is kept for a key: it would hold a name and a phone.
    pub(crate) async fn put_staff(
        &self,
        ctx: CallContext,
        staff: Staff,
        only: Only,
    ) -> Result<Staff> {
        ctx.require([Role::HqAdmin, Role::Manager])?;
        let violations = staff.violations("");
        if !violations.is_empty() {
            return Err(Error::Invalid(violations));
        }
        let app = self.clone();
        self.db
            .write(move |conn| {
                app.put_all_staff(conn, &ctx, std::slice::from_ref(&staff), only)?;
                Ok(staff.clone())
            })
            .await
    }

    /// Puts staff in the caller's transaction and tells the others whose of them changed.
    fn put_all_staff(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        staff: &[Staff],
        only: Only,
    ) -> Result<()> {
        let mut changed = BTreeSet::new();
        for one in staff {
            if self.put_one_staff(conn, ctx, one, only)? {
                changed.insert(one.dealer.as_str());
            }
        }
        published::staff_put(conn, &*self.clock, &changed)
    }

    /// Puts one of them; says whether he is new or changed.
    fn put_one_staff(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        staff: &Staff,
        only: Only,
    ) -> Result<bool> {
        let now = self.clock.now();
        self.store
            .find_dealer(conn, ctx.scope(), &staff.dealer)?
            .ok_or(Error::DealerUnknown)?;
        let earlier = self.store.find_staff(conn, &staff.dealer, &staff.code)?;
        if !self.store.put_staff(conn, staff, only, now)? {
            return Err(Error::StaffExists);
        }
        let dealer = staff.dealer.as_str();
        record(
            conn,
            ctx,
            now,
            &Entry {
                act: "staff_put",
                subject: &staff.code,
                dealer,
                detail: "",
            },
        )?;
        Ok(earlier.as_ref() != Some(staff))
    }

    pub(crate) async fn list_staff(
        &self,
        ctx: CallContext,
        dealer: DealerCode,
        page: PageRequest,
    ) -> Result<Vec<Staff>> {
        let store = self.store.clone();
        self.db
            .scan(move |conn| store.list_staff(conn, ctx.scope(), &dealer, &page))
            .await
    }
}
