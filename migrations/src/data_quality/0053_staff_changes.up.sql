-- Dealers whose staff changed: their customers are looked at again for the business phones of whoever works there now.
CREATE TABLE staff_changes (
    dealer    TEXT PRIMARY KEY,
    -- Of the event that told of it.
    position  BIGINT NOT NULL,
    -- When they were looked at; once more a while later, since other processes may have judged by what they knew before.
    looked_at BIGINT
) {without_rowid};
