//! Between the contract and the service's own words.

use marque_api::quality::v1 as pb;
use marque_errors::Violation;
use marque_events::to_proto_time;
use marque_quality::{
    Dimension, Field, Finding as Flaw, Lang, Params, RecordKind, Rule, Severity,
    falsification::{Evidence, Kind},
    standard::Check,
};
use uuid::Uuid;

use super::dictionary::text;
use crate::{
    app::{
        CardLevel, CardQuery, Change, Detail, Means, Moved, RegionDetail, Replayed, ToMend,
        Version, state_code,
    },
    domain::{AlertState, Counter, Finding, Found, OVERALL, SignFigures, kind_of, rounded},
    error::{Error, Result},
    events::id_text,
    storage::{CardRow, KeptSuspect, RuleCount},
};

/// The level of a card of all dealers there are.
const NETWORK: &str = "network";

/// A field holds none of its choices.
pub(super) fn choice(field: &str, choices: &str) -> Error {
    let violation = Violation::new(field, "UNKNOWN", format!("use {choices}"));
    Error::Invalid(vec![violation])
}

/// A kind of record; customers if not said.
pub(super) fn kind(code: &str) -> Result<RecordKind> {
    Ok(kind_or_all(code)?.unwrap_or(RecordKind::Customers))
}

/// A kind of record; all if not said.
pub(super) fn kind_or_all(code: &str) -> Result<Option<RecordKind>> {
    if code.is_empty() {
        return Ok(None);
    }
    let known = kind_of(code).map(Some);
    known.ok_or_else(|| choice("kind", &RecordKind::ALL.map(RecordKind::code).join(", ")))
}

/// A purpose; the mean of all if not said.
pub(super) fn purpose(purpose: String) -> String {
    if purpose.is_empty() {
        OVERALL.to_owned()
    } else {
        purpose
    }
}

/// A record by any owner's id.
pub(super) fn record(id: &str) -> Result<Option<Uuid>> {
    if id.is_empty() {
        return Ok(None);
    }
    let hex = id.split_once('_').map(|(_, hex)| hex);
    let uuid = hex.and_then(|hex| Uuid::try_parse(hex).ok());
    uuid.map(Some)
        .ok_or_else(|| choice("record_id", "the id of a source record or visit"))
}

/// A state of alerts; open if not said, `None` for all.
pub(super) fn alert_state(code: &str) -> Result<Option<AlertState>> {
    match code {
        "" => Ok(Some(AlertState::Open)),
        "all" => Ok(None),
        code => AlertState::of(code)
            .map(Some)
            .ok_or_else(|| choice("state", "open, acknowledged, snoozed, closed or all")),
    }
}

pub(super) const fn dimension_code(dimension: Dimension) -> &'static str {
    match dimension {
        Dimension::Completeness => "completeness",
        Dimension::Validity => "validity",
        Dimension::Accuracy => "accuracy",
        Dimension::Consistency => "consistency",
        Dimension::Uniqueness => "uniqueness",
        Dimension::Timeliness => "timeliness",
    }
}

pub(super) const fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
        Severity::Reject => "reject",
    }
}

pub(super) fn standard_to_pb(version: Version) -> pb::Standard {
    let Version {
        standard,
        text,
        is_in_force,
        created_at,
    } = version;
    pb::Standard {
        kind: standard.kind.code().to_owned(),
        version: standard.version as i32,
        state: state_code(standard.state).to_owned(),
        effective_from: standard.effective_from.to_string(),
        text,
        in_force: is_in_force,
        created_at: created_at.map(to_proto_time),
    }
}

pub(super) fn replayed_to_pb(replayed: Replayed) -> pb::ReplayStandardResponse {
    let Replayed {
        changes,
        lost,
        gained,
    } = replayed;
    let change = |change: Change| {
        let Change {
            dealer,
            purpose,
            before,
            after,
        } = change;
        pb::ReplayChange {
            dealer,
            purpose,
            before: Some(means_to_pb(before)),
            after: Some(means_to_pb(after)),
        }
    };
    pb::ReplayStandardResponse {
        changes: changes.into_iter().map(change).collect(),
        lost,
        gained,
    }
}

fn means_to_pb(means: Means) -> pb::Means {
    let Means {
        records,
        qualified,
        total,
    } = means;
    pb::Means {
        records,
        qualified,
        total: rounded(total),
    }
}

