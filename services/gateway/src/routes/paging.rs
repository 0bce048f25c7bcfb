//! Pages of lists, as all lists take them.

use serde::Deserialize;
use utoipa::IntoParams;

/// Which page of a list.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Paging {
    /// Entries a page, 1 to 1000; a larger wish is cut. 50 if not said.
    page_size: i64,
    /// `next_page_token` of the page before.
    #[serde(deserialize_with = "crate::edge::places::opened")]
    page_token: String,
}

impl Paging {
    /// Size and token as the contract has them.
    pub(crate) fn into_parts(self) -> (i32, String) {
        (size(self.page_size), self.page_token)
    }
}

/// A size as the contract has it: what is too large for it is as good as the most.
pub(crate) fn size(wish: i64) -> i32 {
    wish.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32
}
