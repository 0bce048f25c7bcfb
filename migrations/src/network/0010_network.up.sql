CREATE TABLE dealers (
    code         TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    region       TEXT NOT NULL,
    dealer_group TEXT NOT NULL,
    departments  TEXT NOT NULL,
    updated_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL
);
CREATE INDEX ix_dealers_region ON dealers (region, code);

CREATE TABLE staff (
    dealer     TEXT NOT NULL REFERENCES dealers (code),
    code       TEXT NOT NULL,
    name       TEXT NOT NULL,
    department TEXT NOT NULL,
    phone      BYTEA NOT NULL,
    active     BOOLEAN NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (dealer, code)
);
