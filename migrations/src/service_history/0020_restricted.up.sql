-- Who brought a car and what he said, of people who were locked away because the law wants it kept: the head of each version
-- of a visit as it was. Read for an audit only.
CREATE TABLE restricted_visits (
    source_record_id UUID NOT NULL,
    visit_id         UUID NOT NULL,
    version          BIGINT NOT NULL,
    header           BYTEA NOT NULL,
    PRIMARY KEY (source_record_id, visit_id, version)
) {without_rowid};
