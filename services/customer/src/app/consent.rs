//! Consents.

use marque_api::customer::v1::PutConsentResponse;
use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, CustomerSerial, Timestamp};
use marque_db::{Conn, lock_key};
use marque_errors::Violation;
use marque_events::SHARING;
use marque_ledger::{Entry, Keyed, record};
use prost::Message;

use super::{CustomerApp, published, words::check_words};
use crate::{
    domain::{Consent, PURPOSES},
    error::{Error, Result},
};

impl CustomerApp {
    /// Gives or withdraws consent; counts from the next call on. `answer` is the wire's: a key keeps it, for nothing in it
    /// tells who somebody is.
    pub(crate) async fn put_consent(
        &self,
        ctx: CallContext,
        keyed: Keyed<impl Message + 'static>,
        (id, expected_version): (CustomerId, i64),
        mut consent: Consent,
        answer: fn(Consent) -> PutConsentResponse,
    ) -> Result<PutConsentResponse> {
        check(&consent)?;
        let (app, now) = (self.clone(), self.clock.now());
        consent.changed_at = now;
        self.db
            .write(move |conn| {
                keyed.once(conn, &ctx, now, "PutConsent", |conn| {
                    if expected_version < 0 {
                        app.expect_silence(conn, &ctx, id, &consent.purpose)?;
                    } else {
                        app.expect_version(conn, &ctx, id, expected_version)?;
                    }
                    app.put_consent_in(conn, &ctx, id, &consent, now)?;
                    Ok(answer(consent.clone()))
                })
            })
            .await
    }

    /// Those of the customers who withdrew consent to one of the purposes, or were erased: for services that hear of it by an event,
    /// which comes later.
    pub(crate) async fn who_withdrew(
        &self,
        ctx: &CallContext,
        customers: Vec<CustomerId>,
        purposes: Vec<String>,
    ) -> Result<Vec<CustomerId>> {
        ctx.require(Role::Peer)?;
        let store = self.store.clone();
        self.db
            .read(move |conn| store.who_withdrew(conn, &customers, &purposes))
            .await
    }

    /// Passes if a customer has said nothing on a purpose, and keeps him so until the transaction ends. That he may be seen at
    /// all is asked first.
    fn expect_silence(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: CustomerId,
        purpose: &str,
    ) -> Result<()> {
        self.store.lock_identities(conn)?;
        let customer = self.store.get_customer(conn, id)?;
        lock_consents(conn, [customer.id])?;
        let serial = customer.serial;
        self.open_file(conn, ctx.scope(), customer, self.clock.now())?;
        let family = self.store.family(conn, serial)?;
        let said = self.store.consents_of(conn, &family)?;
        if said.iter().any(|consent| consent.purpose == purpose) {
            return Err(Error::ConsentExists);
        }
        Ok(())
    }

    /// Shuts a customer's file to all who received him, or whoever was merged into him, if the last of their words on sharing is no: of
    /// two who were just merged a dealer may have received the one, and the other may have said it. Answers whether there was a file to
    /// shut: then it is told of ([`Self::tell_shut`]), after all rows are written.
    pub(super) fn shut_if_withdrawn(
        &self,
        conn: &mut Conn<'_>,
        (id, serial): (CustomerId, CustomerSerial),
    ) -> Result<bool> {
        let sharing = [SHARING.to_owned()];
        let withdrawn = self.store.who_withdrew(conn, &[id], &sharing)?;
        if withdrawn.is_empty() {
            return Ok(false);
        }
        let family = self.store.family(conn, serial)?;
        Ok(self.store.shut_receptions(conn, &family)? > 0)
    }

    /// Tells whoever keeps receptions of his own that a customer's file is shut, after it was told who was merged into him.
    pub(super) fn tell_shut(&self, conn: &mut Conn<'_>, customer: CustomerId) -> Result<()> {
        published::consent(conn, &*self.clock, customer, SHARING, false)
    }

    fn put_consent_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        id: CustomerId,
        consent: &Consent,
        now: Timestamp,
    ) -> Result<()> {
        let customer = self.store.get_customer(conn, id)?;
        lock_consents(conn, [customer.id])?;
        self.open_file(conn, ctx.scope(), customer, now)?;
        self.store.put_consent(conn, customer.serial, consent)?;
        self.store.touch_customers(conn, &[customer.serial], now)?;
        let (purpose, given) = (&consent.purpose, consent.given);
        if purpose == SHARING && !given {
            let family = self.store.family(conn, customer.serial)?;
            self.store.shut_receptions(conn, &family)?;
        }
        published::consent(conn, &*self.clock, customer.id, purpose, given)?;
        let act = if given {
            "consent_given"
        } else {
            "consent_withdrawn"
        };
        let subject = customer.id.to_string();
        let dealer = ctx.scope().dealer().map_or("", |dealer| dealer.as_str());
        let entry = Entry {
            act,
            subject: &subject,
            dealer,
            detail: purpose,
        };
        Ok(record(conn, ctx, now, &entry)?)
    }
}

/// The words of customers follow each other: one that is only to be the first must not be said over another, and whoever goes by what
/// was said goes by the last.
pub(super) fn lock_consents(
    conn: &mut Conn<'_>,
    customers: impl IntoIterator<Item = CustomerId>,
) -> Result<()> {
    let keys = customers
        .into_iter()
        .map(|customer| lock_key(customer.uuid().as_bytes()));
    Ok(conn.lock_keys(&mut keys.collect())?)
}

fn check(consent: &Consent) -> Result<()> {
    let mut violations = Vec::new();
    if !PURPOSES.contains(&consent.purpose.as_str()) {
        violations.push(Violation::new(
            "purpose",
            "UNKNOWN",
            format!("one of {}", PURPOSES.join(", ")),
        ));
    }
    if consent.given && consent.notice_version.trim().is_empty() {
        let message = "version of the notice the customer was shown (PIPL Art. 14, 17)";
        violations.push(Violation::new("notice_version", "MISSING", message));
    }
    if !violations.is_empty() {
        return Err(Error::Invalid(violations));
    }
    check_words(&[
        ("notice_version", &consent.notice_version),
        ("channel", &consent.channel),
    ])
}
