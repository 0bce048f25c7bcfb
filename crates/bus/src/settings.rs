//! Where the broker is and how it is spoken to.

use std::{path::PathBuf, time::Duration};

/// Settings of the connection and of the streams.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `nats://host:port` or `tls://host:port`, several parted by commas.
    pub url: String,
    /// First word of every subject and stream; installations that share a broker differ in it.
    pub prefix: String,
    /// Certificates (PEM) of the authority of the broker's; `None`: those of the system.
    pub ca: Option<PathBuf>,
    /// Our certificate and its key (PEM), where the broker asks for one.
    pub identity: Option<(PathBuf, PathBuf)>,
    /// A file of NATS credentials.
    pub credentials: Option<PathBuf>,
    /// Servers that keep a copy of each stream: 1, 3 or 5.
    pub replicas: usize,
    /// How long an event stays in its stream: as long as in the outbox, so that a role that is added hears all.
    pub kept: Duration,
    /// How long a consumer may take over an event before the broker delivers it again.
    pub redeliver_after: Duration,
}

impl Settings {
    /// A broker at this address, with what else is usual.
    pub fn at(url: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            prefix: "marque".to_owned(),
            ca: None,
            identity: None,
            credentials: None,
            replicas: 1,
            kept: Duration::from_secs(400 * 86_400),
            redeliver_after: Duration::from_secs(3),
        }
    }
}
