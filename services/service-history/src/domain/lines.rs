//! Lines of a repair order.

use marque_quality::clean::{CleanVisitLine, LineKind as CleanKind};

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

/// Words for lines that are neither labour nor part.
pub(crate) fn is_other(typed: &str) -> bool {
    matches!(
        typed.trim().to_lowercase().as_str(),
        "other" | "其他" | "其它" | "外协" | "委外" | "外加工" | "拖车" | "代步车"
    )
}
