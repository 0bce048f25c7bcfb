-- Whether a dealer's row of the car gives the part now.
ALTER TABLE vehicle_parties ADD COLUMN by_row BOOLEAN NOT NULL DEFAULT FALSE;
-- Position of the last event in which the customer's own record named the car; NULL if it never did.
ALTER TABLE vehicle_parties ADD COLUMN named_in BIGINT;
