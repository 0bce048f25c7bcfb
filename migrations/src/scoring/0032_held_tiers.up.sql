-- Who began the day in a tier above small, if tiers are held: he keeps it until he falls more than a margin behind.
CREATE TABLE held_tiers (
    customer_id UUID PRIMARY KEY,
    -- vip, major or ordinary.
    tier        TEXT NOT NULL
) {without_rowid};

-- The day that began so; NULL while no tiers are held.
ALTER TABLE score_clock ADD COLUMN held_on TEXT;
