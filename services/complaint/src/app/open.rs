//! Opening a case.

use std::sync::Arc;

use marque_api::complaint::v1::{FindRepeatsRequest, OpenComplaintRequest};
use marque_auth::{CallContext, Scope};
use marque_core::{
    ComplaintId, CustomerId, DealerCode, SourceRecordId, Timestamp, source_record_id,
};
use marque_db::{Conn, StoreError};
use marque_intake::{IntakeError, dealer_code};
use marque_ledger::{Entry as Act, IdempotencyKey, record};
use marque_quality::text::tidy;
use marque_rpc::CallMeta;
use prost::Message;

use super::{
    CaseApp, Numbered, Shown,
    draft::{self, Draft, Raw},
    publish::{self, Change},
    read::{hide_beside, is_customer},
};
use crate::{
    domain::{Case, CaseSerial, Clock, Entry, State, Tier, kinds_of},
    error::{Error, Result},
    storage::{self, NewCase},
};

/// A case that was opened, and others that may be about the same.
pub(crate) struct Opened {
    pub(crate) shown: Shown,
    pub(crate) similar: Vec<Numbered>,
}

impl Opened {
    /// The cases that it tells of.
    fn cases(&self) -> Vec<ComplaintId> {
        let similar = self.similar.iter().map(|other| other.case.id);
        std::iter::once(self.shown.case.id).chain(similar).collect()
    }
}

/// The name under which answers are kept for idempotency keys.
const METHOD: &str = "complaint.open";
/// Longest name of a source system, in characters.
const SOURCE_CHARS: usize = 64;

/// Who complains: his record and, as far as it is known, the customer it belongs to.
pub(super) type Who = (Option<SourceRecordId>, Option<CustomerId>);