pub(super) fn card_to_pb(query: &CardQuery, row: CardRow) -> pb::Scorecard {
    let CardRow {
        dealer,
        region,
        department,
        clerk,
        period,
        counter,
    } = row;
    let of = |dimension: Dimension| {
        let at = dimension as usize;
        Some(pb::DimensionScore {
            dimension: dimension_code(dimension).to_owned(),
            score: rounded(counter.dimension(at)?),
            records: counter.counts[at],
        })
    };
    pb::Scorecard {
        level: query.level.code().to_owned(),
        kind: query.kind.code().to_owned(),
        dealer,
        region,
        department,
        clerk,
        period,
        purpose: query.purpose.clone(),
        means: Some(means_to_pb(Means::of(&counter))),
        dimensions: Dimension::ALL.into_iter().filter_map(of).collect(),
        suspicious: counter.suspicious,
    }
}

pub(super) fn detail_to_pb(query: &CardQuery, detail: Detail) -> pb::GetScorecardResponse {
    let Detail {
        card,
        trend,
        rank,
        of,
        dealer,
        region,
        region_trend,
        moves,
        rules,
        to_mend,
    } = detail;
    let of_month = |(period, counter): (String, Counter)| pb::Scorecard {
        period,
        ..region_card(query, &card, counter)
    };
    let region_trend = region_trend.into_iter().map(of_month).collect();
    let dealer = dealer_card(query, &card, dealer);
    let region = region_card(query, &card, region);
    pb::GetScorecardResponse {
        scorecard: Some(card_to_pb(query, card)),
        trend: cards_to_pb(query, trend),
        rank,
        of,
        dealer: Some(dealer),
        region: Some(region),
        region_trend,
        moves: moves.into_iter().map(move_to_pb).collect(),
        rules: rules_to_pb(query, rules),
        worst: to_mend_to_pb(query, to_mend),
    }
}

pub(super) fn region_detail_to_pb(
    query: &CardQuery,
    detail: RegionDetail,
) -> pb::GetRegionScorecardResponse {
    let RegionDetail {
        card,
        trend,
        rank,
        of,
        network,
        moves,
        rules,
        to_mend,
    } = detail;
    let of_all = CardRow {
        region: String::new(),
        counter: network,
        ..card.clone()
    };
    let network = pb::Scorecard {
        level: NETWORK.to_owned(),
        ..card_to_pb(query, of_all)
    };
    pb::GetRegionScorecardResponse {
        scorecard: Some(card_to_pb(query, card)),
        trend: cards_to_pb(query, trend),
        rank,
        of,
        network: Some(network),
        moves: moves.into_iter().map(move_to_pb).collect(),
        rules: rules_to_pb(query, rules),
        worst: to_mend_to_pb(query, to_mend),
    }
}

fn cards_to_pb(query: &CardQuery, rows: Vec<CardRow>) -> Vec<pb::Scorecard> {
    let rows = rows.into_iter();
    rows.map(|row| card_to_pb(query, row)).collect()
}

fn move_to_pb(moved: Moved) -> pb::Move {
    let Moved {
        dimension,
        before,
        after,
    } = moved;
    pb::Move {
        dimension: dimension_code(dimension).to_owned(),
        before: rounded(before),
        after: rounded(after),
    }
}

fn rules_to_pb(query: &CardQuery, counts: Vec<RuleCount>) -> Vec<pb::RuleCount> {
    let counts = counts.into_iter();
    counts.map(|count| rule_to_pb(query, count)).collect()
}

fn to_mend_to_pb(query: &CardQuery, records: Vec<ToMend>) -> Vec<pb::WorstRecord> {
    let records = records.into_iter();
    records.map(|one| worst_to_pb(query.kind, one)).collect()
}

fn dealer_card(query: &CardQuery, card: &CardRow, counter: Counter) -> pb::Scorecard {
    let row = CardRow {
        department: String::new(),
        clerk: String::new(),
        counter,
        ..card.clone()
    };
    pb::Scorecard {
        level: CardLevel::Dealer.code().to_owned(),
        ..card_to_pb(query, row)
    }
}

fn region_card(query: &CardQuery, card: &CardRow, counter: Counter) -> pb::Scorecard {
    pb::Scorecard {
        level: CardLevel::Region.code().to_owned(),
        dealer: String::new(),
        ..dealer_card(query, card, counter)
    }
}

