//! What workshops take back: a part of an order, or a whole order that was wrong and is written once more below zero, or as a
//! credit note, and then anew.

use marque_api::service_history::v1::{Line, LineKind, Visit};
use marque_insight::law::guarantees::Replacement;
use marque_quality::text::tidy;

use super::{covered_lines, one_spelling, opened};
use crate::domain::part_named;

/// Parts with how many thousandths of each; below zero where more was taken back than fitted.
type Fitted = Vec<(Replacement, i64)>;

/// What each of a car's orders replaced: of each part more than it took back itself, and a later order of its dealer. `None` of one that is
/// no work at all: it only takes back, or it was cancelled.
pub(super) fn replaced_by(visits: &[Visit]) -> Vec<Option<Vec<Replacement>>> {
    let mut in_time: Vec<usize> = (0..visits.len()).collect();
    // Where only days are known, an order comes before what cancels it.
    in_time.sort_by_key(|order| (opened(&visits[*order]), only_takes_back(&visits[*order])));
    let is_void = void(visits, &in_time);
    let of_order = |(visit, is_void): (&Visit, &bool)| {
        if *is_void {
            Fitted::new()
        } else {
            fitted_by(visit)
        }
    };
    let mut fitted: Vec<Fitted> = visits.iter().zip(&is_void).map(of_order).collect();
    for (place, order) in in_time.iter().enumerate() {
        let dealer = &visits[*order].dealer;
        let of_dealer = |earlier: &&usize| visits[**earlier].dealer == *dealer;
        let below_zero = fitted[*order].iter().filter(|(_, quantity)| *quantity < 0);
        let taken_back: Fitted = below_zero.cloned().collect();
        for (part, mut missing) in taken_back {
            for earlier in in_time[..place].iter().rev().filter(of_dealer) {
                let is_it = |(known, left): &&mut (Replacement, i64)| *known == part && *left > 0;
                if let Some((_, left)) = fitted[*earlier].iter_mut().find(is_it) {
                    let both = left.saturating_add(missing);
                    (*left, missing) = (both.max(0), both.min(0));
                }
            }
        }
    }
    let replaced = |(order, fitted): (usize, Fitted)| {
        let is_work = !is_void[order] && !only_takes_back(&visits[order]);
        let left = fitted.into_iter().filter(|(_, quantity)| *quantity > 0);
        is_work.then(|| left.map(|(part, _)| part).collect())
    };
    fitted.into_iter().enumerate().map(replaced).collect()
}

/// Whether an order does nothing but take back: each line is below zero by its quantity or, as on a credit note, by its price.
pub(super) fn only_takes_back(visit: &Visit) -> bool {
    let mut lines = visit.lines.iter();
    !visit.lines.is_empty() && lines.all(|line| line.quantity_milli < 0 || is_credit(line))
}

fn is_credit(line: &Line) -> bool {
    let price = line.unit_price.as_ref();
    price.is_some_and(|price| price.minor < 0)
}

/// How many thousandths a line of an order stands for, below zero where it takes back. Beside work a price below zero is a discount, and
/// takes nothing back.
fn counted(visit: &Visit) -> impl Fn(&Line) -> i64 {
    let only_takes_back = only_takes_back(visit);
    move |line| {
        if only_takes_back {
            -line.quantity_milli.saturating_abs()
        } else {
            line.quantity_milli
        }
    }
}

/// Whether each order is one of two of a dealer that say the same, the later one below zero: what was cancelled, and what cancels it.
fn void(visits: &[Visit], in_time: &[usize]) -> Vec<bool> {
    let mut is_void = vec![false; visits.len()];
    for (place, order) in in_time.iter().enumerate() {
        let later = &visits[*order];
        if !only_takes_back(later) {
            continue;
        }
        let taken_back = said(later, -1);
        let is_cancelled = |earlier: &&usize| {
            let visit = &visits[**earlier];
            !is_void[**earlier] && visit.dealer == later.dealer && said(visit, 1) == taken_back
        };
        let cancelled = in_time[..place].iter().rev().find(is_cancelled);
        if let Some(cancelled) = cancelled.copied() {
            (is_void[cancelled], is_void[*order]) = (true, true);
        }
    }
    is_void
}

/// The lines of an order in an order of their own: kind, name, and how many thousandths, times a sign.
fn said(visit: &Visit, sign: i64) -> Vec<(i32, String, i64)> {
    let quantity_of = counted(visit);
    let line = |line: &Line| {
        let quantity = quantity_of(line).saturating_mul(sign);
        (line.kind, name_of(line), quantity)
    };
    let mut lines: Vec<_> = visit.lines.iter().map(line).collect();
    lines.sort_unstable();
    lines
}

/// What the lines of one order under guarantee fitted.
fn fitted_by(visit: &Visit) -> Fitted {
    let mut fitted = Fitted::new();
    let quantity_of = counted(visit);
    for line in covered_lines(visit).filter(|line| line.kind() == LineKind::Part) {
        let Some(part) = replacement(line) else {
            continue;
        };
        match fitted.iter_mut().find(|(known, _)| *known == part) {
            Some((_, quantity)) => *quantity = quantity.saturating_add(quantity_of(line)),
            None => fitted.push((part, quantity_of(line))),
        }
    }
    fitted
}

/// The assembly a part belongs to, by its name; whole if the name is the assembly's own.
fn replacement(line: &Line) -> Option<Replacement> {
    let (assembly, is_whole) = part_named(&line.name)?;
    Some(Replacement {
        assembly,
        main_part: (!is_whole).then(|| name_of(line)),
    })
}

/// By what a line is known: its number, or its name where it has none.
fn name_of(line: &Line) -> String {
    if line.code.is_empty() {
        tidy(&line.name).into_owned()
    } else {
        one_spelling(&line.code)
    }
}

