//! Repair orders of a car, as the service-history service has them.

mod taken_back;

use std::{collections::BTreeSet, time::Duration};

use marque_api::service_history::v1::{
    Line, ListVehicleVisitsRequest, Visit,
    service_history_service_client::ServiceHistoryServiceClient,
};
use marque_auth::PeerTokens;
use marque_core::{Timestamp, business_date};
use marque_events::from_proto_time;
use marque_insight::law::guarantees::{Repair, Replacement, SafetyFault};
use marque_quality::{Payer, date::BUSINESS_OFFSET_SECONDS, text::half_width};
use marque_rpc::{CallMeta, RequestId, RpcTransport, capped};

use self::taken_back::{only_takes_back, replaced_by};
use crate::{
    domain::{assembly_named, described, safety_fault},
    error::{Error, Result},
};

/// Repair orders asked for at once, which with all their lines fit into a message, and most of them.
const PAGE: i32 = 100;
const MOST_VISITS: usize = 5_000;
/// How long is waited for them where nobody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// Asks the service-history service.
#[derive(Debug, Clone)]
pub(crate) struct History {
    client: ServiceHistoryServiceClient<RpcTransport>,
    tokens: PeerTokens,
}

impl History {
    pub(crate) fn new(transport: RpcTransport, tokens: PeerTokens) -> Self {
        Self {
            client: capped!(ServiceHistoryServiceClient::new(transport)),
            tokens,
        }
    }

    /// Repairs of a car that count towards the three guarantees, for what the service does by itself.
    pub(crate) async fn repairs_unasked(&self, vin: &str, now: Timestamp) -> Result<Vec<Repair>> {
        let meta = CallMeta::new(RequestId::random()).within(PATIENCE);
        self.repairs(&meta, vin, now).await
    }

    /// The same for a caller who was found to see the car. This service asks as itself, so that the repairs at all dealers count.
    pub(crate) async fn repairs(
        &self,
        meta: &CallMeta,
        vin: &str,
        now: Timestamp,
    ) -> Result<Vec<Repair>> {
        let meta = meta.clone().with_token(&self.tokens.token(now));
        let (mut visits, mut page_token): (Vec<Visit>, String) = (Vec::new(), String::new());
        loop {
            let request = ListVehicleVisitsRequest {
                vin: vin.to_owned(),
                page_size: PAGE,
                page_token,
                headers_only: false,
                strangers: Vec::new(),
            };
            let mut client = self.client.clone();
            let page = client.list_vehicle_visits(meta.outgoing(request)).await;
            let page = page
                .map_err(|status| Error::History(Box::new(status)))?
                .into_inner();
            visits.extend(page.visits);
            page_token = page.next_page_token;
            if page_token.is_empty() || visits.len() >= MOST_VISITS {
                return Ok(repairs_of(&visits));
            }
        }
    }
}

/// The repairs among a car's visits. One that was never closed is over once the car has come again on another day: many systems do not say
/// when a car left, and it cannot have stood in two workshops.
fn repairs_of(visits: &[Visit]) -> Vec<Repair> {
    // Several orders of one stay are opened on one day.
    let day = |visit: &Visit| opened(visit).map(business_date);
    let came = visits.iter().filter(|visit| !only_takes_back(visit));
    let last = came.filter_map(day).max();
    visits
        .iter()
        .zip(replaced_by(visits))
        .filter_map(|(visit, replaced)| {
            let is_over = visit.closed_at.is_none() && day(visit) < last;
            let mut repair = repair(visit, replaced?)?;
            if is_over {
                repair.completed_at = Some(repair.agreed_at);
            }
            Some(repair)
        })
        .collect()
}

fn opened(visit: &Visit) -> Option<Timestamp> {
    visit.opened_at.as_ref().map(from_proto_time)
}

