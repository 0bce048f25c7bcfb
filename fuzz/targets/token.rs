//! Bearer tokens: whatever is sent, nobody is believed to be whom the issuer did not name.

#![no_main]

use std::{sync::LazyLock, time::Duration};

use arbitrary::Arbitrary;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use libfuzzer_sys::fuzz_target;
use marque_auth::{Issuer, Role, Scope, TokenRequest, Verifier};
use marque_core::{Clock, SystemClock};

const SUBJECT: &str = "somebody";

/// A verifier, and one token it takes.
static WORLD: LazyLock<(Verifier, String)> = LazyLock::new(|| {
    let issuer = Issuer::ephemeral("marque").expect("there is randomness");
    let request = TokenRequest {
        subject: SUBJECT.to_owned(),
        roles: Role::Agent.into(),
        scope: Scope::Headquarters,
        ttl: Duration::from_hours(24),
    };
    let token = issuer
        .issue(&request, &SystemClock)
        .expect("an agent is of headquarters");
    (Verifier::builder("marque").trust(&issuer).build(), token)
});

#[derive(Debug, Arbitrary)]
enum Input<'a> {
    /// Anything.
    Text(&'a str),
    /// Three segments in the right coding.
    Segments(&'a [u8], &'a [u8], &'a [u8]),
    /// Another header or other claims beside the good signature.
    Forged(Option<&'a [u8]>, Option<&'a [u8]>),
    /// The good token with one byte changed.
    Bent { at: u16, to: u8 },
}

impl Input<'_> {
    fn token(&self, good: &str) -> String {
        let coded = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        match self {
            Self::Text(text) => (*text).to_owned(),
            Self::Segments(header, claims, signature) => {
                [header, claims, signature].map(|part| coded(part)).join(".")
            }
            Self::Forged(header, claims) => {
                let mut segments = good.split('.').map(str::to_owned).collect::<Vec<_>>();
                for (segment, bytes) in segments.iter_mut().zip([header, claims]) {
                    if let Some(bytes) = bytes {
                        *segment = coded(bytes);
                    }
                }
                segments.join(".")
            }
            Self::Bent { at, to } => {
                let mut bytes = good.as_bytes().to_vec();
                let at = usize::from(*at) % bytes.len();
                bytes[at] = *to;
                String::from_utf8_lossy(&bytes).into_owned()
            }
        }
    }
}

fuzz_target!(|input: Input<'_>| {
    let (verifier, good) = &*WORLD;
    let token = input.token(good);
    let verdict = verifier.verify_at_once(&token, SystemClock.now());
    if let Some(Ok(identity)) = verdict {
        assert_eq!(&*identity.subject, SUBJECT);
        assert_eq!(identity.roles, Role::Agent.into());
        assert_eq!(identity.scope, Scope::Headquarters);
    }
});
