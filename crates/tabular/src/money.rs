//! Money as the contract has it: an amount with its currency.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::problem::RowFault;

/// The one currency that is kept.
const CURRENCY: &str = "CNY";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Money<'a> {
    #[serde(borrow)]
    amount: &'a RawValue,
    #[serde(borrow)]
    currency: Cow<'a, str>,
}

/// The amount of a JSON object in yuan, as text; whether it is a number is for whoever reads the column.
pub(crate) fn amount<'a>(json: &'a str, column: &'static str) -> Result<&'a str, RowFault> {
    let nested = RowFault::NestedValue { column };
    let Ok(money) = serde_json::from_str::<Money<'a>>(json) else {
        return Err(nested);
    };
    if !money.currency.eq_ignore_ascii_case(CURRENCY) {
        return Err(RowFault::CurrencyForeign { column });
    }
    let amount = money.amount.get();
    if amount.starts_with(['{', '[']) {
        return Err(nested);
    }
    Ok(amount.trim_matches('"'))
}