/// A visit as the counters read it, with what it replaced; `None` of one that is no repair, or of which nobody knows when it began.
fn repair(visit: &Visit, replaced: Vec<Replacement>) -> Option<Repair> {
    let is_warranty = visit.kind == "warranty";
    let is_repair = is_warranty || visit.kind == "repair";
    let is_covered = is_warranty || visit.lines.iter().any(is_paid_by_maker);
    if !is_repair && !is_covered {
        return None;
    }
    let opened = opened(visit)?;
    let closed = visit.closed_at.as_ref().map(from_proto_time);
    // What was taken back was no work.
    let work = covered_lines(visit).filter(|line| line.quantity_milli >= 0);
    let of_order = visit.fault_codes.iter().filter(|_| is_warranty);
    let defects: BTreeSet<String> = work
        .clone()
        .map(|line| &line.fault_code)
        .chain(of_order)
        .map(|code| one_spelling(code))
        .filter(|code| !code.is_empty())
        .collect();
    // Without any code only the words of the diagnosis tell one defect from another.
    let has_words_alone = is_warranty && defects.is_empty();
    let words = has_words_alone.then(|| described(&visit.diagnosis));
    // Where nothing of an assembly was replaced, the work done on it or the diagnosis says where the defect is.
    let named = || {
        let mut texts = work.clone().map(|line| line.name.as_str());
        let by_line = texts.find_map(assembly_named);
        by_line.or_else(|| assembly_named(&visit.diagnosis))
    };
    let assembly = replaced.first().map(|each| each.assembly);
    Some(Repair {
        order: format!("{}/{}", visit.dealer, visit.order_number),
        agreed_at: local(opened),
        completed_at: closed.map(local),
        excluded_hours: f64::from(visit.transport_minutes) / 60.0,
        driven_km: f64::from(visit.odometer_km),
        defects,
        described: words.flatten(),
        assembly: assembly.or_else(named),
        safety_fault: safety_fault_of(visit),
        replaced,
        is_covered,
        has_substitute: !visit.substitute.trim().is_empty(),
    })
}

/// The lines of an order that are under guarantee: those at the maker's expense, and of one under warranty all but those that the
/// customer or his insurer pays for.
fn covered_lines(visit: &Visit) -> impl Iterator<Item = &Line> + Clone {
    let is_warranty = visit.kind == "warranty";
    let lines = visit.lines.iter();
    lines.filter(move |line| match Payer::parse(&line.payer) {
        Some(Payer::Maker) => true,
        Some(Payer::Customer | Payer::Insurer) => false,
        Some(Payer::Dealer) | None => is_warranty,
    })
}

/// Whether a line is at the maker's expense, in whatever words.
fn is_paid_by_maker(line: &Line) -> bool {
    Payer::parse(&line.payer) == Some(Payer::Maker)
}

/// What a repair order says of a serious safety fault: what the workshop found before what the customer told.
fn safety_fault_of(visit: &Visit) -> Option<SafetyFault> {
    let by_workshop = safety_fault(&visit.diagnosis);
    let fault = by_workshop.or_else(|| safety_fault(&visit.complaint_text))?;
    Some(SafetyFault {
        early: fault.early,
        is_found: by_workshop.is_some_and(|fault| fault.is_found),
    })
}

/// A code as one writes it: dealers differ in width, case, spaces and hyphens.
fn one_spelling(code: &str) -> String {
    let is_part = |letter: &char| !letter.is_whitespace() && !matches!(letter, '-' | '_' | '.');
    let letters = code.chars().map(half_width).filter(is_part);
    letters.flat_map(char::to_uppercase).collect()
}

/// The time on a clock in China.
pub(crate) fn local(at: Timestamp) -> chrono::NaiveDateTime {
    let shifted = at.as_micros() + i64::from(BUSINESS_OFFSET_SECONDS) * 1_000_000;
    chrono::DateTime::from_timestamp_micros(shifted).map_or_else(
        || business_date(at).and_time(chrono::NaiveTime::MIN),
        |time| time.naive_utc(),
    )
}

#[cfg(test)]
mod tests {
    use marque_api::service_history::v1::LineKind;
    use marque_events::to_proto_time;
    use marque_insight::law::guarantees::{Assembly, EarlyFault};

