-- The keys under which a dealer's own system sends cases that went to another dealer.
CREATE TABLE handed_over_keys (
    dealer        TEXT NOT NULL,
    source        TEXT NOT NULL,
    complaint_key TEXT NOT NULL,
    complaint_id  UUID NOT NULL,
    PRIMARY KEY (dealer, source, complaint_key)
) {without_rowid};
CREATE INDEX ix_handed_over_keys_case ON handed_over_keys (complaint_id);
