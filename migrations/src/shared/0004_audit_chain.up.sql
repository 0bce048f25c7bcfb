-- Each record carries its number in its dealer's chain and a hash over itself and the record before it. Records from
-- before the chain have neither.
ALTER TABLE audit ADD COLUMN link BIGINT;
ALTER TABLE audit ADD COLUMN hash BYTEA;

-- The end of each dealer's chain. Its row is the lock under which a record gets its number: dealers do not wait for each
-- other.
CREATE TABLE audit_heads (
    dealer TEXT PRIMARY KEY,
    link   BIGINT NOT NULL,
    hash   BYTEA NOT NULL
) {without_rowid};

-- Records are added and nothing else.
{sqlite: CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'audit records are never changed'); END}
{sqlite: CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'audit records are never removed'); END}
{postgres: CREATE FUNCTION audit_stays() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'audit records are never changed or removed'; END $$}
{postgres: CREATE TRIGGER audit_stays BEFORE UPDATE OR DELETE ON audit FOR EACH ROW EXECUTE FUNCTION audit_stays()}
