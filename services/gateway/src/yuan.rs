//! Money as callers write it, in either form of the contract.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, de};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        ObjectBuilder, OneOfBuilder, RefOr, Schema,
        schema::{AdditionalProperties, Type},
    },
};

use crate::values::Text;

/// An amount of yuan: plain, as decimal text or a number, or with its currency, as answers have it. Kept as the plain text.
#[derive(Default, Serialize)]
pub(crate) struct Yuan(pub(crate) Text);

impl Yuan {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Yuan {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(YuanVisitor)
    }
}

struct YuanVisitor;

impl<'de> de::Visitor<'de> for YuanVisitor {
    type Value = Yuan;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a decimal text, a number, or an amount with its currency")
    }

    fn visit_str<E>(self, text: &str) -> Result<Yuan, E> {
        Ok(Yuan(Text(text.to_owned())))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Yuan, E> {
        Ok(Yuan(Text(number.to_string())))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Yuan, E> {
        Ok(Yuan(Text(number.to_string())))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Yuan, E> {
        Ok(Yuan(Text(number.to_string())))
    }

    fn visit_map<A: de::MapAccess<'de>>(self, map: A) -> Result<Yuan, A::Error> {
        let money = de::value::MapAccessDeserializer::new(map);
        let InYuan {
            amount,
            currency: Cny,
        } = InYuan::deserialize(money)?;
        Ok(Yuan(amount))
    }
}

/// Money with its currency.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct InYuan {
    amount: Text,
    currency: Cny,
}

/// The one currency that is kept.
struct Cny;

impl<'de> Deserialize<'de> for Cny {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let code = String::deserialize(deserializer)?;
        if code.eq_ignore_ascii_case("CNY") {
            return Ok(Self);
        }
        let found = de::Unexpected::Other("another currency");
        Err(de::Error::invalid_value(
            found,
            &"CNY: all amounts are in yuan",
        ))
    }
}

impl PartialSchema for Yuan {
    fn schema() -> RefOr<Schema> {
        let of = |kind| ObjectBuilder::new().schema_type(kind);
        let money = of(Type::Object)
            .property("amount", Text::schema())
            .required("amount")
            .property("currency", of(Type::String).enum_values(Some(["CNY"])))
            .required("currency")
            .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)));
        OneOfBuilder::new()
            .item(of(Type::String))
            .item(of(Type::Number))
            .item(money)
            .into()
    }
}

impl ToSchema for Yuan {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::extract::read_json;

    #[derive(Deserialize)]
    struct Row {
        amount: Yuan,
    }

    #[test]
    fn money_is_read_plain_and_with_its_currency() {
        for json in [
            r#"{"amount":"129.00"}"#,
            r#"{"amount":{"amount":"129.00","currency":"CNY"}}"#,
            r#"{"amount":{"currency":"cny","amount":"129.00"}}"#,
        ] {
            let row: Row = read_json(json.as_bytes()).unwrap_or_else(|_| panic!("{json}"));
            assert_eq!(row.amount.0.0, "129.00", "{json}");
        }
        let number: Row = read_json(br#"{"amount":{"amount":129,"currency":"CNY"}}"#)
            .unwrap_or_else(|_| panic!("a number"));
        assert_eq!(number.amount.0.0, "129");
    }

    #[test]
    fn another_currency_is_refused_by_name() {
        for (json, field, says) in [
            (
                r#"{"amount":{"amount":"129.00","currency":"USD"}}"#,
                "amount.currency",
                "CNY",
            ),
            (
                r#"{"amount":{"amount":"129.00"}}"#,
                "amount.currency",
                "needed",
            ),
            (r#"{"amount":["129.00"]}"#, "amount", "currency"),
        ] {
            let Err(failure) = read_json::<Row>(json.as_bytes()) else {
                panic!("{json} was taken");
            };
            let violation = &failure.problem().violations[0];
            assert_eq!(violation.field, field, "{json}");
            assert!(violation.message.contains(says), "{}", violation.message);
        }
    }
}
