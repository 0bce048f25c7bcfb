-- What cars are built as, apart from the cars. The id is a UUIDv5 of the content.
CREATE TABLE vehicle_definitions (
    id          UUID PRIMARY KEY,
    brand       TEXT NOT NULL,
    series      TEXT NOT NULL,
    model       TEXT NOT NULL,
    model_year  BIGINT NOT NULL,
    energy_type TEXT NOT NULL
);

CREATE TABLE vehicles (
    id               UUID PRIMARY KEY,
    vin              TEXT NOT NULL,
    definition       UUID NOT NULL REFERENCES vehicle_definitions (id),
    color            TEXT NOT NULL,
    sale_date        TEXT,
    selling_dealer   TEXT NOT NULL,
    insurance_expiry TEXT,
    inspection_due   TEXT,
    warranty_end     TEXT,
    -- The newest plausible reading; 0 if there is none.
    odometer_km      BIGINT NOT NULL,
    odometer_at      BIGINT NOT NULL,
    version          BIGINT NOT NULL,
    updated_at       BIGINT NOT NULL
);
CREATE UNIQUE INDEX uq_vehicles_vin ON vehicles (vin);

-- A dealer's row of a vehicle as it last came, sealed: its unknown columns may name people.
CREATE TABLE vehicle_rows (
    dealer      TEXT NOT NULL,
    source      TEXT NOT NULL,
    vin         TEXT NOT NULL,
    -- Keyed hash of the row, by which the same row again is known.
    content     BYTEA NOT NULL,
    owner       UUID,
    driver      UUID,
    payer       UUID,
    sealed      BYTEA NOT NULL,
    received_at BIGINT NOT NULL,
    PRIMARY KEY (dealer, source, vin)
) {without_rowid};

-- Every time a plate was seen on a car.
CREATE TABLE plate_sightings (
    plate      TEXT NOT NULL,
    vehicle_id UUID NOT NULL,
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (plate, vehicle_id, seen_at)
) {without_rowid};
CREATE INDEX ix_plate_sightings_vehicle ON plate_sightings (vehicle_id);

-- From when to when a plate was on a car: what the sightings say, kept for reading.
CREATE TABLE vehicle_plates (
    vehicle_id UUID NOT NULL,
    valid_from BIGINT NOT NULL,
    plate      TEXT NOT NULL,
    valid_to   BIGINT,
    PRIMARY KEY (vehicle_id, valid_from, plate)
) {without_rowid};
CREATE INDEX ix_vehicle_plates_plate ON vehicle_plates (plate);

-- Who had which part in a car, by the source record that says so. The customer is the projection of the links.
CREATE TABLE vehicle_parties (
    vehicle_id       UUID NOT NULL,
    role             TEXT NOT NULL,
    source_record_id UUID NOT NULL,
    dealer           TEXT NOT NULL,
    customer_id      UUID,
    first_at         BIGINT NOT NULL,
    last_at          BIGINT NOT NULL,
    -- When the row that said so began to name somebody else.
    ended_at         BIGINT,
    PRIMARY KEY (vehicle_id, role, source_record_id)
) {without_rowid};
CREATE INDEX ix_vehicle_parties_record ON vehicle_parties (source_record_id);
CREATE INDEX ix_vehicle_parties_customer ON vehicle_parties (customer_id, vehicle_id);

-- Odometer readings, one a version of a visit: never overwritten. Kilometres 0 say that a correction took a reading back.
CREATE TABLE vehicle_readings (
    vehicle_id    UUID NOT NULL,
    read_at       BIGINT NOT NULL,
    visit_id      UUID NOT NULL,
    visit_version BIGINT NOT NULL,
    km            BIGINT NOT NULL,
    dealer        TEXT NOT NULL,
    quality       TEXT NOT NULL,
    PRIMARY KEY (vehicle_id, read_at, visit_id, visit_version)
) {without_rowid};
CREATE INDEX ix_vehicle_readings_visit ON vehicle_readings (visit_id);

-- Which dealers may see a car: for ever, or until the end of a reception.
CREATE TABLE vehicle_sight (
    vehicle_id UUID NOT NULL,
    dealer     TEXT NOT NULL,
    until      BIGINT,
    PRIMARY KEY (vehicle_id, dealer)
) {without_rowid};

-- Which customer a source record belongs to, and which event said so last.
CREATE TABLE record_links (
    source_record_id UUID PRIMARY KEY,
    customer_id      UUID NOT NULL,
    position         BIGINT NOT NULL
) {without_rowid};

-- Customers that were merged away; `current` is NULL while the merge is undone.
CREATE TABLE customer_aliases (
    customer_id UUID PRIMARY KEY,
    current     UUID,
    position    BIGINT NOT NULL
) {without_rowid};