#[cfg(test)]
mod tests {
    use marque_api::service_history::v1::Money;
    use marque_core::Timestamp;
    use marque_events::to_proto_time;

    use super::super::repairs_of;
    use super::*;

    /// Number of a part or of work, and how many.
    type Said<'a> = (&'a str, i64);

    /// An order under warranty of a day. Numbers of work begin with an L.
    fn order(dealer: &str, day: i64, lines: &[Said<'_>]) -> Visit {
        let line = |(code, quantity): &Said<'_>| Line {
            kind: if code.starts_with('L') {
                LineKind::Labour.into()
            } else {
                LineKind::Part.into()
            },
            code: (*code).to_owned(),
            name: "转向机总成".to_owned(),
            fault_code: "C1".to_owned(),
            quantity_milli: quantity * 1_000,
            ..Line::default()
        };
        Visit {
            dealer: dealer.to_owned(),
            order_number: format!("R{day}"),
            kind: "warranty".to_owned(),
            opened_at: Some(to_proto_time(Timestamp::from_micros(
                day * 86_400 * 1_000_000,
            ))),
            lines: lines.iter().map(line).collect(),
            ..Visit::default()
        }
    }

    /// The repairs, each with how many parts it replaced.
    fn replaced(orders: &[Visit]) -> Vec<(String, usize)> {
        let repairs = repairs_of(orders).into_iter();
        repairs
            .map(|repair| (repair.order, repair.replaced.len()))
            .collect()
    }

    fn assert_replaced(orders: &[Visit], expected: &[(&str, usize)]) {
        let found = replaced(orders);
        let found: Vec<(&str, usize)> = found
            .iter()
            .map(|(order, parts)| (order.as_str(), *parts))
            .collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn an_order_that_another_one_cancels_is_no_repair() {
        // Written anew.
        assert_replaced(
            &[
                order("D1", 1, &[("E1", 1), ("L1", 2)]),
                order("D1", 2, &[("L1", -2), ("e-1", -1)]),
                order("D1", 3, &[("E1", 1), ("L1", 2)]),
            ],
            &[("D1/R3", 1)],
        );
        // Newest first, and on its day.
        assert_replaced(
            &[order("D1", 1, &[("E1", -1)]), order("D1", 1, &[("E1", 1)])],
            &[],
        );
        // The one that says the same, though a later one has the part.
        assert_replaced(
            &[
                order("D1", 1, &[("E1", 1), ("L1", 1)]),
                order("D1", 2, &[("E1", 1), ("L2", 1)]),
                order("D1", 3, &[("E1", -1), ("L1", -1)]),
            ],
            &[("D1/R2", 1)],
        );
        // Each cancels one.
        let twice = [
            order("D1", 1, &[("E1", 1)]),
            order("D1", 2, &[("E1", 1)]),
            order("D1", 3, &[("E1", -1)]),
        ];
        assert_replaced(&twice, &[("D1/R1", 1)]);
    }

    #[test]
    fn a_part_that_a_later_order_took_back_is_not_replaced() {
        // Of several orders the latest that has it.
        assert_replaced(
            &[
                order("D1", 1, &[("E1", 1), ("L1", 1)]),
                order("D1", 2, &[("E1", 1), ("L1", 1)]),
                order("D1", 3, &[("E1", -1)]),
            ],
            &[("D1/R1", 1), ("D1/R2", 0)],
        );
        assert_replaced(
            &[
                order("D1", 1, &[("E1", 1)]),
                order("D1", 2, &[("E1", 1)]),
                order("D1", 3, &[("E1", -2)]),
            ],
            &[("D1/R1", 0), ("D1/R2", 0)],
        );
        // More than its own.
        assert_replaced(
            &[
                order("D1", 1, &[("E1", 2)]),
                order("D1", 2, &[("E1", -2), ("E1", 1)]),
            ],
            &[("D1/R1", 1), ("D1/R2", 0)],
        );
        // Before it was fitted, and by another dealer.
        assert_replaced(
            &[
                order("D1", 1, &[("E1", -1)]),
                order("D1", 2, &[("E1", 1)]),
                order("D2", 3, &[("E1", -1)]),
            ],
            &[("D1/R2", 1)],
        );
    }

    #[test]
    fn a_credit_note_takes_back_by_its_prices() {
        let below_zero = || {
            Some(Money {
                minor: -80_000,
                currency: "CNY".to_owned(),
            })
        };
        let credit = |lines: &[Said<'_>]| {
            let mut credit = order("D1", 2, lines);
            for line in &mut credit.lines {
                line.unit_price = below_zero();
            }
            credit
        };
        let whole = [("E1", 1), ("L1", 2)];
        assert_replaced(&[order("D1", 1, &whole), credit(&whole)], &[]);
        // However the quantity is written.
        assert_replaced(
            &[order("D1", 1, &whole), credit(&[("L1", 2), ("E1", -1)])],
            &[],
        );
        // The part alone.
        assert_replaced(
            &[order("D1", 1, &whole), credit(&[("E1", 1)])],
            &[("D1/R1", 0)],
        );
        // A discount.
        let mut cheaper = order("D1", 1, &[("E1", 1), ("E1", 1)]);
        cheaper.lines[1].unit_price = below_zero();
        assert_replaced(&[cheaper], &[("D1/R1", 1)]);
    }

    #[test]
    fn an_order_that_only_takes_back_is_no_coming() {
        let found = repairs_of(&[order("D1", 1, &[("L1", 1)]), order("D1", 2, &[("L2", -1)])]);
        let ends: Vec<_> = found.iter().map(|repair| repair.completed_at).collect();
        assert_eq!(ends, [None], "it has not come again");
    }
}
