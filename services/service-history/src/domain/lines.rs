//! Lines of a repair order.

use marque_quality::{
    Payer,
    clean::{CleanVisitLine, LineKind as CleanKind},
};

/// What a line is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// Not said.
    #[default]
    Unknown,
    Labour,
    Part,
    /// Work given to another firm, towing, a spare car and the like.
    Other,
}

/// One line of a repair order.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) kind: LineKind,
    pub(crate) code: String,
    pub(crate) name: String,
    /// Thousandths: 1.5 hours is 1500; `None` where nobody typed any.
    pub(crate) quantity_milli: Option<i64>,
    /// Fen; `None` where nobody typed any. Nothing to pay is a price too: of work under warranty.
    pub(crate) unit_price_minor: Option<i64>,
    pub(crate) technician: String,
    pub(crate) payer: String,
    pub(crate) fault_code: String,
}

/// What a line without a quantity is taken for: one.
const ONE_MILLI: i64 = 1_000;

impl Line {
    /// The quantity in thousandths, one where nobody typed any, and whether that is so.
    pub(crate) fn assumed_quantity(&self) -> (i64, bool) {
        (
            self.quantity_milli.unwrap_or(ONE_MILLI),
            self.quantity_milli.is_none(),
        )
    }

    /// What it costs, in fen; `None` where nobody typed a price.
    fn price_minor(&self) -> Option<i128> {
        let (quantity_milli, _) = self.assumed_quantity();
        let price = i128::from(self.unit_price_minor?) * i128::from(quantity_milli);
        Some(price / i128::from(ONE_MILLI))
    }

    /// Whether it says that somebody else than the customer pays.
    fn is_paid_by_another(&self) -> bool {
        is_another(&self.payer)
    }

    /// A line from its cleaned cells and the columns that quality does not know.
    pub(crate) fn new(
        line: CleanVisitLine<'_>,
        typed_kind: Option<&str>,
        payer: &str,
        fault_code: &str,
    ) -> Self {
        let text = |value: Option<std::borrow::Cow<'_, str>>| {
            value.map_or_else(String::new, std::borrow::Cow::into_owned)
        };
        let kind = match line.line_kind {
            Some(CleanKind::Labour) => LineKind::Labour,
            Some(CleanKind::Part) => LineKind::Part,
            None if typed_kind.is_some_and(is_other) => LineKind::Other,
            None => LineKind::Unknown,
        };
        Self {
            kind,
            code: text(line.code),
            name: text(line.name),
            quantity_milli: line.quantity_milli,
            unit_price_minor: line.unit_price_fen,
            technician: text(line.technician),
            payer: payer.trim().to_owned(),
            fault_code: fault_code.trim().to_owned(),
        }
    }
}

/// Whether a payer is known to be somebody else than the customer.
fn is_another(payer: &str) -> bool {
    Payer::parse(payer).is_some_and(|payer| payer != Payer::Customer)
}

/// What of an order's total the customer pays, where others pay for some of its lines; `None` where none does, and all is his. Of an order
/// without lines its own payer says it.
///
/// It is what his own lines cost, but never more than the total, nor, of a refund, less; where one of them has no price, the total
/// without theirs.
pub(crate) fn paid_by_customer(total_minor: i64, lines: &[Line], of_order: &str) -> Option<i64> {
    if lines.is_empty() {
        return is_another(of_order).then_some(0);
    }
    let (theirs, own): (Vec<&Line>, Vec<&Line>) =
        lines.iter().partition(|line| line.is_paid_by_another());
    if theirs.is_empty() {
        return None;
    }
    let total = i128::from(total_minor);
    let own: Option<i128> = own.into_iter().map(Line::price_minor).sum();
    let by_lines = own.unwrap_or_else(|| {
        let theirs: i128 = theirs.into_iter().filter_map(Line::price_minor).sum();
        total - theirs
    });
    i64::try_from(by_lines.clamp(total.min(0), total.max(0))).ok()
}

/// Words for lines that are neither labour nor part.
pub(crate) fn is_other(typed: &str) -> bool {
    matches!(
        typed.trim().to_lowercase().as_str(),
        "other" | "其他" | "其它" | "外协" | "委外" | "外加工" | "拖车" | "代步车"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(payer: &str, quantity_milli: i64, unit_price_minor: Option<i64>) -> Line {
        Line {
            quantity_milli: Some(quantity_milli),
            unit_price_minor,
            payer: payer.to_owned(),
            ..Line::default()
        }
    }

    #[test]
    fn the_customer_pays_for_the_lines_that_nobody_else_pays_for() {
        let part = |payer: &str| line(payer, 2_000, Some(240_000));
        let labour = |payer: &str| line(payer, 1_000, Some(20_000));
        let unpriced = |payer: &str| line(payer, 1_000, None);
        for (total, lines, expected) in [
            (
                500_000,
                vec![part("warranty"), labour("客户")],
                Some(20_000),
            ),
            (500_000, vec![part("厂家"), labour("")], Some(20_000)),
            // The total is his part alone.
            (20_000, vec![part("厂家"), labour("客户")], Some(20_000)),
            (15_000, vec![part("厂家"), labour("客户")], Some(15_000)),
            (500_000, vec![part("索赔"), labour("保险")], Some(0)),
            (500_000, vec![unpriced("三包")], Some(0)),
            (500_000, vec![part("厂家"), unpriced("客户")], Some(20_000)),
            (400_000, vec![part("厂家"), unpriced("客户")], Some(0)),
            // What was paid is paid back, to each his own.
            (
                -500_000,
                vec![
                    line("warranty", -2_000, Some(240_000)),
                    line("客户", -1_000, Some(20_000)),
                ],
                Some(-20_000),
            ),
            (-500_000, vec![line("三包", -1_000, None)], Some(0)),
            (500_000, vec![part("客户"), labour("")], None),
            // A word that nobody knows is taken for his.
            (500_000, vec![part("老王")], None),
        ] {
            let typed: Vec<&str> = lines.iter().map(|line| line.payer.as_str()).collect();
            assert_eq!(
                paid_by_customer(total, &lines, "厂家"),
                expected,
                "{total} {typed:?}"
            );
        }
    }

    #[test]
    fn of_an_order_without_lines_its_own_payer_says_who_pays() {
        for (payer, expected) in [
            ("索赔", Some(0)),
            ("保险公司", Some(0)),
            ("内部", Some(0)),
            ("客户", None),
            ("老王", None),
            ("", None),
        ] {
            assert_eq!(paid_by_customer(500_000, &[], payer), expected, "{payer}");
        }
    }
}
