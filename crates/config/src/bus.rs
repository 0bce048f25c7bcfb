//! How events go from one service to the others.

use std::path::{Path, PathBuf};

use serde::Deserialize;

/// The bus: embedded unless NATS JetStream is asked for.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BusConfig {
    /// `embedded`: consumers ask the producer for its outbox. `jetstream`: the outbox is carried to a broker.
    pub kind: BusKind,
    /// Address of the broker: `nats://host:port` or `tls://host:port`, several parted by commas. Without user or password:
    /// those belong into `credentials`.
    pub url: Option<String>,
    /// First word of subjects and streams; installations that share a broker differ in it.
    pub prefix: String,
    /// Certificates (PEM) of the authority of the broker's; none: those of the system.
    pub ca: Option<PathBuf>,
    /// This process's certificate chain (PEM), where the broker asks for one.
    pub cert: Option<PathBuf>,
    /// Its private key (PEM).
    pub key: Option<PathBuf>,
    /// File of NATS credentials.
    pub credentials: Option<PathBuf>,
    /// Servers that keep a copy of each stream: 1, 3 or 5.
    pub replicas: usize,
}

/// Which bus it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusKind {
    /// Nothing beside Marque.
    Embedded,
    /// NATS JetStream.
    Jetstream,
}

impl Default for BusConfig {
    fn default() -> Self {
        Self {
            kind: BusKind::Embedded,
            url: None,
            prefix: "marque".to_owned(),
            ca: None,
            cert: None,
            key: None,
            credentials: None,
            replicas: 1,
        }
    }
}

impl BusConfig {
    /// Our certificate and its key, when both are set.
    pub fn identity(&self) -> Option<(&Path, &Path)> {
        self.cert.as_deref().zip(self.key.as_deref())
    }

    /// Why this cannot work: the key to change and what to write.
    pub(crate) fn problems(&self) -> Vec<(&'static str, &'static str)> {
        let mut found = Vec::new();
        let mut when = |wrong: bool, key, advice| {
            if wrong {
                found.push((key, advice));
            }
        };
        let addresses = self.url.iter().flat_map(|url| url.split(','));
        let understood = |address: &str| {
            let rest = address
                .strip_prefix("nats://")
                .or_else(|| address.strip_prefix("tls://"));
            rest.is_some_and(|rest| rest.contains(':') && !rest.contains('@'))
        };
        when(
            self.kind == BusKind::Jetstream && self.url.is_none(),
            "bus.url",
            "say where the broker is: nats://host:port or tls://host:port",
        );
        when(
            !addresses.clone().all(understood),
            "bus.url",
            "write nats://host:port or tls://host:port, without user or password: those go into bus.credentials",
        );
        when(
            self.cert.is_some() != self.key.is_some(),
            "bus.cert",
            "set bus.cert and bus.key together",
        );
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        when(
            self.prefix.is_empty() || !self.prefix.bytes().all(plain),
            "bus.prefix",
            "letters, digits, - and _ only, such as marque",
        );
        when(
            !matches!(self.replicas, 1 | 3 | 5),
            "bus.replicas",
            "write 1, 3 or 5",
        );
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(change: impl FnOnce(&mut BusConfig)) -> Vec<&'static str> {
        let mut bus = BusConfig::default();
        change(&mut bus);
        bus.problems().into_iter().map(|(key, _)| key).collect()
    }

    #[test]
    fn what_cannot_work_is_named() {
        assert!(keys(|_| {}).is_empty());
        assert_eq!(keys(|bus| bus.kind = BusKind::Jetstream), ["bus.url"]);
        let url = |text: &str| Some(text.to_owned());
        assert!(keys(|bus| bus.url = url("nats://a:4222,tls://b:4222")).is_empty());
        for bad in [
            "a:4222",
            "nats://a",
            "nats://user:secret@a:4222",
            "http://a:1",
        ] {
            assert_eq!(keys(|bus| bus.url = url(bad)), ["bus.url"], "{bad}");
        }
        assert_eq!(keys(|bus| bus.cert = Some("c.pem".into())), ["bus.cert"]);
        assert_eq!(keys(|bus| bus.prefix = "a.b".to_owned()), ["bus.prefix"]);
        assert_eq!(keys(|bus| bus.replicas = 2), ["bus.replicas"]);
    }
}
