-- Whose record is linked: a dealer sees the cars of a customer of whom he has a record. Of records without a part in a car it is
-- told when they are linked again.
ALTER TABLE record_links ADD COLUMN dealer TEXT NOT NULL DEFAULT '';
UPDATE record_links SET dealer = coalesce(
    (SELECT max(p.dealer) FROM vehicle_parties AS p WHERE p.source_record_id = record_links.source_record_id), '');
CREATE INDEX ix_record_links_customer ON record_links (customer_id, dealer);
