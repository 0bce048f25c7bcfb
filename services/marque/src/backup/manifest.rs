//! What a backup says of itself.

use std::{
    collections::BTreeMap,
    fs,
    path::{Component, Path, PathBuf},
};

use anyhow::{Context as _, bail, ensure};
use aws_lc_rs::digest::{Context, SHA256, digest};
use marque_config::ServiceRole;
use marque_db::Saved;
use marque_vault::Keyring;
use serde::{Deserialize, Serialize};

use crate::roles;

/// The form this binary writes; it reads this and older ones.
pub(super) const FORMAT: u32 = 1;
/// Its file.
pub(super) const MANIFEST: &str = "manifest.json";
/// The checksum of that file.
pub(super) const MANIFEST_SUM: &str = "manifest.json.sha256";

/// Fingerprints of keys by kind and number, `data/1`. They say nothing of the keys.
pub(super) type Keys = BTreeMap<String, String>;

/// A backup's table of contents.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// Version of the binary that made it.
    pub(super) marque: String,
    /// When, RFC 3339.
    pub(super) made_at: String,
    /// Keys that its sealed fields and files need.
    pub(super) keys: Keys,
    pub(super) services: Vec<Service>,
    pub(super) files: Vec<Part>,
}

/// One service's store.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Service {
    pub(super) role: String,
    /// Schema versions it has.
    pub(super) versions: Vec<String>,
    /// Its newest event.
    pub(super) head: i64,
    /// How far it has applied the events of others.
    pub(super) cursors: BTreeMap<String, i64>,
    pub(super) saved: Saved,
}

/// One file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    /// Inside the backup, with `/`.
    pub(super) path: String,
    pub(super) bytes: u64,
    /// Hexadecimal.
    pub(super) sha256: String,
}

impl Manifest {
    /// Writes it and its checksum into a folder.
    pub(super) fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let text = serde_json::to_string_pretty(self)?;
        fs::write(folder.join(MANIFEST), &text)?;
        fs::write(folder.join(MANIFEST_SUM), sum_of(text.as_bytes()))?;
        Ok(())
    }

    /// Reads one that is whole and that this binary understands.
    pub(super) fn read(text: &str, sum: &str) -> anyhow::Result<Self> {
        ensure!(
            sum_of(text.as_bytes()) == sum.trim(),
            "the backup is damaged: {MANIFEST} is not what its checksum says"
        );
        let manifest: Self =
            serde_json::from_str(text).with_context(|| format!("{MANIFEST} cannot be read"))?;
        ensure!(
            manifest.format <= FORMAT,
            "the backup was made by Marque {}, which is newer: restore it with that version or a later one",
            manifest.marque
        );
        for part in &manifest.files {
            let inside = Path::new(&part.path)
                .components()
                .all(|component| matches!(component, Component::Normal(_)));
            ensure!(inside, "the backup names a file outside itself");
        }
        Ok(manifest)
    }

    /// Refuses copies that do not fit together: nobody may have applied an event that its producer does not have.
    pub(super) fn refuse_misfit(&self) -> anyhow::Result<()> {
        let heads: BTreeMap<String, i64> = self
            .services
            .iter()
            .map(|service| (format!("marque/{}", service.role), service.head))
            .collect();
        for service in &self.services {
            for (producer, cursor) in &service.cursors {
                if heads.get(producer).is_some_and(|head| cursor > head) {
                    bail!(
                        "the copies do not fit together: {} has applied event {cursor} of {producer}, whose copy ends at {}",
                        service.role,
                        heads[producer]
                    );
                }
            }
        }
        Ok(())
    }
}

impl Service {
    /// Its role; refused if this binary does not know the role or the schema.
    pub(super) fn known_role(&self) -> anyhow::Result<ServiceRole> {
        let role: ServiceRole = self.role.parse()?;
        let migrator = roles::migrator(role).context("the gateway has no store")?;
        for version in &self.versions {
            ensure!(
                migrator.knows(version),
                "the store of {role} has the schema version {version}, which this binary does not know: use a newer one"
            );
        }
        Ok(role)
    }
}

impl Part {
    /// Describes a file of a folder.
    pub(super) fn of(folder: &Path, path: &Path) -> anyhow::Result<Self> {
        let (bytes, sha256) = measure(fs::File::open(folder.join(path))?, std::io::sink())?;
        Ok(Self {
            path: path
                .components()
                .map(|component| component.as_os_str().to_string_lossy())
                .collect::<Vec<_>>()
                .join("/"),
            bytes,
            sha256,
        })
    }

