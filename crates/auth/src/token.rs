//! Reading a token strictly: its form, its header and its claims. No key is needed here, and nothing is believed yet.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use marque_core::{CustomerId, DealerCode, Timestamp};
use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::{Identity, Role, RoleSet, Scope};

/// Longest token looked at, in bytes.
pub(crate) const MAX_TOKEN_BYTES: usize = 8 << 10;

/// Why a token is refused: for the service's own log, never for the caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    TooLong,
    Form,
    Header,
    Type,
    Algorithm,
    Claims,
    UntrustedIssuer,
    Audience,
    Expired,
    NotYetValid,
    Roles,
    Scope,
    Signature,
    /// The issuer may have new keys: worth one look.
    UnknownKey,
    /// A peer's token where none is accepted, or a bad one.
    Peer,
}

/// A token cut into its parts; the signature is still to be checked.
pub(crate) struct Unverified<'a> {
    pub(crate) header: Header,
    pub(crate) claims: Claims,
    /// What the signature covers.
    pub(crate) message: &'a str,
    pub(crate) signature: &'a str,
}

/// Header of a token. Derived deserialisation refuses a member that is given twice.
#[derive(Deserialize)]
pub(crate) struct Header {
    pub(crate) alg: String,
    pub(crate) kid: String,
    typ: Option<String>,
    // Members by which a token would bring its own key, its own rules or another form.
    jku: Option<IgnoredAny>,
    jwk: Option<IgnoredAny>,
    x5u: Option<IgnoredAny>,
    x5c: Option<IgnoredAny>,
    crit: Option<IgnoredAny>,
    b64: Option<IgnoredAny>,
    zip: Option<IgnoredAny>,
    enc: Option<IgnoredAny>,
}

/// Claims of a token. Times are whole seconds since 1970.
#[derive(Deserialize, Serialize)]
pub(crate) struct Claims {
    pub(crate) iss: String,
    pub(crate) sub: String,
    pub(crate) aud: Audience,
    pub(crate) exp: i64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) nbf: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) iat: Option<i64>,
    pub(crate) roles: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) dealer: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) customer: Option<String>,
}

/// One audience, or several.
#[derive(Deserialize, Serialize)]
#[serde(untagged)]
pub(crate) enum Audience {
    One(String),
    Many(Vec<String>),
}

impl<'a> Unverified<'a> {
    /// Cuts a token, of no more than [`MAX_TOKEN_BYTES`], into its parts and reads them.
    pub(crate) fn read(token: &'a str) -> Result<Self, Refusal> {
        let (message, signature) = token.rsplit_once('.').ok_or(Refusal::Form)?;
        let (header, claims) = message.split_once('.').ok_or(Refusal::Form)?;
        if claims.contains('.') || signature.is_empty() {
            return Err(Refusal::Form);
        }
        Ok(Self {
            header: decode(header).ok_or(Refusal::Header)?,
            claims: decode(claims).ok_or(Refusal::Claims)?,
            message,
            signature,
        })
    }
}

fn decode<T: for<'de> Deserialize<'de>>(part: &str) -> Option<T> {
    let json = URL_SAFE_NO_PAD.decode(part).ok()?;
    serde_json::from_slice(&json).ok()
}

impl Header {
    /// Refuses what would let a token choose how it is checked.
    pub(crate) fn check(&self, token_types: &[String]) -> Result<(), Refusal> {
        let extras = [
            &self.jku, &self.jwk, &self.x5u, &self.x5c, &self.crit, &self.b64, &self.zip, &self.enc,
        ];
        if extras.into_iter().any(Option::is_some) || self.kid.is_empty() {
            return Err(Refusal::Header);
        }
        // RFC 7515, 4.1.9: media types are compared without case, and `application/` may be left away.
        let kind = self
            .typ
            .as_deref()
            .ok_or(Refusal::Type)?
            .to_ascii_lowercase();
        let kind = kind.strip_prefix("application/").unwrap_or(&kind);
        if token_types
            .iter()
            .any(|accepted| accepted.eq_ignore_ascii_case(kind))
        {
            Ok(())
        } else {
            Err(Refusal::Type)
        }
    }
}

impl Claims {
    /// Checks audience and times.
    pub(crate) fn check(
        &self,
        audience: &str,
        leeway_s: i64,
        now: Timestamp,
    ) -> Result<(), Refusal> {
        let meant = match &self.aud {
            Audience::One(one) => one == audience,
            Audience::Many(many) => many.iter().any(|one| one == audience),
        };
        if !meant {
            return Err(Refusal::Audience);
        }
        let now = now.as_micros().div_euclid(1_000_000);
        let begun = |instant: i64| instant <= now.saturating_add(leeway_s);
        if self.exp.saturating_add(leeway_s) <= now {
            return Err(Refusal::Expired);
        }
        if [self.nbf, self.iat].into_iter().flatten().all(begun) {
            Ok(())
        } else {
            Err(Refusal::NotYetValid)
        }
    }

    /// Who the token describes, if its roles and scope go together.
    pub(crate) fn identity(&self, leeway_s: i64) -> Result<Identity, Refusal> {
        let roles = self
            .roles
            .iter()
            .map(|name| name.parse())
            .collect::<Result<RoleSet, _>>();
        let roles = roles.map_err(|_| Refusal::Roles)?;
        // Peers show another kind of token; an issuer that hands out this role is mistaken or taken over.
        if roles.contains(Role::Peer) || self.sub.is_empty() || self.sub.len() > 255 {
            return Err(Refusal::Roles);
        }
        let scope = self.scope().ok_or(Refusal::Scope)?;
        scope.admits(roles).map_err(|_| Refusal::Scope)?;
        let end = self.exp.saturating_add(leeway_s).saturating_mul(1_000_000);
        Ok(Identity {
            subject: Arc::from(self.sub.as_str()),
            roles,
            scope,
            expires_at: Timestamp::from_micros(end),
        })
    }

    fn scope(&self) -> Option<Scope> {
        match (&self.dealer, &self.region, &self.customer) {
            (None, None, None) => Some(Scope::Headquarters),
            (Some(dealer), None, None) => dealer.parse::<DealerCode>().ok().map(Scope::Dealer),
            (None, Some(region), None) => (!region.trim().is_empty() && region.len() <= 64)
                .then(|| Scope::Region(region.as_str().into())),
            (None, None, Some(customer)) => {
                customer.parse::<CustomerId>().ok().map(Scope::Customer)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_not_three_parts_is_refused_by_its_form() {
        let part = URL_SAFE_NO_PAD.encode("{}");
        for token in [
            String::new(),
            part.clone(),
            format!("{part}.{part}"),
            format!("{part}.{part}."),
            format!("{part}.{part}.{part}.{part}"),
        ] {
            let refusal = Unverified::read(&token).err();
            assert_eq!(refusal, Some(Refusal::Form), "{token}");
        }
    }

    #[test]
    fn a_header_that_names_no_key_is_refused_before_one_is_looked_for() {
        let header: Header =
            serde_json::from_str(r#"{"alg": "EdDSA", "kid": "", "typ": "at+jwt"}"#).unwrap();
        assert_eq!(header.check(&["at+jwt".to_owned()]), Err(Refusal::Header));
    }
}
