//! Places in lists as callers carry them: sealed on their way out and opened on their way in, for one method of the contract and one
//! scope. The services inside have plain ones, which hold the filters.
//!
//! Whose places they are is known by the request, in whose course queries are read and answers are written.

use marque_auth::{PlaceSeal, Scope};
use serde::{Deserialize as _, Deserializer, Serializer};

/// What a token becomes that was not sealed for its holder: no list has such a place, so its service refuses it.
const FORGED: &str = "-";

tokio::task_local! {
    static OF_REQUEST: Places;
}

/// The places of one caller in the lists of one method.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    seal: PlaceSeal,
    rpc: &'static str,
    scope: Scope,
}

impl Places {
    pub(crate) fn new(seal: &PlaceSeal, rpc: &'static str, scope: &Scope) -> Self {
        Self {
            seal: seal.clone(),
            rpc,
            scope: scope.clone(),
        }
    }

    /// Those of the request that is being answered.
    pub(crate) fn of_request() -> Self {
        OF_REQUEST.with(Self::clone)
    }

    /// Does the work of a request with these places.
    pub(crate) async fn during<F: Future>(self, work: F) -> F::Output {
        OF_REQUEST.scope(self, work).await
    }

    /// A place for its holder; the empty one is the end of a list and says so.
    pub(crate) fn seal(&self, place: &str) -> String {
        match place {
            "" => String::new(),
            place => self.seal.seal(place, &self.holder()),
        }
    }

    /// The place behind a token, or one that no list has.
    pub(crate) fn open(&self, token: &str) -> String {
        match token {
            "" => String::new(),
            token => self
                .seal
                .open(token, &self.holder())
                .unwrap_or_else(|| FORGED.to_owned()),
        }
    }

    /// Whose the places are: no name of a method has a space.
    fn holder(&self) -> String {
        let rpc = self.rpc;
        match &self.scope {
            Scope::Headquarters => format!("{rpc} headquarters"),
            Scope::Region(region) => format!("{rpc} region {region}"),
            Scope::Dealer(dealer) => format!("{rpc} dealer {dealer}"),
            Scope::Customer(customer) => format!("{rpc} customer {customer}"),
        }
    }
}

/// Writes `next_page_token` of an answer.
pub(crate) fn sealed<S: Serializer>(place: &str, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&OF_REQUEST.with(|places| places.seal(place)))
}

/// Reads `page_token` of a query.
pub(crate) fn opened<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    let token = String::deserialize(from)?;
    Ok(OF_REQUEST.with(|places| places.open(&token)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_serves_its_own_list_and_scope_alone() {
        let seal = PlaceSeal::under(b"a secret of thirty-two bytes....");
        let of =
            |rpc, dealer: &str| Places::new(&seal, rpc, &Scope::Dealer(dealer.parse().unwrap()));
        let token = of("/List", "D001").seal("5bc5b41544303031");
        assert_eq!(of("/List", "D001").open(&token), "5bc5b41544303031");
        for another in [of("/List", "D002"), of("/Others", "D001")] {
            assert_eq!(another.open(&token), FORGED);
        }
        assert_eq!(of("/List", "D001").open("5bc5b41544303031"), FORGED);
        assert_eq!(of("/List", "D001").seal(""), "", "the end of a list");
        assert_eq!(of("/List", "D001").open(""), "", "its beginning");
    }
}
