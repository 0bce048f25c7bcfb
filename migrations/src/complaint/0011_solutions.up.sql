-- The knowledge base. Nothing here is about a person.
CREATE TABLE solutions (
    id          UUID PRIMARY KEY,
    version     BIGINT NOT NULL,
    state       TEXT NOT NULL,
    title       TEXT NOT NULL,
    body        TEXT NOT NULL,
    category    TEXT NOT NULL,
    part        TEXT NOT NULL,
    fault       TEXT NOT NULL,
    author      TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    updated_at  BIGINT NOT NULL
);
CREATE INDEX ix_solutions_updated ON solutions (updated_at, id);

-- Versions that a later one replaced.
CREATE TABLE solution_versions (
    solution_id UUID NOT NULL,
    version     BIGINT NOT NULL,
    state       TEXT NOT NULL,
    title       TEXT NOT NULL,
    body        TEXT NOT NULL,
    category    TEXT NOT NULL,
    part        TEXT NOT NULL,
    fault       TEXT NOT NULL,
    author      TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    updated_at  BIGINT NOT NULL,
    PRIMARY KEY (solution_id, version)
) {without_rowid};

-- Which solution was used on which case.
CREATE TABLE solution_uses (
    solution_id  UUID NOT NULL,
    complaint_id UUID NOT NULL,
    version      BIGINT NOT NULL,
    actor        TEXT NOT NULL,
    at           BIGINT NOT NULL,
    PRIMARY KEY (solution_id, complaint_id)
) {without_rowid};