    use super::*;

    fn visit() -> Visit {
        Visit {
            dealer: "D1".to_owned(),
            order_number: "R1".to_owned(),
            kind: "warranty".to_owned(),
            opened_at: Some(to_proto_time(Timestamp::from_micros(0))),
            ..Visit::default()
        }
    }

    fn line(kind: LineKind, code: &str, name: &str, fault_code: &str) -> Line {
        Line {
            kind: kind.into(),
            code: code.to_owned(),
            name: name.to_owned(),
            fault_code: fault_code.to_owned(),
            quantity_milli: 1_000,
            ..Line::default()
        }
    }

    fn read(visit: &Visit) -> Option<Repair> {
        repairs_of(std::slice::from_ref(visit)).pop()
    }

    #[test]
    fn a_repair_is_read_from_its_order() {
        let found = read(&Visit {
            complaint_text: "刹车失灵".to_owned(),
            diagnosis: "经检查发现燃油泄漏".to_owned(),
            substitute: "代步车 3 天".to_owned(),
            lines: vec![
                line(LineKind::Part, "44-10 b", "电动助力转向机", "c 1201"),
                line(LineKind::Part, "4410B", "电动助力转向机", "C-1201"),
                line(LineKind::Labour, "L7", "检查", "P0300"),
            ],
            ..visit()
        })
        .unwrap();
        assert_eq!(found.defects, ["C1201", "P0300"].map(str::to_owned).into());
        let parts: Vec<Option<&str>> = found
            .replaced
            .iter()
            .map(|each| each.main_part.as_deref())
            .collect();
        assert_eq!(parts, [Some("4410B")], "one part, two spellings");
        let fault = found.safety_fault.unwrap();
        assert!(fault.is_found && fault.early == Some(EarlyFault::FuelLeak));
        assert!(found.has_substitute && found.is_covered);
    }

    #[test]
    fn a_part_that_was_taken_back_is_not_replaced() {
        let part = |name: &str, quantity_milli| Line {
            quantity_milli,
            ..line(LineKind::Part, "", name, "C1")
        };
        for (lines, replaced, defects) in [
            (vec![part("发动机总成", 1_000)], 1, 1),
            (vec![part("发动机总成", 0)], 0, 1),
            (
                vec![part("转向机总成", 1_000), part("转向机总成", -1_000)],
                0,
                1,
            ),
            (
                vec![part("转向机总成", 2_000), part("转向机总成", -1_000)],
                1,
                1,
            ),
            // Another part.
            (
                vec![part("转向机总成", 1_000), part("转向柱", -1_000)],
                1,
                1,
            ),
        ] {
            let found = read(&Visit { lines, ..visit() }).unwrap();
            let counted = (found.replaced.len(), found.defects.len());
            assert_eq!(counted, (replaced, defects), "{found:?}");
        }
    }

    #[test]
    fn codes_are_one_whatever_their_width_case_spaces_and_hyphens() {
        for typed in [
            "P0300",
            "Ｐ０３００",
            "Ｐ0300",
            "p-0300",
            "P 0300",
            "ｐ－０３００",
        ] {
            assert_eq!(one_spelling(typed), "P0300", "{typed}");
        }
        assert_eq!(one_spelling("P0301"), "P0301");
    }

    #[test]
    fn what_the_maker_pays_counts_in_whatever_words() {
        for (payer, is_counted) in [
            ("warranty", true),
            ("厂家", true),
            ("主机厂付款", true),
            ("保修", true),
            ("索赔", true),
            ("三包", true),
            ("客户", false),
            ("保险", false),
            ("内部", false),
            ("老王", false),
            ("", false),
        ] {
            let found = read(&Visit {
                kind: "repair".to_owned(),
                lines: vec![Line {
                    payer: payer.to_owned(),
                    ..line(LineKind::Part, "E1", "发动机总成", "")
                }],
                ..visit()
            });
            let found = found.unwrap();
            let counted = (found.is_covered, found.replaced.len());
            assert_eq!(counted, (is_counted, usize::from(is_counted)), "{payer}");
        }
    }

