//! The field dictionary: one source for training, checks and messages.

use axum::extract::State;
use marque_api::quality::v1 as pb;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::views::{TextView, text};
use crate::{answer::ok, edge::Call, extract::Query, problem::Answer, state::App, values::views};

/// Which fields.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct DictionaryQuery {
    /// customers, vehicles, visits or complaints; all if not said.
    kind: String,
}

/// One field.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DictionaryField)]
pub(crate) struct FieldEntryView {
    /// Kind of record.
    kind: String,
    /// Canonical column.
    #[schema(example = "phone")]
    column: String,
    /// What it is called on a form.
    label: TextView,
    /// Headers it is recognised by.
    headers: Vec<String>,
    /// What it means.
    meaning: TextView,
    /// How to fill it.
    fill: TextView,
    /// The rule that is checked.
    rule: TextView,
    /// Values that are right; invented.
    good: Vec<String>,
    /// Values that are wrong.
    bad: Vec<String>,
    /// Department that answers for it.
    owner: String,
    /// The department's name.
    owner_name: TextView,
    /// Class of personal data: none, personal, contact, sensitive.
    class: String,
    /// The class's name.
    class_name: TextView,
    /// Most characters of a text; of people's own words so many beyond which it is remarked. Absent without a limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    max_chars: Option<i64>,
}

impl From<pb::DictionaryField> for FieldEntryView {
    fn from(field: pb::DictionaryField) -> Self {
        let pb::DictionaryField {
            kind,
            column,
            label,
            headers,
            meaning,
            fill,
            rule,
            good,
            bad,
            owner,
            class,
            owner_name,
            class_name,
            max_chars,
        } = field;
        Self {
            kind,
            column,
            label: text(label),
            headers,
            meaning: text(meaning),
            fill: text(fill),
            rule: text(rule),
            good,
            bad,
            owner,
            owner_name: text(owner_name),
            class,
            class_name: text(class_name),
            max_chars,
        }
    }
}

/// One rule.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DictionaryRule)]
pub(crate) struct RuleView {
    /// Stable key.
    #[schema(example = "vin_check_digit")]
    id: String,
    /// Dimension it counts under.
    dimension: String,
    /// info, warning, error or reject.
    severity: String,
    /// What is wrong; `{field}`, `{other}`, `{number}` and `{day}` are filled in.
    text: TextView,
    /// What to do.
    fix: TextView,
}

impl From<pb::DictionaryRule> for RuleView {
    fn from(rule: pb::DictionaryRule) -> Self {
        let pb::DictionaryRule {
            id,
            dimension,
            severity,
            text: what,
            fix,
        } = rule;
        Self {
            id,
            dimension,
            severity,
            text: text(what),
            fix: text(fix),
        }
    }
}

/// The dictionary.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Dictionary {
    /// Fields in the order of forms.
    fields: Vec<FieldEntryView>,
    /// All rules.
    rules: Vec<RuleView>,
}

/// What every field means, how to fill it, what is right and wrong, in Chinese and English.
#[utoipa::path(get, path = "/v1/quality/dictionary", tag = "quality", params(DictionaryQuery),
    responses((status = 200, description = "The field dictionary", body = Dictionary)))]
pub(crate) async fn get_dictionary(
    State(app): State<App>,
    call: Call,
    Query(DictionaryQuery { kind }): Query<DictionaryQuery>,
) -> Answer {
    let request = pb::GetDictionaryRequest { kind };
    let get = app
        .clients
        .quality
        .read(&call, request, |mut client, request| async move {
            client.get_dictionary(request).await
        });
    let pb::GetDictionaryResponse { fields, rules } = get.await?;
    ok(&Dictionary {
        fields: views(fields),
        rules: views(rules),
    })
}
