//! Idempotency keys: a write that is sent twice happens once.

use aws_lc_rs::digest;
use marque_auth::{CallContext, Scope};
use marque_core::Timestamp;
use marque_db::{Backend, Conn, StoreError, Value};
use marque_errors::{ErrorCode, ServiceError};
use prost::Message;
use tonic::metadata::MetadataMap;

/// The key a caller gave his write: 1 to 255 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

/// Why a write with a key cannot be carried out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdempotencyError {
    /// The key itself.
    #[error("an Idempotency-Key has 1 to 255 visible ASCII characters")]
    Malformed,
    /// The key was used for something else.
    #[error("this Idempotency-Key was used for another request: use a new key for a new request")]
    Reused,
}

impl ServiceError for IdempotencyError {
    fn code(&self) -> ErrorCode {
        match self {
            Self::Malformed => ErrorCode::InvalidArgument,
            Self::Reused => ErrorCode::FailedPrecondition,
        }
    }

    fn reason(&self) -> &'static str {
        match self {
            Self::Malformed => "IDEMPOTENCY_KEY_INVALID",
            Self::Reused => "IDEMPOTENCY_KEY_REUSED",
        }
    }
}

impl IdempotencyKey {
    /// The key of a request, if it has one. A structured string (`"…"`) and a bare one are the same key.
    pub fn of(metadata: &MetadataMap) -> Result<Option<Self>, IdempotencyError> {
        let Some(value) = metadata.get("idempotency-key") else {
            return Ok(None);
        };
        let text = value.to_str().map_err(|_| IdempotencyError::Malformed)?;
        let text = text
            .strip_prefix('"')
            .and_then(|text| text.strip_suffix('"'))
            .unwrap_or(text);
        if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Some(Self(text.to_owned())))
        } else {
            Err(IdempotencyError::Malformed)
        }
    }
}

/// A request with the key its caller gave it.
#[derive(Debug)]
pub struct Keyed<R> {
    key: Option<IdempotencyKey>,
    request: R,
}

impl<R: Message> Keyed<R> {
    /// What a call asks, and its key.
    ///
    /// # Errors
    /// [`IdempotencyError::Malformed`].
    pub fn of(call: tonic::Request<R>) -> Result<Self, IdempotencyError> {
        Ok(Self {
            key: IdempotencyKey::of(call.metadata())?,
            request: call.into_inner(),
        })
    }

    /// What is asked.
    pub fn request(&self) -> &R {
        &self.request
    }

    /// [`once`] with this key and request.
    ///
    /// # Errors
    /// As [`once`].
    pub fn once<A, E>(
        &self,
        conn: &mut Conn<'_>,
        ctx: &CallContext,
        now: Timestamp,
        method: &str,
        act: impl FnOnce(&mut Conn<'_>) -> Result<A, E>,
    ) -> Result<A, E>
    where
        A: Message + Default,
        E: From<StoreError> + From<IdempotencyError>,
    {
        once(
            conn,
            ctx,
            now,
            method,
            self.key.as_ref(),
            &self.request,
            act,
        )
    }
}

/// Runs `act` unless the same caller has already done so with the same key, in which case he gets the same answer and is told that it is.
///
/// The answer is kept in the transaction of the act. `request` tells whether it is the same request.
///
/// # Errors
/// [`IdempotencyError::Reused`] if the key came with another request before.
pub fn once<A, E>(
    conn: &mut Conn<'_>,
    ctx: &CallContext,
    now: Timestamp,
    method: &str,
    key: Option<&IdempotencyKey>,
    request: &impl Message,
    act: impl FnOnce(&mut Conn<'_>) -> Result<A, E>,
) -> Result<A, E>
where
    A: Message + Default,
    E: From<StoreError> + From<IdempotencyError>,
{
    let Some(key) = key else {
        return act(conn);
    };
    let asked = Asked::new(ctx, method, key, request);
    if let Some(kept) = asked.kept::<E>(conn)? {
        ctx.note_replay();
        return A::decode(kept.as_slice()).map_err(|error| {
            StoreError::Decode {
                column: 1,
                source: error.into(),
            }
            .into()
        });
    }
    let answer = act(conn)?;
    asked.keep(conn, &answer.encode_to_vec(), now)?;
    Ok(answer)
}

/// A write that came with a key, for services that do not keep answers as they are given; [`once`] does the rest for all others.
#[derive(Debug)]
pub struct Asked<'a> {
    scope: String,
    method: &'a str,
    key: &'a str,
    fingerprint: digest::Digest,
}

impl<'a> Asked<'a> {
    /// What a caller asks of a method under a key.
    pub fn new(
        ctx: &CallContext,
        method: &'a str,
        IdempotencyKey(key): &'a IdempotencyKey,
        request: &impl Message,
    ) -> Self {
        Self {
            scope: caller(ctx),
            method,
            key,
            fingerprint: digest::digest(&digest::SHA256, &request.encode_to_vec()),
        }
    }

