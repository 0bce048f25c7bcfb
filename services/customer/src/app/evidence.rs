//! Why two customers may be one, in words and weights; and whether a row that is being typed is somebody known.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, DealerCode};
use marque_db::Conn;
use marque_ledger::{Entry, record};
use marque_linkage::{
    dealer::{Frequencies, KeyKind, Prepared, compare},
    score::{Outcome, Reason},
};
use marque_rpc::CallMeta;

use super::{CustomerApp, ingest::known::Known, ready::Keys};
use crate::{
    domain::{Columns, Facts, File, Match, features, finite},
    error::{Error, Result},
};

/// Whether a row that is being typed is somebody who is known already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recognition {
    /// Surely.
    Known,
    /// Perhaps: worth asking the customer.
    Likely,
    /// Nobody.
    None,
}

/// From so many people on a shared value says nothing of who is who.
const CROWD: u32 = 8;

/// A record with what linkage compares of it.
struct Compared {
    features: Prepared,
    keys: Keys,
}

impl CustomerApp {
    /// The weights of the two records that resemble each other most.
    pub(super) fn evidence(
        &self,
        conn: &mut Conn<'_>,
        left: &File,
        right: &File,
    ) -> Result<Vec<Reason>> {
        let (left, right) = (self.compared(left), self.compared(right));
        let keys: Vec<&Keys> = left.iter().map(|record| &record.keys).collect();
        let known = Known::load(&self.store, conn, &keys, std::iter::empty())?;
        let matcher = self.matcher(conn)?;
        let mut best: Option<(f32, Vec<Reason>, &Compared, &Compared)> = None;
        for one in &left {
            let frequencies = known.frequencies(&one.keys, &one.features);
            for other in &right {
                let (bits, reasons, _) =
                    matcher
                        .decider()
                        .explain(&one.features, &other.features, &frequencies);
                if best.as_ref().is_none_or(|(most, ..)| bits > *most) {
                    best = Some((bits, reasons, one, other));
                }
            }
        }
        let Some((_, mut reasons, one, other)) = best else {
            return Ok(Vec::new());
        };
        for reason in &mut reasons {
            reason.bits = finite(reason.bits);
        }
        reasons.extend(crowds(&known, one, other));
        Ok(reasons)
    }

    /// How the two records that resemble each other most compare: what a steward's word on the pair teaches.
    pub(super) fn outcome(
        &self,
        conn: &mut Conn<'_>,
        left: &File,
        right: &File,
    ) -> Result<Outcome> {
        let (left, right) = (self.compared(left), self.compared(right));
        let (matcher, plain) = (self.matcher(conn)?, Frequencies::default());
        let bits = |one: &Compared, other: &Compared| {
            let decider = matcher.decider();
            decider.explain(&one.features, &other.features, &plain).0
        };
        let best = left
            .iter()
            .flat_map(|one| right.iter().map(move |other| (one, other)))
            .max_by(|a, b| bits(a.0, a.1).total_cmp(&bits(b.0, b.1)));
        Ok(best.map_or_else(Outcome::default, |(one, other)| {
            compare(&one.features, &other.features, &plain, &plain)
        }))
    }

    fn compared(&self, file: &File) -> Vec<Compared> {
        let of_record = |record: &crate::domain::SourceRecord| {
            let (facts, _) = Facts::of(&record.columns, record.received_at);
            let features = features(&record.columns, facts.kind);
            let keys = Keys::of(self.store.vault(), &record.dealer, &facts, &features);
            Compared { features, keys }
        };
        file.records.iter().map(of_record).collect()
    }

    /// Whether a row is somebody who is known, before it is written. Says nothing of him to a dealer who does not see him
    /// yet; the question goes on record.
    pub(crate) async fn recognise(
        &self,
        ctx: CallContext,
        meta: CallMeta,
        dealer: String,
        columns: Columns,
    ) -> Result<(Recognition, Option<CustomerId>)> {
        ctx.require([
            Role::Dms,
            Role::Sales,
            Role::Service,
            Role::Manager,
            Role::Agent,
            Role::Steward,
            Role::HqAdmin,
        ])?;
        let dealer = self.directory.check(&meta, &dealer).await?;
        let app = self.clone();
        self.db
            .write(move |conn| app.recognise_in(conn, &ctx, &dealer, &columns))
            .await
    }

    fn recognise_in(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        dealer: &DealerCode,
        columns: &Columns,
    ) -> Result<(Recognition, Option<CustomerId>)> {
        let now = self.clock.now();
        let (facts, _) = Facts::of(columns, now);
        let features = features(columns, facts.kind);
        let keys = Keys::of(self.store.vault(), dealer, &facts, &features);
        let known = Known::load(&self.store, conn, &[&keys], std::iter::empty())?;
        let frequencies = known.frequencies(&keys, &features);
        let matcher = self.matcher(conn)?;
        let ranked = matcher.rank(&features, &frequencies, &known.candidates(&keys));
        let sure = ranked.iter().find(|found| matcher.links(found));
        let likely = ranked.iter().find(|found| !found.is_contradicted);
        let (recognition, found) = match (sure, likely) {
            (Some(found), _) => (Recognition::Known, Some(found)),
            (None, Some(found)) => (Recognition::Likely, Some(found)),
            (None, None) => (Recognition::None, None),
        };
        let customer = found
            .map(|found| self.in_sight(conn, ctx, found))
            .transpose()?
            .flatten();
        let entry = Entry {
            act: "duplicate_checked",
            subject: "",
            dealer: dealer.as_str(),
            detail: recognition.as_str(),
        };
        record(conn, ctx, now, &entry)?;
        Ok((recognition, customer))
    }

    /// The customer of a match, if the caller sees him.
    fn in_sight(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        found: &Match,
    ) -> Result<Option<CustomerId>> {
        let customer = self.store.get_customer_by_number(conn, found.customer)?;
        match self.open_file(conn, ctx.scope(), customer, self.clock.now()) {
            Ok(_) => Ok(Some(customer.id)),
            Err(Error::CustomerUnknown) => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl Recognition {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Known => "known",
            Self::Likely => "likely",
            Self::None => "none",
        }
    }
}

/// Values that both share with so many others that they weigh nothing: a steward wonders why they are not counted.
fn crowds(known: &Known, one: &Compared, other: &Compared) -> Vec<Reason> {
    let keys = one.keys.blocking.iter().zip(&one.keys.blocks);
    keys.filter(|(key, token)| {
        let is_value = matches!(
            key.kind,
            KeyKind::Phone | KeyKind::Vin | KeyKind::Plate | KeyKind::Home
        );
        is_value && other.keys.blocks.contains(token)
    })
    .filter_map(|(key, token)| {
        let people = known.sharing(*token);
        (people >= CROWD).then(|| Reason {
            field: key.kind.words().to_owned(),
            finding: format!("{} shared by {people} people", key.kind.words()),
            bits: 0.0,
        })
    })
    .collect()
}
