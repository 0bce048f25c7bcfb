-- Cars whose files a look-up at a counter opened to a dealer, as the vehicle service tells.
CREATE TABLE vehicle_receptions (
    dealer TEXT NOT NULL,
    vin    TEXT NOT NULL,
    until  BIGINT NOT NULL,
    PRIMARY KEY (dealer, vin)
) {without_rowid};
