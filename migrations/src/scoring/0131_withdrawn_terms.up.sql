-- Promises that were taken back, as they were: taking one back once more is answered from here.
CREATE TABLE withdrawn_terms (
    vin                    TEXT NOT NULL,
    model                  TEXT NOT NULL,
    sold_from              TEXT NOT NULL,
    period_months          BIGINT NOT NULL,
    period_km              BIGINT NOT NULL,
    repair_months          BIGINT NOT NULL,
    repair_km              BIGINT NOT NULL,
    usage_fee_basis_points BIGINT NOT NULL,
    battery_fade_percent   BIGINT,
    wear_parts             TEXT NOT NULL,
    PRIMARY KEY (vin, model, sold_from)
) {without_rowid};
-- They leave the promises that hold, which a binary before 0130 counts whatever their taken_back_at says. It takes back by deleting.
{sqlite: CREATE TRIGGER guarantee_terms_withdrawn AFTER DELETE ON guarantee_terms BEGIN DELETE FROM withdrawn_terms WHERE vin = OLD.vin AND model = OLD.model AND sold_from = OLD.sold_from; INSERT INTO withdrawn_terms (vin, model, sold_from, period_months, period_km, repair_months, repair_km, usage_fee_basis_points, battery_fade_percent, wear_parts) VALUES (OLD.vin, OLD.model, OLD.sold_from, OLD.period_months, OLD.period_km, OLD.repair_months, OLD.repair_km, OLD.usage_fee_basis_points, OLD.battery_fade_percent, OLD.wear_parts); END}
{postgres: CREATE FUNCTION guarantee_terms_withdrawn() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM withdrawn_terms WHERE vin = OLD.vin AND model = OLD.model AND sold_from = OLD.sold_from; INSERT INTO withdrawn_terms (vin, model, sold_from, period_months, period_km, repair_months, repair_km, usage_fee_basis_points, battery_fade_percent, wear_parts) VALUES (OLD.vin, OLD.model, OLD.sold_from, OLD.period_months, OLD.period_km, OLD.repair_months, OLD.repair_km, OLD.usage_fee_basis_points, OLD.battery_fade_percent, OLD.wear_parts); RETURN NULL; END $$}
{postgres: CREATE TRIGGER guarantee_terms_withdrawn AFTER DELETE ON guarantee_terms FOR EACH ROW EXECUTE FUNCTION guarantee_terms_withdrawn()}
-- A binary of 0130 takes back by taken_back_at, which is set for a moment only from here on.
{sqlite: CREATE TRIGGER guarantee_terms_taken_back AFTER UPDATE OF taken_back_at ON guarantee_terms WHEN NEW.taken_back_at IS NOT NULL BEGIN DELETE FROM guarantee_terms WHERE vin = NEW.vin AND model = NEW.model AND sold_from = NEW.sold_from; END}
{postgres: CREATE FUNCTION guarantee_terms_taken_back() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM guarantee_terms WHERE vin = NEW.vin AND model = NEW.model AND sold_from = NEW.sold_from; RETURN NULL; END $$}
{postgres: CREATE TRIGGER guarantee_terms_taken_back AFTER UPDATE OF taken_back_at ON guarantee_terms FOR EACH ROW WHEN (NEW.taken_back_at IS NOT NULL) EXECUTE FUNCTION guarantee_terms_taken_back()}
