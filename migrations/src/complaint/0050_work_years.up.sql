-- Working days of years that headquarters gave, beside those that come with Marque; a year here goes before the same one there.
CREATE TABLE work_years (
    year     BIGINT PRIMARY KEY,
    -- Which announcement says so.
    source   TEXT NOT NULL,
    -- Days off and weekend days that are worked: ISO dates with commas between, spans with a slash.
    off_days TEXT NOT NULL,
    on_days  TEXT NOT NULL,
    put_at   BIGINT NOT NULL,
    -- Grows with each change of the table, so that a process sees whether it knows the latest.
    revision BIGINT NOT NULL
) {without_rowid};

-- The years by which the clocks of all open cases were computed last. One row.
CREATE TABLE settled_years (
    id    BIGINT PRIMARY KEY,
    years TEXT NOT NULL
) {without_rowid};