fn rule_to_pb(query: &CardQuery, count: RuleCount) -> pb::RuleCount {
    let RuleCount { field, rule, open } = count;
    let found = Found {
        field: field.clone(),
        rule: rule.clone(),
        other: String::new(),
        number: None,
        severity: Severity::Warning,
        strength: 0,
        value: None,
        repeats: None,
    };
    pb::RuleCount {
        text: Some(words(query.kind, &found).0),
        field,
        rule,
        open,
    }
}

fn worst_to_pb(kind: RecordKind, one: ToMend) -> pb::WorstRecord {
    let ToMend {
        record,
        gain,
        findings,
        failing,
    } = one;
    let failed_check = |check: Check| pb::FailedCheck {
        fields: check
            .fields
            .iter()
            .map(|field| field.column().to_owned())
            .collect(),
        dimension: dimension_code(check.dimension).to_owned(),
        id: check.id,
    };
    pb::WorstRecord {
        failed_checks: failing.into_iter().map(failed_check).collect(),
        id: record_text(kind, record.id),
        total: record.total as f64 / 100.0,
        gain,
        dealer: record.dealer,
        clerk: record.clerk,
        department: record.department,
        findings: findings.into_iter().map(finding_to_pb).collect(),
    }
}

pub(super) fn finding_to_pb(finding: Finding) -> pb::Finding {
    let (what, fix) = words(finding.kind, &finding.found);
    let Finding {
        id,
        record,
        kind,
        dealer,
        department,
        clerk,
        found,
        standard,
        state,
        opened_at,
        changed_at,
        reopened,
        reason,
        is_excused: _,
    } = finding;
    pb::Finding {
        id: id.to_string(),
        record_id: record_text(kind, record),
        kind: kind.code().to_owned(),
        dealer,
        clerk,
        department,
        field: found.field,
        rule: found.rule,
        severity: severity_code(found.severity).to_owned(),
        strength: found.strength as f64 / 1000.0,
        text: Some(what),
        how_to_fix: Some(fix),
        state: state.code().to_owned(),
        standard_version: standard as i32,
        opened_at: Some(to_proto_time(opened_at)),
        changed_at: Some(to_proto_time(changed_at)),
        reopened: reopened as i32,
        reason,
        repeats: found
            .repeats
            .map_or_else(String::new, |id| record_text(kind, id)),
    }
}

/// A vehicle's row has the id of a source record: one car has rows of several dealers.
fn record_text(kind: RecordKind, id: Uuid) -> String {
    match kind {
        RecordKind::Vehicles => id_text(RecordKind::Customers, id),
        kind => id_text(kind, id),
    }
}

/// What is wrong, and how to mend it.
fn words(kind: RecordKind, found: &Found) -> (pb::Text, pb::Text) {
    let field = |column: &str| Field::of(kind).find(|field| field.column() == column);
    let rule = Rule::ALL
        .into_iter()
        .find(|rule| rule.entry().id == found.rule);
    if let (Some(field_found), Some(rule)) = (field(&found.field), rule) {
        let flaw = Flaw {
            field: field_found,
            rule,
            severity: found.severity,
            params: Params {
                other: field(&found.other),
                number: found.number,
            },
        };
        let both = |say: fn(&Flaw, Lang) -> String| pb::Text {
            zh: say(&flaw, Lang::Zh),
            en: say(&flaw, Lang::En),
        };
        return (both(Flaw::text), both(Flaw::how_to_fix));
    }
    let what = Kind::of_code(&found.rule).map(|kind| text(kind.reason()));
    let fix = pb::Text {
        zh: "请与客户核实后按实填写；如属实，请注明原因后豁免。".to_owned(),
        en: "Ask the customer and fill what is true; if it is true, waive the finding with the reason.".to_owned(),
    };
    (what.unwrap_or_default(), fix)
}

pub(super) fn suspect_to_pb(suspect: KeptSuspect) -> pb::Suspect {
    let KeptSuspect {
        dealer,
        clerk,
        kind,
        figures,
        since,
    } = suspect;
    let Evidence { zh, en } = figures.evidence(kind);
    let SignFigures {
        strength,
        p,
        q,
        bearing,
        looked_at,
        expected,
        burst_at,
    } = figures;
    pb::Suspect {
        dealer,
        clerk,
        kind: kind.code().to_owned(),
        strength: rounded(strength),
        p,
        count: bearing,
        of: looked_at,
        reason: Some(text(kind.reason())),
        since: Some(to_proto_time(since)),
        expected: rounded(expected),
        q,
        evidence: Some(pb::Text { zh, en }),
        burst_at: burst_at.map(to_proto_time),
    }
}
