//! Why two customers may be one, in words and weights; and whether a row that is being typed is somebody known.

use marque_auth::{CallContext, Role};
use marque_core::{CustomerId, DealerCode, SourceRecordId};
use marque_db::Conn;
use marque_ledger::{Entry, record};
use marque_linkage::{
    dealer::{Frequencies, KeyKind, Prepared, compare},
    score::{Outcome, Reason, Veto, probability},
};
use marque_rpc::CallMeta;

use super::{CustomerApp, ingest::known::Known, ready::Keys};
use crate::{
    domain::{Columns, Facts, File, Match, Matcher, SourceRecord, features, finite},
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
pub(super) struct Compared {
    pub(super) record: SourceRecordId,
    pub(super) seq: i64,
    features: Prepared,
    keys: Keys,
}

/// How two records resemble each other.
pub(super) struct Likeness<'r> {
    one: &'r Compared,
    pub(super) other: &'r Compared,
    /// log2 odds that they are one customer's.
    pub(super) bits: f32,
    reasons: Vec<Reason>,
    pub(super) veto: Option<Veto>,
}

impl Likeness<'_> {
    /// The pair that resembles each other more; of two alike the first.
    pub(super) fn nearer(self, other: Self) -> Self {
        if other.bits > self.bits { other } else { self }
    }
}

/// What weighs records: the matcher as it is now, and how common their values are.
pub(super) struct Scales {
    known: Known,
    matcher: Matcher,
}

impl Scales {
    /// One record against each of some others, in their order.
    pub(super) fn weigh<'r>(
        &self,
        one: &'r Compared,
        others: impl IntoIterator<Item = &'r Compared>,
    ) -> impl Iterator<Item = Likeness<'r>> {
        let frequencies = self.known.frequencies(&one.keys, &one.features);
        let decider = self.matcher.decider();
        others.into_iter().map(move |other| {
            let (bits, reasons, veto) =
                decider.explain(&one.features, &other.features, &frequencies);
            Likeness {
                one,
                other,
                bits,
                reasons,
                veto,
            }
        })
    }

    /// Whether the one would be linked to the other if there were no other record.
    pub(super) fn links(&self, pair: &Likeness<'_>) -> bool {
        pair.veto.is_none() && self.matcher.is_sure(probability(pair.bits))
    }

    /// The weights of a pair, strongest first, and what both share with so many that it weighs nothing.
    pub(super) fn waterfall(&self, pair: Likeness<'_>) -> Vec<Reason> {
        let Likeness {
            one,
            other,
            mut reasons,
            ..
        } = pair;
        for reason in &mut reasons {
            reason.bits = finite(reason.bits);
        }
        reasons.extend(crowds(&self.known, one, other));
        reasons
    }
}

impl CustomerApp {
    /// The weights of the two records that resemble each other most.
    pub(super) fn evidence(
        &self,
        conn: &mut Conn<'_>,
        left: &File,
        right: &File,
    ) -> Result<Vec<Reason>> {
        let (left, right) = (self.compared(&left.records), self.compared(&right.records));
        let scales = self.scales(conn, &left)?;
        let pairs = left.iter().flat_map(|one| scales.weigh(one, &right));
        let nearest = pairs.reduce(Likeness::nearer);
        Ok(nearest.map_or_else(Vec::new, |pair| scales.waterfall(pair)))
    }

    /// What weighs some records against others.
    pub(super) fn scales(&self, conn: &mut Conn<'_>, records: &[Compared]) -> Result<Scales> {
        let keys: Vec<&Keys> = records.iter().map(|record| &record.keys).collect();
        Ok(Scales {
            known: Known::load(&self.store, conn, &keys, std::iter::empty())?,
            matcher: self.matcher(conn)?,
        })
    }

    /// How the two records that resemble each other most compare: what a steward's word on the pair teaches.
    pub(super) fn outcome(
        &self,
        conn: &mut Conn<'_>,
        left: &File,
        right: &File,
    ) -> Result<Outcome> {
        let (left, right) = (self.compared(&left.records), self.compared(&right.records));
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

    pub(super) fn compared(&self, records: &[SourceRecord]) -> Vec<Compared> {
        let of_record = |record: &SourceRecord| {
            let (facts, _) = Facts::of(&record.columns, record.received_at);
            let features = features(&record.columns, facts.kind);
            let keys = Keys::of(self.store.vault(), &record.dealer, &facts, &features);
            Compared {
                record: record.id,
                seq: record.seq,
                features,
                keys,
            }
        };
        records.iter().map(of_record).collect()
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
        let ranked = known.rank(&matcher, &keys, &features, &frequencies);
        let sure = ranked.iter().find(|found| matcher.links(found));
        // Whom something speaks against is worth the question too: of the row as it is a steward would be asked.
        let unopposed = ranked.iter().find(|found| !found.is_contradicted);
        let likely = unopposed.or_else(|| ranked.first());
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
        let customer = self.store.get_customer_by_serial(conn, found.customer)?;
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