    /// Copies the file, and refuses it if it is not the one that was described.
    pub(super) fn copy(
        &self,
        from: impl std::io::Read,
        to: impl std::io::Write,
    ) -> anyhow::Result<()> {
        let (bytes, sha256) =
            measure(from, to).with_context(|| format!("the backup is damaged: {}", self.path))?;
        ensure!(
            bytes == self.bytes && sha256 == self.sha256,
            "the backup is damaged: {} is not what its checksum says",
            self.path
        );
        Ok(())
    }

    /// Where it lies in a folder.
    pub(super) fn inside(&self, folder: &Path) -> PathBuf {
        folder.join(&self.path)
    }
}

/// Fingerprints of all keys of a ring.
pub(super) fn fingerprints(ring: &Keyring) -> Keys {
    ring.fingerprints()
}

/// Refuses a ring that lacks one of the keys.
pub(super) fn refuse_other_keys(needed: &Keys, ring: &Keyring) -> anyhow::Result<()> {
    let have = fingerprints(ring);
    for (name, fingerprint) in needed {
        ensure!(
            have.get(name) == Some(fingerprint),
            "the keyring is not the one the backup was made with: its key {name} is missing or another"
        );
    }
    Ok(())
}

/// Copies, counts and hashes.
fn measure(
    mut from: impl std::io::Read,
    mut to: impl std::io::Write,
) -> std::io::Result<(u64, String)> {
    let mut context = Context::new(&SHA256);
    let mut buffer = vec![0; 256 << 10];
    let mut bytes = 0;
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            return Ok((bytes, hex::encode(context.finish())));
        }
        context.update(&buffer[..read]);
        to.write_all(&buffer[..read])?;
        bytes += read as u64;
    }
}

fn sum_of(bytes: &[u8]) -> String {
    hex::encode(digest(&SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(cursor: i64, path: &str) -> Manifest {
        let saved = || Saved {
            files: Vec::new(),
            tables: Vec::new(),
            sequences: Vec::new(),
        };
        let service = |role: &str, head, cursors| Service {
            role: role.to_owned(),
            versions: vec!["0001_events".to_owned()],
            head,
            cursors,
            saved: saved(),
        };
        let cursors = BTreeMap::from([("marque/customer".to_owned(), cursor)]);
        Manifest {
            format: FORMAT,
            marque: "0".to_owned(),
            made_at: String::new(),
            keys: Keys::new(),
            services: vec![
                service("customer", 5, BTreeMap::new()),
                service("vehicle", 9, cursors),
            ],
            files: vec![Part {
                path: path.to_owned(),
                bytes: 3,
                sha256: sum_of(b"abc"),
            }],
        }
    }

    #[test]
    fn copies_fit_if_nobody_is_ahead_of_a_producer() {
        assert!(manifest(5, "a").refuse_misfit().is_ok());
        let told = manifest(6, "a").refuse_misfit().unwrap_err().to_string();
        assert!(told.contains("vehicle has applied event 6"), "{told}");
    }

    #[test]
    fn a_file_outside_the_backup_and_a_newer_form_are_refused() {
        let read = |manifest: &Manifest| {
            let text = serde_json::to_string(manifest).unwrap();
            Manifest::read(&text, &sum_of(text.as_bytes()))
        };
        assert!(read(&manifest(1, "spool/customer/a")).is_ok());
        for path in ["../etc/passwd", "/etc/passwd", "a/../../b"] {
            assert!(read(&manifest(1, path)).is_err(), "{path}");
        }
        let newer = Manifest {
            format: FORMAT + 1,
            ..manifest(1, "a")
        };
        assert!(read(&newer).unwrap_err().to_string().contains("newer"));
    }

    #[test]
    fn stores_that_were_saved_before_sequences_were_noted_are_read() {
        let saved: Saved = serde_json::from_str(r#"{"files": [], "tables": []}"#).unwrap();
        assert!(saved.sequences.is_empty());
    }

    #[test]
    fn a_part_is_copied_only_as_it_was_described() {
        let part = manifest(1, "a").files.remove(0);
        let mut out = Vec::new();
        part.copy(&b"abc"[..], &mut out).unwrap();
        assert_eq!(out, b"abc");
        for wrong in [&b"abd"[..], b"abcd", b""] {
            assert!(part.copy(wrong, std::io::sink()).is_err());
        }
    }
}
