//! Consents.

use marque_auth::CallContext;
use marque_core::CustomerId;
use marque_errors::Violation;
use marque_ledger::{Entry, record};

use super::{CustomerApp, published, words::check_words};
use crate::{
    domain::{Consent, PURPOSES},
    error::{Error, Result},
};

impl CustomerApp {
    /// Gives or withdraws consent; counts from the next call on.
    pub(crate) async fn put_consent(
        &self,
        ctx: CallContext,
        id: CustomerId,
        mut consent: Consent,
    ) -> Result<Consent> {
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
        ])?;
        let (app, now) = (self.clone(), self.clock.now());
        consent.changed_at = now;
        self.db
            .write(move |conn| {
                let customer = app.store.get_customer(conn, id)?;
                app.open_file(conn, ctx.scope(), customer, now)?;
                app.store.put_consent(conn, customer.number, &consent)?;
                app.store.touch_customers(conn, &[customer.number], now)?;
                published::consent(
                    conn,
                    &*app.clock,
                    customer.id,
                    &consent.purpose,
                    consent.given,
                )?;
                let act = if consent.given {
                    "consent_given"
                } else {
                    "consent_withdrawn"
                };
                let subject = customer.id.to_string();
                let dealer = ctx.scope().dealer().map_or("", |dealer| dealer.as_str());
                record(
                    conn,
                    &ctx,
                    now,
                    &Entry {
                        act,
                        subject: &subject,
                        dealer,
                        detail: &consent.purpose,
                    },
                )?;
                Ok(consent.clone())
            })
            .await
    }
}
