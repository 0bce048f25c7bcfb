-- Who had which part in a car, of people who were locked away because the law wants it kept. Read for an audit only.
CREATE TABLE restricted_parties (
    vehicle_id       UUID NOT NULL,
    role             TEXT NOT NULL,
    source_record_id UUID NOT NULL,
    dealer           TEXT NOT NULL,
    first_at         BIGINT NOT NULL,
    last_at          BIGINT NOT NULL,
    ended_at         BIGINT,
    PRIMARY KEY (source_record_id, vehicle_id, role)
) {without_rowid};