    /// The key of the row that the answer is kept in: whose it is, the method, and the caller's key.
    pub fn row(&self) -> [&str; 3] {
        [&self.scope, self.method, self.key]
    }

    /// What was kept of the answer, if the same was asked before. Whoever asks it at the same moment waits.
    ///
    /// # Errors
    /// [`IdempotencyError::Reused`] if the key came with another request before.
    pub fn kept<E>(&self, conn: &mut Conn<'_>) -> Result<Option<Vec<u8>>, E>
    where
        E: From<StoreError> + From<IdempotencyError>,
    {
        lock(conn, &self.scope, self.method, self.key)?;
        self.found(conn)
    }

    /// As [`Self::kept`], without waiting for whoever asks it at this moment: to be looked for before others are asked for what the act needs.
    ///
    /// # Errors
    /// [`IdempotencyError::Reused`] if the key came with another request before.
    pub fn found<E>(&self, conn: &mut Conn<'_>) -> Result<Option<Vec<u8>>, E>
    where
        E: From<StoreError> + From<IdempotencyError>,
    {
        let earlier: Option<(Vec<u8>, Vec<u8>)> = conn.query_opt(
            "SELECT fingerprint, answer FROM idempotency WHERE scope = ?1 AND method = ?2 AND key = ?3",
            &[(&self.scope).into(), self.method.into(), self.key.into()],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        match earlier {
            Some((fingerprint, _)) if fingerprint != self.fingerprint.as_ref() => {
                Err(IdempotencyError::Reused.into())
            }
            earlier => Ok(earlier.map(|(_, answer)| answer)),
        }
    }

    /// Keeps what is to be kept of the answer, in the transaction of the act.
    ///
    /// # Errors
    /// What the store says.
    pub fn keep(
        &self,
        conn: &mut Conn<'_>,
        answer: &[u8],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        conn.execute(
            "INSERT INTO idempotency (scope, method, key, fingerprint, answer, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            &[
                (&self.scope).into(),
                self.method.into(),
                self.key.into(),
                self.fingerprint.as_ref().into(),
                answer.into(),
                now.into(),
            ],
        )?;
        Ok(())
    }
}

/// Forgets answers given before `before`.
pub fn prune(conn: &mut Conn<'_>, before: Timestamp) -> Result<u64, StoreError> {
    conn.execute("DELETE FROM idempotency WHERE at < ?1", &[before.into()])
}

/// Whose key it is: the same key of two callers is two keys.
fn caller(ctx: &CallContext) -> String {
    match ctx.scope() {
        Scope::Headquarters => format!("hq/{}", ctx.actor()),
        Scope::Region(region) => format!("region/{region}/{}", ctx.actor()),
        Scope::Dealer(dealer) => format!("dealer/{dealer}/{}", ctx.actor()),
        Scope::Customer(customer) => format!("customer/{customer}"),
    }
}

/// Two calls with one key at the same moment: the second waits for the first.
fn lock(conn: &mut Conn<'_>, scope: &str, method: &str, key: &str) -> Result<(), StoreError> {
    let digest = digest::digest(
        &digest::SHA256,
        format!("{scope}\u{1f}{method}\u{1f}{key}").as_bytes(),
    );
    let mut first = [0u8; 8];
    first.copy_from_slice(&digest.as_ref()[..8]);
    conn.lock_keys(&mut vec![i64::from_be_bytes(first)])
}

/// Forgets the answers that name somebody or something: ids as they are printed. A request that comes again under such a key
/// is then done again.
///
/// # Errors
/// What the store says.
pub fn forget_answers(
    conn: &mut Conn<'_>,
    names: impl IntoIterator<Item = String>,
) -> Result<(), StoreError> {
    let holds = match conn.backend() {
        Backend::Sqlite => "instr(answer, ?1) > 0",
        Backend::Postgres => "position(?1::bytea IN answer) > 0",
    };
    let sql = format!("DELETE FROM idempotency WHERE {holds}");
    for name in names {
        conn.execute(&sql, &[Value::Bytes(name.as_bytes())])?;
    }
    Ok(())
}
