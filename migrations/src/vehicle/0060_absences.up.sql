-- Times over which nobody gave a record a part that it had before and has again: who came back keeps the moment at which he did.
CREATE TABLE vehicle_absences (
    vehicle_id       UUID NOT NULL,
    role             TEXT NOT NULL,
    source_record_id UUID NOT NULL,
    -- Dealer of the record.
    dealer           TEXT NOT NULL,
    left_at          BIGINT NOT NULL,
    again_at         BIGINT NOT NULL,
    PRIMARY KEY (vehicle_id, role, source_record_id, left_at)
) {without_rowid};
-- They go with the part: a binary of the release before, which knows nothing of them, erases people as well while a newer one is rolled out.
{sqlite: CREATE TRIGGER vehicle_parties_forgotten AFTER DELETE ON vehicle_parties BEGIN DELETE FROM vehicle_absences WHERE vehicle_id = OLD.vehicle_id AND role = OLD.role AND source_record_id = OLD.source_record_id; END}
{postgres: CREATE FUNCTION vehicle_parties_forgotten() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM vehicle_absences WHERE vehicle_id = OLD.vehicle_id AND role = OLD.role AND source_record_id = OLD.source_record_id; RETURN NULL; END $$}
{postgres: CREATE TRIGGER vehicle_parties_forgotten AFTER DELETE ON vehicle_parties FOR EACH ROW EXECUTE FUNCTION vehicle_parties_forgotten()}