impl CaseApp {
    /// Opens a case; `answer` makes what the idempotency key remembers.
    pub(crate) async fn open<A: Message + Default + 'static>(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        key: Option<IdempotencyKey>,
        mut request: OpenComplaintRequest,
        raw: Raw<'_>,
        answer: impl Fn(Opened) -> A + Send + Sync + 'static,
    ) -> Result<A> {
        if is_customer(&ctx) {
            request.source.clear();
        }
        let request = Arc::new(request);
        let earlier = self.answered(&ctx, (METHOD, key.as_ref()), &request);
        if let Some(answer) = earlier.await? {
            return Ok(answer);
        }
        let now = self.clock.now();
        let (mut draft, findings) = draft::read(&raw, now);
        let wrong = draft::violations(&raw, &draft, &findings);
        if !wrong.is_empty() {
            return Err(Error::Invalid(wrong));
        }
        if is_customer(&ctx) {
            draft.leave_to_the_house();
        } else if !(request.source.is_empty() && draft.complaint_key.is_empty()) {
            check_source(&request.source, "complaint_key")?;
        }
        let dealer = self.dealer(&ctx, meta, &request.dealer).await?;
        let keys = (
            request.source.as_str(),
            draft.customer_key.as_str(),
            request.customer_id.as_str(),
        );
        let who = self.who(&ctx, meta, &dealer, keys).await?;
        self.take_car(meta, dealer.as_str(), &mut draft, now)
            .await?;
        let app = self.clone();
        self.db
            .write(move |conn| {
                app.once(
                    conn,
                    (&ctx, now),
                    (METHOD, key.as_ref()),
                    &*request,
                    |conn| {
                        if let Scope::Customer(_) = ctx.scope() {
                            // He writes to whichever dealer he complains of.
                            conn.see_all_dealers()?;
                        }
                        let opened =
                            app.open_in(conn, &ctx, &dealer, (&*request, &draft, who), now)?;
                        Ok((opened.cases(), answer(opened)))
                    },
                )
            })
            .await
    }

    /// Open cases of the same customer or vehicle.
    pub(crate) async fn find_repeats(
        &self,
        ctx: CallContext,
        meta: &CallMeta,
        request: FindRepeatsRequest,
    ) -> Result<Vec<Numbered>> {
        // One that cannot be read would look like one without open cases.
        let vin = match request.vin.trim() {
            "" => String::new(),
            typed => {
                draft::check_vin(typed).map_err(|violation| Error::Invalid(vec![violation]))?
            }
        };
        let dealer = self.dealer(&ctx, meta, &request.dealer).await?;
        let keys = (
            request.source.as_str(),
            request.customer_key.as_str(),
            request.customer_id.as_str(),
        );
        let is_nobody = keys.1.is_empty() && keys.2.is_empty();
        let (record, customer) = if is_nobody {
            (None, None)
        } else {
            self.who(&ctx, meta, &dealer, keys).await?
        };
        let app = self.clone();
        self.db
            .read(move |conn| {
                let whose = (record, customer, vin.as_str());
                let mut open = app.store.find_open_of(conn, ctx.scope(), whose)?;
                hide_beside(conn, &ctx, &mut open)?;
                Ok(open.into_iter().map(|case| app.numbered(case)).collect())
            })
            .await
    }

    /// The dealer of a code. A customer may not ask the network service: what it has told by events must do for him.
    async fn dealer(&self, ctx: &CallContext, meta: &CallMeta, code: &str) -> Result<DealerCode> {
        if !matches!(ctx.scope(), Scope::Customer(_)) {
            return Ok(self.directory.check(meta, code).await?);
        }
        let dealer = dealer_code(code)?;
        let asked = dealer.clone();
        let is_known = self
            .db
            .across()
            .read(move |conn| storage::is_dealer_known(conn, asked.as_str()))
            .await?;
        if is_known {
            Ok(dealer)
        } else {
            Err(IntakeError::DealerUnknown.into())
        }
    }

    /// Who complains. A customer complains for himself, whatever he says.
    pub(super) async fn who(
        &self,
        ctx: &CallContext,
        meta: &CallMeta,
        dealer: &DealerCode,
        (source, key, id): (&str, &str, &str),
    ) -> Result<Who> {
        let named = match ctx.scope() {
            Scope::Customer(own) => Some(*own),
            _ if id.is_empty() => None,
            _ => Some(id.parse().map_err(|_| Error::CustomerUnknown)?),
        };
        if let Some(customer) = named {
            let (record, current) = self.customers.record_of(meta, customer, dealer).await?;
            let is_he = |id: CustomerId| id == customer || id == current;
            // A customer complains for himself, and does not learn whether there is another whom he names.
            if !(id.is_empty() || id.parse::<CustomerId>().is_ok_and(is_he)) {
                return Err(Error::CustomerUnknown);
            }
            return Ok((Some(record), Some(current)));
        }
        if key.is_empty() {
            let message = "say who complains: customer_key with source, or customer_id";
            return Err(Error::field("customer_key", "REQUIRED", message));
        }
        check_source(source, "customer_key")?;
        Ok((Some(source_record_id(dealer, source, &tidy(key))), None))
    }

    fn open_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        dealer: &DealerCode,
        (request, draft, who): (&OpenComplaintRequest, &Draft, Who),
        now: Timestamp,
    ) -> Result<Opened> {
        storage::lock_records(conn, who.0.into_iter())?;
        self.check_not_erased(conn, who.0)?;
        storage::share_hours(conn, dealer.as_str())?;
        if !draft.complaint_key.is_empty() {
            let keys = [draft.complaint_key.as_str()];
            let known = self
                .store
                .find_by_keys(conn, dealer.as_str(), &request.source, &keys)?;
            if let Some((known, _)) = known.first() {
                return Err(self.exists(known.serial));
            }
            let place = (dealer.as_str(), request.source.as_str(), keys[0]);
            if let Some(serial) = storage::serial_handed_over(conn, place)? {
                return Err(self.exists(serial));
            }
        }
        let serial = storage::take_serials(conn, 1)?[0];
        let mut case = self.make(dealer, &request.source, draft, serial, now);
        (case.record, case.customer) = who;
        if let Some(record) = case.record {
            let linked = storage::customers_of(conn, [record])?;
            case.customer = linked.get(&record).copied().or(case.customer);
        }
        case.tier = Self::tier(conn, draft, case.customer)?;
        let whose = (case.record, case.customer, case.vin.as_str());
        let mut similar = self.store.find_open_of(conn, ctx.scope(), whose)?;
        let twin = similar.iter().find(|open| open.is_twin_of(&case));
        if let Some(twin) = twin.filter(|_| !request.another_matter) {
            let number = self.store.number_of(twin.serial);
            return Err(Error::MayRepeat(number.to_string()));
        }
        case.repeat_of = storage::find_repeated(conn, ctx.scope(), &case)?;
        hide_beside(conn, ctx, &mut similar)?;
        let shown = self.write_new(conn, ctx, dealer, case, now)?;
        let similar = similar.into_iter().map(|open| self.numbered(open));
        Ok(Opened {
            shown,
            similar: similar.collect(),
        })
    }

    /// A case is there that has the key.
    fn exists(&self, serial: CaseSerial) -> Error {
        Error::Exists(self.store.number_of(serial).to_string())
    }

    /// Passes unless the person of the record was erased: nobody complains under his key any more. The caller holds the record.
    pub(super) fn check_not_erased(
        &self,
        conn: &mut Conn<'_>,
        record: Option<SourceRecordId>,
    ) -> Result<()> {
        let erased = marque_intake::entombed(conn, self.store.vault(), record)?;
        if erased.is_empty() {
            Ok(())
        } else {
            Err(Error::RecordErased)
        }
    }

    /// What the customer is to us: as was said, or else as the scoring service has told.
    pub(super) fn tier(
        conn: &mut Conn<'_>,
        draft: &Draft,
        customer: Option<CustomerId>,
    ) -> std::result::Result<Option<Tier>, StoreError> {
        if draft.tier.is_some() {
            return Ok(draft.tier);
        }
        Self::told_tier(conn, customer)
    }

    /// What the customer is to us, as the scoring service has told.
    pub(super) fn told_tier(
        conn: &mut Conn<'_>,
        customer: Option<CustomerId>,
    ) -> std::result::Result<Option<Tier>, StoreError> {
        let Some(customer) = customer else {
            return Ok(None);
        };
        let customer = storage::current_customer(conn, customer)?;
        storage::tier_of(conn, customer)
    }

    /// A case of a draft, received now.
    pub(super) fn make(
        &self,
        dealer: &DealerCode,
        source: &str,
        draft: &Draft,
        serial: CaseSerial,
        now: Timestamp,
    ) -> Case {
        Case {
            id: ComplaintId::new(&*self.clock),
            serial,
            dealer: dealer.as_str().to_owned(),
            source: source.to_owned(),
            complaint_key: draft.complaint_key.clone(),
            record: None,
            customer: None,
            vin: draft.vin.clone(),
            visit: draft.visit.clone(),
            channel: draft.channel.to_owned(),
            category: draft.category.clone(),
            severity: draft.severity,
            tier: draft.tier,
            department: draft.department.to_owned(),
            part: draft.part.clone(),
            fault: draft.fault.clone(),
            state: State::Received,
            level: 0,
            opened_at: draft.opened_at.unwrap_or(now).min(now),
            recorded_at: now,
            acknowledged_at: None,
            resolved_at: None,
            closed_at: None,
            updated_at: now,
            reopened: 0,
            repeat_of: None,
            satisfaction: [0, 0],
            version: 1,
            words: draft.words.clone(),
        }
    }

    fn write_new(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        dealer: &DealerCode,
        case: Case,
        now: Timestamp,
    ) -> Result<Shown> {
        let body = self.store.seal(&case)?;
        let new = NewCase {
            case: &case,
            content: &[],
            body: &body,
        };
        storage::insert_cases(conn, &[new])?;
        // A later one may be on record already.
        let remarked = storage::remark_later(conn, &case)?;
        let calendar = self.calendar(conn, ctx.scope(), dealer.as_str())?;
        let clocks: Vec<Clock> = kinds_of(&case.category)
            .iter()
            .map(|kind| {
                Clock::start(
                    *kind,
                    self.budget(*kind, &case),
                    case.begins(*kind),
                    &calendar,
                )
            })
            .collect();
        let owned = clocks.iter().map(|clock| (case.id, dealer.as_str(), clock));
        storage::save_clocks(conn, owned)?;
        let entry = Entry {
            act: "opened",
            at: now,
            actor: ctx.actor().to_string(),
            from: String::new(),
            to: case.state.code().to_owned(),
            note: String::new(),
        };
        self.note(conn, case.id, &entry)?;
        let subject = case.id.to_string();
        let act = Act {
            act: "complaint_opened",
            subject: &subject,
            dealer: dealer.as_str(),
            detail: &case.category,
        };
        record(conn, ctx, now, &act)?;
        publish::one(conn, &*self.clock, publish::OPENED, Change::of(&case, now))?;
        self.tell_remarked(conn, &remarked, now)?;
        self.show(conn, ctx, case)
    }
}

/// Passes if the source system of a key can be called so.
fn check_source(source: &str, key: &str) -> Result<()> {
    if source.trim().is_empty() || source.chars().count() > SOURCE_CHARS {
        let message =
            format!("name the source system of {key}, such as dms, in 1 to 64 characters");
        return Err(Error::field("source", "REQUIRED", message));
    }
    Ok(())
}
