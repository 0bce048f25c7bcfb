-- By which keys of the keyring this store is sealed, so that a keyring without them is refused. Fingerprints say nothing of a key.
CREATE TABLE sealing_keys (
    name TEXT PRIMARY KEY,
    fingerprint TEXT NOT NULL
) {without_rowid};