    #[test]
    fn what_the_customer_pays_beside_work_under_warranty_does_not_count() {
        let paid_by = |payer: &str, name: &str, fault_code: &str| Line {
            payer: payer.to_owned(),
            ..line(LineKind::Part, "", name, fault_code)
        };
        for (payer, is_counted) in [
            ("客户自费", false),
            ("保险", false),
            ("内部", true),
            ("", true),
        ] {
            let lines = vec![
                paid_by("厂家", "变速箱阀体", "C1"),
                paid_by(payer, "转向机总成", "C2"),
            ];
            let found = read(&Visit { lines, ..visit() }).unwrap();
            let counted = (found.replaced.len(), found.defects.len());
            let expected = if is_counted { (2, 2) } else { (1, 1) };
            assert_eq!(counted, expected, "{payer}");
        }
    }

    #[test]
    fn without_a_code_the_diagnosis_says_which_defect_it_is() {
        let words = |kind: &str, code: &str, diagnosis: &str| {
            let visit = Visit {
                kind: kind.to_owned(),
                diagnosis: diagnosis.to_owned(),
                lines: vec![line(LineKind::Labour, "L7", "变速箱检修", code)],
                ..visit()
            };
            let found = read(&visit)?;
            assert_eq!(found.assembly, Some(Assembly::Gearbox));
            found.described
        };
        let noise = Some("变速箱异响2挡".to_owned());
        assert_eq!(words("warranty", "", "变速箱异响，2挡"), noise);
        assert_eq!(words("warranty", "", " 变速箱 异响（２挡）"), noise);
        for (kind, code, diagnosis) in [
            ("warranty", "P0741", "变速箱异响"),
            ("warranty", "", "变速箱异响，路试未复现"),
            ("warranty", "", ""),
            ("repair", "", "变速箱异响"),
        ] {
            assert_eq!(words(kind, code, diagnosis), None, "{diagnosis}");
        }
    }

    #[test]
    fn a_fault_that_no_line_answers_is_a_defect_of_work_under_warranty() {
        let defects = |kind: &str| {
            let visit = Visit {
                kind: kind.to_owned(),
                fault_codes: vec!["p-0300".to_owned()],
                ..visit()
            };
            read(&visit).unwrap().defects
        };
        assert_eq!(defects("warranty"), ["P0300".to_owned()].into());
        assert!(defects("repair").is_empty(), "the customer paid for it");
    }

    #[test]
    fn where_nothing_was_replaced_the_work_or_the_diagnosis_names_the_assembly() {
        for (work, diagnosis, expected) in [
            ("变速箱阀体清洗", "换挡顿挫", Some(Assembly::Gearbox)),
            ("检查", "变速箱漏油", Some(Assembly::Gearbox)),
            ("检查", "异响", None),
        ] {
            let found = read(&Visit {
                diagnosis: diagnosis.to_owned(),
                lines: vec![line(LineKind::Labour, "L1", work, "")],
                ..visit()
            });
            assert_eq!(found.unwrap().assembly, expected, "{work}, {diagnosis}");
        }
    }

    #[test]
    fn a_fault_that_only_the_customer_tells_of_is_not_found() {
        let told = read(&Visit {
            complaint_text: "高速上刹车失灵".to_owned(),
            diagnosis: "制动系统检查正常".to_owned(),
            ..visit()
        });
        assert!(!told.unwrap().safety_fault.unwrap().is_found);
        let sought = read(&Visit {
            diagnosis: "客户反映制动失灵，路试未复现".to_owned(),
            ..visit()
        });
        let sought = sought.unwrap().safety_fault.unwrap();
        assert!(!sought.is_found && sought.early == Some(EarlyFault::BrakeFailure));
        let nothing = read(&Visit {
            kind: "maintenance".to_owned(),
            ..visit()
        });
        assert_eq!(nothing, None, "no repair");
    }
}
