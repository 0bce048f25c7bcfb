//! Between the wire and the app: pyramids, models, what-if, facts.

use marque_api::scoring::v1 as pb;
use marque_core::{FactId, Timestamp};
use marque_events::to_proto_time;
use marque_insight::{
    rank::{Kind, Standing, Tier},
    value::{Indicator, Model},
};

use super::score::standing_to_pb;
use crate::{
    app::{PyramidShown, Recorded, TierShown, WhatIfAnswer},
    domain::{By, Cell, Happening, Report, Table},
    error::{Error, Result},
    storage::{StoredModel, Told},
};

/// Person unless said otherwise.
pub(super) fn kind(text: &str) -> Result<Kind> {
    if text.is_empty() {
        return Ok(Kind::Person);
    }
    Kind::parse(text).ok_or_else(|| Error::field("kind", "UNKNOWN", "person or organization"))
}

/// All if empty.
pub(super) fn tier(text: &str) -> Result<Option<Tier>> {
    if text.is_empty() {
        return Ok(None);
    }
    let tier = Tier::ALL.into_iter().find(|tier| tier.key() == text);
    tier.map(Some)
        .ok_or_else(|| Error::field("tier", "UNKNOWN", "vip, major, ordinary or small"))
}

pub(super) fn pyramid_to_pb(shown: PyramidShown) -> pb::GetPyramidResponse {
    let count = |tier: &TierShown| pb::TierCount {
        tier: tier.tier.key().to_owned(),
        customers: tier.customers as i64,
        border_hundredths: tier.border,
    };
    pb::GetPyramidResponse {
        kind: shown.kind.key().to_owned(),
        brand: shown.brand,
        size: shown.size as i64,
        tiers: shown.tiers.iter().map(count).collect(),
        unscored: shown.unscored,
        opted_out: shown.opted_out,
        model_version: shown.model_version,
        brands: shown.brands,
        tier_margin_permille: shown.margin_permille as i64,
    }
}

pub(super) fn model_to_pb(stored: StoredModel) -> pb::Model {
    let weights = Model::from_toml(&stored.toml).map_or_else(
        |_| Vec::new(),
        |model| {
            let weight = |indicator: Indicator| pb::Weight {
                indicator: indicator.key().to_owned(),
                weight: model.weights().given(indicator),
            };
            Indicator::ALL.map(weight).to_vec()
        },
    );
    pb::Model {
        version: stored.version,
        toml: stored.toml,
        active: stored.is_active,
        activated_at: stored.activated_at.map(to_proto_time),
        created_at: Some(to_proto_time(stored.created_at)),
        weights,
    }
}

/// A fact as it is handed out. Of these kinds the version is the instant at which it was said.
pub(super) fn fact_to_pb((fact, replaced_at): Told) -> pb::ExportedFact {
    let Happening {
        id,
        kind,
        record,
        dealer,
        vin,
        happened_at,
        ended_at,
        amount_minor,
        level,
        odometer_km: _,
        code,
        version,
        withdrawn_at,
    } = fact;
    pb::ExportedFact {
        id: FactId::from(id).to_string(),
        kind: kind.code().to_owned(),
        source_record_id: record.map_or_else(String::new, |record| record.to_string()),
        dealer,
        vin,
        happened_at: Some(to_proto_time(happened_at)),
        ended_at: ended_at.map(to_proto_time),
        amount_minor,
        value: level,
        subject: code,
        said_at: Some(to_proto_time(Timestamp::from_micros(version))),
        withdrawn_at: withdrawn_at.map(to_proto_time),
        replaced_at: replaced_at.map(to_proto_time),
    }
}

pub(super) fn what_if_to_pb(answer: &WhatIfAnswer) -> pb::WhatIfResponse {
    let name = |tier: Option<Tier>| tier.map_or("unscored", Tier::key).to_owned();
    let moves = answer
        .moves
        .iter()
        .map(|(from, to, customers)| pb::TierMove {
            from: name(*from),
            to: name(*to),
            customers: *customers as i64,
        });
    let movers = answer.movers.iter().map(|mover| {
        let standing = |place: Option<marque_insight::rank::Place>, sizes: &[u64; 2]| {
            place.map(|place| {
                let standing = Standing {
                    rank: place.rank,
                    size: sizes[mover.kind as usize],
                    tier: place.tier,
                };
                standing_to_pb(standing, "")
            })
        };
        pb::Mover {
            customer_id: mover.id.to_string(),
            kind: mover.kind.key().to_owned(),
            from: standing(mover.from, &answer.sizes[0]),
            to: standing(mover.to, &answer.sizes[1]),
        }
    });
    pb::WhatIfResponse {
        population: answer.population as i64,
        moved: answer.moved as i64,
        moves: moves.collect(),
        movers: movers.collect(),
    }
}

/// A report and by what customers are told apart in it.
pub(super) fn report(name: &str, by: &str) -> Result<(Report, By)> {
    let report = Report::parse(name).ok_or_else(|| {
        let known = Report::ALL.map(|(_, name)| name).join(", ");
        Error::field("report", "UNKNOWN", format!("one of {known}"))
    })?;
    let by = By::parse(by).ok_or_else(|| {
        let known = "dealer, region, model, occupation or age, and for retention cohort";
        Error::field("by", "UNKNOWN", known)
    })?;
    Ok((report, by))
}

pub(super) fn table_to_pb(table: Table) -> pb::GetReportResponse {
    let cell = |cell: Cell| match cell {
        Cell::Text(text) => pb::ReportCell {
            value: Some(pb::report_cell::Value::Text(text)),
        },
        Cell::Number(number) => pb::ReportCell {
            value: Some(pb::report_cell::Value::Number(number)),
        },
        Cell::Unknown => pb::ReportCell { value: None },
    };
    let row = |row: Vec<Cell>| pb::ReportRow {
        cells: row.into_iter().map(cell).collect(),
    };
    pb::GetReportResponse {
        kinds: table
            .columns
            .iter()
            .map(|(_, holds)| holds.word().to_owned())
            .collect(),
        columns: table
            .columns
            .into_iter()
            .map(|(name, _)| name.to_owned())
            .collect(),
        rows: table.rows.into_iter().map(row).collect(),
    }
}

pub(super) fn recorded_to_pb(recorded: Recorded) -> pb::PutFactResponse {
    let text = |id: Option<String>| id.unwrap_or_default();
    pb::PutFactResponse {
        id: recorded.id.to_string(),
        source_record_id: text(recorded.record.map(|id| id.to_string())),
        customer_id: text(recorded.customer.map(|id| id.to_string())),
        changed: recorded.outcome == marque_intake::Outcome::Stored,
    }
}
