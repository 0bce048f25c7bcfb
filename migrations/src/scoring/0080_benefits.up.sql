-- Plans of benefits by version; a version never changes, and at most one counts.
CREATE TABLE benefit_plans (
    version    TEXT PRIMARY KEY,
    body       TEXT NOT NULL,
    created_at BIGINT NOT NULL,
    is_active  BIGINT NOT NULL
) {without_rowid};
